"""What happened, kept in the store's log: events of networks and objects."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from sealane.diag import Fault
from sealane.reconcile import Append, Store

EVENTS = "event"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Args:
        subject: Id of the document, or name of the network.
        kind: ``applied``, ``refused``, ``repaired``, ``failed`` or ``removed``.
        text: What happened, for people; never a secret.
    """

    subject: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """An event with its number and Unix time in milliseconds."""

    number: int
    at_ms: int
    event: Event


class Events:
    """Keeps events; the same one told again and again, as a failure that is tried again, is kept once a minute."""

    _AGAIN_MS = 60_000

    def __init__(self, store: Store, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._last: dict[tuple[str, str], tuple[str, int]] = {}

    def tell(self, event: Event) -> None:
        """Keep an event. A store that cannot take it is no reason to stop: what is told is in the documents too."""
        now_ms = self._now_ms()
        key = event.subject, event.kind
        text, at_ms = self._last.get(key, ("", 0))
        same = text.split(";")[0] == event.text.split(";")[0]
        if event.kind in ("failed", "refused") and same and 0 <= now_ms - at_ms < self._AGAIN_MS:
            return
        self._last[key] = event.text, now_ms
        try:
            self._store.commit([Append(EVENTS, now_ms, json.dumps(asdict(event)).encode())])
        except Fault:
            self._last.pop(key, None)

    def read(self, *, since_ms: int | None = None, limit: int = 100, newest_first: bool = True) -> Iterator[Told]:
        """Events, the newest first."""
        for entry in self._store.log(EVENTS, since_ms=since_ms, limit=limit, newest_first=newest_first):
            yield Told(entry.number, entry.at_ms, Event(**json.loads(entry.value)))
