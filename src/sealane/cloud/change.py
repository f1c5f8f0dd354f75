"""Changed versions of documents."""

from dataclasses import replace

from sealane.cloud.document import Document, Json
from sealane.cloud.error import CloudError


def changed(document: Document, status: str | None = None, **fields: Json) -> Document:
    """With other fields; the network has to be made so.

    Args:
        document: As it is.
        status: The transitional status; None keeps the status.
        fields: Those that change.
    """
    return replace(
        document,
        fields={**document.fields, **fields},
        status=document.status if status is None else status,
        generation=document.generation + 1,
    )


def retold(document: Document, **fields: Json) -> Document:
    """With other fields that no packet notices, such as a name."""
    return replace(document, fields={**document.fields, **fields})


def deleted(document: Document, status: str | None = None) -> Document:
    """On its way out."""
    return replace(
        document,
        status=document.status if status is None else status,
        generation=document.generation + 1,
        deleting=True,
    )


def is_busy(document: Document) -> bool:
    """True while a change of it is under way."""
    return document.settled < document.generation


def not_busy(document: Document, error: CloudError) -> None:
    """Refuse while a change of it is under way.

    Raises:
        CloudError: ``error``.
    """
    if is_busy(document):
        raise error
