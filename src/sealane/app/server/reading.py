"""Reading one network that runs, told under the ids of documents: in a server's plans these are the names."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

from sealane.app.controller import Drivers
from sealane.app.server.table_routes import prohibited_routes, seen_routes
from sealane.app.status import Observer
from sealane.cloud.observed import LearnedRoute, SeenPeer, SeenRoute, SeenTunnel
from sealane.cloud.to_plan import Piece
from sealane.diag import Fault
from sealane.drivers.bird import TableRoute, read_protocols, read_table, read_updates
from sealane.drivers.bird.io import birdc
from sealane.lower import Lowered, Place, PlacedEnd
from sealane.model import AttachmentKind, MapDirection, Network, Node, TransitRouter
from sealane.reconcile import Turns
from sealane.vendors.bird import slug

METERED = ("ike", "esp", "routing", "other", "clear_protected", "blocked", "refused")
"""Classes of packets that the meter of a circuit counts."""
INSTALLED = frozenset({"INSTALLED", "REKEYING", "REKEYED"})
ESTABLISHED = frozenset({"ESTABLISHED", "REKEYING", "REKEYED"})
_METERS_SHARE = 10
"""Reading the meters takes one part in so many of the time at most."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Made:
    """A network that was made, whose it is, and what is needed to read it."""

    network: Network
    lowered: Lowered
    drivers: Drivers
    plan: Piece
    account: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one network was doing at a moment; keys are ids of documents.

    ``metered`` is what each meter said when it was read last, and ``metered_now`` what was read for this snapshot.
    """

    tunnels: Mapping[str, SeenTunnel] = field(default_factory=dict)
    tables: Mapping[str, Sequence[SeenRoute]] = field(default_factory=dict)
    learned: Mapping[str, Sequence[LearnedRoute]] = field(default_factory=dict)
    vco_routes: Mapping[str, Sequence[LearnedRoute]] = field(default_factory=dict)
    peers: Mapping[str, SeenPeer] = field(default_factory=dict)
    counters: Mapping[tuple[str, str], float] = field(default_factory=dict)
    metered: Mapping[tuple[str, str], float] = field(default_factory=dict)
    metered_now: Mapping[tuple[str, str], float] = field(default_factory=dict)


class Reading:
    """Reads one network, again and again; routes only when BIRD tells of a change in their table."""

    def __init__(self, made: Made) -> None:
        self._made = made
        self._observer = Observer(made.network, made.lowered, made.drivers)
        self._tunnel_ids = dict(_tunnel_ids(made.plan))
        self._peer_ids = dict(_peer_ids(made.plan))
        self._routers = {one.name: made.lowered.places[one.name] for one in made.network.nodes if one.runs_bird}
        self._kept: dict[tuple[str, str], tuple[Sequence[str], Sequence[object]]] = {}
        self._turns = Turns()
        self._meters_due_s = 0.0
        self._metered: Mapping[tuple[str, str], float] = {}

    def snapshot(self) -> Snapshot:
        """All of it."""
        self._due = self._turns.next(self._kept)
        protocols = {str(name): self._protocols(place) for name, place in self._routers.items()}
        tunnels, counters = self._tunnels(protocols)
        tables: dict[str, Sequence[SeenRoute]] = {}
        vco: dict[str, Sequence[LearnedRoute]] = {}
        learned: dict[str, Sequence[LearnedRoute]] = {}
        peers: dict[str, SeenPeer] = {}
        for node in self._made.network.nodes:
            place, told = self._made.lowered.places[node.name], protocols.get(str(node.name), "")
            if not told:
                continue  # no BIRD, or one that does not answer: it is not waited for again
            if node.transit_router is not None:
                updates = read_updates(told)
                tables |= self._tables(node, place, updates)
                vco |= self._vco(node, place, updates, told)
            elif node.vbr is not None:
                learned[node.label] = self._border(node, place, told)
                peers |= self._peers(told, node.label)
            elif node.publisher is not None:
                learned[node.label] = self._published(node, place, told)
        metered_now = self._meters_due()
        self._metered = {**self._metered, **metered_now}
        return Snapshot(tunnels, tables, learned, vco, peers, counters, self._metered, metered_now)

    def _unless_same(
        self, key: tuple[str, str], state: Sequence[str], read: Callable[[], Sequence[T]]
    ) -> Sequence[T]:
        """What was read when the state was the same, or else what is read now; the state is older than that.

        A state with an empty part is unknown. When BIRD tells its state, but not what is asked, what it had is told.
        """
        if not all(state):
            self._kept.pop(key, None)
            with suppress(Fault):
                return read()
            return ()
        kept = self._kept.get(key)
        if kept is not None and kept[0] == state and key not in self._due:
            return cast("Sequence[T]", kept[1])
        try:
            found = read()
        except Fault:
            return () if kept is None else cast("Sequence[T]", kept[1])
        self._kept[key] = state, found
        return found

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

    def _tunnels(self, protocols: Mapping[str, str]) -> tuple[dict[str, SeenTunnel], dict[tuple[str, str], float]]:
        seen, counters = {}, {}
        sessions = {node: {one.neighbor: one.state for one in read_protocols(told)} for node, told in protocols.items()}
        for one in self._observer.near_ends(sessions):
            tunnel = self._tunnel_ids.get(one.name)
            if tunnel is None:
                continue
            seen[tunnel] = SeenTunnel(_status(one.sa.ike_state, one.sa.child_state), one.bgp_state == "Established")
            for name, count in one.counts.items():
                counters[tunnel, name] = float(count)
        return seen, counters

    def _meters_due(self) -> Mapping[tuple[str, str], float]:
        """Nothing when they were read so recently that it would take too much of the time."""
        begun_s = time.monotonic()
        if begun_s < self._meters_due_s:
            return {}
        found = self._meters_now()
        self._meters_due_s = begun_s + _METERS_SHARE * (time.monotonic() - begun_s)
        return found

    def _meters_now(self) -> Mapping[tuple[str, str], float]:
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

    def _protocols(self, place: Place) -> str:
        """Empty while BIRD does not answer."""
        with suppress(Fault):
            return self._birdc(place, "show", "protocols", "all")
        return ""

    def _birdc(self, place: Place, *words: str) -> str:
        return birdc(self._made.drivers.bird.directory(place.namespace), *words)

    def _tables(self, node: Node, place: Place, updates: Mapping[str, str]) -> dict[str, Sequence[SeenRoute]]:
        router = node.transit_router
        if router is None:
            return {}
        attachments = self._attachments(node, place)

        def read(table: str, sources: Iterable[str]) -> Sequence[SeenRoute]:
            learned = {source: self._routes(place, _told_by(source)) for source in sources}
            kept = tuple(seen_routes(self._routes(place, _table(table)), attachments))
            return (*kept, *prohibited_routes(learned, kept))

        found: dict[str, Sequence[SeenRoute]] = {}
        for table in router.tables:
            sources = _heard(router, table.name)
            state = tuple(updates.get(one, "") for one in (_table(table.name), *map(_told_by, sources)))
            found[table.name] = self._unless_same((node.name, table.name), state, partial(read, table.name, sources))
        return found

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

    def _vco(
        self, node: Node, place: Place, updates: Mapping[str, str], told: str
    ) -> dict[str, Sequence[LearnedRoute]]:
        """What each connection learned from its site, and what it tells the site of the transit router's table."""
        router = node.transit_router
        found: dict[str, Sequence[LearnedRoute]] = {}
        tunnels = {end.interface: self._tunnel_ids.get(end.end.name, "") for end in self._made.lowered.ends.values()
                   if end.node.name == node.name}
        names = [one.name for one in read_protocols(told)]

        def read(attachment: str) -> Sequence[LearnedRoute]:
            routes = self._routes(place, _told_by(attachment))
            session = next((one for one in names if one.startswith(f"vpn_{slug(attachment)}_")), None)
            shown = "" if session is None else self._birdc(place, "show", "route", "export", session, "all")
            return (*_from_site(routes, tunnels), *_from_router(read_table(shown), tunnels))

        for one in router.attachments if router is not None else ():
            if one.kind is AttachmentKind.VPN:
                state = (updates.get(_told_by(one.name), ""),)
                found[one.instance] = self._unless_same((node.name, one.name), state, partial(read, one.name))
        return found

    def _published(self, node: Node, place: Place, told: str) -> Sequence[LearnedRoute]:
        return self._unless_same((node.name, ""), (read_updates(told).get("rt_vpc", ""),), lambda: tuple(
            LearnedRoute(route.prefix, "CEN", route.as_path) for route in self._routes(place, "rt_vpc")))

    def _border(self, node: Node, place: Place, told: str) -> Sequence[LearnedRoute]:
        return self._unless_same((node.name, ""), (read_updates(told).get("rt_vbr", ""),), lambda: tuple(
            LearnedRoute(route.prefix, "CEN" if route.protocol == "transit" else "BGP", route.as_path)
            for route in self._routes(place, "rt_vbr")
            if route.protocol == "transit" or route.protocol.startswith("customer_")
        ))

    def _peers(self, told: str, vbr: str) -> dict[str, SeenPeer]:
        found: dict[str, SeenPeer] = {}
        if not any(known == vbr for known, _ in self._peer_ids):
            return found
        for session in read_protocols(told):
            peer = self._peer_ids.get((vbr, session.neighbor))
            if peer is not None:
                found[peer] = SeenPeer(session.state, session.received, session.advertised)
        return found


def _table(table: str) -> str:
    """BIRD's name of a route table of a transit router."""
    return f"tr_{slug(table)}"


def _told_by(attachment: str) -> str:
    """BIRD's name of the table of what an attachment tells."""
    return f"att_{slug(attachment)}"


def _heard(router: TransitRouter, table: str) -> tuple[str, ...]:
    """Attachments that a table learns from, where a policy may keep some of what they tell out of it."""
    if not any(one.table == table and one.direction is MapDirection.REGION_IN and not one.permit
               for one in router.route_maps):
        return ()
    return tuple(one.name for one in router.attachments if table in one.propagations)


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
