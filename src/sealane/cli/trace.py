"""The verb trace."""

import sys
from pathlib import Path

import click

from sealane.cli.explained import fail_option, show_lines, stage_option
from sealane.cli.main import DONE, NOT_COVERED, show_json
from sealane.cli.options import json_option, plan_argument

_LAST_PROTOCOL = 255


@click.command("trace")
@plan_argument
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DST")
@fail_option
@stage_option
@click.option("--proto", default=None, metavar="icmp|tcp|udp|esp|N", help="Protocol.  [default: icmp; tcp with --port]")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="Destination port, for tcp and udp.")
@json_option
def command(
    plan: Path,
    source: str,
    destination: str,
    failed: tuple[str, ...],
    stage: str,
    proto: str | None,
    port: int | None,
    as_json: bool,
) -> None:
    """Follow a packet from SRC to DST and its answer, hop by hop, with reasons. Needs no root and runs nothing.

    SRC and DST are hosts of PLAN or IPv4 addresses. Every way that equal routes allow is shown. Exit code 0 whatever
    becomes of the packet, 4 when the way is not covered by the model.
    """
    from sealane.app.explain import Unknown, network_at
    from sealane.app.trace import trace
    from sealane.verify.explain_text import trace_lines

    number = _protocol(proto, port)
    network = network_at(plan, stage)
    try:
        found = trace(network, source, destination, failed=failed, protocol=number, port=port)
    except Unknown as unknown:
        raise click.UsageError(str(unknown)) from None
    if as_json:
        show_json({"network": network.name, "stage": stage, **found.to_json()})
    else:
        click.echo(f"{network.name}, stage {stage}")
        show_lines(trace_lines(found, network))
    sys.exit(NOT_COVERED if found.not_modelled else DONE)


def _protocol(word: str | None, port: int | None) -> int:
    from sealane.app.trace import PORTED, PROTOCOLS

    if word is None:
        word = "icmp" if port is None else "tcp"
    number = PROTOCOLS.get(word.lower(), int(word) if word.isascii() and word.isdecimal() and len(word) < 4 else -1)  # noqa: PLR2004
    if not 0 <= number <= _LAST_PROTOCOL:
        raise click.UsageError(f"--proto {word}: use icmp, tcp, udp, esp or a number from 0 to {_LAST_PROTOCOL}")
    if port is not None and number not in PORTED:
        raise click.UsageError("--port needs --proto tcp or udp")
    return number
