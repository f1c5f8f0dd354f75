"""The cloud's ways of answering a list in portions."""

import base64
import binascii
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import Generic, TypeAlias, TypeVar

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError

T = TypeVar("T")
Key: TypeAlias = int | str
FIRST_PAGE, PAGE_SIZE, LARGEST_PAGE = 1, 10, 50
_LONGEST_NUMBER = 20
_AFTER = ">"
"""Begins the text of a token, so that a token is never empty."""
_BAD_TOKEN = CloudError("IllegalParam.NextToken", "The specified NextToken is invalid.")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, with the members that the cloud puts beside it."""

    items: Sequence[T]
    number: int
    size: int
    total: int

    @property
    def fields(self) -> dict[str, Json]:
        """PageNumber, PageSize and TotalCount."""
        return {"PageNumber": self.number, "PageSize": self.size, "TotalCount": self.total}


def page(call: Call, found: Iterable[T], *, largest: int = LARGEST_PAGE, total: int | None = None) -> Page[T]:
    """By PageNumber and PageSize; a size beyond the largest is the largest, as clients expect.

    Args:
        call: Has the parameters.
        found: Everything, in order; only what is asked for is read when their number is known.
        largest: Largest PageSize.
        total: How many there are, when that is known without counting and ``found`` does not tell.
    """
    number = max(FIRST_PAGE, call.number("PageNumber", FIRST_PAGE))
    size = min(largest, max(1, call.number("PageSize", PAGE_SIZE)))
    if total is None:
        found = found if isinstance(found, Collection) else tuple(found)
        total = len(found)
    return Page(tuple(islice(found, (number - 1) * size, number * size)), number, size, total)


@dataclass(frozen=True, slots=True)
class Portion(Generic[T]):
    """A portion of a list; ``fields`` has NextToken only when there is more."""

    items: Sequence[T]
    fields: dict[str, Json]


def by_age(document: Document) -> Key:
    """The key of documents: their sequence."""
    return document.sequence


def portion(
    call: Call,
    found: Iterable[Document],
    *,
    size: int | None = 20,
    largest: int = 100,
    name: str = "MaxResults",
) -> Portion[Document]:
    """Documents by MaxResults (or MaxResult) and NextToken, the oldest first; see ``portion_by``."""
    return portion_by(call, found, by_age, size=size, largest=largest, name=name)


def portion_by(
    call: Call,
    found: Iterable[T],
    key: Callable[[T], Key],
    *,
    size: int | None = 20,
    largest: int = 100,
    name: str = "MaxResults",
) -> Portion[T]:
    """By MaxResults (or MaxResult) and NextToken.

    The token names the last item told, so that what is made or removed meanwhile makes none be told twice or be
    passed over.

    Args:
        call: Has the parameters.
        found: Everything, in any order.
        key: What the list is sorted by, unique and the same in every call; a text is not empty.
        size: How many are told when nobody says; None is everything.
        largest: The most that are told.
        name: What the operation calls MaxResults.

    Raises:
        CloudError: ``IllegalParam.NextToken``.
    """
    everything = sorted(((key(one), one) for one in found), key=itemgetter(0))
    unasked = max(1, len(everything)) if size is None else size
    wanted = min(largest, max(1, call.number(name, unasked))) if call.has(name) else unasked
    rest = everything
    if token := call.text("NextToken"):
        after = _told(token, is_number=bool(everything) and isinstance(everything[0][0], int))
        rest = [(place, one) for place, one in everything if place > after]  # type: ignore[operator]
    fields: dict[str, Json] = {name: wanted, "TotalCount": len(everything)}
    if len(rest) > wanted:
        fields["NextToken"] = base64.urlsafe_b64encode(f"{_AFTER}{rest[wanted - 1][0]}".encode()).decode()
    return Portion([one for _, one in rest[:wanted]], fields)


def _told(token: str, *, is_number: bool) -> Key:
    try:
        text = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        raise _BAD_TOKEN from None
    if not text.startswith(_AFTER):
        raise _BAD_TOKEN
    text = text.removeprefix(_AFTER)
    if not is_number:
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise _BAD_TOKEN
    return int(text)


Shape = Callable[[Document], Fields]
"""Turns a document into the item of an answer."""


def matching(found: Iterable[Document], wanted: Sequence[str], name: str = "") -> Iterable[Document]:
    """Documents whose field, or whose id without a name, is among those wanted; all when none is wanted."""
    if not wanted:
        return found
    among = frozenset(wanted)
    return (one for one in found if (one.text(name) if name else one.id) in among)
