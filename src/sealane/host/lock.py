"""A lock between commands, in a file that its holder may remove."""

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from sealane.diag import Fault

_POLL_S = 0.02


class Held(Exception):  # noqa: N818
    """Another process holds the lock; ``holder`` is its number, or ``unknown``."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


def take_lock(path: Path, limit_s: float = 0.0) -> int:
    """A descriptor that holds the lock of the file that is there, not of one that its last holder has removed.

    The file then has the number of this process in it.

    Raises:
        Held: Another process held it all the time.
        Fault: The file system refused.
    """
    deadline = time.monotonic() + limit_s
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Fault(f"lock {path}", error.strerror or str(error), "free space or check permissions") from error
        try:
            if _is_ours(descriptor, path):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
                os.close(descriptor)
                raise Held(holder) from None
            time.sleep(_POLL_S)
        os.close(descriptor)


def _is_ours(descriptor: int, path: Path) -> bool:
    """False when the file was removed before it was locked."""
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    try:
        there = os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
    if there:
        with suppress(OSError):  # a full disk has no room for it
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return there
