"""The tables, and the way from each version of them to the next."""

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sealane.diag import Fault
from sealane.store.faults import damaged

APPLICATION_ID = 0x5EA1A4E
"""Marks a file of SQLite as ours."""

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        ("CREATE TABLE entry (space TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, checksum INTEGER NOT NULL,"
        " PRIMARY KEY (space, key)) WITHOUT ROWID"),
        ("CREATE TABLE log (space TEXT NOT NULL, at_ms INTEGER NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL,"
        " checksum INTEGER NOT NULL, PRIMARY KEY (space, at_ms, number)) WITHOUT ROWID"),
        ("CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), lineage TEXT NOT NULL, commits INTEGER NOT NULL,"
        " number INTEGER NOT NULL)"),
        "INSERT INTO meta VALUES (1, hex(randomblob(16)), 0, 0)",
    ),
    (
        "CREATE TABLE log_size (space TEXT PRIMARY KEY, entries INTEGER NOT NULL) WITHOUT ROWID",
        "INSERT INTO log_size SELECT space, count(*) FROM log GROUP BY space",
    ),
)
"""Statements that lead from version n to n + 1; what is written here once is never changed."""


def new_lineage(connection: sqlite3.Connection) -> None:
    """Make a copy a state of its own, whose commits count apart."""
    connection.execute("UPDATE meta SET lineage = ?", (secrets.token_hex(16).upper(),))


def version(connection: sqlite3.Connection) -> int:
    """Version of the tables in a file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring the tables to the newest version, in one transaction.

    Raises:
        sqlite3.Error: Nothing was changed.
    """
    now = version(connection)
    if now >= len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statements in migrations[now:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def check(connection: sqlite3.Connection, database: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """See that a file is whole, ours, and not of a later program.

    Raises:
        Fault: It is not; nothing was changed.
        sqlite3.Error: Likewise.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise damaged(database, "it was not written by Sealane, or its beginning is gone")
    if version(connection) > len(migrations):
        answer = f"it has version {version(connection)}, this program knows versions up to {len(migrations)}"
        raise Fault(f"read {database}", answer, "start the newer Sealane that wrote it, or put a backup in its place")
    found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise damaged(database, "; ".join(" ".join(one.split()) for one in found))
