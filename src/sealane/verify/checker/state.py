"""The checker's own idea of a network with failed elements: what is up, who talks BGP to whom, and every route table.

It shares nothing with the engine in ``twin`` but the names of elements. Everything is computed anew by scanning lists,
BGP in rounds in which each router tells its neighbors what it chose in the round before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from sealane.model import (
    DEFAULT_VBR_ASN,
    AttachmentKind,
    BgpNeighbor,
    Interface,
    InterfaceKind,
    Network,
    Node,
    Platform,
    Port,
    RouteType,
    TunnelPair,
    in_effect,
    neighbor_interface,
)
from sealane.net import Address, Prefix

Failed = frozenset[tuple[str, str]]
DEVICES = (Platform.ASA, Platform.GATEWAY)


class NotCoveredError(ValueError):
    """The network has something that the checker does not compute."""


@dataclass(frozen=True, slots=True)
class Link:
    """What joins ports: a segment or a circuit."""

    name: str
    ports: tuple[Port, ...]
    circuit: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A route with everything that any router ranks or filters by; without hops it is a black hole."""

    prefix: Prefix
    hops: tuple[tuple[str, Address | None], ...]
    preference: int = 0
    bgp: bool = False
    local_pref: int = 100
    path: tuple[int, ...] = ()
    med: int = 0
    internal: bool = False
    router_id: int = 0
    teller: "End | None" = None
    source: str = ""
    kind: AttachmentKind | None = None
    type: RouteType = RouteType.CUSTOM
    communities: frozenset[tuple[int, int]] = frozenset()
    for_vbr_only: bool = False
    from_circuit: bool = False


@dataclass(frozen=True, slots=True)
class End:
    """One end of a BGP session; ``neighbor`` None is the cloud's own, of a transit router with a VBR or VPC."""

    node: str
    interface: str
    address: Address
    asn: int
    neighbor: BgpNeighbor | None
    attachment: str = ""


class World:
    """A network, what has failed in it, and the tunnels that carry packets."""

    def __init__(self, network: Network, failed: Failed, tunnels: frozenset[str]) -> None:
        nodes = tuple(in_effect(node) for node in network.nodes)
        self.network = replace(network, nodes=nodes)
        self.failed = failed
        self.tunnels = tunnels
        self.links = [Link(one.name, one.ports, circuit=False) for one in network.segments]
        for one in network.circuits:
            ports = (one.cloud,) if one.site is None else (one.cloud, one.site)
            self.links.append(Link(one.name, ports, circuit=True))
        self._pairs = self.network.tunnels()
        self._up: dict[tuple[str, str], bool] = {}
        self._connected: dict[str, list[tuple[Prefix, str, Address]]] = {}

    def node(self, name: str) -> Node:
        """A node with its configuration as it is in effect."""
        return self.network.node(name)

    def alive(self, node: str) -> bool:
        """True unless the node has failed."""
        return ("node", node) not in self.failed

    def link(self, node: str, interface: str) -> Link | None:
        """What an interface is plugged into."""
        return next((one for one in self.links if Port(self.node(node).name, interface) in one.ports), None)

    def tunnel_of(self, node: str, interface: str) -> TunnelPair | None:
        """The tunnel that an interface is an end of."""
        for pair in self._pairs:
            if (pair.near_node, pair.near.interface) == (node, interface):
                return pair
            if pair.far is not None and (pair.far_node, pair.far.interface) == (node, interface):
                return pair
        return None

    def up(self, node: str, name: str) -> bool:
        """True when an interface has a carrier: a tunnel while it carries, a cable while both its nodes are there."""
        if (node, name) not in self._up:
            self._up[node, name] = self._is_up(node, name)
        return self._up[node, name]

    def _is_up(self, node: str, name: str) -> bool:
        if not self.alive(node) or not self.switched_on(node, name):
            return False
        pair = self.tunnel_of(node, name)
        if pair is not None or self.interface(node, name).kind is InterfaceKind.TUNNEL:
            return pair is not None and pair.name in self.tunnels
        link = self.link(node, name)
        if link is None:
            return True
        if ("circuit" if link.circuit else "link", link.name) in self.failed:
            return False
        cable = len(link.ports) == 2  # noqa: PLR2004
        return not cable or all(self.alive(port.node) for port in link.ports)

    def switched_on(self, node: str, name: str) -> bool:
        """True unless an interface is shut down; a loopback that tunnels start from is made in any case."""
        one = self.interface(node, name)
        starts = any(end.source_interface == name for end in self.node(node).tunnel_ends)
        return one.enabled or (starts and one.kind is InterfaceKind.LOOPBACK)

    def interface(self, node: str, name: str) -> Interface:
        """The interface of that name; a tunnel end may have none among the node's interfaces."""
        found = next((one for one in self.node(node).interfaces if one.name == name), None)
        return found or Interface(name, InterfaceKind.TUNNEL)

    def connected(self, node: str) -> list[tuple[Prefix, str, Address]]:
        """Prefixes of interfaces that are up, with the interface and the own address on it.

        Where the kernel alone keeps the routes, losing the carrier takes none of them away.
        """
        if node not in self._connected:
            self._connected[node] = self._find_connected(node)
        return self._connected[node]

    def _find_connected(self, node: str) -> list[tuple[Prefix, str, Address]]:
        keeps = self.node(node).platform in (Platform.VPC, Platform.HOST, Platform.ROUTER)
        found = [(one, address) for one in self.node(node).interfaces for address in one.addresses]
        return [
            (address.network, one.name, address.ip)
            for one, address in found
            if self.up(node, one.name) or (keeps and self.switched_on(node, one.name) and self.alive(node))
        ]

    def gateway(self, node: str, wanted: Address, interface: str | None) -> str | None:
        """The interface over which a next hop is reached; None when it is not on a connected network."""
        found = [
            (prefix.prefixlen, name)
            for prefix, name, own in self.connected(node)
            if wanted in prefix and wanted != own and interface in (None, name)
        ]
        return max(found)[1] if found else None


def sessions(world: World) -> list[tuple[End, End]]:
    """Every BGP session that is up."""
    ends = [end for node in world.network.nodes if world.alive(node.name) for end in _ends(world, node)]
    return [(one, other) for one, other in combinations(ends, 2) if _talk(world, one, other)]


def _ends(world: World, node: Node) -> Iterator[End]:
    router, vbr = node.transit_router, node.vbr
    asn = DEFAULT_VBR_ASN if node.bgp is None else node.bgp.asn
    for attachment in () if router is None else router.attachments:
        for neighbor in attachment.neighbors:
            yield from _end(world, (node, neighbor.interface), neighbor, asn, attachment.name)
        published = attachment.kind is AttachmentKind.VPC and attachment.auto_publish
        if (attachment.kind is AttachmentKind.VBR or published) and attachment.interfaces:
            name = attachment.interfaces[0]
            address = world.interface(node.name, name).addresses[0].ip
            yield End(node.name, name, address, DEFAULT_VBR_ASN, None, attachment.name)
    if vbr is not None:
        for neighbor in vbr.neighbors:
            yield from _end(world, (node, neighbor.interface or vbr.circuit_interface), neighbor, vbr.local_asn)
        if vbr.attachment_interface is not None and vbr.transit_router is not None:
            address = world.interface(node.name, vbr.attachment_interface).addresses[0].ip
            yield End(node.name, vbr.attachment_interface, address, DEFAULT_VBR_ASN, None)
    if node.publisher is not None:
        address = world.interface(node.name, node.publisher.interface).addresses[0].ip
        yield End(node.name, node.publisher.interface, address, DEFAULT_VBR_ASN, None)
    if node.platform in DEVICES and node.bgp is not None:
        for neighbor in node.bgp.neighbors:
            found = neighbor_interface(node, neighbor)
            yield from _end(world, (node, None if found is None else found.name), neighbor, asn)


def _end(
    world: World, place: tuple[Node, str | None], neighbor: BgpNeighbor, asn: int, attachment: str = ""
) -> Iterator[End]:
    node, interface = place
    if interface is None or not neighbor.activated:
        return
    for address in world.interface(node.name, interface).addresses:
        if neighbor.address in address.network and neighbor.local_address in (None, address.ip):
            yield End(node.name, interface, address.ip, neighbor.local_asn or asn, neighbor, attachment)
            return


def _talk(world: World, one: End, other: End) -> bool:
    if one.node == other.node or not world.up(one.node, one.interface) or not world.up(other.node, other.interface):
        return False
    tunnel = world.tunnel_of(one.node, one.interface)
    joined = tunnel if tunnel is not None else world.link(one.node, one.interface)
    there = world.tunnel_of(other.node, other.interface) or world.link(other.node, other.interface)
    if joined is None or joined != there:
        return False
    if one.neighbor is None or other.neighbor is None:
        return one.neighbor is other.neighbor
    names = [tunnel.name] if tunnel is not None else []
    names += [f"{end.node}/{end.neighbor.address}" for end in (one, other) if end.neighbor and not tunnel]
    return (
        not any(("bgp", name) in world.failed for name in names)
        and (one.neighbor.address, other.neighbor.address) == (other.address, one.address)
        and (one.neighbor.remote_asn, other.neighbor.remote_asn) == (other.asn, one.asn)
        and one.neighbor.password == other.neighbor.password
    )


def router_id(node: Node) -> int:
    """What breaks ties: as configured, else the lowest address of a cloud router, the highest of a device."""
    if node.bgp is not None and node.bgp.router_id is not None:
        return int(node.bgp.router_id)
    known = [int(one) for found in node.interfaces for one in found.addresses]
    loop = [int(one) for f in node.interfaces if f.kind is InterfaceKind.LOOPBACK for one in f.addresses]
    return max(loop or known, default=0) if node.platform in DEVICES else min(known, default=0)


def static_hops(
    world: World, node: str, next_hop: Address | None, interface: str | None
) -> tuple[tuple[str, Address | None], ...]:
    """The hop of a static route, or none while it is not usable."""
    if next_hop is None:
        return ((interface, None),) if interface is not None and world.up(node, interface) else ()
    found = world.gateway(node, next_hop, interface)
    return () if found is None else ((found, next_hop),)


def by_prefix(routes: Iterable[Route]) -> list[tuple[Prefix, list[Route]]]:
    """Routes of one prefix together."""
    found: dict[Prefix, list[Route]] = {}
    for one in routes:
        found.setdefault(one.prefix, []).append(one)
    return [(prefix, found[prefix]) for prefix in sorted(found)]
