"""The verb watch."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED
from sealane.cli.options import json_option, plan_argument


@click.command("watch")
@plan_argument
@click.option(
    "--for",
    "duration_s",
    type=click.FloatRange(0.1),
    default=None,
    help="Stop after so many seconds; without it, at Ctrl-C.",
)
@json_option
def command(plan: Path, duration_s: float | None, as_json: bool) -> None:
    """Watch the meters of PLAN's circuits and raise an alarm for every protected packet in clear.

    Exit code 3 when there was an alarm.
    """
    import json

    from sealane.app.host_check import check_root
    from sealane.app.live import attach, load_or_reject
    from sealane.app.watch import watch

    check_root()
    live = attach(load_or_reject(plan))
    alarms = 0
    try:
        for event in watch(live, duration_s):
            alarms += event.alarm
            click.echo(json.dumps(event.to_json()) if as_json else str(event))
    except KeyboardInterrupt:
        pass
    sys.exit(VIOLATED if alarms else DONE)
