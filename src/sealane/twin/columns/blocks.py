"""What depends on what: the frame check.

A block is a set of sites that can matter to each other's packets or tunnels, given what border routers do; a group is
the same with border routers. Both are read from the entries: whoever two entries for one class speak of belongs
together, and so does whoever speaks for a prefix with whoever speaks for the prefix that contains it.
"""

from dataclasses import dataclass

import numpy as np

from sealane.twin.columns.arrays import Bools, Components, Ints, Longs, different
from sealane.twin.columns.facts import Facts, Hop
from sealane.twin.columns.forest import nearest, table_of, without_table

_SHIFT = 32
_LOW = (1 << _SHIFT) - 1


@dataclass(frozen=True, slots=True, eq=False)
class Dependence:
    """Who belongs together; blocks and groups are numbered from 0, -1 is none.

    Args:
        home_site: A site that the entries for each class, or for a prefix around it, speak of.
        home_border: Likewise a border router.
        site_block, site_group, border_group: Block and group of each site and border router.
        class_block, class_group: Of each class.
    """

    home_site: Ints
    home_border: Ints
    site_block: Ints
    site_group: Ints
    border_group: Ints
    class_block: Ints
    class_group: Ints
    blocks: int
    groups: int


@dataclass(frozen=True, slots=True, eq=False)
class Sorted:
    """The entries in order of their rows.

    Args:
        keys: Prefix and table of each row.
        row_of_entry: Row of each entry.
        entry: Its place in the facts.
        classes, class_parent: Prefixes of the classes.
    """

    keys: Longs
    row_of_entry: Longs
    entry: Longs
    classes: Longs
    class_parent: Ints


def dependence(facts: Facts, rows: Sorted, outer: Longs, cells: Longs) -> Dependence:
    """Find blocks and groups.

    Args:
        facts: The network.
        rows: Its entries.
        outer: Classes of the tunnels' outer addresses: those at the transit router, then those at the devices.
        cells: Classes of the cloud, which every device sends to.
    """
    sites, borders = len(facts.sites), len(facts.borders)
    told = _Mentions(facts, rows)
    home_site, home = nearest(rows.class_parent, told.site), nearest(rows.class_parent, told.first)
    owner = np.concatenate((facts.tunnel_site, facts.tunnel_site)).astype(np.int64)

    def along(home: Ints) -> list[Longs]:
        """Pairs that come from containing prefixes, outer addresses, and classes that all devices send to."""
        above = np.concatenate((home, np.array([-1], np.int32)))[rows.class_parent]
        spoken = np.unique(home[cells])
        everywhere = np.arange(sites)
        found = [_direct(home, above), _direct(owner, home[outer])]
        found.extend(_direct(everywhere, np.full(sites, one)) for one in spoken[spoken >= 0].tolist())
        return found

    block_of = _labels(sites, [*told.site_pairs, *along(home_site)])
    group_of = _labels(sites + borders, [*told.site_pairs, *told.pairs, *along(home)])
    return Dependence(
        home_site=home_site,
        home_border=nearest(rows.class_parent, told.border),
        site_block=block_of,
        site_group=group_of[:sites],
        border_group=group_of[sites:],
        class_block=_at(block_of, home_site),
        class_group=_at(group_of, home),
        blocks=int(block_of.max(initial=-1)) + 1,
        groups=int(group_of.max(initial=-1)) + 1,
    )


def _at(numbers: Ints, index: Ints) -> Ints:
    found: Ints = np.concatenate((numbers, np.array([-1], np.int32)))[index]
    return found


def _labels(count: int, pairs: list[Longs]) -> Ints:
    components = Components(count)
    joined = different(np.concatenate(pairs))
    components.join(joined >> _SHIFT, joined & _LOW)
    _, found = np.unique(components.labels(), return_inverse=True)
    return found.astype(np.int32)


class _Mentions:
    """Which sites and border routers the entries for each class speak of; border routers count after the sites."""

    def __init__(self, facts: Facts, rows: Sorted) -> None:
        sites, borders = len(facts.sites), len(facts.borders)
        table = table_of(rows.keys)[rows.row_of_entry]
        hop, cond = facts.route_hop[rows.entry], facts.route_cond[rows.entry]
        kind, element = facts.hop_kind[hop], facts.hop_element[hop]
        owner = np.concatenate((facts.tunnel_site, [-1])).astype(np.int32)
        tunnels = kind == Hop.TUNNEL
        hop_site = np.where(tunnels, owner[np.where(tunnels, element, -1)], facts.hop_site[hop])
        hop_border = np.where((kind == Hop.BORDER) | (kind == Hop.LINE), element, -1)
        of_sites = (hop_site, owner[facts.cond_tunnel[cond]], facts.cond_site[cond])
        of_borders = tuple(np.where(found >= 0, found + sites, -1) for found in (
            hop_border, facts.cond_border[cond], facts.cond_other_border[cond]))
        transit = table == 0
        spoken = transit | ((table <= borders) & (kind == Hop.CIRCUIT))
        place = np.full(len(rows.keys), -1, np.int64)
        seen = different(rows.row_of_entry[spoken])
        place[seen] = np.searchsorted(rows.classes, without_table(rows.keys[seen]))
        at = np.where(spoken, place[rows.row_of_entry], -1)
        self.site = np.full(len(rows.classes), -1, np.int32)
        self.border = np.full(len(rows.classes), -1, np.int32)
        for found in reversed(of_sites):
            _put(self.site, at, found, spoken)
        _put(self.site, at, hop_site, transit)
        _put(self.border, at, hop_border, transit)
        self.first = np.where(self.site >= 0, self.site, np.where(self.border >= 0, self.border + sites, -1))
        self.first = self.first.astype(np.int32)
        of_entry = np.where(table > borders, table - 1 - borders, np.where(transit, -1, sites + table - 1))
        of_device = np.where(table > borders, of_entry, -1)
        site_at, first_at = (np.where(at >= 0, found[at], -1) for found in (self.site, self.first))
        self.site_pairs = [_direct(one, found) for found in of_sites for one in (site_at, of_device)]
        self.pairs = [_direct(one, found) for found in (*of_sites, *of_borders) for one in (first_at, of_entry)]


def _put(into: Ints, at: Longs, found: Ints, chosen: Bools) -> None:
    chosen = chosen & (found >= 0)
    into[at[chosen]] = found[chosen]


def _direct(one: Longs | Ints, other: Longs | Ints) -> Longs:
    """Different pairs of two that are there and are not the same, packed into one number each."""
    chosen = (other >= 0) & (one >= 0) & (other != one)
    packed: Longs = (one[chosen].astype(np.int64) << _SHIFT) | other[chosen]
    return different(packed)
