"""A proof as lines for people: a table of verdicts, then each violation with its packet, cause, repair and place."""

from collections.abc import Iterator
from itertools import pairwise

from sealane.diag import Severity
from sealane.model import Network
from sealane.verify.explain_line import Line, Tone
from sealane.verify.explain_text import way_lines
from sealane.verify.explain_trip import Step, Way, header_text, label_of
from sealane.verify.ground import sets_text
from sealane.verify.proof import Proof
from sealane.verify.violation import Counterexample, Judgement, Verdict, Violation

_TONES = {
    Verdict.PROVED: Tone.GOOD,
    Verdict.DECLARED: Tone.PLAIN,
    Verdict.REPORTED: Tone.PLAIN,
    Verdict.VIOLATED: Tone.BAD,
    Verdict.NOT_COVERED: Tone.BAD,
}
_NAME, _VERDICT = 14, 13
_SHORT = 140
_MOST_PACKETS = 12
_NAMED = ("PRF-050", "PRF-051", "PRF-080")
"""Codes whose text names the failed elements already."""


def proof_lines(proof: Proof, network: Network, *, explain: bool = False) -> Iterator[Line]:
    """All of a proof; ``explain`` follows each counterexample hop by hop."""
    yield from table_lines(proof)
    for judgement in proof.judgements:
        for one in judgement.violations:
            yield Line("")
            yield from _violation(judgement, one, network, explain=explain)


def table_lines(proof: Proof) -> Iterator[Line]:
    """What was looked at, and a line for each property."""
    yield Line(
        f"{proof.flows} flows of {proof.classes} classes of addresses, in {proof.scenarios} cases of failure: "
        f"up to {proof.failures} of {proof.elements} elements" if proof.failures else
        f"{proof.flows} flows of {proof.classes} classes of addresses, with nothing failed"
    )
    yield from (Line(f"scope: {text}") for text in proof.scope)
    for one in proof.judgements:
        summary = one.summary if len(one.summary) <= _SHORT else one.summary[: _SHORT - 3] + "..."
        yield Line(f"{one.name:<{_NAME}}{one.verdict.value:<{_VERDICT}}{summary}", _TONES[one.verdict])
    for text in (*proof.not_covered, *(text for one in proof.judgements for text in one.not_covered)):
        yield Line(f"not covered by the model: {text}", Tone.BAD)


def effect_lines(proof: Proof) -> Iterator[Line]:
    """Violations, what is declared, and protected addresses in clear; not what no protection covers."""
    for judgement in proof.judgements:
        for one in judgement.violations:
            finding = one.finding
            told = finding.severity is Severity.ERROR or finding.code in ("PRF-051", "PRF-091")
            if told and not (finding.code == "PRF-051" and () in one.failures):
                yield Line(f"  {judgement.verdict.value} {judgement.name} {finding.code}: {finding.problem}", Tone.BAD)
                yield from (Line(f"    packets: {text}") for text in one.packets)


def _violation(judgement: Judgement, one: Violation, network: Network, *, explain: bool) -> Iterator[Line]:
    finding = one.finding
    bad = judgement.verdict is Verdict.VIOLATED and finding.severity is Severity.ERROR
    yield Line(f"{judgement.name} {finding.code} {finding.subject}", Tone.BAD if bad else Tone.HEAD)
    yield Line(f"  {finding.problem}")
    for text in one.packets[:_MOST_PACKETS]:
        yield Line(f"  packets: {text}")
    if len(one.packets) > _MOST_PACKETS:
        yield Line(f"  packets: {len(one.packets) - _MOST_PACKETS} more; --json tells them all")
    if any(one.failures) and finding.code not in _NAMED:
        yield Line(f"  smallest sets of failures: {sets_text(one.failures, 12)}")
    for text in one.detail:
        yield Line(f"  {text}", Tone.DETAIL)
    if one.example is not None:
        yield from _example(one.example, network, explain=explain)
    yield Line(f"  fix: {finding.remedy}")
    if finding.seen_at:
        yield Line("  at:  " + ", ".join(map(str, finding.seen_at)), Tone.DETAIL)


def _example(one: Counterexample, network: Network, *, explain: bool) -> Iterator[Line]:
    start = label_of(network, one.entry.node)
    came = f", coming in on {one.entry.arrived}" if one.entry.arrived else ""
    failed = f", while {' and '.join(one.failed)} failed" if one.failed else ""
    up = f", up: {', '.join(one.tunnels) or 'no tunnel'}"
    checked = "could not be computed a second time" if one.doubt is None else "computed a second time, independently"
    headers = one.way.steps[0].before
    yield Line(f"  example: {header_text(headers)} at {start}{came}{failed}{up}; {checked}")
    if explain:
        yield from (Line(f"  {line.text}", line.tone) for line in way_lines(one.way, network))
    else:
        yield Line(f"    {chain(one.way, network)}", Tone.DETAIL)


def chain(way: Way, network: Network) -> str:
    """The nodes in one line, with the circuits and tunnels between them."""
    steps = list(_flat(way.steps))
    parts = [label_of(network, steps[0].node)]
    for step, following in pairwise(steps):
        if step.crossing is not None:
            how = "in clear" if step.crossing.tunnel is None else "inside ESP"
            parts.append(f"-[{step.crossing.circuit} {how}]->")
        elif step.node != following.node:
            parts.append("->")
        else:
            continue
        parts.append(label_of(network, following.node))
    end = "arrives" if way.arrives else way.fate.value
    return f"{' '.join(parts)}: {end}" + (f", {way.reason}" if way.reason else "")


def _flat(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _flat(step.outer)
