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
    from sealane.verify.prove import Proof
    from sealane.verify.violation import Verdict

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
    from sealane.verify.violation import Verdict

    if live:
        _only_alone(("failures", "--failures"), ("stage", "--stage"), ("devices", "--device"))
        proof, verdict = _live(plan, properties, explain=explain, as_json=as_json)
    else:
        proof, verdict = _planned(plan, failures, properties, stage, devices, explain=explain, as_json=as_json)
    if sarif is not None:
        from sealane.verify.sarif import sarif_text

        sarif.write_text(sarif_text(proof), encoding="utf-8")
    if junit is not None:
        from sealane.verify.junit import junit_text

        junit.write_text(junit_text(proof), encoding="utf-8")
    sys.exit({Verdict.VIOLATED: VIOLATED, Verdict.NOT_COVERED: NOT_COVERED}.get(verdict, DONE))


def _only_alone(*options: tuple[str, str]) -> None:
    """Refuse options that a running network leaves no choice of."""
    context = click.get_current_context()
    for name, shown in options:
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--live proves what runs now; {shown} cannot be chosen for it")


def _planned(
    plan: Path,
    failures: int,
    properties: tuple[str, ...],
    stage: str,
    devices: tuple[str, ...],
    *,
    explain: bool,
    as_json: bool,
) -> "tuple[Proof, Verdict]":
    gc.disable()  # a short life that keeps nearly all it makes: looking for garbage costs a tenth of the time
    from sealane.app.prove import layer_lines, prove_plan
    from sealane.verify.prove_text import proof_lines

    try:
        found = prove_plan(plan, stage=stage, failures=failures, properties=properties, devices=devices)
    finally:
        gc.enable()
    if as_json:
        layers = [one.to_json() for one in found.layers]
        show_json({"stage": stage, **found.proof.to_json(), "layers": layers})
    else:
        click.echo(f"{found.network.name}, stage {stage}: {found.verdict.value}")
        show_lines(proof_lines(found.proof, found.network, explain=explain))
        show_lines(layer_lines(found.layers))
    return found.proof, found.verdict


def _live(plan: Path, properties: tuple[str, ...], *, explain: bool, as_json: bool) -> "tuple[Proof, Verdict]":
    from sealane.app.prove_live import prove_live
    from sealane.verify.prove_text import proof_lines

    found = prove_live(plan, properties)
    if as_json:
        show_json(found.to_json())
        return found.proof, found.verdict
    click.echo(f"{found.network.name} as it runs, stage {found.stage}: {found.verdict.value}")
    click.echo(f"tunnels up: {', '.join(found.tunnels) or 'none'}; failed: {', '.join(found.failed) or 'nothing'}")
    if not found.comparison.findings:
        click.echo("every kernel route, BGP session and SA is as computed")
    for one in found.comparison.findings:
        click.echo(str(one))
    show_lines(proof_lines(found.proof, found.network, explain=explain))
    return found.proof, found.verdict
