"""Parts of a network, and which of them are alike."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

from sealane.diag import Finding, Origin
from sealane.model import Network
from sealane.net import Cidr
from sealane.twin.element import elements
from sealane.verify.ground import Ground
from sealane.verify.spokes.belong import CORE, Spokes, Undivided
from sealane.verify.spokes.cut import Cutter
from sealane.verify.spokes.frame import Frame
from sealane.verify.spokes.shape import Reading, Renaming, Shape, literal_of, read_part, shape_of
from sealane.verify.survey import Flow, Survey
from sealane.verify.universe import Universe, prefixes_of

LARGEST_PART = 12
"""Tunnels of a part that is surveyed whole; more take minutes."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One spoke, with another one where it needs that, and the core.

    Args:
        number: That of the spoke.
        name: What to call it.
        spokes: Their numbers.
        network: The part of the network.
        prefixes: What it tells apart.
        elements: What of it can fail, in words, without that of the core.
        causes: What is known to be wrong with its devices.
        shape: Its shape.
    """

    number: int
    name: str
    spokes: Spokes
    network: Network
    prefixes: frozenset[Cidr]
    elements: frozenset[str]
    causes: tuple[Finding, ...]
    shape: Shape


@dataclass(frozen=True, slots=True, eq=False)
class Renamed:
    """How what is said of one part is said of another."""

    source: Part
    target: Part
    names: Renaming


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Parts that are alike; the first stands for all."""

    parts: tuple[Part, ...]
    _renamings: dict[Part, tuple[Renamed, ...]] = field(default_factory=dict, repr=False)

    @property
    def first(self) -> Part:
        """The one that is looked at."""
        return self.parts[0]

    def renamings(self, source: Part) -> tuple[Renamed, ...]:
        """From one of them to each, itself included."""
        found = self._renamings.get(source)
        if found is None:
            found = tuple(Renamed(source, one, Renaming(source.shape, one.shape)) for one in self.parts)
            self._renamings[source] = found
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A part of each of two kinds, or two of one kind, for the packets between them."""

    one: Kind
    other: Kind
    ends: tuple[Part, Part]
    network: Network

    def between(self, flow: Flow) -> bool:
        """True for packets that neither part has alone."""
        ends = {flow.destination.prefix, *(one.prefix for one in flow.sources)}
        return not any(ends <= one.prefixes for one in self.ends)


class Parts:
    """A network in parts.

    Raises:
        Undivided: It has less than two, or one too large.
    """

    def __init__(self, network: Network, causes: Sequence[Finding] = ()) -> None:
        self.network = network
        self.frame = Frame(network)
        if self.frame.belong.count < 2:  # noqa: PLR2004 -- nothing to tell apart
            raise Undivided("it has less than two sites that do not matter to each other")
        self.whole = Universe(network)
        self._cutter = Cutter(self.frame)
        self._causes = causes
        self.core = self._cutter.cut(frozenset())
        self._core_elements = frozenset(map(str, elements(self.core)))
        self.kinds = self._kinds()

    def pairs(self) -> list[tuple[Kind, Kind]]:
        """Each two kinds, and each kind of several parts with itself."""
        return [
            (one, other) for one, other in combinations_with_replacement(self.kinds, 2)
            if one is not other or len(one.parts) > 1
        ]

    def pair(self, one: Kind, other: Kind) -> Pair:
        """A part of each of two kinds."""
        here, there = one.first, other.parts[1] if one is other else other.first
        network = self._cutter.cut(self.frame.part(here.spokes | there.spokes))
        return Pair(one, other, (here, there), network)

    def survey(self, part: Part, failures: int) -> Survey:
        """Asks about a part."""
        return Survey(part.network, failures, universe=self._universe(part.network))

    def survey_between(self, pair: Pair, failures: int) -> Survey:
        """Asks about the packets between two."""
        universe = self._universe(pair.network)
        return Survey(pair.network, failures, universe=universe, wanted=pair.between)

    def ground(self, part: Part, failures: int) -> Ground:
        """What a part is judged on."""
        return Ground(self.survey(part, failures), part.causes)

    def flows(self, survey: Survey, kind: Kind) -> int:
        """How many flows of the whole network begin at the parts of a kind; those of the core with the first one."""
        nodes, classes = self.frame.belong.nodes, len(self.whole.classes)

        def of(spoke: int) -> int:
            own = [count for entry, count in survey.senders if nodes.get(entry.node, CORE) == spoke]
            return sum(classes - (count == 1) for count in own)

        return of(kind.first.number) * len(kind.parts) + (of(CORE) if kind is self.kinds[0] else 0)

    def _universe(self, network: Network) -> Universe:
        return Universe(network, self.frame.common, self.whole)

    def _kinds(self) -> tuple[Kind, ...]:
        spokes = [self.frame.part(frozenset({number})) for number in range(self.frame.belong.count)]
        networks = [self._cutter.cut(one) for one in spokes]
        if max(len(one.tunnels()) for one in networks) > LARGEST_PART:
            raise Undivided("too many tunnels matter to each other")
        readings = [read_part(one) for one in networks]
        literal = literal_of(self.core, self.frame.literal | {Cidr(0, 0)}, readings)
        shared = _shared_files(readings)
        kinds: dict[object, list[Part]] = {}
        for number, (several, network, reading) in enumerate(zip(spokes, networks, readings, strict=True)):
            causes = tuple(one for one in self._causes if _concerns(one, reading.origins, shared))
            prefixes = frozenset({Cidr(0, 0), *prefixes_of(network), *self.frame.common})
            own = frozenset(map(str, elements(network))) - self._core_elements
            shape = shape_of(reading, prefixes, self.whole, literal)
            part = Part(number, self._name(number, network), several, network, prefixes, own, causes, shape)
            kinds.setdefault((shape.key, tuple(one.code for one in causes)), []).append(part)
        return tuple(Kind(tuple(parts)) for parts in kinds.values())

    def _name(self, number: int, network: Network) -> str:
        """Its first device, else its first node."""
        nodes = self.frame.belong.nodes
        own = [one.name for one in (*network.devices(), *network.nodes) if nodes.get(one.name) == number]
        return str(next(iter(own), f"site {number + 1}"))


def _shared_files(readings: Sequence[Reading]) -> frozenset[str]:
    """Files that several parts are written in."""
    seen: set[str] = set()
    shared: set[str] = set()
    for reading in readings:
        files = {origin.file for origin in reading.origins}
        shared |= seen & files
        seen |= files
    return frozenset(shared)


def _concerns(cause: Finding, origins: Collection[Origin], shared: Collection[str]) -> bool:
    """True for a mistake of a part: in a file that only it has, or on one of its lines of a file that several have."""
    files = {one.file for one in origins}
    return not cause.seen_at or any(
        place in origins or (place.file in files and place.file not in shared) for place in cause.seen_at
    )
