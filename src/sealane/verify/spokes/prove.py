"""Proofs of networks of many sites, site by site.

Where no prefix of a site can decide about packets of another (``frame``), the packets between a site and the cloud are
those of the part of the network that the site makes with the cloud, whatever fails elsewhere. So each part is surveyed
as a network of its own, and two together for the packets between them. Parts that are the same but for names and
addresses (``shape``) are surveyed once. How many elements fail at once makes no difference to any of this.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import comb

from sealane.diag import Finding, Origin
from sealane.model import Network
from sealane.twin.element import elements
from sealane.twin.topology import Topology
from sealane.verify.ground import Ground
from sealane.verify.proof import Proof
from sealane.verify.properties import PROPERTIES, coverage, no_loop, overlap
from sealane.verify.prove_survey import limited, not_covered, rechecked, unsure
from sealane.verify.spokes.between import told_by_part, told_by_parts
from sealane.verify.spokes.merge import Told, in_one, merged, said_between, spread
from sealane.verify.spokes.part import Kind, Pair, Parts
from sealane.verify.violation import Judgement, Verdict, Violation

MOST_OPEN = 40
"""Pairs of kinds that are surveyed under failures, a quarter of a second each."""
MOST_CALM = 400
"""Those that are surveyed with nothing failed, which takes a tenth of that."""


def prove_by_spokes(
    network: Network, failures: int = 1, properties: Iterable[str] = (), causes: Sequence[Finding] = ()
) -> Proof:
    """Judge properties as ``prove`` does.

    Raises:
        Undivided: The network is not made of sites that do not matter to each other; the text says why.
    """
    demanded = tuple(properties)
    found = _Proving(Parts(network, causes), failures, demanded)
    left_out = (*not_covered(network), *found.unsure)
    judgements = tuple(limited(found.judgement(name), left_out) for name in found.wanted)
    count = len(elements(network)) if failures else 0
    return Proof(
        network.name, failures, count, sum(comb(count, size) for size in range(failures + 1)),
        len(found.parts.whole.classes), found.flows, found.walks, judgements, left_out, tuple(found.scope()),
    )


class _Proving:
    """Surveys of one part of each kind, and of pairs; then what they say together."""

    def __init__(self, parts: Parts, failures: int, demanded: Sequence[str]) -> None:
        self.parts = parts
        self.wanted = [name for name in PROPERTIES if not demanded or name in demanded]
        self.unsure: dict[str, None] = {}
        self.flows = self.walks = 0
        self._failures, self._demanded = failures, demanded
        self._told: dict[str, list[Told]] = {name: [] for name in self.wanted}
        self._between: dict[str, list[Violation]] = {name: [] for name in self.wanted}
        self._used: set[Origin] = set()
        self._open: set[Kind] = set()
        """Kinds of which packets to and from others may go round."""
        self._follows = told_by_parts(parts.frame, parts.whole)
        for kind in parts.kinds:
            self._survey(kind)
        self._pairs = 0
        self._unseen: dict[str, str] = {}
        self._look_between()

    def judgement(self, name: str) -> Judgement:
        """The verdict on a property of the whole network."""
        told, between = self._told[name], self._between[name]
        if name == overlap.NAME:
            modes = [violation.finding for one in told for violation in spread(one)]
            network = self.parts.network
            return overlap.conclude((*overlap.of_addresses(network, Topology(network)), *modes))
        if name == coverage.NAME:
            clear = in_one([*(violation for one in told for violation in spread(one)), *between])
            unused = coverage.unused(self.parts.network, self._used)
            judgement = coverage.conclude((*clear, *unused), demanded=name in self._demanded)
        else:
            judgement = merged(name, told, between)
        return _without(judgement, self._unseen[name]) if name in self._unseen else judgement

    def scope(self) -> Iterator[str]:
        """What was looked at, in words."""
        count = sum(len(kind.parts) for kind in self.parts.kinds)
        kinds = len(self.parts.kinds)
        yield f"proved site by site: no prefix of any of {count} sites can decide about packets of another or the cloud"
        alike = "all are alike" if kinds == 1 else f"they are of {kinds} kinds"
        pairs = f", and {self._pairs} pairs for packets between sites" if self._pairs else ""
        yield f"{alike}, but for names and addresses; one of each kind was surveyed{pairs}"

    def _survey(self, kind: Kind) -> None:
        """Judge the first part of a kind."""
        ground = self.parts.ground(kind.first, self._failures)
        for name in self.wanted:
            self._told[name].append(Told(kind, rechecked(self._judge(name, ground))))
        if coverage.NAME in self.wanted:
            for origin in set(coverage.used(ground)):
                self._used |= {to.names.origin(origin) for to in kind.renamings(kind.first)}
        if no_loop.NAME in self.wanted and not (self._follows and told_by_part(self.parts.frame, ground)):
            self._open.add(kind)
        self._count(ground)
        self.flows += self.parts.flows(ground.survey, kind)

    def _judge(self, name: str, ground: Ground) -> Judgement:
        demanded = name in self._demanded
        if name == overlap.NAME:
            return overlap.conclude(overlap.of_modes(ground))
        if name == coverage.NAME:
            return coverage.conclude(tuple(coverage.in_clear(ground)), demanded=demanded)
        return PROPERTIES[name](ground, demanded=demanded)

    def _look_between(self) -> None:
        """Look at packets between parts, where it does not follow from the parts what becomes of them."""
        pairs = self.parts.pairs()
        loops = [one for one in pairs if self._open.intersection(one)]
        calm = [one for one in pairs if not self._open.intersection(one)] if coverage.NAME in self.wanted else []
        for name, several, most in ((no_loop.NAME, loops, MOST_OPEN), (coverage.NAME, calm, MOST_CALM)):
            if len(several) > most:
                reason = f"packets between sites of {len(self.parts.kinds)} kinds: {len(several)} pairs are too many"
                self._unseen |= dict.fromkeys((name, coverage.NAME), reason)
            for kinds in several[:most]:
                self._survey_between(self.parts.pair(*kinds), loops=name == no_loop.NAME)

    def _survey_between(self, pair: Pair, *, loops: bool) -> None:
        """Judge the packets between two parts.

        No protection covers them, since every part has all prefixes that are the cloud's.
        """
        ground = Ground(self.parts.survey_between(pair, self._failures if loops else 0))
        if loops:
            judgement = rechecked(no_loop.judge(ground, demanded=False))
            self.unsure |= dict.fromkeys(judgement.not_covered)
            self._between[no_loop.NAME] += [said_between(one, pair) for one in judgement.violations]
        if coverage.NAME in self.wanted:
            self._between[coverage.NAME] += [said_between(one, pair) for one in coverage.in_clear(ground)]
        self._pairs += 1
        self._count(ground)

    def _count(self, ground: Ground) -> None:
        self.unsure |= dict.fromkeys(unsure(ground))
        self.walks += ground.survey.walks


def _without(judgement: Judgement, unseen: str) -> Judgement:
    """Nothing is said to hold of packets that were not looked at; what was found, was found."""
    left_out = (*judgement.not_covered, unseen)
    if judgement.verdict is Verdict.PROVED:
        return replace(judgement, verdict=Verdict.NOT_COVERED, summary=unseen, not_covered=left_out)
    return replace(judgement, not_covered=left_out)
