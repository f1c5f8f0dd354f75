"""BGP sessions: who is configured to talk to whom, and what keeps a session down whatever routes there are."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.model import DEFAULT_VBR_ASN, Attachment, BgpNeighbor, Node, Port, TunnelPair
from sealane.net import Asn, NodeName, dotted
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.topology import Topology


@dataclass(frozen=True, slots=True)
class Speaker:
    """One end of a session.

    Args:
        node: Who speaks.
        interface: The interface it speaks over.
        address: Own address of the session.
        asn: The AS number it shows.
        neighbor: What is configured; None for the cloud's own session between transit router and VBR or VPC.
        attachment: The attachment of a transit router it belongs to; None elsewhere.
    """

    node: NodeName
    interface: str
    address: int
    asn: Asn
    neighbor: BgpNeighbor | None
    attachment: str | None = None

    @property
    def configured(self) -> BgpNeighbor:
        """What is configured.

        Raises:
            ValueError: This end is the cloud's own.
        """
        if self.neighbor is None:
            raise ValueError(f"{self.node} has no configured neighbor on {self.interface}")
        return self.neighbor


@dataclass(frozen=True, slots=True)
class Session:
    """A session between two speakers, or (``far`` None) one that nobody answers.

    Args:
        name: Its tunnel's name where it runs over one; else ``NODE/ADDRESS`` or the attachment's name.
        internal: True inside one AS.
        tunnel: The tunnel it runs over; None otherwise.
        problem: Why it cannot come up, whatever is up; empty when it can.
    """

    name: str
    near: Speaker
    far: Speaker | None
    internal: bool
    tunnel: str | None
    problem: str = ""
    origin: Origin | None = None

    def sides(self, node: NodeName) -> tuple[Speaker, Speaker]:
        """A node's own end, and the other.

        Raises:
            ValueError: Nobody answers this session.
        """
        if self.far is None:
            raise ValueError(f"session {self.name} has one end only")
        return (self.near, self.far) if self.near.node == node else (self.far, self.near)

    def ends(self) -> tuple[tuple[Speaker, Speaker], ...]:
        """Both directions: who tells, who hears."""
        return () if self.far is None else ((self.near, self.far), (self.far, self.near))


def sessions(topology: Topology) -> tuple[Session, ...]:
    """Every session of a network, by name."""
    pairs = topology.network.tunnels()
    found = [*_transit_links(topology), *_configured(topology, pairs)]
    return tuple(sorted(found, key=lambda one: one.name))


def _transit_links(topology: Topology) -> Iterator[Session]:
    """Between a transit router and its VBRs, and VPCs that it publishes to: inside one AS, invisible to customers."""
    for node in topology.nodes.values():
        for one in () if node.transit_router is None else node.transit_router.attachments:
            if one.peer is None or not one.interfaces:
                continue
            interface = _far_interface(one, topology.nodes[one.peer])
            if interface is None:
                continue
            near = Speaker(node.name, one.interfaces[0], 0, DEFAULT_VBR_ASN, None, one.name)
            far = Speaker(one.peer, interface, 0, DEFAULT_VBR_ASN, None)
            yield Session(f"link {one.name}", near, far, internal=True, tunnel=None, origin=one.origin)


def _far_interface(one: Attachment, node: Node) -> str | None:
    """The interface over which a VBR or VPC speaks with its transit router; None when it does not."""
    if node.vbr is not None:
        return node.vbr.attachment_interface
    return node.publisher.interface if node.publisher is not None and one.auto_publish else None


def _configured(topology: Topology, pairs: Iterable[TunnelPair]) -> Iterator[Session]:
    speakers = [one for node in topology.nodes.values() for one in _speakers(topology, node)]
    by_ends: dict[tuple[int, int], list[Speaker]] = {}
    for one in speakers:
        by_ends.setdefault((one.address, int(one.configured.address)), []).append(one)
    tunnels = {(pair.near_node, pair.near.interface): pair.name for pair in pairs}
    tunnels |= {(pair.far_node, pair.far.interface): pair.name for pair in pairs if pair.far_node and pair.far}
    used: set[tuple[NodeName, int, int]] = set()
    devices = {node.name for node in topology.network.devices()}
    for near in sorted(speakers, key=lambda one: (one.node in devices, one.node, one.address)):
        mine = near.configured
        peer = int(mine.address)
        if (near.node, near.address, peer) in used:
            continue
        far = next((one for one in by_ends.get((peer, near.address), ()) if one.node != near.node), None)
        tunnel = tunnels.get((near.node, near.interface))
        name = tunnel or f"{near.node}/{mine.address}"
        if far is not None:
            used.add((far.node, far.address, int(far.configured.address)))
            problem = _disagreement(near, far) or _apart(topology, near, far, tunnels)
            yield Session(name, near, far, near.asn == far.asn, tunnel, problem, mine.origin)
            continue
        problem = f"nobody at {mine.address} has {dotted(near.address)} as a neighbor"
        yield Session(name, near, None, internal=False, tunnel=tunnel, problem=problem, origin=mine.origin)


def _speakers(topology: Topology, node: Node) -> Iterator[Speaker]:
    """The configured neighbors of a node, each with what this end shows."""
    if node.transit_router is not None:
        for attachment in node.transit_router.attachments:
            for neighbor in attachment.neighbors:
                asn = neighbor.local_asn or (node.bgp.asn if node.bgp else DEFAULT_VBR_ASN)
                yield from _speaker(topology, node, neighbor, asn, attachment.name)
    elif node.vbr is not None:
        for neighbor in node.vbr.neighbors:
            yield from _speaker(topology, node, neighbor, neighbor.local_asn or node.vbr.local_asn, None)
    elif node.bgp is not None:
        for neighbor in node.bgp.neighbors:
            yield from _speaker(topology, node, neighbor, neighbor.local_asn or node.bgp.asn, None)


def _speaker(
    topology: Topology, node: Node, neighbor: BgpNeighbor, asn: Asn, attachment: str | None
) -> Iterator[Speaker]:
    """The end on the interface that is connected to the neighbor; without one there is no session to model."""
    for one in topology.connected[node.name]:
        if neighbor.interface not in (None, one.interface):
            continue
        if one.cidr.covers(int(neighbor.address)):
            address = one.address if neighbor.local_address is None else int(neighbor.local_address)
            yield Speaker(node.name, one.interface, address, asn, neighbor, attachment)
            return


def _disagreement(near: Speaker, far: Speaker) -> str:
    for here, there in ((near, far), (far, near)):
        mine = here.configured
        if mine.remote_asn != there.asn:
            return f"{here.node} expects AS {mine.remote_asn}, {there.node} shows AS {there.asn}"
        if not mine.activated:
            return f"{here.node} has not activated the IPv4 address family for {mine.address}"
    if near.configured.password != far.configured.password:
        return "the ends do not have the same TCP MD5 password"
    return ""


def _apart(topology: Topology, near: Speaker, far: Speaker, tunnels: Mapping[tuple[NodeName, str], str]) -> str:
    """Both ends must be on one link, or at the ends of one tunnel."""
    here, there = tunnels.get((near.node, near.interface)), tunnels.get((far.node, far.interface))
    if here is not None or there is not None:
        return "" if here == there else f"{near.interface} and {far.interface} are not the ends of one tunnel"
    if Port(far.node, far.interface) in topology.neighbors(near.node, near.interface):
        return ""
    return f"{near.node} and {far.node} are not on one link"


def session_failed(session: Session, failed: Failures) -> bool:
    """True when the session itself is among the failed elements."""
    return Element(ElementKind.BGP, session.name) in failed
