"""Documents in the store, with their secrets sealed."""

from collections.abc import Iterator
from typing import Protocol

from sealane.cloud import Document
from sealane.reconcile import Change, Put, Remove, Store

DOCUMENTS = "document"
"""The space of documents, by id."""


class Sealer(Protocol):
    """Seals secrets for the store; what is opened must be opened for the place it was sealed for."""

    def seal(self, secret: str, *where: str) -> str:
        """A secret as it may be kept."""
        ...

    def open(self, sealed: str, *where: str) -> str:
        """What was sealed.

        Raises:
            Fault: With another key, or for another place.
        """
        ...

    def seal_document(self, document: Document) -> bytes:
        """A document as it is kept."""
        ...

    def open_document(self, value: bytes) -> Document:
        """What ``seal_document`` made.

        Raises:
            Fault: As for ``open``; or it is damaged.
        """
        ...


class Documents:
    """Turns documents into what the store keeps, and back."""

    def __init__(self, sealer: Sealer) -> None:
        self.sealer = sealer

    def load(self, store: Store) -> Iterator[Document]:
        """All documents.

        Raises:
            Fault: One is damaged, or its secrets were sealed with another key.
        """
        return (self.sealer.open_document(value) for _, value in store.read(DOCUMENTS))

    def change(self, change: Document | str) -> Change:
        """What to tell the store of a document, or of the id of one that is gone."""
        if isinstance(change, str):
            return Remove(DOCUMENTS, change)
        return Put(DOCUMENTS, change.id, self.sealer.seal_document(change))
