"""A live network beside what the twin computes for it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sealane.app.live import Live
from sealane.app.observe import see
from sealane.app.stages import STAGES
from sealane.diag import Finding, has_errors, sort_findings
from sealane.model import Network
from sealane.twin.converge import Twin
from sealane.verify.seen import Seen
from sealane.verify.seen_compare import compare
from sealane.verify.seen_effects import effects

_AGAIN_S = 1.5
"""Between two looks: longer than BIRD's and FRR's waits before they tell a change or bring it into the kernel."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was read of a network, and every difference that two looks showed."""

    seen: Seen
    findings: tuple[Finding, ...]

    @property
    def agrees(self) -> bool:
        """True when the network is as the twin computes it for what has failed."""
        return not has_errors(self.findings)


def intended(live: Live) -> Network:
    """What the network should be: the plan at the stage and in the mode that it was brought up with."""
    network = live.loaded.network
    if network is None:
        raise ValueError("a live network without a plan")
    staged = STAGES[live.stage](network)
    if live.mode is None:
        return staged
    return replace(staged, protections=tuple(replace(one, mode=live.mode) for one in staged.protections))


def compare_live(live: Live, twin: Twin, pause: Callable[[float], None] = time.sleep) -> Comparison:
    """Read the network and compare; what differs is looked at twice, since no two of its parts are read at once.

    What the differences do to packets is among the findings.


    Raises:
        Fault: A tool is missing.
    """
    seen = see(live)
    findings = compare(twin, seen)
    if not findings:
        return Comparison(seen, ())
    pause(_AGAIN_S)
    later = see(live)
    before = {(one.code, one.subject) for one in findings}
    stayed = [one for one in compare(twin, later) if (one.code, one.subject) in before]
    if has_errors(stayed):
        stayed += [one.finding() for one in effects(twin, later)]
    return Comparison(later, sort_findings(stayed))
