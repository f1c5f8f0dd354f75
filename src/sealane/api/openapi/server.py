"""Serving an application with uvicorn: limits on connections and slow clients, TLS, no access log."""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from starlette.types import ASGIApp
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sealane.api.openapi.limits import Limits
from sealane.diag import Fault

_BUSY_BODY = b'{"Code":"ServiceUnavailable","Message":"There are too many connections already."}'
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json;charset=utf-8\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(_BUSY_BODY), _BUSY_BODY)
)


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the server's certificate chain and of its key, both PEM."""

    certificate: Path
    key: Path


def uvicorn_config(
    app: ASGIApp, limits: Limits, *, host: str = "127.0.0.1", port: int = 0, tls: Tls | None = None
) -> Config:
    """How to serve the application.

    Raises:
        Fault: Certificate or key cannot be used.
    """
    if tls is not None:
        _check(tls)
    return Config(
        app,
        host=host,
        port=port,
        http=type("_Limited", (_Guarded,), {"limits": limits}),
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=limits.keep_alive_s,
        timeout_graceful_shutdown=10,
        backlog=limits.connections,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )


def _check(tls: Tls) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tls.certificate, tls.key, password="")
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise Fault(
            f"reading the certificate {tls.certificate} and its key {tls.key}",
            str(error),
            "name a PEM file with the certificate chain, and one with its key, not encrypted",
        ) from None


class _Guarded(HttpToolsProtocol):
    """uvicorn's protocol with further limits: connections, size and time of a request's head, time of its body."""

    limits: ClassVar[Limits]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn asks the logging tree, whatever its configuration says; its lines would hold keys sent in a query.
        self.access_log = False
        self._head_bytes = 0
        self._in_body = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.write(_BUSY)
            transport.close()
            return
        self._wait(self.limits.head_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if not self._in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_body or not self._head_bytes:
            return
        if self._head_bytes > self.limits.head_bytes:
            self.transport.abort()
        elif self._timer is None:
            self._wait(self.limits.head_timeout_s)

    def on_headers_complete(self) -> None:
        self._in_body = True
        self._head_bytes = 0
        self._wait(self.limits.body_timeout_s)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        self._head_bytes = 0
        self._wait(None)
        super().on_message_complete()

    def _wait(self, seconds: float | None) -> None:
        """Give the client that long for the next step; None for as long as it likes."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self.loop.call_later(seconds, self.transport.abort)
