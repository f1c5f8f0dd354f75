"""The living documents of a world, and the pieces that were made of them before.

A piece is the same one, not only an equal one, for as long as nothing changed that was read to make it. What is made of
pieces can go by their identity then.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import TypeVar

from sealane.cloud.document import Document
from sealane.cloud.to_plan.vpcs import View
from sealane.cloud.world import World
from sealane.memo import Memo

T = TypeVar("T")
_Read = dict[tuple[str, str | None], int]
"""Revisions of what was read; see World.revision."""


class Living:
    """The documents that are not being deleted and are not to be left out."""

    def __init__(self, world: World, without: frozenset[str]) -> None:
        self.world = world
        self.without = without

    def get(self, document_id: str) -> Document | None:
        """See View."""
        found = self.world.get(document_id)
        return found if found is not None and self._lives(found) else None

    def children(self, parent: str, kind: str) -> Iterator[Document]:
        """See View."""
        return filter(self._lives, self.world.children(parent, kind))

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        """See View."""
        return filter(self._lives, self.world.of_kind(account, kind))

    def _lives(self, document: Document) -> bool:
        return not document.deleting and document.id not in self.without


class _Watched:
    """A view that writes down what is read."""

    def __init__(self, living: Living, read: _Read) -> None:
        self._living = living
        self._read = read

    def get(self, document_id: str) -> Document | None:
        """See View."""
        self._note(document_id, None)
        return self._living.get(document_id)

    def children(self, parent: str, kind: str) -> Iterator[Document]:
        """See View."""
        self._note(parent, kind)
        return self._living.children(parent, kind)

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        """See View."""
        self._note(account, kind)
        return self._living.of_kind(account, kind)

    def _note(self, whose: str, kind: str | None) -> None:
        self._read[whose, kind] = self._living.world.revision(whose, kind)


class Former:
    """Remembers the pieces of a round and of the one before it.

    Only for one world and one way of calling things; for one thread.
    """

    def __init__(self) -> None:
        self.memo = Memo()
        self._reads: dict[Hashable, _Read] = {}
        self._last_reads: dict[Hashable, _Read] = {}

    def turn(self) -> None:
        """Begin the next round."""
        self.memo.turn()
        self._reads, self._last_reads = {}, self._reads

    def piece(self, what: Hashable, things: tuple[object, ...], living: Living, work: Callable[[View], T]) -> T:
        """What ``work`` makes of the documents that it reads through the view it is given, and of ``things``.

        Args:
            what: Names the work, with everything else it depends on.
            things: Documents that it depends on and does not read.
            living: The documents.
            work: Makes the piece.
        """
        key = (what, living.without)
        read = self._reads.get(key, self._last_reads.get(key))
        if read is None or any(living.world.revision(*one) != revision for one, revision in read.items()):
            read = {}
        self._reads[key] = read
        return self.memo.get(key, (read, *things), lambda: work(_Watched(living, read)))
