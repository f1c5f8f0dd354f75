"""What a change would do to packets that must not cross a circuit in clear.

Meters are left out of account: what counts is where the routes lead. A meter that drops what is routed past the tunnels
keeps it off the line, but only at a port that is on this host, and at the price of the connection.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from sealane.model import Mode, Network, Protection
from sealane.net import Cidr
from sealane.twin.element import NOTHING, Element, Failures, elements
from sealane.twin.packet import Packet
from sealane.verify.joint import Joint, failure_sets, joints
from sealane.verify.outcome import Outcome, Result
from sealane.verify.survey import Flow, Survey
from sealane.verify.universe import AddressClass, Universe


class Breach(StrEnum):
    """How packets of mode ``required`` come to be clear."""

    RELEASED = "released"
    """No protection of mode ``required`` covers them any more, and they can cross a circuit, in clear or not yet."""
    PAST_TUNNELS = "past the tunnels"
    """Nothing has failed, and routes lead them onto a circuit outside the tunnels; only meters can drop them."""
    SENT_BY_DEVICE = "sent by the device"
    """The site's device sends them in clear over a line whose far port is not on this host: no meter is before it."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """Packets that a change makes clear.

    Args:
        breach: How.
        protections: The protections of mode ``required`` that cover them: before, when they are released.
        circuits: Circuits that they cross in clear; empty for released packets that no failure looked at makes clear:
            the next change may, and would not be stopped.
        failures: The smallest set of failed elements, as text, under which they do; empty: nothing has failed.
        pairs: How many pairs of address classes.
        example: One of the packets; one that arrives where there is a choice.
        arrives: True when it does.
    """

    breach: Breach
    protections: tuple[str, ...]
    circuits: tuple[str, ...]
    failures: tuple[str, ...]
    pairs: int
    example: Packet
    arrives: bool


def made_clear(
    old: Network | None, new: Network, *, complete: bool, failures: int = 1
) -> tuple[Cleared, ...]:
    """What a change makes clear of what must not be; packets for which it was so before are left out.

    Args:
        old: The network as it is; None when there is none.
        new: The network as it would be.
        complete: False for a network that is configured on purpose up to some stage only: then only what is released
            counts.
        failures: How many elements may fail at once where failures are looked at; what is released and encrypted while
            nothing has failed counts in any case.
    """
    if not any(_is_required(one.protections) for one in (old, new) if one is not None):
        return ()
    return tuple(_Judge(old, new, failures).judged(complete=complete))


def _is_required(protections: Iterable[Protection]) -> bool:
    return any(one.mode is Mode.REQUIRED for one in protections)


@dataclass(frozen=True, slots=True)
class _Side:
    """A network with its meters left out, and what it requires."""

    network: Network
    survey: Survey
    modes: Mapping[str, Mode]
    known: frozenset[Element]

    def required(self, source: int, destination: int) -> tuple[str, ...]:
        """Protections of mode ``required`` that cover packets."""
        found = self.survey.protections_of(source, destination)
        return tuple(sorted(one.name for one in found if self.modes[one.name] is Mode.REQUIRED))

    def outcomes(self, flows: Iterable[Flow], failed: Failures) -> tuple[Outcome, ...]:
        """What becomes of packets, for each place where they enter."""
        scenario = self.survey.scenario(failed & self.known)
        return tuple(self.survey.outcome(one, scenario) for one in flows)


def _side(network: Network, other: Network | None) -> _Side:
    modes = {one.name: one.mode for one in network.protections}
    opened = replace(network, protections=tuple(replace(one, mode=Mode.OPEN) for one in network.protections))
    also = () if other is None else Universe(other).prefixes
    return _Side(network, Survey(opened, 1, also), modes, frozenset(elements(network)))


@dataclass(frozen=True, slots=True)
class _Pair:
    """Packets from one class to another, with what required them to be encrypted and what does."""

    source: AddressClass
    destination: AddressClass
    joint: Joint
    was: tuple[str, ...]
    becomes: tuple[str, ...]


def _telling(one: Cleared) -> tuple[object, ...]:
    """Orders what to tell of: packets that are clear and arrive, with the fewest failures, first."""
    return not one.circuits, not one.arrives, len(one.failures), one.failures, one.example.source


class _Judge:
    def __init__(self, old: Network | None, new: Network, failures: int) -> None:
        self.failures = failures
        self.new = _side(new, old)
        self.old = None if old is None else _side(old, new)
        self.beyond = frozenset(one.name for one in new.circuits if one.real_interface is not None)
        self.sites = {one.name: tuple(map(Cidr.of, one.site)) for one in new.protections}

    def judged(self, *, complete: bool) -> Iterator[Cleared]:
        """All packets that are made clear, those together that are so in the same way."""
        found: dict[tuple[Breach, tuple[str, ...]], list[Cleared]] = {}
        for pair in self._pairs():
            one = self._judge(pair, complete=complete)
            if one is not None:
                found.setdefault((one.breach, one.protections), []).append(one)
        for alike in found.values():
            least = min(alike, key=_telling)
            yield replace(least, pairs=len(alike))

    def _pairs(self) -> Iterator[_Pair]:
        for joint in joints(self.old.survey if self.old else self.new.survey, self.new.survey):
            for source in joint.sources:
                ends = source.address, joint.destination.address
                was = () if self.old is None else self.old.required(*ends)
                becomes = self.new.required(*ends)
                if joint.after and (was or becomes):
                    yield _Pair(source, joint.destination, joint, was, becomes)

    def _judge(self, pair: _Pair, *, complete: bool) -> Cleared | None:
        if not pair.becomes:
            return self._first(Breach.RELEASED, pair, pair.was, self.failures) or self._unkept(pair)
        if not complete:
            return None
        past = self._first(Breach.PAST_TUNNELS, pair, pair.becomes, 0)
        if past is not None or not self.beyond or not self._from_site(pair):
            return past
        return self._first(Breach.SENT_BY_DEVICE, pair, pair.becomes, self.failures)

    def _from_site(self, pair: _Pair) -> bool:
        return any(prefix.covers(pair.source.address) for name in pair.becomes for prefix in self.sites[name])

    def _first(self, breach: Breach, pair: _Pair, protections: tuple[str, ...], failures: int) -> Cleared | None:
        """The first state in which the packets cross in clear and did not before."""
        for failed in failure_sets(self.new.known, failures):
            outcomes = self.new.outcomes(pair.joint.after, failed)
            circuits = self._crossed(breach, outcomes)
            if circuits and not self._before(breach, pair, failed):
                example = Packet(pair.source.address, pair.destination.address)
                arrives = all(one.arrives for one in outcomes)
                return Cleared(breach, protections, circuits, tuple(sorted(map(str, failed))), 1, example, arrives)
        return None

    def _unkept(self, pair: _Pair) -> Cleared | None:
        """Released packets that are encrypted while nothing has failed."""
        ends = (end for one in self.new.outcomes(pair.joint.after, NOTHING) for end in one.ends)
        if all(end.result is not Result.ENCRYPTED for end in ends):
            return None
        example = Packet(pair.source.address, pair.destination.address)
        return Cleared(Breach.RELEASED, pair.was, (), (), 1, example, arrives=True)

    def _before(self, breach: Breach, pair: _Pair, failed: Failures) -> bool:
        """True when it was so already, and required: somebody has allowed it."""
        if self.old is None or not pair.was or breach is Breach.RELEASED:
            return False
        return bool(self._crossed(breach, self.old.outcomes(pair.joint.before, failed)))

    def _crossed(self, breach: Breach, outcomes: Iterable[Outcome]) -> tuple[str, ...]:
        """The circuits that matter; packets that only begin to cross and would not arrive count where no meter is."""
        found = {
            circuit
            for outcome in outcomes
            for end in outcome.ends
            if breach is not Breach.PAST_TUNNELS or end.result is Result.CLEAR
            for circuit in end.clear
        }
        return tuple(sorted(found & self.beyond if breach is Breach.SENT_BY_DEVICE else found))
