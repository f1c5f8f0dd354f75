"""The pieces of a plan: mappings that know the document they were made from."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TypeAlias

from sealane.diag import Origin
from sealane.memo import Memo
from sealane.spec import Entry, Fields, Items, Mark, Scalar

Value: TypeAlias = "bool | int | str | Sequence[Value] | Mapping[str, Value]"
Entries: TypeAlias = "Mapping[str, Value | None]"
"""None leaves the field out."""


class Piece(dict[str, Value]):
    """A mapping of a plan; ``origin`` is the id of the document that it says."""

    __slots__ = ("origin",)

    def __init__(self, origin: str, entries: Entries) -> None:
        super().__init__({key: value for key, value in entries.items() if value is not None})
        self.origin = origin


def as_mark(value: "Value | float | None", origin: str, memo: Memo | None = None) -> Mark:
    """As if it had been read from a file; the id of the document stands where the file's name would.

    Values that a plan has no use for, such as null, come from bodies that clients send; reading them finds them wrong.
    """
    memo = memo or Memo()
    if isinstance(value, Piece):
        return memo.get("mark", (value,), partial(_mark, value, value.origin, memo))
    return _mark(value, origin, memo)


def _mark(value: "Value | float | None", origin: str, memo: Memo) -> Mark:
    place = Origin(origin, 1)
    match value:
        case bool():
            return Scalar("true" if value else "false", plain=True, origin=place)
        case int() | float():
            return Scalar(str(value), plain=True, origin=place)
        case None:
            return Scalar("null", plain=True, origin=place)
        case str():
            return Scalar(value, plain=False, origin=place)
        case Mapping():
            return Fields({key: Entry(key, as_mark(one, origin, memo), place) for key, one in value.items()}, place)
        case _:
            return Items(tuple(as_mark(one, origin, memo) for one in value), place)


def plain(value: Value) -> Value:
    """The same in dicts and lists, for writing it as text."""
    match value:
        case bool() | int() | float() | str() | None:  # a body may have other values than a plan, and be right
            return value
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case _:
            return [plain(one) for one in value]
