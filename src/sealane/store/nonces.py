"""Nonces of calls that were heard, kept so that no restart lets a call in again.

A line of text for each call, written before it is carried out and not synced: it outlives the process, however that
ends. What a crash of the host may have taken is made up for: after one, calls that are stamped before the start are
refused, and a call that is stamped in the future waits until its line is on the disk.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

_FILE_SPAN_MS = 30 * 60 * 1000
_KEPT_MS = 60 * 60 * 1000
"""Longer than any call is accepted after the time it is stamped with."""
_AHEAD_MS = 1000
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HEADER = 36
_FLOOR = "*"
"""Stands for the access key in the line that tells the floor."""


class Nonces:
    """The files ``nonces.NUMBER`` of a state directory that is ours.

    Args:
        directory: The state directory.
        now_ms: Unix time in milliseconds.
        boot: Names the run of the host.
        fresh: The state is new: nothing was heard before.
    """

    def __init__(self, directory: Path, now_ms: int, *, boot: str | None = None, fresh: bool = False) -> None:
        self._directory = directory
        self._boot = (_boot() if boot is None else boot).ljust(_HEADER)[:_HEADER]
        texts = {one: one.read_text("ascii", errors="replace") for one in directory.glob("nonces.*")}
        lines = {path: [*_lines(text[_HEADER:])] for path, text in texts.items()}
        told = [line for some in lines.values() for line in some]
        lost = any(not text.startswith(self._boot) for text in texts.values()) or (not texts and not fresh)
        self.floor_ms = max([now_ms + _AHEAD_MS if lost else -1, *(one[1] for one in told if one[0] == _FLOOR)])
        """Calls stamped at or before this may have been heard."""
        self._heard = [line for line in told if line[0] != _FLOOR]
        self._newest = {path: max((one[1] for one in some), default=0) for path, some in lines.items()}
        self._path, self._descriptor, self._since_ms = directory / "nonces.0", -1, now_ms
        self._begin(now_ms)
        if lost:
            self._replace([*texts])

    def heard(self) -> Iterator[tuple[str, int, bytes]]:
        """Access key id, time stamp and digest of the nonce of calls before this start; once."""
        heard, self._heard = self._heard, []
        return iter(heard)

    def keep(self, access_key_id: str, stamped_ms: int, digest: bytes, now_ms: int) -> None:
        """Keep one; where it cannot be written, the next start is told that something is missing."""
        if abs(now_ms - self._since_ms) > _FILE_SPAN_MS:
            self._begin(now_ms)
        if not self._write([(access_key_id, stamped_ms, digest)], sync=stamped_ms > now_ms + _AHEAD_MS):
            self._tell_loss()

    def close(self) -> None:
        """Give the file back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin(self, now_ms: int) -> None:
        """Begin a file, and remove those that no call can be in any longer; on a full disk go on with the former."""
        self._since_ms = now_ms
        number = max((_number(path) for path in self._newest), default=0) + 1
        path = self._directory / f"nonces.{number}"
        # not O_APPEND, with which Linux appends whatever place pwrite names
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            descriptor = os.open(path, flags, 0o600)
            os.write(descriptor, self._boot.encode())
        except OSError:
            return
        self.close()
        self._path, self._descriptor, self._newest[path] = path, descriptor, 0
        for old in [one for one, newest in self._newest.items() if one != path and newest < now_ms - _KEPT_MS]:
            old.unlink(missing_ok=True)
            del self._newest[old]

    def _write(self, lines: Sequence[tuple[str, int, bytes]], *, sync: bool) -> bool:
        text = "".join(f"\n{stamped_ms} {digest.hex()} {key}" for key, stamped_ms, digest in lines).encode()
        self._newest[self._path] = max(self._newest.get(self._path, 0), *(stamped_ms for _, stamped_ms, _ in lines))
        try:
            whole = os.write(self._descriptor, text) == len(text)
            if sync:
                os.fdatasync(self._descriptor)
        except OSError:
            return False
        return whole

    def _replace(self, former: Sequence[Path]) -> None:
        """Let one file say what those told with which something was lost, and until when that may have been."""
        kept = [(_FLOOR, self.floor_ms, bytes(16)), *(one for one in self._heard if one[1] > self.floor_ms)]
        if self._write(kept, sync=True):
            for path in former:
                path.unlink(missing_ok=True)
                self._newest.pop(path, None)
        else:
            self._tell_loss()

    def _tell_loss(self) -> None:
        with suppress(OSError):  # needs no space: it is there already
            os.pwrite(self._descriptor, b"-" * _HEADER, 0)


def _number(path: Path) -> int:
    return int(path.suffix[1:]) if path.suffix[1:].isdecimal() else 0


def _lines(text: str) -> Iterator[tuple[str, int, bytes]]:
    for line in text.splitlines():
        parts = line.split(" ")
        with suppress(ValueError):
            stamped, digest, access_key_id = parts
            yield access_key_id, int(stamped), bytes.fromhex(digest)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
