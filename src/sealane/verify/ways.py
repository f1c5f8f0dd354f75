"""The ways from a place of entry to a class of destinations, walked once for all states that agree on what they ask."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sealane.net import NodeName
from sealane.twin.converge import Twin
from sealane.twin.element import Failures
from sealane.twin.forward import Walker
from sealane.twin.liveness import State
from sealane.twin.packet import Packet, Trip
from sealane.twin.route import Protocol
from sealane.twin.situation import Situation
from sealane.verify.entry import Entry
from sealane.verify.explain_trip import reaches_network
from sealane.verify.outcome import End, Result

_Question = tuple[NodeName, str, int]
"""(node, table, address looked up), or (node, interface, -1): is it up."""
_UP = -1


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """The ways of a packet past all filters.

    Args:
        trips: One for each choice of equal routes.
        arrives: For each whether it ends at its destination, or in the network of an address that no node has.
    """

    trips: tuple[Trip, ...]
    arrives: tuple[bool, ...]


@dataclass(slots=True)
class _View:
    """One state: answers questions, each computed once."""

    walker: Walker
    answers: dict[_Question, object] = field(default_factory=dict)

    def answer(self, question: _Question) -> object:
        if question in self.answers:
            return self.answers[question]
        node, where, address = question
        found: object
        if address == _UP:
            found = self.walker.situation.up(node, where)
        else:
            decision = self.walker.tables.lookup(node, where, address)
            connected = decision is not None and decision.best.protocol is Protocol.CONNECTED
            found = None if decision is None else (decision.next_hops, connected)
        self.answers[question] = found
        return found


class Ways:
    """Walks packets of one network, and remembers under which answers each way is what it is."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._views: dict[tuple[Failures, State], _View] = {}
        self._walked: dict[tuple[Entry, int], list[tuple[tuple[tuple[_Question, object], ...], Walked]]] = {}

    def of(self, entry: Entry, packet: Packet, failed: Failures, tunnels: State) -> Walked:
        """The ways of a packet and of all others that enter there and go to its destination."""
        view = self._view(failed, tunnels)
        known = self._walked.setdefault((entry, packet.destination), [])
        for asked, walked in known:
            if all(view.answer(question) == answer for question, answer in asked):
                return walked
        walker = view.walker
        trips = walker.send(packet, entry.node, entry.arrived or None, either=True)
        arrives = tuple(one.delivered or reaches_network(one, walker.situation) for one in trips)
        questions = dict.fromkeys(one for trip in trips for one in self._questions(trip))
        walked = Walked(trips, arrives)
        known.append((tuple((one, view.answer(one)) for one in questions), walked))
        return walked

    @property
    def walks(self) -> int:
        """How many times a packet was walked."""
        return sum(len(known) for known in self._walked.values())

    def _view(self, failed: Failures, tunnels: State) -> _View:
        key = (failed, tunnels)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = _View(self._twin.walker(failed, tunnels, refuse=False, judge=False))
        return found

    def _questions(self, trip: Trip) -> Iterator[_Question]:
        """Everything that was asked of the state on a way."""
        topology = self._twin.topology
        for hop in trip.hops:
            if hop.table:
                yield hop.node, hop.table, hop.headers[0].packet.destination
            for following in () if hop.decision is None else hop.decision.next_hops:
                yield hop.node, following.interface, _UP
                for port in topology.neighbors(hop.node, following.interface):
                    yield port.node, port.interface, _UP
            if hop.arrived is not None:
                yield hop.node, hop.arrived, _UP


def trip_end(trip: Trip, situation: Situation) -> End:
    """How a way ends that filters had their say on."""
    clear, tunnels = tuple(sorted(trip.clear_circuits())), tuple(sorted(trip.tunnels()))
    if not trip.delivered and not reaches_network(trip, situation):
        return End(Result.UNREACHABLE, trip.fate.value, clear, tunnels)
    return End(Result.CLEAR if clear else Result.ENCRYPTED if trip.circuits() else Result.LOCAL, "", clear, tunnels)
