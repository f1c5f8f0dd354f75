import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.diag import Fault, Finding, Origin, Severity, has_errors, sort_findings

FINDING = Finding(
    code="BGP-012",
    severity=Severity.ERROR,
    subject="bgp peering vbr <-> cpe-a",
    problem="remote AS is 65010 on vbr, but cpe-a runs AS 65001",
    remedy="set peer_asn: 65001, or change the AS of cpe-a",
    seen_at=(Origin("plan.yaml", 41), Origin("cpe-a.cfg", 7)),
)


def test_a_finding_is_printed_with_its_remedy_and_every_place() -> None:
    assert str(FINDING) == (
        "error BGP-012 bgp peering vbr <-> cpe-a: remote AS is 65010 on vbr, but cpe-a runs AS 65001\n"
        "  fix: set peer_asn: 65001, or change the AS of cpe-a\n"
        "  at:  plan.yaml:41, cpe-a.cfg:7"
    )


def test_a_finding_without_a_place_has_no_line_for_it() -> None:
    assert str(Finding("X-001", Severity.WARNING, "a", "b", "c")) == "warning X-001 a: b\n  fix: c"


def test_a_finding_as_json_has_every_field() -> None:
    assert json.loads(json.dumps(FINDING.to_json())) == {
        "code": "BGP-012",
        "severity": "error",
        "subject": FINDING.subject,
        "problem": FINDING.problem,
        "remedy": FINDING.remedy,
        "seen_at": [{"file": "plan.yaml", "line": 41}, {"file": "cpe-a.cfg", "line": 7}],
    }


def test_a_fault_is_printed_with_operation_answer_and_remedy() -> None:
    fault = Fault("start bird in tr", "no answer within 5 s", "look at /run/x/bird.log")
    assert str(fault) == "start bird in tr: no answer within 5 s\n  fix: look at /run/x/bird.log"
    assert (fault.operation, fault.answer, fault.remedy) == (
        "start bird in tr", "no answer within 5 s", "look at /run/x/bird.log",
    )


# Few values, so that findings tie on the place, the code, the weight, or are equal.
origins = st.builds(Origin, st.sampled_from(("a", "b")), st.integers(1, 2))
findings = st.builds(
    Finding,
    st.sampled_from(("A-1", "A-2")),
    st.sampled_from(Severity),
    st.sampled_from(("x", "y")),
    st.just("p"),
    st.just("r"),
    st.lists(origins, max_size=2).map(tuple),
)


@given(st.lists(findings, max_size=12), st.integers())
def test_sorting_findings_depends_on_no_order_and_keeps_each_once(found: list[Finding], seed: int) -> None:
    shuffled = found * 2
    random.Random(seed).shuffle(shuffled)
    ordered = sort_findings(shuffled)
    assert ordered == sort_findings(found)
    assert len(ordered) == len(set(found))
    assert set(ordered) == set(found)
    weights = [["error", "warning", "info"].index(one.severity) for one in ordered]
    assert weights == sorted(weights)


@pytest.mark.parametrize("severity", list(Severity))
def test_only_an_error_stops_the_work(severity: Severity) -> None:
    assert has_errors([Finding("A", severity, "s", "p", "r")]) == (severity.value == "error")
    assert has_errors([]) is False
