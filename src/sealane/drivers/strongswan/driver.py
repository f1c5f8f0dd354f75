"""The strongswan driver.

A charon is known as ours by the tag of its process and its private directory; a connection by the file beside it that
says what was loaded, which is removed before charon is started and so is never older than charon.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from sealane.diag import Fault
from sealane.drivers.strongswan import io
from sealane.drivers.strongswan.read import SaState, read_sas, read_spis
from sealane.host import (
    Start,
    Tag,
    exists,
    find_placed,
    find_processes,
    make_private_directory,
    read_text,
    spawn_together,
    stop,
    write_private,
)
from sealane.lower import node_directory
from sealane.net import Secret
from sealane.plan import (
    Change,
    CharonSpec,
    ConnectionSpec,
    Delete,
    Key,
    Kind,
    Payload,
    Resource,
    Stage,
    TunSpec,
    Update,
)
from sealane.reconcile import Turns

PskLookup = Callable[[str], Secret | None]
"""From a tunnel end's name ``node/tunnel`` to its key."""

_WORKERS = 4
_FOLLOWS_S = 0.5
_PLACED = "tun"
"""File that tells of charon's TUN once all of it is in place."""
_UPDOWN = """#!/bin/sh
# written by sealane: the tunnel interface is up exactly while a child SA is. $1 namespace, $2 interface
case "$PLUTO_VERB" in
up-client*) exec /usr/sbin/ip -n "$1" link set dev "$2" up ;;
down-client*) exec /usr/sbin/ip -n "$1" link set dev "$2" down ;;
esac
"""


class StrongswanDriver:
    """Handles charon instances and their connections.

    Args:
        network: Name of the network.
        run_directory: Private directory of the network.
        psk: Gives the key of a tunnel end when its connection is loaded.
    """

    def __init__(self, network: str, run_directory: Path, psk: PskLookup) -> None:
        self._network = network
        self._run = run_directory
        self._psk = psk

    @property
    def handles(self) -> frozenset[Kind]:
        """See Driver."""
        return frozenset({Kind.CHARON, Kind.CONNECTION})

    def directory(self, namespace: str) -> Path:
        """Private directory of an instance."""
        return self._run / node_directory(namespace) / "charon"

    def canonical(self, resource: Resource) -> Resource:
        """See Driver."""
        return resource

    def observe(self) -> tuple[Resource, ...]:
        """See Driver. A charon whose TUN is not whole is reported without it: to be mended."""
        found: list[Resource] = []
        for space, pid in self._charons():
            found.append(Resource(Key(Kind.CHARON, space, ""), self._observed_charon(space)))
            for name, spec in self._loaded(space):
                way = spec.next_hop if spec.next_hop is None or io.has_way(pid) else None
                found.append(Resource(Key(Kind.CONNECTION, space, name), replace(spec, next_hop=way)))
        return tuple(found)

    def _charons(self) -> Iterable[tuple[str, int]]:
        """Namespace and process of every charon."""
        return sorted((tag.namespace, pid) for pid, tag in find_placed(self._network).items() if tag.role == io.ROLE)

    def _loaded(self, space: str) -> Iterator[tuple[str, ConnectionSpec]]:
        """The connections of a charon by name."""
        for path in sorted(self.directory(space).glob("*.connection")):
            stored = json.loads(read_text(path) or "{}")
            if stored:
                yield path.stem, ConnectionSpec(**stored)

    def _observed_charon(self, space: str) -> CharonSpec:
        tun = self._placed(space)
        if tun is not None and not (self._is_whole(space, tun) and io.has_decoy(space)):
            tun = None
        return CharonSpec(read_text(self.directory(space) / "strongswan.conf") or "", tun)

    def _is_whole(self, space: str, tun: TunSpec) -> bool:
        """False for a TUN that is gone, or that somebody changed or set down: charon sets it up with its child SA.

        Asked twice, since it follows the SA a moment later; while charon does not answer nobody knows.
        """
        for wait_s in (_FOLLOWS_S, 0.0):
            found = io.tun_state(tun)
            if found is None or (found.mtu_bytes, found.address) != (tun.mtu_bytes, tun.address):
                return False
            try:
                if found.up or not any(one.child_state == "INSTALLED" for one in self.states(space).values()):
                    return True
            except Fault:
                return True
            time.sleep(wait_s)
        return False

    def apply(self, stage: Stage) -> None:
        """See Driver."""
        write_private(self._run / "updown", _UPDOWN, 0o700)
        running = find_processes(self._network)
        with ThreadPoolExecutor(_WORKERS) as pool:
            if stage.changes[0].key.kind is Kind.CHARON:
                starts = [one for one in pool.map(partial(self._prepare_charon, running), stage.changes) if one]
                list(pool.map(self._finish_charon, _charons(stage), spawn_together(starts)))
            else:
                list(pool.map(self._apply_connection, stage.changes))
        # only now: the far end of a tunnel may have been in this stage too
        self.initiate_idle({change.key.namespace for change in stage.changes})

    def initiate_idle(
        self, namespaces: Iterable[str] | None = None, *, unanswered: bool = False, turns: Turns | None = None
    ) -> frozenset[str]:
        """Start negotiating every connection that is to be initiated here and has no IKE SA; None looks at all.

        charon gives up for good when a peer refuses it, and a device would go on trying. ``unanswered`` begins again
        where no peer answered: a first request that was lost, since routes were still being learnt, charon itself
        repeats only after a quarter of the time to give up. It also asks again for a child SA that was refused.

        With ``turns`` no charon is asked whose TUN is up, as it is while its child SA is, unless it is its turn:
        somebody may have set the TUN up by hand. The namespaces of those that were not asked are returned.
        """
        spaces = None if namespaces is None else set(namespaces)
        charons = [space for space, _ in self._charons() if spaces is None or space in spaces]
        due = frozenset(charons) if turns is None else turns.next(charons)
        spared = frozenset(space for space in charons if space not in due and self._carries(space))
        for space in charons:
            if space not in spared:
                initiated = [name for name, spec in self._loaded(space) if spec.initiate]
                if initiated:
                    self._initiate_idle(space, initiated, unanswered=unanswered)
        return spared

    def _carries(self, namespace: str) -> bool:
        """True for a charon with one TUN of its own that is up."""
        tun = self._placed(namespace)
        found = None if tun is None else io.tun_state(tun)
        return found is not None and found.up

    def _placed(self, space: str) -> TunSpec | None:
        stored = json.loads(read_text(self.directory(space) / _PLACED) or "null")
        return TunSpec(**stored) if stored else None

    def _initiate_idle(self, space: str, names: Iterable[str], *, unanswered: bool) -> None:
        states = self.states(space)
        for name in names:
            state = states.get(name)
            # the answer to the first request chooses the proposal
            lost = state is not None and not state.ike_proposal
            childless = state is not None and (state.ike_state, state.child_state) == ("ESTABLISHED", "NONE")
            if state is None or (unanswered and (lost or childless)):
                with io.vici_session(self.directory(space)) as session:
                    if lost:
                        io.terminate(session, name)
                    io.initiate(session, name)

    def spis(self, namespace: str) -> Mapping[str, frozenset[str]]:
        """What both ends call each IKE SA of a charon, by connection name.

        Raises:
            Fault: charon does not answer.
        """
        return read_spis(io.list_sas(self.directory(namespace)))

    def begin_again(self, namespace: str, name: str) -> None:
        """Negotiate a connection anew whose peer was started afresh, instead of waiting for dead peer detection."""
        with io.vici_session(self.directory(namespace)) as session:
            io.forget(session, name)
            io.initiate(session, name)

    def _prepare_charon(self, running: Mapping[int, Tag], change: Change) -> Start | None:
        """Stop what runs; how to start what is wanted."""
        space = change.key.namespace
        stop(pid for pid, tag in running.items() if tag.namespace == space and tag.role == io.ROLE)
        if exists(space):
            io.remove_decoy(space)
        if isinstance(change, Delete) or not isinstance(change.new, CharonSpec):
            return None
        directory = self.directory(space)
        make_private_directory(directory)
        for stale in (*directory.glob("*.connection"), directory / _PLACED):
            stale.unlink(missing_ok=True)
        write_private(directory / "strongswan.conf", change.new.config)
        if change.new.tun is not None:
            io.close_way(space)
        return io.prepared(directory, self._network, space)

    def _finish_charon(self, started: tuple[str, CharonSpec], pid: int) -> None:
        space, spec = started
        directory, tun = self.directory(space), spec.tun
        io.await_vici(directory, space, pid)
        if tun is not None:
            io.place_tun(space, tun)
            # last: a TUN that has its name may still lack its address, or charon its decoy
            write_private(directory / _PLACED, json.dumps(asdict(tun)))

    def _apply_connection(self, change: Change) -> None:
        directory = self.directory(change.key.namespace)
        record = directory / f"{change.key.name}.connection"
        if isinstance(change, Delete) or not isinstance(change.new, ConnectionSpec):
            self._unload(change.key, record)
            return
        spec = change.new
        if isinstance(change, Update) and replace(spec, next_hop=None) == _without_way(change.old):
            if spec.next_hop is not None:
                io.open_way(change.key.namespace, spec.next_hop)
            return
        secret = self._psk(spec.psk_name)
        if secret is None:
            raise Fault(
                f"load tunnel {spec.psk_name}",
                "its pre-shared key is not known",
                "give psk: inline, by env, by file or generate: true in the plan",
            )
        settings = json.loads(spec.settings)
        owners = (settings["local"]["id"], settings["remote"]["id"])
        record.unlink(missing_ok=True)  # what it tells is not true while another is being loaded
        with io.vici_session(directory) as session:
            io.terminate(session, change.key.name)
            io.load_connection(session, change.key.name, settings, secret.reveal(), owners)
        if spec.next_hop is not None:
            io.open_way(change.key.namespace, spec.next_hop)
        write_private(record, json.dumps(asdict(spec)))

    def _unload(self, key: Key, record: Path) -> None:
        if io.ROLE in {tag.role for tag in find_processes(self._network).values() if tag.namespace == key.namespace}:
            with io.vici_session(self.directory(key.namespace)) as session:
                io.terminate(session, key.name)
                session.unload_conn({"name": key.name})
                session.unload_shared({"id": key.name})
        record.unlink(missing_ok=True)

    def states(self, namespace: str) -> dict[str, SaState]:
        """The SAs of a charon by connection name.

        Raises:
            Fault: charon does not answer.
        """
        return dict(read_sas(io.list_sas(self.directory(namespace))))


def _charons(stage: Stage) -> Iterator[tuple[str, CharonSpec]]:
    """The charons that a stage starts, by namespace."""
    for change in stage.changes:
        if not isinstance(change, Delete) and isinstance(change.new, CharonSpec):
            yield change.key.namespace, change.new


def _without_way(payload: Payload) -> Payload:
    """The connection without its way out, to see whether anything else of it changed."""
    return replace(payload, next_hop=None) if isinstance(payload, ConnectionSpec) else payload
