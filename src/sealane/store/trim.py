"""What a store is asked besides the changes of its callers: to forget the oldest entries of a log."""

import sqlite3
from dataclasses import dataclass

_SIZE = "SELECT entries FROM log_size WHERE space = ?"


@dataclass(frozen=True, slots=True)
class Trim:
    """Forget the oldest entries of a log; see the port."""

    space: str
    before_ms: int
    keep: int | None = None
    most: int | None = None


def carry_out(connection: sqlite3.Connection, trim: Trim) -> None:
    """Forget them, in the transaction that is open."""
    space = trim.space
    limit = -1 if trim.most is None else trim.most
    older = "SELECT count(*) FROM (SELECT 1 FROM log WHERE space = ? AND at_ms < ? LIMIT ?)"
    count = int(connection.execute(older, (space, trim.before_ms, limit)).fetchone()[0])
    if trim.keep is not None:
        count = max(count, size(connection, space) - trim.keep)
    if trim.most is not None:
        count = min(count, trim.most)
    if count <= 0:
        return
    last = connection.execute(
        "SELECT at_ms, number FROM log WHERE space = ? ORDER BY at_ms, number LIMIT 1 OFFSET ?", (space, count - 1)
    ).fetchone()
    done = connection.execute("DELETE FROM log WHERE space = ? AND (at_ms, number) <= (?, ?)", (space, *last))
    grow(connection, space, -done.rowcount)


def size(connection: sqlite3.Connection, space: str) -> int:
    """How many entries a log has."""
    found = connection.execute(_SIZE, (space,)).fetchone()
    return 0 if found is None else int(found[0])


def grow(connection: sqlite3.Connection, space: str, entries: int) -> None:
    """Note that a log has so many more entries; counting them would mean to read them all."""
    connection.execute(
        "INSERT INTO log_size VALUES (?1, ?2) ON CONFLICT DO UPDATE SET entries = entries + ?2", (space, entries)
    )
