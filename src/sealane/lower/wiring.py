"""Namespaces, cables, bridges and addresses: the Network's nodes and segments on Linux."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.lower.names import linux_names, namespace, slug, table_numbers, tunnel_names
from sealane.lower.options import LowerOptions
from sealane.model import Circuit, Interface, InterfaceKind, Network, Node, Platform, Port, Segment
from sealane.net import NodeName
from sealane.plan import AddressSpec, BridgeSpec, CableSpec, Key, Kind, NamespaceSpec, RealPortSpec, Resource

_DEFAULT_MTU_BYTES = 1500


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node lives on the host: its namespace, its interfaces' Linux names, its route tables' numbers."""

    node: Node
    namespace: str
    names: Mapping[str, str]
    tables: Mapping[str, int]


def places(network: Network) -> Mapping[NodeName, Place]:
    """The place of every node."""
    return {node.name: _place(network, node) for node in network.nodes}


def _place(network: Network, node: Node) -> Place:
    tunnels = [interface.name for interface in node.interfaces if interface.kind is InterfaceKind.TUNNEL]
    tunnels += [end.interface for end in node.tunnel_ends]
    others = [interface for interface in node.interfaces if interface.kind is not InterfaceKind.TUNNEL]
    readable = {interface.name: interface.nameif or interface.name for interface in others}
    linux = linux_names(readable.values())
    names = {name: linux[shown] for name, shown in readable.items()} | dict(tunnel_names(tunnels))
    router = node.transit_router
    tables: Mapping[str, int] = {}
    if router is not None:
        system = next(table.name for table in router.tables if table.system)
        tables = table_numbers(system, (table.name for table in router.tables if not table.system))
    return Place(node, namespace(network.name, node.name), names, tables)


def wire(network: Network, where: Mapping[NodeName, Place], options: LowerOptions) -> Iterator[Resource]:
    """Namespaces, links and addresses of all nodes, segments and circuits; tunnels and their ends are not here."""
    del options
    plugged: set[Port] = set()
    for place in where.values():
        forwarding = place.node.platform is not Platform.HOST
        yield Resource(Key(Kind.NAMESPACE, place.namespace, ""), NamespaceSpec(forwarding))
    for segment in network.segments:
        plugged.update(segment.ports)
        yield from _segment(network.name, segment, where)
    for circuit in network.circuits:
        plugged.update(port for port in (circuit.cloud, circuit.site) if port is not None)
        yield _circuit(circuit, where)
    for place in where.values():
        yield from _interfaces(place, plugged)


def _segment(network: str, segment: Segment, where: Mapping[NodeName, Place]) -> Iterator[Resource]:
    ends = [(where[port.node].namespace, where[port.node].names[port.interface]) for port in segment.ports]
    match ends:
        case [(space, name)]:
            yield Resource(Key(Kind.LINK, space, name), BridgeSpec(segment.mtu_bytes))
        case [(space, name), (peer_space, peer_name)]:
            yield Resource(Key(Kind.LINK, space, name), CableSpec(peer_space, peer_name, segment.mtu_bytes))
        case _:
            switch = namespace(network, f"sw-{slug(segment.name)}")
            yield Resource(Key(Kind.NAMESPACE, switch, ""), NamespaceSpec(forwarding=False))
            yield Resource(Key(Kind.LINK, switch, "sw0"), BridgeSpec(segment.mtu_bytes))
            for port, (space, name) in zip(segment.ports, ends, strict=True):
                uplink = linux_names([f"{port.node}-{name}"])[f"{port.node}-{name}"]
                cable = CableSpec(switch, uplink, segment.mtu_bytes, peer_master="sw0")
                yield Resource(Key(Kind.LINK, space, name), cable)


def _circuit(circuit: Circuit, where: Mapping[NodeName, Place]) -> Resource:
    cloud = where[circuit.cloud.node]
    key = Key(Kind.LINK, cloud.namespace, cloud.names[circuit.cloud.interface])
    if circuit.real_interface is not None:
        return Resource(key, RealPortSpec(circuit.real_interface, circuit.vlan, circuit.mtu_bytes))
    if circuit.site is None:
        return Resource(key, BridgeSpec(circuit.mtu_bytes))
    site = where[circuit.site.node]
    return Resource(key, CableSpec(site.namespace, site.names[circuit.site.interface], circuit.mtu_bytes))


def _interfaces(place: Place, plugged: set[Port]) -> Iterator[Resource]:
    for interface in place.node.interfaces:
        if interface.kind is InterfaceKind.TUNNEL or not interface.enabled:
            continue
        name = place.names[interface.name]
        port = Port(place.node.name, interface.name)
        if port not in plugged:
            yield Resource(Key(Kind.LINK, place.namespace, name), BridgeSpec(interface.mtu_bytes or _DEFAULT_MTU_BYTES))
        if not _holds_outer_address(place.node, interface):
            for address in interface.addresses:
                yield Resource(Key(Kind.ADDRESS, place.namespace, f"{name} {address}"), AddressSpec(name, str(address)))


def _holds_outer_address(node: Node, interface: Interface) -> bool:
    """True for interfaces whose address is a tunnel's outer source; lower.tunnels places those."""
    return any(end.source_interface == interface.name for end in node.tunnel_ends)
