"""One case: a network comes up, events happen, and after each one the live state is compared with the twin's."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from fidelity.case import Case
from fidelity.compare import differences, expected, explained, session_ends
from fidelity.generate import Event
from fidelity.running import Running, Seen
from fidelity.small import build
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import Element, ElementKind
from sealane.twin.liveness import Stability

_POLL_S = 1.0
_FIRST_S = 3.0
_LEAST_S = 2.0
"""After a circuit's failure without tunnels: the carrier is lost at once."""
_LEAST_HOLD_S = 6.0
"""Hold time and dead peer detection take 4 s."""
_QUIET_S = 8.0
_LIMIT_S = 60.0
_AGREED = 2


@dataclass(slots=True)
class Outcome:
    """What a case showed.

    Args:
        case: The case.
        events: Events that happened; the start is not one.
        states: States compared.
        entries: Routes, sessions and tunnels in them.
        explained: Those of them where history decided, by rule, and one of the states that it may lead to was live.
        skipped: States that were not compared, by reason.
        history: The events up to the first difference, or all.
        found: Differences after the last of them, each in a line.
        unsteady: Differences that a first run showed and this one did not.
        seconds: How long it took.
        error: What broke.
    """

    case: Case
    events: int = 0
    states: int = 0
    entries: int = 0
    explained: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    history: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    unsteady: tuple[str, ...] = ()
    seconds: float = 0.0
    error: str = ""

    def to_json(self) -> dict[str, object]:
        """For the record."""
        return {
            "case": self.case.title, "events": self.events, "states": self.states, "entries": self.entries,
            "explained": self.explained, "skipped": self.skipped, "history": self.history, "found": self.found,
            "unsteady": self.unsteady,
            "seconds": round(self.seconds, 1), "error": self.error,
        }


def run_case(
    case: Case, name: str, *, slow: float = 1.0, look: Callable[[Running], None] | None = None,
) -> Outcome:
    """Run a case as network ``name``; it stops at the first difference, since what follows tells nothing new.

    Args:
        case: The case.
        name: What the network is called; one that is up under this name is taken down first.
        slow: How much more patience than usual.
        look: Called with the running network when something differs.
    """
    started = time.monotonic()
    outcome = Outcome(case)
    network = build(case.small, name)
    twin = Twin(network)
    running = Running(network, session_ends(twin))
    running.down()
    try:
        running.up()
        failed: set[Element] = set()
        for event in (None, *case.events):
            if event is not None:
                outcome.history += (str(event),)
                outcome.events += 1
                if event.element is not None:
                    (failed.add if event.fails else failed.discard)(event.element)
                running.play(event)
            least = _FIRST_S if event is None else _least(event, bool(running.pairs))
            outcome.found = _settle(running, twin.converge(frozenset(failed)), outcome, least * slow, slow)
            if outcome.found:
                if look is not None:
                    look(running)
                break
    finally:
        running.down()
        outcome.seconds = time.monotonic() - started
    return outcome


def _least(event: Event, tunnels: bool) -> float:
    quick = event.element is None or event.element.kind is ElementKind.CIRCUIT
    return _LEAST_S if quick and not tunnels else _LEAST_HOLD_S


def _settle(running: Running, converged: Converged, outcome: Outcome, least: float, slow: float) -> tuple[str, ...]:
    """Wait until the live state is the twin's and stays so; else until it no longer changes. The differences."""
    if converged.liveness.stability not in {Stability.STABLE, Stability.BISTABLE}:
        outcome.skipped[f"not compared: {converged.liveness.stability.value}"] += 1
        time.sleep(least)
        return ()
    twin, failed = converged.twin, converged.failed
    first = converged.liveness.tunnels
    points = [first, *(one for one in converged.liveness.fixed_points if one != first)]
    wanted = [expected(twin, failed, twin.tables(failed, one)) for one in points]
    begun = changed = time.monotonic()
    time.sleep(max(0.0, least - _POLL_S))
    last: object = None
    agreed = 0
    while True:
        tables = running.tables()
        near = [one for one in wanted if one.has(tables)]
        seen = running.seen(tables) if near else None
        now = time.monotonic()
        if (tables, seen) != last:
            last, changed = (tables, seen), now
        agreed = agreed + 1 if seen is not None and any(not any(differences([one], seen)) for one in near) else 0
        if seen is not None and agreed >= _AGREED and now - begun >= least:
            return _count(outcome, seen, "one of several states of tunnels" if len(wanted) > 1 else "")
        if now - changed > _QUIET_S * slow or now - begun > _LIMIT_S * slow:
            seen = running.seen(tables)
            reason = explained(twin, failed, points, seen)
            if reason:
                return _count(outcome, seen, reason)
            if now - begun > 3 * _QUIET_S * slow:
                return tuple(differences([wanted[0]], seen))
        time.sleep(_POLL_S)


def _count(outcome: Outcome, seen: Seen, reason: str) -> tuple[str, ...]:
    outcome.states += 1
    outcome.entries += seen.entries()
    if reason:
        outcome.explained[reason] += 1
    return ()
