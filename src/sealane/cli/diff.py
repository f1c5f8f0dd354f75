"""The verb diff."""

import sys
from pathlib import Path

import click

from sealane.cli.explained import show_lines
from sealane.cli.main import DONE, NOT_COVERED, VIOLATED, show_json
from sealane.cli.options import esp_option, json_option

_MOST_FAILURES = 3
_PLAN = click.Path(path_type=Path, dir_okay=False)


@click.command("diff")
@click.argument("old", metavar="PLAN_A", type=_PLAN)
@click.argument("new", metavar="PLAN_B", type=_PLAN)
@click.option(
    "--failures",
    type=click.IntRange(0, _MOST_FAILURES),
    default=1,
    show_default=True,
    metavar="K",
    help="Compare what becomes of packets while up to K elements have failed.",
)
@esp_option
@json_option
def command(old: Path, new: Path, failures: int, esp: str, as_json: bool) -> None:
    """Show what PLAN_B changes of PLAN_A. Needs no root and runs nothing.

    Told are resources of the host, protections, routes, and which packets become clear, encrypted or unreachable.

    Exit code 3 when something protected becomes clear or is lost, 4 when that cannot be told.
    """
    from sealane.app.difference import compare_plans

    found = compare_plans(old, new, failures, esp)
    if as_json:
        show_json({"plans": [str(old), str(new)], **found.to_json()})
    else:
        click.echo(f"{old} -> {new}")
        show_lines(found.lines())
    sys.exit(VIOLATED if found.worse else DONE if found.covered else NOT_COVERED)
