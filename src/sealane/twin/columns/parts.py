"""Parts of a network that can be evaluated by themselves: all of it, a block, a group."""

from dataclasses import dataclass

import numpy as np

from sealane.twin.columns.arrays import Ints, Longs, offsets
from sealane.twin.columns.element import BORDER_KINDS, Conditions, Element, ElementKind
from sealane.twin.columns.index import Columns, RowSet, outer_rows, row_owners
from sealane.twin.columns.settle import TunnelSet, tunnel_set


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is evaluated together.

    Args:
        conditions: Those of its rows.
        tunnels: Its tunnels, whole blocks.
        rows: Its rows that can change.
        classes, cells: What is judged; only those with addresses of their own.
    """

    conditions: Conditions
    tunnels: TunnelSet
    rows: RowSet
    classes: Longs
    cells: Longs


def everything(columns: Columns) -> Part:
    """All of the network."""
    found = columns.caches.get("everything")
    if not isinstance(found, Part):
        conditions = Conditions.of(columns.facts, slice(None))
        outer = columns.row_set(outer_rows(columns))
        tunnels = tunnel_set(columns, np.arange(len(columns.facts.tunnels)), outer, conditions)
        rows = columns.row_set(np.flatnonzero(columns.constant[:-1] < 0))
        classes = np.flatnonzero(columns.class_filled)
        cells = np.flatnonzero(columns.class_filled[columns.cell_class])
        found = columns.caches["everything"] = Part(conditions, tunnels, rows, classes, cells)
    return found


class Ordered:
    """Things in order of their block or group."""

    def __init__(self, owner: Ints, count: int, chosen: Longs) -> None:
        owners = owner[chosen]
        there = owners >= 0
        chosen, owners = chosen[there], owners[there]
        self._order = chosen[np.argsort(owners, kind="stable")]
        self._starts = offsets(np.bincount(owners, minlength=count))

    def of(self, number: int) -> Longs:
        """Those of one, ascending."""
        return self._order[self._starts[number] : self._starts[number + 1]]


class Parts:
    """Blocks and groups as parts; each is made when it is first asked for."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        depends, whole = columns.depends, everything(columns)
        block, group = row_owners(columns)
        tunnels = np.arange(len(columns.facts.tunnels))
        site = columns.facts.tunnel_site
        cell_site = columns.cell_site
        self._blocks = tuple(Ordered(owner, depends.blocks, chosen) for owner, chosen in (
            (block, whole.rows.rows), (depends.site_block[site], tunnels), (depends.class_block, whole.classes),
            (depends.site_block[cell_site], whole.cells)))
        self._groups = tuple(Ordered(owner, depends.groups, chosen) for owner, chosen in (
            (group, whole.rows.rows), (depends.site_group[site], tunnels), (depends.class_group, whole.classes),
            (depends.site_group[cell_site], whole.cells)))
        self._made: dict[tuple[bool, int], Part] = {}

    def affected(self, element: Element) -> Part:
        """What can change with an element: the block of a site, the group of a border router."""
        columns, (kind, number) = self.columns, element
        if kind in BORDER_KINDS:
            return self._part(True, int(columns.depends.border_group[number]))
        site = number if kind is ElementKind.DEVICE else int(columns.facts.tunnel_site[number])
        return self._part(False, int(columns.depends.site_block[site]))

    def _part(self, wide: bool, number: int) -> Part:
        found = self._made.get((wide, number))
        if found is None:
            rows, tunnels, classes, cells = (one.of(number) for one in (self._groups if wide else self._blocks))
            found = self._made[wide, number] = part_of(self.columns, rows, tunnels, classes, cells)
        return found


def part_of(columns: Columns, rows: Longs, tunnels: Longs, classes: Longs, cells: Longs) -> Part:
    """A part of given rows (ascending), tunnels (whole blocks), classes and cells."""
    chosen = columns.row_set(rows)
    known, cond = np.unique(chosen.cond, return_inverse=True)
    conditions = Conditions.of(columns.facts, known)
    rows_ = RowSet(chosen.rows, chosen.value, cond.reshape(-1).astype(np.int32), chosen.start)
    return Part(conditions, tunnel_set(columns, tunnels, rows_, conditions), rows_, classes, cells)
