"""Opening the file: made whole or not at all, and examined before anything is written to it.

A file that is examined is opened for reading only. Closing a connection that may write would carry the write-ahead log
over into the file, and what is damaged shall stay as it is.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from sealane.diag import Fault
from sealane.store import place
from sealane.store.faults import as_fault, damaged, restore_remedy
from sealane.store.mark import Mark
from sealane.store.schema import MIGRATIONS, check, migrate

_PATIENCE_S = 2
_LOG_KEPT_BYTES = 16 * 2**20
"""To what size a write-ahead log is cut that a large commit made longer."""


class Opened:
    """The open file, what was acknowledged in it, and the mark that tells so."""

    def __init__(self, database: Path, connection: sqlite3.Connection, mark: Mark) -> None:
        self._database = database
        self._mark = mark
        self.connection = connection
        row = connection.execute("SELECT lineage, commits, number FROM meta").fetchone()
        self.lineage, self.commits, self.number = str(row[0]), int(row[1]), int(row[2])
        mark.write(self.lineage, self.commits)
        self._files = self._identities()

    def acknowledge(self, commits: int, number: int) -> None:
        """A commit is durable."""
        self.commits, self.number = commits, number
        self._mark.write(self.lineage, commits)

    def roll_back(self) -> None:
        """Leave no transaction open."""
        if self.connection.in_transaction:
            with suppress(sqlite3.Error):
                self.connection.execute("ROLLBACK")

    def see_in_place(self) -> None:
        """Refuse to write into files that bear the names no longer: a next start would not find what they hold.

        Raises:
            Fault: Somebody removed or replaced them.
        """
        if self._identities() != self._files:
            raise Fault(
                f"write {self._database}",
                "it or the log beside it was removed or replaced while in use",
                "stop the server, put the files or a backup in their place, and start it again",
            )

    def close(self) -> None:
        """Give everything back; the log beside the file is carried over into it."""
        self.connection.close()
        self._mark.close()

    def _identities(self) -> tuple[int, ...]:
        return tuple(_inode(one) for one in (self._database, _beside(self._database, "-wal")))


def open_database(database: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> Opened:
    """Open the file; make it when there was none.

    Raises:
        Fault: What is there cannot be used, and was left as it was.
    """
    mark = Mark(database)
    operation = f"open {database}"
    try:
        if not database.exists():
            _refuse_lost(database, mark)
            _make(database, migrations)
        _examine(database, mark, migrations)
        return _open(database, mark, migrations)
    except sqlite3.Error as error:
        raise as_fault(operation, database, error) from error
    except OSError as error:
        raise place.as_fault(operation, error) from error


def _refuse_lost(database: Path, mark: Mark) -> None:
    lineage, commits = mark.read()
    log = _beside(database, "-wal")
    if lineage or log.exists():
        answer = f"the file is gone, but {commits} commits were acknowledged in it"
        raise Fault(f"open {database}", answer, f"put it back; otherwise {restore_remedy(database)}")


def _make(database: Path, migrations: Sequence[Sequence[str]]) -> None:
    """Make the file under another name first, so that it is never there half made."""
    draft = _beside(database, ".new")
    for one in (draft, _beside(draft, "-wal"), _beside(draft, "-shm"), _beside(draft, "-journal")):
        one.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(_connect(draft, "rw")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection, migrations)
    draft.replace(database)
    place.sync_directory(database.parent)


def _examine(database: Path, mark: Mark, migrations: Sequence[Sequence[str]]) -> None:
    with closing(_connect(database, "ro")) as connection:
        try:
            check(connection, database, migrations)
            lineage, commits = connection.execute("SELECT lineage, commits FROM meta").fetchone()
        except TypeError as error:
            raise damaged(database, "its table meta is empty") from error
    marked_lineage, acknowledged = mark.read()
    if marked_lineage == lineage and commits < acknowledged:
        what = f"{acknowledged - commits} of {acknowledged} acknowledged commits are missing from it or from its log"
        raise damaged(database, what)


def _open(database: Path, mark: Mark, migrations: Sequence[Sequence[str]]) -> Opened:
    database.chmod(0o600)
    connection = _connect(database, "rw")
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten, or sealed later, is not left on free pages
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT_BYTES}")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        migrate(connection, migrations)
        return Opened(database, connection, mark)
    except BaseException:
        connection.close()
        raise


def _connect(database: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(database.absolute()))}?mode={mode}",
        uri=True,
        timeout=_PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
    )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _inode(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0
