"""What a table may hold for a prefix, and under which condition; and how conditions combine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sealane.net import Cidr
from sealane.twin.columns.facts import Condition, Hop, Need, NotCovered
from sealane.twin.columns.writer import ALWAYS_UP, Entry, FactsWriter
from sealane.twin.route import Path, Route

HopOf = tuple[Hop, int, int]
_MOST_EQUAL = 16
"""Routes that share a load (profile)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate.

    Args:
        prefix: For which prefix.
        key: How it ranks, field by field; less is better.
        hop: Where it leads.
        condition: What must be up.
        origin: Where it comes from, in words.
        tie: Decides what is told to others when the keys are equal.
        route: The route as policies see it; None where none judge it.
    """

    prefix: Cidr
    key: tuple[int, ...]
    hop: HopOf
    condition: Condition = ALWAYS_UP
    origin: str = ""
    tie: tuple[str, ...] = ()
    route: Route | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What one end of a session may be told of a prefix, best first: under each condition, a path."""

    prefix: Cidr
    paths: tuple[tuple[Condition, Path], ...]


def both(one: Condition, other: Condition) -> Condition:
    """Both conditions at once.

    Raises:
        NotCovered: They need two tunnels, two devices, or three border routers.
    """
    if one in {ALWAYS_UP, other}:
        return other
    if other == ALWAYS_UP:
        return one
    needs: dict[int, Need] = {}
    for border, need in ((one.border, one.needs), (one.other_border, one.other_needs),
                         (other.border, other.needs), (other.other_border, other.other_needs)):
        if border >= 0:
            needs[border] = needs.get(border, Need.NONE) | need
    tunnels = {one.tunnel, other.tunnel} - {-1}
    sites = {one.site, other.site} - {-1}
    if len(tunnels) > 1 or len(sites) > 1 or len(needs) > 2:  # noqa: PLR2004 -- as many as a condition holds
        raise NotCovered("a route depends on two tunnels, two devices or three border routers")
    (border, need), (second, more) = [*sorted(needs.items()), (-1, Need.NONE), (-1, Need.NONE)][:2]
    return Condition(max(tunnels, default=-1), one.session or other.session, border, need, max(sites, default=-1),
                     second, more)


def by_prefix(candidates: Iterable[Candidate]) -> dict[Cidr, list[Candidate]]:
    """Candidates by prefix, in the order given."""
    found: dict[Cidr, list[Candidate]] = {}
    for one in candidates:
        found.setdefault(one.prefix, []).append(one)
    return found


def write_table(writer: FactsWriter, table: int, candidates: Mapping[Cidr, list[Candidate]]) -> None:
    """Write a table; within a prefix ranks are places in the order of keys."""
    for prefix, found in candidates.items():
        places = {key: place for place, key in enumerate(sorted({one.key for one in found}))}
        seen: dict[tuple[int, ...], int] = {}
        for one in dict.fromkeys(found):
            seen[one.key] = seen.get(one.key, 0) + 1
            if seen[one.key] > _MOST_EQUAL:
                raise NotCovered(f"more than {_MOST_EQUAL} equal routes to {prefix}")
            writer.route(prefix, Entry(table, places[one.key], one.hop, one.condition, one.origin))
