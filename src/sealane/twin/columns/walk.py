"""What becomes of the packets of a class, from a table on.

A verdict is a set of what can become of a packet: several, when a hash or the time decides. Packets go from table to
table until they are dropped or arrive; every step between a device and a border router is a circuit crossed in clear,
every step between a device and the transit router one crossed inside ESP.
"""

from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from sealane.twin.columns.arrays import Bools, Bytes, Ints, Longs
from sealane.twin.columns.element import Conditions, Up
from sealane.twin.columns.facts import TRANSIT
from sealane.twin.columns.index import DROPPED, NODES, SHARED, TARGET_BITS, Columns


class Verdict(IntFlag):
    """What can become of the packets of a class."""

    NONE = 0
    """There are no such packets."""
    ENCRYPTED = 1
    """They arrive, and cross circuits only inside ESP."""
    CLEAR = 2
    """They arrive, and cross a circuit in clear."""
    DROPPED = 4
    LOOPING = 8
    OSCILLATING = 16
    """It changes as long as the tunnels' cycle lasts."""
    LOCAL = 32
    """They arrive without crossing a circuit."""
    LEAKED = 64
    """They are dropped or go round, after a circuit was crossed in clear."""


@dataclass(frozen=True, slots=True, eq=False)
class Ways:
    """Where packets go in one state: targets of rows, what is up, which tunnels carry, which hops lose everything."""

    columns: Columns
    targets: Ints
    up: Up
    tunnel_up: Bools
    lost: Bools | None = None


def walk(ways: Ways, classes: Longs, tables: Longs, rows: Longs) -> Bytes:
    """The verdict on each class, beginning at its table, whose row for the class is given."""
    found = np.zeros(len(classes), np.uint8)
    walkers = _Walkers(ways, found, classes, tables, rows)
    while walkers.at.size:
        walkers.step()
    for one in walkers.split:
        found[one] = _Search(ways, int(classes[one])).found(int(tables[one]))
    return found


class _Walkers:
    """Packets on their way; ``at`` are the positions of those that have not come to an end."""

    def __init__(self, ways: Ways, found: Bytes, classes: Longs, tables: Longs, rows: Longs) -> None:
        self._ways, self._found, self._classes = ways, found, classes
        self._borders = len(ways.columns.facts.borders)
        self._device_up = np.concatenate((ways.up.device, [True]))
        self.split: list[int] = []
        self.at = np.arange(len(classes), dtype=np.int64)
        self._table, self._row = tables, rows
        self._clear = np.zeros(len(classes), np.bool_)
        self._secret = np.zeros(len(classes), np.bool_)
        self._mark, self._steps, self._next_mark = tables, 0, 1
        lost = self._at_dead_device(tables)
        if lost.any():
            found[lost] = Verdict.DROPPED
            self._keep(~lost)

    def _keep(self, kept: Bools) -> None:
        self.at, self._table, self._row = self.at[kept], self._table[kept], self._row[kept]
        self._clear, self._secret, self._mark = self._clear[kept], self._secret[kept], self._mark[kept]

    def _at_dead_device(self, tables: Longs) -> Bools:
        found: Bools = ~self._device_up[np.maximum(tables - 1 - self._borders, -1)]
        return found

    def step(self) -> None:
        """One look-up for each packet, and the way to the next table."""
        target = self._ways.targets[self._row]
        ended = target < NODES
        if ended.any():
            arrived = np.where(self._clear, Verdict.CLEAR, np.where(self._secret, Verdict.ENCRYPTED, Verdict.LOCAL))
            dropped = np.where(self._clear, Verdict.DROPPED | Verdict.LEAKED, Verdict.DROPPED)
            verdict = np.where(target == DROPPED, dropped, arrived).astype(np.uint8)
            self._found[self.at[ended]] = verdict[ended]
            self.split += self.at[target == SHARED].tolist()
            target = target[~ended]
            self._keep(~ended)
        if self.at.size:
            self._move(target.astype(np.int64) - NODES)

    def _move(self, table: Longs) -> None:
        borders = self._borders
        here, there = self._table, table
        self._clear |= ((here > 0) & (here <= borders) & (there > borders)) | ((here > borders) & (there > 0))
        self._secret |= ((here == TRANSIT) & (there > borders)) | ((here > borders) & (there == TRANSIT))
        lost, again = self._at_dead_device(table), table == self._mark
        leaked = np.where(self._clear, Verdict.LEAKED, 0).astype(np.uint8)
        self._found[self.at[lost]] = leaked[lost] | np.uint8(Verdict.DROPPED)
        self._found[self.at[again]] = leaked[again] | np.uint8(Verdict.LOOPING)
        self._table = table
        self._steps += 1
        if self._steps == self._next_mark:
            self._mark = table.copy()
            self._next_mark *= 2
        self._keep(~(lost | again))
        self._row = self._ways.columns.rows_near(self._table, self._classes[self.at])


class _Search:
    """Every way that packets of one class can take."""

    def __init__(self, ways: Ways, one: int) -> None:
        self._ways, self._class = ways, one
        self._borders = len(ways.columns.facts.borders)
        self._found = Verdict.NONE
        self._closed: set[tuple[int, bool, bool]] = set()
        self._way: list[int] = []

    def found(self, table: int) -> int:
        """The verdict, from a table on."""
        self._visit(table, clear=False, secret=False)
        return int(self._found)

    def _visit(self, at: int, *, clear: bool, secret: bool) -> None:
        leaked = Verdict.LEAKED if clear else Verdict.NONE
        if at in self._way:
            self._found |= Verdict.LOOPING | leaked
            return
        if (at, clear, secret) in self._closed:
            return
        if at > self._borders and not self._ways.up.device[at - 1 - self._borders]:
            self._found |= Verdict.DROPPED | leaked
            return
        self._way.append(at)
        for target in self._choices(at):
            if target == DROPPED:
                self._found |= Verdict.DROPPED | leaked
            elif target < NODES:
                self._found |= Verdict.CLEAR if clear else Verdict.ENCRYPTED if secret else Verdict.LOCAL
            else:
                to = target - NODES
                circuit = TRANSIT not in {at, to}
                tunnel = {at, to} == {TRANSIT, max(at, to)} and max(at, to) > self._borders
                self._visit(to, clear=clear or circuit, secret=secret or tunnel)
        self._way.pop()
        self._closed.add((at, clear, secret))

    def _choices(self, table: int) -> list[int]:
        columns = self._ways.columns
        row = int(columns.rows_of(np.array([table]), np.array([self._class]))[0])
        while row >= 0:
            entries = slice(int(columns.row_entry[row]), int(columns.row_entry[row + 1]))
            conditions = Conditions.of(columns.facts, columns.cond[entries])
            there = conditions.given(conditions.holding(self._ways.up), self._ways.tunnel_up)
            if there.any():
                ranks = columns.value[entries] >> TARGET_BITS
                leads = there & (ranks == ranks[there].min())
                target = columns.target[entries]
                if self._ways.lost is not None:
                    gone = self._ways.lost[columns.facts.route_hop[columns.entry[entries]]]
                    target = np.where(gone, DROPPED, target)
                return sorted(set(target[leads].tolist()))
            row = int(columns.parent[row])
        return [DROPPED]
