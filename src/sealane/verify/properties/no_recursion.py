"""The tunnels' own packets never enter a tunnel, and the tunnels come to rest in one state."""

from sealane.diag import Finding, Severity
from sealane.twin.element import Failures
from sealane.twin.liveness import Stability
from sealane.twin.packet import Fate
from sealane.verify.explain_cycle import cycle_text, explain_cycle
from sealane.verify.ground import Ground, known, minimal, names
from sealane.verify.remedy import cycle_repairs
from sealane.verify.survey import Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "no-recursion"
_WORDS = {
    Stability.OSCILLATING: "come and go for ever",
    Stability.STABLE_UNREACHED: "come and go for ever from a cold start, although there is a state to stay in",
    Stability.BISTABLE: "may stay in several states: history decides",
    Stability.ORDER_DEPENDENT: "come to rest or not, by the order of events",
}


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    groups: dict[str, dict[Failures, Scenario]] = {}
    tunnels: dict[str, dict[str, None]] = {}
    for scenario in ground.scenarios:
        trouble = trouble_of(scenario)
        if trouble is not None:
            groups.setdefault(trouble[0], {})[scenario.failed] = scenario
            tunnels.setdefault(trouble[0], {}).update(dict.fromkeys(trouble[1]))
    found = tuple(
        violation_of(ground, words, tuple(sorted(tunnels[words])), failing) for words, failing in groups.items()
    )
    if found:
        return Judgement(NAME, Verdict.VIOLATED, "; ".join(_short(one) for one in found), found)
    count = len(ground.network.tunnels())
    summary = f"{count} tunnels come to rest in one state, whatever has failed" if count else "no tunnel"
    return Judgement(NAME, Verdict.PROVED, summary)


def _short(one: Violation) -> str:
    return f"{one.finding.subject} {one.finding.problem.partition(':')[0].removeprefix('they ')}"


def trouble_of(scenario: Scenario) -> tuple[str, tuple[str, ...]] | None:
    """(what happens, the tunnels it happens to)."""
    liveness, tunnels = scenario.converged.liveness, scenario.converged.tunnels
    inside = [name for name, one in tunnels.items() if any(trip.fate is Fate.RECURSION for trip in one.outer)]
    if scenario.stability is not Stability.STABLE:
        differing = frozenset().union(*scenario.states) - frozenset(scenario.states[0]).intersection(*scenario.states)
        return _WORDS[scenario.stability], tuple(sorted(liveness.flapping or differing or inside or tunnels))
    return ("send their own packets into a tunnel", tuple(sorted(inside))) if inside else None


def violation_of(ground: Ground, words: str, tunnels: tuple[str, ...], failing: dict[Failures, Scenario]) -> Violation:
    """What is shown of tunnels in trouble: ``words`` and ``tunnels`` as ``trouble_of`` tells them."""
    sets = minimal(failing)
    scenario = failing[sets[0]]
    cycle = explain_cycle(scenario.converged)
    repairs = tuple(cycle_repairs(scenario))
    causes = [one for one in ground.causes if one.code == "DEV-D7"]
    reasons = [one.reason for name, one in scenario.converged.tunnels.items() if name in tunnels and one.reason]
    turns = () if cycle is None else tuple(turn for phase in cycle.phases for turn in phase.turns)
    routes = [turn.after.used[0] for turn in turns if turn.after is not None and turn.after.used]
    places = [origin for note in routes for origin in (note.route.origin, *(one.origin for one in note.sources))]
    ends = [pair.near.origin for pair in ground.network.tunnels() if pair.name in tunnels]
    finding = Finding(
        "PRF-040" if scenario.varying else "PRF-041",
        Severity.ERROR,
        f"tunnels {', '.join(tunnels)}",
        f"they {words}" + (f": {reasons[0].removeprefix('comes and goes: ')}" if reasons else ""),
        "add " + "; ".join(repairs) if repairs else
        causes[0].remedy if causes else "give the tunnels' own packets longer routes over the circuit than any that "
        "tunnels bring",
        known(*places, *ends),
    )
    detail = () if cycle is None else tuple(cycle_text(cycle))
    return Violation(finding, (), names(sets), None, detail)
