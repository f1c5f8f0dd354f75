"""The demo told to a person."""

from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table

from sealane.app.walk import StageResult, WalkResult
from sealane.cli.tables import console


class Silence:
    """Says nothing."""

    def stage_begins(self, stage: str) -> None:
        """See Narrator."""

    def step(self, text: str) -> None:
        """See Narrator."""

    def stage_ends(self, result: StageResult) -> None:
        """See Narrator."""

    def summary(self, result: WalkResult, folder: Path) -> None:
        """Nothing at the end either."""


class Narration:
    """Tells each stage, what it measured, and ends with a table."""

    def __init__(self, network: str) -> None:
        self._out: Console = console()
        self._status: Status | None = None
        self._out.rule(f"Sealane: the network {network}, with real packets")

    def stage_begins(self, stage: str) -> None:
        """See Narrator."""
        self._out.print(f"\n[bold]{stage}[/bold]")
        if self._out.is_terminal:
            self._status = self._out.status(stage)
            self._status.start()

    def step(self, text: str) -> None:
        """See Narrator."""
        if self._status is not None:
            self._status.update(text)

    def stage_ends(self, result: StageResult) -> None:
        """See Narrator."""
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._out.print(f"  {result.title}")
        for check in result.checks:
            mark = "[green]ok[/green]" if check.ok else "[red]NO[/red]"
            self._out.print(f"  {mark}  {check.says}: [dim]{check.measured}[/dim]", highlight=False)
        for finding in result.findings[:12]:
            self._out.print(f"  [yellow]{finding.code}[/yellow] {finding.subject}: {finding.problem}", highlight=False)
            self._out.print(f"       fix: {finding.remedy}", highlight=False)
        if len(result.findings) > 12:  # noqa: PLR2004
            self._out.print(f"  and {len(result.findings) - 12} more findings in evidence.json")

    def summary(self, result: WalkResult, folder: Path) -> None:
        """The table of all stages."""
        table = Table(title=f"{result.network}, ESP {result.esp}, {result.duration_s:.0f} s", title_justify="left")
        columns = ("stage", "shown", "s", "pings", "ESP", "IKE", "clear protected", "longest gap ms", "tunnels up")
        for column in columns:
            table.add_column(column, justify="left" if column in {"stage", "shown"} else "right")
        for stage in result.stages:
            up = sum(1 for one in stage.tunnels if one.child_state == "INSTALLED")
            clear = stage.circuit.clear_protected
            table.add_row(
                stage.id,
                "[green]yes[/green]" if stage.ok else "[red]NO[/red]",
                f"{stage.duration_s:.1f}",
                f"{stage.received}/{stage.sent}",
                str(stage.circuit.esp),
                str(stage.circuit.ike),
                f"[red]{clear}[/red]" if clear else "0",
                "" if stage.longest_gap_ms is None else str(stage.longest_gap_ms),
                f"{up}/{len(stage.tunnels)}" if stage.tunnels else "",
            )
        self._out.print()
        self._out.print(table)
        verdict = "[green]every stage showed what it must[/green]" if result.ok else "[red]not every stage did[/red]"
        self._out.print(f"{verdict}; evidence in {folder}/evidence.json, captures and configurations beside it")
