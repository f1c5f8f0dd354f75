"""What the native API says of things that are not there, or not as they should be."""

import re
from collections.abc import Iterator

from sealane.diag import Finding, Origin, Severity

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class Unknown(Exception):  # noqa: N818 - an answer, not a fault
    """There is no such thing."""


def named(kind: str, name: str) -> Iterator[Finding]:
    """What is wrong with a name."""
    if not _NAME.fullmatch(name):
        yield wrong("API-001", f"{kind} {name}", "is no name", "write 1 to 64 letters, digits, '_', '.' and '-', "
                    "a letter first")


def wrong(code: str, subject: str, problem: str, remedy: str) -> Finding:
    """Something wrong with what was given for a thing."""
    return Finding(code, Severity.ERROR, subject, problem, remedy, (Origin(subject, 1),))
