"""Commits of several threads, made durable together: whoever comes first writes for all that wait."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sealane.diag import Fault

T = TypeVar("T")


class _Batch(Generic[T]):
    """What one caller wants written.

    ``turn`` is set when it is settled, or when its caller shall write the next group, this batch included.
    """

    __slots__ = ("changes", "failure", "settled", "turn")

    def __init__(self, changes: Sequence[T]) -> None:
        self.changes = tuple(changes)
        self.turn = threading.Event()
        self.settled = False
        self.failure: BaseException | None = None


class Group(Generic[T]):
    """Joins the batches of threads.

    Args:
        write: Makes batches durable, all or none; never called twice at once.
    """

    def __init__(self, write: Callable[[Sequence[Sequence[T]]], None]) -> None:
        self._write = write
        self._mutex = threading.Lock()
        self._waiting: list[_Batch[T]] = []
        self._busy = False

    def commit(self, changes: Sequence[T]) -> None:
        """Return when the changes are durable; raise what writing them raised."""
        mine = _Batch(changes)
        with self._mutex:
            self._waiting.append(mine)
            leads, self._busy = not self._busy, True
        try:
            if not leads:
                mine.turn.wait()
            if not mine.settled:
                self._lead()
        except BaseException:  # interrupted: nobody may wait for this thread any longer
            self._abandon(mine, leads=leads or mine.turn.is_set())
            raise
        if mine.failure is not None:
            raise mine.failure

    def _abandon(self, mine: _Batch[T], *, leads: bool) -> None:
        with self._mutex:
            if mine in self._waiting:
                self._waiting.remove(mine)
                if leads:
                    self._hand_over()

    def _lead(self) -> None:
        with self._mutex:
            batches, self._waiting = self._waiting, []
        try:
            self._settle(batches)
        finally:
            for batch in batches:
                batch.settled = True
                batch.turn.set()
            with self._mutex:
                self._hand_over()

    def _settle(self, batches: Sequence[_Batch[T]]) -> None:
        """Write them together; when that fails each by itself, so that none fails for what another one wants."""
        try:
            self._write([batch.changes for batch in batches])
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked
            batches[0].failure = error
            if len(batches) > 1:
                for batch in batches:
                    self._settle_one(batch)
        except BaseException:
            answer, remedy = "the server was interrupted", "start it again, then repeat the call"
            for batch in batches:
                batch.failure = Fault("keep a change", answer, remedy)
            raise

    def _settle_one(self, batch: _Batch[T]) -> None:
        batch.failure = None
        try:
            self._write([batch.changes])
        except Exception as error:  # noqa: BLE001 - it is raised in the thread that asked for this batch
            batch.failure = error

    def _hand_over(self) -> None:
        if self._waiting:
            self._waiting[0].turn.set()
        else:
            self._busy = False
