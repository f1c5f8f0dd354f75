"""What SQLite and the disk say, told so that it can be acted on."""

import os
import sqlite3
from pathlib import Path

from sealane.diag import Fault

RESTORE = (
    "stop the server and put a backup in its place, which keeps what is there beside it: "
    "sealane restore BACKUP --state {directory}"
)


def restore_remedy(database: Path) -> str:
    """How a damaged state is replaced by a backup."""
    return RESTORE.format(directory=database.parent)


def damaged(database: Path, what: str) -> Fault:
    """The file is not what was written; it was left as it is."""
    return Fault(f"read {database}", f"the file is damaged: {what}", restore_remedy(database))


def as_fault(operation: str, database: Path, error: sqlite3.Error) -> Fault:
    """The fault that an error of SQLite stands for."""
    name = str(getattr(error, "sqlite_errorname", ""))
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(database.parent)):
        return Fault(
            operation,
            f"the disk of {database.parent} is full",
            "free space there; nothing that was acknowledged is lost, and the server goes on without a restart",
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(database, str(error))
    if name.startswith("SQLITE_IOERR"):
        answer = f"the disk of {database.parent} refused ({name}: {error})"
        return Fault(operation, answer, "see the kernel's log for the disk, and limits and quotas of this user")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        answer = f"another program has {database} open"
        return Fault(operation, answer, f"close it (fuser {database} names it); take copies by a backup")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        answer = f"{database} cannot be opened for writing ({error})"
        return Fault(operation, answer, f"check owner and mode of {database} and of the files beside it")
    return Fault(operation, f"{name or type(error).__name__}: {error}", restore_remedy(database))


def _is_full(directory: Path) -> bool:
    try:
        found = os.statvfs(directory)
    except OSError:
        return False
    return found.f_bavail == 0 or bool(found.f_files and found.f_favail == 0)
