"""Whatever fails, protected packets do not fall back to clear text, unless mode ``open`` declares it."""

from collections.abc import Iterator

from sealane.diag import Severity
from sealane.model import Mode
from sealane.twin.element import Failures
from sealane.twin.packet import Fate
from sealane.verify.ground import UNPROTECTED, Ground, minimal, names, sets_text
from sealane.verify.outcome import Outcome, Result
from sealane.verify.properties.protected import protected_violation
from sealane.verify.remedy import Cure, places_of
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "fail-closed"
_Failing = dict[Failures, Scenario]


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    if not ground.network.protections:
        return Judgement(NAME, Verdict.NOT_COVERED, UNPROTECTED, (), (UNPROTECTED,))
    found = tuple(_violations(ground))
    deserted = tuple(ground.deserted())
    if any(one.finding.severity is Severity.ERROR for one in found):
        verdict = Verdict.VIOLATED
    elif deserted:
        return Judgement(NAME, Verdict.NOT_COVERED, "; ".join(deserted), found, deserted)
    else:
        verdict = Verdict.DECLARED if found else Verdict.PROVED
    if found:
        summary = "; ".join(f"clear after loss of {sets_text(one.failures, 3)}" if any(one.failures) else
                            "clear with nothing failed" for one in found)
    else:
        dropped = minimal(_dropped(ground))
        when = f"after loss of {sets_text(names(dropped), 3)}" if all(dropped) else "with nothing failed"
        summary = f"dropped {when}" if dropped else "never clear"
    return Judgement(NAME, verdict, summary, found)


def _violations(ground: Ground) -> Iterator[Violation]:
    """One for each protection and way to end: delivered in clear, or lost after a circuit was crossed in clear."""
    groups: dict[tuple[str, bool], tuple[list[Flow], _Failing]] = {}
    for flow in ground.protected:
        for scenario, outcome in ground.outcomes(flow):
            if outcome.clear and not _in_part(outcome):
                key = (ground.protection(flow).name, _delivered(outcome))
                flows, failing = groups.setdefault(key, ([], {}))
                flows += [] if flow in flows else [flow]
                failing[scenario.failed] = scenario
    for (name, delivered), (flows, failing) in sorted(groups.items(), key=lambda one: not one[0][1]):
        first = groups.get((name, True))
        if not delivered and first is not None and frozenset() in first[1]:
            continue  # in clear from the start; that some of it is lost too says nothing new
        yield _violation(ground, flows, failing, delivered=delivered)


def _violation(ground: Ground, flows: list[Flow], failing: _Failing, *, delivered: bool) -> Violation:
    sets = minimal(failing)
    scenario = failing[sets[0]]

    def wanted(outcome: Outcome) -> bool:
        return bool(outcome.clear) and _delivered(outcome) is delivered

    flow = next(one for one in flows if wanted(ground.survey.outcome(one, scenario)))
    protection = ground.protection(flow)
    example = ground.example(flow, scenario, lambda end: bool(end.clear) and (end.result is Result.CLEAR) is delivered)
    accepted = protection.mode is Mode.OPEN
    what = "reach their destination in clear" if delivered else "cross in clear and are lost behind the circuit"
    when = f"after loss of {sets_text(names(sets))}" if all(sets) else "with nothing failed"
    ways = f"; mode {protection.mode.value} {'allows' if accepted else 'does not allow'} it"
    circuits = ", ".join(ground.survey.outcome(flow, scenario).clear)
    told = ("PRF-051" if accepted else "PRF-050", f"packets {what} over {circuits} {when}{ways}")
    found = Cure(remedy_of(protection.mode), () if example is None else places_of(example.way))
    severity = Severity.INFO if accepted else Severity.ERROR
    return protected_violation(ground, told, flows, found, sets=sets, example=example, severity=severity)


def remedy_of(mode: Mode) -> str:
    """How packets of a mode are kept from falling back."""
    if mode is Mode.REQUIRED:
        return (
            "take the routes over the circuit away from the device, or let its access lists drop these packets: the "
            "meter stands behind the line"
        )
    return (
        "set mode: required, and take the routes over the circuit away from the device, if clear text must never cross"
    )


def _delivered(outcome: Outcome) -> bool:
    return any(one.result is Result.CLEAR for one in outcome.ends)


def _in_part(outcome: Outcome) -> bool:
    return any(one.result is Result.ENCRYPTED for one in outcome.ends)


def _dropped(ground: Ground) -> set[Failures]:
    return {
        scenario.failed
        for flow in ground.protected
        for scenario, outcome in ground.outcomes(flow)
        if Fate.REFUSED.value in outcome.why
    }
