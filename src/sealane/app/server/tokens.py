"""Client tokens: a call that is sent again with its token gets the first answer, and is not carried out again.

What is kept of a call tells nothing to who reads the store: the answer, which may hold a pre-shared key, is sealed, and
of the parameters there is a digest with a secret key. That key is a random one, sealed, so that a change of the sealing
key makes no digest wrong.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice

from sealane.app.server.documents import Sealer
from sealane.cloud import CloudError, Fields
from sealane.reconcile import Change, Put, Remove, Store

TOKENS = "token"
SECRETS = "token-secret"
"""The space of the key of the digests."""
AGE_MS = 24 * 3600 * 1000
MOST = 50_000
"""Tokens of one account that are remembered; when there are more the oldest ones are forgotten before their time."""
_SWEEP = 8
"""Tokens that are looked at for each new one; more than one, so that what is old cannot pile up."""
_PORTION = 500
_DIGESTS = "digests"
_FORM = "hmac1:"


@dataclass(frozen=True, slots=True)
class _Token:
    """What a token was used with, and the answer that was given, sealed."""

    digest: str
    sealed: str
    at_ms: int

    def encode(self) -> bytes:
        return json.dumps(asdict(self), separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a token that is to be remembered.

    Args:
        key: Account, product, action and token.
        token: What is remembered.
        leaving: Keys of what is forgotten in exchange.
    """

    key: str
    token: _Token
    leaving: Sequence[str]

    @property
    def changes(self) -> Iterator[Change]:
        """What to tell the store."""
        yield Put(TOKENS, self.key, self.token.encode())
        yield from (Remove(TOKENS, one) for one in self.leaving)


class Tokens:
    """The tokens that were used; not to be used by two threads at once.

    Args:
        store: Where they are kept.
        sealer: For answers, and for the key of the digests.
    """

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer
        self._secret = b""
        self._used: dict[str, OrderedDict[str, _Token]] = {}
        found = {key: json.loads(value) for key, value in store.read(TOKENS)}
        for portion in _portions([key for key, told in found.items() if "answer" in told]):
            self._renew(portion, found)
        for key, told in sorted(found.items(), key=lambda one: int(one[1]["at_ms"])):
            self._account(key)[key] = _Token(told["digest"], told["sealed"], told["at_ms"])

    def digest(self, params: Fields) -> str:
        """Tells whether two calls have the same parameters."""
        told = {key: value for key, value in params.items() if key != "ClientToken"}
        return self._keyed(hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest())

    def find(self, key: str, digest: str, now_ms: int) -> Fields | None:
        """The answer that was given to the same call; None when the token is new.

        Raises:
            CloudError: The token was used with other parameters.
        """
        kept = self._account(key).get(key)
        if kept is None or now_ms - kept.at_ms >= AGE_MS:
            return None
        if kept.digest != digest:
            raise CloudError("IdempotentParameterMismatch", "ClientToken was used with other parameters before.")
        answer: Fields = json.loads(self._sealer.open(kept.sealed, TOKENS, key))
        return answer

    def use(self, key: str, digest: str, answer: Fields, now_ms: int) -> Use:
        """What is to be made durable, and then given to ``adopt``."""
        used = self._account(key)
        leaving: list[str] = []
        for one, token in islice(used.items(), _SWEEP):
            if now_ms - token.at_ms < AGE_MS and len(used) - len(leaving) < MOST:
                break
            if one != key:
                leaving.append(one)
        sealed = self._sealer.seal(json.dumps(answer, separators=(",", ":")), TOKENS, key)
        return Use(key, _Token(digest, sealed, now_ms), leaving)

    def adopt(self, use: Use) -> None:
        """Remember a use that was made durable."""
        used = self._account(use.key)
        self.forget(use.leaving)
        used.pop(use.key, None)  # or it would keep its place among the oldest
        used[use.key] = use.token

    def old(self, now_ms: int) -> Sequence[str]:
        """Some of the keys that are too old to matter."""
        found: list[str] = []
        for used in self._used.values():
            for key, token in islice(used.items(), _PORTION - len(found)):
                if now_ms - token.at_ms < AGE_MS:
                    break
                found.append(key)
        return found

    def forget(self, keys: Iterable[str]) -> None:
        """Forget what the store has forgotten."""
        for key in keys:
            self._account(key).pop(key, None)

    def _account(self, key: str) -> "OrderedDict[str, _Token]":
        """The tokens of the account of a key, the oldest first."""
        return self._used.setdefault(key.partition("/")[0], OrderedDict())

    def _keyed(self, text: str) -> str:
        if not self._secret:
            self._secret = self._find_secret()
        return _FORM + hmac.digest(self._secret, text.encode(), "sha256").hex()

    def _find_secret(self) -> bytes:
        kept = dict(self._store.read(SECRETS)).get(_DIGESTS)
        if kept is not None:
            return base64.b64decode(self._sealer.open(kept.decode(), SECRETS, _DIGESTS))
        secret = secrets.token_bytes(32)
        sealed = self._sealer.seal(base64.b64encode(secret).decode(), SECRETS, _DIGESTS)
        self._store.commit([Put(SECRETS, _DIGESTS, sealed.encode())])
        return secret

    def _renew(self, keys: Sequence[str], found: Mapping[str, dict[str, object]]) -> None:
        """Seal the answers of a former version, and key its digests: both were in clear."""
        changes: list[Change] = []
        for key in keys:
            told = found[key]
            told["sealed"] = self._sealer.seal(json.dumps(told.pop("answer"), separators=(",", ":")), TOKENS, key)
            told["digest"] = self._keyed(str(told["digest"]))
            changes.append(Put(TOKENS, key, json.dumps(told, separators=(",", ":")).encode()))
        self._store.commit(changes)


def resealed_token(reseal: Callable[..., str], key: str, value: bytes) -> bytes:
    """A token as it is kept, sealed anew by ``reseal(sealed, *where)``; one of a former version as it is."""
    told = json.loads(value)
    if "sealed" not in told:
        return value
    return json.dumps({**told, "sealed": reseal(told["sealed"], TOKENS, key)}, separators=(",", ":")).encode()


def resealed_secret(reseal: Callable[..., str], key: str, value: bytes) -> bytes:
    """The key of the digests as it is kept, likewise."""
    return reseal(value.decode(), SECRETS, key).encode()


def _portions(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start:start + _PORTION] for start in range(0, len(keys), _PORTION))
