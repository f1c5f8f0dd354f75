"""What the twin says of a stage, held against what the stage measures: tables, sessions, SAs, and what pings do."""

import time
from dataclasses import dataclass

from sealane.app.compare import intended
from sealane.app.live import Live, host_address
from sealane.app.observe import see
from sealane.app.walk.result import StageResult
from sealane.diag import Finding, Severity
from sealane.model import Node
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING, Failures
from sealane.twin.packet import Packet, ping
from sealane.verify.explain_cycle import explain_cycle
from sealane.verify.explain_trace import Leg, explain_trace
from sealane.verify.seen import CARRYING
from sealane.verify.seen_compare import compare, visits

_REST_LIMIT_S = 12.0
"""Sessions of the example are given up after 6 s, and BIRD scans the kernel every 10 s."""
_LOOK_S = 0.3


@dataclass(frozen=True, slots=True)
class Foretold:
    """A packet and its answer, as the twin has them.

    Args:
        answered: ``all``, ``some`` or ``none`` of the ways that ECMP may choose among.
        crossing: ``clear``, ``encrypted``, ``mixed``; ``none`` when no circuit is crossed.
    """

    answered: str
    crossing: str

    @property
    def in_clear(self) -> bool:
        """True when packets may cross a circuit in clear, answered or not."""
        return self.crossing in {"clear", "mixed"}

    def __str__(self) -> str:
        return {"all": self.crossing, "none": "unanswered"}.get(self.answered, f"partly answered, {self.crossing}")

    def fits(self, sent: int, received: int) -> bool:
        """True when as many answers came as it says."""
        return {"all": received == sent > 0, "none": received == 0}.get(self.answered, True)


def foretell(twin: Twin, packet: Packet, failed: Failures = NOTHING) -> Foretold:
    """What becomes of a packet and its answer in the state that a cold start leads to."""
    state = explain_trace(twin, packet, failed).states[0]
    replies = tuple(leg for leg in state.back if leg.reply)
    arrive = [way.arrives for leg in state.forward for way in leg.ways]
    back = [way.arrives for leg in replies for way in leg.ways]
    some, every = any(arrive) and any(back), all(arrive) and all(back)
    answered = "all" if some and every else "some" if some else "none"
    return Foretold(answered, _crossing((*state.forward, *replies)))


def _crossing(legs: tuple[Leg, ...]) -> str:
    kinds = {leg.crossing for leg in legs} - {"none"}
    return "none" if not kinds else kinds.pop() if len(kinds) == 1 else "mixed"


def between(source: Node, destination: Node) -> Packet:
    """An echo request between two hosts."""
    return ping(int(host_address(source)), int(host_address(destination)))


def differences(live: Live, twin: Twin, failed: Failures = NOTHING, limit_s: float = _REST_LIMIT_S) -> list[Finding]:
    """What differs from the twin once the network had time to come to rest."""
    deadline = time.monotonic() + limit_s
    while True:
        found = [one for one in compare(twin, see(live, whole=False), failed) if one.severity is Severity.ERROR]
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(_LOOK_S)


def confirm(live: Live, result: StageResult, source: Node, destination: Node, failed: Failures = NOTHING) -> Foretold:
    """Hold tables, sessions and SAs of a stage at rest against the twin's, and note the twin's verdict on pings.

    Returns:
        That verdict, for the direction from ``source`` and its answers; the other one is checked to be the same.
    """
    twin = Twin(intended(live))
    state = twin.converge(failed)
    forth = foretell(twin, between(source, destination), failed)
    back = foretell(twin, between(destination, source), failed)
    found = differences(live, twin, failed)
    result.facts["twin"] = {
        "stability": state.liveness.stability.value,
        "tunnels": sorted(state.liveness.tunnels),
        "tunnels_down": {one.name: one.reason for one in state.tunnels.values() if not one.carries},
        "verdict": str(forth) if forth == back else f"{forth}; the other way {back}",
        "differences": [str(one) for one in found],
    }
    result.check(
        "every route, BGP session and SA is as the twin computes it",
        "; ".join(f"{one.code} {one.subject}: {one.problem}" for one in found) or "no difference",
        ok=not found,
    )
    return forth


def confirm_verdict(result: StageResult, foretold: Foretold, sent: int, received: int, clear: int) -> None:
    """Hold what was measured against the twin's verdict."""
    result.check(
        f"the twin's verdict is what was measured: {foretold}",
        f"{received} of {sent} answered, {clear} protected packets in clear",
        ok=foretold.fits(sent, received) and foretold.in_clear == (clear > 0),
    )


def carrying(live: Live) -> frozenset[str]:
    """The tunnels whose outer packets reach the other end now: SAs are up and no look-up sends them into a tunnel."""
    found = set()
    for pair in live.staged.tunnels():
        ends = [live.lowered.ends[pair.near_node, pair.near.name]]
        if pair.far_node is not None and pair.far is not None:
            ends.append(live.lowered.ends[pair.far_node, pair.far.name])
        inner = {one.interface for one in live.lowered.ends.values()}
        if all(
            live.observer.sa(one).child_state in CARRYING and live.observer.outer_route(one) not in {None, *inner}
            for one in ends
        ):
            found.add(pair.name)
    return frozenset(found)


def confirm_cycle(live: Live, result: StageResult, samples: list[frozenset[str]], period_s: float | None) -> None:
    """Hold a stage that comes to no rest against the twin's cycle.

    Args:
        live: The network.
        result: The stage.
        samples: Tunnels that carried packets, each time it was looked.
        period_s: Seconds from one time that BGP came up to the next; None when it did not come up again.
    """
    twin = Twin(intended(live))
    converged = twin.converge()
    cycle = explain_cycle(converged)
    strange = visits(twin, NOTHING, tuple(samples))
    seen = tuple(dict.fromkeys(samples))
    estimate_s = 0.0 if cycle is None else cycle.period_s
    repairs = {turn.repair for phase in cycle.phases for turn in phase.turns if turn.repair} if cycle else set()
    result.facts["twin"] = {
        "stability": converged.liveness.stability.value,
        "cycle": [sorted(one) for one in converged.liveness.cycle],
        "states_seen": [sorted(one) for one in seen],
        "looks": len(samples),
        "repair": sorted(repairs),
        "period_estimate_s": round(estimate_s, 1),
        "period_measured_s": None if period_s is None else round(period_s, 1),
    }
    result.check(
        f"the twin's verdict is what was measured: {converged.liveness.stability.value}",
        f"{len(seen)} states seen in {len(samples)} looks, {len(strange)} of them not in the twin's cycle of "
        f"{len(converged.liveness.cycle)}; a round takes {_seconds(period_s)}, estimated {estimate_s:.0f} s",
        ok=bool(converged.liveness.cycle) and not strange and set(converged.liveness.cycle) <= set(seen)
        and period_s is not None,
    )


def _seconds(value: float | None) -> str:
    return "no end" if value is None else f"{value:.1f} s"
