"""Packets as the twin sends them, and what becomes of them hop by hop."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.net import NodeName, dotted
from sealane.twin.route import Decision

ICMP, TCP, UDP, ESP = 1, 6, 17, 50
ECHO_REQUEST, ECHO_REPLY = 8, 0
IKE_PORT, NAT_T_PORT = 500, 4500


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: addresses as numbers, IANA protocol, ports (ICMP: ``destination_port`` is the type)."""

    source: int
    destination: int
    protocol: int = ICMP
    source_port: int = 0
    destination_port: int = 0

    def reply(self) -> "Packet":
        """The answer to it."""
        if self.protocol == ICMP:
            return Packet(self.destination, self.source, ICMP, 0, ECHO_REPLY)
        return Packet(self.destination, self.source, self.protocol, self.destination_port, self.source_port)

    def __str__(self) -> str:
        return f"{dotted(self.source)} -> {dotted(self.destination)}"


def ping(source: int, destination: int) -> Packet:
    """An ICMP echo request."""
    return Packet(source, destination, ICMP, 0, ECHO_REQUEST)


@dataclass(frozen=True, slots=True)
class Header:
    """One header of a packet on the way: a tunnel's name for ESP, None for the packet itself."""

    packet: Packet
    tunnel: str | None = None


class Fate(StrEnum):
    """How the way of a packet ends."""

    DELIVERED = "delivered"
    NO_ROUTE = "no route"
    DISCARDED = "discarded"
    """By a black hole."""
    UNANSWERED = "unanswered"
    """Nobody on the link has the address."""
    FILTERED = "filtered"
    RECURSION = "recursion"
    """A tunnel's outer packet was routed into a tunnel."""
    REFUSED = "refused"
    """By the meter of mode ``required``: it would have crossed a circuit in clear."""
    LOOP = "loop"
    DEPTH = "too deep"


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a packet.

    Args:
        node: Where it is.
        arrived: The interface it came in on; None where it starts, and after the node itself encapsulated it.
        table: The table that was asked; empty when none was.
        decision: What the table said; None without a route or without asking.
        headers: Outermost first, as they are when the packet leaves the node.
        egress: The interface it leaves on; None where it ends.
        link: The link it crosses next; empty when it stays on the node (tunnels).
        circuit: True when that link is a dedicated line.
        note: What else happened here: encapsulated, decapsulated, delivered, dropped and why.
    """

    node: NodeName
    arrived: str | None
    table: str
    decision: Decision | None
    headers: tuple[Header, ...]
    egress: str | None
    link: str = ""
    circuit: bool = False
    note: str = ""

    @property
    def clear(self) -> bool:
        """True when the inner packet is not inside ESP."""
        return len(self.headers) == 1


@dataclass(frozen=True, slots=True)
class Trip:
    """One of the ways that a packet may take; ECMP makes several."""

    packet: Packet
    hops: tuple[Hop, ...]
    fate: Fate
    reason: str = ""

    @property
    def delivered(self) -> bool:
        """True when it arrives."""
        return self.fate is Fate.DELIVERED

    @property
    def end(self) -> NodeName:
        """The node where it ends."""
        return self.hops[-1].node

    def clear_circuits(self) -> tuple[str, ...]:
        """Circuits that it crosses outside ESP."""
        return tuple(dict.fromkeys(hop.link for hop in self.hops if hop.circuit and hop.clear))

    def circuits(self) -> tuple[str, ...]:
        """Circuits that it crosses at all."""
        return tuple(dict.fromkeys(hop.link for hop in self.hops if hop.circuit))

    def tunnels(self) -> tuple[str, ...]:
        """Tunnels that it goes through."""
        found = [header.tunnel for hop in self.hops for header in hop.headers if header.tunnel is not None]
        return tuple(dict.fromkeys(found))

    def passes(self) -> tuple[tuple[NodeName, str | None, str | None], ...]:
        """(node, arrival, departure) of the packet itself where it is forwarded, outer packets apart."""
        return tuple((hop.node, hop.arrived, hop.egress) for hop in self.hops if hop.clear)


