"""Nodes, links and interfaces under a set of failed elements. Tunnels are not here; they depend on routes."""

from collections.abc import Mapping
from dataclasses import dataclass

from sealane.model import Circuit, Interface, InterfaceKind, Network, Node, Platform, Port, in_effect
from sealane.net import Cidr, NodeName
from sealane.twin.element import Element, ElementKind, Failures


@dataclass(frozen=True, slots=True)
class Link:
    """What joins ports; ``circuit`` is set on a dedicated line."""

    name: str
    ports: tuple[Port, ...]
    mtu_bytes: int
    circuit: Circuit | None = None


@dataclass(frozen=True, slots=True)
class Connected:
    """A prefix an interface is connected to, with the own address there."""

    interface: str
    address: int
    cidr: Cidr


class Topology:
    """Answers questions of links and addresses; computed once for a network, then asked with failures.

    Nodes are taken as their platform lets them work (see ``model.in_effect``).
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.nodes: Mapping[NodeName, Node] = {node.name: in_effect(node) for node in network.nodes}
        self.links: dict[Port, Link] = {}
        self._neighbors: dict[tuple[NodeName, str], tuple[Port, ...]] = {}
        for segment in network.segments:
            self._join(Link(segment.name, segment.ports, segment.mtu_bytes))
        for circuit in network.circuits:
            ports = tuple(port for port in (circuit.cloud, circuit.site) if port is not None)
            self._join(Link(circuit.name, ports, circuit.mtu_bytes, circuit))
        self.connected: dict[NodeName, tuple[Connected, ...]] = {
            node.name: tuple(_connected(node)) for node in self.nodes.values()
        }
        self.interfaces: dict[tuple[NodeName, str], Interface] = {
            (node.name, one.name): one for node in self.nodes.values() for one in node.interfaces
        }
        self.addresses: dict[NodeName, Mapping[int, str]] = {
            node.name: self._addresses(node) for node in self.nodes.values()
        }
        self._outer_sources = {
            (node.name, end.source_interface)
            for node in self.nodes.values()
            for end in node.tunnel_ends
            if end.source_interface is not None
        }

    def _join(self, link: Link) -> None:
        for port in link.ports:
            self.links[port] = link
            self._neighbors[port.node, port.interface] = tuple(other for other in link.ports if other != port)

    def _addresses(self, node: Node) -> Mapping[int, str]:
        found = {one.address: one.interface for one in self.connected[node.name]}
        for end in node.tunnel_ends:
            found.setdefault(int(end.local), end.source_interface or end.interface)
        return found

    def is_tunnel(self, node: NodeName, interface: str) -> bool:
        """True for tunnel interfaces."""
        found = self.interfaces.get((node, interface))
        return found is not None and found.kind is InterfaceKind.TUNNEL

    def interface_up(self, node: NodeName, interface: str, failed: Failures) -> bool:
        """True when an interface that is not a tunnel's passes packets: enabled, with carrier.

        A port of two on a link has no carrier without its far end's node; a switch keeps it. An outer address lives on
        whatever interface owns it, with carrier or not.
        """
        found = self.interfaces.get((node, interface))
        if found is None or not found.enabled or Element(ElementKind.NODE, node) in failed:
            return False
        if found.kind is InterfaceKind.LOOPBACK or (node, interface) in self._outer_sources:
            return True
        link = self.links.get(Port(node, interface))
        return link is None or self.link_up(link, failed)

    def link_up(self, link: Link, failed: Failures) -> bool:
        """True when a link has carrier at its living ends."""
        if not failed:
            return True
        kind = ElementKind.LINK if link.circuit is None else ElementKind.CIRCUIT
        if Element(kind, link.name) in failed:
            return False
        return len(link.ports) != 2 or not any(Element(ElementKind.NODE, port.node) in failed for port in link.ports)  # noqa: PLR2004

    def neighbors(self, node: NodeName, interface: str) -> tuple[Port, ...]:
        """The other ports on an interface's link."""
        return self._neighbors.get((node, interface), ())

    def holder(self, node: NodeName, interface: str, address: int) -> Port | None:
        """The port on an interface's link that answers for an address; None when nobody does."""
        for other in self.neighbors(node, interface):
            for one in self.connected[other.node]:
                if one.interface == other.interface and one.address == address:
                    return other
        return None

    def hosts(self) -> tuple[Node, ...]:
        """The hosts."""
        return tuple(node for node in self.nodes.values() if node.platform is Platform.HOST)


def _connected(node: Node) -> list[Connected]:
    return [
        Connected(interface.name, int(one.ip), Cidr.of(one.network))
        for interface in node.interfaces
        if interface.enabled
        for one in interface.addresses
    ]
