"""One question put to the twin: which elements have failed and which tunnels carry packets."""

from dataclasses import dataclass, field

from sealane.model import Node
from sealane.net import Cidr, NodeName
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.profile import CONNECTED_DISTANCE
from sealane.twin.route import NextHop, Protocol, Route
from sealane.twin.topology import Topology


@dataclass(frozen=True, slots=True)
class Situation:
    """Failures, tunnels, and which interfaces follow from them.

    Args:
        topology: The network.
        failed: Failed elements.
        tunnels: Tunnels that carry packets, by name.
        tunnel_of: Tunnel by (node, tunnel interface).
    """

    topology: Topology
    failed: Failures
    tunnels: frozenset[str]
    tunnel_of: dict[tuple[NodeName, str], str]
    _up: dict[tuple[NodeName, str], bool] = field(default_factory=dict, repr=False)

    def up(self, node: NodeName, interface: str) -> bool:
        """True when an interface passes packets; a tunnel's does while its tunnel carries."""
        key = (node, interface)
        found = self._up.get(key)
        if found is None:
            if self.topology.is_tunnel(node, interface):
                found = self.tunnel_of.get(key) in self.tunnels and Element(ElementKind.NODE, node) not in self.failed
            else:
                found = self.topology.interface_up(node, interface, self.failed)
            self._up[key] = found
        return found

    def alive(self, node: NodeName) -> bool:
        """True unless the node itself has failed."""
        return Element(ElementKind.NODE, node) not in self.failed

    def connected(self, node: Node) -> list[Route]:
        """The connected prefixes of interfaces that are up."""
        return [
            Route(
                one.cidr,
                Protocol.CONNECTED,
                (NextHop(one.interface),),
                (CONNECTED_DISTANCE,),
                f"connected on {one.interface}",
                self.topology.interfaces[node.name, one.interface].origin,
            )
            for one in self.topology.connected[node.name]
            if self.up(node.name, one.interface)
        ]

    def gateway_interface(self, node: NodeName, gateway: int) -> str | None:
        """The interface that is up and connected to a gateway, by the longest prefix; None without one."""
        found = [
            one
            for one in self.topology.connected[node]
            if one.cidr.covers(gateway) and one.address != gateway and self.up(node, one.interface)
        ]
        return max(found, key=lambda one: one.cidr.length).interface if found else None


def group_by_prefix(routes: list[Route]) -> dict[Cidr, list[Route]]:
    """Candidates by prefix, in the order given."""
    found: dict[Cidr, list[Route]] = {}
    for route in routes:
        found.setdefault(route.prefix, []).append(route)
    return found
