"""Looking in turns at what nothing is known to have changed."""

from collections.abc import Hashable, Iterable

TIMES = 60
"""Everything is looked at once in so many times."""


class Turns:
    """Says whose turn it is; for one thread at a time."""

    def __init__(self) -> None:
        self._order: dict[Hashable, None] = {}

    def next(self, names: Iterable[Hashable]) -> frozenset[Hashable]:
        """One in ``TIMES`` of the names, rounded up: those whose turn was longest ago. Others are forgotten."""
        wanted = dict.fromkeys(names)
        order = [*(name for name in self._order if name in wanted), *(one for one in wanted if one not in self._order)]
        due = order[: -(-len(order) // TIMES)]
        self._order = dict.fromkeys((*order[len(due):], *due))
        return frozenset(due)
