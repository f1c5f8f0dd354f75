"""The routes of ``/v1``. Callers show an access key by HTTP Basic authentication: its id and its secret."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, HTTPException, Path, Query, Request, Response
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from sealane import __version__
from sealane.api.native.bodies import (
    AccountBody,
    DrillBody,
    KeyBody,
    KeyState,
    Name,
    PortBody,
    ProbeBody,
    ProofBody,
    ProtectionBody,
    SiteBody,
    UserBody,
)
from sealane.api.native.entry import Desks, Entry, holder
from sealane.api.native.problems import PROBLEMS, BadInput, add_problems
from sealane.api.openapi import Limits
from sealane.app.server.audit import Caller, Refusal, changes_of, refusals_of
from sealane.app.server.identity import ROOT, AccessKey, Identity, LastKey, User
from sealane.app.server.native import Native
from sealane.app.server.ports import Ports
from sealane.app.server.running import Server
from sealane.app.server.things import Unknown
from sealane.cloud import Fields
from sealane.diag import Finding, has_errors

_BASIC = HTTPBasic(realm="sealane", description="AccessKey id and secret")
_LONGEST = 200  # characters of a path that are kept of a refused call
_PLACE = r"^[0-9]{1,18}-[0-9]{1,18}$"
Kind = Literal["sites", "protections"]
Json = dict[str, object]


class _Guard:
    """Finds out who calls, refuses who may not, and keeps who changes something."""

    def __init__(self, server: Server, action: str, *, operator: bool = False, host: bool = False) -> None:
        self._identity = server.identity
        self._service = server.service
        self._action = action
        self._operator = operator
        self._host = host

    def __call__(self, request: Request, shown: Annotated[HTTPBasicCredentials, Depends(_BASIC)]) -> Caller:
        key = holder(self._identity, shown.username, shown.password)
        if key is None:
            raise HTTPException(401, "The access key is unknown, wrong or switched off.", {"WWW-Authenticate": "Basic"})
        caller = Caller(key.account, key.user, key.id)
        changes = request.method != "GET" and not self._action.startswith("Get")
        what = f"{request.method} {request.url.path}"
        if (refused := self._refused(key)) is not None:
            if changes:
                self._service.audit.refused(Refusal("Forbidden.RAM", caller, known=True, product="sealane",
                                                    action=self._action, what=what[:_LONGEST]))
            raise HTTPException(403, refused)
        if changes:
            self._service.audit.called(caller, self._action, what)
        return caller

    def _refused(self, key: AccessKey) -> str | None:
        """Why the holder of a key may not; None when he may."""
        if not self._identity.allows(key.account, key.user, "sealane", self._action):
            return f"User {key.user} is not authorized to sealane:{self._action}."
        if self._operator and (key.user != ROOT or key.account != self._identity.operator):
            return "Only the root user of the first account manages accounts."
        if self._host and key.account != self._identity.operator:
            return "Only the first account, whose the host is, plugs circuits into its interfaces."
        return None


def make_native_app(server: Server, limits: Limits | None = None) -> FastAPI:
    """The application, to be mounted at ``/v1``; ``limits`` are those of the cloud's API."""
    app = FastAPI(title="Sealane", version=__version__, summary="Ports, rehearsal sites, probes, drills, proofs.",
                  docs_url=None, redoc_url=None, openapi_url="/openapi.json", responses=PROBLEMS)
    native = Native(server.service, server.reconciler)
    app.add_middleware(Entry, identity=server.identity, limits=limits or Limits(), monotonic=time.monotonic,
                       refused=server.service.audit.refused)
    add_problems(app)
    _identity_routes(app, server)
    _port_routes(app, server)
    _thing_routes(app, native, server)
    _work_routes(app, native, server)
    return app


def _accepted(findings: Sequence[Finding]) -> Json:
    """Warnings of what was kept.

    Raises:
        BadInput: There are errors.
    """
    if has_errors(findings):
        raise BadInput(findings)
    return {"findings": [one.to_json() for one in findings]}


def _identity_routes(app: FastAPI, server: Server) -> None:  # noqa: C901 - a list of routes
    identity = server.identity

    def may(action: str, *, operator: bool = False) -> Callable[..., Caller]:
        return _Guard(server, action, operator=operator)

    @app.get("/accounts", tags=["accounts"])
    def list_accounts(_: Annotated[Caller, Depends(may("GetAccounts", operator=True))]) -> Json:
        """All accounts."""
        return {"accounts": list(identity.accounts())}

    @app.post("/accounts", status_code=201, tags=["accounts"])
    def add_account(body: AccountBody, _: Annotated[Caller, Depends(may("PutAccount", operator=True))]) -> Json:
        """Make an account; the secret of its first key is told this once."""
        account, key = identity.add_account(body.name)
        return {"account": account, "access_key": _told(key)}

    @app.post("/backups", status_code=201, tags=["accounts"])
    def back_up(_: Annotated[Caller, Depends(may("PutBackup", operator=True))]) -> Json:
        """Copy the state into a file on the server's host; the sealing key is not in it."""
        path = server.backup()
        return {"path": str(path), "bytes": path.stat().st_size}

    @app.get("/users", tags=["accounts"])
    def list_users(caller: Annotated[Caller, Depends(may("GetUsers"))]) -> Json:
        """The account's users."""
        return {"users": [{"name": one.name, "attached": list(one.attached), "policies": dict(one.policies)}
                          for one in identity.users(caller.account)]}

    @app.put("/users/{name}", tags=["accounts"])
    def put_user(name: Name, body: UserBody, caller: Annotated[Caller, Depends(may("PutUser"))]) -> Json:
        """Make or change a user."""
        if name == ROOT:
            raise HTTPException(422, "The root user cannot be changed.")
        return _accepted(identity.put_user(User(caller.account, name, tuple(body.attached), body.policies)))

    @app.delete("/users/{name}", status_code=204, tags=["accounts"])
    def remove_user(name: Name, caller: Annotated[Caller, Depends(may("DeleteUser"))]) -> Response:
        """Remove a user with its keys."""
        if not identity.remove_user(caller.account, name):
            raise Unknown(f"user {name}")
        return Response(status_code=204)

    @app.get("/access-keys", tags=["accounts"])
    def list_keys(caller: Annotated[Caller, Depends(may("GetAccessKeys"))]) -> Json:
        """The account's access keys, without their secrets."""
        return {"access_keys": [{"id": one.id, "user": one.user, "active": one.active, "expires_ms": one.expires_ms}
                                for one in identity.keys(caller.account)]}

    @app.post("/access-keys", status_code=201, tags=["accounts"])
    def add_key(body: KeyBody, caller: Annotated[Caller, Depends(may("PutAccessKey"))]) -> Json:
        """Make an access key; its secret is told this once."""
        if body.user != ROOT and body.user not in {one.name for one in identity.users(caller.account)}:
            raise Unknown(f"user {body.user}")
        if body.user == ROOT:
            _root_only(caller)
        now_ms = time.time_ns() // 1_000_000
        expires = None if body.lifetime_s is None else now_ms + body.lifetime_s * 1000
        return _told(identity.add_key(caller.account, body.user, expires_ms=expires, now_ms=now_ms))

    @app.patch("/access-keys/{key_id}", status_code=204, tags=["accounts"])
    def switch_key(key_id: str, body: KeyState, caller: Annotated[Caller, Depends(may("PutAccessKey"))]) -> Response:
        """Switch an access key on or off."""
        _own_key(identity, caller, key_id)
        with _last_key_kept():
            identity.set_active(key_id, active=body.active)
        return Response(status_code=204)

    @app.delete("/access-keys/{key_id}", status_code=204, tags=["accounts"])
    def remove_key(key_id: str, caller: Annotated[Caller, Depends(may("DeleteAccessKey"))]) -> Response:
        """Remove an access key."""
        _own_key(identity, caller, key_id)
        with _last_key_kept():
            identity.remove_key(key_id)
        return Response(status_code=204)


def _own_key(identity: Identity, caller: Caller, key_id: str) -> None:
    found = identity.find(key_id)
    if found is None or found.account != caller.account:
        raise Unknown(f"access key {key_id}")
    if found.user == ROOT:
        _root_only(caller)


def _root_only(caller: Caller) -> None:
    """No policy lets a user make itself the root user."""
    if caller.user != ROOT:
        raise HTTPException(403, "Only the root user manages keys of the root user.")


@contextmanager
def _last_key_kept() -> Iterator[None]:
    try:
        yield
    except LastKey as last:
        raise HTTPException(422, f"{last} is the root user's only key that works; make another one first.") from None


def _told(key: AccessKey) -> Json:
    return {"id": key.id, "secret": key.secret.reveal(), "user": key.user, "expires_ms": key.expires_ms,
            "security_token": None if key.token is None else key.token.reveal()}


def _port_routes(app: FastAPI, server: Server) -> None:
    may_get, may_plug = _Guard(server, "GetThings"), _Guard(server, "PutThings", host=True)
    ports = Ports(server.service)

    @app.get("/ports", tags=["things"])
    def list_ports(
        caller: Annotated[Caller, Depends(may_get)],
        every: Annotated[bool, Query(description="Of all accounts' circuits, for the first account")] = False,
    ) -> Json:
        """The ports that the account's circuits are plugged into; of the first account also those of no circuit."""
        if caller.account != server.identity.operator:
            return {"ports": ports.of(caller.account)}
        found = ports.all()
        return {"ports": [one for one in found if every or one["account"] in (None, caller.account)]}

    @app.put("/ports/{name}", tags=["things"])
    def put_port(name: Name, body: PortBody, _: Annotated[Caller, Depends(may_plug)]) -> Json:
        """Plug a circuit, of whatever account, into an interface of this host."""
        return _accepted(ports.put(name, body.model_dump()))

    @app.delete("/ports/{name}", status_code=204, tags=["things"])
    def remove_port(
        name: Annotated[str, Path(max_length=64)], _: Annotated[Caller, Depends(may_plug)]
    ) -> Response:
        """Take a circuit out of its interface; it is rehearsed again."""
        ports.remove(name)
        return Response(status_code=204)


def _thing_routes(app: FastAPI, native: Native, server: Server) -> None:
    may_get, may_put = _Guard(server, "GetThings"), _Guard(server, "PutThings")

    @app.get("/sites", tags=["things"])
    def list_sites(caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """All sites, without the devices' texts."""
        return {"sites": [{"name": one.name, **one.body} for one in native.things(caller.account, "site")]}

    @app.get("/protections", tags=["things"])
    def list_protections(caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """All protections."""
        return {"protections": [{"name": one.name, **one.body} for one in native.things(caller.account, "protection")]}

    @app.put("/sites/{name}", tags=["things"])
    def put_site(name: Name, body: SiteBody, caller: Annotated[Caller, Depends(may_put)]) -> Json:
        """Rehearse a site."""
        return _accepted(native.put_site(caller.account, name, _fields(body.model_dump())))

    @app.put("/protections/{name}", tags=["things"])
    def put_protection(name: Name, body: ProtectionBody, caller: Annotated[Caller, Depends(may_put)]) -> Json:
        """Say what must not cross a circuit in clear."""
        return _accepted(native.put_protection(caller.account, name, body.model_dump()))

    @app.delete("/{kind}/{name}", status_code=204, tags=["things"])
    def remove_thing(
        kind: Kind, name: Annotated[str, Path(max_length=64)], caller: Annotated[Caller, Depends(may_put)]
    ) -> Response:
        """Remove a site or protection."""
        native.remove(caller.account, kind.removesuffix("s"), name)
        return Response(status_code=204)


def _fields(told: Mapping[str, object]) -> Fields:
    return told  # type: ignore[return-value] # JSON, as pydantic read it


def _place(told: str | None) -> tuple[int, int] | None:
    """Time and number of the last event of a page."""
    if told is None:
        return None
    at_ms, _, number = told.partition("-")
    return int(at_ms), int(number)


def _work_routes(app: FastAPI, native: Native, server: Server) -> None:
    may_get, may_work = _Guard(server, "GetNetworks"), _Guard(server, "WorkOnNetworks")
    desks = Desks()

    @app.get("/networks", tags=["networks"])
    def list_networks(caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """The networks that the account's objects make."""
        return {"networks": [dict(one) for one in native.networks(caller.account)]}

    @app.get("/plans", tags=["networks"])
    def list_plans(caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """The same as plans, without keys; the devices' texts, which may hold keys, for who may write them."""
        texts = server.identity.allows(caller.account, caller.user, "sealane", "PutThings")
        return {"plans": {name: dict(one) for name, one in native.plans(caller.account, texts=texts).items()}}

    @app.get("/meters", tags=["networks"])
    def list_meters(caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """What crossed each circuit, in packets and bytes by class."""
        return {"meters": native.meters(caller.account, server.observation)}

    @app.get("/events", tags=["networks"])
    def list_events(
        caller: Annotated[Caller, Depends(may_get)],
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        since_ms: Annotated[int | None, Query(ge=0, le=2**62)] = None,
        before: Annotated[str | None, Query(pattern=_PLACE, description="What the page before told as next")] = None,
    ) -> Json:
        """What happened, the newest first; the first account is told of the host too."""
        whose = (caller.account, "") if caller.account == server.identity.operator else (caller.account,)
        told = server.events.read(whose, since_ms=since_ms, before=_place(before), limit=limit)
        return {"events": [{"number": one.number, "at_ms": one.at_ms, "subject": one.event.subject,
                            "kind": one.event.kind, "text": one.event.text} for one in told],
                "next": f"{told[-1].at_ms}-{told[-1].number}" if len(told) == limit else None}

    @app.get("/audit", tags=["accounts"])
    def list_audit(
        caller: Annotated[Caller, Depends(_Guard(server, "GetAudit"))],
        refused: Annotated[bool | None, Query(description="Only what was refused, or only what was not")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        since_ms: Annotated[int | None, Query(ge=0, le=2**62)] = None,
        before: Annotated[str | None, Query(pattern=_PLACE, description="What the page before told as next")] = None,
    ) -> Json:
        """Calls that changed something or were refused, the newest first; the first account sees strangers' too."""
        logs = [] if refused else [changes_of(caller.account)]
        if refused is not False:
            logs.append(refusals_of(caller.account))
            logs += [refusals_of("")] if caller.account == server.identity.operator else []
        told = server.service.audit.read(logs, since_ms=since_ms, before=_place(before), limit=limit)
        return {"calls": [{"number": one.number, "at_ms": one.at_ms, **one.told} for one in told],
                "next": f"{told[-1].at_ms}-{told[-1].number}" if len(told) == limit else None}

    @app.post("/probes", tags=["networks"])
    def probe(body: ProbeBody, caller: Annotated[Caller, Depends(may_work)]) -> Json:
        """Ping between two hosts and say whether it crossed encrypted, clear, mixed or dropped."""
        with desks.taken(caller.account):
            return dict(native.probe(caller.account, body.source, body.destination, count=body.count))

    @app.post("/drills", tags=["networks"])
    def drill(body: DrillBody, caller: Annotated[Caller, Depends(may_work)]) -> Json:
        """Make elements fail, measure, and undo it."""
        with desks.taken(caller.account):
            return dict(native.drill(caller.account, body.elements, body.source, body.destination,
                                     hold_s=body.hold_s))

    @app.post("/proofs", tags=["networks"])
    def prove(body: ProofBody, caller: Annotated[Caller, Depends(may_get)]) -> Json:
        """Prove what crosses the circuits, for all packets and failures."""
        with desks.taken(caller.account):
            return {"proofs": dict(native.prove(caller.account, body.failures, body.properties))}
