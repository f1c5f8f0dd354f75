"""Ports: which interface of this host the line of which circuit is plugged into.

The host is its operator's, a circuit is its account's. So ports belong to no account: the operator plugs any account's
circuit in, and an account sees what its own circuits are plugged into.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from sealane.app.server.service import Service
from sealane.app.server.things import Unknown, named, wrong
from sealane.cloud import HOST, Document, Fields, Transaction
from sealane.diag import Finding

PORT = "port"
_CIRCUIT = "PhysicalConnectionId"
_INTERFACE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")
_LOOPBACK = "lo"
_MTUS = range(1280, 9217)
"""Bounds of PC-007."""


class Ports:
    """The ports of this host."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def of(self, account: str) -> Sequence[Fields]:
        """Those that circuits of an account are plugged into."""
        return [one for one in self.all() if one["account"] == account]

    def all(self) -> Sequence[Fields]:
        """All of them, each with the account of its circuit; None when that is gone."""
        with self._service.view() as world:
            found = [(one, world.get(one.text(_CIRCUIT))) for one in world.of_kind(HOST, PORT) if not one.deleting]
        return [{
            "name": one.text("Name"),
            "interface": one.text("Interface"),
            "mtu": one.fields.get("Mtu"),
            "physical_connection": one.text(_CIRCUIT),
            "account": None if circuit is None else circuit.account,
        } for one, circuit in found]

    def put(self, name: str, body: Fields) -> tuple[Finding, ...]:
        """Plug a circuit into an interface, or another one into it; nothing is changed when there are findings."""
        interface, mtu = str(body.get("interface") or ""), body.get("mtu", 1500)
        circuit = str(body.get("physical_connection") or "")
        findings = list(named(PORT, name))
        if not _INTERFACE.fullmatch(interface) or interface == _LOOPBACK:
            findings.append(wrong("PORT-001", f"port {name}", "names no interface", "write the name of an interface"))
        if mtu not in _MTUS:
            findings.append(wrong("PORT-002", f"port {name}", f"mtu is {mtu!r}, expected 1280 to 9216",
                                  "write the MTU of the line in bytes"))

        def work(state: Transaction) -> None:
            findings.extend(_taken(state, name, interface, circuit))
            if not findings:
                _keep(state, name, {"Interface": interface, "Mtu": mtu, _CIRCUIT: circuit})

        self._service.change(work)
        return tuple(findings)

    def remove(self, name: str) -> None:
        """Take a circuit out.

        Raises:
            Unknown: There is no such port.
        """

        def work(state: Transaction) -> None:
            found = state.get(_id(name))
            if found is None or found.deleting:
                raise Unknown(f"port {name}")
            state.put(replace(found, deleting=True, generation=found.generation + 1))

        self._service.change(work)


def give_to_host(accounts: Iterable[str]) -> Callable[[Transaction], None]:
    """Makes the ports that a former version kept for accounts the host's; they stay plugged in."""

    def work(state: Transaction) -> None:
        for account in accounts:
            for one in tuple(state.of_kind(account, PORT)):
                state.remove(one.id)
                if not one.deleting:
                    name = one.text("Name")
                    name = name if state.get(_id(name)) is None else f"{name[:47]}-{account}"
                    _keep(state, name, {**one.fields})

    return work


def _keep(state: Transaction, name: str, fields: Fields) -> None:
    former = state.get(_id(name))
    kept = {**fields, "Name": name}
    if former is None:
        state.put(Document(_id(name), PORT, HOST, "", fields=kept))
    else:
        state.put(replace(former, fields=kept, deleting=False, generation=former.generation + 1))


def _taken(state: Transaction, name: str, interface: str, circuit: str) -> Iterator[Finding]:
    """What stands in the way: there is no such circuit, or it or the interface is another port's."""
    found = state.get(circuit)
    if found is None or found.kind != "physical_connection" or found.deleting:
        yield wrong("PORT-003", f"port {name}", f"there is no physical connection {circuit}",
                    "make it first, and give its id")
    for one in state.of_kind(HOST, PORT):
        if one.deleting or one.text("Name") == name:
            continue
        remedy, plugged = f"change port {one.text('Name')}, or remove it first", one.text("Interface")
        if one.text(_CIRCUIT) == circuit:
            yield wrong("PORT-004", f"port {name}", f"{circuit} is plugged into {plugged} already", remedy)
        if plugged == interface:
            yield wrong("PORT-005", f"port {name}", f"{one.text(_CIRCUIT)} is plugged into {interface} already", remedy)


def _id(name: str) -> str:
    return f"{PORT}-{HOST}-{name}"
