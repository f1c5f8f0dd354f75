"""The loop that makes the networks as the documents say, and settles the documents that they have reached.

It knows only the present: which documents there are, and what is on the host. So it may be killed and started at any
time. A change is carried out as the difference to what was made last; every few seconds the host itself is read, and
what somebody else changed there is repaired and told.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sealane.app.controller import Controller, networks_present
from sealane.app.rejected import Rejected
from sealane.app.runstate import Sources
from sealane.app.server.events import Event
from sealane.app.server.networks import Expanded, expand
from sealane.app.server.observation import Made
from sealane.app.server.service import Service
from sealane.cloud import Document, Transaction, World
from sealane.cloud.settle import settle
from sealane.cloud.to_plan import Carried, Piece, carried_networks, plain
from sealane.diag import Fault, Finding, Severity
from sealane.lower import on_this_host
from sealane.model import Network

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
_MOST_EXCLUSIONS = 20


@dataclass(slots=True)
class Running:
    """What is known of one network.

    Args:
        network: As it was last made; None before the first time.
        made: The same with what is needed to read it.
        documents: Ids of the documents in it.
        tried: What was last tried to be made; a change of it is tried at once, whatever failed before.
        failures: Attempts since the last success.
        retry_at_s: Monotonic time before which it is not tried again after a failure.
        reason: Why it is not as its documents say; empty when it is.
        account: Whose it is.
        transit_router: Id of its transit router; empty when it has none.
    """

    network: Network | None = None
    made: Made | None = None
    documents: frozenset[str] = frozenset()
    tried: Network | None = None
    failures: int = 0
    retry_at_s: float = 0.0
    reason: str = ""
    account: str = ""
    transit_router: str = ""


class Reconciler:
    """Makes networks as documents say.

    Args:
        service: Has the documents.
        prefix: What the names of this server's networks begin with.
        accounts: All accounts.
        directory: Named in the records of its networks.
        esp: See Controller.
        tell: Takes events.
        interval_s: How often the host is read when nothing changes.
        gather_s: How long changes are gathered before they are carried out together.
    """

    def __init__(
        self,
        service: Service,
        prefix: str,
        accounts: Callable[[], Sequence[str]],
        directory: Path,
        *,
        esp: str = "auto",
        tell: Callable[[Event], None],
        interval_s: float = 5.0,
        gather_s: float = 0.1,
    ) -> None:
        self._service = service
        self._prefix = prefix
        self._accounts = accounts
        self._directory = directory
        self._esp = esp
        self._tell = tell
        self._interval_s = interval_s
        self._gather_s = gather_s
        self._stopped = threading.Event()
        self.running: dict[str, Running] = {}

    def run(self) -> None:
        """Work until stopped."""
        due = 0.0
        while not self._stopped.is_set():
            if self._service.changed.wait(max(0.05, min(due, self._next_retry()) - time.monotonic())):
                self._stopped.wait(self._gather_s)
            if self._stopped.is_set():
                return
            self._service.changed.clear()
            reads = time.monotonic() >= due
            self.reconcile(reads_host=reads)
            if reads:
                due = time.monotonic() + self._interval_s

    def stop(self) -> None:
        """End ``run`` after what it is doing."""
        self._stopped.set()
        self._service.changed.set()

    def reconcile(self, *, reads_host: bool) -> None:
        """One round: every network that differs, or all of them when the host is read."""
        with self._service.view() as world:
            waiting = tuple(one for name in world.unsettled if (one := world.get(name)) is not None)
            carried = {one.name: expanded for one, expanded in self._expanded(world)}
        failed: set[str] = set()
        for name in self._gone(carried):
            failed |= self._guarded(name, partial(self._remove, name))
        for name, expanded in carried.items():
            running = self.running.setdefault(name, Running())
            running.account, running.transit_router = expanded.carried.account, expanded.carried.transit_router
            if running.tried != expanded.network:
                running.tried, running.retry_at_s = expanded.network, 0.0
            failed |= self._guarded(name, partial(self._make, expanded, reads_host=reads_host))
        self._settle(waiting, carried, failed)

    def made(self) -> Mapping[str, Made]:
        """The networks that are up, by name."""
        return {name: one.made for name, one in tuple(self.running.items()) if one.made is not None}

    def _expanded(self, world: World) -> Iterator[tuple[Carried, Expanded]]:
        """Each network without the documents that stand in its way."""
        excluded: set[str] = set()
        for _ in range(_MOST_EXCLUSIONS):
            found = [(one, expand(one)) for one in carried_networks(world, self._accounts(), self._prefix,
                                                                    without=frozenset(excluded))]
            wrong = {
                place.file: finding
                for _, expanded in found
                if expanded.network is None
                for finding in expanded.findings
                if finding.severity is Severity.ERROR
                for place in finding.seen_at[:1]
            }
            new = wrong.keys() - excluded
            if not new:
                break
            self._refused({name: wrong[name] for name in new})
            excluded |= new
        yield from found

    def _refused(self, wrong: Mapping[str, Finding]) -> None:
        for name, finding in wrong.items():
            self._tell(Event(name, "refused", f"{finding.code} {finding.subject}: {finding.problem}; {finding.remedy}"))

    def _gone(self, carried: Mapping[str, Expanded]) -> tuple[str, ...]:
        present = {*self.running, *(name for name in networks_present() if self._is_ours(name))}
        return tuple(sorted(present - carried.keys()))

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self._prefix) and name.removeprefix(self._prefix).isdigit()

    def _make(self, expanded: Expanded, *, reads_host: bool) -> None:
        name = expanded.carried.name
        running = self.running.setdefault(name, Running())
        if expanded.network is None:
            first = next(one for one in expanded.findings if one.severity is Severity.ERROR)
            raise Fault(f"make network {name}", f"{first.code} {first.subject}: {first.problem}", first.remedy)
        if running.network == expanded.network and not reads_host and not running.failures:
            running.documents = _documents(expanded.carried.plan)
            return
        known = running.network
        controller = Controller(name, self._esp)
        sources = _sources(self._directory / name, expanded.carried) if running.network != expanded.network else None
        plan, lowered, drivers = controller.apply(
            expanded.network, plan_path=self._directory / name, sources=sources
        )
        changes = plan.describe()
        if known == expanded.network and changes:
            self._tell(Event(name, "repaired", f"{len(changes)} differences: " + "; ".join(changes[:5])))
        elif changes:
            self._tell(Event(name, "applied", f"{len(changes)} changes"))
        running.network = expanded.network
        running.made = Made(on_this_host(expanded.network), lowered, drivers, expanded.carried.plan)
        running.documents = _documents(expanded.carried.plan)

    def _remove(self, name: str) -> None:
        if Controller(name).down():
            self._tell(Event(name, "removed", "nothing of it is left"))
        self.running.pop(name, None)

    def _guarded(self, name: str, work: Callable[[], None]) -> set[str]:
        """The name when the work failed or is not due again yet."""
        running = self.running.setdefault(name, Running())
        if time.monotonic() < running.retry_at_s:
            return {name}
        try:
            work()
        except (Fault, Rejected, OSError) as error:
            running.failures += 1
            running.reason = str(error)
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (running.failures - 1))
            running.retry_at_s = time.monotonic() + wait_s
            self._tell(Event(name, "failed", f"{error}; tried again in {wait_s:g} s"))
            return {name}
        running.failures, running.retry_at_s, running.reason = 0, 0.0, ""
        return set()

    def _next_retry(self) -> float:
        return min((one.retry_at_s for one in self.running.values() if one.failures), default=float("inf"))

    def _settle(self, waiting: Iterable[Document], carried: Mapping[str, Expanded], failed: set[str]) -> None:
        blocked = {
            one
            for name in failed
            for one in (
                *(self.running[name].documents if name in self.running else ()),
                *(_documents(carried[name].carried.plan) if name in carried else ()),
            )
        }
        done = [one for one in waiting if one.id not in blocked and one.parent not in blocked]
        if done:
            self._service.change(lambda state: _settle_all(done, state))


def _sources(path: Path, carried: Carried) -> Sources:
    """What a network is made from, in the form that commands compare and load again; JSON is YAML."""
    devices = {Path(file).stem: (text, file) for file, text in carried.configs.items()}  # files are named by site
    return Sources(str(path), json.dumps(plain(carried.plan)), devices)


def _settle_all(done: Iterable[Document], state: Transaction) -> None:
    for one in done:
        settle(one, state)


def _documents(plan: Piece) -> frozenset[str]:
    """Ids of the documents that a plan says."""
    found: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, Piece):
            found.add(value.origin)
        if isinstance(value, Mapping):
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(plan)
    return frozenset(found)
