"""The verb up."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED, show_findings, show_json
from sealane.cli.options import STAGES, esp_option, json_option, mode_option, plan_argument


@click.command("up")
@plan_argument
@click.option(
    "--until",
    "stage",
    type=click.Choice(STAGES),
    default="encrypted",
    show_default=True,
    help="Configure the network only up to this stage of the procedure.",
)
@mode_option
@esp_option
@click.option("--wait/--no-wait", default=True, help="Wait until the tunnels carry the protected traffic.")
@json_option
def command(plan: Path, stage: str, mode: str | None, esp: str, wait: bool, as_json: bool) -> None:
    """Bring the network of PLAN up, or change it to what PLAN says now. May be repeated. Needs root.

    Exit code 3 when it waited and the tunnels do not carry the protected traffic.
    """
    from sealane.app.host_check import check_host, choose_esp
    from sealane.app.live import bring_up, load_or_reject
    from sealane.app.status import judged
    from sealane.app.walk.context import await_encrypted
    from sealane.model import Mode

    check_host(choose_esp(esp))
    loaded = load_or_reject(plan)
    progress = None if as_json else lambda text: click.echo(f"  {text}", err=True)
    live, changes = bring_up(loaded, esp=esp, stage=stage, mode=None if mode is None else Mode(mode), progress=progress)
    waits = wait and stage == "encrypted"
    carries = await_encrypted(live) if waits and judged(live.observer) else None
    if as_json:
        show_json(
            {
                "network": loaded.name,
                "stage": stage,
                "esp": live.controller.esp().value,
                "changes": list(changes.describe()),
                "carries": carries,
                "findings": [finding.to_json() for finding in loaded.findings],
            }
        )
    else:
        show_findings(loaded.findings)
        click.echo(f"{loaded.name}: {len(changes.changes())} changes, up at stage {stage}")
        if waits:
            click.echo(_judgement(plan, carries=carries))
    sys.exit(VIOLATED if carries is False else DONE)


def _judgement(plan: Path, *, carries: bool | None) -> str:
    if carries is None:
        return "no protected pair has hosts at both ends: nothing to judge by"
    if carries:
        return "all tunnels carry the protected traffic"
    return f"the tunnels do not carry the protected traffic yet: sealane status {plan}"
