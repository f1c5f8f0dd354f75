"""Both directions of a protected pair cross alike, and firewalls see both on the same interfaces."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sealane.twin.element import Failures
from sealane.twin.firewall import group
from sealane.twin.liveness import State
from sealane.verify.explain_trip import label_of
from sealane.verify.ground import Ground, minimal
from sealane.verify.outcome import Result
from sealane.verify.properties.protected import protected_violation
from sealane.verify.remedy import Cure, cause_cure, cure
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation
from sealane.verify.ways import Walked

NAME = "symmetric"
_Pinned = dict[str, frozenset[tuple[str, str]]]


@dataclass(slots=True)
class _Case:
    """What was found of one kind."""

    flows: dict[Flow, None] = field(default_factory=dict)
    failing: dict[Failures, tuple[Scenario, Flow, str]] = field(default_factory=dict)


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    if not ground.network.protections:
        return Judgement(NAME, Verdict.PROVED, "the plan protects nothing")
    found = tuple(_violations(ground))
    if found:
        summary = "; ".join(dict.fromkeys(one.finding.problem.partition(":")[0] for one in found))
        return Judgement(NAME, Verdict.VIOLATED, summary, found)
    return Judgement(NAME, Verdict.PROVED, "both directions of every protected pair cross alike")


def _violations(ground: Ground) -> Iterator[Violation]:
    cases: dict[tuple[str, str], _Case] = {}
    looker = _Looker(ground)
    for flow, back in _pairs(ground):
        for scenario in ground.scenarios:
            for state in scenario.states:
                for kind, what in looker.differences(flow, back, scenario.failed, state):
                    case = cases.setdefault((ground.protection(flow).name, kind), _Case())
                    case.flows[flow] = None
                    case.failing.setdefault(scenario.failed, (scenario, flow, what))
    for (_, kind), case in cases.items():
        yield _violation(ground, kind, case)


def _pairs(ground: Ground) -> Iterator[tuple[Flow, Flow]]:
    """Flows to the site, each with every flow that answers it."""
    answers = [one for one in ground.protected if not ground.to_site(one)]
    for flow in ground.protected:
        if ground.to_site(flow):
            for back in answers:
                if flow.destination in back.sources and back.destination in flow.sources:
                    yield flow, back


class _Looker:
    """Compares two directions in one state, each pair of ways once."""

    def __init__(self, ground: Ground) -> None:
        self._survey = ground.survey
        self._network = ground.network
        self._known: dict[tuple[Walked, Walked], tuple[tuple[str, str], ...]] = {}
        self._pinned: dict[tuple[Walked, bool], _Pinned] = {}

    def differences(self, flow: Flow, back: Flow, failed: Failures, state: State) -> tuple[tuple[str, str], ...]:
        """(kind, what is different); none when one direction does not arrive."""
        walked = (self._survey.walked(flow, failed, state), self._survey.walked(back, failed, state))
        if walked not in self._known:
            there = self._survey.outcome_in(flow, failed, state)
            answer = self._survey.outcome_in(back, failed, state)
            arrive = there.arrives and answer.arrives
            words = [{one.result for one in outcome.ends} for outcome in (there, answer)]
            found = []
            if arrive and words[0] != words[1] and Result.CLEAR in words[0] | words[1]:
                found.append(("crossing", f"{there} to the site, {answer} back"))
            if arrive:
                found += [("firewall", what) for what in self._moved(*walked)]
            self._known[walked] = tuple(found)
        return self._known[walked]

    def _moved(self, there: Walked, answer: Walked) -> Iterator[str]:
        here, back = self._pins(there, reverse=False), self._pins(answer, reverse=True)
        for node in here.keys() & back.keys():
            if len(here[node] | back[node]) > 1:
                label = label_of(self._network, self._network.node(node).name)
                one, other = (" or ".join(f"{a} to {b}" for a, b in sorted(ways)) for ways in (here[node], back[node]))
                yield f"{label} sees packets to the site go {one}, and their answers belong to {other}"

    def _pins(self, walked: Walked, *, reverse: bool) -> _Pinned:
        """By firewall the pairs of interfaces, or zones, in the direction to the site."""
        key = (walked, reverse)
        if key not in self._pinned:
            found: _Pinned = {}
            for hop in (hop for trip in walked.trips for hop in trip.hops):
                node = self._network.node(hop.node)
                if node.stateful is not None and hop.clear and hop.table and hop.arrived and hop.egress:
                    pair = (group(node, hop.arrived), group(node, hop.egress))
                    found[hop.node] = found.get(hop.node, frozenset()) | {pair[::-1] if reverse else pair}
            self._pinned[key] = found
        return self._pinned[key]


def _violation(ground: Ground, kind: str, case: _Case) -> Violation:
    sets = minimal(case.failing)
    scenario, flow, what = case.failing[sets[0]]
    example = ground.example(flow, scenario, lambda end: not end.why)
    if kind == "firewall":
        code, problem = "PRF-031", f"answers are dropped by a firewall: {what}"
        found = cause_cure(ground, "DEV-D6", "DEV-118", "DEV-D2", "DEV-D4") or Cure(
            "join these interfaces in one traffic zone, or prefer one of them in both directions"
        )
    else:
        code, problem = "PRF-030", f"the two directions do not cross alike: {what}"
        found = cure(ground, flow, scenario, example)
    return protected_violation(ground, (code, problem), case.flows, found, sets=sets, example=example)
