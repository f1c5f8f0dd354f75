"""What happened, kept in the store's logs: events of networks and objects, each with its owner."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from sealane.app.server.newest import newest
from sealane.cloud import World
from sealane.diag import Fault
from sealane.reconcile import Append, Entry, Store

EVENTS = "event"
"""Begins the names of the logs of events: each account has its own, so that nobody sees or crowds out another's."""
_PORTION = 500
_MOST_REMEMBERED = 10_000


def space(account: str) -> str:
    """The log of an account's events; of the host's own for the empty account."""
    return f"{EVENTS}/{account}"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Args:
        subject: Id of the document, or name of the network.
        kind: ``applied``, ``refused``, ``repaired``, ``failed``, ``foreign`` or ``removed``.
        text: What happened, for people; never a secret.
        account: Whose document or network it is; empty for what is the host's.
    """

    subject: str
    kind: str
    text: str
    account: str = ""


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
        if len(self._last) >= _MOST_REMEMBERED:
            self._last.clear()
        self._last[key] = event.text, now_ms
        try:
            self._store.commit([_append(event, now_ms)])
        except Fault:
            self._last.pop(key, None)

    def read(
        self,
        accounts: Iterable[str],
        *,
        since_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 100,
    ) -> Sequence[Told]:
        """Events of accounts, the newest first.

        Args:
            accounts: Whose; the empty one for the host's.
            since_ms: Leaves out what is older.
            before: Time and number of the last one that is known already.
            limit: How many at most.
        """
        return [_told(entry) for entry in newest(self._store, map(space, accounts), since_ms, before, limit)]


def give_to_owners(store: Store, world: World, networks: str) -> None:
    """Give the events of a former version, which were all in one log, to the owners of what they are about.

    Those about what is gone become the host's: nobody can tell any more whose they were. Names of networks were given
    again then, so an event that is older than its network is about another one.

    Args:
        store: Where they are.
        world: All documents.
        networks: What the names of networks begin with.
    """
    owners = {f"{networks}{one.sequence}": one for one in world.everything()}
    while entries := store.log(EVENTS, limit=_PORTION):
        moved: list[Append] = []
        for entry in entries:
            event = _told(entry).event
            owner = world.get(event.subject) or owners.get(event.subject)
            if owner is not None and owner.created_ms <= entry.at_ms:
                event = replace(event, account=owner.account)
            moved.append(_append(event, entry.at_ms))
        store.commit(moved)
        store.trim(EVENTS, entries[0].at_ms, keep=store.log_size(EVENTS) - len(entries))


def _append(event: Event, at_ms: int) -> Append:
    told = {"subject": event.subject, "kind": event.kind, "text": event.text}
    return Append(space(event.account), at_ms, json.dumps(told).encode())


def _told(entry: Entry) -> Told:
    return Told(entry.number, entry.at_ms, Event(**json.loads(entry.value)))
