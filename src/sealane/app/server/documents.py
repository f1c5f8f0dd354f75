"""Documents in the store, with their secrets sealed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from sealane.cloud import Document, World
from sealane.diag import Fault
from sealane.reconcile import Change, Put, Remove, Store

DOCUMENTS = "document"


class Sealer(Protocol):
    """Seals texts for the store."""

    def seal(self, text: str, name: str) -> str:
        """Sealed under the name that it belongs to."""
        ...

    def unseal(self, text: str, name: str) -> str:
        """The text again.

        Raises:
            Fault: It was sealed with another key, or under another name.
        """
        ...


class Documents:
    """Turns documents into what the store keeps, and back."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def load(self, store: Store) -> Iterator[Document]:
        """All documents.

        Raises:
            Fault: One is damaged, or its secrets were sealed with another key.
        """
        for key, value in store.read(DOCUMENTS):
            try:
                document = Document.decode(value)
            except (ValueError, TypeError) as error:
                raise Fault(f"read object {key}", "what is kept of it is damaged", "restore a backup") from error
            secrets = {name: self._sealer.unseal(text, _name(key, name)) for name, text in document.secrets.items()}
            yield replace(document, secrets=secrets)

    def change(self, change: Document | str) -> Change:
        """What to tell the store of a document, or of the id of one that is gone."""
        if isinstance(change, str):
            return Remove(DOCUMENTS, change)
        secrets = {name: self._sealer.seal(text, _name(change.id, name)) for name, text in change.secrets.items()}
        return Put(DOCUMENTS, change.id, replace(change, secrets=secrets).encode())

    def resealed(self, world: World) -> Sequence[Change]:
        """All documents with secrets sealed anew, after the master key changed."""
        return tuple(self.change(one) for one in world.everything() if one.secrets)


def _name(document_id: str, name: str) -> str:
    return f"{DOCUMENTS}/{document_id}/{name}"
