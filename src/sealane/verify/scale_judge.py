"""What the twin at scale found, judged property by property; imports numpy."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sealane.diag import Finding, Severity
from sealane.model import Mode, Protection
from sealane.twin.columns import NotCovered
from sealane.twin.columns import Verdict as Fate
from sealane.twin.element import NOTHING, Failures
from sealane.verify.ground import Ground, known, minimal, names, packets_text
from sealane.verify.outcome import End
from sealane.verify.properties import encrypted, fail_closed, no_recursion
from sealane.verify.remedy import Cure, cure, places_of
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Counterexample, Judgement, Verdict, Violation

_Bools = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]
_Breaches = dict[Failures, _Bools]

LEFT_OUT: Mapping[str, str] = {
    "encrypted": "", "fail-closed": "", "no-recursion": "",
    "no-loop": "the twin at scale does not follow packets that no protection covers to the end",
    "no-blackhole": "", "symmetric": "the twin at scale does not compare directions",
    "overlap": "", "mtu": "", "redundancy": "the twin at scale does not list single failures",
    "coverage": "the twin at scale looks at protected packets only",
}
"""Every property in order, with the reason why it is not judged; empty for those that are."""
_MOST_TRIED = 8
"""Flows tried for an example, and states whose tunnels the general twin is asked about."""
_MOST_PLACES = 5
_CLEAR = int(Fate.CLEAR | Fate.LEAKED)
_LOST = int(Fate.DROPPED | Fate.LOOPING)


@dataclass(frozen=True, slots=True)
class Watched:
    """Protected flows that share a verdict.

    Args:
        at: Place of the verdict: a class, or after all classes a cell.
        flows: The flows.
        protection: The strictest one that they belong to.
    """

    at: int
    flows: tuple[Flow, ...]
    protection: Protection


class Seen:
    """What breaks in which state."""

    def __init__(self, ground: Ground, watched: tuple[Watched, ...]) -> None:
        self.watched = watched
        required = np.array([one.protection.mode is Mode.REQUIRED for one in watched], np.bool_)
        real = any(one.real_interface is not None for one in ground.network.circuits)
        self._shut = required & (not real)  # meters at both ends let nothing of these onto a line
        self.calm: _Bools = np.zeros(len(watched), np.bool_)
        self.encrypted = 0
        self.clear: _Breaches = {}
        self.part: _Breaches = {}
        self.lost: _Breaches = {}
        self.refused: set[Failures] = set()
        self.unsettled: list[Failures] = []
        self.mixed: list[Failures] = []

    def add(self, failed: Failures, verdicts: _Bytes, *, settled: bool, mixed: bool) -> None:
        """Take in one state; the first is that without failures."""
        clear = (verdicts & _CLEAR) != 0
        if (clear & self._shut).any():
            self.refused.add(failed)
        clear &= ~self._shut
        inside = (verdicts & int(Fate.ENCRYPTED)) != 0
        if not failed:
            self.calm = clear
            self.encrypted = sum(len(one.flows) for one, yes in zip(self.watched, inside & ~clear, strict=True) if yes)
        for into, broken in ((self.clear, clear & ~inside), (self.part, clear & inside),
                             (self.lost, (verdicts & _LOST) != 0)):
            if broken.any():
                into[failed] = broken
        if not settled:
            self.unsettled.append(failed)
        elif mixed:
            self.mixed.append(failed)


class Judges:
    """Verdicts, in the words of the properties' own files."""

    def __init__(self, ground: Ground, seen: Seen, unknown: int) -> None:
        self._ground, self._seen = ground, seen
        self._tunnels = len(ground.network.tunnels())
        self._but = f"; {unknown} elements whose failure was not looked at apart" if unknown else ""
        self.by_name: Mapping[str, Callable[..., Judgement]] = {
            encrypted.NAME: self.encrypted, fail_closed.NAME: self.fail_closed, no_recursion.NAME: self.no_recursion,
            "no-blackhole": self.no_blackhole,
        }

    def _held(self, name: str, summary: str) -> Judgement:
        """Proved, unless tunnels may rest in states that were not looked at."""
        reasons = []
        if self._seen.unsettled:
            reasons.append("tunnels may rest in several states, of which the one after a cold start was looked at")
        reasons += self._ground.deserted() if name == encrypted.NAME else ()
        if reasons:
            return Judgement(name, Verdict.NOT_COVERED, "; ".join(reasons), (), tuple(reasons))
        return Judgement(name, Verdict.PROVED, summary + self._but)

    def encrypted(self, ground: Ground, *, demanded: bool) -> Judgement:
        """Clear with nothing failed, or on a part of equal routes."""
        del ground, demanded
        seen, found = self._seen, []
        if seen.calm.any():
            found += self._violations("PRF-001", {NOTHING: seen.calm}, "cross a circuit in clear with nothing failed")
        part = {failed: broken & ~seen.calm for failed, broken in seen.part.items() if (broken & ~seen.calm).any()}
        found += self._violations("PRF-002", part, "cross a circuit in clear on a part of their ways only")
        if found:
            return _violated(encrypted.NAME, found)
        return self._held(encrypted.NAME, f"{seen.encrypted} protected flows cross inside ESP, none in clear")

    def fail_closed(self, ground: Ground, *, demanded: bool) -> Judgement:
        """Clear under failures, by mode."""
        del ground, demanded
        found = []
        for mode in Mode:
            modes = np.array([one.protection.mode is mode for one in self._seen.watched], np.bool_)
            ways = f"; mode {mode.value} {'allows' if mode is Mode.OPEN else 'does not allow'} it"
            code = "PRF-051" if mode is Mode.OPEN else "PRF-050"
            calm, later = modes & self._seen.calm, modes & ~self._seen.calm
            for chosen, when in ((calm, "with nothing failed"), (later, "after a loss")):
                broken = {failed: one & chosen for failed, one in self._seen.clear.items() if (one & chosen).any()}
                found += self._violations(code, broken, f"cross a circuit in clear {when}{ways}")
        if found:
            worst = _violated(fail_closed.NAME, found)
            if any(one.finding.severity is Severity.ERROR for one in found):
                return worst
            held = self._held(fail_closed.NAME, "")
            if held.verdict is Verdict.PROVED:
                return Judgement(fail_closed.NAME, Verdict.DECLARED, worst.summary + self._but, worst.violations)
            return Judgement(fail_closed.NAME, held.verdict, held.summary, worst.violations, held.not_covered)
        dropped = f"dropped in {len(self._seen.refused)} cases" if self._seen.refused else "never clear"
        return self._held(fail_closed.NAME, dropped)

    def no_recursion(self, ground: Ground, *, demanded: bool) -> Judgement:
        """Tunnels at rest, and their own packets outside of tunnels."""
        del demanded
        failing: dict[Failures, Scenario] = {}
        for failed in [*minimal(self._seen.unsettled)[:1], *self._seen.mixed[:_MOST_TRIED]]:
            scenario = ground.survey.scenario(failed)
            if no_recursion.trouble_of(scenario) is not None:
                failing[failed] = scenario
        if failing:
            first = min(failing, key=len)
            trouble = no_recursion.trouble_of(failing[first])
            words, tunnels = trouble if trouble is not None else ("", ())
            shown = no_recursion.violation_of(ground, words, tunnels, {first: failing[first]})
            return _violated(no_recursion.NAME, [shown])
        if self._seen.unsettled or len(self._seen.mixed) > _MOST_TRIED:
            reason = "tunnels that are down beside others that are up; too many cases to ask the general twin"
            return Judgement(no_recursion.NAME, Verdict.NOT_COVERED, reason, (), (reason,))
        return self._held(no_recursion.NAME, f"{self._tunnels} tunnels come to rest in one state")

    def no_blackhole(self, ground: Ground, *, demanded: bool) -> Judgement:
        """Whether anything is lost at all; whether a line was left for it is not told."""
        del ground, demanded
        if not self._seen.lost and not self._seen.refused:
            reason = "nothing is lost up to the edges; what is behind them was not looked at"
        else:
            sets = len(minimal({*self._seen.lost, *self._seen.refused}))
            reason = f"packets are lost in {sets} smallest sets of failures; whether a line is left then is not told"
        return Judgement("no-blackhole", Verdict.NOT_COVERED, reason)

    def _violations(self, code: str, broken: _Breaches, words: str) -> list[Violation]:
        """One for all flows that break alike, with a packet.

        Raises:
            NotCovered: The general twin shows no such packet.
        """
        if not broken:
            return []
        sets = minimal(broken)
        hit = np.logical_or.reduce(list(broken.values()))
        several = [one for one, yes in zip(self._seen.watched, hit, strict=True) if yes]
        first = [one for one, yes in zip(self._seen.watched, broken[sets[0]], strict=True) if yes]
        flow, scenario, example = self._example(sets[0], first)
        found = cure(self._ground, flow, scenario, example)
        if code in {"PRF-050", "PRF-051"}:
            found = Cure(fail_closed.remedy_of(several[0].protection.mode), places_of(example.way))
        protections = tuple(dict.fromkeys(one.protection.name for one in several))
        finding = Finding(
            code,
            Severity.INFO if code == "PRF-051" else Severity.ERROR,
            f"protection {protections[0]}" + (f" and {len(protections) - 1} more" if len(protections) > 1 else ""),
            f"packets {words}",
            found.remedy,
            known(*found.places, *(one.protection.origin for one in several))[:_MOST_PLACES],
        )
        packets = packets_text(self._ground, (flow for one in several for flow in one.flows))
        return [Violation(finding, packets, names(sets), example, found.detail)]

    def _example(self, failed: Failures, watched: Iterable[Watched]) -> tuple[Flow, Scenario, Counterexample]:
        scenario = self._ground.survey.scenario(failed)
        for one in [flow for found in watched for flow in found.flows][:_MOST_TRIED]:
            example = self._ground.example(one, scenario, _in_clear)
            if example is not None:
                return one, scenario, example
        raise NotCovered(f"the general twin shows no packet in clear while {scenario} failed")


def _in_clear(end: End) -> bool:
    return bool(end.clear)


def _violated(name: str, found: list[Violation]) -> Judgement:
    summary = "; ".join(f"{one.finding.problem}: {len(one.failures)} smallest sets of failures" for one in found)
    return Judgement(name, Verdict.VIOLATED, summary, tuple(found))
