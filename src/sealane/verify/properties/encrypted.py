"""Protected packets cross a circuit only inside ESP: with nothing failed, and never on some of several equal routes."""

from collections.abc import Iterator

from sealane.twin.element import NOTHING, Failures
from sealane.verify.ground import UNPROTECTED, Ground, minimal
from sealane.verify.outcome import Result
from sealane.verify.properties.protected import protected_violation
from sealane.verify.remedy import cure
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "encrypted"


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    if not ground.network.protections:
        return Judgement(NAME, Verdict.NOT_COVERED, UNPROTECTED, (), (UNPROTECTED,))
    found = (*_without_failures(ground), *_in_part(ground))
    if found:
        summary = "; ".join(dict.fromkeys(one.finding.problem.partition(";")[0] for one in found))
        return Judgement(NAME, Verdict.VIOLATED, summary, found)
    deserted = tuple(ground.deserted())
    if deserted:
        return Judgement(NAME, Verdict.NOT_COVERED, "; ".join(deserted), (), deserted)
    calm = [ground.survey.outcome(one, ground.calm) for one in ground.protected]
    carried = sum(1 for one in calm if one.result is Result.ENCRYPTED)
    lost = sum(1 for one in calm if not one.arrives)
    left = f", {lost} are lost" if lost else ""
    summary = f"{carried} of {len(calm)} protected flows cross inside ESP{left}, none crosses in clear"
    return Judgement(NAME, Verdict.PROVED, summary)


def _without_failures(ground: Ground) -> Iterator[Violation]:
    groups: dict[tuple[str, bool, str], list[Flow]] = {}
    for flow in ground.protected:
        outcome = ground.survey.outcome(flow, ground.calm)
        if outcome.clear:
            how = "" if outcome.result is Result.CLEAR else f" ({outcome})"
            groups.setdefault((ground.protection(flow).name, ground.to_site(flow), how), []).append(flow)
    for (_, _, how), flows in groups.items():
        yield _violation(ground, "PRF-001", flows, {NOTHING: ground.calm}, f"with nothing failed{how}")


def _in_part(ground: Ground) -> Iterator[Violation]:
    """Under failures, clear on one of several equal routes while another is encrypted: no fallback, but a leak."""
    groups: dict[tuple[str, bool], tuple[list[Flow], dict[Failures, Scenario]]] = {}
    for flow in ground.protected:
        if ground.survey.outcome(flow, ground.calm).clear:
            continue
        for scenario, outcome in ground.outcomes(flow):
            results = {one.result for one in outcome.ends if one.clear or one.result is Result.ENCRYPTED}
            if outcome.clear and Result.ENCRYPTED in results:
                key = (ground.protection(flow).name, ground.to_site(flow))
                flows, failing = groups.setdefault(key, ([], {}))
                flows += [] if flow in flows else [flow]
                failing[scenario.failed] = scenario
    for flows, failing in groups.values():
        yield _violation(ground, "PRF-002", flows, failing, "on a part of its ways only, while others are encrypted")


def _violation(
    ground: Ground, code: str, flows: list[Flow], failing: dict[Failures, Scenario], how: str
) -> Violation:
    sets = minimal(failing)
    scenario = failing[sets[0]]
    flow = next((one for one in flows if ground.survey.outcome(one, scenario).clear), flows[0])
    example = ground.example(flow, scenario, lambda end: bool(end.clear))
    circuits = ", ".join(ground.survey.outcome(flow, scenario).clear)
    problem = f"packets {ground.direction(flow)} cross {circuits} in clear {how}{_tunnels(scenario)}"
    found = cure(ground, flow, scenario, example)
    return protected_violation(ground, (code, problem), flows, found, sets=sets, example=example)


def _tunnels(scenario: Scenario) -> str:
    states = scenario.states
    if scenario.varying:
        return "; the tunnels come and go"
    if not any(states):
        return "; no tunnel carries packets"
    return f"; {', '.join(sorted(states[0]))} carry packets"
