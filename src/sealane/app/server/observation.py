"""What runs, read every second and told under the ids of documents: in a server's plans these are the names."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sealane.app.controller import Drivers
from sealane.app.server.events import Event
from sealane.app.server.table_routes import prohibited_routes, seen_routes
from sealane.app.server.trial import reason_of
from sealane.app.status import Observer
from sealane.cloud.observed import LearnedRoute, LogLine, Point, SeenPeer, SeenRoute, SeenTunnel
from sealane.cloud.to_plan import Piece
from sealane.diag import Fault
from sealane.drivers.bird import TableRoute, read_protocols, read_table
from sealane.drivers.bird.io import birdc
from sealane.host import read_text
from sealane.lower import Lowered, Place, PlacedEnd
from sealane.model import AttachmentKind, MapDirection, Network, Node, TransitRouter
from sealane.vendors.bird import slug

METERED = ("ike", "esp", "routing", "other", "clear_protected", "blocked", "refused")
"""Classes of packets that the meter of a circuit counts."""
INSTALLED = frozenset({"INSTALLED", "REKEYING", "REKEYED"})
ESTABLISHED = frozenset({"ESTABLISHED", "REKEYING", "REKEYED"})
_POINTS_KEPT = 3600
_GONE_AFTER_MS = 3_600_000
"""After so long without a point what was measured is taken to be gone, and its points go too."""
_ITSELF = "observation"
"""Subject of events about no network."""
_PATIENCE = 5
"""Readings that a network which is just being changed may fail, as long as that is because the host refuses."""
_TOLD_AGAIN_S = 60.0
_CIRCUIT_SIDE, _TRANSIT_SIDE = 1, 2


@dataclass(frozen=True, slots=True)
class Made:
    """A network that was made, whose it is, and what is needed to read it."""

    network: Network
    lowered: Lowered
    drivers: Drivers
    plan: Piece
    account: str


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """What one network was doing at a moment; keys are ids of documents."""

    tunnels: Mapping[str, SeenTunnel] = field(default_factory=dict)
    tables: Mapping[str, Sequence[SeenRoute]] = field(default_factory=dict)
    learned: Mapping[str, Sequence[LearnedRoute]] = field(default_factory=dict)
    vco_routes: Mapping[str, Sequence[LearnedRoute]] = field(default_factory=dict)
    peers: Mapping[str, SeenPeer] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], float] = field(default_factory=dict)


class Observation:
    """Implements ``cloud.observed.Observed`` from snapshots; reads the host in a thread of its own.

    Args:
        made: The networks that are up, by name.
        now_ms: Wall clock.
        tell: Takes events.
        interval_s: Time between two readings.
    """

    def __init__(
        self, made: Callable[[], Mapping[str, Made]], now_ms: Callable[[], int], *,
        tell: Callable[[Event], None], interval_s: float = 1.0,
    ) -> None:
        self._made = made
        self._now_ms = now_ms
        self._tell = tell
        self._interval_s = interval_s
        self._failures: dict[str, int] = {}
        self._told_s: dict[str, float] = {}
        self._snapshots: Mapping[str, _Snapshot] = {}
        self._logs: Mapping[str, tuple[tuple[str, PlacedEnd, Drivers], ...]] = {}
        self._points: dict[tuple[str, str], deque[Point]] = {}
        self._stopped = threading.Event()

    def run(self) -> None:
        """Read until stopped, whatever happens."""
        while not self._stopped.wait(self._interval_s):
            try:
                self.read()
                self._failures.pop(_ITSELF, None)
            except Exception as error:  # noqa: BLE001 - whatever it is, the networks must go on being watched
                with suppress(Exception):
                    self._failed(_ITSELF, error)

    def stop(self) -> None:
        """End ``run``."""
        self._stopped.set()

    def read(self) -> None:
        """Read every network once."""
        snapshots: dict[str, _Snapshot] = {}
        logs: dict[str, tuple[tuple[str, PlacedEnd, Drivers], ...]] = {}
        for name, made in self._made().items():
            try:
                reading = _Reading(made)
                logs |= reading.logs()
                snapshots[name] = reading.snapshot()
                self._failures.pop(name, None)
            except Exception as error:  # noqa: BLE001 - what is odd about one network hides no other, now or later
                snapshots[name] = _Snapshot()
                self._failed(name, error, made.account)
        self._snapshots, self._logs = snapshots, logs
        for gone in self._failures.keys() - snapshots.keys() - {_ITSELF}:
            del self._failures[gone]
            self._told_s.pop(gone, None)
        now_ms = self._now_ms()
        for snapshot in snapshots.values():
            for key, value in snapshot.counters.items():
                self._points.setdefault(key, deque(maxlen=_POINTS_KEPT)).append(Point(now_ms, value))
        for key in [key for key, points in self._points.items() if points[-1].at_ms < now_ms - _GONE_AFTER_MS]:
            del self._points[key]

    def _failed(self, subject: str, error: Exception, account: str = "") -> None:
        """Tell that something cannot be read: once a minute, and what the host refuses only when it goes on."""
        self._failures[subject] = self._failures.get(subject, 0) + 1
        if isinstance(error, Fault) and self._failures[subject] < _PATIENCE:
            return
        now_s = time.monotonic()
        if now_s - self._told_s.get(subject, -_TOLD_AGAIN_S) >= _TOLD_AGAIN_S:
            self._told_s[subject] = now_s
            self._tell(Event(subject, "failed", f"it cannot be watched: {reason_of(error)}", account))

    def tunnel(self, tunnel_id: str) -> SeenTunnel:
        """See Observed."""
        return next((one.tunnels[tunnel_id] for one in self._all() if tunnel_id in one.tunnels), SeenTunnel())

    def table(self, table_id: str) -> Sequence[SeenRoute]:
        """See Observed."""
        return next((one.tables[table_id] for one in self._all() if table_id in one.tables), ())

    def learned(self, instance_id: str) -> Sequence[LearnedRoute]:
        """See Observed."""
        return next((one.learned[instance_id] for one in self._all() if instance_id in one.learned), ())

    def vco_routes(self, connection_id: str) -> Sequence[LearnedRoute]:
        """See Observed."""
        return next((one.vco_routes[connection_id] for one in self._all() if connection_id in one.vco_routes), ())

    def peer(self, peer_id: str) -> SeenPeer:
        """See Observed."""
        return next((one.peers[peer_id] for one in self._all() if peer_id in one.peers), SeenPeer())

    def log(self, connection_id: str, tunnel_id: str, from_ms: int, to_ms: int) -> Sequence[LogLine]:
        """See Observed."""
        found: list[LogLine] = []
        for one, end, drivers in self._logs.get(connection_id, ()):
            if tunnel_id in ("", one):
                text = read_text(drivers.strongswan.directory(end.charon) / "charon.log") or ""
                found += (line for line in read_log(text) if from_ms <= line.at_ms <= to_ms)
        return sorted(found, key=lambda line: line.at_ms)

    def metric(self, name: str, instance: str, from_ms: int, to_ms: int) -> Sequence[Point]:
        """See Observed."""
        return tuple(one for one in tuple(self._points.get((instance, name), ())) if from_ms <= one.at_ms <= to_ms)

    def latest(self, instance: str) -> Mapping[str, float]:
        """The last value of every counter of an instance, by name."""
        counters = (item for one in self._all() for item in one.counters.items())
        return {name: value for (whose, name), value in counters if whose == instance}

    def _all(self) -> Iterable[_Snapshot]:
        return self._snapshots.values()


_LOG_LINE = re.compile(
    r"^(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)\.(?P<ms>\d{3}) (?P<text>\d+\[[A-Z0-9]{3}\].*)$"
)


def read_log(text: str) -> Iterator[LogLine]:
    """Lines of a charon's log; a line that continues another has its time."""
    at_ms = 0
    for line in text.splitlines():
        found = _LOG_LINE.match(line)
        if found is None:
            yield LogLine(at_ms, "INFO", line)
            continue
        stamp = time.strptime(f"{found['date']} {found['time']}", "%Y-%m-%d %H:%M:%S")
        at_ms = int(time.mktime(stamp)) * 1000 + int(found["ms"])
        yield LogLine(at_ms, "INFO", found["text"])


class _Reading:
    """Reads one network once."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._observer = Observer(made.network, made.lowered, made.drivers)
        self._tunnel_ids = dict(_tunnel_ids(made.plan))
        self._peer_ids = dict(_peer_ids(made.plan))

    def snapshot(self) -> _Snapshot:
        """All of it."""
        tunnels, counters = self._tunnels()
        tables: dict[str, Sequence[SeenRoute]] = {}
        vco: dict[str, Sequence[LearnedRoute]] = {}
        learned: dict[str, Sequence[LearnedRoute]] = {}
        peers: dict[str, SeenPeer] = {}
        for node in self._made.network.nodes:
            place = self._made.lowered.places[node.name]
            if node.transit_router is not None:
                tables |= self._tables(node, place)
                vco |= self._vco(node, place)
            elif node.vbr is not None:
                learned[node.label] = self._border(place)
                peers |= self._peers(place, node.label)
            elif node.publisher is not None:
                learned[node.label] = self._published(place)
        counters |= self._meters()
        return _Snapshot(tunnels, tables, learned, vco, peers, counters)

    def logs(self) -> Mapping[str, tuple[tuple[str, PlacedEnd, Drivers], ...]]:
        """By connection: each tunnel's id and the cloud end that logs about it."""
        found: dict[str, list[tuple[str, PlacedEnd, Drivers]]] = {}
        for pair in self._made.network.tunnels():
            end = self._made.lowered.ends.get((pair.near_node, pair.near.name))
            tunnel = self._tunnel_ids.get(pair.name)
            if end is not None and tunnel is not None:
                connection = pair.name.rpartition("/")[0]
                found.setdefault(connection, []).append((tunnel, end, self._made.drivers))
        return {connection: tuple(ends) for connection, ends in found.items()}

    def _tunnels(self) -> tuple[dict[str, SeenTunnel], dict[tuple[str, str], float]]:
        seen, counters = {}, {}
        for one in self._observer.near_ends():
            tunnel = self._tunnel_ids.get(one.name)
            if tunnel is None:
                continue
            seen[tunnel] = SeenTunnel(_status(one.sa.ike_state, one.sa.child_state), one.bgp_state == "Established")
            for name, count in one.counts.items():
                counters[tunnel, name] = float(count)
        return seen, counters

    def _meters(self) -> dict[tuple[str, str], float]:
        found: dict[tuple[str, str], float] = {}
        for circuit in self._made.network.circuits:
            try:
                reading = self._observer.meter(circuit.cloud)
            except Fault:
                continue
            vbr = self._made.network.node(circuit.cloud.node).label
            for word in METERED:
                count = getattr(reading, word)
                found[vbr, f"{word}_bytes"], found[vbr, f"{word}_packets"] = float(count.bytes), float(count.packets)
        return found

    def _birdc(self, place: Place, *words: str) -> str:
        try:
            return birdc(self._made.drivers.bird.directory(place.namespace), *words)
        except Fault:
            return ""

    def _tables(self, node: Node, place: Place) -> dict[str, Sequence[SeenRoute]]:
        router = node.transit_router
        if router is None:
            return {}
        attachments = self._attachments(node, place)
        found: dict[str, Sequence[SeenRoute]] = {}
        for table in router.tables:
            learned = self._learned(router, table.name, place)
            kept = tuple(seen_routes(self._routes(place, f"tr_{slug(table.name)}"), attachments))
            found[table.name] = (*kept, *prohibited_routes(learned, kept))
        return found

    def _learned(self, router: TransitRouter, table: str, place: Place) -> dict[str, Sequence[TableRoute]]:
        """What each attachment that a table learns from has told, where a policy may keep some of it out."""
        if not any(one.table == table and one.direction is MapDirection.REGION_IN and not one.permit
                   for one in router.route_maps):
            return {}
        return {one.name: self._routes(place, f"att_{slug(one.name)}")
                for one in router.attachments if table in one.propagations}

    def _routes(self, place: Place, table: str) -> Sequence[TableRoute]:
        return read_table(self._birdc(place, "show", "route", "table", table, "all"))

    def _attachments(self, node: Node, place: Place) -> Mapping[str, str]:
        """Id of the attachment by Linux interface."""
        router = node.transit_router
        found: dict[str, str] = {}
        for one in router.attachments if router is not None else ():
            for interface in one.interfaces:
                found[place.names.get(interface, interface)] = one.name
        for end in self._made.lowered.ends.values():
            if end.node.name == node.name:
                for one in router.attachments if router is not None else ():
                    if one.kind is AttachmentKind.VPN and end.end.name.rpartition("/")[0] == one.instance:
                        found[end.interface] = one.name
        return found

    def _vco(self, node: Node, place: Place) -> dict[str, Sequence[LearnedRoute]]:
        """What each connection learned from its site, and what it tells the site of the transit router's table."""
        router = node.transit_router
        found: dict[str, Sequence[LearnedRoute]] = {}
        tunnels = {end.interface: self._tunnel_ids.get(end.end.name, "") for end in self._made.lowered.ends.values()
                   if end.node.name == node.name}
        sessions = [one.name for one in read_protocols(self._birdc(place, "show", "protocols", "all"))]
        for one in router.attachments if router is not None else ():
            if one.kind is AttachmentKind.VPN:
                name = slug(one.name)
                routes = self._routes(place, f"att_{name}")
                session = next((known for known in sessions if known.startswith(f"vpn_{name}_")), None)
                told = "" if session is None else self._birdc(place, "show", "route", "export", session, "all")
                found[one.instance] = (*_from_site(routes, tunnels), *_from_router(read_table(told), tunnels))
        return found

    def _published(self, place: Place) -> Sequence[LearnedRoute]:
        return tuple(LearnedRoute(route.prefix, "CEN", route.as_path) for route in self._routes(place, "rt_vpc"))

    def _border(self, place: Place) -> Sequence[LearnedRoute]:
        routes = self._routes(place, "rt_vbr")
        return tuple(
            LearnedRoute(route.prefix, "CEN" if route.protocol == "transit" else "BGP", route.as_path)
            for route in routes
            if route.protocol == "transit" or route.protocol.startswith("customer_")
        )

    def _peers(self, place: Place, vbr: str) -> dict[str, SeenPeer]:
        found: dict[str, SeenPeer] = {}
        if not any(known == vbr for known, _ in self._peer_ids):
            return found
        for session in read_protocols(self._birdc(place, "show", "protocols", "all")):
            peer = self._peer_ids.get((vbr, session.neighbor))
            if peer is not None:
                found[peer] = SeenPeer(session.state, session.received, session.advertised)
        return found


def _from_site(routes: Sequence[TableRoute], tunnels: Mapping[str, str]) -> Iterator[LearnedRoute]:
    """Routes that came through the tunnels, each with the tunnels it came through."""
    through: dict[str, set[str]] = {}
    paths: dict[str, tuple[int, ...]] = {}
    for route in routes:
        used = {tunnels[hop] for hop, _ in route.hops if hop in tunnels}
        if used:
            through.setdefault(route.prefix, set()).update(used)
            paths.setdefault(route.prefix, route.as_path)
    return (LearnedRoute(prefix, "BGP", paths[prefix], tuple(sorted(used))) for prefix, used in through.items())


def _from_router(routes: Sequence[TableRoute], tunnels: Mapping[str, str]) -> Iterator[LearnedRoute]:
    for route in routes:
        if not any(hop in tunnels for hop, _ in route.hops):
            yield LearnedRoute(route.prefix, "CEN", route.as_path)


def _status(ike: str, child: str) -> str:
    """The cloud's word for what charon says."""
    if child in INSTALLED:
        return "ipsec_sa_established"
    return "ipsec_sa_not_established" if ike in ESTABLISHED else "ike_sa_not_established"


def _pieces(plan: Piece, key: str) -> Iterator[Piece]:
    found = plan.get(key)
    for one in found if isinstance(found, list) else ():
        if isinstance(one, Piece):
            yield one


def _tunnel_ids(plan: Piece) -> Iterator[tuple[str, str]]:
    """By name of the tunnel, such as ``vco-1/tunnel-1``."""
    for connection in _pieces(plan, "ipsec_connections"):
        for index, tunnel in enumerate(_pieces(connection, "tunnels"), 1):
            yield f"{connection['name']}/tunnel-{index}", tunnel.origin


def _peer_ids(plan: Piece) -> Iterator[tuple[tuple[str, str], str]]:
    """By name of the border router and address of the peer."""
    for vbr in _pieces(plan, "virtual_border_routers"):
        for group in _pieces(vbr, "bgp_groups"):
            for peer in _pieces(group, "peers"):
                address = str(peer.get("peer_ip_address") or vbr["peer_gateway_ip"])
                yield (str(vbr["name"]), address), peer.origin
