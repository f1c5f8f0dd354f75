"""Small hub-and-spoke networks, drawn by changing plain ones, and what the general twin says of them class by class."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from spoke_plan import hosted_plan_text

from publishing import with_publishers
from sealane.kinds import expand, read_plan
from sealane.model import (
    AttachmentKind,
    BgpNetwork,
    MapDirection,
    MatchMode,
    Network,
    Node,
    Platform,
    RouteType,
    StaticRoute,
    TransitRoute,
    TransitRouteMap,
)
from sealane.net import Address, Prefix, Secret
from sealane.twin.columns import Columns, Course, Extracted, Verdict
from sealane.twin.columns.forest import address_of, length_of
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import Failures, elements
from sealane.twin.forward import Walker
from sealane.twin.liveness import Stability
from sealane.twin.packet import Fate, Packet, Trip

Choose = Callable[[Sequence[Any]], Any]


def plan_text(sites: int) -> str:
    """The plan of a plain network."""
    return hosted_plan_text("spokes", sites)


@cache
def spokes(sites: int) -> Network:
    """A plain network: every site with its own circuit, border router and two tunnels; nothing wrong with it."""
    plan, findings = read_plan(plan_text(sites), "spokes.yaml")
    assert plan is not None, findings
    network, findings = expand(plan, {})
    assert network is not None, findings
    return network


def vary(network: Network, choose: Choose) -> Network:
    """The network with none to four changes."""
    for _ in range(choose((0, 1, 1, 2, 3, 4))):
        network = choose(CHANGES)(network, choose)
    return network


def _prefixes(sites: int) -> list[Prefix]:
    found = ["172.16.10.0/24", "172.16.0.0/16", "172.16.10.128/25", "10.0.0.0/8", "0.0.0.0/0", "192.168.200.0/24",
             "192.168.200.49/32"]
    for n in range(1, sites + 1):
        found += [f"10.{n}.0.0/16", f"10.{n}.20.0/24", f"10.{n}.10.136/32", f"10.{n}.10.0/24", f"10.{n}.20.128/25",
                  f"192.168.{n}.0/30", f"10.{n}.40.0/24"]
    return [Prefix(one) for one in found]


def _on(network: Network, choose: Choose, platform: Platform, change: Callable[[Node], Node]) -> Network:
    chosen = choose(network.of_platform(platform)).name
    return replace(network, nodes=tuple(change(one) if one.name == chosen else one for one in network.nodes))


def _without(values: tuple, choose: Choose) -> tuple:
    if not values:
        return values
    at = choose(range(len(values)))
    return (*values[:at], *values[at + 1 :])


def _any_prefix(network: Network, choose: Choose) -> Prefix:
    return choose(_prefixes(len(network.circuits)))


def host_routes(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        table = router.tables[0]
        routes = _without(table.routes, choose)
        if choose((False, True)):
            attachment = choose((None, *(one.name for one in router.attachments)))
            prefix = _any_prefix(network, choose)
            routes = (*(one for one in routes if one.prefix != prefix), TransitRoute(prefix, attachment))
        return replace(node, transit_router=replace(router, tables=(replace(table, routes=routes),)))

    return _on(network, choose, Platform.TRANSIT_ROUTER, change)


def policies(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        if choose((True, False)):
            return replace(node, transit_router=replace(router, route_maps=()))
        instances = tuple(one.instance for one in router.attachments)
        way = choose(tuple(MapDirection))
        drawn = TransitRouteMap(
            f"drawn-{len(router.route_maps)}", router.tables[0].name, way, choose((1, 5, 9)), choose((False, True)),
            choose((None, None, 9)), source_instances=choose(((), (choose(instances),))),
            destination_instances=choose(((), (choose(instances),))) if way is MapDirection.REGION_OUT else (),
            prefixes=choose(((), (_any_prefix(network, choose),))), prefix_mode=choose(tuple(MatchMode)),
            route_types=choose(((), (choose(tuple(RouteType)),))), set_preference=choose((None, None, 10, 90)),
            prepend=choose(((), (65001,), (64601,))),
        )
        return replace(node, transit_router=replace(router, route_maps=(*router.route_maps, drawn)))

    return _on(network, choose, Platform.TRANSIT_ROUTER, change)


def attachments(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        at = choose(range(len(router.attachments)))
        prefixes = (_any_prefix(network, choose),)
        setting = choose(({"auto_publish": choose((False, True))}, {"propagations": ()}, {"prefixes": prefixes}))
        one = router.attachments[at]
        if one.kind is AttachmentKind.VBR and "prefixes" in setting:
            return node
        changed = (*router.attachments[:at], replace(one, **setting), *router.attachments[at + 1 :])
        return replace(node, transit_router=replace(router, attachments=changed))

    return with_publishers(_on(network, choose, Platform.TRANSIT_ROUTER, change))


def border_routes(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        routes = _without(node.vbr.circuit_routes, choose) if choose((False, True)) else node.vbr.circuit_routes
        wanted = TransitRoute(_any_prefix(network, choose), choose(("circuit", "circuit", None)))
        routes = (*(one for one in routes if one.prefix != wanted.prefix), wanted)
        return replace(node, vbr=replace(node.vbr, circuit_routes=routes))

    return _on(network, choose, Platform.VBR, change)


def statics(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        routes = node.static_routes
        what = choose(("drop", "move", "copy", "discard", "distance"))
        if what == "discard":
            route = StaticRoute(_any_prefix(network, choose), None, discard=True, distance=choose((1, 30)))
            return replace(node, static_routes=(*routes, route))
        if not routes:
            return node
        at = choose(range(len(routes)))
        rest, one = (*routes[:at], *routes[at + 1 :]), routes[at]
        made = {
            "drop": (), "move": (replace(one, prefix=_any_prefix(network, choose)),),
            "copy": (one, replace(one, prefix=_any_prefix(network, choose), distance=choose((1, 19, 20, 30)))),
            "distance": (replace(one, distance=choose((1, 19, 21, 255))),),
        }[what]
        return replace(node, static_routes=(*rest, *made))

    return _on(network, choose, Platform.GATEWAY, change)


def speakers(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        speaker = node.bgp
        what = choose(("originate", "forget", "paths", "filter"))
        if what == "originate":
            speaker = replace(speaker, networks=(*speaker.networks, BgpNetwork(_any_prefix(network, choose))))
        elif what == "forget":
            speaker = replace(speaker, networks=_without(speaker.networks, choose))
        elif what == "paths":
            speaker = replace(speaker, maximum_paths=choose((1, 2)))
        else:
            at = choose(range(len(speaker.neighbors)))
            setting = choose(({"activated": False}, {"import_prefix_list": "none"}, {"password": Secret("other")}))
            changed = replace(speaker.neighbors[at], **setting)
            neighbors = (*speaker.neighbors[:at], changed, *speaker.neighbors[at + 1 :])
            speaker = replace(speaker, neighbors=neighbors)
        return replace(node, bgp=speaker)

    return _on(network, choose, Platform.GATEWAY, change)


def tunnel_ends(network: Network, choose: Choose) -> Network:
    setting = choose(({"psk": Secret("another")}, {"local_id": "another"}))

    def change(node: Node) -> Node:
        at = choose(range(len(node.tunnel_ends)))
        ends = node.tunnel_ends
        return replace(node, tunnel_ends=(*ends[:at], replace(ends[at], **setting), *ends[at + 1 :]))

    return _on(network, choose, Platform.GATEWAY, change)


CHANGES = (host_routes, host_routes, policies, policies, attachments, border_routes, border_routes, statics, statics,
           speakers, tunnel_ends)


def failures(network: Network, found: Extracted) -> list[Failures]:
    """No failure, and each that columns model."""
    known = [one for one in elements(network) if found.sites.element(one) is not None]
    return [frozenset(), *(frozenset({one}) for one in known)]


_COURSES = {
    Stability.STABLE: Course.STABLE, Stability.BISTABLE: Course.BISTABLE, Stability.OSCILLATING: Course.OSCILLATING,
    Stability.STABLE_UNREACHED: Course.UNREACHED, Stability.ORDER_DEPENDENT: Course.ORDER_DEPENDENT,
}


class General:
    """What the general twin says, in the words of columns."""

    def __init__(self, network: Network, found: Extracted, columns: Columns) -> None:
        self._twin, self._sites, self._columns = Twin(network), found.sites, columns
        self._devices = set(found.sites.site)
        self._hub = found.sites.hub.name
        self._cloud = {one.interfaces[0] for one in found.sites.router.attachments if one.kind is AttachmentKind.VPC}
        self._source = int(Address("172.16.10.77"))
        self._free = _free_addresses(columns)

    def state(self, failed: Failures) -> tuple[set[str], set[str], Course, list[int], list[int]]:
        """Tunnels that are up, those that flap, the course, and verdicts of classes and cells (0: no address)."""
        state = self._twin.converge(failed)
        walkers = self._walkers(state)
        outward = []
        dead = {one.name for one in failed}  # a device that has failed sends nothing, not even to itself
        inward = [0 if address is None else self._verdict(walkers, address, self._hub, min(self._cloud))
                  for address in self._free]
        devices = list(self._sites.site)
        columns = self._columns
        for site, one in zip(columns.cell_site.tolist(), columns.cell_class.tolist(), strict=True):
            address, device = self._free[one], devices[site]
            gone = int(Verdict.DROPPED) if device in dead else None
            outward.append(0 if address is None else gone or self._verdict(walkers, address, device, None))
        return (set(state.liveness.tunnels), set(state.liveness.flapping), _COURSES[state.liveness.stability], inward,
                outward)

    def _walkers(self, state: Converged) -> list[Walker]:
        cycle = state.liveness.cycle or (state.liveness.tunnels,)
        return [self._twin.walker(state.failed, one, refuse=False) for one in cycle]

    def _verdict(self, walkers: list[Walker], address: int, node: str, arrived: str | None) -> int:
        """All that can become of a packet."""
        told = []
        for walker in walkers:
            trips = walker.send(Packet(self._source, address), node, arrived, either=True)
            found = 0
            for trip in trips:
                found |= self._word(trip)
            told.append(found)
        found = 0
        for one in told:
            found |= one
        return found | (Verdict.OSCILLATING if len(set(told)) > 1 else 0)

    def _word(self, trip: Trip) -> int:
        clear = secret = False
        for hop in trip.hops:
            secret = secret or len(hop.headers) > 1
            arrived = self._edge(hop.node, hop.egress) or self._at_edge(trip, hop)
            if arrived:
                return int(Verdict.CLEAR if clear else Verdict.ENCRYPTED if secret else Verdict.LOCAL)
            clear = clear or (hop.circuit and hop.clear)
        if trip.delivered:
            return int(Verdict.CLEAR if clear else Verdict.ENCRYPTED if secret else Verdict.LOCAL)
        leaked = Verdict.LEAKED if clear else Verdict.NONE
        return int((Verdict.LOOPING if trip.fate is Fate.LOOP else Verdict.DROPPED) | leaked)

    def _edge(self, node: str, egress: str | None) -> bool:
        if egress is None:
            return False
        if node == self._hub:
            return egress in self._cloud
        return node in self._devices and egress.startswith("lan")

    def _at_edge(self, trip: Trip, hop: Any) -> bool:
        """It leaves by a network of the site where nobody has the address."""
        unanswered = hop is trip.hops[-1] and trip.fate is Fate.UNANSWERED and hop.decision is not None
        return unanswered and hop.node in self._devices and "/lan" in trip.reason


def _free_addresses(columns: Columns) -> list[int | None]:
    """An address of each class that no longer prefix takes; None without one."""
    starts, lengths = address_of(columns.classes).tolist(), length_of(columns.classes).tolist()
    ends = [start + (1 << (32 - length)) for start, length in zip(starts, lengths, strict=True)]
    return [next(_gaps(n, starts, ends), None) for n in range(len(starts))]


def _gaps(one: int, starts: list[int], ends: list[int]) -> Iterator[int]:
    at, after = starts[one], one + 1
    while after < len(starts) and starts[after] < ends[one]:
        if at < starts[after]:
            yield at
        at = max(at, ends[after])
        after += 1
    if at < ends[one]:
        yield at
