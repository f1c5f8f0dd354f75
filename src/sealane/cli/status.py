"""The verb status."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED, show_json
from sealane.cli.options import json_option


@click.command("status")
@click.argument("plan", required=False, type=click.Path(path_type=Path, dir_okay=False))
@json_option
def command(plan: Path | None, as_json: bool) -> None:
    """Say what is up: tunnels, BGP, meters, and what is left half made. Exit code 3 when a tunnel is not well."""
    from sealane.app.report import report, summaries

    if plan is None:
        found = summaries()
        if as_json:
            show_json(found)
        elif not found:
            click.echo("no network is up")
        for one in [] if as_json else found:
            click.echo(f"{one['network']}: {one['state']}, stage {one['stage']}, ESP {one['esp']}, plan {one['plan']}")
        return
    result = report(plan)
    if as_json:
        show_json(result.to_json())
    else:
        from sealane.cli.tables import print_report

        print_report(result)
    sys.exit(DONE if result.well else VIOLATED)
