"""Judges the properties of a network over all packets and all failures of up to some elements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sealane.diag import Finding, Severity
from sealane.model import Network, Platform
from sealane.verify.ground import Ground
from sealane.verify.properties import PROPERTIES, mtu, overlap
from sealane.verify.survey import Survey
from sealane.verify.violation import Counterexample, Judgement, Verdict, Violation

_OF_NO_PACKET = (overlap.NAME, mtu.NAME)
"""Properties of what is configured rather than of the ways of packets."""
_LARGEST_SURVEYED = 40
"""Tunnels: 20 sites with two each. A survey of all single failures takes half a minute for 14, minutes for more."""
_ALWAYS_SURVEYED = 4
"""Tunnels of a network that is surveyed whole, although its sites could be looked at one by one."""


@dataclass(frozen=True, slots=True)
class Proof:
    """All verdicts.

    Args:
        network: Its name.
        failures: The largest number of elements that failed at once.
        elements: How many elements can fail.
        scenarios: How many sets of failed elements were looked at, the empty one included.
        classes: How many classes of addresses there are.
        flows: How many flows: places of entry and classes of sources and destinations.
        walks: How many packets had to be walked for it.
        judgements: One for each property asked for.
        not_covered: What the model leaves out of all of them.
        scope: What else limits them: which twin was asked, about which packets and failures; empty for a survey.
    """

    network: str
    failures: int
    elements: int
    scenarios: int
    classes: int
    flows: int
    walks: int
    judgements: tuple[Judgement, ...]
    not_covered: tuple[str, ...]
    scope: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The worst of all: violated before not covered before proved."""
        found = {one.verdict for one in self.judgements}
        if Verdict.VIOLATED in found:
            return Verdict.VIOLATED
        return Verdict.NOT_COVERED if self.not_covered or Verdict.NOT_COVERED in found else Verdict.PROVED

    def judgement(self, name: str) -> Judgement:
        """The verdict on one property.

        Raises:
            KeyError: It was not asked for.
        """
        for one in self.judgements:
            if one.name == name:
                return one
        raise KeyError(name)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "network": self.network,
            "failures": self.failures,
            "elements": self.elements,
            "scenarios": self.scenarios,
            "classes": self.classes,
            "flows": self.flows,
            "walks": self.walks,
            "verdict": self.verdict.value,
            "properties": [one.to_json() for one in self.judgements],
            "not_covered": list(self.not_covered),
            **({"scope": list(self.scope)} if self.scope else {}),
        }


def prove(
    network: Network, failures: int = 1, properties: Iterable[str] = (), causes: Sequence[Finding] = ()
) -> Proof:
    """Judge properties.

    A network of several sites is proved site by site, where these do not matter to each other. One with more than 40
    tunnels of which that cannot be said is left to the twin at scale, where that models it.

    Args:
        network: The network.
        failures: The largest number of elements that fail at once.
        properties: Names of those to judge, all of which are demanded then; none means all.
        causes: What is known to be wrong with its devices: the remedies of violations are taken from there.
    """
    demanded = tuple(properties)
    count = len(network.tunnels())
    if count <= _ALWAYS_SURVEYED:
        return prove_survey(Survey(network, failures), demanded, causes)
    from sealane.verify.spokes.belong import Undivided  # noqa: PLC0415 - it imports this module
    from sealane.verify.spokes.prove import prove_by_spokes  # noqa: PLC0415 - it imports this module

    try:
        return prove_by_spokes(network, failures, demanded, causes)
    except Undivided as reason:
        undivided = f"not proved site by site: {reason}"
    if count <= _LARGEST_SURVEYED:
        return replace(prove_survey(Survey(network, failures), demanded, causes), scope=(undivided,))
    from sealane.twin.columns.facts import NotCovered  # noqa: PLC0415 - numpy costs start-up time
    from sealane.verify.scale import prove_at_scale  # noqa: PLC0415 - numpy costs start-up time

    try:
        found = prove_at_scale(network, failures, demanded, causes)
    except NotCovered as reason:
        found = prove_survey(Survey(network, failures), demanded, causes)
        return replace(found, scope=(undivided, f"not proved with the twin at scale: {reason}"))
    return replace(found, scope=(undivided, *found.scope))


def prove_survey(survey: Survey, properties: Iterable[str] = (), causes: Sequence[Finding] = ()) -> Proof:
    """The same of a survey, such as one of a running network."""
    demanded = tuple(properties)
    network = survey.network
    ground = Ground(survey, causes)
    left_out = (*not_covered(network), *dict.fromkeys(unsure(ground)))
    judgements = tuple(
        limited(rechecked(judge(ground, demanded=name in demanded)), left_out)
        for name, judge in PROPERTIES.items()
        if not demanded or name in demanded
    )
    return Proof(
        network.name,
        survey.failures,
        len({element for one in ground.scenarios for element in one.failed}),
        len(ground.scenarios),
        len(ground.survey.universe.classes),
        len(ground.survey.flows),
        ground.survey.walks,
        judgements,
        left_out,
    )


def limited(judgement: Judgement, left_out: tuple[str, ...]) -> Judgement:
    """Nothing is said to hold of packets on the ground of states that the model does not have."""
    if not left_out or judgement.name in _OF_NO_PACKET or judgement.verdict in (Verdict.VIOLATED, Verdict.NOT_COVERED):
        return judgement
    return replace(judgement, verdict=Verdict.NOT_COVERED, summary="; ".join(left_out))


def rechecked(judgement: Judgement) -> Judgement:
    """Nothing is said to be shown by a packet of which an independent computation says something else.

    What another packet shows stays a violation.
    """
    doubts = tuple(
        f"{one.finding.code}: an independent computation of {one.example.packet} finds: {one.example.doubt}"
        for one in judgement.violations
        if one.example is not None and one.example.doubt
    )
    if not doubts:
        return judgement
    left_out = (*judgement.not_covered, *doubts)
    shown = any(
        one.finding.severity is Severity.ERROR and one.example is not None and one.example.doubt == ""
        for one in judgement.violations
    )
    if shown and judgement.verdict is Verdict.VIOLATED:
        return replace(judgement, not_covered=left_out)
    return replace(judgement, verdict=Verdict.NOT_COVERED, summary="; ".join(doubts), not_covered=left_out)


def unsure(ground: Ground) -> Iterable[str]:
    """What was computed, but not proved."""
    for one in ground.scenarios:
        if not one.proved:
            yield "too many tunnels depend on one another to try every state; the verdict is simulated"
        if not one.settled:
            yield "BGP does not come to rest; the tables are those of its last round"


def not_covered(network: Network) -> Iterable[str]:
    """What of a network the model leaves out."""
    for node in network.of_platform(Platform.ASA):
        if node.stateful is not None and node.stateful.has_nat:
            yield f"{node.label or node.name} translates addresses; packets are followed as they are written"


def examples(proof: Proof) -> Iterable[tuple[Judgement, Violation, Counterexample]]:
    """Every counterexample with its place."""
    for judgement in proof.judgements:
        for one in judgement.violations:
            if one.example is not None:
                yield judgement, one, one.example
