"""A network that is changed: routes, policies, sites come and go, and what differs in verdicts is told at once.

The network as it was stays as it is. Groups that an edit can matter to are cut out, changed and built anew beside it;
of these the small network speaks, of all others the large one. Which groups these are is read from the entries, as
blocks are. An edit to what all share (the cloud's own prefixes at the transit router) makes everything anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from sealane.net import Cidr
from sealane.twin.columns.arrays import Bools, Bytes, Ints, Longs, different, spans
from sealane.twin.columns.compact import Extra, Numbers, compact
from sealane.twin.columns.evaluate import State, evaluate
from sealane.twin.columns.facts import TRANSIT, Facts, Hop, checked
from sealane.twin.columns.forest import address_of, length_of, look_up, pack, past
from sealane.twin.columns.index import Columns, build, row_owners
from sealane.twin.columns.parts import Ordered
from sealane.twin.columns.walk import Verdict
from sealane.twin.columns.writer import Prefix


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A tunnel that is new; see ``Facts``."""

    name: str
    site: int
    near: int
    far: int
    agreed: bool = True


@dataclass(frozen=True, slots=True)
class Edit:
    """What changes, all at once.

    Args:
        removed: Tables and prefixes that lose all their entries.
        added: Entries that are new, numbered as the network is, new sites, tunnels and border routers after the others.
        sites, borders, tunnels: Those that are new.
    """

    removed: tuple[tuple[int, Prefix], ...] = ()
    added: tuple[Extra, ...] = ()
    sites: tuple[str, ...] = ()
    borders: tuple[str, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()


@dataclass(frozen=True, slots=True)
class Differs:
    """A class of packets whose verdict an edit changed; ``site`` None for packets from the cloud."""

    prefix: Cidr
    site: int | None
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class _Speaks:
    """A built network, what becomes of its packets, and the old numbers of its parts."""

    columns: Columns
    state: State
    sites: Longs
    cells: Longs

    @classmethod
    def of(cls, facts: Facts, sites: Longs) -> "_Speaks":
        columns = build(facts)
        return cls(columns, evaluate(columns), sites, _cells(columns))


def _cells(columns: Columns) -> Longs:
    """The classes of the cloud, ascending."""
    return columns.cell_class[: len(columns.cell_class) // max(1, len(columns.facts.sites))]


class Edited:
    """A network and the edits made to it."""

    def __init__(self, columns: Columns) -> None:
        self._start(columns.facts, _Speaks(columns, evaluate(columns), np.arange(len(columns.facts.sites)),
                                           _cells(columns)))

    def _start(self, facts: Facts, base: _Speaks) -> None:
        columns, groups = base.columns, base.columns.depends.groups
        self.facts = facts
        """Names and tunnels of now; the entries are those of the beginning."""
        self._base = base
        owner = row_owners(columns)[1]
        self._rows = Ordered(owner, groups, np.arange(len(columns.keys)))
        self._shared = np.flatnonzero(owner < 0)
        self._classes = Ordered(columns.depends.class_group, groups, np.arange(len(columns.classes)))
        self._gone = np.zeros(len(columns.facts.route_table), np.bool_)
        self._extra: tuple[Extra, ...] = ()
        self._dirty = np.zeros(groups + 1, np.bool_)
        self._over: _Speaks | None = None

    def apply(self, edit: Edit) -> tuple[Differs, ...]:
        """Make an edit; the classes of packets whose verdict it changes.

        Raises:
            NotCovered: As ``build`` and ``evaluate`` do.
            ValueError: Numbers do not fit together.
        """
        before = self._view()
        old_borders = len(self.facts.borders)
        self._name(edit)
        if len(self.facts.borders) != old_borders:
            self._extra = tuple(self._moved(self._extra, old_borders))
        if self._of_all(edit):
            return self._anew(edit, before)
        self._remove(edit)
        self._extra = (*self._extra, *edit.added)
        self._dirty[[one for one in self._touched(edit) if one >= 0]] = True
        self._over = self._cut()
        return self._differences(before, self._view(), self._inside(edit))

    def whole(self) -> Facts:
        """The facts of now, all of them."""
        kept = Numbers(*(np.arange(len(one)) for one in (self.facts.sites, self.facts.borders, self.facts.tunnels)))
        found = compact(self._wide(), np.flatnonzero(~self._gone), kept, self._extra)
        return checked(replace(found, protected_address=self.facts.protected_address,
                               protected_length=self.facts.protected_length))

    def inward(self, keys: Longs) -> Bytes:
        """Verdicts on packets from the cloud to prefixes (see ``forest.pack``, table 0), each a class or inside one."""
        return self._view().inward(keys)

    def outward(self, sites: Longs, keys: Longs) -> Bytes:
        """Verdicts on packets from sites to prefixes of the cloud."""
        return self._view().outward(sites, keys)

    # what an edit does

    def _name(self, edit: Edit) -> None:
        facts = self.facts
        new = edit.tunnels
        self.facts = replace(
            facts, sites=(*facts.sites, *edit.sites), borders=(*facts.borders, *edit.borders),
            tunnels=(*facts.tunnels, *(one.name for one in new)),
            tunnel_site=np.append(facts.tunnel_site, [one.site for one in new]).astype(np.int32),
            tunnel_near=np.append(facts.tunnel_near, [one.near for one in new]).astype(np.int64),
            tunnel_far=np.append(facts.tunnel_far, [one.far for one in new]).astype(np.int64),
            tunnel_agreed=np.append(facts.tunnel_agreed, [one.agreed for one in new]).astype(np.bool_),
        ) if edit.sites or edit.borders or new else facts

    def _moved(self, extra: Iterable[Extra], borders: int) -> Iterator[Extra]:
        """Entries of devices after border routers were added, which number the tables before theirs."""
        for prefix, entry in extra:
            more = len(self.facts.borders) - borders if entry.table > borders else 0
            yield prefix, replace(entry, table=entry.table + more)

    def _table_then(self, table: int) -> int:
        """A table's number in the facts of the beginning, -1 for a new one."""
        then, now = len(self._base.columns.facts.borders), len(self.facts.borders)
        if table <= now:
            return table if table <= then else -1
        site = table - 1 - now
        return 1 + then + site if site < len(self._base.columns.facts.sites) else -1

    def _wide(self) -> Facts:
        """The entries of the beginning, numbered as of now."""
        facts = self.facts
        then, now = len(self._base.columns.facts.borders), len(facts.borders)
        if then == now:
            return facts
        table = self._base.columns.facts.route_table
        return replace(facts, route_table=np.where(table > then, table + now - then, table).astype(np.int32))

    def _remove(self, edit: Edit) -> None:
        columns = self._base.columns
        wanted = set(edit.removed)
        self._extra = tuple(one for one in self._extra if (one[1].table, one[0]) not in wanted)
        for table, (address, length) in edit.removed:
            then = self._table_then(table)
            key = int(pack(max(then, 0), np.array([address], np.int64), np.array([length], np.int64))[0])
            row = int(np.searchsorted(columns.keys, key))
            if then >= 0 and row < len(columns.keys) and columns.keys[row] == key:
                self._gone[columns.entry[columns.row_entry[row] : columns.row_entry[row + 1]]] = True

    def _of_all(self, edit: Edit) -> bool:
        """True when an edit changes what all sites' packets meet at the transit router."""
        cloud = [Cidr(*one) for one in zip(self.facts.cloud_address.tolist(), self.facts.cloud_length.tolist(),
                                           strict=True)]
        touched = [Cidr(*prefix) for table, prefix in self._prefixes(edit) if table == TRANSIT]
        return any(one.contains(other) or other.contains(one) for one in cloud for other in touched)

    @staticmethod
    def _prefixes(edit: Edit) -> Iterator[tuple[int, Prefix]]:
        yield from edit.removed
        yield from ((entry.table, prefix) for prefix, entry in edit.added)

    def _touched(self, edit: Edit) -> Iterator[int]:
        """Groups of the beginning that an edit can matter to; -1 is none."""
        depends, facts = self._base.columns.depends, self.facts
        borders = len(facts.borders)
        for table, prefix in self._prefixes(edit):
            if table <= borders:
                yield from self._around(prefix)
            yield _at(depends.border_group, table - 1 if TRANSIT < table <= borders else -1)
            yield _at(depends.site_group, table - 1 - borders if table > borders else -1)
        for _, entry in edit.added:
            kind, element, site = entry.hop
            condition = entry.condition
            tunnels = (condition.tunnel, element if kind is Hop.TUNNEL else -1)
            over = element if kind in {Hop.BORDER, Hop.LINE, Hop.CIRCUIT} else -1
            for one in (condition.border, condition.other_border, over):
                yield _at(depends.border_group, one)
            for one in (condition.site, site, *(int(facts.tunnel_site[n]) if n >= 0 else -1 for n in tunnels)):
                yield _at(depends.site_group, one)
        for tunnel in edit.tunnels:
            yield _at(depends.site_group, tunnel.site)
            for address in (tunnel.near, tunnel.far):
                yield from self._around((address, 32))

    def _around(self, prefix: Prefix) -> list[int]:
        """Groups of the classes inside a prefix, and of the class around it."""
        columns = self._base.columns
        key = pack(0, np.array([prefix[0]], np.int64), np.array([prefix[1]], np.int64))
        first, last = (int(np.searchsorted(columns.classes, one)[0]) for one in (key, past(key)))
        around = look_up(columns.classes, columns.class_parent, key)
        groups = columns.depends.class_group
        return [*np.unique(groups[first:last]).tolist(), *groups[around[around >= 0]].tolist()]

    def _inside(self, edit: Edit) -> Longs:
        """The prefixes of an edit, and the classes of the beginning inside them."""
        columns = self._base.columns
        prefixes = sorted({prefix for _, prefix in self._prefixes(edit)})
        addresses, lengths = (np.array([one[n] for one in prefixes], np.int64) for n in (0, 1))
        keys = pack(0, addresses, lengths)
        first = np.searchsorted(columns.classes, keys)
        inside = spans(first, np.searchsorted(columns.classes, past(keys)) - first)
        return np.concatenate((keys, columns.classes[inside]))

    def _cut(self) -> _Speaks:
        """The groups that edits matter to, as they are now."""
        columns, depends = self._base.columns, self._base.columns.depends
        then = columns.facts
        groups = np.flatnonzero(self._dirty[:-1]).tolist()
        rows = np.concatenate([self._shared, *(self._rows.of(one) for one in groups)])
        entries = columns.entry[spans(columns.row_entry[rows], columns.row_entry[rows + 1] - columns.row_entry[rows])]
        sites, borders = (
            np.concatenate((np.flatnonzero(self._dirty[:-1][owner]), np.arange(len(owner), len(now))))
            for owner, now in ((depends.site_group, self.facts.sites), (depends.border_group, self.facts.borders)))
        tunnel_sites = np.zeros(len(self.facts.sites), np.bool_)
        tunnel_sites[sites] = True
        kept = Numbers(sites, borders, np.flatnonzero(tunnel_sites[self.facts.tunnel_site]))
        chosen = entries[~self._gone[entries]]
        wide = self.facts
        if len(then.borders) != len(wide.borders):
            table = then.route_table[chosen]
            more = len(wide.borders) - len(then.borders)
            moved = np.where(table > len(then.borders), table + more, table).astype(np.int32)
            wide, chosen = _rows_only(wide, chosen, moved), np.arange(len(chosen))
        return _Speaks.of(checked(compact(wide, chosen, kept, self._extra)), sites)

    def _anew(self, edit: Edit, before: "_View") -> tuple[Differs, ...]:
        self._remove(edit)
        self._extra = (*self._extra, *edit.added)
        whole = self.whole()
        self._start(whole, _Speaks.of(whole, np.arange(len(whole.sites))))
        return self._differences(before, self._view(), np.empty(0, np.int64))

    # who speaks for what

    def _view(self) -> "_View":
        return _View(self._base, self._over, self._dirty.copy())

    @staticmethod
    def _differences(before: "_View", after: "_View", more: Longs) -> tuple[Differs, ...]:
        keys = different(np.concatenate((before.changed(after), after.changed(before), more)))
        found = list(_told(keys, None, before.inward(keys), after.inward(keys)))
        cloud = different(np.concatenate((before.cloud(), after.cloud())))
        for site in np.union1d(before.edited(after), after.edited(before)).tolist():
            here = np.full(len(cloud), site)
            found += _told(cloud, site, before.outward(here, cloud), after.outward(here, cloud))
        return tuple(found)


def _at(groups: Ints, number: int) -> int:
    """Group of a site or border router; -1 for none and for a new one."""
    return int(groups[number]) if 0 <= number < len(groups) else -1


def _rows_only(facts: Facts, chosen: Longs, table: Ints) -> Facts:
    return replace(facts, route_table=table, **{
        name: getattr(facts, name)[chosen]
        for name in ("route_address", "route_length", "route_rank", "route_hop", "route_cond", "route_origin")})


def _told(keys: Longs, site: int | None, before: Bytes, after: Bytes) -> Iterator[Differs]:
    """Packets that there are before and after, and fare otherwise."""
    moved = np.flatnonzero((before != after) & (before != 0) & (after != 0))
    addresses, lengths = address_of(keys[moved]).tolist(), length_of(keys[moved]).tolist()
    for address, length, then, now in zip(addresses, lengths, before[moved].tolist(), after[moved].tolist(),
                                          strict=True):
        yield Differs(Cidr(address, length), site, Verdict(then), Verdict(now))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """The network at one time: the large one, the small one beside it, and the groups that the small one speaks for."""

    base: _Speaks
    over: _Speaks | None
    dirty: Bools

    def inward(self, keys: Longs) -> Bytes:
        columns = self.base.columns
        at = look_up(columns.classes, columns.class_parent, keys)
        found: Bytes = np.where(at >= 0, self.base.state.inward[at], np.uint8(Verdict.DROPPED)).astype(np.uint8)
        if self.over is None:
            return found
        small = self.over.columns
        there = look_up(small.classes, small.class_parent, keys)
        # What belongs to no group is in both; an edit inside a group makes the whole group the small network's.
        group = columns.depends.class_group[at]
        chosen = (at < 0) | self.dirty[group] | (group < 0)
        found[chosen] = np.where(there >= 0, self.over.state.inward[there], np.uint8(Verdict.DROPPED))[chosen]
        return found

    def outward(self, sites: Longs, keys: Longs) -> Bytes:
        found = np.zeros(len(keys), np.uint8)
        small = np.zeros(len(keys), np.bool_) if self.over is None else np.isin(sites, self.over.sites)
        for speaker, chosen in ((self.over, small), (self.base, ~small & (sites < len(self.base.columns.facts.sites)))):
            if speaker is not None and chosen.any():
                at = look_up(speaker.columns.classes, speaker.columns.class_parent, keys[chosen])
                place = np.searchsorted(speaker.cells, at)
                local = np.searchsorted(speaker.sites, sites[chosen])
                found[chosen] = speaker.state.outward[local * len(speaker.cells) + place]
        return found

    def changed(self, other: "_View") -> Longs:
        """Classes that this one and another may speak differently of."""
        columns, group = self.base.columns, self.base.columns.depends.class_group
        found = columns.classes
        if self.base is other.base:
            found = found[np.flatnonzero((self.dirty ^ other.dirty)[group])]
        return found if self.over is None else np.concatenate((found, self.over.columns.classes))

    def edited(self, other: "_View") -> Longs:
        """Sites that this one and another may speak differently of."""
        if self.base is not other.base:
            return np.arange(len(self.base.columns.facts.sites))
        return np.empty(0, np.int64) if self.over is None else self.over.sites

    def cloud(self) -> Longs:
        """Classes of the cloud."""
        found = self.base.columns.classes[self.base.cells]
        return found if self.over is None else np.concatenate((found, self.over.columns.classes[self.over.cells]))
