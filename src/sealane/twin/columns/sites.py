"""A Network as columns see it: which node is which, and whether its shape is hub and spoke."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.model import Circuit, Network, Node, Platform, Port, TransitRouter, TunnelPair, VirtualBorderRouter
from sealane.net import NodeName
from sealane.twin import element as general
from sealane.twin.columns.element import Element, ElementKind
from sealane.twin.columns.facts import Condition, Need, NotCovered
from sealane.twin.session import Session, sessions
from sealane.twin.topology import Topology

_EDGES = (Platform.HOST, Platform.ROUTER, Platform.VPC)


@dataclass(frozen=True, slots=True)
class Sites:
    """Numbers and parts of a hub-and-spoke network.

    Args:
        topology: The network.
        hub: The transit router.
        router: Its routing side.
        table: Name of its only table.
        border: Number of each border router.
        site: Number of each device.
        pairs: Tunnels in order of their numbers.
        circuit: The circuit of each border router.
        sessions: Those that can come up.
    """

    topology: Topology
    hub: Node
    router: TransitRouter
    table: str
    border: Mapping[NodeName, int]
    site: Mapping[NodeName, int]
    pairs: tuple[TunnelPair, ...]
    circuit: Mapping[NodeName, Circuit]
    sessions: tuple[Session, ...]

    def tunnel(self, name: str) -> int:
        """Number of a tunnel."""
        return next(number for number, pair in enumerate(self.pairs) if pair.name == name)

    def device_table(self, device: NodeName) -> int:
        """Number of a device's table."""
        return 1 + len(self.border) + self.site[device]

    def carrier(self, border: NodeName) -> Condition:
        """A border router's circuit passes packets, as the border router sees it."""
        far = self.circuit[border].site
        site = -1 if far is None else self.site[far.node]
        return Condition(border=self.border[border], needs=Need.CIRCUIT, site=site)

    def line(self, border: NodeName) -> Condition:
        """A border router's circuit passes packets, as the device sees it."""
        return Condition(border=self.border[border], needs=Need.CIRCUIT | Need.BORDER)

    def attached(self, border: NodeName) -> Condition:
        """A border router and its attachment are up."""
        return Condition(border=self.border[border], needs=Need.BORDER | Need.LINK)

    def element(self, one: general.Element) -> tuple[Element, ...] | None:
        """What fails in columns when an element of the network fails; None when columns do not know it."""
        return self._elements().get(one)

    def _elements(self) -> Mapping[general.Element, tuple[Element, ...]]:
        kinds, found = general.ElementKind, dict[general.Element, tuple[Element, ...]]()
        for node, number in self.border.items():
            found[general.Element(kinds.NODE, node)] = (Element(ElementKind.BORDER, number),)
            found[general.Element(kinds.CIRCUIT, self.circuit[node].name)] = (Element(ElementKind.CIRCUIT, number),)
            border = border_of(self.topology, node)
            link = self.topology.links.get(Port(node, border.attachment_interface or ""))
            if link is not None:
                found[general.Element(kinds.LINK, link.name)] = (Element(ElementKind.LINK, number),)
        for node, number in self.site.items():
            found[general.Element(kinds.NODE, node)] = (Element(ElementKind.DEVICE, number),)
        for number, pair in enumerate(self.pairs):
            tunnel = Element(ElementKind.TUNNEL, number)
            found[general.Element(kinds.TUNNEL, pair.name)] = (tunnel,)
            found[general.Element(kinds.BGP, pair.name)] = (Element(ElementKind.SESSION, number),)
            connection = general.Element(kinds.CONNECTION, general.connection_of(pair.name))
            found[connection] = (*found.get(connection, ()), tunnel)
        return found


def border_of(topology: Topology, node: NodeName) -> VirtualBorderRouter:
    """The routing side of a border router.

    Raises:
        NotCovered: It has none.
    """
    found = topology.nodes[node].vbr
    if found is None:
        raise NotCovered(f"{node} has no border router's routing")
    return found


def sites_of(network: Network) -> Sites:
    """Number the parts of a network.

    Raises:
        NotCovered: It is no hub and spoke that columns model; the text says why.
    """
    topology = Topology(network)
    hubs = network.of_platform(Platform.TRANSIT_ROUTER)
    if len(hubs) != 1 or hubs[0].transit_router is None:
        raise NotCovered(f"{len(hubs)} transit routers, one is expected")
    hub, router = hubs[0], hubs[0].transit_router
    if len(router.tables) != 1:
        raise NotCovered("the transit router has several route tables")
    borders = {node.name: number for number, node in enumerate(network.of_platform(Platform.VBR))}
    devices = {node.name: number for number, node in enumerate(network.devices())}
    found = Sites(
        topology, hub, router, router.tables[0].name, borders, devices, network.tunnels(),
        {one.cloud.node: one for one in network.circuits},
        tuple(one for one in sessions(topology) if one.far is not None and not one.problem),
    )
    reason = next(_reasons(network, found), None)
    if reason is not None:
        raise NotCovered(reason)
    return found


def _reasons(network: Network, found: Sites) -> Iterator[str]:
    """Why columns would be wrong about a network."""
    for one in found.router.attachments:
        if one.association not in {None, found.table} or one.propagations not in {(), (found.table,)}:
            yield f"attachment {one.name} uses another table"
        if one.association is None:
            yield f"attachment {one.name} is associated with no table"
        if one.peer is not None and found.topology.nodes[one.peer].publisher is not None:
            yield f"attachment {one.name} publishes routes to {one.instance}"
    yield from _border_reasons(network, found)
    for node in network.nodes:
        if node.platform not in _EDGES and (node.stateful is not None or node.access_lists):
            yield f"{node.name} filters packets"
    yield from _device_reasons(found)


def _border_reasons(network: Network, found: Sites) -> Iterator[str]:
    for name in found.border:
        if name not in found.circuit:
            yield f"{name} has no circuit"
        if border_of(found.topology, name).neighbors:
            yield f"{name} speaks BGP with its customer"
    for line in network.circuits:
        if line.site is not None and line.site.node not in found.site:
            yield f"circuit {line.name} does not end at a device"


def _device_reasons(found: Sites) -> Iterator[str]:
    for node in (found.topology.nodes[name] for name in found.site):
        sources = {end.source_interface for end in node.tunnel_ends}
        for one in node.interfaces:
            link = found.topology.links.get(Port(node.name, one.name))
            if link is not None and link.circuit is not None and one.name in sources:
                yield f"tunnels of {node.name} start at its circuit's own address"
    for session in found.sessions:
        device = next((one.node for one, _ in session.ends() if one.node in found.site), None)
        if device is not None and session.tunnel is None:
            yield f"{device} speaks BGP with {session.near.node} outside of tunnels"
        if device is not None and session.internal:
            yield f"{device} and the transit router are in one AS"
    asns = {session.near.asn for session in found.sessions if session.tunnel is not None}
    if len(asns) > 1:
        yield "the transit router shows several AS numbers"
