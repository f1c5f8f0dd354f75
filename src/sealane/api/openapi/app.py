"""The ASGI application: reads a request, lets it be carried out, and answers."""

import asyncio
import inspect
import logging
import time
import traceback
import uuid
from collections.abc import Callable, Container, Mapping, Sequence

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from sealane.api.openapi.answers import error_body, render
from sealane.api.openapi.contract import Answer, Dispatch, Keys, Watch
from sealane.api.openapi.freshness import Memory
from sealane.api.openapi.gateway import Gateway, form_of_answer
from sealane.api.openapi.limits import Limits
from sealane.api.openapi.wire import Wire
from sealane.cloud import CloudError

_READ_ON = 8  # times the limit: as much of a body that is too large is read and thrown away
_LOG = logging.getLogger("sealane.api")


def wall_clock_ms() -> int:
    """Unix time in milliseconds."""
    return time.time_ns() // 1_000_000


def new_request_id() -> str:
    """A RequestId as the cloud's: a UUID in capitals."""
    return str(uuid.uuid4()).upper()


def make_app(
    dispatch: Dispatch,
    keys: Keys,
    limits: Limits,
    *,
    actions: Mapping[str, Container[str]],
    routes: Sequence[BaseRoute] = (),
    clock: Callable[[], int] = wall_clock_ms,
    monotonic: Callable[[], float] = time.monotonic,
    request_ids: Callable[[], str] = new_request_id,
    memory: Memory | None = None,
    watch: Watch = lambda _: None,
) -> Starlette:
    """The application.

    Args:
        dispatch: Carries out calls; see ``Dispatch`` for where and when it is called.
        keys: The access keys.
        limits: What is allowed.
        actions: The actions of each product; others are refused.
        routes: What is served beside the RPC API, such as a mount of ``/v1``.
        clock: Unix time in milliseconds; it may jump.
        monotonic: Seconds of a clock that does not.
        request_ids: Makes RequestIds.
        memory: Keeps nonces over a restart.
        watch: Is told of requests that are refused before they are calls.
    """
    gateway = Gateway(keys, actions, limits, clock, monotonic, memory=memory, watch=watch)
    rpc = _Rpc(dispatch, gateway, limits, request_ids)
    return Starlette(routes=[*routes, Route("/", rpc, methods=None), Route("/{path:path}", rpc, methods=None)])


class _Rpc:
    """The endpoint for ``/`` and for whatever nobody else serves."""

    def __init__(self, dispatch: Dispatch, gateway: Gateway, limits: Limits, request_ids: Callable[[], str]) -> None:
        self._dispatch = dispatch
        self._gateway = gateway
        self._limits = limits
        self._request_ids = request_ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = HttpRequest(scope, receive)
        try:
            response = await self._respond(http)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _respond(self, http: HttpRequest) -> Response:
        request_id = self._request_ids()
        wire = _head(http)
        try:
            wire = _with_body(wire, await _read_body(http, self._limits.body_bytes))
            answer = await self._answer(wire, request_id)
        except CloudError as error:
            answer = Answer(error.status, error_body(error, wire.header("host")))
        action, xml = form_of_answer(wire, self._limits)
        refused = answer.status >= 400  # noqa: PLR2004 - HTTP's first status of an error
        rendered = render(
            answer.status,
            answer.body,
            root="Error" if refused else f"{action}Response",
            request_id=request_id,
            xml=xml,
        )
        headers = {"x-acs-request-id": request_id, "content-type": rendered.content_type}
        if refused and str(answer.body.get("Code", "")).startswith("Throttling"):
            headers["x-acs-retry-after"] = "1000"  # milliseconds
        if answer.status == 413:  # noqa: PLR2004 - what follows of the body is not read
            headers["connection"] = "close"
        return Response(rendered.body, rendered.status, headers)

    async def _answer(self, wire: Wire, request_id: str) -> Answer:
        if wire.path != "/":
            raise CloudError("InvalidAction.NotFound", f"Nothing is served at {wire.path}.", 404)
        request = self._gateway.accept(wire, request_id)
        try:
            answer = self._dispatch(request)
            if inspect.isawaitable(answer):
                answer = await asyncio.shield(answer)
        except CloudError:
            raise
        except Exception as error:  # noqa: BLE001 - a client gets an answer whatever happened
            _LOG.error("%s %s %s failed: %s", request.product, request.action, request_id, _where(error))
            raise CloudError(
                "InternalError", "The request processing has failed due to some unknown error.", 500
            ) from None
        return answer


def _where(error: BaseException) -> str:
    """Kind and place of an error. Its text and values are left out: they may hold what the client sent."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{one.name} ({one.filename}:{one.lineno})" for one in reversed(frames)]
    return " < ".join([type(error).__name__, *places])


def _head(http: HttpRequest) -> Wire:
    headers: dict[str, list[str]] = {}
    for name, value in http.headers.raw:
        headers.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    raw = http.scope.get("raw_path") or http.scope["path"].encode()
    return Wire(
        method=http.method,
        path=raw.decode("latin-1"),
        query=http.scope["query_string"],
        headers=headers,
        client=http.client.host if http.client else "",
    )


def _with_body(wire: Wire, body: bytes) -> Wire:
    return Wire(wire.method, wire.path, wire.query, wire.headers, body, wire.client)


async def _read_body(http: HttpRequest, most: int) -> bytes:
    """The body.

    Raises:
        CloudError: It is too large. Most of these are still read to their end, because a client that is cut off while
            it sends tells its user of a broken connection only.
        ClientDisconnect: The client went.
    """
    too_large = CloudError("RequestEntityTooLarge", f"The body has more than {most} bytes.", 413)
    announced = http.headers.get("content-length", "")
    if announced.isdigit() and (len(announced) > 18 or int(announced) > _READ_ON * most):  # noqa: PLR2004
        raise too_large
    parts, size = [], 0
    async for part in http.stream():
        size += len(part)
        if size <= most:
            parts.append(part)
        elif size > _READ_ON * most:
            break
    if size > most:
        raise too_large
    return b"".join(parts)
