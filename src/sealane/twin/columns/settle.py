"""Rows to targets, and tunnels to the states they settle in.

A tunnel is up when its own packets find, over circuits, the way to the other end and back; no tunnel ever carries
another's outer packets. Which routes there are depends on which tunnels are up. Where no entry that needs a tunnel
could decide about a block's outer packets, one look settles it; else every set of tunnels of the block is tried: where
F leads from "none up" (the cold start) is what happens, a set that F leaves alone is a fixed point.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from sealane.twin.columns.arrays import Bools, Bytes, Ints, Longs, spans
from sealane.twin.columns.element import Conditions, Up
from sealane.twin.columns.facts import NotCovered
from sealane.twin.columns.index import DROPPED, NO_ROUTE, NODES, SHARED, SWAYED, TARGET_BITS, Columns, RowSet

MOST_TUNNELS = 8
"""Tunnels that depend on each other; their states are enumerated (as many as the general twin enumerates)."""
_MOST_ORDERED = 4
"""Tunnels up to which every order of single changes is followed too."""
_TARGET = (1 << TARGET_BITS) - 1
_MOST_STEPS = 64
"""As the time to live that hosts send with."""


class Course(IntEnum):
    """How the tunnels of a block settle."""

    STABLE = 0
    BISTABLE = 1
    """From a cold start they settle, but there are other fixed points: history decides."""
    ORDER_DEPENDENT = 2
    """Some orders of events come to rest, others do not."""
    UNREACHED = 3
    """There is a fixed point, but a cold start goes round in a cycle beside it."""
    OSCILLATING = 4


def resolve(columns: Columns, into: Ints, chosen: RowSet, held: Bools, sways: Bools | None = None) -> None:
    """Write the target of each chosen row: its best entry's, else that of the nearest containing row that has one.

    Args:
        columns: The network.
        into: Targets by row; rows that are not chosen are read.
        chosen: Rows.
        held: Of each condition of the part that the rows belong to.
        sways: Likewise, conditions whose entries count as SWAYED; None for none.
    """
    if not chosen.rows.size:
        return
    value = chosen.value if sways is None else np.where(sways[chosen.cond], chosen.value & ~_TARGET, chosen.value)
    best = np.minimum.reduceat(np.where(held[chosen.cond], value, NO_ROUTE), chosen.start)
    empty = best == NO_ROUTE
    into[chosen.rows] = (best & _TARGET).astype(np.int32)
    inherit(columns, into, chosen.rows[empty])


def inherit(columns: Columns, into: Ints, rows: Longs) -> None:
    """Write the target of rows that have no entry: that of the nearest containing row that has one."""
    into[rows] = -1
    up = columns.parent[rows]
    while rows.size:
        got = into[up]
        pending = got < 0
        if not pending.any():
            into[rows] = got
            return
        up = np.where(pending, columns.parent[up], up)


def lose(columns: Columns, into: Ints, chosen: RowSet, held: Bools, lost: Bools) -> None:
    """Write again the targets of rows whose best entry is one whose packets are lost, after ``resolve`` wrote all.

    Args:
        columns: The network.
        into: Targets by row.
        chosen: Rows.
        held: Of each condition of the part that the rows belong to.
        lost: Of each hop, whether what it carries is lost.
    """
    counts = np.diff(np.append(chosen.start, len(chosen.cond)))
    entries = spans(columns.row_entry[chosen.rows], counts)
    gone = lost[columns.facts.route_hop[columns.entry[entries]]]
    value = np.where(held[chosen.cond], chosen.value, NO_ROUTE) >> TARGET_BITS
    best = np.minimum.reduceat(value, chosen.start)
    leads = value == np.repeat(best, counts)
    dropped = np.logical_or.reduceat(leads & gone, chosen.start) & (best != NO_ROUTE >> TARGET_BITS)
    kept = np.logical_or.reduceat(leads & ~gone, chosen.start)
    into[chosen.rows[dropped]] = np.where(kept[dropped], SHARED, DROPPED)
    inherit(columns, into, chosen.rows[best == NO_ROUTE >> TARGET_BITS])


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """Tunnel states.

    Args:
        phases: One row of tunnel states for each phase of the longest cycle; shorter ones go round more often.
        course: Of each settle block that was asked for.
        blocks: Their numbers.
    """

    phases: Bools
    course: Bytes
    blocks: Longs


@dataclass(frozen=True, slots=True, eq=False)
class TunnelSet:
    """Tunnels to settle together, whole settle blocks.

    Args:
        tunnels: Their numbers, by block.
        block: Position of each one's block in ``blocks``.
        place: Number of each tunnel within its block.
        blocks: Numbers of the settle blocks.
        outer: The rows that decide about them.
        conditions: What the rows' conditions are.
    """

    tunnels: Longs
    block: Longs
    place: Longs
    blocks: Longs
    outer: RowSet
    conditions: Conditions

    def only(self, positions: Longs) -> "TunnelSet":
        """Some of the blocks, by position; the rows stay."""
        chosen = np.isin(self.block, positions)
        return TunnelSet(self.tunnels[chosen], np.searchsorted(positions, self.block[chosen]), self.place[chosen],
                         self.blocks[positions], self.outer, self.conditions)


def tunnel_set(columns: Columns, tunnels: Longs, outer: RowSet, conditions: Conditions) -> TunnelSet:
    """Group tunnels by their block."""
    numbers = columns.settle_block[columns.facts.tunnel_site[tunnels]]
    order = np.argsort(numbers, kind="stable")
    blocks, first, position = np.unique(numbers[order], return_index=True, return_inverse=True)
    place = np.arange(len(order)) - first[position]
    return TunnelSet(tunnels[order], position.astype(np.int64), place, blocks.astype(np.int64), outer, conditions)


def settle(columns: Columns, up: Up, held: Bools, chosen: TunnelSet, into: Ints) -> Settled:
    """Find the states of the chosen tunnels; ``into`` is written to in the rows that decide about them.

    Raises:
        NotCovered: A tunnel's own packets are shared out among next hops, or too many tunnels depend on each other.
    """
    if not len(chosen.blocks):
        return Settled(np.zeros((1, 0), np.bool_), np.empty(0, np.uint8), chosen.blocks)
    can = up.tunnel[chosen.tunnels] & columns.facts.tunnel_agreed[chosen.tunnels]
    can &= up.device[columns.facts.tunnel_site[chosen.tunnels]]
    sways = np.zeros(len(held), np.bool_)
    sways[chosen.conditions.of_tunnels] = True
    resolve(columns, into, chosen.outer, held, sways)
    swayed = np.zeros(len(chosen.tunnels), np.bool_)
    alive = can & _reach(columns, chosen.tunnels, into, swayed)
    positions = np.unique(chosen.block[swayed & can])
    course = np.zeros(len(chosen.blocks), np.uint8)
    if not positions.size:
        return Settled(alive[None, :], course, chosen.blocks)
    cyclic = chosen.only(positions)
    tried = _enumerated(columns, held, cyclic, can[np.isin(chosen.block, positions)], into)
    course[positions] = tried.course
    phases = np.repeat(alive[None, :], len(tried.phases), axis=0)
    phases[:, np.isin(chosen.block, positions)] = tried.phases
    return Settled(phases, course, chosen.blocks)


def _enumerated(columns: Columns, held: Bools, chosen: TunnelSet, can: Bools, into: Ints) -> Settled:
    """Try every state of every block, all blocks at once."""
    most = int(chosen.place.max()) + 1
    if most > MOST_TUNNELS:
        raise NotCovered(f"{most} tunnels depend on each other; at most {MOST_TUNNELS} are enumerated")
    count, states = len(chosen.blocks), 1 << most
    weight = np.int64(1) << chosen.place
    after = np.empty((count, states), np.int64)
    tunnel_up = np.zeros(len(columns.facts.tunnels), np.bool_)
    for state in range(states):
        tunnel_up[chosen.tunnels] = (state >> chosen.place & 1).astype(np.bool_)
        resolve(columns, into, chosen.outer, chosen.conditions.given(held, tunnel_up))
        alive = can & _reach(columns, chosen.tunnels, into, None)
        after[:, state] = np.bincount(chosen.block, np.where(alive, weight, 0), count).astype(np.int64)
    sizes = np.bincount(chosen.block, minlength=count)
    patterns, which = np.unique(np.column_stack((sizes, after)), axis=0, return_inverse=True)
    told = [_told(row[1 : 1 + (1 << row[0])]) for row in patterns.tolist()]
    which = which.reshape(-1)
    course = np.array([one[0] for one in told], np.uint8)[which]
    longest = max(len(one[1]) for one in told)
    cycles = np.array([[one[1][n % len(one[1])] for n in range(longest)] for one in told], np.int64)[which]
    phases = (cycles[chosen.block].T >> chosen.place & 1).astype(np.bool_)
    return Settled(phases, course, chosen.blocks)


def _told(after: list[int]) -> tuple[Course, list[int]]:
    """Course and cycle (one state at rest) of a block whose F is given state by state."""
    at = 0
    for _ in after:
        at = after[at]
    cycle = [at]
    while after[cycle[-1]] != at:
        cycle.append(after[cycle[-1]])
    first = min(range(len(cycle)), key=lambda n: (cycle[n].bit_count(), cycle[n]))
    cycle = cycle[first:] + cycle[:first]
    fixed = sum(state == follows for state, follows in enumerate(after))
    ordered = len(after) <= 1 << _MOST_ORDERED
    if len(cycle) > 1:
        if not fixed:
            return Course.OSCILLATING, cycle
        rests = ordered and any(after[state] == state for state in _singly(after))
        return (Course.ORDER_DEPENDENT if rests else Course.UNREACHED), cycle
    if fixed > 1:
        return Course.BISTABLE, cycle
    return (Course.ORDER_DEPENDENT if ordered and not _always_rests(after, at) else Course.STABLE), cycle


def _singly(after: list[int]) -> dict[int, list[int]]:
    """From "none up", every state reached when one tunnel at a time follows F, with its successors."""
    found: dict[int, list[int]] = {}
    waiting = [0]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found[state] = list(_one_by_one(state, after[state]))
            waiting += found[state]
    return found


def _one_by_one(state: int, after: int) -> Iterator[int]:
    moving = state ^ after
    while moving:
        yield state ^ (moving & -moving)
        moving &= moving - 1


def _always_rests(after: list[int], final: int) -> bool:
    """True when no order of single changes from a cold start goes on for ever or rests elsewhere."""
    follows = _singly(after)
    done: set[int] = set()
    while True:
        resting = {one for one, then in follows.items() if one not in done and done.issuperset(then)}
        if not resting:
            return len(done) == len(follows) and all(one == final for one, then in follows.items() if not then)
        done |= resting


def _reach(columns: Columns, tunnels: Longs, targets: Ints, swayed: Bools | None) -> Bools:
    """Of each tunnel, whether its packets arrive both ways; ``swayed`` is told which ways depend on tunnels.

    Raises:
        NotCovered: One of them shares them out among different places.
    """
    out, back = arrivals(columns, tunnels, targets, swayed)
    return out & back


def arrivals(columns: Columns, tunnels: Longs, targets: Ints, swayed: Bools | None = None) -> tuple[Bools, Bools]:
    """Of each tunnel, whether its packets arrive at the device, and at the transit router."""
    count = len(tunnels)
    table = np.zeros(2 * count, np.int64)
    table[count:] = 1 + len(columns.facts.borders) + columns.facts.tunnel_site[tunnels]
    classes = np.concatenate((columns.far_class[tunnels], columns.near_class[tunnels]))
    rows = np.concatenate((columns.far_row[tunnels], columns.near_row[tunnels]))
    outer = _Outer(columns, classes, table, rows)
    found = outer.go(targets, np.concatenate((table[count:], table[:count])))
    if swayed is not None:
        swayed |= outer.swayed[:count] | outer.swayed[count:]
    return found[:count], found[count:]


class _Outer:
    """The ways of tunnels' own packets, step by step; a step between transit router and device would be a tunnel."""

    def __init__(self, columns: Columns, classes: Longs, table: Longs, row: Longs) -> None:
        self._columns, self._classes, self._table, self._row = columns, classes, table, row
        self.swayed = np.zeros(len(classes), np.bool_)

    def go(self, targets: Ints, wanted: Longs) -> Bools:
        """Which of them arrive at the table that is wanted for each."""
        columns = self._columns
        borders = len(columns.facts.borders)
        arrived = np.zeros(len(wanted), np.bool_)
        at, table, row = np.arange(len(wanted)), self._table, self._row
        for _ in range(_MOST_STEPS):
            target = targets[row]
            if (target == SHARED).any():
                raise NotCovered("a tunnel's own packets are shared out among different next hops")
            self.swayed[at[target == SWAYED]] = True
            to = target.astype(np.int64) - NODES
            via_border = ((table > 0) & (table <= borders)) ^ ((to > 0) & (to <= borders))
            going = (to >= 0) & via_border
            at, table = at[going], to[going]
            there = table == wanted[at]
            arrived[at[there]] = True
            at, table = at[~there], table[~there]
            if not at.size:
                break
            row = columns.rows_near(table, self._classes[at])
        return arrived
