"""Namespaces, cables, bridges and addresses: the Network's nodes and segments on Linux."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from sealane.lower.names import linux_names, namespace, slug, table_numbers, tunnel_names
from sealane.memo import Memo
from sealane.model import Circuit, Interface, InterfaceKind, Network, Node, Platform, Segment
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


def places(network: Network, memo: Memo) -> Mapping[NodeName, Place]:
    """The place of every node."""
    return {
        node.name: memo.get(("place", network.name), (node,), partial(_place, network.name, node))
        for node in network.nodes
    }


def _place(network: str, node: Node) -> Place:
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
    return Place(node, namespace(network, node.name), names, tables)


def wire(network: Network, where: Mapping[NodeName, Place], memo: Memo) -> Iterator[Resource]:
    """Namespaces, links and addresses of all nodes, segments and circuits; tunnels and their ends are not here."""
    plugged: dict[NodeName, set[str]] = {name: set() for name in where}
    for place in where.values():
        yield memo.get("namespace", (place,), partial(_namespace, place))
    for segment in network.segments:
        for port in segment.ports:
            plugged[port.node].add(port.interface)
        ends = tuple(where[port.node] for port in segment.ports)
        yield from memo.get(("segment", network.name), (segment, *ends), partial(_segment, network.name, segment, ends))
    for circuit in network.circuits:
        for end in (circuit.cloud, circuit.site):
            if end is not None:
                plugged[end.node].add(end.interface)
        yield _circuit(circuit, where)
    for name, place in where.items():
        own = frozenset(plugged[name])
        yield from memo.get(("interfaces", own), (place,), partial(_interfaces, place, own))


def _namespace(place: Place) -> Resource:
    forwarding = place.node.platform is not Platform.HOST
    return Resource(Key(Kind.NAMESPACE, place.namespace, ""), NamespaceSpec(forwarding))


def _segment(network: str, segment: Segment, places: tuple[Place, ...]) -> tuple[Resource, ...]:
    ends = [(place.namespace, place.names[port.interface]) for port, place in zip(segment.ports, places, strict=True)]
    match ends:
        case [(space, name)]:
            return (Resource(Key(Kind.LINK, space, name), BridgeSpec(segment.mtu_bytes)),)
        case [(space, name), (peer_space, peer_name)]:
            return (Resource(Key(Kind.LINK, space, name), CableSpec(peer_space, peer_name, segment.mtu_bytes)),)
    switch = namespace(network, f"sw-{slug(segment.name)}")
    found = [Resource(Key(Kind.NAMESPACE, switch, ""), NamespaceSpec(forwarding=False)),
             Resource(Key(Kind.LINK, switch, "sw0"), BridgeSpec(segment.mtu_bytes))]
    for port, (space, name) in zip(segment.ports, ends, strict=True):
        uplink = linux_names([f"{port.node}-{name}"])[f"{port.node}-{name}"]
        cable = CableSpec(switch, uplink, segment.mtu_bytes, peer_master="sw0")
        found.append(Resource(Key(Kind.LINK, space, name), cable))
    return tuple(found)


def _circuit(circuit: Circuit, where: Mapping[NodeName, Place]) -> Resource:
    cloud = where[circuit.cloud.node]
    key = Key(Kind.LINK, cloud.namespace, cloud.names[circuit.cloud.interface])
    if circuit.real_interface is not None:
        return Resource(key, RealPortSpec(circuit.real_interface, circuit.vlan, circuit.mtu_bytes))
    if circuit.site is None:
        return Resource(key, BridgeSpec(circuit.mtu_bytes))
    site = where[circuit.site.node]
    return Resource(key, CableSpec(site.namespace, site.names[circuit.site.interface], circuit.mtu_bytes))


def _interfaces(place: Place, plugged: frozenset[str]) -> tuple[Resource, ...]:
    found = []
    for interface in place.node.interfaces:
        if interface.kind is InterfaceKind.TUNNEL or not interface.enabled:
            continue
        name = place.names[interface.name]
        if interface.name not in plugged:
            bridge = BridgeSpec(interface.mtu_bytes or _DEFAULT_MTU_BYTES)
            found.append(Resource(Key(Kind.LINK, place.namespace, name), bridge))
        if not _holds_outer_address(place.node, interface):
            found += [Resource(Key(Kind.ADDRESS, place.namespace, f"{name} {address}"), AddressSpec(name, str(address)))
                      for address in interface.addresses]
    return tuple(found)


def _holds_outer_address(node: Node, interface: Interface) -> bool:
    """True for interfaces whose address is a tunnel's outer source; lower.tunnels places those."""
    return any(end.source_interface == interface.name for end in node.tunnel_ends)
