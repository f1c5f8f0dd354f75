"""Both directions of a flow through the twin, in every state that the network may be in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sealane.model import Network, Platform, Protection
from sealane.net import Cidr, NodeName
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import Failures
from sealane.twin.firewall import Pins, group
from sealane.twin.forward import Walker
from sealane.twin.liveness import Stability, State
from sealane.twin.packet import ESP, Packet, Trip
from sealane.verify.entry import Entry
from sealane.verify.explain_cycle import Cycle, explain_cycle, possible_states
from sealane.verify.explain_route import RouteExplainer
from sealane.verify.explain_start import starts
from sealane.verify.explain_trip import Way, explain_trip, reaches_network
from sealane.verify.outcome import packet_json


@dataclass(frozen=True, slots=True)
class Leg:
    """One direction from one place.

    Args:
        packet: What is sent.
        entry: Where it starts; None where the addresses share a network or nobody can have the source.
        begins: The same in words.
        reply: True when it answers an opened flow, so that firewalls let it pass by what they saw.
        ways: Every way it may take.
    """

    packet: Packet
    entry: Entry | None
    begins: str
    reply: bool
    ways: tuple[Way, ...]

    @property
    def crossing(self) -> str:
        """``encrypted``, ``clear`` or ``mixed``: how it crosses circuits; ``none`` when it crosses none."""
        kinds = {one.clear for way in self.ways for one in way.crossings}
        if not kinds:
            return "none"
        return "mixed" if len(kinds) > 1 else "clear" if True in kinds else "encrypted"

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            **packet_json(self.packet),
            "begins": self.begins,
            "starts_at": None if self.entry is None else self.entry.node,
            "arrived": None if self.entry is None else self.entry.arrived or None,
            "reply": self.reply,
            "crossing": self.crossing,
            "arrives": bool(self.ways) and all(way.arrives for way in self.ways),
            "ways": [way.to_json() for way in self.ways],
        }


@dataclass(frozen=True, slots=True)
class StateTrace:
    """Both directions while given tunnels are up; ``rests`` when the network may stay so."""

    tunnels: tuple[str, ...]
    rests: bool
    forward: tuple[Leg, ...]
    back: tuple[Leg, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "tunnels": list(self.tunnels),
            "rests": self.rests,
            "forward": [one.to_json() for one in self.forward],
            "back": [one.to_json() for one in self.back],
        }


@dataclass(frozen=True, slots=True)
class Trace:
    """An answered trace.

    Args:
        failed: Failed elements as text.
        stability: Verdict on the tunnels.
        proved: True when every state was tried for it.
        reasons: Why a tunnel does not carry, by tunnel; only those that do not.
        states: One for a network at rest; otherwise each state of the cycle and each state to stay in.
        cycle: Set when tunnels come and go.
        protections: Those that cover the pair.
        not_modelled: What the answer leaves out, in words; empty when nothing.
    """

    failed: tuple[str, ...]
    stability: Stability
    proved: bool
    reasons: Mapping[str, str]
    states: tuple[StateTrace, ...]
    cycle: Cycle | None
    protections: tuple[Protection, ...]
    not_modelled: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "failed": list(self.failed),
            "stability": self.stability.value,
            "proved": self.proved,
            "tunnels_down": dict(self.reasons),
            "protections": [{"name": one.name, "mode": one.mode.value} for one in self.protections],
            "cycle": None if self.cycle is None else self.cycle.to_json(),
            "not_modelled": list(self.not_modelled),
            "states": [one.to_json() for one in self.states],
        }


def explain_trace(twin: Twin, packet: Packet, failed: Failures) -> Trace:
    """Send a packet and its answer under given failures; somebody must be able to have the source address."""
    converged = twin.converge(failed)
    resting = () if converged.liveness.cycle else (converged.liveness.tunnels,)
    resting = (*resting, *converged.liveness.fixed_points)
    possible = possible_states(converged)
    states = tuple(_Traced(twin, failed, state).both(packet, rests=state in resting) for state in possible)
    return Trace(
        tuple(sorted(str(one) for one in failed)),
        converged.liveness.stability,
        converged.liveness.proved,
        {one.name: one.reason for one in converged.tunnels.values() if not one.carries},
        states,
        explain_cycle(converged),
        tuple(_covering(twin.network, packet)),
        tuple(_not_modelled(twin, converged, states)),
    )


class _Traced:
    """Sends packets through one state."""

    def __init__(self, twin: Twin, failed: Failures, state: State) -> None:
        self._twin = twin
        self._state = state
        self._walker: Walker = twin.walker(failed, state)
        self._explainer = RouteExplainer(twin, self._walker.tables)

    def both(self, packet: Packet, *, rests: bool) -> StateTrace:
        forward, trips = self._open(packet)
        answered = [one for one in trips if one.delivered or reaches_network(one, self._walker.situation)]
        back: tuple[Leg, ...] = ()
        if answered:
            back = self._answer(packet.reply(), answered)
        elif trips:  # nobody answers what does not arrive: the same the other way round, opened there
            back = self._open(replace(packet, source=packet.destination, destination=packet.source))[0]
        return StateTrace(tuple(sorted(self._state)), rests, forward, back)

    def _open(self, packet: Packet) -> tuple[tuple[Leg, ...], list[Trip]]:
        legs: list[Leg] = []
        trips: list[Trip] = []
        for entry, begins in starts(self._twin, packet):
            sent = () if entry is None else self._send(packet, entry, None)
            trips += sent
            legs.append(self._leg(packet, entry, begins, sent, reply=False))
        return tuple(legs), trips

    def _answer(self, packet: Packet, opened: list[Trip]) -> tuple[Leg, ...]:
        """Replies, once for each set of interfaces that firewalls may have seen the flow on."""
        pins: dict[tuple[tuple[NodeName, frozenset[tuple[str, str]]], ...], Pins] = {}
        for trip in opened:
            found = self._pins(trip)
            pins.setdefault(tuple(sorted(found.items())), found)
        legs = []
        for entry, begins in starts(self._twin, packet):
            sent = [trip for one in pins.values() for trip in (() if entry is None else self._send(packet, entry, one))]
            legs.append(self._leg(packet, entry, begins, tuple(dict.fromkeys(sent)), reply=True))
        return tuple(legs)

    def _send(self, packet: Packet, entry: Entry, pins: Pins | None) -> tuple[Trip, ...]:
        found = self._walker.ends.get((entry.node, packet.source, packet.destination))
        if found is not None and packet.protocol == ESP and not entry.arrived:
            return self._walker.send_outer(self._twin.pairs[found[0]], found[1], entry.node)
        return self._walker.send(packet, entry.node, entry.arrived or None, pins=pins)

    def _leg(
        self, packet: Packet, entry: Entry | None, begins: str, sent: tuple[Trip, ...], *, reply: bool
    ) -> Leg:
        ways = tuple(explain_trip(trip, self._explainer, self._walker.situation) for trip in sent)
        return Leg(packet, entry, begins, reply, ways)

    def _pins(self, trip: Trip) -> Pins:
        """What stateful firewalls remember of a flow that took this way."""
        found: Pins = {}
        for hop in trip.hops:
            node = self._twin.topology.nodes[hop.node]
            # Where a node only decapsulates it asks no table; the inner packet is judged after that.
            if node.stateful is None or not hop.clear or not (hop.table and hop.arrived and hop.egress):
                continue
            pair = (group(node, hop.arrived), group(node, hop.egress))
            found[hop.node] = found.get(hop.node, frozenset()) | {pair}
        return found


def _covering(network: Network, packet: Packet) -> Iterator[Protection]:
    for one in network.protections:
        cloud, site = tuple(map(Cidr.of, one.cloud)), tuple(map(Cidr.of, one.site))
        for sender, receiver in ((cloud, site), (site, cloud)):
            if _within(packet.source, sender) and _within(packet.destination, receiver):
                yield one
                break


def _within(address: int, prefixes: tuple[Cidr, ...]) -> bool:
    return any(prefix.covers(address) for prefix in prefixes)


def _not_modelled(twin: Twin, converged: Converged, states: tuple[StateTrace, ...]) -> Iterator[str]:
    if not all(twin.tables(converged.failed, state).settled for state in possible_states(converged)):
        yield "BGP does not come to rest; the tables are those of its last round"
    passed = {
        step.node for state in states for leg in (*state.forward, *state.back) for way in leg.ways for step in way.steps
    }
    for node in twin.network.of_platform(Platform.ASA):
        if node.name in passed and node.stateful is not None and node.stateful.has_nat:
            yield f"{node.name} translates addresses; the addresses are followed as they are written"
