"""The verb restart."""

from pathlib import Path

import click

from sealane.cli.main import show_json
from sealane.cli.options import json_option, plan_argument


@click.command("restart")
@plan_argument
@click.argument("tunnel")
@click.option("--at", type=click.Choice(["cloud", "device"]), default="cloud", show_default=True, help="Which end.")
@json_option
def command(plan: Path, tunnel: str, at: str, as_json: bool) -> None:
    """Restart one end of TUNNEL after BGP has led the traffic to the other tunnels. No packet is lost."""
    from sealane.app.host_check import check_root
    from sealane.app.live import attach, load_or_reject
    from sealane.app.maintain import restart

    check_root()
    took_s = restart(attach(load_or_reject(plan)), tunnel, at_device=at == "device")
    if as_json:
        show_json({"restarted": tunnel, "at": at, "duration_s": round(took_s, 2)})
    else:
        click.echo(f"restarted {tunnel} at the {at}, {took_s:.1f} s")
