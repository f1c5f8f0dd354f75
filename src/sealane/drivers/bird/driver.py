"""The bird driver. An instance is known as ours by the tag of its process and its private directory."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sealane.diag import Fault
from sealane.drivers.bird import io
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
from sealane.plan import BirdSpec, Change, Delete, Key, Kind, Resource, Stage, Update

_WORKERS = 4


class BirdDriver:
    """Handles BIRD instances, one per namespace.

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
        return frozenset({Kind.BIRD})

    def directory(self, namespace: str) -> Path:
        """Private directory of an instance."""
        return self._run / node_directory(namespace) / "bird"

    def canonical(self, resource: Resource) -> Resource:
        """See Driver."""
        return resource

    def observe(self) -> tuple[Resource, ...]:
        """See Driver. The configuration file is replaced only after bird accepted it, so it is what bird runs.

        While the next one lies beside it nobody knows which of them bird runs.
        """
        spaces = {tag.namespace for tag in find_placed(self._network).values() if tag.role == io.ROLE}
        found = []
        for space in sorted(spaces):
            sure = not _next(self.directory(space)).exists()
            config = (read_text(self.directory(space) / "bird.conf") or "") if sure else ""
            found.append(Resource(Key(Kind.BIRD, space, ""), BirdSpec(config)))
        return tuple(found)

    def apply(self, stage: Stage) -> None:
        """See Driver."""
        lives_on = all(isinstance(change, Update) for change in stage.changes)
        running = {} if lives_on else find_processes(self._network)
        with ThreadPoolExecutor(_WORKERS) as pool:
            list(pool.map(partial(self._apply, running), stage.changes))

    def _apply(self, running: Mapping[int, Tag], change: Change) -> None:
        space = change.key.namespace
        if isinstance(change, Delete) or not isinstance(change.new, BirdSpec):
            _stop(running, space)
            return
        directory = self.directory(space)
        make_private_directory(directory)
        if isinstance(change, Update):
            self._reconfigure(space, directory, change.new.config)
            return
        _stop(running, space)
        write_private(directory / "bird.conf", change.new.config)
        _next(directory).unlink(missing_ok=True)
        io.start(directory, self._network, space)

    def _reconfigure(self, space: str, directory: Path, config: str) -> None:
        """Swap the configuration atomically: sessions that did not change stay up."""
        fresh = _next(directory)
        write_private(fresh, config)
        answer = io.birdc(directory, "configure", f'"{fresh}"')
        if "Reconfig" not in answer:
            raise Fault(f"reconfigure bird in {space}", answer.strip()[-400:], "see the answer; run sealane up again")
        fresh.replace(directory / "bird.conf")


def _next(directory: Path) -> Path:
    """The configuration that bird is being told to take."""
    return directory / "bird.conf.next"


def _stop(running: Mapping[int, Tag], space: str) -> None:
    stop(pid for pid, tag in running.items() if tag.namespace == space and tag.role == io.ROLE)
    if exists(space):
        io.flush_routes(space)
