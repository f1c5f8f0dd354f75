"""The ways from a place of entry to a class of destinations, walked once for all states that agree on what they ask."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from sealane.model import Platform
from sealane.net import NodeName
from sealane.twin.converge import Twin
from sealane.twin.element import Failures
from sealane.twin.forward import Walker
from sealane.twin.liveness import State
from sealane.twin.packet import Fate, Packet, Trip
from sealane.twin.route import Protocol
from sealane.twin.situation import Situation
from sealane.verify.entry import Entry
from sealane.verify.explain_trip import reaches_network
from sealane.verify.outcome import End, Result

_Question = tuple[NodeName, str, int]
"""(node, table, address looked up), or (node, interface, -1): is it up."""
_UP = -1
_BLIND = frozenset({Platform.VPC, Platform.ROUTER})
"""Routers that do with a packet the same whatever interface it comes in on."""


@dataclass(frozen=True, slots=True, eq=False)
class Walked:
    """The ways of a packet past all filters.

    Args:
        trips: One for each choice of equal routes.
        arrives: For each whether it ends at its destination, or in the network of an address that no node has.
        loops: True when one goes round.
    """

    trips: tuple[Trip, ...]
    arrives: tuple[bool, ...]
    loops: bool


_NOTHING = Walked((), (), loops=False)


class _Answers(dict[_Question, object]):
    """What one state answers, each question computed once."""

    def __init__(self, walker: Walker) -> None:
        super().__init__()
        self._walker = walker

    def __missing__(self, question: _Question) -> object:
        node, where, address = question
        found: object
        if address == _UP:
            found = self._walker.situation.up(node, where)
        else:
            decision = self._walker.tables.lookup(node, where, address)
            connected = decision is not None and decision.best.protocol is Protocol.CONNECTED
            found = None if decision is None else (decision.next_hops, connected)
        self[question] = found
        return found


@dataclass(slots=True)
class _View:
    """One state, and the ways already found in it by place of entry and destination."""

    walker: Walker
    answers: _Answers
    walked: dict[tuple[Entry, int], Walked] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """A way with the questions asked on it; ``asked`` answers them all in a state's stead."""

    asked: Callable[[_Answers], object]
    answers: object
    walked: Walked


class Ways:
    """Walks packets of one network, and remembers under which answers each way is what it is."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._views: dict[tuple[Failures, State], _View] = {}
        self._known: dict[tuple[Entry, int], list[_Known]] = {}
        self._alike: dict[NodeName, Entry] = {}
        self._leaving: dict[tuple[NodeName, str], tuple[_Question, ...]] = {}

    def of(self, entry: Entry, packet: Packet, failed: Failures, tunnels: State) -> Walked:
        """The ways of a packet and of all others that enter there and go to its destination.

        There are none where it would come in on an interface that is down.
        """
        return self._of(self._view(failed, tunnels), entry, packet)

    def looping(self, packets: Iterable[tuple[Entry, Packet]], failed: Failures, tunnels: State) -> list[bool]:
        """For each packet whether it goes round in a state, unless a filter stops it before."""
        view = self._view(failed, tunnels)
        return [self._of(view, entry, packet).loops for entry, packet in packets]

    def _of(self, view: _View, entry: Entry, packet: Packet) -> Walked:
        if entry.arrived and not view.answers[entry.node, entry.arrived, _UP]:
            return _NOTHING
        if self._twin.topology.nodes[entry.node].platform in _BLIND:
            entry = self._alike.setdefault(entry.node, entry)
        key = (entry, packet.destination)
        found = view.walked.get(key)
        if found is None:
            found = view.walked[key] = self._find(view, key, packet)
        return found

    def _find(self, view: _View, key: tuple[Entry, int], packet: Packet) -> Walked:
        known = self._known.setdefault(key, [])
        for one in known:
            if one.asked(view.answers) == one.answers:
                return one.walked
        entry, _ = key
        walker = view.walker
        trips = walker.send(packet, entry.node, entry.arrived or None, either=True)
        arrives = tuple(one.delivered or reaches_network(one, walker.situation) for one in trips)
        questions = dict.fromkeys(one for trip in trips for one in self._questions(trip))
        walked = Walked(trips, arrives, any(one.fate is Fate.LOOP for one in trips))
        # A getter of one question would answer with the answer itself, not with a tuple: the same for comparing.
        asked: Callable[[_Answers], object] = itemgetter(*questions) if questions else _nothing
        known.append(_Known(asked, asked(view.answers), walked))
        return walked

    @property
    def walks(self) -> int:
        """How many times a packet was walked."""
        return sum(len(known) for known in self._known.values())

    def _view(self, failed: Failures, tunnels: State) -> _View:
        key = (failed, tunnels)
        found = self._views.get(key)
        if found is None:
            walker = self._twin.walker(failed, tunnels, refuse=False, judge=False)
            found = self._views[key] = _View(walker, _Answers(walker))
        return found

    def _questions(self, trip: Trip) -> Iterator[_Question]:
        """Everything that was asked of the state on a way."""
        for hop in trip.hops:
            if hop.table:
                yield hop.node, hop.table, hop.headers[0].packet.destination
            for following in () if hop.decision is None else hop.decision.next_hops:
                yield from self._ports(hop.node, following.interface)

    def _ports(self, node: NodeName, interface: str) -> tuple[_Question, ...]:
        """Whether an interface and those on its link are up."""
        key = (node, interface)
        found = self._leaving.get(key)
        if found is None:
            others = [(port.node, port.interface, _UP) for port in self._twin.topology.neighbors(node, interface)]
            found = self._leaving[key] = ((node, interface, _UP), *others)
        return found


def _nothing(_: _Answers) -> object:
    """The answers to no question."""
    return None


def trip_end(trip: Trip, situation: Situation) -> End:
    """How a way ends that filters had their say on."""
    clear, tunnels = tuple(sorted(trip.clear_circuits())), tuple(sorted(trip.tunnels()))
    if not trip.delivered and not reaches_network(trip, situation):
        return End(Result.UNREACHABLE, trip.fate.value, clear, tunnels)
    return End(Result.CLEAR if clear else Result.ENCRYPTED if trip.circuits() else Result.LOCAL, "", clear, tunnels)
