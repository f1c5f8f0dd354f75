"""What several resources of Express Connect have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Json
from sealane.cloud.error import CloudError
from sealane.cloud.texts import text
from sealane.cloud.world import Transaction

Told: TypeAlias = Callable[[Document], str]
"""Tells what a filter compares."""
MOST_FILTERS, MOST_VALUES = 5, 5


def in_region(call: Call, found: Iterable[Document]) -> Iterable[Document]:
    """The documents of the region that is asked for."""
    return (one for one in found if one.region == call.region)


def in_group(call: Call, found: Iterable[Document]) -> Iterable[Document]:
    """The documents of the resource group that is asked for; all when none is."""
    group = call.text("ResourceGroupId")
    return (one for one in found if group == one.text("ResourceGroupId")) if group else found


def group_of(part: Document, state: Transaction) -> str:
    """The resource group of what belongs to a VPC or border router: that of its owner."""
    owner = state.get(part.parent)
    return owner.text("ResourceGroupId") if owner is not None else ""


def filtered(call: Call, found: Iterable[Document], keys: Mapping[str, Told]) -> Iterable[Document]:
    """The documents that every filter lets through; a filter lets through any of its values.

    Raises:
        CloudError: A key is not among ``keys``, or there are too many filters or values.
    """
    wanted: list[tuple[Told, Sequence[str]]] = []
    for one in call.structs("Filter"):
        key, given = str(one.get("Key") or ""), one.get("Value")
        values = tuple(map(str, given)) if isinstance(given, list | tuple) else ()
        if key not in keys:
            raise CloudError("InvalidFilterKey.ValueNotSupported", f"Filter key {key!r} is not one of "
                             f"{', '.join(keys)}.", 404)
        if len(values) > MOST_VALUES:
            raise CloudError("InvalidParameter", f"Filter {key} has {len(values)} values, {MOST_VALUES} at most.")
        if values:
            wanted.append((keys[key], values))
    if len(wanted) > MOST_FILTERS:
        raise CloudError("InvalidParameter", f"There are {len(wanted)} filters, {MOST_FILTERS} at most.")
    return (one for one in found if all(tell(one) in values for tell, values in wanted))


def named(call: Call) -> dict[str, Json]:
    """Name and Description of an object of Express Connect, those that were given.

    Raises:
        CloudError: ``InvalidName.Malformed`` or ``InvalidDescription.Malformed``.
    """
    return given(
        Name=text(call, "Name", least=2, letter_first=True, code="InvalidName.Malformed"),
        Description=text(call, "Description", least=2, most=256, code="InvalidDescription.Malformed"),
    )


def given(**fields: Json) -> dict[str, Json]:
    """The fields that are not None."""
    return {key: value for key, value in fields.items() if value is not None}


def told(document: Document, *names: str) -> dict[str, Json]:
    """Fields as they are; those that were never given are empty."""
    return {name: document.fields.get(name) if document.fields.get(name) is not None else "" for name in names}
