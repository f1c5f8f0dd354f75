"""The audit log: who changed something, and who was refused to; never a secret.

Each account has a log of what it did and one of what it was refused; what nobody can be made answerable for is in one
for all. So what is refused, of which a key without any rights can make as much as it likes, crowds out nothing else.
Of that a few each minute are kept one by one, and the others are counted: neither the disk nor the commits of others
suffer from it.
"""

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from sealane.app.server.newest import newest
from sealane.cloud import Fields, Json
from sealane.diag import Fault
from sealane.reconcile import Append, Store

AUDIT = "audit"
"""Begins the names of the logs."""
_WINDOW_S = 60.0
_OF_A_KEY = 60
_OF_STRANGERS = 20
"""Refusals that are kept one by one in a minute: of an access key whose holder was known, and of all others."""
_MOST_WAITING = 10_000
"""Entries that wait for a disk that takes nothing."""
_LONGEST, _LONGEST_REFUSED = 16_384, 4_096
"""Characters of the parameters of a call, and of a refused one, that are kept: the logs are bounded by entries."""
_RETRY_S = 1.0
_SECRET = ("psk", "authkey", "password", "secret", "userdata")
_HIDDEN = "******"
_LIKE_SECRET = re.compile("|".join(_SECRET), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Args:
        account: The account, a 16-digit number.
        user: Name of the user whose key was used.
        key_id: AccessKey id; empty for what the server does itself.
    """

    account: str
    user: str = "root"
    key_id: str = ""


STRANGER = Caller("", "", "")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A call that was refused.

    Args:
        code: Why, in the cloud's words.
        caller: Who called, or whose key was named when it is not known.
        known: Whether the caller showed to be the holder of the key.
        product, action: What was called; empty when that was not looked at.
        request_id: Of the answer.
        client: Address of the client.
        what: Method and path, of a native call.
    """

    code: str
    caller: Caller = STRANGER
    known: bool = False
    product: str = ""
    action: str = ""
    request_id: str = ""
    client: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry as it was written; ``told`` has ``refused``, a code, when the call was refused."""

    number: int
    at_ms: int
    told: Mapping[str, Json]


def changes_of(account: str) -> str:
    """The log of what an account did."""
    return f"{AUDIT}/{account}"


def refusals_of(account: str) -> str:
    """The log of what an account was refused; of nobody's with the empty account."""
    return f"{AUDIT}/{account}/refused"


class Audit:
    """Writes the logs; from any thread.

    Args:
        store: Where they are.
        now_ms: Wall clock.
        monotonic: Seconds of a clock that does not jump.
    """

    def __init__(
        self, store: Store, now_ms: Callable[[], int], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._now_ms = now_ms
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: list[Append] = []
        self._kept: Counter[str] = Counter()
        self._counted: Counter[Refusal] = Counter()
        self._since_s = monotonic()
        self._wake = threading.Event()
        self._stopped = threading.Event()

    def done(self, caller: Caller, product: str, action: str, request_id: str, params: Fields) -> Append:
        """What is to be made durable together with what a call changed."""
        told = {"request_id": request_id, **asdict(caller), "product": product, "action": action,
                "params": _short(masked(params, texts=True), _LONGEST)}
        return _entry(changes_of(caller.account), self._now_ms(), told)

    def called(self, caller: Caller, action: str, what: str) -> None:
        """Keep that somebody called something that changes what there is, beside the cloud's operations.

        Raises:
            Fault: It could not be kept.
        """
        told = {**asdict(caller), "product": "sealane", "action": action, "what": what}
        self._store.commit([_entry(changes_of(caller.account), self._now_ms(), told)])

    def refused(self, refusal: Refusal, params: Fields | None = None) -> None:
        """Keep, or count, that a call was refused; never waits for the disk.

        Args:
            refusal: What was refused.
            params: Its parameters, when they were understood.
        """
        whose = refusal.caller.key_id if refusal.known else ""
        with self._lock:
            self._roll()
            self._kept[whose] += 1
            if self._kept[whose] <= (_OF_A_KEY if refusal.known else _OF_STRANGERS):
                more = {} if params is None else {"params": _short(masked(params, texts=True), _LONGEST_REFUSED)}
                self._wait(_entry(_space(refusal), self._now_ms(), {**_told(refusal), **more}))
            else:
                self._counted[replace(refusal, request_id="", client="", what="")] += 1
        self._wake.set()

    def read(
        self,
        logs: Iterable[str],
        *,
        since_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 100,
    ) -> Sequence[Kept]:
        """Entries of several logs, the newest first; what still waits to be written is not among them.

        Args:
            logs: Their names, see ``changes_of`` and ``refusals_of``.
            since_ms: Leaves out what is older.
            before: Time and number of the last one that is known already.
            limit: How many at most.
        """
        found = newest(self._store, logs, since_ms, before, limit)
        return [Kept(one.number, one.at_ms, json.loads(one.value)) for one in found]

    def run(self) -> None:
        """Write what waits until stopped, and then the rest."""
        while not self._stopped.is_set():
            self._wake.wait(_WINDOW_S)
            self._wake.clear()
            try:
                self.flush()
            except Exception:  # noqa: BLE001 - whatever it is, what is refused later is to be kept too
                self._wake.set()
                self._stopped.wait(_RETRY_S)
        with suppress(Fault):
            self.flush(counted=True)

    def stop(self) -> None:
        """End ``run``."""
        self._stopped.set()
        self._wake.set()

    def flush(self, *, counted: bool = False) -> None:
        """Write what waits; with ``counted`` also what was counted in a minute that is not over.

        Raises:
            Fault: It could not be kept, and still waits.
        """
        with self._lock:
            self._roll(now=counted)
            waiting, self._waiting = self._waiting, []
        try:
            self._store.commit(waiting)
        except BaseException:
            with self._lock:
                self._waiting = [*waiting, *self._waiting][:_MOST_WAITING]
            raise

    def _roll(self, *, now: bool = False) -> None:
        """At the end of a minute write down what was counted, and begin to count anew."""
        if not now and self._monotonic() - self._since_s < _WINDOW_S:
            return
        self._since_s = self._monotonic()
        for refusal, count in self._counted.items():
            self._wait(_entry(_space(refusal), self._now_ms(), {**_told(refusal), "count": count}))
        self._counted.clear()
        self._kept.clear()

    def _wait(self, entry: Append) -> None:
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(entry)


def masked(params: Fields, *, texts: bool = False) -> Fields:
    """Parameters, or an answer, with every secret replaced, at any depth.

    Args:
        params: What is told.
        texts: True also for texts that hold JSON; of what only looks like it nothing is told then.
    """
    return {
        key: _HIDDEN if key.lower().endswith(_SECRET) else _masked(value, texts=texts) for key, value in params.items()
    }


def _masked(value: Json, *, texts: bool) -> Json:
    if isinstance(value, Mapping):
        return masked(value, texts=texts)
    if isinstance(value, list | tuple):
        return [_masked(one, texts=texts) for one in value]
    return _masked_text(value) if texts and isinstance(value, str) else value


def _masked_text(text: str) -> str:
    """A text that may hold JSON, JSON in JSON, or something like it that a client got wrong.

    Nothing is told of a text that cannot be read and could hold a secret.
    """
    try:
        found = json.loads(text)
        return json.dumps(_masked(found, texts=True)) if isinstance(found, Mapping | list | str) else text
    except (ValueError, RecursionError):
        return _HIDDEN if text.lstrip()[:1] in {"{", "["} or _LIKE_SECRET.search(text) else text


def _short(params: Fields, longest: int) -> Json:
    """Parameters, or how long they are: whoever calls decides on it."""
    length = len(json.dumps(params, default=str))
    return params if length <= longest else f"{length} characters"


def _space(refusal: Refusal) -> str:
    return refusals_of(refusal.caller.account if refusal.known else "")


def _told(refusal: Refusal) -> dict[str, object]:
    told = {"request_id": refusal.request_id, **asdict(refusal.caller), "known": refusal.known,
            "product": refusal.product, "action": refusal.action, "refused": refusal.code, "client": refusal.client,
            "what": refusal.what}
    return {key: value for key, value in told.items() if value != ""}


def _entry(space: str, at_ms: int, told: Mapping[str, object]) -> Append:
    return Append(space, at_ms, json.dumps(told, default=str, separators=(",", ":")).encode())
