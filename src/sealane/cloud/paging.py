"""The cloud's ways of answering a list in portions."""

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError

FIRST_PAGE, PAGE_SIZE, LARGEST_PAGE = 1, 10, 50
_BAD_TOKEN = CloudError("IllegalParam.NextToken", "The specified NextToken is invalid.")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, with the members that the cloud puts beside it."""

    items: Sequence[Document]
    number: int
    size: int
    total: int

    @property
    def fields(self) -> dict[str, Json]:
        """PageNumber, PageSize and TotalCount."""
        return {"PageNumber": self.number, "PageSize": self.size, "TotalCount": self.total}


def page(call: Call, found: Iterable[Document], *, largest: int = LARGEST_PAGE, total: int | None = None) -> Page:
    """By PageNumber and PageSize; a size beyond the largest is the largest, as clients expect.

    Args:
        call: Has the parameters.
        found: Everything, in order; only what is asked for is read when ``total`` is given.
        largest: Largest PageSize.
        total: How many there are, when that is known without counting.
    """
    number = max(FIRST_PAGE, call.number("PageNumber", FIRST_PAGE))
    size = min(largest, max(1, call.number("PageSize", PAGE_SIZE)))
    if total is None:
        found = tuple(found)
        total = len(found)
    return Page(tuple(islice(found, (number - 1) * size, number * size)), number, size, total)


@dataclass(frozen=True, slots=True)
class Portion:
    """A portion of a list; ``fields`` has NextToken only when there is more."""

    items: Sequence[Document]
    fields: dict[str, Json]


def portion(
    call: Call,
    found: Iterable[Document],
    *,
    size: int = 20,
    largest: int = 100,
    name: str = "MaxResults",
) -> Portion:
    """By MaxResults (or MaxResult) and NextToken.

    The token names the last document told, so that what is made or removed meanwhile makes none be told twice or be
    passed over.

    Raises:
        CloudError: ``IllegalParam.NextToken``.
    """
    everything = tuple(found)
    wanted = min(largest, max(1, call.number(name, size)))
    after = _sequence(call.text("NextToken"))
    rest = [one for one in everything if one.sequence > after]
    fields: dict[str, Json] = {name: wanted, "TotalCount": len(everything)}
    if len(rest) > wanted:
        fields["NextToken"] = base64.urlsafe_b64encode(str(rest[wanted - 1].sequence).encode()).decode()
    return Portion(rest[:wanted], fields)


def _sequence(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, ValueError):
        raise _BAD_TOKEN from None
    if not text.isdigit():
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
