"""The verb rekey."""

from pathlib import Path

import click

from sealane.cli.main import show_json
from sealane.cli.options import json_option, plan_argument


@click.command("rekey")
@plan_argument
@click.argument("tunnel")
@click.option("--ike", is_flag=True, help="Rekey the IKE SA instead of the child SA.")
@json_option
def command(plan: Path, tunnel: str, ike: bool, as_json: bool) -> None:
    """Rekey TUNNEL of the live network of PLAN now. No packet is lost."""
    from sealane.app.host_check import check_root
    from sealane.app.live import attach, load_or_reject
    from sealane.app.maintain import rekey

    check_root()
    rekey(attach(load_or_reject(plan)), tunnel, ike=ike)
    kind = "IKE" if ike else "child"
    if as_json:
        show_json({"rekeyed": tunnel, "sa": kind})
    else:
        click.echo(f"rekeyed the {kind} SA of {tunnel}")
