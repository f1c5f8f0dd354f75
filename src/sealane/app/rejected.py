"""The input cannot be carried: what every command raises before it touches anything."""

from collections.abc import Sequence

from sealane.diag import Finding


class Rejected(Exception):  # noqa: N818 - the input was rejected
    """The network is not as it must be described; nothing was changed."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)
