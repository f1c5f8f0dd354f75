"""The tree that a text is read into: scalars, lists and mappings, each with the line it was written on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sealane.diag import Origin


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written; ``plain`` is False when it stood in quotes, which makes it text whatever it looks like."""

    text: str
    plain: bool
    origin: Origin

    @property
    def is_null(self) -> bool:
        """True for an empty value, ``~`` and ``null``."""
        return self.plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple["Mark", ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Entry:
    """One ``key: value``; ``origin`` is the place of the key."""

    key: str
    value: "Mark"
    origin: Origin


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, in written order."""

    entries: Mapping[str, Entry]
    origin: Origin


Mark: TypeAlias = Scalar | Items | Fields


def describe(mark: Mark) -> str:
    """What a reader of a message should understand was found, such as ``a list`` or ``'65530'``."""
    match mark:
        case Scalar() if mark.is_null:
            return "no value"
        case Scalar(text=text):
            return repr(text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "...")
        case Items():
            return "a list"
        case Fields():
            return "a mapping"


_LONGEST_QUOTE = 60
