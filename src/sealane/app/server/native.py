"""What the cloud has no operations for: ports, rehearsal sites, protections, probes, drills, proofs, meters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sealane.app.controller import Controller
from sealane.app.drill import drill, find_elements
from sealane.app.live import Live
from sealane.app.load import Loaded
from sealane.app.probe import probe
from sealane.app.server.networks import expand
from sealane.app.server.observation import Observation
from sealane.app.server.ports import PORT
from sealane.app.server.reconciler import Reconciler, Running
from sealane.app.server.service import Service
from sealane.app.server.things import Unknown, named
from sealane.cloud import Document, Fields, Transaction, World
from sealane.cloud.to_plan import Piece, as_mark, carried_networks, plain
from sealane.diag import Fault, Finding, has_errors
from sealane.kinds.protection import PROTECTION
from sealane.kinds.site import SITE
from sealane.spec import Notes, Spot
from sealane.verify.prove import prove


@dataclass(frozen=True, slots=True)
class Owned:
    """A thing of an account: its name and what was given for it."""

    name: str
    body: Fields


class Native:
    """The native operations; ``account`` is always the caller's."""

    def __init__(self, service: Service, reconciler: Reconciler) -> None:
        self._service = service
        self._reconciler = reconciler

    def things(self, account: str, kind: str) -> Sequence[Owned]:
        """All sites or protections."""
        with self._service.view() as world:
            found = tuple(one for one in world.of_kind(account, kind) if not one.deleting)
        return tuple(Owned(one.text("Name"), _body(one)) for one in found)

    def put_site(self, account: str, name: str, body: Fields) -> tuple[Finding, ...]:
        """Rehearse a site: device, networks, routers and hosts as in a plan, the device's text as ``config``."""
        findings = list(named("site", name))
        told = body.get("site")
        written = {str(key): value for key, value in told.items()} if isinstance(told, Mapping) else {}
        config = body.get("config")
        device = written.get("device")
        if isinstance(device, Mapping):  # a file that the body names is nobody's
            file = {"config": f"{name}.cfg"} if isinstance(config, str) else {}
            written["device"] = {**{key: one for key, one in device.items() if key != "config"}, **file}
        notes = Notes()
        tree = as_mark(Piece(name, {"name": name, **written}), name)  # type: ignore[dict-item]
        SITE.read(tree, Spot("site", name, notes))
        findings += notes.findings()
        secrets = {"config": config} if isinstance(config, str) else {}
        return self._put((account, "site", name), {"site": written}, secrets, findings)

    def put_protection(self, account: str, name: str, body: Fields) -> tuple[Finding, ...]:
        """Say that traffic between prefixes must not cross a circuit in clear."""
        findings = list(named("protection", name))
        written = {"name": name, "cloud": body.get("cloud"), "site": body.get("site"), "mode": body.get("mode", "open")}
        notes = Notes()
        PROTECTION.read(as_mark(Piece(name, written), name), Spot("protection", name, notes))  # type: ignore[arg-type]
        findings += notes.findings()
        return self._put((account, "protection", name), written, {}, findings)

    def remove(self, account: str, kind: str, name: str) -> None:
        """Remove a site or protection.

        Raises:
            Unknown: There is none.
        """

        def work(state: Transaction) -> None:
            found = _find(state, account, kind, name)
            if found is None:
                raise Unknown(f"{kind} {name}")
            state.put(replace(found, deleting=True, generation=found.generation + 1))

        self._service.change(work)

    def networks(self, account: str) -> Sequence[Fields]:
        """Every network of the account: whether it is as the account's documents say, and if not, why."""
        with self._service.view() as world:
            waiting = any(_owner(world, one) == account for one in world.unsettled)
        refused = next((f"{one}: {text}" for one, text in self._reconciler.refused(account).items()), "")
        return tuple(
            {
                "name": name,
                "up": running.made is not None,
                "settled": running.trial.failures == 0 and not waiting and not refused,
                "reason": running.trial.reason or refused,
                "transit_router": running.transit_router,
                "objects": len(running.documents()),
            }
            for name, running in self._owned(account)
        )

    def plans(self, account: str, *, texts: bool) -> Mapping[str, Mapping[str, object]]:
        """Every network as a plan, with the users' names and without keys.

        Args:
            account: Whose networks.
            texts: Whether to tell the devices' texts by file name, which may hold keys.
        """
        with self._service.view() as world:
            found = carried_networks(world, [account], "network-", readable=True, key_of=_variable)
        return {one.name: {"plan": plain(one.plan), "files": dict(one.configs) if texts else {}} for one in found}

    def probe(self, account: str, source: str, destination: str, *, count: int) -> Mapping[str, object]:
        """Ping between two hosts and say what crossed the circuits; hosts are ids, names or addresses.

        Raises:
            Unknown: No network has them.
            Fault: A tool failed.
        """
        live, names = self._live_with(account, source)
        start, target = names.get(source, source), names.get(destination, destination)
        with _known():
            live.host(start)
            live.address(target)
        return probe(live, start, target, count=count).to_json()

    def drill(
        self, account: str, elements: Sequence[str], source: str, destination: str, *, hold_s: float
    ) -> Mapping[str, object]:
        """Make elements fail while flows run between two hosts, and measure.

        Raises:
            Unknown: No network has the hosts, or it has no such element.
            Fault: A tool failed.
        """
        live, names = self._live_with(account, source)
        with _known():
            hosts = [live.host(names.get(one, one)) for one in (source, destination)]
            found = find_elements(live, elements)
        with self._reconciler.left_alone(live.network.name):
            return drill(live, found, hosts[0], hosts[1], hold_s=hold_s).to_json()

    def prove(self, account: str, failures: int, properties: Sequence[str]) -> Mapping[str, object]:
        """Prove every network as its documents say it."""
        with self._service.view() as world:
            carried = carried_networks(world, [account], "network-", readable=True)
        found: dict[str, object] = {}
        for one in carried:
            expanded = expand(one)
            if expanded.network is None:
                found[one.name] = {"findings": [finding.to_json() for finding in expanded.findings]}
            else:
                found[one.name] = prove(expanded.network, failures, properties).to_json()
        return found

    def meters(self, account: str, observation: Observation) -> Mapping[str, object]:
        """By border router: packets and bytes of each class since its meter was set."""
        with self._service.view() as world:
            routers = [one.id for one in world.of_kind(account, "vbr")]
        return {one: found for one in routers if (found := observation.latest(one))}

    def _owned(self, account: str) -> Iterator[tuple[str, Running]]:
        for name, running in sorted(self._reconciler.running.items()):
            if running.account == account:
                yield name, running

    def _live_with(self, account: str, host: str) -> tuple[Live, Mapping[str, str]]:
        """The running network that has a host, and the hosts' names there by what users call them."""
        for name, running in self._owned(account):
            made = running.made
            if made is None or running.network is None:
                continue
            names = self._host_names(account)
            wanted = names.get(host, host).lower()
            if any(wanted in {node.name.lower(), node.label.lower()} for node in made.network.nodes):
                loaded = Loaded(Path(name), name, running.network, {}, ())
                live = Live(loaded, Controller(name), made.network, made.network, made.lowered, made.drivers,
                            "encrypted", None)
                return live, names
        raise Unknown(f"host {host}")

    def _host_names(self, account: str) -> Mapping[str, str]:
        """Ids of instances by their names."""
        with self._service.view() as world:
            return {one.text("InstanceName"): one.id for one in world.of_kind(account, "instance") if one.text(
                "InstanceName")}

    def _put(
        self, whose: tuple[str, str, str], fields: Fields, secrets: Mapping[str, str], findings: Sequence[Finding]
    ) -> tuple[Finding, ...]:
        """Keep a thing, by account, kind and name, unless there are errors."""
        account, kind, name = whose
        if not has_errors(findings):

            def work(state: Transaction) -> None:
                former = _find(state, account, kind, name)
                kept = {**fields, "Name": name}
                if former is None:
                    state.put(Document(f"{kind}-{account}-{name}", kind, account, "", fields=kept, secrets=secrets))
                else:
                    state.put(replace(former, fields=kept, secrets=secrets, generation=former.generation + 1))

            self._service.change(work)
        return tuple(findings)


@contextmanager
def _known() -> Iterator[None]:
    """What is not found by its name is the caller's mistake."""
    try:
        yield
    except Fault as fault:
        raise Unknown(f"{fault.operation.partition(' ')[2]}; {fault.remedy}") from None


def _find(state: Transaction, account: str, kind: str, name: str) -> Document | None:
    found = state.get(f"{kind}-{account}-{name}")
    return None if found is None or found.deleting else found


def _owner(world: World, document_id: str) -> str:
    """Whose network a document is about: a port is about that of its circuit."""
    found = world.get(document_id)
    if found is not None and found.kind == PORT:
        found = world.get(found.text("PhysicalConnectionId"))
    return "" if found is None else found.account


def _body(one: Document) -> Fields:
    """As it was given, without secrets."""
    match one.kind:
        case "site":
            return {"site": one.fields.get("site")}
        case _:
            return {key: one.fields.get(key) for key in ("cloud", "site", "mode")}


def _variable(tunnel: Document) -> Mapping[str, str]:
    """A plan that is told has no keys: it names the environment variable that is to hold the key."""
    name = re.sub(r"[^A-Z0-9]", "_", tunnel.id.upper())
    return {"env": f"SEALANE_PSK_{name}"}
