"""One state: which tunnels are up, and what becomes of every class in both directions."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sealane.twin.columns.arrays import Bools, Bytes, Ints
from sealane.twin.columns.element import Element, Up, all_up
from sealane.twin.columns.facts import TRANSIT, Hop
from sealane.twin.columns.index import Columns
from sealane.twin.columns.parts import Part, everything
from sealane.twin.columns.settle import Course, arrivals, lose, resolve, settle
from sealane.twin.columns.walk import Verdict, Ways, walk


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a network does while some elements are down.

    Args:
        tunnel_up: Tunnels that carry packets, always.
        tunnel_flaps: Tunnels that come and go.
        course: Of each block, a ``Course``.
        inward: ``Verdict`` of each class on packets that the transit router has for it.
        outward: ``Verdict`` of each cell, on packets from behind the site's device for the class.
    """

    tunnel_up: Bools
    tunnel_flaps: Bools
    course: Bytes
    inward: Bytes
    outward: Bytes

    def same(self, other: "State") -> bool:
        """True when both are equal, bit for bit."""
        pairs = ((self.tunnel_up, other.tunnel_up), (self.tunnel_flaps, other.tunnel_flaps),
                 (self.course, other.course), (self.inward, other.inward), (self.outward, other.outward))
        return all(np.array_equal(one, another) for one, another in pairs)

    @property
    def worst(self) -> Course:
        """The least settled course of all blocks."""
        return Course(int(self.course.max(initial=0)))


def blank(columns: Columns) -> State:
    """A state to be written to."""
    tunnels = len(columns.facts.tunnels)
    return State(
        np.zeros(tunnels, np.bool_),
        np.zeros(tunnels, np.bool_),
        np.zeros(columns.depends.blocks, np.uint8),
        np.zeros(len(columns.classes), np.uint8),
        np.zeros(len(columns.cell_class), np.uint8),
    )


def evaluate(columns: Columns, failed: Iterable[Element] = ()) -> State:
    """The state that a cold start leads to while these elements are down.

    Raises:
        NotCovered: A tunnel's own packets are shared out, or too many tunnels depend on each other.
    """
    return evaluate_up(columns, all_up(columns.facts, failed))


def evaluate_up(columns: Columns, up: Up) -> State:
    """The state while exactly these are up."""
    state = blank(columns)
    evaluate_part(columns, up, everything(columns), columns.constant.copy(), state)
    return state


def evaluate_part(columns: Columns, up: Up, part: Part, targets: Ints, state: State) -> None:
    """Write into the state, and into the targets of rows, what becomes of a part that nothing outside depends on."""
    conditions = part.conditions
    held = conditions.holding(up)
    settled = settle(columns, up, held, part.tunnels, targets)
    state.course[settled.blocks] = settled.course
    always = settled.phases.all(axis=0)
    state.tunnel_flaps[part.tunnels.tunnels] = settled.phases.any(axis=0) & ~always
    tunnel_up = np.zeros(len(columns.facts.tunnels), np.bool_)
    last = len(settled.phases) - 1
    inward = outward = np.zeros(0, np.uint8)
    moved_in = moved_out = np.zeros(0, np.bool_)
    for phase in range(last, -1, -1):
        tunnel_up[part.tunnels.tunnels] = settled.phases[phase]
        now = conditions.given(held, tunnel_up)
        resolve(columns, targets, part.rows, now)
        lost = _lost(columns, part, targets, tunnel_up) if last and part.rows.rows.size else None
        if lost is not None:
            lose(columns, targets, part.rows, now, lost)
        found_in, found_out = _walks(Ways(columns, targets, up, tunnel_up, lost), part)
        if phase == last:
            inward, outward = found_in, found_out
            moved_in, moved_out = np.zeros(len(inward), np.bool_), np.zeros(len(outward), np.bool_)
            continue
        moved_in |= inward != found_in
        moved_out |= outward != found_out
        inward |= found_in
        outward |= found_out
    inward[moved_in] |= np.uint8(Verdict.OSCILLATING)
    outward[moved_out] |= np.uint8(Verdict.OSCILLATING)
    state.tunnel_up[part.tunnels.tunnels] = always
    state.inward[part.classes] = inward
    state.outward[part.cells] = outward


def _lost(columns: Columns, part: Part, targets: Ints, tunnel_up: Bools) -> Bools | None:
    """Hops into tunnels that count as up while their own packets are lost, as happens within a cycle; None for none."""
    tunnels = part.tunnels.tunnels
    gone = [np.zeros(len(tunnel_up) + 1, np.bool_) for _ in range(2)]
    for one, arrives in zip(gone, arrivals(columns, tunnels, targets), strict=True):
        one[tunnels] = tunnel_up[tunnels] & ~arrives
    facts = columns.facts
    inward = facts.hop_site >= 0
    carried = np.where(facts.hop_kind == Hop.TUNNEL, facts.hop_element, -1)
    lost: Bools = np.where(inward, gone[0][carried], gone[1][carried])
    return lost if lost.any() else None


def _walks(ways: Ways, part: Part) -> tuple[Bytes, Bytes]:
    """Verdicts on the part's classes and cells, which are walked together: small parts cost what the calls cost."""
    columns, own = ways.columns, len(part.classes)
    classes = np.concatenate((part.classes, columns.cell_class[part.cells]))
    tables = np.zeros(len(classes), np.int64) + TRANSIT
    tables[own:] = 1 + len(columns.facts.borders) + columns.cell_site[part.cells]
    rows = np.concatenate((columns.class_row[part.classes].astype(np.int64), columns.cell_row[part.cells]))
    found = walk(ways, classes, tables, rows)
    return found[:own], found[own:]
