"""One way of a packet as steps: what each node looked up and did, a tunnel's outer packet nested inside its step."""

from collections.abc import Sequence
from dataclasses import dataclass

from sealane.model import Network, Platform, Port
from sealane.net import NodeName, dotted
from sealane.twin.packet import Fate, Header, Hop, Trip
from sealane.twin.route import NextHop, Protocol
from sealane.twin.situation import Situation
from sealane.verify.explain_route import Choice, RouteExplainer

_ON_SITES = frozenset({Platform.ASA, Platform.GATEWAY, Platform.ROUTER})
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 50: "esp"}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A dedicated line that is crossed: inside ESP of a tunnel, or (None) in clear."""

    circuit: str
    tunnel: str | None

    @property
    def clear(self) -> bool:
        """True outside ESP."""
        return self.tunnel is None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"circuit": self.circuit, "clear": self.clear, "tunnel": self.tunnel}


@dataclass(frozen=True, slots=True)
class Step:
    """What happens on one node.

    Args:
        node: Where.
        arrived: The interface it came in on; None where it starts or the node itself made the packet.
        table: The table asked; empty when none was.
        choice: What the table said; None without a route or without asking.
        before, after: Headers as they come and as they leave, outermost first.
        egress: The interface it leaves on; None where it ends.
        link: The link crossed next; empty when it stays on the node.
        crossing: Set when that link is a dedicated line.
        note: What else happened: encapsulated, decapsulated, or how it ended.
        outer: For a step into a tunnel, the steps of the outer packet.
    """

    node: NodeName
    arrived: str | None
    table: str
    choice: Choice | None
    before: tuple[Header, ...]
    after: tuple[Header, ...]
    egress: str | None
    link: str
    crossing: Crossing | None
    note: str
    outer: tuple["Step", ...] = ()

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        shorter = [] if self.choice is None else [one.to_json() for one in self.choice.shorter]
        return {
            "node": self.node,
            "arrived": self.arrived,
            "table": self.table or None,
            "decision": None if self.choice is None else self.choice.to_json(),
            "without_it": shorter,
            "headers_before": [header_json(one) for one in self.before],
            "headers_after": [header_json(one) for one in self.after],
            "egress": self.egress,
            "link": self.link or None,
            "crossing": None if self.crossing is None else self.crossing.to_json(),
            "note": self.note,
            "outer": [one.to_json() for one in self.outer],
        }


@dataclass(frozen=True, slots=True)
class Way:
    """One way to its end.

    ``arrives`` is also True when the packet reaches the network of a destination that is no host of the plan: ``fate``
    is ``unanswered`` then, because the twin knows nobody there. ``loop`` names the nodes that it goes round, the first
    of them again at the end; empty when it does not.
    """

    steps: tuple[Step, ...]
    end: NodeName
    fate: Fate
    reason: str
    arrives: bool
    crossings: tuple[Crossing, ...]
    tunnels: tuple[str, ...]
    loop: tuple[NodeName, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "fate": self.fate.value,
            "reason": self.reason,
            "end": self.end,
            "arrives": self.arrives,
            "loop": list(self.loop),
            "tunnels": list(self.tunnels),
            "crossings": [one.to_json() for one in self.crossings],
            "steps": [one.to_json() for one in self.steps],
        }


def explain_trip(trip: Trip, explainer: RouteExplainer, situation: Situation) -> Way:
    """One way of a packet, explained."""
    steps, _ = _steps(explainer, trip.hops, 0, len(trip.hops[0].headers))
    crossings = tuple(found for hop in trip.hops if (found := _crossing(hop)) is not None)
    reaches = reaches_network(trip, situation)
    reason = trip.reason
    if reaches:
        gateways = [dotted(one.gateway) for one in _next_hops(trip) if one.gateway is not None]
        there = f"router {' or '.join(gateways)}" if gateways else f"host {dotted(trip.packet.destination)}"
        reason = f"it reaches the network; the plan has no {there} there"
    return Way(steps, trip.end, trip.fate, reason, trip.delivered or reaches, crossings, trip.tunnels(), _loop(trip))


def _loop(trip: Trip) -> tuple[NodeName, ...]:
    """The nodes between the end of a loop and the same place before."""
    *before, last = trip.hops
    places = [(hop.node, hop.arrived, hop.headers) for hop in before]
    here = (last.node, last.arrived, last.headers)
    if trip.fate is not Fate.LOOP or here not in places:
        return ()
    return (*(hop.node for hop in before[places.index(here) :]), last.node)


def reaches_network(trip: Trip, situation: Situation) -> bool:
    """True when a packet comes to the link of its destination, and nobody in the plan has that address.

    The same with the link of the next router, when the plan ends there: it has no such router, and the link is no
    circuit.
    """
    last = trip.hops[-1]
    if trip.fate is not Fate.UNANSWERED or last.decision is None or len(last.headers) > 1:
        return False
    topology = situation.topology
    wanted = {trip.packet.destination}
    if last.decision.best.protocol is not Protocol.CONNECTED:
        if topology.nodes[last.node].platform not in _ON_SITES:
            return False
        wanted |= {one.gateway for one in _next_hops(trip) if one.gateway is not None}
        links = [topology.links.get(Port(last.node, one.interface)) for one in _next_hops(trip)]
        if any(one is None or one.circuit is not None for one in links):
            return False
    if any(address in held for held in topology.addresses.values() for address in wanted):
        return False
    return all(situation.up(last.node, hop.interface) for hop in _next_hops(trip))


def _next_hops(trip: Trip) -> tuple[NextHop, ...]:
    decision = trip.hops[-1].decision
    return () if decision is None else decision.next_hops


def _steps(explainer: RouteExplainer, hops: Sequence[Hop], at: int, depth: int) -> tuple[tuple[Step, ...], int]:
    """Steps from a hop on while the packet has at least ``depth`` headers, and the hop where that ends."""
    found: list[Step] = []
    while at < len(hops):
        hop = hops[at]
        following = hops[at + 1] if at + 1 < len(hops) else None
        before, after = hop.headers, hop.headers
        outer: tuple[Step, ...] = ()
        if len(hop.headers) < depth:  # decapsulated: the last step of the outer packet
            found.append(_step(explainer, hop, hops[at - 1].headers, hop.headers, ()))
            return tuple(found), at + 1
        if following is not None and len(following.headers) > len(hop.headers):
            after = following.headers
            outer, at = _steps(explainer, hops, at + 1, len(after))
        else:
            at += 1
        found.append(_step(explainer, hop, before, after, outer))
    return tuple(found), at


def _step(
    explainer: RouteExplainer,
    hop: Hop,
    before: tuple[Header, ...],
    after: tuple[Header, ...],
    outer: tuple[Step, ...],
) -> Step:
    choice = None
    if hop.decision is not None:
        choice = explainer.choice(hop.node, hop.table, hop.decision, hop.headers[0].packet.destination)
    return Step(
        hop.node, hop.arrived, hop.table, choice, before, after, hop.egress, hop.link, _crossing(hop), hop.note, outer
    )


def _crossing(hop: Hop) -> Crossing | None:
    return Crossing(hop.link, hop.headers[0].tunnel) if hop.circuit else None


def header_json(header: Header) -> dict[str, object]:
    """One header; ``tunnel`` is set on a tunnel's outer header."""
    packet = header.packet
    return {
        "source": dotted(packet.source),
        "destination": dotted(packet.destination),
        "protocol": packet.protocol,
        "tunnel": header.tunnel,
    }


def header_text(headers: Sequence[Header]) -> str:
    """Outermost first: ``ESP 10.10.10.49 -> 192.168.10.136 [icmp 172.16.10.225 -> 192.168.20.6]``."""
    first, *inner = headers
    word = "ESP" if first.tunnel else protocol_word(first.packet.protocol)
    return f"{word} {first.packet}" + (f" [{header_text(inner)}]" if inner else "")


def protocol_word(number: int) -> str:
    """``icmp``, ``tcp``, ``udp``, ``esp``, else ``protocol 47``."""
    return _PROTOCOLS.get(number, f"protocol {number}")


def label_of(network: Network, node: NodeName) -> str:
    """A node as the user calls it."""
    return network.node(node).label or node
