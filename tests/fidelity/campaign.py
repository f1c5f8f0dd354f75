"""Many cases at a time, on one host, and what they showed together."""

import fcntl
import json
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from fidelity.case import Case, seeded
from fidelity.run import Outcome, run_case
from sealane.app.controller import Controller, networks_present
from sealane.diag import Fault

NAME = "fid"


@dataclass(frozen=True, slots=True)
class Settings:
    """What to run; see ``__main__``."""

    networks: int = 1000
    events: int = 10
    first: int = 0
    jobs: int = 8
    kind: str = "both"
    seconds: float = float("inf")
    record: Path | None = None
    shrink: int = 40

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Settings":
        def number(name: str, default: int) -> int:
            return int(environment.get(f"FIDELITY_{name}", default))

        record = environment.get("FIDELITY_RECORD")
        return cls(
            number("NETWORKS", 1000), number("EVENTS", 10), number("SEED", 0),
            number("JOBS", 8 * (os.cpu_count() or 1)), environment.get("FIDELITY_KIND", "both"),
            float(environment.get("FIDELITY_SECONDS", "inf")), Path(record) if record else None, number("SHRINK", 40),
        )


class Campaign:
    """Runs the cases of some settings; networks are called ``fid-CASE``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.interrupted = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else runs cases here; what a killed run left behind is removed, at the end too.

        SIGTERM ends as Ctrl-C does. After SIGKILL the next run cleans up, or ``sealane down --name fid-CASE``.
        """
        with (Path(tempfile.gettempdir()) / "sealane-fidelity.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit("another fidelity run is at work on this host")
            before = signal.signal(signal.SIGTERM, _interrupt)
            try:
                clear()
                yield
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                clear()
                signal.signal(signal.SIGTERM, before)

    def run(self) -> list[Outcome]:
        """All cases that the record does not have agreeing; each is told as it ends, those so far when interrupted."""
        one = self.settings
        had = {title for title, line in self.recorded().items() if not line["found"] and not line["error"]}
        cases = [
            found for found in (seeded(one.first + number, one.events, one.kind) for number in range(one.networks))
            if found.title not in had
        ]
        started = time.monotonic()
        outcomes = []
        with ProcessPoolExecutor(one.jobs, initializer=_end_when_told) as pool:
            try:
                for outcome in _in_turn(pool, cases, one.jobs, started + one.seconds):
                    outcomes.append(outcome)
                    show(outcome, f"{len(outcomes)}/{len(cases)}")
                    self._keep(outcome)
            except (KeyboardInterrupt, BrokenProcessPool):
                print("interrupted: what was at work is left out")
                self.interrupted = True
                for child in multiprocessing.active_children():
                    child.terminate()
        print(f"{len(outcomes)} of {len(cases)} networks in {time.monotonic() - started:.0f} s")
        return outcomes

    def recorded(self) -> Mapping[str, Mapping[str, Any]]:
        """The last that the record has of every case, by title."""
        if self.settings.record is None or not self.settings.record.exists():
            return {}
        lines = [json.loads(line) for line in self.settings.record.read_text().splitlines()]
        return {line["case"]: line for line in lines}

    def _keep(self, outcome: Outcome) -> None:
        if self.settings.record is not None:
            with self.settings.record.open("a") as file:
                file.write(json.dumps(outcome.to_json()) + "\n")

    def summary(self, outcomes: list[Outcome]) -> Iterator[str]:
        """The figures of the record and of these outcomes together."""
        lines = {**self.recorded(), **{one.case.title: one.to_json() for one in outcomes}}.values()
        notes: Counter[str] = Counter()
        for one in lines:
            notes.update({f"explained: {reason}": count for reason, count in one["explained"].items()})
            notes.update(one["skipped"])
        total = {name: sum(one[name] for one in lines) for name in ("events", "states", "entries", "seconds")}
        yield (
            f"{len(lines)} networks, {total['events']} events, {total['states']} states and {total['entries']} routes, "
            f"sessions and tunnels compared; {sum(bool(one['found']) for one in lines)} networks differ, "
            f"{sum(bool(one.get('unsteady')) for one in lines)} differed in the first of two runs only, "
            f"{sum(bool(one['error']) for one in lines)} broke"
        )
        for reason, count in sorted(notes.items()):
            yield f"  {reason}: {count} states"


def _in_turn(pool: ProcessPoolExecutor, cases: list[Case], jobs: int, until: float) -> Iterator[Outcome]:
    """Outcomes as they come; no more cases are handed out than are at work, and none after a time."""
    rest = iter(cases)
    working: set[Future[Outcome]] = set()
    while True:
        while len(working) < jobs and time.monotonic() < until and (case := next(rest, None)) is not None:
            working.add(pool.submit(attempt, case))
        if not working:
            return
        done, working = wait(working, return_when="FIRST_COMPLETED")
        for one in done:
            yield one.result()


def attempt(case: Case, prefix: str = NAME) -> Outcome:
    """Run a case; what differs is run once more, with more patience, and counts when it differs again.

    A case that breaks tells so in its outcome, since it must not end the others.
    """
    try:
        outcome = run_case(case, f"{prefix}-{case.title}")
        if outcome.found:
            again = run_case(case, f"{prefix}-{case.title}", slow=2.0)
            if not again.found:
                again.unsteady = (f"after {'; '.join(outcome.history) or 'the start'}:", *outcome.found)
            return again
    except Exception:  # noqa: BLE001
        return Outcome(case, error=traceback.format_exc())
    return outcome


def show(outcome: Outcome, number: str) -> None:
    """Print an outcome."""
    word = "BROKE" if outcome.error else "DIFFERS" if outcome.found else "ok"
    notes = {**outcome.explained, **outcome.skipped}
    shown = ", ".join(f"{count} {reason}" for reason, count in notes.items())
    print(f"[{number}] {outcome.case.title}: {word}, {outcome.states} states in {outcome.seconds:.0f} s"
          f"{shown and '; '}{shown}")
    if outcome.found:
        print(f"    after {'; '.join(outcome.history) or 'the start'}:")
    if outcome.unsteady:
        print("    in the first of two runs only,")
    for line in (*outcome.unsteady, *outcome.found, *outcome.error.splitlines()):
        print(f"    {line}")
    sys.stdout.flush()


def clear(prefix: str = NAME) -> None:
    """Take down every network that was made under a prefix."""
    for name in filter(re.compile(rf"{prefix}-[a-z0-9]+").fullmatch, networks_present()):
        with suppress(Fault):
            Controller(name).down()


def _end_when_told() -> None:
    """A worker leaves cleaning up to the run that it belongs to."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
