"""Findings: what is wrong with an input, where it was written, and what to do about it.

A Finding is a value. Wrong input yields findings, all at once; exceptions are for a failing world and for bugs.
"""

from sealane.diag.fault import Fault
from sealane.diag.finding import Finding, Origin, Severity, has_errors, sort_findings

__all__ = ["Fault", "Finding", "Origin", "Severity", "has_errors", "sort_findings"]
