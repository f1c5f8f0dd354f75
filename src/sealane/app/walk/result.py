"""What a stage and the whole walk showed."""

from dataclasses import dataclass, field

from sealane.app.capture import Counts
from sealane.app.status import TunnelStatus
from sealane.diag import Finding


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a stage must show, whether it did, and the figures it was judged by."""

    says: str
    ok: bool
    measured: str


@dataclass(slots=True)
class StageResult:
    """What a stage showed; filled while it runs.

    Args:
        id: Stage id.
        title: What is configured or done.
        duration_s: Wall time, configuration included.
        sent, received: Echo requests and replies of all probes of the stage.
        circuit: Packets per class that crossed the circuits, by the meters at the cloud's ports.
        captured: The same by the captures.
        tunnels: Their state at the end of the measurement.
        longest_gap_ms: The longest interruption of any flow; None where no flows were measured.
        facts: Further measurements by name.
        checks: What had to be shown.
        findings: What Sealane says about it.
        files: Captures.
    """

    id: str
    title: str
    duration_s: float = 0.0
    sent: int = 0
    received: int = 0
    circuit: Counts = field(default_factory=Counts)
    captured: Counts = field(default_factory=Counts)
    tunnels: tuple[TunnelStatus, ...] = ()
    longest_gap_ms: int | None = None
    facts: dict[str, object] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True when everything that had to be shown was; a stage that checked nothing showed nothing."""
        return bool(self.checks) and all(check.ok for check in self.checks)

    def check(self, says: str, measured: object, *, ok: bool) -> None:
        """Note a check."""
        self.checks.append(Check(says, bool(ok), str(measured)))

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        result: dict[str, object] = {
            "id": self.id,
            "title": self.title,
            "ok": self.ok,
            "duration_s": round(self.duration_s, 2),
            "pings": {"sent": self.sent, "received": self.received},
            "circuit": self.circuit.to_json(),
            "captured": self.captured.to_json(),
            "tunnels": [tunnel.to_json() for tunnel in self.tunnels],
            "facts": self.facts,
            "checks": [{"says": one.says, "ok": one.ok, "measured": one.measured} for one in self.checks],
            "findings": [finding.to_json() for finding in self.findings],
            "files": self.files,
        }
        if self.longest_gap_ms is not None:
            result["longest_gap_ms"] = self.longest_gap_ms
        return result


@dataclass(frozen=True, slots=True)
class WalkResult:
    """The whole walk."""

    network: str
    esp: str
    stages: tuple[StageResult, ...]
    duration_s: float
    versions: dict[str, str]

    @property
    def ok(self) -> bool:
        """True when every stage showed what it had to."""
        return bool(self.stages) and all(stage.ok for stage in self.stages)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "network": self.network,
            "esp": self.esp,
            "ok": self.ok,
            "duration_s": round(self.duration_s, 2),
            "versions": self.versions,
            "stages": [stage.to_json() for stage in self.stages],
        }
