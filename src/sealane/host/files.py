"""Files that may hold keys: made 0600, replaced whole."""

import errno
import os
from pathlib import Path

from sealane.diag import Fault

_LAST_CHARACTERS = 400


def make_private_directory(path: Path, mode: int = 0o700) -> None:
    """Make a directory, with its parents, unless it is there.

    Raises:
        Fault: The file system refused.
    """
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"make {path}", error.strerror or str(error), "free space or check permissions") from error


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file as a whole, so that a crash or a full disk leaves the old one or the new one.

    Raises:
        Fault: The file system refused; the old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise Fault(f"write {path}", error.strerror or str(error), "free space or check permissions") from error


def read_text(path: Path) -> str | None:
    """The file's text, or None when it is not there or cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def last_words(*logs: Path, otherwise: str) -> str:
    """Why a daemon ended: that its disk is full, which it cannot log, or the end of the first log that has anything."""
    try:
        found = os.statvfs(logs[0].parent)
    except OSError:
        return otherwise
    if found.f_bavail == 0 or (found.f_files and found.f_favail == 0):
        return os.strerror(errno.ENOSPC)
    return next((text[-_LAST_CHARACTERS:] for log in logs if (text := (read_text(log) or "").strip())), otherwise)
