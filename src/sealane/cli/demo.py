"""The verb demo."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED, show_json
from sealane.cli.options import esp_option, json_option
from sealane.diag import Fault

_EXAMPLE = Path("examples/hangzhou/plan.yaml")


@click.command("demo")
@click.argument("plan", required=False, type=click.Path(path_type=Path, dir_okay=False), default=_EXAMPLE)
@click.option(
    "--evidence",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("evidence"),
    show_default=True,
    help="Folder for evidence.json, captures and configurations.",
)
@click.option(
    "--pings",
    type=click.IntRange(1, 1_000_000),
    default=10_000,
    show_default=True,
    help="Echo requests per direction of the stage encrypted.",
)
@click.option("--keep-up", is_flag=True, help="Leave the network up at the end.")
@esp_option
@json_option
def command(plan: Path, evidence: Path, pings: int, keep_up: bool, esp: str, as_json: bool) -> None:
    """Walk through the use case with real packets, stage by stage, and end with the evidence. Needs root.

    Exit code 3 when a stage did not show what it has to.
    """
    from sealane.app.controller import Controller
    from sealane.app.host_check import check_host, choose_esp
    from sealane.app.live import load_or_reject
    from sealane.app.runstate import RunDirectory
    from sealane.app.walk import walk
    from sealane.cli.narration import Narration, Silence

    check_host(choose_esp(esp))
    loaded = load_or_reject(plan)
    record = RunDirectory(loaded.name).record()
    if record is not None and record.complete:
        raise Fault(
            f"show the use case on {loaded.name}",
            "it is up already, and the demo would change it and take it down at its end",
            f"sealane down --name {loaded.name}, or give the plan another name",
        )
    narrator = Silence() if as_json else Narration(loaded.name)
    try:
        result = walk(loaded, esp=esp, folder=evidence, pings=pings, narrator=narrator)
    finally:
        if not keep_up:
            Controller(loaded.name).down()
    if as_json:
        show_json(result.to_json())
    else:
        narrator.summary(result, evidence)
    sys.exit(DONE if result.ok else VIOLATED)
