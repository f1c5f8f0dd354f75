"""A copy of the file while it is in use."""

import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sealane.diag import Fault
from sealane.store import place
from sealane.store.faults import as_fault
from sealane.store.schema import new_lineage


def write_backup(copy_into: Callable[[sqlite3.Connection], None], path: Path) -> None:
    """Write a copy, whole or not at all; secrets in it are sealed, the key is not in it.

    Args:
        copy_into: Copies everything into an open file.
        path: Of the copy.

    Raises:
        Fault: The file is there already, or the file system refused.
    """
    operation = f"write a backup to {path}"
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        if path.exists():
            raise Fault(operation, "the file is there already", "give a new name; backups replace nothing")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # a copy that is not finished is thrown away
            copy.execute("PRAGMA synchronous = OFF")
            copy_into(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            new_lineage(copy)
        _sync(draft)
        draft.replace(path)
        place.sync_directory(path.parent)
    except sqlite3.Error as error:
        raise as_fault(operation, path, error) from error
    except OSError as error:
        raise place.as_fault(operation, error) from error
    finally:
        for one in (draft, draft.with_name(f"{draft.name}-journal"), draft.with_name(f"{draft.name}-wal")):
            one.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
