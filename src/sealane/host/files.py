"""Files that are replaced whole: private ones, which may hold keys, and those that a user asks for."""

import errno
import os
import stat
from pathlib import Path

from sealane.diag import Fault

_LAST_CHARACTERS = 400
_OPEN_FILES = ("/dev/fd", "/dev/stdout", "/dev/stderr", "/proc")


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


def why_unwritable(path: Path) -> str:
    """Why `write_whole` would not come to its end now; empty when it would. What is there stays untouched."""
    try:
        if path.is_dir():
            return os.strerror(errno.EISDIR)
        if path.exists() and not os.access(path, os.W_OK):
            return os.strerror(errno.EACCES)
        if _is_stream(path):
            return ""  # to open a pipe would wait for its reader
        temporary = _beside(path.resolve())
        temporary.touch(exist_ok=False)
        temporary.unlink()
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        return (error.strerror if isinstance(error, OSError) else None) or str(error)
    return ""


def write_whole(path: Path, text: str) -> None:
    """Replace a file as a whole, keeping its mode and a symbolic link to it; a device or a pipe is written to.

    Raises:
        Fault: The file system refused; the old file is untouched.
    """
    temporary: Path | None = None
    try:
        if _is_stream(path):
            with path.open("a", encoding="utf-8") as stream:  # what is printed to the same file stays
                stream.write(text)
            return
        target = path.resolve()
        temporary = _beside(target)
        with temporary.open("x", encoding="utf-8") as file:
            if target.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            file.write(text)
        temporary.replace(target)
    except (OSError, RuntimeError) as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        answer = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise Fault(f"write {path}", answer, "free space or check permissions") from error


def _is_stream(path: Path) -> bool:
    """True for what cannot be replaced: a device or a pipe, or a file that is open already, such as standard output."""
    return (path.exists() and not path.is_file()) or any(map(path.absolute().is_relative_to, _OPEN_FILES))


def _beside(path: Path) -> Path:
    """A name in the same directory that no other process uses."""
    return path.with_name(f".{path.name}.{os.getpid()}.new")


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
