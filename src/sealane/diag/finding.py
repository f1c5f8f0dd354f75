"""The Finding value and its one way to be printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: an ``error`` stops the work, a ``warning`` does not, ``info`` explains."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file the user wrote; lines count from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the user.

    Args:
        code: Stable identifier such as ``VBR-003``; documented in ``docs/findings.md``.
        severity: See Severity.
        subject: The thing it is about, named as the user named it.
        problem: What was found against what was expected.
        remedy: What to change.
        seen_at: Every place involved, the most telling first; empty when nothing was written down.
    """

    code: str
    severity: Severity
    subject: str
    problem: str
    remedy: str
    seen_at: tuple[Origin, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.severity.value} {self.code} {self.subject}: {self.problem}", f"  fix: {self.remedy}"]
        if self.seen_at:
            lines.append("  at:  " + ", ".join(str(place) for place in self.seen_at))
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The finding as plain JSON values."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "subject": self.subject,
            "problem": self.problem,
            "remedy": self.remedy,
            "seen_at": [{"file": place.file, "line": place.line} for place in self.seen_at],
        }


def has_errors(findings: Iterable[Finding]) -> bool:
    """True when at least one finding is an error."""
    return any(finding.severity is Severity.ERROR for finding in findings)


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, then by place and code; equal findings once."""
    unique = dict.fromkeys(findings)
    return tuple(sorted(unique, key=lambda found: (_ORDER[found.severity], found.seen_at, found.code, found.subject)))
