"""The whole proof of a small network, once more: every packet, every state, every set of failures."""

from collections.abc import Iterator
from itertools import combinations

from sealane.model import FilterRule, InterfaceKind, Network, Node, Platform, Port
from sealane.net import Address, Prefix
from sealane.verify.checker.claim import listing, possible_states, state_walk
from sealane.verify.checker.packet import ESP, ICMP, TCP, UDP, Packet, Walk, is_outer, protects
from sealane.verify.checker.state import NotCoveredError

_MOST_ADDRESSES = 200



def check_encrypted(network: Network, failures: int = 1) -> tuple[str, ...]:
    """Every way of a protected packet over a circuit outside ESP, in every state with so many failed elements.

    Raises:
        NotCoveredError: The network is too large, or has what the checker does not compute.
    """
    elements = list(failing_elements(network))
    packets = list(_protected_packets(network))
    starts = list(_entries(network))
    found: dict[str, None] = {}
    for count in range(failures + 1):
        for failed in map(frozenset, combinations(elements, count)):
            for tunnels in possible_states(network, failed):
                walk = state_walk(network, failed, tunnels, replies=True)
                for packet in packets:
                    for node, arrived, cloud in starts:
                        if cloud is _from_cloud(network, packet):
                            found |= dict.fromkeys(_leaks(walk, packet, node, arrived))
    return tuple(found)


def _leaks(walk: Walk, packet: Packet, node: str, arrived: str) -> Iterator[str]:
    for way in walk.send(packet, node, arrived):
        if way.clear:
            failed = ", ".join(sorted(f"{kind}:{name}" for kind, name in walk.world.failed)) or "nothing"
            yield (
                f"{failed} failed, tunnels {listing(walk.world.tunnels)}: {packet.source} -> {packet.destination} "
                f"protocol {packet.protocol} from {node} {arrived} in clear over {listing(way.clear)}"
            )


def failing_elements(network: Network) -> Iterator[tuple[str, str]]:
    """What can fail by itself, as (kind, name)."""
    tunnels = [one.name for one in network.tunnels()]
    yield from (("circuit", one.name) for one in network.circuits)
    yield from (("node", one.name) for one in network.nodes if one.platform is not Platform.HOST)
    yield from (("link", one.name) for one in network.segments if len(one.ports) > 1)
    yield from (("tunnel", name) for name in tunnels)
    yield from (("connection", name) for name in dict.fromkeys(name.rpartition("/")[0] for name in tunnels))
    for node in network.nodes:
        router = node.transit_router
        speaking = [one.interface for found in router.attachments for one in found.neighbors] if router else []
        ends = [one for one in network.tunnels() if one.near_node == node.name]
        yield from (("bgp", one.name) for one in ends if one.near.interface in speaking)
        yield from (("bgp", f"{node.name}/{one.address}") for one in (node.vbr.neighbors if node.vbr else ()))


def _entries(network: Network) -> Iterator[tuple[str, str, bool]]:
    """(node, interface, in the cloud) of everything that packets come in on from outside of the model."""
    circuits = [port for one in network.circuits for port in (one.cloud, one.site)]
    transit = [
        port
        for one in network.segments
        if any(network.node(port.node).platform is Platform.TRANSIT_ROUTER for port in one.ports)
        for port in one.ports
    ]
    for node in network.nodes:
        cloud = node.platform is Platform.VPC
        if cloud or node.platform in (Platform.ROUTER, Platform.ASA, Platform.GATEWAY):
            for one in node.interfaces:
                outside = Port(node.name, one.name) not in circuits + transit
                if outside and one.enabled and one.kind is InterfaceKind.ETHERNET:
                    yield node.name, one.name, cloud


def _from_cloud(network: Network, packet: Packet) -> bool:
    return any(packet.source in prefix for one in network.protections for prefix in one.cloud)


def _protected_packets(network: Network) -> Iterator[Packet]:
    """One packet of every class: addresses at the bounds of every prefix, ports at the bounds of every filter."""
    bounds = sorted({bound for prefix in _prefixes(network) for bound in _bounds(prefix)})
    sides = [prefix for one in network.protections for prefix in (*one.cloud, *one.site)]
    known = [one for one in bounds if any(one in prefix for prefix in sides)]
    if len(known) > _MOST_ADDRESSES:
        raise NotCoveredError(f"more than {_MOST_ADDRESSES} bounds of prefixes")
    shapes = _shapes(network)
    for source in known:
        for destination in known:
            for protocol, ports in shapes:
                packet = Packet(source, destination, protocol, 8 if protocol == ICMP else 40000, ports)
                if any(protects(one, packet) for one in network.protections) and not is_outer(network, packet):
                    yield packet


def _bounds(prefix: Prefix) -> Iterator[Address]:
    """The first address inside, and the first one behind."""
    yield prefix.network_address
    if int(prefix.broadcast_address) < 2**32 - 1:
        yield prefix.broadcast_address + 1


def _shapes(network: Network) -> list[tuple[int, int]]:
    rules = [rule for node in network.nodes for rule in _rules(node)]
    ranges = [rule.destination_ports for rule in rules if rule.destination_ports is not None]
    ports = {1, 33000} | {one.first for one in ranges} | {min(one.last + 1, 65535) for one in ranges}
    types = {8} | {rule.icmp_type for rule in rules if rule.icmp_type is not None}
    others = {rule.protocol for rule in rules if rule.protocol is not None} - {ICMP, TCP, UDP} | {ESP}
    found = {(ICMP, one) for one in types} | {(protocol, port) for protocol in (TCP, UDP) for port in ports}
    return sorted(found | {(one, 0) for one in others})


def _rules(node: Node) -> Iterator[FilterRule]:
    for one in node.access_lists:
        yield from one.rules


def _prefixes(network: Network) -> Iterator[Prefix]:
    """Every prefix that anything tells apart."""
    for protection in network.protections:
        yield from (*protection.cloud, *protection.site)
    for pair in network.tunnels():
        yield from (Prefix(pair.near.local), Prefix(pair.near.remote))
    for node in network.nodes:
        yield from (address.network for one in node.interfaces for address in one.addresses)
        yield from (Prefix(address.ip) for one in node.interfaces for address in one.addresses)
        yield from (one.prefix for one in node.static_routes)
        yield from (entry.prefix for one in node.prefix_lists for entry in one.entries)
        yield from (one.prefix for one in (node.bgp.networks if node.bgp else ()))
        yield from (one.prefix for one in (node.vbr.circuit_routes if node.vbr else ()))
        yield from _transit_prefixes(node)
        for rule in _rules(node):
            yield from (one for one in (rule.source, rule.destination) if one is not None)


def _transit_prefixes(node: Node) -> Iterator[Prefix]:
    router = node.transit_router
    if router is not None:
        yield from (one.prefix for one in router.cidrs)
        yield from (route.prefix for table in router.tables for route in table.routes)
        yield from (prefix for one in router.attachments for prefix in one.prefixes)
        yield from (prefix for one in router.route_maps for prefix in one.prefixes)
