"""A running network as it was read: plain values, in the words of the model; and what they mean for the twin."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sealane.model import Circuit, Network, Port, Segment
from sealane.net import Cidr, NodeName
from sealane.twin.converge import Twin
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.liveness import State
from sealane.twin.route import NextHop
from sealane.twin.session import Session

CARRYING = frozenset({"INSTALLED", "REKEYING", "REKEYED"})
"""charon's words for a child SA that carries packets."""
ESTABLISHED = "Established"

Hops = frozenset[NextHop]
"""Next hops of a route; empty discards."""


@dataclass(frozen=True, slots=True)
class SeenRoute:
    """A route that the kernel takes for a prefix.

    Args:
        hops: Its next hops. An interface that the model does not know has its Linux name.
        lost: Those of them whose interface has no carrier; the kernel sends there all the same.
        protocol: Who made it, in iproute2's words: ``kernel``, ``bird``, ``bgp``, ``boot`` ...
    """

    hops: Hops
    lost: Hops = frozenset()
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class SeenEnd:
    """A tunnel's end: charon's words for its SAs, and whether the tunnel interface is up."""

    ike_state: str
    child_state: str
    up: bool

    @property
    def carries(self) -> bool:
        """True when packets can go through."""
        return self.child_state in CARRYING and self.up


@dataclass(frozen=True, slots=True)
class SeenNode:
    """One node.

    Args:
        tables: Kernel routes by table of the model and prefix.
        daemon: What the routing daemon wants in them; None when there is none, or it does not answer.
        neighbors: State of every BGP session by the neighbor's address, in RFC 4271's words; empty when the daemon
            does not answer.
        interfaces: Whether an interface has carrier; tunnels are not among them.
        ends: Tunnel ends by their names.
    """

    tables: Mapping[str, Mapping[Cidr, SeenRoute]]
    daemon: Mapping[str, Mapping[Cidr, Hops]] | None = None
    neighbors: Mapping[int, str] = field(default_factory=dict)
    interfaces: Mapping[str, bool] = field(default_factory=dict)
    ends: Mapping[str, SeenEnd] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """A network.

    Args:
        nodes: What was read, by node.
        gone: Nodes that should be on this host and are not.
        differing: Objects on the host, other than routes in the tables above, that are not as they were made; one line
            each.
    """

    nodes: Mapping[NodeName, SeenNode]
    gone: frozenset[NodeName] = frozenset()
    differing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A session and its state at each end that was read."""

    session: Session
    ends: tuple[tuple[NodeName, str], ...]

    @property
    def up(self) -> bool:
        """True when no end that was read is down; at least one was read."""
        return all(state == ESTABLISHED for _, state in self.ends)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reading means for the twin.

    Args:
        failed: Circuits, links and nodes that are down.
        tunnels: Tunnels that carry packets at every end that was read.
        sessions: Every session of which an end was read, by name.
        unread: Tunnels of which no end was read.
    """

    failed: Failures
    tunnels: State
    sessions: Mapping[str, SeenSession]
    unread: State

    def all_failed(self, twin: Twin) -> Failures:
        """Everything that is down as failed elements: links and nodes, tunnels without SAs, sessions."""
        tunnels = {Element(ElementKind.TUNNEL, name) for name in twin.pairs if name not in self.tunnels | self.unread}
        return self.failed | tunnels | self.silent()

    def silent(self) -> Failures:
        """Sessions that are down."""
        return frozenset(Element(ElementKind.BGP, name) for name, one in self.sessions.items() if not one.up)

    def outside(self) -> Failures:
        """What is down and no tunnel's doing: links, nodes, and sessions that run over no tunnel."""
        over = {Element(ElementKind.BGP, name) for name, one in self.sessions.items() if one.session.tunnel is None}
        return self.failed | (self.silent() & over)


def meaning(twin: Twin, seen: Seen) -> Meaning:
    """Derive failures, tunnels and sessions from a reading."""
    ends = {name: tuple(_ends(twin, seen, name)) for name in twin.pairs}
    carrying = frozenset(name for name, found in ends.items() if found and all(one.carries for one in found))
    unread = frozenset(name for name, found in ends.items() if not found)
    sessions = {one.name: found for one in twin.sessions if (found := _session(twin, seen, one)).ends}
    return Meaning(frozenset(_failures(twin.network, seen)), carrying, sessions, unread)


def tunnel_ends(twin: Twin, seen: Seen, name: str) -> Iterator[tuple[NodeName, SeenEnd]]:
    """The ends of a tunnel that were read, with their nodes."""
    pair = twin.pairs[name]
    for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)):
        if node is not None and end is not None and node in seen.nodes:
            found = seen.nodes[node].ends.get(end.name)
            if found is not None:
                yield node, found


def _ends(twin: Twin, seen: Seen, name: str) -> Iterator[SeenEnd]:
    yield from (end for _, end in tunnel_ends(twin, seen, name))


def _session(twin: Twin, seen: Seen, session: Session) -> SeenSession:
    found = []
    for here, _ in session.ends():
        if here.node in seen.nodes:
            node, address = seen.nodes[here.node], _neighbor(twin, session, here.node)
            unknown = "not configured" if node.neighbors else "no daemon"
            found.append((here.node, unknown if address is None else node.neighbors.get(address, unknown)))
    return SeenSession(session, tuple(found))


def _neighbor(twin: Twin, session: Session, node: NodeName) -> int | None:
    """The address under which a node's daemon knows the other end."""
    own, peer = session.sides(node)
    if own.neighbor is not None:
        return int(own.neighbor.address)
    here = twin.topology.connected[peer.node]
    return next((one.address for one in here if one.interface == peer.interface), None)


def _failures(network: Network, seen: Seen) -> Iterator[Element]:
    for name in seen.gone:
        yield Element(ElementKind.NODE, name)
    for circuit in network.circuits:
        if any(_down(seen, port) for port in _ports(circuit)):
            yield Element(ElementKind.CIRCUIT, circuit.name)
    for segment in network.segments:
        if _segment_down(segment, seen):
            yield Element(ElementKind.LINK, segment.name)


def _ports(circuit: Circuit) -> tuple[Port, ...]:
    return (circuit.cloud,) if circuit.site is None else (circuit.cloud, circuit.site)


def _segment_down(segment: Segment, seen: Seen) -> bool:
    """A cable is down when one of its ends is, a switch when all of them are."""
    states = [_down(seen, port) for port in segment.ports if port.node in seen.nodes]
    if len(segment.ports) > 2:  # noqa: PLR2004 - a cable has two ends
        return len(states) == len(segment.ports) and all(states)
    return len(segment.ports) > 1 and any(states)


def _down(seen: Seen, port: Port) -> bool:
    """Without carrier because of something else than a far end that is gone with its node."""
    node = seen.nodes.get(port.node)
    return node is not None and not node.interfaces.get(port.interface, True)


def hops_text(hops: Hops | None) -> str:
    """In words; None is no route."""
    if hops is None:
        return "nothing"
    return " and ".join(map(str, sorted(hops, key=_order))) or "discard"


def _order(hop: NextHop) -> tuple[str, int]:
    return hop.interface, -1 if hop.gateway is None else hop.gateway
