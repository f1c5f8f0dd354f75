"""What several resources of Ecs have in common."""

import fnmatch
import json
from collections.abc import Iterable, Iterator, Sequence

from sealane.cloud import tags
from sealane.cloud.call import Call
from sealane.cloud.document import Document, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page, portion
from sealane.cloud.world import Transaction

LARGEST_PAGE = 100
_LARGEST_PORTION = 1000


def tag_items(document: Document) -> Json:
    """A document's tags as this product tells them."""
    return {"Tag": [{"TagKey": key, "TagValue": value} for key, value in tags.pairs(document)]}


def listed(call: Call, found: Iterable[Document]) -> tuple[Sequence[Document], dict[str, Json]]:
    """What a Describe tells, with what stands beside it: by NextToken when it is asked for so, else by pages."""
    if call.has("NextToken") or call.has("MaxResults"):
        told = portion(call, found, size=LARGEST_PAGE, largest=_LARGEST_PORTION)
        return told.items, {"TotalCount": told.fields["TotalCount"], "NextToken": told.fields.get("NextToken", "")}
    paged = page(call, found, largest=LARGEST_PAGE)
    return paged.items, paged.fields


def json_texts(call: Call, name: str) -> tuple[str, ...]:
    """A parameter that is a JSON array of texts; empty when it was left out.

    Raises:
        CloudError: ``Invalid<name>.Malformed``.
    """
    written = call.text(name)
    if not written:
        return ()
    try:
        found = json.loads(written)
    except ValueError:
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found) or len(found) > LARGEST_PAGE:
        raise CloudError(f"Invalid{name}.Malformed", f"{name} must be a JSON array of at most {LARGEST_PAGE} texts.")
    return tuple(found)


def like(call: Call, found: Iterable[Document], name: str, field: str = "") -> Iterable[Document]:
    """The documents whose field is as a parameter says, in which ``*`` stands for anything; all without it."""
    wanted = call.text(name)
    if not wanted:
        return found
    pattern = wanted.replace("[", "[[]").replace("?", "[?]")
    return (one for one in found if fnmatch.fnmatchcase(one.text(field or name), pattern))


def group_ids(instance: Document) -> tuple[str, ...]:
    """The security groups that an instance is in."""
    found = instance.fields.get("SecurityGroupIds")
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def members(group: Document, state: Transaction) -> Iterator[Document]:
    """The instances in a security group."""
    for switch in state.children(group.parent, "vswitch"):
        for one in state.children(switch.id, "instance"):
            if group.id in group_ids(one):
                yield one
