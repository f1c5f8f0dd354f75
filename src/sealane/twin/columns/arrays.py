"""Array types, and two small things that numpy lacks."""

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


def spans(starts: Longs | Ints, counts: Longs | Ints) -> Longs:
    """``starts[0], starts[0] + 1, ...``, ``counts[0]`` of them, then the same for each other start."""
    total = int(counts.sum())
    if not total:
        return np.empty(0, np.int64)
    before = np.cumsum(counts, dtype=np.int64) - counts
    return np.repeat(starts - before, counts) + np.arange(total, dtype=np.int64)


def offsets(counts: Longs | Ints) -> Longs:
    """Where each of these many begins, and at the end where all end."""
    found = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=found[1:])
    return found


def different(values: Longs) -> Longs:
    """Each value once, ascending; runs of one value, which are common here, cost little."""
    found = np.sort(_without_runs(values))
    return _without_runs(found)


def _without_runs(values: Longs) -> Longs:
    if len(values) < 2:  # noqa: PLR2004 -- one has no neighbour
        return values
    found: Longs = values[np.concatenate(([True], values[1:] != values[:-1]))]
    return found


class Components:
    """Which of ``count`` things belong together."""

    def __init__(self, count: int) -> None:
        self._parent = np.arange(count, dtype=np.int64)

    def join(self, one: Longs, other: Longs) -> None:
        """Put the things of each pair together."""
        parent = self._parent
        different = one != other
        for left, right in zip(one[different].tolist(), other[different].tolist(), strict=True):
            low, high = sorted((self._root(left), self._root(right)))
            parent[high] = low

    def _root(self, one: int) -> int:
        parent = self._parent
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = int(parent[one])
        return one

    def labels(self) -> Longs:
        """For each thing the least of those it belongs together with."""
        found = self._parent
        while True:
            further = found[found]
            if np.array_equal(further, found):
                return found.copy()
            found = further
