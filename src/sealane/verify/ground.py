"""What all properties are judged on: a survey, and how one packet of it is shown."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property

from sealane.diag import Finding, Origin
from sealane.model import Mode, Network, Platform, Protection
from sealane.net import Address, Cidr
from sealane.twin.element import Failures
from sealane.twin.liveness import State
from sealane.twin.packet import Fate, Packet, Trip
from sealane.verify.checker import Claim, check_claim
from sealane.verify.entry import Entries
from sealane.verify.explain_route import RouteExplainer
from sealane.verify.explain_start import starts
from sealane.verify.explain_trip import explain_trip
from sealane.verify.outcome import End, Outcome
from sealane.verify.survey import Flow, Scenario, Survey
from sealane.verify.universe import AddressClass
from sealane.verify.violation import Counterexample
from sealane.verify.ways import trip_end

UNPROTECTED = "the plan protects nothing"
"""Why nothing is proved of encryption without a protection: who deletes them all must not get a proof."""
_NOT_COVERED = "not covered by the checker: "
_MOST_NAMED = 6


class Ground:
    """A survey with its scenarios computed.

    Args:
        survey: The survey.
        causes: What is known to be wrong with the devices, errors first; remedies are taken from there.
    """

    def __init__(self, survey: Survey, causes: Sequence[Finding] = ()) -> None:
        self.survey = survey
        self.causes = tuple(causes)
        self.scenarios: tuple[Scenario, ...] = tuple(survey.scenarios())
        self._entries = Entries(survey.network)
        self._hosts = {
            int(one.ip) for node in survey.network.of_platform(Platform.HOST) for found in node.interfaces
            for one in found.addresses
        }
        self._examples: dict[tuple[Packet, Failures, State], Counterexample | None] = {}

    @property
    def network(self) -> Network:
        """The network."""
        return self.survey.network

    @property
    def calm(self) -> Scenario:
        """The scenario without failures."""
        return self.scenarios[0]

    @cached_property
    def protected(self) -> tuple[Flow, ...]:
        """Flows of protections between addresses that hosts may have, those between hosts of the plan first."""
        return self.inhabited(one for one in self.survey.flows if one.protections)

    def inhabited(self, flows: Iterable[Flow]) -> tuple[Flow, ...]:
        """Flows between addresses that hosts may have, those between hosts of the plan first."""
        found = [one for one in flows if self.has_host(one)]
        return tuple(sorted(found, key=lambda one: -self._known(one)))

    def has_host(self, flow: Flow) -> bool:
        """True when hosts may have both of a flow's addresses."""
        return self._entries.inhabited(flow.destination.address) and any(
            self._entries.inhabited(one.address) for one in flow.sources
        )

    def reachable(self, flow: Flow) -> bool:
        """True when the plan says how to get to its destination."""
        return self._entries.reachable(flow.destination.address)

    def deserted(self) -> Iterator[str]:
        """Prefixes of protections in which nobody can have an address, in words."""
        for protection in self.network.protections:
            for prefix in dict.fromkeys((*protection.cloud, *protection.site)):
                if not any(self._entries.inhabited(one.address) for one in self.survey.universe.within([prefix])):
                    yield f"nobody in the plan can have an address of {prefix}, which {protection.name} protects"

    def _known(self, flow: Flow) -> int:
        return sum(one in self._hosts for one in (flow.sources[0].address, flow.destination.address))

    def outcomes(self, flow: Flow) -> Iterator[tuple[Scenario, Outcome]]:
        """What becomes of a flow in every scenario."""
        return ((one, self.survey.outcome(flow, one)) for one in self.scenarios)

    def protection(self, flow: Flow) -> Protection:
        """The strictest protection that a flow belongs to."""
        order = (Mode.REQUIRED, Mode.MONITOR, Mode.OPEN)
        found = [one for one in self.network.protections if one.name in flow.protections]
        return min(found, key=lambda one: order.index(one.mode))

    def to_site(self, flow: Flow) -> bool:
        """True for the direction from the cloud to the site."""
        source = flow.sources[0].address
        return any(Cidr.of(prefix).covers(source) for prefix in self.protection(flow).cloud)

    def direction(self, flow: Flow) -> str:
        """In words, from whom to whom."""
        return "from the cloud to the site" if self.to_site(flow) else "from the site to the cloud"

    def example(self, flow: Flow, scenario: Scenario, wanted: Callable[[End], bool]) -> Counterexample | None:
        """A packet of a flow that ends as wanted in one of a scenario's states."""
        for state in scenario.states:
            for end, packet in self.survey.examples(flow, scenario.failed, state):
                if wanted(end):
                    return self._show(flow, packet, scenario.failed, state, end)
        return None

    def _show(self, flow: Flow, packet: Packet, failed: Failures, state: State, end: End) -> Counterexample | None:
        twin = self.survey.twin
        walker = twin.walker(failed, state)
        for trip in walker.send(packet, flow.entry.node, flow.entry.arrived or None, either=True):
            if trip_end(trip, walker.situation) == end:
                way = explain_trip(trip, RouteExplainer(twin, walker.tables), walker.situation)
                begins = next((words for entry, words in starts(twin, packet) if entry == flow.entry), "")
                doubt = self._doubt(_claim(flow, packet, failed, state, trip))
                names = tuple(sorted(map(str, failed)))
                return Counterexample(packet, flow.entry, begins, names, tuple(sorted(state)), end, way, doubt)
        return None

    def _doubt(self, claim: Claim) -> str | None:
        """What the checker finds instead; None when it does not say, as of tables that nobody computed."""
        if not self.survey.twin.computed:
            return None
        doubt = check_claim(self.network, claim)
        return None if doubt is not None and doubt.startswith(_NOT_COVERED) else doubt

    def cause(self, *codes: str) -> Finding | None:
        """The first known mistake of a device among some, in that order."""
        return next((one for code in codes for one in self.causes if one.code == code), None)


def _claim(flow: Flow, packet: Packet, failed: Failures, state: State, trip: Trip) -> Claim:
    """The claim of a counterexample, in the checker's words."""
    if trip.fate is Fate.LOOP:
        outcome = "loop"
    elif not trip.delivered:
        outcome = "dropped"
    else:
        outcome = "clear" if trip.clear_circuits() else "encrypted" if trip.tunnels() else "local"
    return Claim(
        frozenset((one.kind.value, one.name) for one in failed),
        state,
        Address(packet.source),
        Address(packet.destination),
        (flow.entry.node, flow.entry.arrived or None),
        outcome,
        frozenset(trip.clear_circuits()),
        packet.protocol,
        packet.source_port,
        packet.destination_port,
        replies=True,
    )


def minimal(failing: Collection[Failures]) -> tuple[Failures, ...]:
    """The sets that contain no other one, smaller ones first."""
    found: list[Failures] = []
    for one in sorted(failing, key=lambda one: (len(one), sorted(one))):
        if not any(smaller <= one for smaller in found):
            found.append(one)
    return tuple(found)


def names(sets: Iterable[Failures]) -> tuple[tuple[str, ...], ...]:
    """Sets of failed elements as text."""
    return tuple(tuple(sorted(map(str, one))) for one in sets)


def sets_text(sets: Sequence[tuple[str, ...]], most: int = _MOST_NAMED) -> str:
    """``circuit:A; node:x and node:y; 3 more``."""
    shown = [" and ".join(one) or "nothing" for one in sets[:most]]
    more = [f"{len(sets) - most} more"] if len(sets) > most else []
    return "; ".join([*shown, *more])


def packets_text(ground: Ground, flows: Iterable[Flow]) -> tuple[str, ...]:
    """Whom it hits, ``sources -> destinations``: one text for each set of destinations."""
    found: dict[AddressClass, dict[AddressClass, None]] = {}
    for one in flows:
        for source in one.sources:
            found.setdefault(source, {})[one.destination] = None
    grouped: dict[tuple[AddressClass, ...], list[AddressClass]] = {}
    for source, destinations in found.items():
        grouped.setdefault(tuple(sorted(destinations)), []).append(source)
    words = ground.survey.universe.words
    return tuple(f"{', '.join(words(sources))} -> {', '.join(words(there))}" for there, sources in grouped.items())


def known(*places: Origin | None) -> tuple[Origin, ...]:
    """The places that are known, each once."""
    return tuple(dict.fromkeys(place for place in places if place is not None))
