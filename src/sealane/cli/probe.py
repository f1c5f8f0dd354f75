"""The verb probe."""

import sys
from pathlib import Path

import click

from sealane.cli.main import DONE, VIOLATED, show_json
from sealane.cli.options import json_option, plan_argument


@click.command("probe")
@plan_argument
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DST")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=5, show_default=True, help="Echo requests.")
@click.option(
    "--size",
    "size_bytes",
    type=click.IntRange(0, 65_507),
    default=56,
    show_default=True,
    help="Payload bytes of a request.",
)
@click.option(
    "--interval",
    "interval_s",
    type=click.FloatRange(0.001, 60),
    default=0.2,
    show_default=True,
    help="Seconds between requests.",
)
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Keep the captures in this directory.")
@json_option
def command(
    plan: Path,
    source: str,
    destination: str,
    count: int,
    size_bytes: int,
    interval_s: float,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Ping DST from SRC, two hosts of PLAN, and say whether it crossed the circuit encrypted, clear, mixed or dropped.

    Exit code 3 when it crossed in clear, even in part, or was dropped.
    """
    from sealane.app.host_check import check_root
    from sealane.app.live import attach, load_or_reject
    from sealane.app.probe import probe

    check_root()
    live = attach(load_or_reject(plan))
    result = probe(live, source, destination, count=count, size_bytes=size_bytes, interval_s=interval_s, keep=keep)
    if as_json:
        show_json(result.to_json())
    else:
        from sealane.cli.tables import print_probe

        print_probe(result)
    sys.exit(DONE if result.verdict == "encrypted" else VIOLATED)
