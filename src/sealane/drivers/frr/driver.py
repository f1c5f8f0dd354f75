"""The frr driver. An instance is known as ours by the tag of its processes and its private directory."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sealane.drivers.frr import io
from sealane.host import (
    Tag,
    exists,
    find_placed,
    find_processes,
    make_private_directory,
    read_text,
    stop,
    write_private,
)
from sealane.lower import node_directory
from sealane.plan import Change, Delete, FrrSpec, Key, Kind, Resource, Stage, Update

_WORKERS = 4


class FrrDriver:
    """Handles FRR instances, one per namespace, all four daemons together.

    Args:
        network: Name of the network.
        run_directory: Private directory of the network.
    """

    def __init__(self, network: str, run_directory: Path) -> None:
        self._network = network
        self._run = run_directory

    @property
    def handles(self) -> frozenset[Kind]:
        """See Driver."""
        return frozenset({Kind.FRR})

    def directory(self, namespace: str) -> Path:
        """Directory with an instance's sockets, logs and configuration."""
        return self._run / node_directory(namespace) / "frr"

    def _config(self, namespace: str) -> Path:
        return self._run / node_directory(namespace) / "frr.conf"

    def canonical(self, resource: Resource) -> Resource:
        """See Driver."""
        return resource

    def observe(self) -> tuple[Resource, ...]:
        """See Driver. An instance that lacks a daemon is reported with an empty configuration, so that it is mended.

        So is one whose next configuration lies beside its own: nobody knows how much of it was loaded.
        """
        running: dict[str, set[str]] = {}
        for tag in find_placed(self._network).values():
            if tag.role in io.DAEMONS:
                running.setdefault(tag.namespace, set()).add(tag.role)
        found = []
        for space, roles in sorted(running.items()):
            whole = roles == set(io.DAEMONS) and not _next(self._config(space)).exists()
            config = (read_text(self._config(space)) or "") if whole else ""
            found.append(Resource(Key(Kind.FRR, space, ""), FrrSpec(config)))
        return tuple(found)

    def apply(self, stage: Stage) -> None:
        """See Driver."""
        running = find_processes(self._network)
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(partial(self._apply, running), stage.changes))

    def _apply(self, running: Mapping[int, Tag], change: Change) -> None:
        space = change.key.namespace
        if isinstance(change, Delete) or not isinstance(change.new, FrrSpec):
            _stop(running, space)
            return
        config = self._config(space)
        fresh = _next(config)
        make_private_directory(config.parent, 0o755)
        write_private(fresh, change.new.config)
        if isinstance(change, Update) and isinstance(change.old, FrrSpec) and _may_reload(change.old, change.new):
            io.reload(self.directory(space), fresh, space)
        else:
            _stop(running, space)
            io.prepare(self.directory(space))
            io.start(self.directory(space), self._network, space)
            io.load(self.directory(space), fresh, space)
        fresh.replace(config)


def _next(config: Path) -> Path:
    """The configuration that is being loaded."""
    return config.with_suffix(".next")


def _stop(running: Mapping[int, Tag], space: str) -> None:
    stop((pid for pid, tag in running.items() if tag.namespace == space and tag.role in io.DAEMONS), at_once=True)
    if exists(space):
        io.flush_routes(space)


def _may_reload(old: FrrSpec, new: FrrSpec) -> bool:
    """False for daemons that are not whole, and where keys are in play.

    FRR's reload names every line that it changes in the arguments of another process.
    """
    return bool(old.config) and not any(" password " in spec.config for spec in (old, new))
