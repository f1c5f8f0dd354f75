"""Protocols and ports: the finitely many shapes of packets that filters tell apart, and which of them pass where."""

from collections.abc import Iterable, Iterator

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


class Filters:
    """The firewalls of a network.

    A packet passes a firewall that lets it open a flow, or answer one that was opened the other way.
    """

    def __init__(self, network: Network) -> None:
        self._nodes = {node.name: node for node in network.nodes if node.stateful is not None}
        self.shapes: tuple[Shape, ...] = tuple(dict.fromkeys(_shapes(network)))
        self.every: Shapes = (1 << len(self.shapes)) - 1
        self._passing: dict[tuple[NodeName, str, str, int, int], Shapes] = {}
        self.opening: Shapes = sum(
            1 << index for index, shape in enumerate(self.shapes) if shape[2] not in (ECHO_REPLY, _CLIENT_PORT)
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


def _shapes(network: Network) -> Iterator[Shape]:
    """Ordinary packets first; then both directions of every port and type that a rule of a firewall names."""
    yield from _ICMP_SHAPES
    rules = [rule for node in network.nodes if node.stateful is not None for rule in _rules(node)]
    clients = sorted({_CLIENT_PORT, *_bounds(rule.source_ports for rule in rules)})
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


def _rules(node: Node) -> Iterator[FilterRule]:
    for one in node.access_lists:
        yield from one.rules


def _bounds(ranges: Iterable[PortRange | None]) -> Iterator[int]:
    """The first port of every range, and the first one behind it."""
    for ports in ranges:
        if ports is not None:
            yield ports.first
            yield min(ports.last + 1, _LAST_PORT)
