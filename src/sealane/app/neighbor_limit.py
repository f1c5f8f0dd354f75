"""Room for neighbor entries: the kernel holds only so many for all network namespaces together (arp(7)).

Beyond ``gc_thresh3`` it drops packets, with no word but in its log; it is 1024 as a rule, and 100 sites need more. The
limits belong to the host, so they are raised only when the networks here need more than half of that. Each is as before
when the last network has gone, unless somebody else has set it meanwhile.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sealane.app.runstate import DEFAULT_ROOT
from sealane.diag import Fault
from sealane.host import Held, make_private_directory, read_text, take_lock, write_private
from sealane.lower import Lowered
from sealane.plan import AddressSpec, CableSpec

_LIMITS = Path("/proc/sys/net/ipv4/neigh/default")
_SOFT, _HARD = "gc_thresh2", "gc_thresh3"
_NAMES = (_HARD, _SOFT)
"""In the order in which they are raised."""
_FILE, _LOCK = ".neighbor_limit.json", ".neighbor_limit.lock"
"""No network can have such a name."""
_PATIENCE_S = 10.0


def neighbors_of(lowered: Lowered) -> int:
    """About how many neighbor entries a network has: one for each end of a cable, and one for each address."""
    ends = sum(2 for one in lowered.resources if isinstance(one.payload, CableSpec))
    return ends + sum(isinstance(one.payload, AddressSpec) for one in lowered.resources)


@dataclass(slots=True)
class _Kept:
    """What networks need, by run directory; of each limit that we have set, what it was before and what we set.

    That is one value, or two while it is being set: a command that is killed then leaves one of them in force.
    """

    needs: dict[str, int] = field(default_factory=dict)
    former: dict[str, int] = field(default_factory=dict)
    ours: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def needed(self) -> int:
        return sum(self.needs.values())

    def before(self, name: str, now: int) -> int:
        """A limit as others want it."""
        return self.former[name] if self.is_ours(name, now) else now

    def is_ours(self, name: str, now: int) -> bool:
        return name in self.former and now in self.ours.get(name, ())

    def will_set(self, name: str, now: int, wanted: int) -> None:
        ours = (now,) if self.is_ours(name, now) else ()
        self.former[name], self.ours[name] = self.before(name, now), (*ours, wanted)

    def has_set(self, name: str, now: int) -> None:
        self.ours[name] = tuple(one for one in self.ours[name] if one == now)
        if not self.ours[name]:
            del self.former[name], self.ours[name]


class NeighborLimit:
    """Raises the limits and gives them back.

    Args:
        root: Where what is needed is kept: at one place of the host, wherever run directories are.
        limits: Directory of the kernel's limits; without them, as in a container, nothing is done.
        patience_s: How long to wait for another command that is at work on this.
    """

    def __init__(
        self, root: Path = DEFAULT_ROOT, limits: Path = _LIMITS, patience_s: float = _PATIENCE_S
    ) -> None:
        self._root = root
        self._limits = limits
        self._patience_s = patience_s

    def claim(self, directory: Path, entries: int) -> None:
        """Make room for the network of a run directory.

        Raises:
            Fault: There is too little, and the kernel does not let us; or what is kept cannot be read or written.
        """
        if not self._has_limits() or self._is_done(directory, entries):
            return
        with self._kept() as kept:
            now = self._read()
            kept.needs = {one: need for one, need in kept.needs.items() if Path(one).is_dir()}
            kept.needs[str(directory)] = entries
            wanted = _wanted(kept, now)
            refused = self._raise(kept, now, wanted)
        if refused:
            raise Fault(
                f"make room for the neighbors of network {directory.name}",
                f"the networks here need about {kept.needed()} neighbor entries, the kernel holds at most {now[_HARD]} "
                f"for all namespaces, and cannot be told otherwise: {refused}",
                "sysctl -w " + " ".join(f"net.ipv4.neigh.default.{name}={wanted[name]}" for name in _NAMES),
            )

    def release(self, directory: Path) -> None:
        """Forget the network of a run directory; the last one gives back those limits that are still as we set them."""
        if not self._has_limits() or not (self._root / _FILE).exists():
            return
        with self._kept() as kept:
            now = self._read()
            others = {one: need for one, need in kept.needs.items() if one != str(directory)}
            kept.needs = {one: need for one, need in others.items() if Path(one).is_dir()}
            if kept.needs:
                return
            for name in reversed(_NAMES):
                if kept.is_ours(name, now[name]):
                    with suppress(OSError):
                        (self._limits / name).write_text(str(kept.former[name]), "ascii")

    def _is_done(self, directory: Path, entries: int) -> bool:
        """True when nothing is to be done, as nearly always; found out without keeping anybody waiting."""
        kept = _understood(read_text(self._root / _FILE))
        if kept.needs.get(str(directory)) != entries:
            return False
        now = self._read()
        return all(now[name] >= least for name, least in _wanted(kept, now).items())

    def _raise(self, kept: _Kept, now: Mapping[str, int], wanted: Mapping[str, int]) -> str:
        """Why a limit cannot be raised; empty when all are as wanted."""
        short = [name for name in _NAMES if now[name] < wanted[name]]
        for name in short:
            kept.will_set(name, now[name], wanted[name])
        if short:
            self._save(kept)  # first: whoever is killed now has left word of what to give back
        refused = ""
        for name in short:
            try:
                (self._limits / name).write_text(str(wanted[name]), "ascii")
                kept.has_set(name, wanted[name])
            except OSError as error:
                kept.has_set(name, now[name])
                refused = error.strerror or str(error)
        return refused

    @contextmanager
    def _kept(self) -> Iterator[_Kept]:
        """What is kept; stored again afterwards, or removed when no network is left."""
        make_private_directory(self._root, 0o755)
        lock = self._root / _LOCK
        try:
            descriptor = take_lock(lock, self._patience_s)
        except Held as held:
            raise Fault(
                "make room for neighbors", f"process {held.holder} is at work on {lock}",
                "wait until it is done, or end it",
            ) from None
        try:
            text = read_text(self._root / _FILE)
            kept = _understood(text)
            yield kept
            if not kept.needs:
                (self._root / _FILE).unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
            elif json.dumps(asdict(kept)) != text:
                self._save(kept)
        finally:
            os.close(descriptor)

    def _save(self, kept: _Kept) -> None:
        write_private(self._root / _FILE, json.dumps(asdict(kept)))

    def _has_limits(self) -> bool:
        return all((self._limits / name).exists() for name in _NAMES)

    def _read(self) -> dict[str, int]:
        return {name: int((self._limits / name).read_text("ascii")) for name in _NAMES}


def _wanted(kept: _Kept, now: Mapping[str, int]) -> dict[str, int]:
    """What each limit should be at least."""
    needed = {_HARD: 2 * kept.needed(), _SOFT: kept.needed()}
    before = {name: kept.before(name, now[name]) for name in _NAMES}
    return {name: least if needed[name] <= least else least + needed[name] for name, least in before.items()}


def _understood(text: str | None) -> _Kept:
    try:
        kept = json.loads(text or "{}")
        needs, former = ({str(one): int(value) for one, value in kept.get(part, {}).items()}
                         for part in ("needs", "former"))
        ours = {str(name): tuple(map(int, values)) for name, values in kept.get("ours", {}).items()}
        return _Kept(needs, former, ours)
    except (ValueError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return _Kept()
