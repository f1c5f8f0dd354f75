"""Room for neighbor entries: the kernel holds only so many for all network namespaces together (arp(7)).

Beyond ``gc_thresh3`` it drops packets, with no word but in its log; it is 1024 as a rule, and 100 sites need more. The
limit belongs to the host, so it is raised only when the networks here need more than half of it, and is as before when
the last of them has gone.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sealane.app.runstate import DEFAULT_ROOT
from sealane.diag import Fault
from sealane.host import make_private_directory, read_text, write_private
from sealane.lower import Lowered
from sealane.plan import AddressSpec, CableSpec

_LIMITS = Path("/proc/sys/net/ipv4/neigh/default")
_SOFT, _HARD = "gc_thresh2", "gc_thresh3"
_FILE = ".neighbor_limit.json"
"""No network can have such a name."""


def neighbors_of(lowered: Lowered) -> int:
    """About how many neighbor entries a network has: one for each end of a cable, and one for each address."""
    ends = sum(2 for one in lowered.resources if isinstance(one.payload, CableSpec))
    return ends + sum(isinstance(one.payload, AddressSpec) for one in lowered.resources)


@dataclass(slots=True)
class _Kept:
    """What networks need, by run directory; the limits before we changed them and since, None while we have not."""

    needs: dict[str, int] = field(default_factory=dict)
    former: dict[str, int] | None = None
    ours: dict[str, int] | None = None


class NeighborLimit:
    """Raises the limit and gives it back.

    Args:
        root: Where what is needed is kept: at one place of the host, wherever run directories are.
        limits: Directory of the kernel's limits; without them, as in a container, nothing is done.
    """

    def __init__(self, root: Path = DEFAULT_ROOT, limits: Path = _LIMITS) -> None:
        self._root = root
        self._limits = limits

    def claim(self, directory: Path, entries: int) -> None:
        """Make room for the network of a run directory.

        Raises:
            Fault: There is too little, and the kernel does not let us.
        """
        if not (self._limits / _HARD).exists():
            return
        with self._kept() as kept:
            kept.needs = {one: need for one, need in kept.needs.items() if Path(one).is_dir()}
            kept.needs[str(directory)] = entries
            now, need = self._read(), sum(kept.needs.values())
            before = kept.former or now
            wanted = {_SOFT: before[_SOFT] + need, _HARD: before[_HARD] + 2 * need}
            if 2 * need <= before[_HARD] or all(now[name] >= wanted[name] for name in wanted):
                return
            kept.former, kept.ours = before, {name: max(now[name], wanted[name]) for name in wanted}
            self._save(kept)  # first: whoever is killed now has left word of what to give back
            try:
                self._write(kept.ours)
            except OSError as error:
                raise Fault(
                    f"make room for the neighbors of network {directory.name}",
                    f"the networks here need about {need} neighbor entries, the kernel holds at most {now[_HARD]} for "
                    f"all namespaces, and cannot be told otherwise: {error.strerror}",
                    f"sysctl -w net.ipv4.neigh.default.{_SOFT}={wanted[_SOFT]} "
                    f"net.ipv4.neigh.default.{_HARD}={wanted[_HARD]}",
                ) from None

    def release(self, directory: Path) -> None:
        """Forget the network of a run directory; the last gives the limits back, unless somebody changed them since."""
        if not (self._root / _FILE).exists():
            return
        with self._kept() as kept:
            others = {one: need for one, need in kept.needs.items() if one != str(directory)}
            kept.needs = {one: need for one, need in others.items() if Path(one).is_dir()}
            if kept.needs:
                return
            if kept.former is not None and kept.ours == self._read():
                with suppress(OSError):
                    self._write(kept.former)
            kept.former = kept.ours = None

    @contextmanager
    def _kept(self) -> Iterator[_Kept]:
        """What is kept; stored again afterwards, or removed when no network is left."""
        make_private_directory(self._root, 0o755)
        descriptor = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            text = read_text(self._root / _FILE)
            kept = _understood(text)
            yield kept
            if not kept.needs:
                (self._root / _FILE).unlink(missing_ok=True)
            elif json.dumps(asdict(kept)) != text:
                self._save(kept)
        finally:
            os.close(descriptor)

    def _save(self, kept: _Kept) -> None:
        write_private(self._root / _FILE, json.dumps(asdict(kept)))

    def _read(self) -> dict[str, int]:
        return {name: int((self._limits / name).read_text("ascii")) for name in (_SOFT, _HARD)}

    def _write(self, limits: Mapping[str, int]) -> None:
        for name in sorted(limits, reverse=True):
            (self._limits / name).write_text(str(limits[name]), "ascii")


def _understood(text: str | None) -> _Kept:
    try:
        kept = json.loads(text or "{}")
        needs = {str(one): int(need) for one, need in kept.get("needs", {}).items()}
        return _Kept(needs, _limits_in(kept.get("former")), _limits_in(kept.get("ours")))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return _Kept()


def _limits_in(kept: Mapping[str, int] | None) -> dict[str, int] | None:
    return None if kept is None else {name: int(kept[name]) for name in (_SOFT, _HARD)}
