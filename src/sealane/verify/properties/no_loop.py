"""No packet goes round in circles, protected or not, in no state."""

from sealane.diag import Finding, Severity
from sealane.twin.element import Failures
from sealane.twin.packet import Fate
from sealane.verify.explain_trip import label_of
from sealane.verify.ground import Ground, known, minimal, names, packets_text
from sealane.verify.outcome import End
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "no-loop"


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    groups: dict[tuple[str, ...], tuple[list[Flow], dict[Failures, Scenario]]] = {}
    survey = ground.survey
    for scenario in ground.scenarios:
        for flow in dict.fromkeys(one for state in scenario.states for one in survey.looping(scenario.failed, state)):
            if Fate.LOOP.value in survey.outcome(flow, scenario).why:  # no filter stops it before
                flows, failing = groups.setdefault(_round(ground, flow, scenario), ([], {}))
                flows += [] if flow in flows else [flow]
                failing.setdefault(scenario.failed, scenario)
    found = tuple(_violation(ground, key, flows, failing) for key, (flows, failing) in groups.items())
    if not found:
        return Judgement(NAME, Verdict.PROVED, f"none of {len(ground.survey.flows)} flows goes round")
    summary = "; ".join(f"{one.finding.subject} go round" for one in found)
    return Judgement(NAME, Verdict.VIOLATED, summary, found)


def _round(ground: Ground, flow: Flow, scenario: Scenario) -> tuple[str, ...]:
    """The nodes that a flow goes round, from the one that comes first in the alphabet."""
    for state in scenario.states:
        walked = ground.survey.walked(flow, scenario.failed, state)
        for trip in walked.trips:
            if trip.fate is Fate.LOOP:
                *before, last = trip.hops
                here = (last.node, last.arrived, last.headers)
                places = [(hop.node, hop.arrived, hop.headers) for hop in before]
                ring = [hop.node for hop in before[places.index(here) :]] if here in places else [last.node]
                first = ring.index(min(ring))
                return (*ring[first:], *ring[:first])
    return ()


def _violation(
    ground: Ground, ring: tuple[str, ...], flows: list[Flow], failing: dict[Failures, Scenario]
) -> Violation:
    def loops(end: End) -> bool:
        return end.why == Fate.LOOP.value

    sets = minimal(failing)
    scenario = failing[sets[0]]
    wanted = [one for one in flows if Fate.LOOP.value in ground.survey.outcome(one, scenario).why]
    flow = (*ground.inhabited(wanted), *wanted)[0]
    example = ground.example(flow, scenario, loops)
    destinations = ", ".join(ground.survey.universe.words(one.destination for one in flows))
    labels = " and ".join(label_of(ground.network, ground.network.node(one).name) for one in ring)
    steps = () if example is None else example.way.steps
    notes = [note for step in steps if step.node in ring and step.choice is not None for note in step.choice.used]
    deciding = "; ".join(dict.fromkeys(
        f"{label_of(ground.network, step.node)} sends it by {step.choice.prefix}, told by {note.route.told_by}"
        for step in steps if step.node in ring and step.choice is not None for note in step.choice.used
    ))
    cause = ground.cause("DEV-118")
    told = any(note.route.session is not None for note in notes)
    finding = Finding(
        "PRF-010",
        Severity.ERROR,
        f"packets to {destinations}",
        f"they go round between {labels}: {deciding}",
        cause.remedy if cause is not None else _remedy(labels, destinations, told=told),
        known(*(note.route.origin for note in notes)),
    )
    return Violation(finding, packets_text(ground, flows), names(sets), example)


def _remedy(labels: str, destinations: str, *, told: bool) -> str:
    if told:
        return (
            f"let one of {labels} no longer tell the other the route for {destinations}: withhold it with a route "
            "policy (transit router) or a prefix list (device)"
        )
    return f"narrow one of the two routes to what is behind it, or discard {destinations} on one of {labels}"
