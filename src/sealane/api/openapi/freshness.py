"""Time stamps and nonces: a call that was heard once is not accepted again."""

import hashlib
import heapq
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sealane.api.openapi.limits import Limits
from sealane.cloud import CloudError

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_NONCE_LENGTH = 256  # the SDKs send 32 to 60 characters
_SWEEP_EVERY = 1_024  # calls


def read_timestamp(text: str) -> int:
    """Unix time in milliseconds.

    Raises:
        CloudError: It is not such a time.
    """
    if _TIMESTAMP.fullmatch(text) is None:
        raise _malformed()
    try:
        time = datetime.fromisoformat(text)  # far faster than strptime, but not as strict as the cloud
    except ValueError:
        raise _malformed() from None
    return int(time.timestamp()) * 1000


def _malformed() -> CloudError:
    return CloudError("InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted.")


class Memory(Protocol):
    """Keeps nonces over a restart."""

    floor_ms: int
    """Calls stamped at or before this may have been heard without being remembered."""

    def heard(self) -> Iterable[tuple[str, int, bytes]]:
        """Access key id, time stamp and digest of the nonce of each call that was heard before this start."""
        ...

    def keep(self, access_key_id: str, stamped_ms: int, digest: bytes, now_ms: int) -> None:
        """Remember one."""
        ...


@dataclass(slots=True)
class _Heard:
    """Nonces of one access key, the ones with the oldest time stamps first."""

    order: list[tuple[int, bytes]] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)
    newest_ms: int = 0
    floor_ms: int = -1
    """Calls stamped at or before this are refused: their nonces may be forgotten."""

    def add(self, stamped_ms: int, digest: bytes) -> None:
        self.known.add(digest)
        heapq.heappush(self.order, (stamped_ms, digest))
        self.newest_ms = max(self.newest_ms, stamped_ms)

    def forget_oldest(self) -> None:
        stamped, digest = heapq.heappop(self.order)
        self.known.discard(digest)
        self.floor_ms = max(self.floor_ms, stamped)


class Freshness:
    """Remembers nonces for as long as their time stamps are accepted.

    A nonce that is forgotten takes all calls with it that are stamped no later: so neither a clock set back nor a full
    memory lets a call in again. A restart does not either, when there is a ``memory`` that outlives the process.
    """

    def __init__(self, limits: Limits, memory: Memory | None = None) -> None:
        self._window_ms = limits.window_s * 1000
        self._most = limits.nonces_per_key
        self._heard: dict[str, _Heard] = {}
        self._floor_ms = -1 if memory is None else memory.floor_ms
        self._memory = memory
        self._calls = 0
        for access_key_id, stamped_ms, digest in () if memory is None else memory.heard():
            heard = self._heard.setdefault(access_key_id, _Heard())
            if digest not in heard.known:
                heard.add(stamped_ms, digest)
                if len(heard.order) > self._most:
                    heard.forget_oldest()

    def check_time(self, access_key_id: str, stamped_ms: int, now_ms: int) -> None:
        """Refuse a call that is stamped outside the window.

        Raises:
            CloudError: It is.
        """
        heard = self._heard.get(access_key_id)
        floor_ms = max(self._floor_ms, heard.floor_ms if heard else -1)
        if abs(now_ms - stamped_ms) > self._window_ms or stamped_ms <= floor_ms:
            raise CloudError("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")

    def hear(self, access_key_id: str, nonce: str, stamped_ms: int, now_ms: int) -> None:
        """Remember the nonce of a call whose signature was found to be right.

        Raises:
            CloudError: It was used before, or is none.
        """
        if not 0 < len(nonce) <= _NONCE_LENGTH:
            raise CloudError("InvalidSignatureNonce", f"The nonce must have 1 to {_NONCE_LENGTH} characters.")
        heard = self._heard.setdefault(access_key_id, _Heard())
        digest = hashlib.blake2b(nonce.encode(), digest_size=16).digest()
        if digest in heard.known:
            raise CloudError("SignatureNonceUsed", "Specified signature nonce was used already.")
        if self._memory is not None:
            self._memory.keep(access_key_id, stamped_ms, digest, now_ms)
        heard.add(stamped_ms, digest)
        while heard.order[0][0] < now_ms - self._window_ms or len(heard.order) > self._most:
            heard.forget_oldest()
        self._calls += 1
        if self._calls % _SWEEP_EVERY == 0:
            self._forget_idle(now_ms)

    def _forget_idle(self, now_ms: int) -> None:
        """Forget access keys that have not called for a window, temporary ones above all."""
        for one in [key for key, heard in self._heard.items() if heard.newest_ms < now_ms - self._window_ms]:
            heard = self._heard.pop(one)
            self._floor_ms = max(self._floor_ms, heard.newest_ms, heard.floor_ms)
