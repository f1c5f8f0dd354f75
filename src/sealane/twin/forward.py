"""Walking a packet through converged tables, with every branch of ECMP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.model import Mode, Node, Platform, Port, Protection, TunnelEnd, TunnelPair
from sealane.net import Cidr, NodeName, dotted
from sealane.twin import firewall
from sealane.twin.firewall import Pins, Verdict
from sealane.twin.packet import ESP, Fate, Header, Hop, Packet, Trip
from sealane.twin.profile import NESTED_TUNNELS
from sealane.twin.route import Decision, NextHop
from sealane.twin.situation import Situation
from sealane.twin.state import MAIN, Tables

_LONGEST = 64
"""Hops; the time to live that hosts send with."""


@dataclass(frozen=True, slots=True)
class _At:
    """Where a packet is on its way."""

    node: NodeName
    arrived: str | None
    headers: tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The table that was asked, and what it said."""

    table: str = ""
    decision: Decision | None = None


_NOT_ASKED = _Asked()


class Walker:
    """Sends packets through one converged state.

    Args:
        situation: Failures and tunnels.
        tables: Tables that belong to it.
        pairs: Tunnels by name.
        refuse: Mode ``required`` is enforced at circuit ports; False walks as if no meter stood there.
        judge: Firewalls judge what they forward; False lets everything but tunnels' own packets pass. A way does not
            depend on its packet's source, protocol and ports then.
    """

    def __init__(
        self,
        situation: Situation,
        tables: Tables,
        pairs: Mapping[str, TunnelPair],
        *,
        refuse: bool = True,
        judge: bool = True,
    ) -> None:
        self.situation = situation
        self.judge = judge
        self.topology = situation.topology
        self.tables = tables
        required = [one for one in situation.topology.network.protections if one.mode is Mode.REQUIRED]
        self._required = [_sides(one) for one in required] if refuse else []
        self.ends: dict[tuple[NodeName, int, int], tuple[str, TunnelEnd]] = {}
        for pair in pairs.values():
            self.ends[pair.near_node, int(pair.near.local), int(pair.near.remote)] = (pair.name, pair.near)
            if pair.far_node is not None and pair.far is not None:
                self.ends[pair.far_node, int(pair.far.local), int(pair.far.remote)] = (pair.name, pair.far)

    def send(
        self,
        packet: Packet,
        node: NodeName,
        arrived: str | None = None,
        *,
        pins: Pins | None = None,
        either: bool = False,
    ) -> tuple[Trip, ...]:
        """Every way a packet may take.

        Args:
            packet: What is sent.
            node: Where it starts.
            arrived: The interface it comes in on there; None when the node itself sends it.
            pins: Flows that firewalls know of, when it is a reply; None opens a flow.
            either: Firewalls let it pass when it may open a flow or answer one that was opened the other way: for
                statements about every packet.
        """
        journey = _Journey(self, packet, pins, either=either)
        if arrived is None and not either:
            verdict = firewall.sent(self.topology.nodes[node], packet) if pins is None else firewall.PASSES
            if not verdict.passes:
                hop = Hop(node, None, "", None, (Header(packet),), None, note=verdict.reason)
                return (Trip(packet, (hop,), Fate.FILTERED, verdict.reason),)
        journey.visit(_At(node, arrived, (Header(packet),)), ())
        return tuple(journey.trips)

    def send_outer(self, pair: TunnelPair, end: TunnelEnd, node: NodeName) -> tuple[Trip, ...]:
        """Every way that a tunnel's own packets may take from one of its ends; delivered means at the other end."""
        outer = Packet(int(end.local), int(end.remote), ESP)
        journey = _Journey(self, outer, None)
        journey.visit(_At(node, None, (Header(outer, pair.name),)), ())
        return tuple(journey.trips)

    def table_for(self, node: Node, at: _At) -> str | None:
        """The table that is asked; None when the arriving attachment is associated with none."""
        router = node.transit_router
        if router is None:
            return MAIN
        if at.arrived is None:
            header = at.headers[0]
            own = self.ends.get((node.name, header.packet.source, header.packet.destination))
            if header.tunnel is not None and own is not None:
                return own[1].table
            return next(table.name for table in router.tables if table.system)
        for one in router.attachments:
            if at.arrived in one.interfaces:
                return one.association
        return None

    def clear_refused(self, headers: tuple[Header, ...]) -> bool:
        """True when a meter of mode ``required`` stops the packet."""
        if len(headers) != 1 or headers[0].tunnel is not None:
            return False
        packet = headers[0].packet
        return any(
            (_within(packet.source, cloud) and _within(packet.destination, site))
            or (_within(packet.source, site) and _within(packet.destination, cloud))
            for cloud, site in self._required
        )


def _sides(one: Protection) -> tuple[tuple[Cidr, ...], tuple[Cidr, ...]]:
    return tuple(map(Cidr.of, one.cloud)), tuple(map(Cidr.of, one.site))


def _within(address: int, prefixes: tuple[Cidr, ...]) -> bool:
    return any(one.covers(address) for one in prefixes)


@dataclass(slots=True)
class _Journey:
    """All trips of one packet."""

    walker: Walker
    packet: Packet
    pins: Pins | None
    either: bool = False
    trips: list[Trip] = field(default_factory=list)

    def visit(self, at: _At, before: tuple[Hop, ...]) -> None:
        """Go on from a node."""
        walker, topology = self.walker, self.walker.topology
        if len(before) >= _LONGEST:
            self._end(at, before, Fate.LOOP, "its time to live ends")
            return
        if any(hop.node == at.node and hop.arrived == at.arrived and _same(hop, at) for hop in before):
            self._end(at, before, Fate.LOOP, "it has been here before")
            return
        node = topology.nodes[at.node]
        owner = topology.addresses[at.node].get(at.headers[0].packet.destination)
        if owner is not None:
            self._arrive(node, at, before, owner)
            return
        if node.platform is Platform.HOST and at.arrived is not None:
            self._end(at, before, Fate.UNANSWERED, "a host does not forward")
            return
        table = walker.table_for(node, at)
        if table is None:
            self._end(at, before, Fate.NO_ROUTE, "the attachment is associated with no table")
            return
        decision = walker.tables.lookup(at.node, table, at.headers[0].packet.destination)
        if decision is None:
            self._end(at, before, Fate.NO_ROUTE, f"table {table} has no route", _Asked(table))
            return
        if not decision.next_hops:
            self._end(at, before, Fate.DISCARDED, f"{decision.best.told_by} discards it", _Asked(table, decision))
            return
        for hop in decision.next_hops:
            self._leave(node, at, before, _Asked(table, decision), hop)

    def _arrive(self, node: Node, at: _At, before: tuple[Hop, ...], owner: str) -> None:
        """The packet has come to an address of the node: decapsulate or deliver."""
        header = at.headers[0]
        verdict = firewall.to_the_box(node, at.arrived, owner)
        if not verdict.passes:
            self._end(at, before, Fate.FILTERED, verdict.reason)
            return
        if header.tunnel is None:
            if self.pins is None and not self.either:
                verdict = firewall.admitted(node, header.packet)
            if not verdict.passes:
                self._end(at, before, Fate.FILTERED, verdict.reason)
                return
            self._end(at, before, Fate.DELIVERED, "")
            return
        found = self.walker.ends.get((at.node, header.packet.destination, header.packet.source))
        if found is None or found[0] != header.tunnel:
            self._end(at, before, Fate.FILTERED, "no tunnel end of this node has these outer addresses")
            return
        if len(at.headers) == 1:
            self._end(at, before, Fate.DELIVERED, "")
            return
        _, end = found
        note = f"decapsulated from {header.tunnel}"
        inner = at.headers[1:]
        hops = (*before, Hop(at.node, at.arrived, "", None, inner, end.interface, note=note))
        self.visit(_At(at.node, end.interface, inner), hops)

    def _leave(
        self, node: Node, at: _At, before: tuple[Hop, ...], asked: _Asked, hop: NextHop
    ) -> None:
        topology = self.walker.topology
        outer = at.headers[0].tunnel is not None
        if topology.is_tunnel(at.node, hop.interface):
            if outer and not NESTED_TUNNELS:
                entered = self.walker.situation.tunnel_of.get((at.node, hop.interface), hop.interface)
                itself = " itself" if entered == at.headers[0].tunnel else ""
                reason = f"the outer packet of {at.headers[0].tunnel} would enter {entered}{itself}"
                self._end(at, before, Fate.RECURSION, reason, asked)
                return
            verdict = self._judge(node, at, hop.interface)
            if not verdict.passes:
                self._end(at, before, Fate.FILTERED, verdict.reason, asked)
                return
            self._encapsulate(node, at, before, asked, hop)
            return
        verdict = self._judge(node, at, hop.interface)
        if not verdict.passes:
            self._end(at, before, Fate.FILTERED, verdict.reason, asked)
            return
        self._cross(at, before, asked, hop)

    def _judge(self, node: Node, at: _At, leaving: str) -> Verdict:
        """Firewalls judge what they forward; what the node itself sends passes."""
        outer = at.headers[0].tunnel is not None
        if at.arrived is None or node.stateful is None or not (self.walker.judge or outer):
            return firewall.PASSES
        packet = at.headers[0].packet
        if self.either and not outer:
            return firewall.opens_or_answers(node, at.arrived, leaving, packet)
        if self.pins is None or outer:
            return firewall.forwarded(node, at.arrived, leaving, packet)
        return firewall.answered(node, at.arrived, leaving, packet, self.pins)

    def _encapsulate(
        self, node: Node, at: _At, before: tuple[Hop, ...], asked: _Asked, hop: NextHop
    ) -> None:
        name = self.walker.situation.tunnel_of.get((at.node, hop.interface))
        end = next((one for one in node.tunnel_ends if one.interface == hop.interface), None)
        if end is None or name is None or name not in self.walker.situation.tunnels:
            self._end(at, before, Fate.UNANSWERED, f"tunnel {hop.interface} carries nothing", asked)
            return
        outer = Header(Packet(int(end.local), int(end.remote), ESP), name)
        note = f"encapsulated in {name}"
        step = Hop(at.node, at.arrived, asked.table, asked.decision, at.headers, hop.interface, note=note)
        self.visit(_At(at.node, None, (outer, *at.headers)), (*before, step))

    def _cross(self, at: _At, before: tuple[Hop, ...], asked: _Asked, hop: NextHop) -> None:
        walker = self.walker
        topology, situation = walker.topology, walker.situation
        link = topology.links.get(Port(at.node, hop.interface))
        if not situation.up(at.node, hop.interface) or link is None:
            self._end(at, before, Fate.UNANSWERED, f"{hop.interface} is down", asked)
            return
        circuit = link.circuit is not None
        refused = circuit and walker.clear_refused(at.headers)
        if refused and link.circuit is not None and link.circuit.meters(at.node):
            self._end(at, before, Fate.REFUSED, "mode required: it would cross in clear", asked)
            return
        address = at.headers[0].packet.destination if hop.gateway is None else hop.gateway
        holder = topology.holder(at.node, hop.interface, address)
        step = Hop(at.node, at.arrived, asked.table, asked.decision, at.headers, hop.interface, link.name, circuit)
        if holder is None or not situation.up(holder.node, holder.interface):
            reason = f"nobody on {link.name} answers for {dotted(address)}"
            self._end(at, before, Fate.UNANSWERED, reason, asked)
            return
        there = _At(holder.node, holder.interface, at.headers)
        if refused:
            self._end(there, (*before, step), Fate.REFUSED, "mode required: it has crossed in clear")
            return
        self.visit(there, (*before, step))

    def _end(
        self, at: _At, before: tuple[Hop, ...], fate: Fate, reason: str, asked: _Asked = _NOT_ASKED
    ) -> None:
        note = fate.value if not reason else f"{fate.value}: {reason}"
        last = Hop(at.node, at.arrived, asked.table, asked.decision, at.headers, None, note=note)
        self.trips.append(Trip(self.packet, (*before, last), fate, reason))


def _same(hop: Hop, at: _At) -> bool:
    return len(hop.headers) == len(at.headers) and hop.headers == at.headers and hop.egress is not None and not hop.note
