"""What was computed before, to be asked for again instead of computed again.

A value is asked for by the things it is made from. Things are immutable and are told apart by identity, which costs
nothing however large they are; a thing that was made anew is another one, and then the value is made anew too. What a
value needed on its way is remembered with it, for as long as it is itself.
"""

from collections.abc import Callable, Hashable
from typing import TypeVar, cast
from weakref import WeakValueDictionary

T = TypeVar("T")
_Key = tuple[Hashable, tuple[int, ...]]


class _Entry:
    """A value, with the things whose identity stands in its key, and the entries that it needed."""

    __slots__ = ("__weakref__", "parts", "things", "value")

    def __init__(self, things: tuple[object, ...], value: object, parts: "list[_Entry]") -> None:
        self.things = things
        self.value = value
        self.parts = parts


class Memo:
    """Remembers the values of a round and of the one before it; for one thread."""

    def __init__(self) -> None:
        self._entries: WeakValueDictionary[_Key, _Entry] = WeakValueDictionary()
        self._last: list[_Entry] = []
        self._open: list[list[_Entry]] = [[]]

    @property
    def size(self) -> int:
        """How many values are remembered."""
        return len(self._entries)

    def turn(self) -> None:
        """Begin the next round: what the last one did not ask for is forgotten."""
        self._last = self._open[0]
        self._open = [[]]

    def get(
        self, what: Hashable, things: tuple[object, ...], work: Callable[[], T], keep: Callable[[], bool] | None = None
    ) -> T:
        """The value that ``work`` makes.

        Args:
            what: Names the work, with everything it depends on that is compared by its value.
            things: Everything else it depends on.
            work: Makes the value of nothing but those.
            keep: Asked afterwards; False when the value depended on more and must not be remembered.
        """
        key = (what, tuple(map(id, things)))
        entry = self._entries.get(key)
        if entry is None:
            self._open.append([])
            try:
                value = work()
            finally:
                parts = self._open.pop()
            if keep is not None and not keep():
                self._open[-1] += parts
                return value
            entry = self._entries[key] = _Entry(things, value, parts)
        self._open[-1].append(entry)
        return cast("T", entry.value)
