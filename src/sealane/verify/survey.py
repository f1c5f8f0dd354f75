"""Every packet in every state: where it enters, what its addresses are, what has failed, and what becomes of it.

The way of a packet depends on its destination alone until a filter stops it. So one packet is walked for each place of
entry and class of destinations, past all filters; what filters do to sources, protocols and ports is read off its way.
A way is walked again only in states that answer one of the questions asked on it differently.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, compress

from sealane.model import Mode, Network, Protection
from sealane.net import Cidr
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import NOTHING, Failures, elements
from sealane.twin.firewall import filter_prefixes
from sealane.twin.liveness import Stability, State
from sealane.twin.packet import Fate, Hop, Packet, Trip
from sealane.verify.entry import Entries, Entry
from sealane.verify.explain_cycle import possible_states
from sealane.verify.outcome import End, Outcome, Result, merge
from sealane.verify.shapes import Filters, Shapes
from sealane.verify.universe import AddressClass, Universe
from sealane.verify.ways import Walked, Ways


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Packets that nothing in the network tells apart, but for protocols and ports. Each flow is itself only.

    Args:
        entry: Where they enter.
        sources: Classes of their source addresses; filters and protections treat all of them alike.
        destination: Class of their destination addresses.
        protections: Names of the protections that they belong to.
    """

    entry: Entry
    sources: tuple[AddressClass, ...]
    destination: AddressClass
    protections: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{', '.join(map(str, self.sources))} -> {self.destination}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The network while given elements have failed.

    Args:
        failed: Those elements.
        stability: Verdict on the tunnels.
        proved: True when every state of the tunnels was tried for it.
        states: The states of the tunnels to look at: the one reached, or those that follow one another for ever; then
            the others that the network may stay in.
        settled: False when BGP does not come to rest in one of the states.
        converged: All of it as the twin found it.
    """

    failed: Failures
    stability: Stability
    proved: bool
    states: tuple[State, ...]
    settled: bool
    converged: Converged = field(repr=False, compare=False)

    @property
    def varying(self) -> bool:
        """True when it comes to no rest from a cold start."""
        return bool(self.converged.liveness.cycle)

    @property
    def names(self) -> tuple[str, ...]:
        """The failed elements as text, in order."""
        return tuple(sorted(map(str, self.failed)))

    def __str__(self) -> str:
        return " and ".join(self.names) or "nothing"


class Survey:
    """Answers for one network, computed when asked and remembered.

    Args:
        network: The network.
        failures: The largest number of elements that fail at once.
        also: Prefixes to tell apart although this network does not, such as those of a network to compare with.
        twin: Who is asked; None is a twin of the network.
        universe: The classes of addresses; None makes them of the network and ``also``.
        wanted: Which flows to look at; None means all.
    """

    def __init__(
        self,
        network: Network,
        failures: int = 1,
        also: Iterable[Cidr] = (),
        twin: Twin | None = None,
        *,
        universe: Universe | None = None,
        wanted: "Callable[[Flow], bool] | None" = None,
    ) -> None:
        self.network = network
        self.failures = failures
        self.twin = Twin(network) if twin is None else twin
        self.universe = Universe(network, also) if universe is None else universe
        self.filters = Filters(network)
        self._ways = Ways(self.twin)
        self._sides = [(one, tuple(map(Cidr.of, one.cloud)), tuple(map(Cidr.of, one.site)))
                       for one in network.protections]
        # What filters and protections tell apart, which is less than what routes do.
        protected = {cidr for _, cloud, site in self._sides for cidr in (*cloud, *site)}
        self._coarse = Universe(None, filter_prefixes(network.nodes) | protected)
        self._protections: dict[tuple[int, int], tuple[Protection, ...]] = {}
        self._scenarios: dict[Failures, Scenario] = {}
        self._merged: dict[tuple[Flow, Failures], Outcome] = {}
        self._keys: dict[int, int] = {}
        self._outcomes: dict[tuple[Walked, int, int], Outcome] = {}
        self.senders: list[tuple[Entry, int]] = []
        """Where packets enter whose sources nothing tells apart, and of how many classes those are."""
        self.flows: tuple[Flow, ...] = tuple(filter(wanted, self._flows()))
        self._packets = {
            one: (one.entry, Packet(one.sources[0].address, one.destination.address)) for one in self.flows
        }

    def failure_sets(self) -> Iterator[Failures]:
        """Every set of elements that may fail at once, smaller ones first."""
        known = elements(self.network)
        for size in range(self.failures + 1):
            yield from map(frozenset, combinations(known, size))

    def scenarios(self) -> Iterator[Scenario]:
        """The network under each of these sets."""
        return map(self.scenario, self.failure_sets())

    def scenario(self, failed: Failures = NOTHING) -> Scenario:
        """The network under one set of failed elements, of any size."""
        found = self._scenarios.get(failed)
        if found is None:
            converged = self.twin.converge(failed)
            liveness = converged.liveness
            states = possible_states(converged)
            settled = all(self.twin.tables(failed, one).settled for one in states)
            found = self._scenarios[failed] = Scenario(
                failed, liveness.stability, liveness.proved, states, settled, converged
            )
        return found

    def outcome(self, flow: Flow, scenario: Scenario) -> Outcome:
        """What becomes of a flow, over all states that a scenario allows."""
        key = (flow, scenario.failed)
        found = self._merged.get(key)
        if found is None:
            outcomes = [self.outcome_in(flow, scenario.failed, one) for one in scenario.states]
            found = self._merged[key] = merge(outcomes, varying=scenario.varying)
        return found

    def outcome_in(self, flow: Flow, failed: Failures, tunnels: State) -> Outcome:
        """What becomes of a flow in one state."""
        walked = self.walked(flow, failed, tunnels)
        key = (walked, self._key(flow.sources[0].address), self._key(flow.destination.address))
        found = self._outcomes.get(key)
        if found is None:
            ways = zip(walked.trips, walked.arrives, strict=True)
            ends = {self._end(trip, arrives, flow)[0] for trip, arrives in ways} or {_NOT_ENTERED}
            found = self._outcomes[key] = Outcome(tuple(sorted(ends)))
        return found

    def walked(self, flow: Flow, failed: Failures, tunnels: State) -> Walked:
        """The ways of a flow in one state, past all filters."""
        own = self._packets.get(flow)  # a flow may be of a survey to compare with
        packet = Packet(flow.sources[0].address, flow.destination.address) if own is None else own[1]
        return self._ways.of(flow.entry, packet, failed, tunnels)

    def walked_from(self, entry: Entry, flow: Flow, failed: Failures, tunnels: State) -> Walked:
        """The ways that a flow's packets would have from elsewhere, past all filters."""
        packet = Packet(flow.sources[0].address, flow.destination.address)
        return self._ways.of(entry, packet, failed, tunnels)

    def looping(self, failed: Failures, tunnels: State) -> Iterator[Flow]:
        """Flows that go round in one state, unless a filter stops them before."""
        return compress(self._packets, self._ways.looping(self._packets.values(), failed, tunnels))

    def examples(self, flow: Flow, failed: Failures, tunnels: State) -> Iterator[tuple[End, Packet]]:
        """For each way of a flow in one state its end, and a packet of the flow that gets so far."""
        walked = self.walked(flow, failed, tunnels)
        for trip, arrives in zip(walked.trips, walked.arrives, strict=True):
            end, shapes = self._end(trip, arrives, flow)
            yield end, self.filters.packet(shapes, flow.sources[0].address, flow.destination.address)

    def opens(self, flow: Flow, failed: Failures, tunnels: State) -> bool:
        """True when firewalls on some way of a flow let it begin with some packet."""
        walked = self.walked(flow, failed, tunnels)
        ways = zip(walked.trips, walked.arrives, strict=True)
        return any(self._opens(trip, flow) for trip, arrives in ways if arrives)

    def _opens(self, trip: Trip, flow: Flow) -> bool:
        shapes = self.filters.opening
        for hop in trip.hops:
            if hop.clear and hop.table and hop.arrived and hop.egress and self.filters.stands_at(hop.node):
                source, destination = flow.sources[0].address, flow.destination.address
                shapes &= self.filters.opens(hop.node, hop.arrived, hop.egress, source, destination)
        return shapes != 0

    @property
    def walks(self) -> int:
        """How many times a packet was walked so far."""
        return self._ways.walks

    def protections_of(self, source: int, destination: int) -> tuple[Protection, ...]:
        """The protections that packets between two addresses belong to."""
        key = self._key(source), self._key(destination)
        found = self._protections.get(key)
        if found is None:
            found = self._protections[key] = tuple(
                one
                for one, cloud, site in self._sides
                if (_within(source, cloud) and _within(destination, site))
                or (_within(source, site) and _within(destination, cloud))
            )
        return found

    def _end(self, trip: Trip, arrives: bool, flow: Flow) -> tuple[End, Shapes]:
        """Where a way ends once filters have their say, and the shapes that get there."""
        source, destination = flow.sources[0].address, flow.destination.address
        required = any(one.mode is Mode.REQUIRED for one in self.protections_of(source, destination))
        shapes = self.filters.every
        clear: dict[str, None] = {}
        tunnels: dict[str, None] = {}
        for hop in trip.hops:
            if not hop.clear:
                tunnels |= {header.tunnel: None for header in hop.headers if header.tunnel is not None}
                continue
            passing = shapes & self._passing(hop, source, destination)
            if not passing:
                return _stopped(Fate.FILTERED, clear, tunnels), shapes
            shapes = passing
            if hop.circuit and not (required and self._metered(hop)):
                clear[hop.link] = None
            if hop.circuit and required:
                return _stopped(Fate.REFUSED, clear, tunnels), shapes
        if not arrives:
            return _stopped(trip.fate, clear, tunnels), shapes
        result = Result.CLEAR if clear else Result.ENCRYPTED if trip.circuits() else Result.LOCAL
        return End(result, "", tuple(sorted(clear)), tuple(sorted(tunnels))), shapes

    def _metered(self, hop: Hop) -> bool:
        """True when a meter drops a packet before it is on the line that it crosses next, not behind it."""
        return all(one.meters(hop.node) for one in self.network.circuits if one.name == hop.link)

    def _passing(self, hop: Hop, source: int, destination: int) -> Shapes:
        """The shapes that a node lets leave; where the way ends, by any of the interfaces that its route names."""
        if not hop.arrived or hop.decision is None or not self.filters.stands_at(hop.node):
            return self.filters.every
        leaving = {one.interface for one in hop.decision.next_hops} if hop.egress is None else {hop.egress}
        passing = 0 if leaving else self.filters.every
        for one in leaving:
            passing |= self.filters.passing(hop.node, hop.arrived, one, self._key(source), self._key(destination))
        return passing

    def _key(self, address: int) -> int:
        """One address for all that filters and protections treat alike."""
        found = self._keys.get(address)
        if found is None:
            found = self._keys[address] = self._coarse.of(address).address
        return found

    def _flows(self) -> Iterator[Flow]:
        entries = Entries(self.network)
        groups: dict[tuple[Entry, int], list[AddressClass]] = {}
        for one in self.universe.classes:
            for entry in entries.of(one.address):
                groups.setdefault((entry, self._key(one.address)), []).append(one)
        for (entry, _), sources in sorted(groups.items()):
            self.senders.append((entry, len(sources)))
            for destination in self.universe.classes:
                others = tuple(one for one in sources if one != destination)
                if others:
                    names = tuple(
                        one.name for one in self.protections_of(others[0].address, destination.address)
                    )
                    yield Flow(entry, others, destination, names)


_NOT_ENTERED = End(Result.UNREACHABLE, Fate.UNANSWERED.value)
"""Of packets that would come in on an interface that is down."""


def _stopped(fate: Fate, clear: Iterable[str], tunnels: Iterable[str]) -> End:
    return End(Result.UNREACHABLE, fate.value, tuple(sorted(clear)), tuple(sorted(tunnels)))


def _within(address: int, prefixes: tuple[Cidr, ...]) -> bool:
    return any(prefix.covers(address) for prefix in prefixes)
