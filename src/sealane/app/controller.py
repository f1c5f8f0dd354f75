"""Bringing a network up, changing it, and taking it down."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sealane.app.host_check import check_host, choose_esp
from sealane.app.load import load
from sealane.app.neighbor_limit import NeighborLimit, neighbors_of
from sealane.app.rejected import Rejected
from sealane.app.runstate import DEFAULT_ROOT, RUN_ROOT, SCRATCH, RunDirectory, RunRecord, Sources, known_networks
from sealane.app.stages import STAGES
from sealane.app.tunnel_keys import check_keys, tunnel_keys
from sealane.diag import Fault, Finding, Severity, has_errors
from sealane.drivers.bird import BirdDriver
from sealane.drivers.frr import FrrDriver
from sealane.drivers.linux import LinuxDriver, Memory
from sealane.drivers.strongswan import StrongswanDriver
from sealane.host import alive, find_processes, list_namespaces, remove_stale, stop
from sealane.lower import PREFIX, EspBackend, Lowered, LowerOptions, PlacedEnd, lower, network_prefix, on_this_host
from sealane.memo import Memo
from sealane.model import Mode, Network
from sealane.net import Secret, is_short_name
from sealane.plan import Delete, Kind, Plan, Stage
from sealane.reconcile import Driver, Turns, execute, make_plan, plan_since

Progress = Callable[[str], None]
_SCRATCH = re.compile(rf"{SCRATCH}([0-9]{{1,10}})-")


@dataclass(frozen=True, slots=True)
class Drivers:
    """The hands for one network."""

    linux: LinuxDriver
    bird: BirdDriver
    frr: FrrDriver
    strongswan: StrongswanDriver

    def all(self) -> tuple[Driver, ...]:
        """All of them."""
        return (self.linux, self.bird, self.frr, self.strongswan)


@dataclass(frozen=True, slots=True)
class Spared:
    """What lets a server, which reads a network again and again, leave out what has not changed.

    Args:
        memory: Remembers namespaces.
        charons: Whose turn it is to be asked all the same.
    """

    memory: Memory
    charons: Turns = field(default_factory=Turns)


def make_drivers(network: str, keys: Mapping[str, Secret], root: Path = RUN_ROOT) -> Drivers:
    """The hands for one network; ``keys`` by ``node/tunnel``."""
    run = root / network
    return Drivers(
        LinuxDriver(network_prefix(network)),
        BirdDriver(network, run),
        FrrDriver(network, run),
        StrongswanDriver(network, run, keys.get),
    )


def unwritable(network: Network, error: ValueError) -> Finding:
    """A value that a daemon's configuration cannot hold; of a secret only the rule is told."""
    problem = "a value has characters that are not ASCII" if isinstance(error, UnicodeError) else str(error)
    remedy = "change the value in the plan or in the device's text"
    return Finding("RUN-001", Severity.ERROR, f"network {network.name}", problem, remedy)


_LONGEST_SOCKET_PATH = 107
"""Bytes of a path that a Unix socket can be bound to."""
_LONGEST_SOCKET_NAME = "charon.vici"
"""No daemon's socket has a longer one."""


def check_sockets(lowered: Lowered, drivers: Drivers, run_directory: Path) -> Iterator[Finding]:
    """The longest path of a daemon's socket, when it is longer than the kernel takes."""
    directory = {
        Kind.BIRD: drivers.bird.directory,
        Kind.FRR: drivers.frr.directory,
        Kind.CHARON: drivers.strongswan.directory,
    }
    keys = [resource.key for resource in lowered.resources if resource.key.kind in directory]
    paths = (directory[key.kind](key.namespace) / _LONGEST_SOCKET_NAME for key in keys)
    longest = max((len(os.fsencode(path)) for path in paths), default=0)
    if longest > _LONGEST_SOCKET_PATH:
        surplus = longest - _LONGEST_SOCKET_PATH
        yield Finding(
            "RUN-002",
            Severity.ERROR,
            f"run directory {run_directory}",
            f"a daemon's socket would have a path of {longest} bytes, and the kernel takes {_LONGEST_SOCKET_PATH}",
            f"shorten SEALANE_RUN, the network's name or the longest node's name by {surplus}",
        )


class Controller:
    """Works on one network; every method that changes something holds the network's lock.

    Args:
        name: Name of the network.
        esp: ``kernel``, ``userspace`` or ``auto``.
        root: Where run directories are.
    """

    def __init__(self, name: str, esp: str = "auto", root: Path = RUN_ROOT) -> None:
        self.name = name
        self.directory = RunDirectory(name, root)
        self._esp_wanted = esp
        self._root = root
        self._locked = False
        self._limit = NeighborLimit()
        self.read_s = 0.0  # how long apply read the host last
        self.foreign: tuple[str, ...] = ()  # what apply found last in the network's namespaces that is not ours

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock; may be nested."""
        if self._locked:
            yield
            return
        with self.directory.locked():
            self._locked = True
            try:
                yield
            finally:
                self._locked = False

    def esp(self) -> EspBackend:
        """The back end: as asked for, or what the network is up with.

        Raises:
            Fault: The record is damaged.
        """
        record = self.directory.record()
        if self._esp_wanted == "auto" and record is not None:
            if record.esp not in tuple(EspBackend):
                raise self.damaged()
            return EspBackend(record.esp)
        return choose_esp(self._esp_wanted)

    def recorded(self) -> tuple[str, Mode | None] | None:
        """The stage and the mode that the network was brought up with; None when it is not up.

        Raises:
            Fault: The record is damaged.
        """
        record = self.directory.record()
        if record is None:
            return None
        if record.stage not in tuple(STAGES) or record.mode not in (None, *Mode):
            raise self.damaged()
        return record.stage, None if record.mode is None else Mode(record.mode)

    def damaged(self) -> Fault:
        """What to say of a record that cannot be used."""
        return Fault(f"read {self.directory.path / 'record.json'}", "it is damaged", f"sealane down --name {self.name}")

    def lowered(
        self, network: Network, mode: Mode | None = None, memo: Memo | None = None
    ) -> tuple[Lowered, Drivers]:
        """The network on this host, with the hands to make it; ``memo`` remembers what is made of single nodes.

        Raises:
            Rejected: A tunnel end has no key, the back end cannot carry it, a daemon cannot be told of a value, or the
                run directory has too long a path.
        """
        keys = tunnel_keys(network)
        keyless = tuple(check_keys(network, keys))
        if keyless:
            raise Rejected(keyless)
        digests = self.directory.digests(keys)
        options = LowerOptions(self.esp(), str(self.directory.path), digests, mode)
        try:
            result = lower(network, options, memo)
        except ValueError as error:
            raise Rejected((unwritable(network, error),)) from None
        if has_errors(result.findings):
            raise Rejected(result.findings)
        drivers = make_drivers(self.name, {f"{node}/{end}": key for (node, end), key in keys.items()}, self._root)
        too_long = tuple(check_sockets(result, drivers, self.directory.path))
        if too_long:
            raise Rejected(too_long)
        return result, drivers

    def apply(
        self,
        network: Network,
        *,
        plan_path: Path,
        stage: str = "encrypted",
        mode: Mode | None = None,
        progress: Progress | None = None,
        made_keys: Mapping[str, Secret] | None = None,
        sources: Sources | None = None,
        memo: Memo | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        spared: Spared | None = None,
    ) -> tuple[Plan, Lowered, Drivers]:
        """Make the host as the network says, changing only what differs.

        Args:
            network: As the plan says; ``stage`` is applied to it here.
            plan_path: For the record.
            stage: Id from STAGES.
            mode: Replaces the mode of every protection; None keeps the plan's.
            progress: Told what is being done.
            made_keys: Keys that were generated for it, by tunnel; kept until ``down``.
            sources: What the network was read from, to compare the next one with; None keeps what is kept.
            memo: See ``lowered``.
            interrupted: Asked while the host is read; True leaves off.
            spared: Spares reading what has not changed; None reads everything.

        Raises:
            Interrupted: As was asked for.
            Rejected: The input cannot be carried; nothing was changed.
            Fault: The host refused; run it again to continue.
        """
        check_host(choose_esp(self._esp_wanted))
        with self.locked():
            self._end_orphans()
            try:
                lowered, drivers = self.lowered(on_this_host(STAGES[stage](network)), mode, memo)
            except Rejected:
                if self.directory.record() is None:
                    self.directory.remove_unused()
                raise
            self.directory.keep_keys(made_keys or {})
            linux = LinuxDriver(network_prefix(self.name), interrupted, None if spared is None else spared.memory)
            begun_s = time.monotonic()
            plan = make_plan(lowered.resources, (linux, *drivers.all()[1:]))
            self.read_s, self.foreign = time.monotonic() - begun_s, linux.foreign
            esp = self.esp().value
            record = RunRecord(self.name, str(plan_path), stage, mode.value if mode else None, esp, complete=False)
            self.directory.save(record)
            self._limit.claim(self.directory.path, neighbors_of(lowered))
            if sources is not None:
                self.directory.keep_sources(sources)
            execute(plan, drivers.all(), _announce(progress))
            carrying = drivers.strongswan.initiate_idle(turns=None if spared is None else spared.charons)
            _rejoin(network, lowered, drivers.strongswan, carrying)
            self.directory.save(RunRecord(self.name, str(plan_path), stage, record.mode, esp, complete=True))
        return plan, lowered, drivers

    def follow(
        self, network: Network, former: Lowered, *, sources: Callable[[], Sources], memo: Memo
    ) -> tuple[Plan, Lowered, Drivers] | None:
        """Make the host as the network says by the difference to what was made last, without reading the host.

        None, with nothing done, when other things of the host hang on what changes: that needs ``apply``.

        Raises:
            Rejected, Fault: As for ``apply``.
        """
        with self.locked():
            lowered, drivers = self.lowered(on_this_host(network), memo=memo)
            plan = plan_since(former.resources, lowered.resources, drivers.all())
            if plan is None:
                return None
            self._limit.claim(self.directory.path, neighbors_of(lowered))
            execute(plan, drivers.all())
            self.directory.keep_sources(sources())
        return plan, lowered, drivers

    def down(self) -> bool:
        """Remove everything of this network, whatever state it is in; False when there was nothing."""
        with self.locked():
            if self._root != DEFAULT_ROOT and not self.directory.path.exists():
                self._limit.release(self.directory.path)
                return False  # a network of that name, if there is one, is another root's
            remove_stale(network_prefix(self.name))
            processes = find_processes(self.name)
            spaces = list_namespaces(network_prefix(self.name))
            if not processes and not spaces and not self.directory.path.exists():
                self.directory.remove()
                self._limit.release(self.directory.path)
                return False
            stop(processes, at_once=True)
            linux = LinuxDriver(network_prefix(self.name))
            execute(make_plan((), [linux]), [linux])  # gives a real line back before its namespace goes
            try:
                self._limit.release(self.directory.path)  # before nobody knows of the network any more
            finally:
                self.directory.remove()
        return True

    def _end_orphans(self) -> None:
        """End what measured for a command that was killed, and remove its files."""
        stop(pid for pid, tag in find_processes(self.name).items() if tag.is_orphan)
        for left in self.directory.path.glob(f"{SCRATCH}*"):
            command = _SCRATCH.match(left.name)
            if command is not None and not alive(int(command[1])):
                shutil.rmtree(left, ignore_errors=True)


def _rejoin(
    network: Network, lowered: Lowered, strongswan: StrongswanDriver, carrying: frozenset[str]
) -> None:
    """Let an initiating end negotiate anew whose far end does not know its SAs: a charon that was started afresh.

    It would go on using them until dead peer detection finds out. The SAs tell, not what was just changed: the command
    that started the charon may have been killed. Where the charons of both ends are carrying nobody is asked.
    """
    for pair in network.tunnels():
        near = lowered.ends.get((pair.near_node, pair.near.name))
        far = None if pair.far_node is None or pair.far is None else lowered.ends.get((pair.far_node, pair.far.name))
        if near is None or far is None or {near.charon, far.charon} <= carrying:
            continue
        for restarted, other in ((near, far), (far, near)):
            # asked twice: an IKE SA may have been rekeyed between the two answers
            if other.end.initiates and all(_forgotten(strongswan, other, restarted) for _ in range(2)):
                strongswan.begin_again(other.charon, other.interface)


def _forgotten(strongswan: StrongswanDriver, one: PlacedEnd, peer: PlacedEnd) -> bool:
    """True when an end has IKE SAs that were answered, and its peer knows none of them."""
    held = strongswan.spis(one.charon).get(one.interface, frozenset())
    return bool(held) and held.isdisjoint(strongswan.spis(peer.charon).get(peer.interface, frozenset()))


def _announce(progress: Progress | None) -> Callable[[Stage], None]:
    def started(stage: Stage) -> None:
        if progress is not None:
            kind = stage.changes[0].key.kind.value
            word = "removing" if isinstance(stage.changes[0], Delete) else "making"
            progress(f"{word} {len(stage.changes)} x {kind}")

    return started


def make_plan_for(lowered: Lowered, drivers: Drivers) -> Plan:
    """What would have to change for the host to be as lowered; changes nothing."""
    return make_plan(lowered.resources, drivers.all())


def networks_present(root: Path = RUN_ROOT) -> tuple[str, ...]:
    """Names of all networks of which anything is left on this host."""
    if root != DEFAULT_ROOT:
        return known_networks(root)  # what has no directory here may be another root's
    by_namespace = {name.removeprefix(PREFIX).split(".", 1)[0] for name in list_namespaces(PREFIX)}
    return tuple(sorted({*known_networks(root), *filter(is_short_name, by_namespace)}))


def networks_of(plan: Path, root: Path = RUN_ROOT) -> tuple[str, ...]:
    """Names of the networks that were brought up from a plan; several when it was renamed meanwhile."""
    records = {name: RunDirectory(name, root).record() for name in known_networks(root)}
    return tuple(name for name, record in records.items() if record and record.plan == str(plan.resolve()))


def network_of(plan: Path, root: Path = RUN_ROOT) -> str:
    """The network that is meant by a plan: the one it names, when that is up from it, or else the one that is.

    Raises:
        Fault: Several might be meant, or nothing was brought up from the plan and it cannot be read.
    """
    recorded = networks_of(plan, root)
    loaded = load(plan)
    if loaded.name in recorded:
        return loaded.name
    if recorded:
        also = loaded.network is not None and loaded.name in networks_present(root)
        if len(recorded) == 1 and not also:
            return recorded[0]
        named = f"; {loaded.name}, which it names now, is up too" if also else ""
        several = f"networks {' and '.join(recorded)} were" if len(recorded) > 1 else f"network {recorded[0]} was"
        raise Fault(
            f"take down the network of {plan}", f"{several} brought up from this plan{named}", "use --name NAME"
        )
    if loaded.name == plan.stem and loaded.network is None:
        raise Fault(f"take down the network of {plan}", "it cannot be read", "use sealane down --name NAME or --all")
    return loaded.name


def wait_until(condition: Callable[[], bool], limit_s: float, interval_s: float = 0.05) -> bool:
    """Poll until the condition holds; False when it did not within the limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(interval_s)
    return True
