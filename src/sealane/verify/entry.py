"""Where packets enter a network, and which addresses somebody can have."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.model import Interface, InterfaceKind, Network, Node, Platform, Port, StaticRoute
from sealane.net import Cidr, NodeName

_FORWARDING = frozenset({Platform.VPC, Platform.ROUTER, Platform.ASA, Platform.GATEWAY})


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """The node where a packet enters, and the interface it comes in on; ``arrived`` empty when the node sends it."""

    node: NodeName
    arrived: str = ""


class Entries:
    """Answers where a packet from an address enters.

    A modelled host sends it itself; so does a firewall with a protected address, whose lists do not judge that. Any
    other address enters at the routers of the networks it belongs to; one that belongs to no modelled network, behind
    each device's inside interfaces, when it is not in the cloud.
    """

    def __init__(self, network: Network) -> None:
        self._circuits = {port for one in network.circuits for port in (one.cloud, one.site) if port is not None}
        self._hosts: dict[int, NodeName] = {}
        self._own: dict[int, NodeName] = {}
        self._protected = [Cidr.of(prefix) for one in network.protections for prefix in (*one.cloud, *one.site)]
        self._networks: list[tuple[Cidr, Entry]] = []
        self._behind: list[tuple[Cidr, Entry]] = []
        self._beyond: list[Cidr] = []
        self._owned = {one.ip for node in network.nodes for found in node.interfaces for one in found.addresses}
        for node in network.nodes:
            self._add(node)

    def _add(self, node: Node) -> None:
        if node.platform is Platform.HOST:
            self._hosts |= {int(one.ip): node.name for found in node.interfaces for one in found.addresses}
            return
        if node.platform not in _FORWARDING:
            return
        for found in node.interfaces:
            if found.kind is not InterfaceKind.ETHERNET or Port(node.name, found.name) in self._circuits:
                continue
            if not found.enabled or (node.platform is Platform.VPC and found.name == "tr"):
                continue
            own = [int(one.ip) for one in found.addresses] if node.stateful is not None else []
            self._own |= {address: node.name for address in own if any(one.covers(address) for one in self._protected)}
            entry = Entry(node.name, found.name)
            self._networks += [(Cidr.of(one.network), entry) for one in found.addresses]
            if node.platform in (Platform.ASA, Platform.GATEWAY):
                routes = [route for route in node.static_routes if _leads(route, found)]
                self._behind += [(Cidr.of(one.prefix), entry) for one in routes]
                self._beyond += [Cidr.of(one.prefix) for one in routes if one.next_hop not in self._owned]

    def of(self, address: int) -> tuple[Entry, ...]:
        """Every place where packets from an address enter; empty when nobody can have it."""
        sender = self._hosts.get(address) or self._own.get(address)
        if sender is not None:
            return (Entry(sender),)
        for known in (self._networks, self._behind):
            found = [(prefix.length, entry) for prefix, entry in known if prefix.covers(address)]
            if found:
                longest = max(length for length, _ in found)
                return tuple(sorted({entry for length, entry in found if length == longest}))
        return ()

    def inhabited(self, address: int) -> bool:
        """True when a host may have the address: on a network of the plan, or behind a device's inside interface."""
        return self._on_network(address) or any(prefix.covers(address) for prefix, _ in self._behind)

    def reachable(self, address: int) -> bool:
        """True when the plan says how to get there: on a network of it, or behind a router that it does not have."""
        return self._on_network(address) or any(prefix.covers(address) for prefix in self._beyond)

    def _on_network(self, address: int) -> bool:
        return address in self._hosts or any(prefix.covers(address) for prefix, _ in self._networks)

    def claims(self) -> Iterator[tuple[NodeName, Cidr]]:
        """Every prefix with a node where packets from its addresses may enter."""
        yield from ((entry.node, prefix) for prefix, entry in (*self._networks, *self._behind))

    def __iter__(self) -> Iterator[Entry]:
        """Every place where packets may enter."""
        hosts = [Entry(name) for name in self._hosts.values()]
        return iter(sorted({*hosts, *(entry for _, entry in (*self._networks, *self._behind))}))


def _leads(route: StaticRoute, interface: Interface) -> bool:
    """True when a route leaves by an interface; it need not name it."""
    if route.interface is not None or route.next_hop is None:
        return route.interface == interface.name
    return any(route.next_hop in one.network for one in interface.addresses)
