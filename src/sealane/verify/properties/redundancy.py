"""Which single element takes protected packets out of their tunnels."""

from sealane.diag import Finding, Severity
from sealane.verify.ground import Ground, known, packets_text
from sealane.verify.outcome import Outcome, Result
from sealane.verify.survey import Flow
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "redundancy"


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    if not ground.network.protections:
        return Judgement(NAME, Verdict.PROVED, "the plan protects nothing")
    if ground.survey.failures < 1:
        reason = "no failure was looked at; use --failures 1 or more"
        if not demanded:
            return Judgement(NAME, Verdict.REPORTED, reason)
        return Judgement(NAME, Verdict.NOT_COVERED, reason, (), (reason,))
    carried = [one for one in ground.protected if ground.survey.outcome(one, ground.calm).result is Result.ENCRYPTED]
    if not carried:
        return Judgement(NAME, Verdict.REPORTED, "nothing is encrypted with nothing failed, so nothing can be lost")
    groups: dict[tuple[str, str], tuple[list[str], list[Flow]]] = {}
    for scenario in ground.scenarios:
        if len(scenario.failed) == 1:
            for flow in carried:
                outcome = ground.survey.outcome(flow, scenario)
                if outcome.result is not Result.ENCRYPTED:
                    elements, flows = groups.setdefault((ground.protection(flow).name, _word(outcome)), ([], []))
                    elements += [] if str(scenario) in elements else [str(scenario)]
                    flows += [] if flow in flows else [flow]
    found = tuple(
        Violation(_finding(ground, name, word, elements, demanded=demanded), packets_text(ground, flows),
                  tuple((one,) for one in elements))
        for (name, word), (elements, flows) in groups.items()
    )
    if not found:
        return Judgement(NAME, Verdict.PROVED, "no single failure takes protected packets out of their tunnels")
    single = dict.fromkeys(one for elements, _ in groups.values() for one in elements)
    summary = f"{len(single)} single failures take packets out of their tunnels: {', '.join(single)}"
    return Judgement(NAME, Verdict.VIOLATED if demanded else Verdict.REPORTED, summary, found)


def _word(outcome: Outcome) -> str:
    if any(one.result is Result.CLEAR for one in outcome.ends):
        return "in clear"
    return "lost" if outcome.result is Result.UNREACHABLE else "lost in part"


def _finding(ground: Ground, name: str, word: str, elements: list[str], *, demanded: bool) -> Finding:
    protection = next(one for one in ground.network.protections if one.name == name)
    return Finding(
        "PRF-080",
        Severity.ERROR if demanded else Severity.INFO,
        f"protection {name}",
        f"packets are {word} when one of these fails alone: {', '.join(elements)}",
        "add a second one beside each that the pair must survive",
        known(protection.origin),
    )
