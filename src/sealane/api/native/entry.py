"""What comes before a route: of a stranger, of one who calls too often, and of what is too large, no body is read."""

import base64
import hmac
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sealane.api.native.problems import problem
from sealane.api.openapi import Limits
from sealane.api.openapi.limits import Throttle
from sealane.app.server.audit import STRANGER, Caller, Refusal
from sealane.app.server.identity import AccessKey, Identity
from sealane.cloud import CloudError

OPEN = "/openapi.json"
_TIMES_BODY = 4  # a device's text may have a million characters, and JSON writes one in up to twelve bytes


def holder(identity: Identity, key_id: str, secret: str) -> AccessKey | None:
    """The access key when the secret is its own and it may be used here."""
    key = identity.find(key_id)
    good = key is not None and hmac.compare_digest(key.secret.reveal().encode(), secret.encode())
    return key if key is not None and good and key.active and key.token is None else None


class Entry:
    """Middleware before the routes.

    Args:
        app: The routes.
        identity: Knows the access keys.
        limits: What is allowed.
        monotonic: Seconds of a clock that does not jump.
        refused: Is told of refusals.
    """

    def __init__(
        self, app: ASGIApp, identity: Identity, limits: Limits, monotonic: Callable[[], float],
        refused: Callable[[Refusal], None],
    ) -> None:
        self._app = app
        self._refused = refused
        self._identity = identity
        self._most = _TIMES_BODY * limits.body_bytes
        self._throttle = Throttle(limits, monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if scope["path"].removeprefix(scope.get("root_path", "")) != OPEN:
            key_id, secret = _shown(headers.get(b"authorization", ""))
            key = holder(self._identity, key_id, secret)
            client = (scope.get("client") or ("",))[0]
            if key is None:
                self._refused(Refusal("InvalidAccessKey", self._named(key_id), product="sealane", client=client))
                await _refuse(401, "The access key is unknown, wrong or switched off.", {"WWW-Authenticate": "Basic"})(
                    scope, receive, send)
                return
            try:
                self._throttle.spend(key.id, f"{scope['method']} {scope['path']}"[:100])
            except CloudError as error:
                if scope["method"] != "GET":
                    caller = Caller(key.account, key.user, key.id)
                    self._refused(Refusal(error.code, caller, known=True, product="sealane", client=client))
                await _refuse(429, error.message, {"Retry-After": "1"})(scope, receive, send)
                return
        announced = headers.get(b"content-length", "")
        if announced.isdigit() and (len(announced) > 18 or int(announced) > self._most):  # noqa: PLR2004
            await _refuse(413, self._too_large, {"Connection": "close"})(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    @property
    def _too_large(self) -> str:
        return f"The body has more than {self._most} bytes."

    def _named(self, key_id: str) -> Caller:
        """Whose key is named; a name that is none is not kept, somebody may have written a secret there."""
        key = self._identity.find(key_id)
        return STRANGER if key is None else Caller(key.account, key.user, key.id)

    def _counted(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise HTTPException(413, self._too_large, {"Connection": "close"})
            return message

        return counted


def _shown(authorization: str) -> tuple[str, str]:
    """Id and secret of the access key that is shown; empty when none is."""
    scheme, _, told = authorization.partition(" ")
    try:
        shown = base64.b64decode(told, validate=True).decode()
    except ValueError:
        return "", ""
    key_id, _, secret = shown.partition(":")
    return (key_id, secret) if scheme.lower() == "basic" else ("", "")


def _refuse(status: int, detail: str, headers: dict[str, str]) -> ASGIApp:
    answer = problem(status, "Refused", detail)
    answer.headers.update(headers)
    return answer


class Desks:
    """Work that takes long, as drills and proofs do, leaves room for other accounts and for all that is short.

    Args:
        each: How much of it one account may have going on.
        most: How much all may have.
    """

    def __init__(self, each: int = 3, most: int = 12) -> None:
        self._each = each
        self._most = most
        self._lock = threading.Lock()
        self._busy: Counter[str] = Counter()

    @contextmanager
    def taken(self, account: str) -> Iterator[None]:
        """A desk for the time of the block.

        Raises:
            HTTPException: There is none left.
        """
        with self._lock:
            if self._busy[account] >= self._each or self._busy.total() >= self._most:
                raise HTTPException(429, "Too many probes, drills and proofs are going on.", {"Retry-After": "5"})
            self._busy[account] += 1
        try:
            yield
        finally:
            with self._lock:
                self._busy[account] -= 1
