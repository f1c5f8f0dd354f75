"""A copy of the file while it is in use."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sealane.diag import Fault
from sealane.store import place
from sealane.store.faults import as_fault
from sealane.store.schema import new_lineage


def write_backup(connection: sqlite3.Connection, path: Path) -> None:
    """Write a copy, whole or not at all; secrets in it are sealed, the key is not in it.

    Raises:
        Fault: The file is there already, or the file system refused.
    """
    operation = f"write a backup to {path}"
    draft = path.with_name(f".{path.name}.new")
    try:
        if path.exists():
            raise Fault(operation, "the file is there already", "give a new name; backups replace nothing")
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        with closing(sqlite3.connect(draft, isolation_level=None)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            new_lineage(copy)
        draft.replace(path)
        place.sync_directory(path.parent)
    except sqlite3.Error as error:
        raise as_fault(operation, path, error) from error
    except OSError as error:
        raise place.as_fault(operation, error) from error
    finally:
        for one in (draft, draft.with_name(f"{draft.name}-journal"), draft.with_name(f"{draft.name}-wal")):
            one.unlink(missing_ok=True)
