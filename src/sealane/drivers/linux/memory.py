"""What was read of namespaces, for as long as the kernel tells of no change in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sealane.drivers.linux.read import FOREIGN_ROUTES, ROUTE_PROTOCOL, FarEnds
from sealane.host import NamespaceChanges
from sealane.plan import Resource
from sealane.reconcile.turns import TIMES


@dataclass(frozen=True, slots=True)
class SeenNamespace:
    """One namespace: what is ours in it, the far ends of cables, and what is not ours."""

    resources: tuple[Resource, ...] = ()
    far_ends: FarEnds = field(default_factory=dict)
    foreign: tuple[str, ...] = ()


class Memory:
    """Remembers namespaces of any networks, and forgets those in which something changes.

    Where the kernel does not tell of changes it remembers nothing, and ``deaf`` says why. For one thread at a time, but
    for ``keep``.
    """

    def __init__(self) -> None:
        self._changes: NamespaceChanges | None = None
        self.deaf = ""
        self._numbers: dict[str, int] = {}
        self._seen: dict[str, SeenNamespace] = {}

    def recall(self, wanted: Iterable[str]) -> Mapping[str, SeenNamespace]:
        """Those of the namespaces that are as they were read last, and need not be read again yet."""
        if self._changes is None:
            try:
                self._changes = NamespaceChanges((ROUTE_PROTOCOL, *FOREIGN_ROUTES))
            except OSError as error:
                self.deaf = error.strerror or str(error)
                return {}
        wanted = tuple(wanted)
        numbers = self._changes.numbered(wanted)
        self.deaf = "" if not wanted or any(name in numbers for name in wanted) else "namespaces get no numbers"
        changed = self._changes.take()  # only now: a number that was given just now is among them
        for name in tuple(self._numbers):
            number = self._numbers[name]
            if changed is None or number in changed or numbers.get(name) != number:
                del self._numbers[name]
                self._seen.pop(name, None)
        self._numbers |= {name: numbers[name] for name in wanted if name in numbers}
        names = frozenset(wanted)
        known = {name: seen for name, seen in self._seen.items() if name in names}  # what was read first is first
        for name in tuple(known)[: -(-len(known) // TIMES)]:
            del self._seen[name], known[name]
        return known

    def keep(self, name: str, seen: SeenNamespace) -> None:
        """Remember what was read after the last ``recall``."""
        if name in self._numbers:
            self._seen[name] = seen

    def close(self) -> None:
        """Remember nothing any more."""
        if self._changes is not None:
            self._changes.close()
        self._changes = None
