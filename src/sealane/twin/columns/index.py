"""Facts made ready: entries sorted into rows, classes of packets, and what depends on what.

A row is a prefix of a table. A class is the addresses whose longest prefix in any table is the same; all of them meet
the same rows everywhere, in every state.
"""

from dataclasses import dataclass, field

import numpy as np

from sealane.twin.columns.arrays import Bools, Ints, Longs, different, offsets, spans
from sealane.twin.columns.blocks import Dependence, Sorted, dependence
from sealane.twin.columns.facts import ALWAYS, Facts, Hop, NotCovered
from sealane.twin.columns.forest import (
    first_key,
    length_of,
    look_up,
    nearest,
    pack,
    parents,
    past,
    table_of,
    without_table,
)

SWAYED, DROPPED, IN_CLOUD, IN_SITE, SHARED, NODES = range(6)
"""Targets of rows: SWAYED tells, while tunnels are settled, that an entry decides which needs a tunnel; the next three
end a walk; SHARED tells that the best entries lead to different places, which are to be looked at one by one; from
NODES on a walk goes to a table."""
NO_ROUTE = np.iinfo(np.int64).max
TARGET_BITS = 32


@dataclass(frozen=True, slots=True, eq=False)
class RowSet:
    """Rows to be resolved together, with their entries one after the other.

    Args:
        rows: The rows, ascending.
        value: Rank and target of each entry; the least of a row decides.
        cond: Condition of each entry, among those of the part that the rows belong to.
        start: Where each row's entries begin.
    """

    rows: Longs
    value: Longs
    cond: Ints
    start: Longs


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """A network ready to be evaluated; see the module.

    Args:
        keys, parent: Prefixes of all rows, and the rows that contain them.
        row_entry: Where each row's entries begin, and at the end where all end.
        value, cond, target: Of each entry, in order of rows; ``value`` is rank and target (SHARED: equal ones differ).
        entry: The place of each entry in the facts.
        constant: Target of each row that nothing changes, -1 of the others; one more, DROPPED, for "no row".
        classes, class_parent: Prefixes of the classes.
        class_row: The transit router's row of each class.
        class_filled: False when longer prefixes leave no address to the class.
        depends: Blocks and groups.
        home_site_row, home_border_row: Rows of each class where its packets usually come by.
        home_border: The border router that the latter belongs to.
        cell_site, cell_class, cell_row: Pairs of a site and a class of the cloud, by site.
        far_class, far_row: Class of each tunnel's outer address at the device, and its row at the transit router.
        near_class, near_row: Class of each tunnel's outer address at the transit router, and its row at the device.
    """

    facts: Facts
    keys: Longs
    parent: Ints
    row_entry: Longs
    value: Longs
    cond: Ints
    target: Ints
    entry: Longs
    constant: Ints
    classes: Longs
    class_parent: Ints
    class_row: Ints
    class_filled: Bools
    depends: Dependence
    home_site_row: Ints
    home_border: Ints
    home_border_row: Ints
    cell_site: Ints
    cell_class: Longs
    cell_row: Longs
    far_class: Longs
    far_row: Longs
    near_class: Longs
    near_row: Longs
    caches: dict[str, object] = field(default_factory=dict)

    @property
    def settle_block(self) -> Ints:
        """Of each site, the block in which its tunnels settle."""
        return self.depends.site_block

    def rows_of(self, tables: Longs | Ints, classes: Longs) -> Longs:
        """The row of each class in each table, -1 where the table has none or is -1."""
        return _rows_of(self.keys, self.parent, tables, self.classes[classes])

    def rows_near(self, table: Longs, classes: Longs) -> Longs:
        """The same, quickly where the classes usually come by."""
        device = 1 + len(self.facts.borders)
        row = np.full(len(table), -2, np.int64)
        for usual, first, rows in ((self.depends.home_site, device, self.home_site_row),
                                   (self.home_border, 1, self.home_border_row)):
            known = usual[classes]
            here = (known >= 0) & (table == known + first)
            row[here] = rows[classes[here]]
        other = np.flatnonzero(row == -2)  # noqa: PLR2004 -- not known yet
        if other.size:
            row[other] = self.rows_of(table[other], classes[other])
        return row

    def row_set(self, rows: Longs) -> RowSet:
        """The rows that can change among these, which are ascending and different; their conditions are the facts'."""
        rows = rows[self.constant[rows] < 0]
        counts = self.row_entry[rows + 1] - self.row_entry[rows]
        entries = spans(self.row_entry[rows], counts)
        return RowSet(rows, self.value[entries], self.cond[entries], offsets(counts)[:-1])


def build(facts: Facts, sites: Longs | None = None) -> Columns:
    """Sort, nest and connect the facts.

    Args:
        facts: The network.
        sites: Sites whose packets to the cloud are asked for; None for all.

    Raises:
        NotCovered: The network has what columns do not model.
    """
    _refuse(facts)
    packed = pack(facts.route_table, facts.route_address, facts.route_length)
    entry = np.argsort(packed, kind="stable")
    ordered = packed[entry]
    del packed
    first = np.flatnonzero(np.concatenate((np.ones(min(1, len(ordered)), np.bool_), ordered[1:] != ordered[:-1])))
    keys = ordered[first]
    row_entry = np.concatenate((first, [len(ordered)]))
    del ordered, first
    row_of_entry = np.repeat(np.arange(len(keys)), np.diff(row_entry))
    parent = parents(keys)
    target = _targets(facts)[facts.route_hop[entry]]
    value = (facts.route_rank[entry].astype(np.int64) << TARGET_BITS) | target
    cond = facts.route_cond[entry]
    splits = _splits(value, row_of_entry)
    value[splits] &= ~np.int64((1 << TARGET_BITS) - 1)
    value[splits] |= SHARED

    hosts = [pack(0, found, np.full(len(found), 32)) for found in (facts.tunnel_near, facts.tunnel_far)]
    cloud = pack(0, facts.cloud_address, facts.cloud_length)
    protected = pack(0, facts.protected_address, facts.protected_length)
    classes = different(np.concatenate((without_table(keys), *hosts, cloud, protected)))
    class_parent = parents(classes)
    transit = int(np.searchsorted(keys, first_key(1)))
    own_row = np.full(len(classes), -1, np.int32)
    own_row[np.searchsorted(classes, keys[:transit])] = np.arange(transit)
    class_row = nearest(class_parent, own_row)

    near_class, far_class = (np.searchsorted(classes, found) for found in hosts)
    cells = _inside(classes, cloud)
    depends = dependence(facts, Sorted(keys, row_of_entry, entry, classes, class_parent),
                         np.concatenate((near_class, far_class)), cells)
    device = 1 + len(facts.borders)
    every = np.arange(len(classes))
    home_border = depends.home_border.copy()
    lines = _line_borders(facts)[facts.tunnel_site]
    unknown = home_border[near_class] < 0
    home_border[near_class[unknown]] = lines[unknown]

    def rows_at(first_table: int, number: Ints, chosen: Longs) -> Longs:
        tables = np.where(number < 0, -1, first_table + number).astype(np.int64)
        return _rows_of(keys, parent, tables, classes[chosen])

    chosen_sites = np.arange(len(facts.sites)) if sites is None else sites
    cell_site = np.repeat(chosen_sites.astype(np.int32), len(cells))
    cell_class = np.tile(cells, len(chosen_sites))
    return Columns(
        facts=facts, keys=keys, parent=parent, row_entry=row_entry, value=value, cond=cond, target=target,
        entry=entry, constant=_constant(value, cond, row_entry),
        classes=classes, class_parent=class_parent, class_row=class_row, class_filled=_filled(classes, class_parent),
        depends=depends, home_site_row=rows_at(device, depends.home_site, every).astype(np.int32),
        home_border=home_border, home_border_row=rows_at(1, home_border, every).astype(np.int32),
        cell_site=cell_site, cell_class=cell_class, cell_row=rows_at(device, cell_site, cell_class),
        far_class=far_class, far_row=class_row[far_class].astype(np.int64), near_class=near_class,
        near_row=rows_at(device, facts.tunnel_site, near_class),
    )


def _rows_of(keys: Longs, parent: Ints, tables: Longs | Ints, classes: Longs) -> Longs:
    found = np.full(len(classes), -1, np.int64)
    there = np.flatnonzero(tables >= 0)
    if there.size and len(keys):
        none = np.zeros(len(there), np.int64)
        found[there] = look_up(keys, parent, pack(tables[there], none, none) | classes[there])
    return found


def _targets(facts: Facts) -> Ints:
    """Where each hop leads; a tunnel to the device from the transit router's table, else to the transit router."""
    kind = facts.hop_kind
    found = np.full(len(kind), DROPPED, np.int32)
    found[kind == Hop.CLOUD] = IN_CLOUD
    found[kind == Hop.SITE] = IN_SITE
    border = (kind == Hop.BORDER) | (kind == Hop.LINE)
    found[border] = NODES + 1 + facts.hop_element[border]
    device = (kind == Hop.CIRCUIT) | ((kind == Hop.TUNNEL) & (facts.hop_site >= 0))
    found[device] = NODES + 1 + len(facts.borders) + facts.hop_site[device]
    found[(kind == Hop.UPLINK) | ((kind == Hop.TUNNEL) & (facts.hop_site < 0))] = NODES
    return found


def _refuse(facts: Facts) -> None:
    """What would be evaluated wrongly is not evaluated."""
    at_border = (facts.route_table > 0) & (facts.route_table <= len(facts.borders))
    if (facts.cond_tunnel[facts.route_cond[at_border]] >= 0).any():
        raise NotCovered("a border router's entry depends on a tunnel")


def _splits(value: Longs, row_of_entry: Longs) -> Bools:
    """Entries that have others of the same row and rank, but not all of the same target."""
    order = np.arange(len(value))
    if ((row_of_entry[1:] == row_of_entry[:-1]) & (value[1:] < value[:-1])).any():
        order = np.lexsort((value, row_of_entry))
    row, ranked = row_of_entry[order], value[order]
    alike = (row[1:] == row[:-1]) & ((ranked[1:] >> TARGET_BITS) == (ranked[:-1] >> TARGET_BITS))
    apart = np.flatnonzero(alike & (ranked[1:] != ranked[:-1]))
    found = np.zeros(len(value), np.bool_)
    if apart.size:
        group = np.concatenate(([0], np.cumsum(~alike)))
        found[order] = np.isin(group, group[apart])
    return found


def _constant(value: Longs, cond: Ints, row_entry: Longs) -> Ints:
    """The target of rows whose best entry is always there; one more for no row."""
    found = np.full(len(row_entry), -1, np.int32)
    found[-1] = DROPPED
    if len(found) > 1:
        best = np.minimum.reduceat(value, row_entry[:-1])
        always = np.minimum.reduceat(np.where(cond == ALWAYS, value, NO_ROUTE), row_entry[:-1])
        fixed = (best == always) & ((best & ((1 << TARGET_BITS) - 1)) != SHARED)
        found[:-1][fixed] = (best[fixed] & ((1 << TARGET_BITS) - 1)).astype(np.int32)
    return found


def outer_rows(columns: Columns) -> Longs:
    """Every row that can decide where a tunnel's own packets go: those met first, all around them, all of borders."""
    keys, parent = columns.keys, columns.parent
    first, last = (int(np.searchsorted(keys, first_key(one))) for one in (1, 1 + len(columns.facts.borders)))
    up = np.concatenate((columns.far_row, columns.near_row))
    parts, up = [np.arange(first, last)], up[up >= 0]
    while up.size:
        up = different(up)
        parts.append(up)
        up = parent[up].astype(np.int64)
        up = up[up >= 0]
    return different(np.concatenate(parts))


def _filled(classes: Longs, parent: Ints) -> Bools:
    sizes = (np.int64(1) << (32 - length_of(classes))).astype(np.float64)
    inside = np.bincount(parent[parent >= 0], sizes[parent >= 0], len(classes))
    return inside < sizes


def _inside(classes: Longs, prefixes: Longs) -> Longs:
    """The classes inside any of the prefixes."""
    starts = np.searchsorted(classes, prefixes)
    return different(spans(starts, np.searchsorted(classes, past(prefixes)) - starts))


def protected_classes(columns: Columns) -> Bools:
    """Which classes lie in protected prefixes of sites."""
    facts = columns.facts
    found = np.zeros(len(columns.classes), np.bool_)
    found[_inside(columns.classes, pack(0, facts.protected_address, facts.protected_length))] = True
    return found


def _line_borders(facts: Facts) -> Ints:
    """A border router that each site's device has a line to, -1 for none."""
    found = np.full(len(facts.sites), -1, np.int32)
    lines = facts.hop_kind[facts.route_hop] == Hop.LINE
    site = facts.route_table[lines] - 1 - len(facts.borders)
    found[site] = facts.hop_element[facts.route_hop[lines]]
    return found


def row_owners(columns: Columns) -> tuple[Ints, Ints]:
    """Block and group of each row: a device's rows are its site's, a border router's its own group's, others a class's.

    A row of a border router belongs to the block of its class, where a site matters to it.
    """
    facts, depends = columns.facts, columns.depends
    table = table_of(columns.keys)
    borders = len(facts.borders)
    at = np.searchsorted(columns.classes, without_table(columns.keys))
    block, group = depends.class_block[at], depends.class_group[at]
    device, border = table > borders, (table > 0) & (table <= borders)
    site = table[device] - 1 - borders
    block[device], group[device] = depends.site_block[site], depends.site_group[site]
    group[border] = depends.border_group[table[border] - 1]
    return block, group
