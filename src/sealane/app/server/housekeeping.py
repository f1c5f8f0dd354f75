"""Keeps the logs from growing for ever: what is too old goes, and what is too much, a little at a time.

An audit log is kept for a time that auditors ask for. The number of entries is only the limit that keeps the disk from
being filled; when it takes what is not old yet, that is told.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sealane.app.server.audit import AUDIT
from sealane.app.server.events import EVENTS, Event
from sealane.app.server.trial import reason_of
from sealane.reconcile import Store

_DAY_MS = 24 * 3600 * 1000
_PORTION = 500
"""Entries that go at once: commits wait for some milliseconds then."""
_PAUSE_S = 0.02
_JUMP_MS = _DAY_MS
"""By how much the clock may have gone forward without the time having passed, before nothing goes for its age."""
_TOLD_AGAIN_S = 24 * 3600.0
_ITSELF = "housekeeping"


@dataclass(frozen=True, slots=True)
class Bound:
    """How long, and how many of them, the entries of one account's log are kept."""

    days: int
    entries: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of the logs. 400 days are the year that audits look back, and a month to do so."""

    audit: Bound = Bound(400, 1_000_000)
    events: Bound = Bound(90, 100_000)


class Housekeeper:
    """Trims logs in a thread of its own.

    Args:
        store: Has them.
        bounds: What is kept.
        now_ms: Wall clock.
        tell: Takes events.
        others: Called each time, to let others forget what is of no use.
        interval_s: Time between two looks.
        monotonic: Seconds of a clock that does not jump.
    """

    def __init__(
        self,
        store: Store,
        bounds: Bounds,
        now_ms: Callable[[], int],
        tell: Callable[[Event], None],
        *,
        others: Callable[[], None] = lambda: None,
        interval_s: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._bounds = {AUDIT: bounds.audit, EVENTS: bounds.events}
        self._now_ms = now_ms
        self._tell = tell
        self._others = others
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._ahead_ms = self._offset_ms()
        self._told_s: dict[str, float] = {}
        self._stopped = threading.Event()

    def run(self) -> None:
        """Work until stopped, whatever happens."""
        while not self._stopped.wait(self._interval_s):
            try:
                self.tidy()
            except Exception as error:  # noqa: BLE001 - a full disk of today is no reason to keep everything tomorrow
                with suppress(Exception):
                    self._tell(Event(_ITSELF, "failed", f"logs are not trimmed: {reason_of(error)}"))

    def stop(self) -> None:
        """End ``run`` after the portion that it is at."""
        self._stopped.set()

    def tidy(self) -> None:
        """Let everything go that is beyond its bounds.

        Raises:
            Fault: The store refused.
        """
        self._others()
        jumped = self._offset_ms() - self._ahead_ms > _JUMP_MS
        if jumped:
            self._tell_sometimes(_ITSELF, "the clock went forward by more than a day; nothing is forgotten for its age "
                                 "until the server is started anew with a clock that is right")
        for space in self._store.logs():
            kind, _, account = space.partition("/")
            bound = self._bounds.get(kind)
            if bound is not None:
                self._trim(space, account, bound, by_age=not jumped)

    def _trim(self, space: str, account: str, bound: Bound, *, by_age: bool) -> None:
        before_ms = self._now_ms() - bound.days * _DAY_MS if by_age else 0
        while not self._stopped.is_set():
            old = self._store.log(space, until_ms=before_ms, limit=1)
            if not old and self._store.log_size(space) <= bound.entries:
                return
            if not old and space.startswith(AUDIT):
                self._tell_sometimes(f"audit log of {account}", f"it has more than {bound.entries} "
                                     f"entries: the oldest go before their {bound.days} days; see --audit-entries")
            self._store.trim(space, before_ms, keep=bound.entries, most=_PORTION)
            self._stopped.wait(_PAUSE_S)

    def _tell_sometimes(self, subject: str, text: str) -> None:
        now_s = self._monotonic()
        if now_s - self._told_s.get(subject, -_TOLD_AGAIN_S) >= _TOLD_AGAIN_S:
            self._told_s[subject] = now_s
            self._tell(Event(subject, "failed", text))

    def _offset_ms(self) -> int:
        """How far the wall clock is ahead of the one that does not jump."""
        return self._now_ms() - int(self._monotonic() * 1000)
