"""Objects of the cloud as values that can be compared, in the words of the API and with names in place of ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from sealane.net import Secret

Key: TypeAlias = tuple[str, str]
"""Kind and name. A thing inside another one has both names: ``VPC/vSwitch1``."""
Value: TypeAlias = str | Secret | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """One object as a plan wants it or as the cloud describes it.

    Args:
        key: What it is and how it is called.
        fields: What it says. Compared are those that the plan wants; numbers and flags are text as in answers.
        needs: The things that it refers to; they are made earlier and removed later.
        given: What only making it takes, such as parsed bodies.
    """

    key: Key
    fields: Mapping[str, Value]
    needs: tuple[Key, ...] = ()
    given: Mapping[str, object] = field(default_factory=dict, compare=False)

    def text(self, name: str) -> str:
        """A field as text; empty when it is not there."""
        value = self.fields.get(name, "")
        return value if isinstance(value, str) else value.reveal() if isinstance(value, Secret) else ",".join(value)


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that is there.

    Args:
        thing: What it is.
        ids: Its own (``Id``) and those that calls about it need.
        tagged: False when it does not bear the plan's tag.
        ends: Its turn of removal, when that is not its kind's.
    """

    thing: Thing
    ids: Mapping[str, str]
    tagged: bool = True
    ends: int | None = None


def fields(**given: object) -> dict[str, Value]:
    """Fields of values: None is left out, numbers, flags and prefixes become text."""
    return {name: value(one) for name, one in given.items() if one is not None}


def value(given: object) -> Value:
    """A value as the API tells it."""
    match given:
        case bool():
            return str(given).lower()
        case Secret():
            return given
        case list() | tuple():
            return tuple(str(one) for one in given)
        case _:
            return str(given)


def params(written: Mapping[str, Value]) -> dict[str, object]:
    """Fields as parameters of a call; empty ones are not given."""
    found: dict[str, object] = {}
    for name, one in written.items():
        shown: object = one.reveal() if isinstance(one, Secret) else list(one) if isinstance(one, tuple) else one
        if shown not in ("", []):
            found[name] = shown
    return found
