"""The form of a violation that hits packets of one protection."""

from collections.abc import Iterable, Sequence

from sealane.diag import Finding, Severity
from sealane.twin.element import Failures
from sealane.verify.ground import Ground, known, names, packets_text
from sealane.verify.remedy import Cure
from sealane.verify.survey import Flow
from sealane.verify.violation import Counterexample, Violation


def protected_violation(
    ground: Ground,
    told: tuple[str, str],
    flows: Iterable[Flow],
    found: Cure,
    *,
    sets: Sequence[Failures],
    example: Counterexample | None,
    severity: Severity = Severity.ERROR,
) -> Violation:
    """What is wrong with packets of one protection.

    Args:
        ground: What is judged.
        told: Code and problem.
        flows: The packets, all of one protection.
        found: What cures it.
        sets: The smallest sets of failures under which it shows.
        example: One packet.
        severity: Of the finding.
    """
    code, problem = told
    hit = tuple(flows)
    protection = ground.protection(hit[0])
    places = known(*found.places, protection.origin)
    finding = Finding(code, severity, f"protection {protection.name}", problem, found.remedy, places)
    return Violation(finding, packets_text(ground, hit), names(sets), example, found.detail)
