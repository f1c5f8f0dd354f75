"""The verb routes."""

import sys
from pathlib import Path

import click

from sealane.cli.explained import fail_option, show_lines, stage_option
from sealane.cli.main import DONE, NOT_COVERED, show_json
from sealane.cli.options import json_option, plan_argument


@click.command("routes")
@plan_argument
@click.argument("node", metavar="NODE")
@fail_option
@stage_option
@click.option("--table", default=None, help="Show this route table only.")
@json_option
def command(
    plan: Path, node: str, failed: tuple[str, ...], stage: str, table: str | None, as_json: bool
) -> None:
    """Show the routes of NODE with reasons: in use and lost, told and withheld. Needs no root and runs nothing.

    NODE is a router, device or host of PLAN. Exit code 4 when BGP does not come to rest.
    """
    from sealane.app.explain import Unknown, network_at, routes
    from sealane.verify.explain_node_text import node_lines

    network = network_at(plan, stage)
    try:
        found = routes(network, node, failed, table)
    except Unknown as unknown:
        raise click.UsageError(str(unknown)) from None
    if as_json:
        show_json({"network": network.name, "stage": stage, **found.to_json()})
    else:
        click.echo(f"{network.name}, stage {stage}")
        show_lines(node_lines(found))
    sys.exit(DONE if found.settled else NOT_COVERED)
