"""The verb down."""

from pathlib import Path

import click

from sealane.cli.main import show_json
from sealane.cli.options import json_option


@click.command("down")
@click.argument("plan", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--all", "everything", is_flag=True, help="Remove every network of ours from this host.")
@click.option("--name", help="Remove the network of this name, when its plan is gone.")
@json_option
def command(plan: Path | None, everything: bool, name: str | None, as_json: bool) -> None:
    """Remove the network of PLAN from this host, whatever state it is in. Needs root."""
    from sealane.app.controller import Controller, network_of, networks_of, networks_present
    from sealane.app.host_check import check_root

    if sum((plan is not None, everything, name is not None)) != 1:
        raise click.UsageError("give one of PLAN, --name or --all")
    check_root()
    names = networks_present() if everything else (name or network_of(plan or Path()),)
    removed = [one for one in names if Controller(one).down()]
    left = () if plan is None else tuple(one for one in networks_of(plan) if one not in names)
    if as_json:
        show_json({"removed": removed, "left": list(left)})
        return
    click.echo(f"removed: {', '.join(removed)}" if removed else "nothing was up")
    for one in left:
        click.echo(f"{one}, which this plan named earlier, is still up: sealane down --name {one}")
