"""The verb prove."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sealane.cli.explained import show_lines, stage_option
from sealane.cli.main import DONE, NOT_COVERED, VIOLATED, show_json
from sealane.cli.options import json_option, plan_argument

if TYPE_CHECKING:
    from sealane.app.prove import Proved
    from sealane.app.prove_live import LiveProof
    from sealane.verify.proof import Proof

PROPERTIES = (
    "encrypted", "fail-closed", "no-recursion", "no-loop", "no-blackhole", "symmetric", "overlap", "mtu", "redundancy",
    "coverage",
)
_MOST_FAILURES = 4


@click.command("prove")
@plan_argument
@click.option(
    "--failures",
    type=click.IntRange(0, _MOST_FAILURES),
    default=1,
    show_default=True,
    help="Let any number of elements up to this fail at once.",
)
@click.option(
    "--property",
    "properties",
    type=click.Choice(PROPERTIES),
    multiple=True,
    help="Judge this property only, and demand it; may be repeated.  [default: all]",
)
@stage_option
@click.option(
    "--device",
    "devices",
    multiple=True,
    metavar="SITE=FILE",
    help="Use FILE as the device configuration of SITE; its known mistakes are mended one after the other.",
)
@click.option("--live", is_flag=True, help="Prove the network that is up for PLAN as it runs now; needs root.")
@click.option("--explain", is_flag=True, help="Follow every counterexample hop by hop.")
@json_option
@click.option("--sarif", type=click.Path(path_type=Path, dir_okay=False), help="Write the violations as SARIF 2.1.0.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write the verdicts as JUnit XML.")
def command(
    plan: Path,
    failures: int,
    properties: tuple[str, ...],
    stage: str,
    devices: tuple[str, ...],
    live: bool,
    explain: bool,
    as_json: bool,
    sarif: Path | None,
    junit: Path | None,
) -> None:
    """Prove for every packet and every failure what crosses the circuits of PLAN in clear. Needs no root.

    With --live the running network is read: where it is not as computed is told, and the properties are proved for its
    own tables, sessions and tunnels. A difference counts as a violation.

    Exit code 0 when all is proved, or declared by mode open; 3 when a property is violated; 4 when the model does not
    cover it.
    """
    from sealane.app.output_file import check_outputs, write_outputs
    from sealane.verify.violation import Verdict

    if live:
        _only_alone(("failures", "--failures"), ("stage", "--stage"), ("devices", "--device"))
    check_outputs({name: path for name, path in (("--sarif", sarif), ("--junit", junit)) if path is not None})
    found = _live(plan, properties) if live else _planned(plan, failures, properties, stage, devices)
    try:
        if as_json:
            show_json(found.to_json())
        else:
            show_lines(found.lines(explain=explain))
    finally:
        write_outputs(_texts(found.proof, sarif, junit))
    sys.exit({Verdict.VIOLATED: VIOLATED, Verdict.NOT_COVERED: NOT_COVERED}.get(found.verdict, DONE))


def _only_alone(*options: tuple[str, str]) -> None:
    """Refuse options that a running network leaves no choice of."""
    context = click.get_current_context()
    for name, shown in options:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--live proves what runs now; {shown} cannot be chosen for it")


def _planned(
    plan: Path, failures: int, properties: tuple[str, ...], stage: str, devices: tuple[str, ...]
) -> "Proved":
    gc.disable()  # a short life that keeps nearly all it makes: looking for garbage costs a tenth of the time
    from sealane.app.prove import prove_plan

    try:
        return prove_plan(plan, stage=stage, failures=failures, properties=properties, devices=devices)
    finally:
        gc.enable()


def _live(plan: Path, properties: tuple[str, ...]) -> "LiveProof":
    from sealane.app.prove_live import prove_live

    return prove_live(plan, properties)


def _texts(proof: "Proof", sarif: Path | None, junit: Path | None) -> dict[Path, str]:
    """What the files that were asked for say."""
    texts = {}
    if sarif is not None:
        from sealane.verify.sarif import sarif_text

        texts[sarif] = sarif_text(proof)
    if junit is not None:
        from sealane.verify.junit import junit_text

        texts[junit] = junit_text(proof)
    return texts
