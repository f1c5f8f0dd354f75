"""Judges the properties of a network of which every way of its packets was looked at."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sealane.diag import Finding, Severity
from sealane.model import Network, Platform
from sealane.verify.ground import Ground
from sealane.verify.proof import Proof
from sealane.verify.properties import PROPERTIES, mtu, overlap
from sealane.verify.survey import Survey
from sealane.verify.violation import Judgement, Verdict

_OF_NO_PACKET = (overlap.NAME, mtu.NAME)
"""Properties of what is configured rather than of the ways of packets."""


def prove_survey(survey: Survey, properties: Iterable[str] = (), causes: Sequence[Finding] = ()) -> Proof:
    """Judge properties by a survey, such as one of a running network; see prove."""
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
