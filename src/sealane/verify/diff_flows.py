"""What changes for packets between two networks: which classes become clear, encrypted or unreachable, and when.

Both networks are surveyed over one universe of addresses, and each pair of classes is compared under every set of
failures. An element that one of the networks does not have fails in the other only.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sealane.model import Network
from sealane.net import Cidr
from sealane.twin.element import Failures, elements
from sealane.twin.packet import Packet, ping
from sealane.verify.diff_cause import Side, cause_of
from sealane.verify.joint import Joint, failure_sets, joints
from sealane.verify.outcome import Outcome, Result, packet_json
from sealane.verify.survey import Survey
from sealane.verify.universe import AddressClass, Universe

NOBODY = "nobody sends"
"""In place of an outcome: no packet with such a source enters the network."""


class Turn(StrEnum):
    """What a change means for the packets; the first two are for protected ones only, and make a change worse."""

    CLEAR = "becomes clear"
    LOST = "is lost"
    OTHER = "changes"


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets from any of some ranges of addresses to any of others; ``(rest)`` leaves out what is named elsewhere."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"sources": list(self.sources), "destinations": list(self.destinations)}


@dataclass(frozen=True, slots=True)
class FlowChange:
    """Packets that change alike.

    Args:
        turn: See Turn.
        before: What became of them, in words.
        after: What becomes of them.
        failures: The smallest sets of failed elements under which they change so; the empty set is no failure.
        cause: What in the networks makes the difference.
        protections: Names of the protections that they belong to, before or afterwards.
        packets: Which packets.
        example: One of them.
    """

    turn: Turn
    before: str
    after: str
    failures: tuple[tuple[str, ...], ...]
    cause: str
    protections: tuple[str, ...]
    packets: tuple[Packets, ...]
    example: Packet

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "change": self.turn.value,
            "before": self.before,
            "after": self.after,
            "failures": [list(one) for one in self.failures],
            "cause": self.cause,
            "protections": list(self.protections),
            "packets": [one.to_json() for one in self.packets],
            "example": packet_json(self.example),
        }


@dataclass(frozen=True, slots=True)
class FlowDifference:
    """What changes for packets.

    Args:
        failures: How many elements may fail at once.
        sets: How many sets of failed elements were looked at.
        changes: Worse ones first.
        settled: False when BGP does not come to rest in some state: what is said of it is not covered by the model.
        proved: False when too many tunnels depend on one another to try every state.
    """

    failures: int
    sets: int
    changes: tuple[FlowChange, ...]
    settled: bool
    proved: bool

    def __bool__(self) -> bool:
        return bool(self.changes)

    @property
    def worse(self) -> bool:
        """True when something protected becomes clear or is lost."""
        return any(one.turn is not Turn.OTHER for one in self.changes)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "failures": self.failures,
            "failure_sets": self.sets,
            "settled": self.settled,
            "proved": self.proved,
            "changes": [one.to_json() for one in self.changes],
        }


def diff_flows(old: Network, new: Network, failures: int = 1, *, everything: bool = True) -> FlowDifference:
    """Compare two networks under all sets of up to ``failures`` failed elements.

    Args:
        old: The network before.
        new: The network afterwards.
        failures: The largest number of elements that fail at once.
        everything: False compares packets of no protection in the state without failures only.
    """
    surveys = Survey(old, failures, Universe(new).prefixes), Survey(new, failures, Universe(old).prefixes)
    return _Comparison(*surveys, everything=everything).difference()


@dataclass(frozen=True, slots=True)
class _Words:
    """What becomes of packets before and afterwards."""

    turn: Turn
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Group:
    """What pairs have in common that are told of together."""

    words: _Words
    failures: tuple[tuple[str, ...], ...]
    cause: str
    protections: tuple[str, ...]

    def order(self) -> object:
        """Worse first, then protected, then what happens with the fewest failures."""
        turn = list(Turn).index(self.words.turn)
        least = (len(self.failures[0]), self.failures)
        return turn, not self.protections, least, self.words.before, self.words.after, self.cause, self.protections


class _Comparison:
    """Two surveys over one universe."""

    def __init__(self, old: Survey, new: Survey, *, everything: bool) -> None:
        self.old, self.new = old, new
        self.everything = everything
        self.joints = tuple(joints(old, new))
        self.known = frozenset(elements(old.network)), frozenset(elements(new.network))

    def difference(self) -> FlowDifference:
        """All changes."""
        sets = tuple(failure_sets(self.known[0] | self.known[1], self.old.failures))
        settled, proved = True, True
        found: dict[tuple[int, _Words], list[Failures]] = {}
        for failed in sets:
            sides = self._sides(failed)
            settled &= all(one.scenario.settled for one in sides)
            proved &= all(one.scenario.proved for one in sides)
            for index, joint in self._comparable(failed):
                words = _compared(joint, *sides)
                if words is not None:
                    found.setdefault((index, words), []).append(failed)
        return FlowDifference(self.old.failures, len(sets), self._changes(found), settled, proved)

    def _comparable(self, failed: Failures) -> Iterator[tuple[int, Joint]]:
        for index, joint in enumerate(self.joints):
            if not failed or (not joint.enters_elsewhere and (self.everything or joint.protections)):
                yield index, joint

    def _sides(self, failed: Failures) -> tuple[Side, Side]:
        return (
            Side(self.old, self.old.scenario(failed & self.known[0])),
            Side(self.new, self.new.scenario(failed & self.known[1])),
        )

    def _changes(self, found: Mapping[tuple[int, _Words], list[Failures]]) -> tuple[FlowChange, ...]:
        groups: dict[_Group, list[Joint]] = {}
        examples: dict[_Group, Packet] = {}
        for (index, words), failures in found.items():
            joint, least = self.joints[index], _minimal(failures)
            sides = self._sides(least[0])
            shown = tuple(tuple(sorted(map(str, one))) for one in least)
            group = _Group(words, shown, cause_of(joint.before, joint.after, *sides), joint.protections)
            groups.setdefault(group, []).append(joint)
            examples.setdefault(group, _example(joint, *sides))
        return tuple(
            FlowChange(
                one.words.turn, one.words.before, one.words.after, one.failures, one.cause, one.protections,
                tuple(_ranges(groups[one], self.new.universe)), examples[one],
            )
            for one in sorted(groups, key=_Group.order)  # type: ignore[arg-type]
        )


def _minimal(failures: Iterable[Failures]) -> tuple[Failures, ...]:
    """Those sets that contain no other; smaller ones are given first."""
    kept: list[Failures] = []
    for failed in failures:
        if not any(one < failed for one in kept):
            kept.append(failed)
    return tuple(kept)


def _compared(joint: Joint, before: Side, after: Side) -> _Words | None:
    """The words for what changes; None when nothing does."""
    was, becomes = before.outcome(joint.before), after.outcome(joint.after)
    if was == becomes:
        return None
    words = _word(was), _word(becomes)
    if words[0] == words[1]:
        return None
    return _Words(_turn(was, becomes) if joint.protections else Turn.OTHER, *words)


def _turn(was: Outcome | None, becomes: Outcome | None) -> Turn:
    """What is worse for protected packets; to be dropped instead of crossing in clear is not."""
    if becomes is None:
        return Turn.OTHER
    if becomes.clear and (was is None or not was.clear):
        return Turn.CLEAR
    if was is not None and was.arrives and not was.clear and not becomes.arrives:
        return Turn.LOST
    return Turn.OTHER


def _word(outcome: Outcome | None) -> str:
    if outcome is None:
        return NOBODY
    word = str(outcome)
    circuits = " and ".join(outcome.clear)
    if not circuits:
        return word
    return f"{word} over {circuits}" if outcome.result is Result.CLEAR else f"{word}, crossing {circuits} in clear"


def _example(joint: Joint, before: Side, after: Side) -> Packet:
    """A packet of the pair that shows the change: one that gets as far as the worst of them afterwards."""
    for side, flows in ((after, joint.after), (before, joint.before)):
        found = [one for flow in flows for one in side.examples(flow)]
        if found:
            return max(found, key=lambda one: (bool(one[0].clear), bool(one[0].why)))[1]
    return ping(joint.sources[0].address, joint.destination.address)


def _ranges(found: Iterable[Joint], universe: Universe) -> Iterator[Packets]:
    """Pairs with the same sources together, both sides in as few words as they can be told in."""
    sources: dict[AddressClass, set[AddressClass]] = {}
    for joint in found:
        sources.setdefault(joint.destination, set()).update(joint.sources)
    destinations: dict[frozenset[AddressClass], list[AddressClass]] = {}
    for destination, mine in sorted(sources.items()):
        destinations.setdefault(frozenset(mine), []).append(destination)
    for one, others in destinations.items():
        yield Packets(_told(one, universe), _told(others, universe))


def _told(classes: Iterable[AddressClass], universe: Universe) -> tuple[str, ...]:
    """A prefix whole, when all classes in it are there; what is in it is not told then."""
    found = sorted(classes)
    there = frozenset(found)
    whole: list[Cidr] = []
    words = []
    for one in found:
        if any(prefix.contains(one.prefix) for prefix in whole):
            continue
        if one.holes and there.issuperset(inner for inner in universe.classes if one.prefix.contains(inner.prefix)):
            whole.append(one.prefix)
            words.append(str(one.prefix))
        else:
            words.append(str(one))
    return tuple(words)
