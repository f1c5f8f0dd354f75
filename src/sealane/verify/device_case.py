"""A device and the network it joins, side by side: what the checks of a device look at."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from ipaddress import collapse_addresses

from sealane.diag import Finding, Origin, Severity
from sealane.model import (
    AttachmentKind,
    BgpNeighbor,
    DeviceReading,
    Interface,
    LineVerdict,
    Network,
    Node,
    Platform,
    Protection,
    RouteMap,
    StaticRoute,
    TransitRouter,
    TunnelEnd,
)
from sealane.net import InterfaceAddress, Prefix, contains, overlaps

_LONGEST_PREFIX = 32
_LOCAL_PREFERENCE = 100
"""Where no route map sets another."""


@dataclass(frozen=True, slots=True)
class Line:
    """A circuit as the device has it: the border router's address and the device's interface (None: not configured)."""

    name: str
    cloud: InterfaceAddress
    interface: Interface | None
    mtu_bytes: int
    routed: tuple[Prefix, ...]
    """What the border router sends into the circuit by its own routes."""
    session: BgpNeighbor | None = None
    """The border router's BGP session with the device; None with static routes only."""
    told: tuple[Prefix, ...] = ()
    """What the border router tells over that session."""

    @property
    def device_address(self) -> InterfaceAddress:
        """The address the device should have: the other one of a /30."""
        other = next((host for host in self.cloud.network.hosts() if host != self.cloud.ip), self.cloud.ip)
        return InterfaceAddress((int(other), self.cloud.network.prefixlen))


@dataclass(frozen=True, slots=True)
class Pair:
    """A cloud end and the device's end; ``session`` is the cloud's BGP neighbor over it, None without BGP."""

    near: TunnelEnd
    far: TunnelEnd
    session: BgpNeighbor | None
    router: TransitRouter | None


@dataclass(frozen=True, slots=True)
class Case:
    """Device and network side by side."""

    reading: DeviceReading
    network: Network
    lines: tuple[Line, ...]
    pairs: tuple[Pair, ...]
    unanswered: tuple[TunnelEnd, ...]

    @property
    def device(self) -> Node:
        """The device's own node."""
        return self.reading.node

    def places(self, words: str, fallback: Origin | None = None) -> tuple[Origin, ...]:
        """Lines that hold these words in sequence, as understood; the fallback when there is none."""
        found = tuple(
            line.origin
            for line in self.reading.lines
            if line.verdict is LineVerdict.UNDERSTOOD and f" {words} " in f" {' '.join(line.text.split())} "
        )
        return found or known(fallback)

    def nameif(self, interface: str | None) -> str:
        """The name commands use for an interface."""
        for found in self.device.interfaces:
            if found.name == interface:
                return found.nameif or found.name
        return interface or "IFNAME"

    def route_to(self, prefix: Prefix) -> StaticRoute | None:
        """The static route that carries the prefix: longest, then least distance."""
        usable = [route for route in self.device.static_routes if contains(route.prefix, prefix)]
        return min(usable, key=lambda route: (-route.prefix.prefixlen, route.distance), default=None)

    def way_to(self, prefix: Prefix) -> tuple[str | None, Origin | None]:
        """The interface by which packets to the prefix leave outside of tunnels, and what says so."""
        static = self.route_to(prefix)
        learned = [
            (one.prefixlen, line.interface.name, mine.origin)
            for line in self.lines
            if line.interface is not None and (mine := self.neighbor_on(line)) is not None
            for one in self.learns(line)
            if contains(one, prefix)
        ]
        length, interface, origin = max(learned, key=lambda found: found[0], default=(-1, None, None))
        if static is not None and static.prefix.prefixlen >= length:
            return static.interface, static.origin
        return interface, origin

    def neighbor_on(self, line: Line) -> BgpNeighbor | None:
        """The device's session with the border router of a circuit, where both ends have one."""
        neighbors = self.device.bgp.neighbors if self.device.bgp and line.session else ()
        return next((one for one in neighbors if one.address == line.cloud.ip and one.activated), None)

    def tells(self, line: Line) -> tuple[Prefix, ...]:
        """Prefixes of its own that the device tells the border router of a circuit."""
        mine = self.neighbor_on(line)
        return tuple(one for one in self.announced() if mine is not None and lets_out(self, mine, one))

    def learns(self, line: Line) -> tuple[Prefix, ...]:
        """Prefixes that the device takes from the border router of a circuit."""
        mine = self.neighbor_on(line)
        return tuple(one for one in line.told if mine is not None and preference(self, mine, one) is not None)

    def reached(self, line: Line) -> tuple[Prefix, ...]:
        """What the border router sends into a circuit: by its own routes, and by what the device tells it."""
        return (*line.routed, *self.tells(line))

    def clear_routes(self, protection: Protection) -> tuple[tuple[Line, StaticRoute], ...]:
        """Static routes that send protected packets into a circuit."""
        return tuple(
            (line, route)
            for line in self.lines
            for route in self.device.static_routes
            if line.interface is not None and route.interface == line.interface.name
            if any(overlaps(route.prefix, cloud) for cloud in protection.cloud)
        )

    def in_rib(self) -> frozenset[Prefix]:
        """Prefixes that are in the routing table exactly: connected and static ones."""
        connected = {address.network for port in self.device.interfaces if port.enabled for address in port.addresses}
        return frozenset(connected | {route.prefix for route in self.device.static_routes})

    def announced(self) -> tuple[Prefix, ...]:
        """Prefixes of ``network`` statements that take effect, before any filter."""
        rib, speaker = self.in_rib(), self.device.bgp
        return tuple(one.prefix for one in speaker.networks if one.prefix in rib) if speaker else ()

    def announced_by_cloud(self) -> tuple[Prefix, ...]:
        """What the transit routers tell over the tunnels: the VPCs' prefixes of the connection's table."""
        return tuple(dict.fromkeys(prefix for pair in self.pairs if pair.router for prefix in announced_over(pair)))


def make_case(reading: DeviceReading, network: Network) -> Case:
    """Join the device's tunnel ends and ports with the cloud's."""
    lines = tuple(_lines(reading.node, network))
    others = {end.local for node in network.devices() if node.name != reading.node.name for end in node.tunnel_ends}
    pairs: list[Pair] = []
    unanswered: list[TunnelEnd] = []
    for node in network.of_platform(Platform.TRANSIT_ROUTER):
        for near in node.tunnel_ends:
            ends = [end for end in reading.node.tunnel_ends if end.remote == near.local]
            far = next((end for end in ends if end.local == near.remote), ends[0] if ends else None)
            if far is not None:
                pairs.append(Pair(near, far, _session(node.transit_router, near), node.transit_router))
            elif near.remote not in others:
                unanswered.append(near)
    return Case(reading, network, lines, tuple(pairs), tuple(unanswered))


def _lines(device: Node, network: Network) -> Iterator[Line]:
    for circuit in network.circuits:
        border = network.node(circuit.cloud.node) if network.has_node(circuit.cloud.node) else None
        addresses = border.interface(circuit.cloud.interface).addresses if border else ()
        if border is None or not addresses:
            continue
        mine = circuit.site is not None and circuit.site.node == device.name
        port = circuit.site.interface if mine and circuit.site is not None else None
        found = [
            one
            for one in device.interfaces
            if one.name == port or (port is None and any(addresses[0].network == own.network for own in one.addresses))
        ]
        if mine or (circuit.site is None and found):
            routed = tuple(route.prefix for route in border.vbr.circuit_routes) if border.vbr else ()
            sessions = border.vbr.neighbors if border.vbr else ()
            session = next((one for one in sessions if one.address in addresses[0].network), None)
            told = tuple(_told_by(network, border))
            yield Line(
                circuit.name, addresses[0], found[0] if found else None, circuit.mtu_bytes, routed, session, told
            )


def _told_by(network: Network, border: Node) -> Iterator[Prefix]:
    """What a border router hands on from its transit router."""
    routers = [node.transit_router for node in network.of_platform(Platform.TRANSIT_ROUTER) if node.transit_router]
    for router in routers:
        for one in router.attachments:
            if one.peer != border.name or one.kind is not AttachmentKind.VBR or not one.auto_publish:
                continue
            yield from _cloud_routes(router, one.association)
            learns_vpn = any(
                other.kind is AttachmentKind.VPN and one.association in other.propagations
                for other in router.attachments
            )
            yield from (cidr.prefix for cidr in router.cidrs if cidr.publish and learns_vpn)


def _session(router: TransitRouter | None, near: TunnelEnd) -> BgpNeighbor | None:
    for attachment in router.attachments if router else ():
        for neighbor in attachment.neighbors:
            if near.inside and (neighbor.interface == near.interface or neighbor.local_address == near.inside.ip):
                return neighbor
    return None


def announced_over(pair: Pair) -> tuple[Prefix, ...]:
    """What the transit router tells over a tunnel."""
    if pair.router is None or pair.session is None:
        return ()
    table = next((one.association for one in pair.router.attachments if pair.session in one.neighbors), None)
    return tuple(_cloud_routes(pair.router, table))


def _cloud_routes(router: TransitRouter, table: str | None) -> Iterator[Prefix]:
    """The VPCs' prefixes in a route table."""
    vpcs = [one for one in router.attachments if one.kind is AttachmentKind.VPC]
    for attachment in vpcs:
        if table in attachment.propagations:
            yield from attachment.prefixes
    names = {attachment.name for attachment in vpcs}
    for routes in (one.routes for one in router.tables if one.name == table):
        yield from (route.prefix for route in routes if route.attachment in names)


def known(*places: Origin | None) -> tuple[Origin, ...]:
    """The places that are known."""
    return tuple(place for place in places if place is not None)


def enter(*commands: str) -> str:
    """A remedy of command lines in order."""
    return "enter " + ", then ".join(f"`{command}`" for command in commands)


def masked(prefix: Prefix) -> str:
    """Network and netmask, as the device writes a prefix."""
    return f"{prefix.network_address} {prefix.netmask}"


def join(values: Iterable[object]) -> str:
    """Values separated by commas."""
    return ", ".join(str(value) for value in values)


def covered(prefix: Prefix, by: Iterable[Prefix]) -> bool:
    """True when every address of the prefix is in one of the others."""
    return any(contains(one, prefix) for one in collapse_addresses(by))


error = partial(Finding, severity=Severity.ERROR)
warning = partial(Finding, severity=Severity.WARNING)
info = partial(Finding, severity=Severity.INFO)


def _permits(case: Case, name: str | None, prefix: Prefix) -> bool:
    """Whether a prefix list lets a prefix through; no list lets everything."""
    found = next((one for one in case.device.prefix_lists if one.name == name), None)
    for entry in found.entries if found else ():
        least = entry.ge if entry.ge is not None else entry.prefix.prefixlen
        most = (
            entry.le if entry.le is not None else (_LONGEST_PREFIX if entry.ge is not None else entry.prefix.prefixlen)
        )
        if contains(entry.prefix, prefix) and least <= prefix.prefixlen <= most:
            return entry.permit
    return found is None


def passes(case: Case, prefix_list: str | None, route_map: str | None, prefix: Prefix) -> bool:
    """Whether the filters of one direction of a session let a prefix through."""
    if prefix_list is not None and not _permits(case, prefix_list, prefix):
        return False
    found = route_map_of(case, route_map)
    for entry in found.entries if found else ():
        lists = entry.match_prefix_lists
        if not lists or any(_permits(case, name, prefix) for name in lists):
            return entry.permit
    return found is None


def lets_out(case: Case, neighbor: BgpNeighbor, prefix: Prefix) -> bool:
    """Whether a session's outbound filters let a prefix through."""
    return passes(case, neighbor.export_prefix_list, neighbor.export_route_map, prefix)


def preference(case: Case, neighbor: BgpNeighbor, prefix: Prefix) -> int | None:
    """The local preference that a prefix from a neighbor gets; None when the inbound filters hold it back."""
    if not passes(case, neighbor.import_prefix_list, neighbor.import_route_map, prefix):
        return None
    found = route_map_of(case, neighbor.import_route_map)
    for entry in found.entries if found else ():
        lists = entry.match_prefix_lists
        if not lists or any(_permits(case, name, prefix) for name in lists):
            return _LOCAL_PREFERENCE if entry.set_local_pref is None else entry.set_local_pref
    return _LOCAL_PREFERENCE


def route_map_of(case: Case, name: str | None) -> RouteMap | None:
    """The route map of that name."""
    return next((one for one in case.device.route_maps if one.name == name), None)


def neighbor_of(case: Case, pair: Pair) -> BgpNeighbor | None:
    """The device's neighbor over the tunnel."""
    neighbors = case.device.bgp.neighbors if case.device.bgp else ()
    return next((one for one in neighbors if pair.near.inside and one.address == pair.near.inside.ip), None)


def lets_in(case: Case, port: Interface, source: Prefix, destination: Prefix, protocol: int | None = None) -> bool:
    """Whether the first rule about the flow permits it; without a list the levels decide."""
    acl = next((one for one in case.device.access_lists if one.name == port.access_list_in), None)
    if acl is None:
        inside = case.route_to(destination)
        levels = {one.name: one.security_level for one in case.device.interfaces}
        level = levels.get(inside.interface) if inside and inside.interface else None
        return level is not None and (port.security_level or 0) > level
    for rule in acl.rules:
        if rule.protocol not in (None, protocol):
            continue
        if (rule.source is None or contains(rule.source, source)) and (
            rule.destination is None or contains(rule.destination, destination)
        ):
            return rule.permit
    return False
