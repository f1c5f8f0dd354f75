"""A proof as SARIF 2.1.0 (OASIS standard, 2020-03-27), for tools that show findings beside the lines they are about."""

import json
from collections.abc import Mapping

from sealane.diag import Severity
from sealane.verify.codes import CODES
from sealane.verify.proof import Proof
from sealane.verify.violation import Judgement, Verdict, Violation

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Severity, str] = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def sarif_text(proof: Proof) -> str:
    """One run; rules are the codes, results the violations, and what is declared or reported has kind informational."""
    rules = [{"id": code, "shortDescription": {"text": text}} for code, text in CODES.items()]
    results = [_result(judgement, one) for judgement in proof.judgements for one in judgement.violations]
    notes = [*proof.not_covered, *(text for one in proof.judgements for text in one.not_covered)]
    run = {
        "tool": {"driver": {"name": "sealane", "rules": rules}},
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [{"level": "warning", "message": {"text": text}} for text in notes],
            }
        ],
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _result(judgement: Judgement, one: Violation) -> dict[str, object]:
    finding = one.finding
    failing = finding.severity is Severity.ERROR and judgement.verdict is Verdict.VIOLATED
    found: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": list(CODES).index(finding.code),
        "kind": "fail" if failing else "informational",
        "level": _LEVELS[finding.severity] if failing else "none",
        "message": {"text": f"{finding.subject}: {finding.problem}. Fix: {finding.remedy}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": place.file},
                    "region": {"startLine": place.line},
                }
            }
            for place in finding.seen_at
        ],
        "properties": {
            "property": judgement.name,
            "verdict": judgement.verdict.value,
            "packets": list(one.packets),
            "failures": [list(names) for names in one.failures],
        },
    }
    return found
