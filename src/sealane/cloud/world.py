"""All documents in memory with their indices, and the transaction in which an operation changes them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeAlias

from sealane.cloud.document import Document

Fits: TypeAlias = Callable[[Document], bool]


class Listed(Collection[Document]):
    """Documents whose number is known without going through them, and which can be gone through again.

    Args:
        ids: Their ids, in order.
        by_id: Has them.
    """

    __slots__ = ("_by_id", "_ids")

    def __init__(self, ids: Collection[str], by_id: Mapping[str, Document]) -> None:
        self._ids = ids
        self._by_id = by_id

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[Document]:
        return map(self._by_id.__getitem__, self._ids)

    def __contains__(self, one: object) -> bool:
        return isinstance(one, Document) and one.id in self._ids


class World:
    """Every document; looking one up costs the same however many there are.

    It changes only by ``adopt``, with what a store has made durable before.

    Args:
        documents: Those that there are.
        sequence: The highest sequence that was given out to others, which are gone.
    """

    def __init__(self, documents: Iterable[Document] = (), sequence: int = 0) -> None:
        self._by_id: dict[str, Document] = {}
        self._of_kind: dict[tuple[str, str], dict[str, None]] = {}
        self._in_region: dict[tuple[str, str, str], dict[str, None]] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._sequence = sequence
        self._revision = 0
        self._revision_of: dict[str, int] = {}
        self._revision_below: dict[str, dict[str, int]] = {}
        self.unsettled: set[str] = set()
        """Ids of documents whose generation the network has not reached."""
        for document in sorted(documents, key=lambda one: one.sequence):
            self._add(document)

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, document_id: str) -> Document | None:
        """The document of that id, of whatever account."""
        return self._by_id.get(document_id)

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        """An account's documents of a kind, oldest first."""
        return (self._by_id[one] for one in self._of_kind.get((account, kind), ()))

    def in_region(self, account: str, kind: str, region: str) -> Collection[Document]:
        """An account's documents of a kind in a region, oldest first; of all regions when it is empty."""
        if not region:
            return Listed(self._of_kind.get((account, kind), {}), self._by_id)
        return Listed(self._in_region.get((account, kind, region), {}), self._by_id)

    def count(self, account: str, kind: str) -> int:
        """How many there are."""
        return len(self._of_kind.get((account, kind), ()))

    def children(self, parent: str, kind: str | None = None) -> Iterator[Document]:
        """The documents that belong to one, oldest first."""
        found = (self._by_id[one] for one in self._children.get(parent, ()))
        return found if kind is None else (one for one in found if one.kind == kind)

    def everything(self) -> Iterator[Document]:
        """All documents, oldest first."""
        return iter(tuple(self._by_id.values()))

    @property
    def sequence(self) -> int:
        """The highest sequence that was given out."""
        return self._sequence

    def revision(self, whose: str, kind: str | None = None) -> int:
        """Another number after each change of a document; with a kind, of what an account or a parent has of it."""
        if kind is None:
            return self._revision_of.get(whose, 0)
        return self._revision_below.get(whose, {}).get(kind, 0)

    def adopt(self, changes: Iterable["Document | str"]) -> None:
        """Take over documents, new or changed, and ids of those that are gone."""
        for change in changes:
            if isinstance(change, str):
                self._remove(change)
            else:
                self._add(change)

    def _add(self, document: Document) -> None:
        self._by_id[document.id] = document
        self._touch(document)
        self._of_kind.setdefault((document.account, document.kind), {})[document.id] = None
        self._in_region.setdefault((document.account, document.kind, document.region), {})[document.id] = None
        if document.parent:
            self._children.setdefault(document.parent, {})[document.id] = None
        self._sequence = max(self._sequence, document.sequence)
        if document.settled < document.generation:
            self.unsettled.add(document.id)
        else:
            self.unsettled.discard(document.id)

    def _remove(self, document_id: str) -> None:
        former = self._by_id.pop(document_id, None)
        if former is None:
            return
        self._touch(former)
        self._revision_of.pop(document_id, None)
        self._revision_below.pop(document_id, None)
        self._of_kind[former.account, former.kind].pop(document_id, None)
        self._in_region[former.account, former.kind, former.region].pop(document_id, None)
        if former.parent:
            self._children.get(former.parent, {}).pop(document_id, None)
        self.unsettled.discard(document_id)

    def _touch(self, document: Document) -> None:
        self._revision += 1
        self._revision_of[document.id] = self._revision
        for above in (document.account, document.parent):
            self._revision_below.setdefault(above, {})[document.kind] = self._revision


class Transaction:
    """A view of the world with one operation's changes, which are all made or none."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._changed: dict[str, Document | None] = {}
        self._sequence = world.sequence

    @property
    def changes(self) -> tuple[Document | str, ...]:
        """What changed, in order: documents, and ids of those that were removed."""
        return tuple(document or one for one, document in self._changed.items())

    def get(self, document_id: str) -> Document | None:
        """See World.get."""
        if document_id in self._changed:
            return self._changed[document_id]
        return self._world.get(document_id)

    def of_kind(self, account: str, kind: str) -> Iterator[Document]:
        """See World.of_kind."""
        wanted = account, kind
        yield from self._view(self._world.of_kind(account, kind), lambda one: (one.account, one.kind) == wanted)

    def in_region(self, account: str, kind: str, region: str) -> Collection[Document]:
        """See World.in_region."""
        if not self._changed:
            return self._world.in_region(account, kind, region)
        return tuple(one for one in self.of_kind(account, kind) if region in ("", one.region))

    def named(self, account: str, kind: str, region: str, ids: Collection[str]) -> Collection[Document]:
        """Like ``in_region``, but only those with one of the ids; all when there is no id."""
        if not ids:
            return self.in_region(account, kind, region)
        found = (self.get(one) for one in dict.fromkeys(ids))
        wanted = account, kind
        mine = (one for one in found if one and (one.account, one.kind) == wanted and region in ("", one.region))
        return sorted(mine, key=lambda one: one.sequence)

    def children(self, parent: str, kind: str | None = None) -> Iterator[Document]:
        """See World.children."""
        yield from self._view(
            self._world.children(parent, kind), lambda one: one.parent == parent and kind in (None, one.kind)
        )

    def count(self, account: str, kind: str) -> int:
        """See World.count."""
        if not self._changed:
            return self._world.count(account, kind)
        return sum(1 for _ in self.of_kind(account, kind))

    def put(self, document: Document) -> Document:
        """Keep a new document or a new version of one; what is kept is returned, with its place in the order.

        Raises:
            ValueError: The new version is of another kind, owner or parent, or has the id of one that was.
        """
        former = self.get(document.id) or self._world.get(document.id)
        if former is not None and _fixed(former) != _fixed(document):
            raise ValueError(f"{document.id} cannot become {_fixed(document)}, it is {_fixed(former)}")
        if not document.sequence:
            document = replace(document, sequence=max(self._sequence, self._world.sequence) + 1)
        self._sequence = max(self._sequence, document.sequence)
        self._changed[document.id] = document
        return document

    def remove(self, document_id: str) -> None:
        """Forget a document."""
        if self._world.get(document_id) is None:
            self._changed.pop(document_id, None)
        else:
            self._changed[document_id] = None

    def _view(self, found: Iterator[Document], fits: Fits) -> Iterator[Document]:
        for one in found:
            now = self._changed.get(one.id, one)
            if now is not None and fits(now):
                yield now
        for one_id, document in tuple(self._changed.items()):
            if document is not None and self._world.get(one_id) is None and fits(document):
                yield document


def _fixed(document: Document) -> tuple[str, str, str, str]:
    """What a document is for good."""
    return document.kind, document.account, document.region, document.parent
