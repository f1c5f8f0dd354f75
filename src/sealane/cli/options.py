"""Arguments and options that several verbs share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_F = TypeVar("_F", bound=Callable[..., Any])

STAGES = ("plain", "tunnels-up", "bgp-without-host-routes", "encrypted", "no-route-policy")
MODES = ("open", "monitor", "required")


def plan_argument(function: _F) -> _F:
    """The plan file."""
    return click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))(function)


def json_option(function: _F) -> _F:
    """Output for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)


def esp_option(function: _F) -> _F:
    """ESP back end."""
    return click.option(
        "--esp",
        type=click.Choice(["kernel", "userspace", "auto"]),
        default="auto",
        show_default=True,
        help="Who does ESP: the kernel (XFRM), charon itself, or the kernel where it can.",
    )(function)


def mode_option(function: _F) -> _F:
    """Mode override."""
    return click.option(
        "--mode",
        type=click.Choice(MODES),
        default=None,
        help="Replace the mode of every protection in the plan.",
    )(function)
