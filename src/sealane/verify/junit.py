"""A proof as JUnit XML, for CI servers: one test case for each property."""

from xml.etree import ElementTree as ET

from sealane.verify.proof import Proof
from sealane.verify.violation import Judgement, Verdict


def junit_text(proof: Proof) -> str:
    """A violated property is a failure, one that is not covered an error; all others pass and tell their verdict."""
    failed = sum(one.verdict is Verdict.VIOLATED for one in proof.judgements)
    uncovered = sum(one.verdict is Verdict.NOT_COVERED for one in proof.judgements) + bool(proof.not_covered)
    count = len(proof.judgements) + bool(proof.not_covered)
    counts = {"tests": str(count), "failures": str(failed), "errors": str(uncovered)}
    suite = ET.Element("testsuite", counts, name=f"sealane prove {proof.network}")
    for one in proof.judgements:
        case = ET.SubElement(suite, "testcase", classname=proof.network, name=one.name)
        if one.verdict is Verdict.VIOLATED:
            ET.SubElement(case, "failure", message=one.summary).text = _text(one)
        elif one.verdict is Verdict.NOT_COVERED:
            ET.SubElement(case, "error", message=one.summary).text = "\n".join(one.not_covered)
        else:
            ET.SubElement(case, "system-out").text = f"{one.verdict.value}: {one.summary}"
    if proof.not_covered:
        case = ET.SubElement(suite, "testcase", classname=proof.network, name="covered by the model")
        ET.SubElement(case, "error", message="not covered by the model").text = "\n".join(proof.not_covered)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _text(one: Judgement) -> str:
    parts = []
    for violation in one.violations:
        parts.append(str(violation.finding))
        parts += [f"  packets: {text}" for text in violation.packets]
    return "\n".join(parts)
