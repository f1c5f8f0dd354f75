"""A store in memory, for tests of what uses one; it obeys the suite that the real one obeys."""

import threading
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

from sealane.diag import Fault
from sealane.reconcile import Append, Change, Entry, Put, Remove

_LEAST, _MOST = -(2**63), 2**63 - 1


@dataclass(slots=True)
class Kept:
    """What outlives a store: the same given to the next one is like opening the same directory.

    Args:
        spaces: Values by space and key.
        logs: Entries by space.
        number: Of the last entry of a log.
        backups: Copies by path.
        held: A store is using it.
    """

    spaces: dict[str, dict[str, bytes]] = field(default_factory=dict)
    logs: dict[str, list[Entry]] = field(default_factory=dict)
    number: int = 0
    backups: dict[Path, "Kept"] = field(default_factory=dict)
    held: bool = False


class FakeStore:
    """See the port.

    Args:
        kept: What it finds and leaves; fresh when left out.

    Raises:
        Fault: Another store uses it.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = Kept() if kept is None else kept
        self._lock = threading.Lock()
        self._closed = False
        self.refusal: Fault | None = None
        """Set it, and commits are refused with it."""
        if self._kept.held:
            raise Fault("use the state", "another store holds it", "close that one")
        self._kept.held = True

    def read(self, space: str) -> Iterator[tuple[str, bytes]]:
        """See the port."""
        space.encode()
        self._usable()
        for key in sorted(self._kept.spaces.get(space, ())):
            self._usable()
            value = self._kept.spaces.get(space, {}).get(key)
            if value is not None:
                yield key, value

    def commit(self, changes: Sequence[Change]) -> None:
        """See the port."""
        for change in changes:
            change.space.encode()
            match change:
                case Append(_, at_ms, _):
                    _fits(at_ms)
                case Put(_, key, _) | Remove(_, key):
                    key.encode()
        if changes:
            with self._lock:
                self._writable()
                for change in changes:
                    self._make(change)

    def log(
        self,
        space: str,
        *,
        since_ms: int | None = None,
        until_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int | None = None,
        newest_first: bool = False,
    ) -> tuple[Entry, ...]:
        """See the port."""
        self._usable()
        space.encode()
        found = [
            one
            for one in self._kept.logs.get(space, ())
            if (since_ms is None or one.at_ms >= _fits(since_ms)) and (until_ms is None or one.at_ms < _fits(until_ms))
            and (before is None or (one.at_ms, one.number) < (_fits(before[0]), _fits(before[1])))
        ]
        found.sort(key=lambda one: (one.at_ms, one.number), reverse=newest_first)
        return tuple(found[: None if limit is None else max(0, limit)])

    def logs(self) -> tuple[str, ...]:
        """See the port."""
        self._usable()
        return tuple(sorted(space for space, entries in self._kept.logs.items() if entries))

    def log_size(self, space: str) -> int:
        """See the port."""
        self._usable()
        space.encode()
        return len(self._kept.logs.get(space, ()))

    def trim(self, space: str, before_ms: int, *, keep: int | None = None, most: int | None = None) -> None:
        """See the port."""
        space.encode()
        _fits(before_ms)
        with self._lock:
            self._writable()
            kept = sorted(self._kept.logs.get(space, ()), key=lambda one: (one.at_ms, one.number))
            count = sum(one.at_ms < before_ms for one in kept)
            if keep is not None:
                count = max(count, len(kept) - max(0, keep))
            self._kept.logs[space] = kept[count if most is None else min(count, max(0, most)):]

    def backup(self, path: Path) -> None:
        """See the port; ``Kept.backups`` has the copy."""
        with self._lock:
            self._usable()
            if path in self._kept.backups:
                raise Fault(f"write a backup to {path}", "the file is there already", "give a new name")
            copy = Kept(deepcopy(self._kept.spaces), deepcopy(self._kept.logs), self._kept.number)
            self._kept.backups[path] = copy

    def close(self) -> None:
        """See the port."""
        if not self._closed:
            self._closed, self._kept.held = True, False

    def _usable(self) -> None:
        if self._closed:
            raise Fault("use the state", "it is closed", "start the server again")

    def _writable(self) -> None:
        self._usable()
        if self.refusal is not None:
            raise self.refusal

    def _make(self, change: Change) -> None:
        match change:
            case Put(space, key, value):
                self._kept.spaces.setdefault(space, {})[key] = value
            case Remove(space, key):
                self._kept.spaces.get(space, {}).pop(key, None)
            case Append(space, at_ms, value):
                self._kept.number += 1
                self._kept.logs.setdefault(space, []).append(Entry(self._kept.number, at_ms, value))


def _fits(number: int) -> int:
    if not _LEAST <= number <= _MOST:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number
