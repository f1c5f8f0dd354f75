"""A backup put in the place of a state; what was there is moved aside, not removed."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sealane.diag import Fault
from sealane.store import place
from sealane.store.faults import as_fault
from sealane.store.schema import check

_PARTS = ("-wal", "-shm", ".mark", "")
"""What belongs to the file; the file itself last, so that what is cut short is begun again."""


def restore(backup: Path, directory: Path) -> Path | None:
    """Let a backup be the state of a directory whose server is stopped.

    Args:
        backup: As ``SqliteStore.backup`` writes them.
        directory: The state directory; made when it is not there.

    Returns:
        Where the former state is now; None when there was none.

    Raises:
        Fault: The backup is damaged, a server holds the directory, or the file system refused; the state is as it was.
    """
    operation = f"restore {backup}"
    _examine(operation, backup)
    held = place.Place(directory)
    draft = held.database.with_name(f".{held.database.name}.restored")
    try:
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        shutil.copyfile(backup, draft)
        with draft.open("rb") as copied:
            os.fsync(copied.fileno())
        aside = _move_aside(held.database)
        draft.replace(held.database)
        place.sync_directory(directory)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise place.as_fault(operation, error) from error
    finally:
        held.leave()
    return aside


def _examine(operation: str, backup: Path) -> None:
    if not backup.is_file():
        raise Fault(operation, "there is no such file", "name a file that POST /v1/backups wrote")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(backup.absolute()))}?mode=ro&immutable=1", uri=True)) as opened:
            check(opened, backup)
    except sqlite3.Error as error:
        raise as_fault(operation, backup, error) from error


def _move_aside(database: Path) -> Path | None:
    """Where the former state is now, in a name that is free."""
    there = [part for part in _PARTS if database.with_name(database.name + part).exists()]
    if not there:
        return None
    number = 1
    while any(database.with_name(f"{database.name}.before-{number}{part}").exists() for part in _PARTS):
        number += 1
    aside = database.with_name(f"{database.name}.before-{number}")
    for part in there:
        database.with_name(database.name + part).replace(aside.with_name(aside.name + part))
    return aside
