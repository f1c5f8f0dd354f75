"""The verb check."""

import sys
from pathlib import Path

import click

from sealane.cli.main import BAD_INPUT, DONE, VIOLATED, show_findings, show_json
from sealane.cli.options import json_option, plan_argument
from sealane.diag import Severity


@click.command("check")
@plan_argument
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="SITE=FILE",
    help="Use FILE as the device configuration of SITE instead of the one the plan names.",
)
@json_option
def command(plan: Path, devices: tuple[str, ...], as_json: bool) -> None:
    """Report everything that is wrong with PLAN and the device configurations it names. Needs no root."""
    from sealane.app.check import check

    findings, rejected = check(plan, devices)
    counts = {severity.value: sum(1 for one in findings if one.severity is severity) for severity in Severity}
    if as_json:
        show_json({"findings": [one.to_json() for one in findings], **counts})
    else:
        show_findings(findings)
        click.echo(f"{plan}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    if rejected:
        sys.exit(BAD_INPUT)
    sys.exit(VIOLATED if counts["error"] else DONE)
