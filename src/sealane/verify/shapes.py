"""Protocols and ports: the finitely many shapes of packets that filters tell apart, and which of them pass where."""

from collections.abc import Collection, Iterable, Iterator

from sealane.model import FilterRule, Network, Node, PortRange
from sealane.net import NodeName
from sealane.twin import firewall
from sealane.twin.packet import ECHO_REPLY, ECHO_REQUEST, ESP, ICMP, TCP, UDP, Packet

Shape = tuple[int, int, int]
"""Protocol, source port, destination port; with ICMP the last one is the type."""
Shapes = int
"""A set of shapes: bit i is the i-th of ``Filters.shapes``."""

_CLIENT_PORT = 50_000
_LAST_PORT = 65_535
_ICMP_SHAPES = ((ICMP, 0, ECHO_REQUEST), (ICMP, 0, ECHO_REPLY))
_UNREACHABLE, _GRE, _HIGHEST = 3, 47, 255


class Filters:
    """The firewalls of a network.

    A packet passes a firewall that lets it open a flow, or answer one that was opened the other way.
    """

    def __init__(self, network: Network) -> None:
        self._nodes = {node.name: node for node in network.nodes if node.stateful is not None}
        rules = [rule for node in self._nodes.values() for one in node.access_lists for rule in one.rules]
        named = dict.fromkeys(_shapes(rules))
        unnamed = _unnamed(named)
        self.shapes: tuple[Shape, ...] = (*named, *unnamed)
        self.every: Shapes = (1 << len(self.shapes)) - 1
        self._passing: dict[tuple[NodeName, str, str, int, int], Shapes] = {}
        self.opening: Shapes = sum(
            1 << index for index, shape in enumerate(named) if shape[2] not in (ECHO_REPLY, _CLIENT_PORT)
        )
        """Shapes that may be the first of a flow: no answers to pings, nothing from a server's port to a client's."""

    def stands_at(self, node: NodeName) -> bool:
        """True when a node is a firewall."""
        return node in self._nodes

    def passing(self, node: NodeName, arrived: str, leaving: str, source: int, destination: int) -> Shapes:
        """The shapes that a firewall forwards between these addresses."""
        key = (node, arrived, leaving, source, destination)
        found = self._passing.get(key)
        if found is None:
            found = self._passing[key] = self._ask(self._nodes[node], arrived, leaving, source, destination)
        return found

    def _ask(self, node: Node, arrived: str, leaving: str, source: int, destination: int) -> Shapes:
        found = 0
        for index, (protocol, source_port, port) in enumerate(self.shapes):
            packet = Packet(source, destination, protocol, source_port, port)
            if firewall.opens_or_answers(node, arrived, leaving, packet).passes:
                found |= 1 << index
        return found

    def opens(self, node: NodeName, arrived: str, leaving: str, source: int, destination: int) -> Shapes:
        """The shapes that may open a flow there."""
        found = 0
        for index, (protocol, source_port, port) in enumerate(self.shapes):
            packet = Packet(source, destination, protocol, source_port, port)
            if self.opening >> index & 1 and firewall.forwarded(self._nodes[node], arrived, leaving, packet).passes:
                found |= 1 << index
        return found

    def packet(self, shapes: Shapes, source: int, destination: int) -> Packet:
        """A packet of the first of some shapes; an echo request, or else TCP, where there is a choice."""
        chosen = self.shapes[(shapes & -shapes).bit_length() - 1]
        return Packet(source, destination, *chosen)


def _shapes(rules: list[FilterRule]) -> Iterator[Shape]:
    """Ordinary packets first; then both directions of every port and type that a rule of a firewall names."""
    yield from _ICMP_SHAPES
    bounds = sorted(_bounds(rule.source_ports for rule in rules))
    clients = dict.fromkeys((_CLIENT_PORT, *bounds, *([1] if bounds else [])))
    servers = sorted({1, *_bounds(rule.destination_ports for rule in rules)})
    for protocol in (TCP, UDP):
        for client in clients:
            for server in servers:
                yield protocol, client, server
                yield protocol, server, client
    yield ESP, 0, 0
    for rule in rules:
        if rule.icmp_type is not None:
            yield ICMP, 0, rule.icmp_type
        if rule.protocol not in (None, ICMP, TCP, UDP):
            yield rule.protocol or 0, 0, 0


def _unnamed(named: Collection[Shape]) -> tuple[Shape, Shape]:
    """A type of ICMP and a protocol that stand for all that no rule names."""
    types = {shape[2] for shape in named if shape[0] == ICMP}
    protocols = {shape[0] for shape in named}
    other = next((one for one in range(_UNREACHABLE, _HIGHEST) if one not in types), _HIGHEST)
    protocol = next((one for one in range(_GRE, _HIGHEST) if one not in protocols), _HIGHEST)
    return (ICMP, 0, other), (protocol, 0, 0)


def _bounds(ranges: Iterable[PortRange | None]) -> Iterator[int]:
    """The first port of every range, and the first one behind it."""
    for ports in ranges:
        if ports is not None:
            yield ports.first
            yield min(ports.last + 1, _LAST_PORT)
