"""The loop that makes the networks as the documents say, and settles the documents that they have reached.

It knows only the present: which documents there are, and what is on the host. So it may be killed and started at any
time. A change is carried out as the difference to what was made last; every few seconds the host itself is read, and
what somebody else changed there is repaired and told.
"""

import gc
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sealane.app.controller import Controller, Spared, networks_present
from sealane.app.runstate import Sources
from sealane.app.server.events import Event
from sealane.app.server.networks import Expanded, Networks
from sealane.app.server.reading import Made
from sealane.app.server.repairs import describe_repair
from sealane.app.server.service import Service
from sealane.app.server.trial import Trial
from sealane.cloud import Document, Transaction
from sealane.cloud.settle import settle
from sealane.cloud.to_plan import Carried, Piece
from sealane.diag import Fault, Severity
from sealane.drivers.linux import Memory
from sealane.lower import on_this_host
from sealane.memo import Memo
from sealane.model import Network
from sealane.reconcile import Interrupted, Turns

_PATIENCE = 2
"""Intervals that reading the host may be put off for changes."""
_REST, _REST_MOST_S = 2, 60.0
"""So many times as long as a reading took there is none, but not for longer than this."""
_FEW = 500
"""Documents that are no burden to the garbage collector."""
_FOREIGN_TOLD = 5
_ITSELF = "reconciler"
"""Subject of events about no network and no object."""


@dataclass(slots=True)
class Running:
    """What is known of one network.

    Args:
        network: As it was last made; None before the first time.
        made: The same with what is needed to read it.
        plan: What its documents say; None before the first time.
        tried: What was last tried to be made; a change of it is tried at once, whatever failed before.
        trial: How making it went.
        memo: Remembers what was made of the network's nodes when it was made last.
        account: Whose it is.
        transit_router: Id of its transit router; empty when it has none.
        foreign: What was last found in its namespaces that somebody else made.
        charons: Whose turn it is to be asked when nothing tells of a change.
    """

    network: Network | None = None
    made: Made | None = None
    plan: Piece | None = None
    tried: Network | None = None
    trial: Trial = field(default_factory=Trial)
    memo: Memo = field(default_factory=Memo)
    account: str = ""
    transit_router: str = ""
    foreign: tuple[str, ...] = ()
    charons: Turns = field(default_factory=Turns)

    def documents(self) -> frozenset[str]:
        """Ids of the documents in it."""
        return frozenset() if self.plan is None else _documents(self.plan)


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
        self._interrupted = False
        self._set_aside_at = _FEW
        self._networks = Networks(prefix, tell)
        self._trials: dict[str, Trial] = {}
        self._alone: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._memory = Memory()
        self._deaf = ""
        self._read_s = 0.0
        self.running: dict[str, Running] = {}

    def run(self) -> None:
        """Work until stopped, whatever happens. The first change after a rest is not made to wait for others."""
        due = rested = 0.0
        trial = Trial()
        while not self._stopped.is_set():
            wake = max(trial.retry_at_s, min(due, self._next_retry()))
            changed = self._service.changed.wait(max(0.05, wake - time.monotonic()))
            if changed:
                self._stopped.wait(max(trial.retry_at_s, min(rested, time.monotonic() + self._gather_s))
                                   - time.monotonic())
            if self._stopped.is_set():
                return
            self._service.changed.clear()
            self._read_s = 0.0
            # changes go first, though not for ever
            reads = time.monotonic() >= due + (_PATIENCE * self._interval_s if changed else 0.0)
            try:
                self.reconcile(reads_host=reads, interruptible=time.monotonic() < due + _PATIENCE * self._interval_s)
                self._tell_deaf()
            except Exception as error:  # noqa: BLE001 - whatever it is, the networks must go on being looked after
                due = 0.0
                with suppress(Exception):
                    self._failed(_ITSELF, trial, error)
                continue
            trial.succeeded()
            if changed:
                rested = time.monotonic() + self._gather_s
            if reads and not self._interrupted:
                due = time.monotonic() + max(self._interval_s, min(_REST * self._read_s, _REST_MOST_S))
                self._set_aside()

    def _set_aside(self) -> None:
        """Spare the garbage collector what lasts: 10,000 documents, and what is made of them, cost it 0.2 s a time.

        Done whenever they have doubled, so that what becomes garbage among it cannot add up.
        """
        with self._service.view() as world:
            count = len(world)
        if count > 2 * self._set_aside_at:
            self._set_aside_at = count
            gc.collect()
            gc.freeze()

    def stop(self) -> None:
        """End ``run`` after what it is doing."""
        self._stopped.set()
        self._service.changed.set()

    def close(self) -> None:
        """Give back what it holds, once it works no more."""
        self._memory.close()

    def reconcile(self, *, reads_host: bool, interruptible: bool = False) -> None:
        """One round: every network that differs, or all of them when the host is read.

        Args:
            reads_host: True looks whether the networks are as they were made.
            interruptible: True leaves that off when documents change.
        """
        self._interrupted = False
        interrupted = self._service.changed.is_set if interruptible else lambda: False
        self._networks.turn()
        with self._service.view() as world:
            waiting = {name: one for name in world.unsettled if (one := world.get(name)) is not None}
        carried: dict[str, Expanded] = {}
        unknown: set[str] = set()
        for account in self._accounts():
            try:
                carried |= self._networks.of(self._service.view, account)
                self._trials.pop(account, None)
            except Exception as error:  # noqa: BLE001 - no account is to be in the way of others
                self._failed(account, self._trials.setdefault(account, Trial()), error, account)
                unknown.add(account)
        failed: set[str] = set()
        for name in self._gone(carried, unknown):
            failed |= self._guarded(name, partial(self._remove, name))
        for name, expanded in carried.items():
            running = self.running.setdefault(name, Running())
            running.account, running.transit_router = expanded.carried.account, expanded.carried.transit_router
            if running.tried != expanded.network:
                running.tried, running.trial.retry_at_s = expanded.network, 0.0
            failed |= self._guarded(name, partial(self._make, expanded, interrupted, reads_host=reads_host))
        self._settle(waiting, unknown, self._blocked(failed, carried))

    def made(self) -> Mapping[str, Made]:
        """The networks that are up, by name."""
        return {name: one.made for name, one in tuple(self.running.items()) if one.made is not None}

    @contextmanager
    def left_alone(self, name: str) -> Iterator[None]:
        """While a drill makes something of a network fail, what fails is not repaired; changes are carried out."""
        with self._counting:
            self._alone[name] += 1
        try:
            yield
        finally:
            with self._counting:
                self._alone[name] -= 1

    def refused(self, account: str) -> Mapping[str, str]:
        """Documents that no network can carry as things are, by id, with the reason.

        They settle all the same: what is busy could not be deleted, which is how most of these are mended.
        """
        return self._networks.refused(account)

    def _gone(self, carried: Mapping[str, Expanded], unknown: set[str]) -> tuple[str, ...]:
        """Networks that nothing wants any more; what may be of an account that could not be looked at stays."""
        present = {name for name, one in self.running.items() if one.account not in unknown}
        if not unknown:
            present.update(name for name in networks_present() if self._is_ours(name))
        return tuple(sorted(present - carried.keys()))

    def _is_ours(self, name: str) -> bool:
        return name.startswith(self._prefix) and name.removeprefix(self._prefix).isdigit()

    def _make(self, expanded: Expanded, interrupted: Callable[[], bool], *, reads_host: bool) -> None:
        name = expanded.carried.name
        running = self.running.setdefault(name, Running())
        if expanded.error is not None:
            raise expanded.error
        if expanded.network is None:
            first = next(one for one in expanded.findings if one.severity is Severity.ERROR)
            raise Fault(f"make network {name}", f"{first.code} {first.subject}: {first.problem}", first.remedy)
        running.plan = expanded.carried.plan
        network, known, former = expanded.network, running.network, running.made
        reads_host = reads_host and not self._alone[name]
        if known == network and not reads_host and not running.trial.failures:
            return
        controller, path, memo = Controller(name, self._esp), self._directory / name, running.memo
        memo.turn()
        sources = partial(_sources, path, expanded.carried)
        done = None
        if former is not None and not reads_host and not running.trial.failures:
            done = controller.follow(network, former.lowered, sources=sources, memo=memo)
        was_read = done is None
        if done is None:
            spared = Spared(self._memory, running.charons)
            apply = partial(controller.apply, network, plan_path=path, memo=memo, spared=spared)
            same = known == network and not running.trial.failures
            done = apply(interrupted=interrupted) if same else apply(sources=sources())
            self._read_s += controller.read_s
        plan, lowered, drivers = done
        changes = plan.describe()
        if known == network and changes:
            self._tell(Event(name, "repaired", describe_repair(plan, lowered), expanded.carried.account))
        elif changes:
            self._tell(Event(name, "applied", f"{len(changes)} changes", expanded.carried.account))
        if was_read and running.foreign != controller.foreign:
            running.foreign = controller.foreign
            self._tell_foreign(name, running)
        made = Made(on_this_host(network), lowered, drivers, expanded.carried.plan, expanded.carried.account)
        if changes or known != network or former is None or (former.plan, former.account) != (made.plan, made.account):
            running.made = made  # else the same as before, so that what was read of it is still known
        running.network = network

    def _tell_deaf(self) -> None:
        """Tell when the kernel does not tell of changes any more: reading everything takes longer."""
        if self._memory.deaf and self._memory.deaf != self._deaf:
            self._tell(Event(_ITSELF, "failed", f"the kernel does not tell of changes ({self._memory.deaf}), so that "
                             "all of each network is read every time; if it is not permitted, give CAP_NET_BROADCAST"))
        self._deaf = self._memory.deaf

    def _tell_foreign(self, name: str, running: Running) -> None:
        """Tell of what somebody else put into the network's namespaces: it is left alone, but may divert packets."""
        told = "; ".join(running.foreign[:_FOREIGN_TOLD])
        self._tell(Event(name, "foreign", f"{len(running.foreign)} things not of this network, left alone: {told}"
                         if told else "nothing foreign is in this network any more", running.account))

    def _remove(self, name: str) -> None:
        removed = Controller(name).down()
        running = self.running.pop(name, None)
        if removed:
            self._tell(Event(name, "removed", "nothing of it is left", "" if running is None else running.account))

    def _guarded(self, name: str, work: Callable[[], None]) -> set[str]:
        """The name when the work failed or is not due again yet."""
        running = self.running.setdefault(name, Running())
        trial = running.trial
        if not trial.is_due():
            return {name}
        try:
            work()
        except Interrupted:
            self._interrupted = True
        except Exception as error:  # noqa: BLE001 - no network is to be in the way of others
            self._failed(name, trial, error, running.account)
            return {name}
        trial.succeeded()
        return set()

    def _failed(self, subject: str, trial: Trial, error: Exception, account: str = "") -> None:
        wait_s = trial.failed(error)
        self._tell(Event(subject, "failed", f"{trial.reason}; tried again in {wait_s:g} s", account))

    def _next_retry(self) -> float:
        trials = (*self._trials.values(), *(one.trial for one in self.running.values()))
        return min((one.retry_at_s for one in trials if one.failures), default=float("inf"))

    def _blocked(self, failed: Iterable[str], carried: Mapping[str, Expanded]) -> set[str]:
        """Ids of the documents of networks that are not as they should be."""
        found: set[str] = set()
        for name in failed:
            if name in self.running:
                found |= self.running[name].documents()
            if name in carried:
                found |= _documents(carried[name].carried.plan)
        return found

    def _settle(self, waiting: Mapping[str, Document], unknown: set[str], blocked: set[str]) -> None:
        """Settle what the networks have reached, all at once, without those whose settling fails."""
        for subject in self._trials.keys() - waiting.keys() - {_ITSELF, *self._accounts()}:
            del self._trials[subject]
        done = {
            name: one for name, one in waiting.items()
            if one.account not in unknown and name not in blocked and one.parent not in blocked and self._is_due(name)
        }
        while done:
            at = [_ITSELF]
            try:
                self._service.change(partial(_settle_all, done.values(), at))
            except Exception as error:  # noqa: BLE001 - no object is to be in the way of others
                account = "" if at[0] == _ITSELF else done[at[0]].account
                self._failed(at[0], self._trials.setdefault(at[0], Trial()), error, account)
                if at[0] == _ITSELF:
                    return
                del done[at[0]]
            else:
                for subject in (*done, _ITSELF):
                    self._trials.pop(subject, None)
                return

    def _is_due(self, subject: str) -> bool:
        return subject not in self._trials or self._trials[subject].is_due()


def _sources(path: Path, carried: Carried) -> Sources:
    """What a network is made from, in the form that commands compare and load again; JSON is YAML."""
    devices = {Path(file).stem: (text, file) for file, text in carried.configs.items()}  # files are named by site
    return Sources(str(path), json.dumps(carried.plan), devices)


def _settle_all(done: Iterable[Document], at: list[str], state: Transaction) -> None:
    """Settle documents; ``at`` holds the id of the one at work, and at the end what it held before."""
    before = at[0]
    for one in done:
        at[0] = one.id
        settle(one, state)
    at[0] = before


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
