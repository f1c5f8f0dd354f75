"""Rates from counters that only grow, except when they begin again at zero."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sealane.cloud.observed import Point

_MS = 1000


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much counters grew between two readings."""

    from_ms: int
    to_ms: int
    amount: float


@dataclass(frozen=True, slots=True)
class Datapoint:
    """The rates of one period, each second."""

    at_ms: int
    average: float
    minimum: float
    maximum: float


def growth(points: Sequence[Point]) -> Iterator[Growth]:
    """Between each two points in a row; a counter that is lower than before began again at zero."""
    for before, after in pairwise(points):
        if after.at_ms > before.at_ms:
            amount = after.value if after.value < before.value else after.value - before.value
            yield Growth(before.at_ms, after.at_ms, amount)


def together(several: Iterable[Iterable[Growth]]) -> Sequence[Growth]:
    """The growth of several counters that are read at the same times, in order."""
    found: dict[int, Growth] = {}
    for one in (each for all_of_one in several for each in all_of_one):
        have = found.get(one.to_ms, Growth(one.from_ms, one.to_ms, 0))
        found[one.to_ms] = Growth(min(have.from_ms, one.from_ms), one.to_ms, have.amount + one.amount)
    return tuple(found[end] for end in sorted(found))


def datapoints(grown: Sequence[Growth], period_s: int, factor: int) -> Iterator[Datapoint]:
    """One for each period in which something was read, told at its beginning.

    What grew between two readings counts where it ended: a period has the readings after its beginning up to its end.
    """
    length = period_s * _MS
    periods: dict[int, list[Growth]] = {}
    for one in grown:
        periods.setdefault((one.to_ms - 1) // length * length, []).append(one)
    for begin, parts in sorted(periods.items()):
        rates = [_rate(one.amount, one.to_ms - one.from_ms, factor) for one in parts]
        covered = sum(one.to_ms - one.from_ms for one in parts)
        yield Datapoint(begin, _rate(sum(one.amount for one in parts), covered, factor), min(rates), max(rates))


def _rate(amount: float, over_ms: int, factor: int) -> float:
    return amount * factor * _MS / over_ms


def rounded(point: Datapoint) -> Mapping[str, float]:
    """The statistics of a datapoint by their names; a thousandth is the finest that is told."""
    return {"Average": round(point.average, 3), "Minimum": round(point.minimum, 3), "Maximum": round(point.maximum, 3)}
