"""The state directory: private, and used by one process at a time."""

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sealane.diag import Fault

DATABASE, LOCK = "state.db", "lock"
_OTHERS_MAY_WRITE, _OTHERS_MAY_ANYTHING = 0o022, 0o077


def as_fault(operation: str, error: OSError) -> Fault:
    """What the file system answered, with what helps."""
    remedy = {
        errno.ENOSPC: "free space on its file system",
        errno.EDQUOT: "free space or raise the quota",
        errno.EROFS: "mount its file system writable, or give another directory",
    }.get(error.errno or 0, "check that the path exists and that this user may write there")
    return Fault(operation, error.strerror or str(error), remedy)


def sync_directory(path: Path) -> None:
    """Make names in a directory durable.

    Raises:
        OSError: The file system refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Place:
    """A state directory that is ours until ``leave``.

    Raises:
        Fault: Somebody else holds it, it is not ours, or it cannot be written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        _prepare(directory)
        self._descriptor = _lock(directory)

    @property
    def database(self) -> Path:
        """The file that holds everything but keys."""
        return self.directory / DATABASE

    def leave(self) -> None:
        """Let others have it; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _prepare(directory: Path) -> None:
    operation = f"use {directory} for the state"
    try:
        if not directory.exists():
            directory.mkdir(mode=0o700, parents=True)
            sync_directory(directory.parent)
        found = directory.stat()
        content = {one.name for one in directory.iterdir()} if directory.is_dir() else None
        if content is None:
            raise Fault(operation, "it is no directory", "give a directory of its own")
        if found.st_uid != os.geteuid():
            answer = f"it belongs to user {found.st_uid}, not to user {os.geteuid()}"
            raise Fault(operation, answer, "run as that user, or give a directory of its own")
        if not found.st_mode & _OTHERS_MAY_ANYTHING:
            return
        if content and LOCK not in content:
            answer = "it holds other things and others may enter it"
            raise Fault(operation, answer, "give a directory of its own, or one with mode 0700")
        if content and found.st_mode & _OTHERS_MAY_WRITE:
            raise Fault(operation, "others may write in it", f"see what they left there, then chmod 700 {directory}")
        directory.chmod(0o700)
    except OSError as error:
        raise as_fault(operation, error) from error


def _lock(directory: Path) -> int:
    operation = f"use {directory} for the state"
    try:
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise as_fault(operation, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        if not isinstance(error, BlockingIOError):
            raise as_fault(operation, error) from error
        answer = f"another server holds it (process {holder})"
        raise Fault(operation, answer, f"stop process {holder}, or give another directory") from error
    with suppress(OSError):  # a full disk: the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor
