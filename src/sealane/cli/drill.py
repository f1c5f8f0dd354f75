"""The verb drill."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED, show_json
from sealane.cli.options import json_option, plan_argument


@click.command("drill")
@plan_argument
@click.argument("elements", metavar="ELEMENT...", nargs=-1, required=True)
@click.option(
    "--hold",
    "hold_s",
    type=click.FloatRange(0.1, 600),
    default=8.0,
    show_default=True,
    help="Seconds the failure lasts.",
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the captures in this directory.")
@json_option
def command(plan: Path, elements: tuple[str, ...], hold_s: float, keep: Path | None, as_json: bool) -> None:
    """Make ELEMENTs of the live network of PLAN fail, measure, and restore them.

    ELEMENT is a tunnel (tunnel-1), circuit or circuit:NAME, bgp:TUNNEL, charon:NODE/TUNNEL or bgpd:NODE. The longest
    gap of eight UDP flows is measured in steps of 10 ms. Exit code 3 when a protected packet crossed in clear that mode
    monitor or required does not allow, or the network did not recover.
    """
    from sealane.app.drill import drill, find_elements
    from sealane.app.host_check import check_root
    from sealane.app.live import attach, load_or_reject
    from sealane.app.walk.context import drill_hosts
    from sealane.model import Mode

    check_root()
    live = attach(load_or_reject(plan))
    source, destination = drill_hosts(live)
    result = drill(live, find_elements(live, elements), source, destination, hold_s=hold_s, directory=keep)
    if as_json:
        show_json(result.to_json())
    else:
        from sealane.cli.tables import print_drill

        print_drill(result)
    allowed = all((live.mode or one.mode) is Mode.OPEN for one in live.network.protections)
    well = result.recovered_s is not None and (allowed or result.clear_packets == 0)
    sys.exit(DONE if well else VIOLATED)
