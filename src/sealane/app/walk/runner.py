"""Runs the stages in order."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from sealane.app.live import attach
from sealane.app.load import Loaded
from sealane.app.walk.build import encrypted, no_route_policy, plain, tunnels_up, without_host_routes
from sealane.app.walk.context import Context
from sealane.app.walk.evidence import versions, write_configurations, write_evidence
from sealane.app.walk.fail import both_down, one_down
from sealane.app.walk.published import as_published
from sealane.app.walk.result import StageResult, WalkResult
from sealane.diag import Fault
from sealane.model import Mode

StageFunction = Callable[[Context], StageResult]

_STAGES: Mapping[str, StageFunction] = {
    "plain": plain,
    "tunnels-up": tunnels_up,
    "bgp-without-host-routes": without_host_routes,
    "encrypted": encrypted,
    "no-route-policy": no_route_policy,
    "tunnel-1-down": partial(one_down, index=0),
    "tunnel-2-down": partial(one_down, index=1),
    "both-down-open": partial(both_down, mode=Mode.OPEN),
    "both-down-required": partial(both_down, mode=Mode.REQUIRED),
    "as-published": as_published,
}

STAGE_IDS = tuple(_STAGES)
"""In the order in which they are shown."""


class Narrator(Protocol):
    """Someone who is told how the walk goes."""

    def stage_begins(self, stage: str) -> None:
        """A stage begins."""

    def step(self, text: str) -> None:
        """Something is being done."""

    def stage_ends(self, result: StageResult) -> None:
        """A stage has ended."""


def walk(loaded: Loaded, *, esp: str, folder: Path, pings: int, narrator: Narrator) -> WalkResult:
    """Run every stage with real packets and write the evidence.

    Args:
        loaded: A plan of the use case's form: one protected pair, two tunnels.
        esp: ESP back end as asked for.
        folder: Evidence folder, made when missing.
        pings: Echo requests per direction of the stage ``encrypted``.
        narrator: Told of every stage.

    Returns:
        What every stage showed; a stage in which the host failed shows that failure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    context = Context(loaded, esp, folder, pings, narrator.step)
    stages = []
    begun = time.monotonic()
    for name, function in _STAGES.items():
        narrator.stage_begins(name)
        result = _run(name, function, context)
        stages.append(result)
        narrator.stage_ends(result)
        if name == "encrypted":
            write_configurations(folder, attach(loaded))
    live = attach(loaded)
    outcome = WalkResult(loaded.name, live.controller.esp().value, tuple(stages), time.monotonic() - begun, versions())
    write_evidence(folder, outcome)
    return outcome


def _run(name: str, function: StageFunction, context: Context) -> StageResult:
    start = time.monotonic()
    try:
        result = function(context)
    except Fault as fault:
        result = StageResult(name, "the host failed")
        result.check("the stage runs", str(fault), ok=False)
    result.duration_s = time.monotonic() - start
    return result
