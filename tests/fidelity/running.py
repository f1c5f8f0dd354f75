"""A small network up on this host: what its kernel tables, BGP daemons and charons say, and how its parts are made to
fail."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fidelity.generate import Event
from sealane.app.controller import Controller, Drivers
from sealane.app.status import Observer
from sealane.diag import Fault
from sealane.drivers.linux import io as linux_io
from sealane.host import find_processes
from sealane.lower import Lowered
from sealane.model import Network, Platform, Port
from sealane.net import NodeName, dotted
from sealane.twin.element import Element, ElementKind, connection_of
from sealane.vendors import nftables

Hops = frozenset[tuple[str, str]]
"""(interface of the model, gateway or empty); empty discards."""
Table = Mapping[str, Hops]
_DISCARDS = {"blackhole", "unreachable", "prohibit"}
_STATIC = {Platform.VPC, Platform.ROUTER, Platform.HOST}
_BGP_TABLE = "fidelity_bgp"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a live network is like.

    Args:
        tables: By (node, table) and prefix.
        sessions: Names of the sessions that are established at both ends.
        tunnels: Names of the tunnels with child SAs at both ends, and interfaces that are up.
    """

    tables: Mapping[tuple[str, str], Table]
    sessions: frozenset[str]
    tunnels: frozenset[str]

    def has(self, tables: Mapping[tuple[str, str], Table]) -> bool:
        """True when all tables are among these."""
        return all(tables.get(where, {}) == table for where, table in self.tables.items())

    def entries(self) -> int:
        """How many routes, sessions and tunnels these are."""
        return sum(map(len, self.tables.values())) + len(self.sessions) + len(self.tunnels)


class Running:
    """A network that is up; take it down with ``down``."""

    def __init__(self, network: Network, sessions: Mapping[str, tuple[tuple[NodeName, str], ...]]) -> None:
        self.network = network
        self.controller = Controller(network.name)
        self._sessions = sessions
        self._failed: set[Element] = set()
        self.lowered: Lowered
        self.drivers: Drivers
        self.pairs = {pair.name: pair for pair in network.tunnels()}

    def up(self) -> None:
        """Bring it up, or mend it. While links come up, the kernel may refuse a route over one of them: tried again."""
        for _ in range(5):
            with suppress(Fault):
                self._apply()
                return
            time.sleep(0.5)
        self._apply()

    def _apply(self) -> None:
        _, self.lowered, self.drivers = self.controller.apply(self.network, plan_path=Path("/nonexistent/plan.yaml"))

    def down(self) -> None:
        self.controller.down()

    def tables(self) -> Mapping[tuple[str, str], Table]:
        """Every route table of every node that has not failed, by (node, table)."""
        tables = {}
        for node in self.network.nodes:
            if Element(ElementKind.NODE, node.name) in self._failed:
                continue
            place = self.lowered.places[node.name]
            model = {linux: name for name, linux in place.names.items()}
            for end in self.lowered.ends.values():
                if end.node.name == node.name and end.end.source_interface is not None:
                    model.setdefault(end.outer_interface, end.end.source_interface)
            wanted = place.tables or {"main": 254}
            for name, number in wanted.items():
                tables[str(node.name), name] = _table(
                    place.namespace, number, model, keeps=node.platform in _STATIC
                )
        return tables

    def seen(self, tables: Mapping[tuple[str, str], Table]) -> Seen:
        """What the network is like now, with tables read before. Asking the daemons costs more than reading those."""
        observer = Observer(self.network, self.lowered, self.drivers)
        states = {node.name: observer.bgp_states(node) for node in self.network.nodes}
        sessions = frozenset(
            name for name, ends in self._sessions.items()
            if ends and all(states[node].get(neighbor) == "Established" for node, neighbor in ends)
        )
        tunnels = frozenset(name for name, pair in self.pairs.items() if self._carries(observer, name))
        return Seen(tables, sessions, tunnels)

    def _carries(self, observer: Observer, name: str) -> bool:
        pair = self.pairs[name]
        if pair.far is None or pair.far_node is None:
            return False
        for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)):
            placed = self.lowered.ends[node, end.name]
            if observer.sa(placed).child_state not in {"INSTALLED", "REKEYING", "REKEYED"}:
                return False
            if "UP" not in _flags(placed.router, placed.interface):
                return False
        return True

    def play(self, event: Event) -> None:
        """Let an event happen."""
        if event.restart:
            self._kill(event.restart)
            self.up()
            self._again()
            return
        if event.element is None:
            raise ValueError("an event without element")
        if event.fails:
            self._failed.add(event.element)
            self._switch(event.element, down=True)
        else:
            self._failed.discard(event.element)
            self._switch(event.element, down=False)
            if event.element.kind is ElementKind.NODE:
                self.up()  # what an interface that goes down takes with it: addresses stay, routes of the kernel do not
            self._again()

    def _again(self) -> None:
        """Everything that has failed, once more: bringing a network up mends links."""
        for element in self._failed:
            self._switch(element, down=True)

    def _switch(self, element: Element, *, down: bool) -> None:
        match element.kind:
            case ElementKind.CIRCUIT:
                circuit = next(one for one in self.network.circuits if one.name == element.name)
                self._link(circuit.cloud, down=down)
            case ElementKind.LINK:
                self._segment(element.name, down=down)
            case ElementKind.NODE:
                self._node(element.name, down=down)
            case ElementKind.BGP:
                self._load_bgp()
            case ElementKind.TUNNEL | ElementKind.CONNECTION:
                self._load_holes()

    def _link(self, port: Port, *, down: bool) -> None:
        place = self.lowered.places[port.node]
        _ip(place.namespace, "link", "set", "dev", place.names[port.interface], "down" if down else "up")

    def _segment(self, name: str, *, down: bool) -> None:
        segment = next(one for one in self.network.segments if one.name == name)
        if len(segment.ports) == 2:
            # the end of a router with a daemon, which puts its routes back
            port = min(segment.ports, key=lambda one: self.network.node(one.node).platform in {
                Platform.VPC, Platform.ROUTER, Platform.HOST})
            self._link(port, down=down)
            return
        switch = f"sealane.{self.network.name}.sw-{name}"
        for link in json.loads(_ip(switch, "-j", "link", "show", "type", "veth")):
            _ip(switch, "link", "set", "dev", link["ifname"], "down" if down else "up")

    def _node(self, name: str, *, down: bool) -> None:
        place = self.lowered.places[NodeName(name)]
        for link in json.loads(_ip(place.namespace, "-j", "link", "show")):
            if link["ifname"] != "lo" and not link["ifname"].startswith("ipsec"):
                _ip(place.namespace, "link", "set", "dev", link["ifname"], "down" if down else "up")

    def _load_bgp(self) -> None:
        """Sessions that have failed: their packets vanish."""
        dropped: dict[str, list[str]] = {place.namespace: [] for place in self.lowered.places.values()}
        for element in self._failed:
            if element.kind is ElementKind.BGP:
                for node, neighbor in self._sessions[element.name]:
                    dropped[self.lowered.places[node].namespace].append(neighbor)
        for space, neighbors in dropped.items():
            rules = "".join(
                f"  chain {hook} {{ type filter hook {hook} priority 0; policy accept;\n" + "".join(
                    f"    ip {side} {one} tcp dport 179 drop\n    ip {side} {one} tcp sport 179 drop\n"
                    for one in neighbors) + "  }\n"
                for hook, side in (("output", "daddr"), ("input", "saddr"))
            )
            text = f"add table inet {_BGP_TABLE}\ndelete table inet {_BGP_TABLE}\n"
            linux_io.load_filters(space, f"{text}table inet {_BGP_TABLE} {{\n{rules}}}\n" if neighbors else text)

    def _load_holes(self) -> None:
        names = {one.name for one in self._failed if one.kind in {ElementKind.TUNNEL, ElementKind.CONNECTION}}
        holes = {
            (pair.near.local, pair.near.remote) for name, pair in self.pairs.items()
            if name in names or connection_of(name) in names
        }
        name = nftables.DRILL_TABLE
        for node in self.network.of_platform(Platform.VBR):
            text = nftables.drill(holes) if holes else f"add table inet {name}\ndelete table inet {name}\n"
            linux_io.load_filters(self.lowered.places[node.name].namespace, text)

    def _kill(self, name: str) -> None:
        space = self.lowered.places[NodeName(name)].namespace
        for pid, tag in find_processes(self.network.name).items():
            if tag.namespace == space and tag.role in {"bird", "bgpd"}:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _flags(space: str, interface: str) -> tuple[str, ...]:
    with suppress(Fault, subprocess.CalledProcessError):
        found = json.loads(_ip(space, "-j", "link", "show", "dev", interface))
        return tuple(found[0]["flags"]) if found else ()
    return ()


def _table(space: str, number: int, model: Mapping[str, str], *, keeps: bool) -> dict[str, Hops]:
    """Routes of a kernel table; of several for one prefix the one with the least metric, which the kernel takes."""
    best: dict[str, tuple[int, Hops]] = {}
    for route in _routes(space, number):
        prefix = route["dst"]
        prefix = "0.0.0.0/0" if prefix == "default" else prefix if "/" in prefix else f"{prefix}/32"
        hops = _hops(route, model, keeps=keeps)
        if hops is None:
            continue
        metric = int(route.get("metric", 0))
        if prefix not in best or metric < best[prefix][0]:
            best[prefix] = (metric, hops)
    return {prefix: hops for prefix, (_, hops) in best.items()}


def _routes(space: str, number: int) -> list[dict]:
    done = subprocess.run(
        ["ip", "-n", space, "-j", "route", "show", "table", str(number)], capture_output=True, text=True, check=False
    )
    return json.loads(done.stdout or "[]") if done.returncode == 0 else []


def _hops(route: Mapping, model: Mapping[str, str], *, keeps: bool) -> Hops | None:
    """None for a route that only stands there: without carrier, the kernel keeps what is connected, marked so.

    The twin keeps those too on nodes without a routing daemon.
    """
    if route.get("type") in _DISCARDS:
        return frozenset()
    found = set()
    for hop in route.get("nexthops") or [route]:
        if keeps or not {"linkdown", "dead"} & set(hop.get("flags", ())):
            found.add((model.get(hop["dev"], hop["dev"]), hop.get("gateway", "")))
    return frozenset(found) or None


def _ip(space: str, *words: str) -> str:
    return subprocess.run(["ip", "-n", space, *words], capture_output=True, text=True, check=True).stdout


def gateway_text(gateway: int | None) -> str:
    return "" if gateway is None else dotted(gateway)
