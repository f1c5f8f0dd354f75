"""Serving a running server: the cloud's API at ``/``, the native one at ``/v1``."""

import asyncio
import resource
import socket
from collections.abc import Awaitable, Container, Mapping
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn import Server as Uvicorn

from sealane.api.native import make_native_app
from sealane.api.openapi import Answer, Key, Limits, Refused, Request, Tls, make_app, uvicorn_config
from sealane.app.server.audit import STRANGER, Caller, Refusal
from sealane.app.server.identity import Identity
from sealane.app.server.running import Server
from sealane.cloud import CloudError, Fields
from sealane.cloud.schema import PRODUCTS, actions
from sealane.diag import Fault


class _Keys:
    """Access keys for the HTTP side."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def find(self, access_key_id: str) -> Key | None:
        """See Keys."""
        found = self._identity.find(access_key_id)
        if found is None:
            return None
        return Key(found.id, found.secret, found.account, found.user, found.active, found.token, found.expires_ms)


class _Dispatch:
    """Answers reads at once and lets writes wait for the disk in a thread, one after another."""

    def __init__(self, server: Server) -> None:
        self._service = server.service
        self._writer = ThreadPoolExecutor(1, "writer")

    def __call__(self, request: Request) -> Answer | Awaitable[Answer]:
        if self._service.writes(request.product, request.action):
            return asyncio.get_running_loop().run_in_executor(self._writer, self._carried_out, request)
        return self._carried_out(request)

    def _carried_out(self, request: Request) -> Answer:
        caller = Caller(request.caller.account, request.caller.user, request.caller.access_key_id)
        try:
            return Answer(200, self._call(request, caller))
        except Fault as fault:
            raise CloudError("ServiceUnavailable", f"{fault.operation}: {fault.answer}; {fault.remedy}", 503) from fault

    def _call(self, request: Request, caller: Caller) -> Fields:
        return self._service.call(request.product, request.action, request.flat, caller, request.request_id)


class _Watch:
    """Lets refused requests be kept, those of known callers only when they would change something."""

    def __init__(self, server: Server) -> None:
        self._service = server.service

    def __call__(self, refused: Refused) -> None:
        called = refused.product, refused.action
        if refused.known and not (self._service.serves(*called) and self._service.writes(*called)):
            return
        key = refused.key
        caller = STRANGER if key is None else Caller(key.account, key.user, key.id)
        self._service.audit.refused(Refusal(refused.code, caller, refused.known, refused.product, refused.action,
                                            refused.request_id, refused.client))


def make_server_app(server: Server, limits: Limits) -> Starlette:
    """The application of a server."""
    known: Mapping[str, Container[str]] = {product: frozenset(actions(product)) for product in PRODUCTS}
    native = Mount("/v1", app=make_native_app(server, limits))
    return make_app(_Dispatch(server), _Keys(server.identity), limits, actions=known, routes=[native],
                    memory=server.nonces, watch=_Watch(server))


class Listener:
    """Listens for clients.

    Args:
        server: Started.
        host: Address to listen at.
        port: 0 for any that is free.
        tls: Certificate and key; None for plain HTTP.
        limits: What clients may do.

    Raises:
        Fault: Nobody can listen there, or the certificate cannot be used.
    """

    def __init__(self, server: Server, host: str, port: int, tls: Tls | None, limits: Limits | None = None) -> None:
        allowed = limits or Limits()
        _allow_files(allowed.connections + _OTHER_FILES)
        config = uvicorn_config(make_server_app(server, allowed), allowed, host=host, port=port, tls=tls)
        self._uvicorn = Uvicorn(config)
        self._socket = _bound(host, port)

    @property
    def port(self) -> int:
        """The port that it listens at."""
        return int(self._socket.getsockname()[1])

    @property
    def listening(self) -> bool:
        """True while clients are answered."""
        return self._uvicorn.started and not self._uvicorn.should_exit

    def stop(self) -> None:
        """Let ``run`` return, from another thread."""
        self._uvicorn.should_exit = True

    def run(self) -> None:
        """Serve until the process is told to end."""
        self._uvicorn.run([self._socket])


_OTHER_FILES = 1000
"""Open files of the store, and of the programs that make and read the networks."""


def _allow_files(wanted: int) -> None:
    """See that as many connections as are allowed leave files for what looks after the networks.

    Most systems begin with 1024. No more than is wanted, since daemons that are started inherit it, and FRR makes
    tables of that size.
    """
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != resource.RLIM_INFINITY and now < wanted:
        had = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (had, most))


def _bound(host: str, port: int) -> socket.socket:
    """A socket at the address; taken before anything is started, because uvicorn itself ends the process."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind(address)
        except OSError:
            found.close()
            raise
    except OSError as error:
        raise Fault(f"listen at {host}:{port}", error.strerror or str(error),
                    "end what listens there, or give another address or port with --listen") from None
    return found
