"""What a store is: keys and bytes in spaces, and logs, made durable before anybody is told so."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True)
class Put:
    """Keep a value under a key; a former one is replaced."""

    space: str
    key: str
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """Forget a key; one that is not there is no error."""

    space: str
    key: str


@dataclass(frozen=True, slots=True)
class Append:
    """Add to a space's log, which has nothing to do with its keys.

    Args:
        space: Whose log.
        at_ms: Unix time in milliseconds; need not rise.
        value: What is kept.
    """

    space: str
    at_ms: int
    value: bytes = field(repr=False)


Change: TypeAlias = Put | Remove | Append


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log; ``number`` rises with every append to the store and is never given out again."""

    number: int
    at_ms: int
    value: bytes = field(repr=False)


class Store(Protocol):
    """Keeps what it acknowledged. All methods may be called from any thread; all raise ``Fault`` when closed."""

    def read(self, space: str) -> Iterator[tuple[str, bytes]]:
        """Keys and values of a space, by key in the order of code points.

        A commit while one reads shows in what is still to come.

        Raises:
            Fault: The file is damaged or cannot be read.
        """
        ...

    def commit(self, changes: Sequence[Change]) -> None:
        """Make changes in their order, all or none; they are on the disk when it returns.

        Raises:
            Fault: Nothing is acknowledged, and nothing of it is read by this process. What the disk got of it may show
                after a crash, whole or not at all. Once the cause is cured the next commit works.
            ValueError: A space or a key is not text that can be encoded, a time does not fit into 64 bits.
        """
        ...

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
        """Entries of a log by time, those of one time by number.

        Args:
            space: Whose log.
            since_ms: Leaves out what is older.
            until_ms: Leaves out what is of this time or newer.
            before: Leaves out the entry of this time and number, and all that come after it; where the next page of the
                newest ones begins.
            limit: How many at most, counted from the end that comes first.
            newest_first: The other way round.

        Raises:
            Fault: As for ``read``.
        """
        ...

    def logs(self) -> tuple[str, ...]:
        """Spaces whose log has entries.

        Raises:
            Fault: As for ``read``.
        """
        ...

    def log_size(self, space: str) -> int:
        """How many entries a log has; costs the same however many that are.

        Raises:
            Fault: As for ``read``.
        """
        ...

    def trim(self, space: str, before_ms: int, *, keep: int | None = None, most: int | None = None) -> None:
        """Forget the oldest entries of a log, durably.

        Args:
            space: Whose log.
            before_ms: Those that are older go.
            keep: So many of the newest may stay; None for any number.
            most: How many go at once at most, as commits wait meanwhile; None for all.

        Raises:
            Fault: As for ``commit``.
        """
        ...

    def backup(self, path: Path) -> None:
        """Write a copy of everything, as of one moment, to a new file.

        Raises:
            Fault: The file is there already or cannot be written; nothing is left of it.
        """
        ...

    def close(self) -> None:
        """Give everything back; a second time does nothing."""
        ...
