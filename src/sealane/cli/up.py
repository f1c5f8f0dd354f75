"""The verb up."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Never

import click

from sealane.cli.explained import show_lines
from sealane.cli.main import DONE, VIOLATED, show_findings, show_json
from sealane.cli.options import STAGES, esp_option, json_option, mode_option, plan_argument

if TYPE_CHECKING:
    from sealane.app.load import Loaded
    from sealane.app.review import Review


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
@click.option(
    "--allow-clear",
    is_flag=True,
    help="Change it even if that lets packets cross in clear that mode required kept; --mode open or monitor allow it.",
)
@json_option
def command(
    plan: Path, stage: str, mode: str | None, esp: str, wait: bool, allow_clear: bool, as_json: bool
) -> None:
    """Bring the network of PLAN up, or change it to what PLAN says now. May be repeated. Needs root.

    Shows what an edited plan changes before it is applied. Exit code 3 when that would make clear what mode required
    keeps from it, and then nothing is changed; also when it waited and the tunnels do not carry the protected traffic.
    """
    from sealane.app.controller import Controller
    from sealane.app.host_check import check_host, choose_esp
    from sealane.app.live import bring_up, load_or_reject, worth_reviewing
    from sealane.app.status import judged
    from sealane.app.walk.context import await_encrypted
    from sealane.model import Mode

    check_host(choose_esp(esp))
    loaded = load_or_reject(plan)
    wanted = None if mode is None else Mode(mode)
    progress = None if as_json else lambda text: click.echo(f"  {text}", err=True)
    difference = None
    controller = Controller(loaded.name, esp)
    with controller.locked():  # or another command might change what was looked at before it is applied
        if worth_reviewing(loaded, controller, wanted):
            from sealane.app.review import review  # costs a tenth of a second that most starts can do without

            found = review(loaded, controller, stage, wanted)
            difference = None if found.difference is None else found.difference.to_json()
            if not as_json and found.difference:
                show_lines(found.difference.lines())
            if found.findings and not (allow_clear or wanted in (Mode.OPEN, Mode.MONITOR)):
                _refuse(loaded, stage, found, as_json=as_json)
        live, changes = bring_up(loaded, controller, stage=stage, mode=wanted, progress=progress)
    waits = wait and stage == "encrypted"
    carries = await_encrypted(live) if waits and judged(live.observer) else None
    if as_json:
        show_json(
            {
                "network": loaded.name,
                "stage": stage,
                "esp": live.controller.esp().value,
                "refused": False,
                "difference": difference,
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


def _refuse(loaded: "Loaded", stage: str, found: "Review", *, as_json: bool) -> Never:
    """Tell what would be made clear; nothing was changed."""
    if as_json:
        show_json(
            {
                "network": loaded.name,
                "stage": stage,
                "refused": True,
                "difference": None if found.difference is None else found.difference.to_json(),
                "findings": [finding.to_json() for finding in (*found.findings, *loaded.findings)],
            }
        )
    else:
        show_findings(found.findings)
        click.echo("sealane: nothing was changed", err=True)
    sys.exit(VIOLATED)


def _judgement(plan: Path, *, carries: bool | None) -> str:
    if carries is None:
        return "no protected pair has hosts at both ends: nothing to judge by"
    if carries:
        return "all tunnels carry the protected traffic"
    return f"the tunnels do not carry the protected traffic yet: sealane status {plan}"
