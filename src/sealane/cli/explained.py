"""What the verbs that explain share: options, protocol words, and lines on a terminal."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sealane.cli.options import STAGES

if TYPE_CHECKING:
    from sealane.verify.explain_line import Line

_F = TypeVar("_F", bound=Callable[..., Any])
_STYLES: dict[str, dict[str, Any]] = {
    "plain": {}, "head": {"bold": True}, "good": {"fg": "green"}, "bad": {"fg": "red"}, "detail": {"dim": True},
}


def fail_option(function: _F) -> _F:
    """Failed elements."""
    return click.option(
        "--fail",
        "failed",
        multiple=True,
        metavar="ELEMENT",
        help="Let ELEMENT have failed: tunnel-1, circuit:Circuit, node:vbr, bgp:..., connection:...; may be repeated.",
    )(function)


def stage_option(function: _F) -> _F:
    """Stage of the procedure."""
    return click.option(
        "--stage",
        type=click.Choice(STAGES),
        default="encrypted",
        show_default=True,
        help="Take the network as configured up to this stage.",
    )(function)


def show_lines(lines: Iterable["Line"]) -> None:
    """Print lines, coloured on a terminal."""
    for line in lines:
        click.secho(line.text, **_STYLES[line.tone.value])
