"""The store in one file of SQLite, for one process.

Exclusive locking keeps SQLite's index of the write-ahead log in memory: there is no shared-memory file that could be
damaged or missing, and no other program can write meanwhile. One connection does everything, one thread at a time.
"""

import sqlite3
import threading
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from sealane.diag import Fault
from sealane.reconcile import Append, Change, Entry, Put, Remove
from sealane.store import opening
from sealane.store import trim as trimming
from sealane.store.backup import write_backup
from sealane.store.faults import as_fault, damaged
from sealane.store.group import Group
from sealane.store.place import Place
from sealane.store.trim import Trim

_PAGE = 500
"""Rows that are read at once; commits wait that long."""

_STEP_PAGES, _PAUSE_S = 256, 0.0005
"""Pages of a backup that are copied at once, while commits wait; and how long they are let through."""

_LEAST, _MOST = -(2**63), 2**63 - 1

Step: TypeAlias = Change | Trim


class SqliteStore:
    """Keeps everything in a state directory; see the port for what it promises.

    Args:
        directory: Made when it is not there.

    Raises:
        Fault: Another process holds the directory, or what is in it cannot be used; it was left as it was.
    """

    def __init__(self, directory: Path) -> None:
        self._place = Place(directory)
        self._lock = threading.Lock()
        self._group: Group[Step] = Group(self._write)
        try:
            self._open = opening.open_database(self._place.database)
        except BaseException:
            self._place.leave()
            raise
        self._closed = False

    def read(self, space: str) -> Iterator[tuple[str, bytes]]:
        """See the port."""
        _encodable(space)
        last, first = "", True
        while True:
            comparison = ">=" if first else ">"
            rows = self._rows(
                f"SELECT key, value, checksum FROM entry WHERE space = ? AND key {comparison} ?"  # noqa: S608 - no input
                f" ORDER BY key LIMIT {_PAGE}",
                (space, last),
            )
            for key, value, checksum in rows:
                yield str(key), self._verified(value, checksum, space, key)
            if len(rows) < _PAGE:
                return
            last, first = str(rows[-1][0]), False

    def commit(self, changes: Sequence[Change]) -> None:
        """See the port."""
        for change in changes:
            _encodable(change.space)
            match change:
                case Append(_, at_ms, _):
                    _fits(at_ms)
                case Put(_, key, _) | Remove(_, key):
                    _encodable(key)
        if changes:
            self._group.commit(changes)

    def log(
        self,
        space: str,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> tuple[Entry, ...]:
        """See the port."""
        _encodable(space)
        order = "DESC" if newest_first else "ASC"
        end = "" if until_ms is None else " AND at_ms < ?"
        end += "" if before is None else " AND (at_ms, number) < (?, ?)"
        rows = self._rows(
            f"SELECT number, at_ms, value, checksum FROM log WHERE space = ? AND at_ms >= ?{end}"  # noqa: S608 - no input
            f" ORDER BY at_ms {order}, number {order} LIMIT ?",
            (
                space,
                _LEAST if since_ms is None else _fits(since_ms),
                *(() if until_ms is None else (_fits(until_ms),)),
                *(() if before is None else map(_fits, before)),
                -1 if limit is None else _fits(max(0, limit)),
            ),
        )
        return tuple(
            Entry(number, at_ms, self._verified(value, checksum, space, at_ms, number))
            for number, at_ms, value, checksum in rows
        )

    def logs(self) -> tuple[str, ...]:
        """See the port."""
        rows = self._rows("SELECT space FROM log_size WHERE entries > 0 ORDER BY space", ())
        return tuple(str(row[0]) for row in rows)

    def log_size(self, space: str) -> int:
        """See the port."""
        rows = self._rows("SELECT entries FROM log_size WHERE space = ?", (_encodable(space),))
        return int(rows[0][0]) if rows else 0

    def trim(self, space: str, before_ms: int, *, keep: int | None = None, most: int | None = None) -> None:
        """See the port."""
        _encodable(space)
        bounds = (None if one is None else _fits(max(0, one)) for one in (keep, most))
        self._group.commit((Trim(space, _fits(before_ms), *bounds),))

    def backup(self, path: Path) -> None:
        """See the port; commits go on meanwhile."""
        write_backup(self._copy_into, path)

    def _copy_into(self, copy: sqlite3.Connection) -> None:
        with self._lock:
            self._usable()
            self._open.connection.backup(copy, pages=_STEP_PAGES, progress=self._let_through)

    def _let_through(self, *_: int) -> None:
        """Give the lock away for a moment; SQLite carries over into the copy what is committed meanwhile."""
        self._lock.release()
        try:
            time.sleep(_PAUSE_S)
        finally:
            self._lock.acquire()
        self._usable()

    def close(self) -> None:
        """See the port."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._open.close()
                self._place.leave()

    def _usable(self) -> None:
        if self._closed:
            raise Fault(f"use {self._place.database}", "it is closed", "start the server again")

    def _rows(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            self._usable()
            try:
                return self._open.connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise as_fault(f"read {self._place.database}", self._place.database, error) from error

    def _verified(self, value: object, checksum: object, *names: object) -> bytes:
        if not isinstance(value, bytes) or _checksum(value, *names) != checksum:
            raise damaged(self._place.database, f"{'/'.join(map(str, names))} is not what was written")
        return value

    def _write(self, batches: Sequence[Sequence[Step]]) -> None:
        """Make batches durable in one transaction."""
        database = self._place.database
        with self._lock:
            self._usable()
            self._open.see_in_place()
            connection, number = self._open.connection, self._open.number
            try:
                connection.execute("BEGIN IMMEDIATE")
                for batch in batches:
                    for step in batch:
                        number = _carry_out(connection, step, number)
                commits = self._open.commits + 1
                connection.execute("UPDATE meta SET commits = ?, number = ?", (commits, number))
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                raise as_fault(f"write {database}", database, error) from error
            finally:
                self._open.roll_back()
            self._open.acknowledge(commits, number)


def _carry_out(connection: sqlite3.Connection, step: Step, number: int) -> int:
    """Carry out a step; the highest number of a log entry afterwards."""
    match step:
        case Put(space, key, value):
            entry = space, key, value, _checksum(value, space, key)
            connection.execute("REPLACE INTO entry VALUES (?, ?, ?, ?)", entry)
        case Remove(space, key):
            connection.execute("DELETE FROM entry WHERE space = ? AND key = ?", (space, key))
        case Append(space, at_ms, value):
            number += 1
            line = space, at_ms, number, value, _checksum(value, space, at_ms, number)
            connection.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", line)
            trimming.grow(connection, space, 1)
        case Trim():
            trimming.carry_out(connection, step)
    return number


def _checksum(value: bytes, *names: object) -> int:
    """Tells a row from one that the disk changed; it is no protection from people."""
    return zlib.crc32(value, zlib.crc32("\x00".join(map(str, names)).encode()))


def _encodable(text: str) -> str:
    text.encode()
    return text


def _fits(number: int) -> int:
    if not _LEAST <= number <= _MOST:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number
