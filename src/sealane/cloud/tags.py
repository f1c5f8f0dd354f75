"""Tags, resource groups and the operations on them, the same in every product."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion
from sealane.cloud.texts import CONTROL
from sealane.cloud.world import Transaction

MOST_TAGS = 20
_LONGEST_KEY, _LONGEST_VALUE = 64, 128
Fits: TypeAlias = Callable[[Document, str], bool]
"""Says whether a document of the right kind is of a ResourceType (in capitals), where that is not the same."""
_RESERVED = ("aliyun", "acs:", "http://", "https://")


def tags(call: Call, name: str = "Tag") -> list[Json]:
    """Tags of a create call, checked; ``name`` is ``Tag`` or ``Tags``.

    Raises:
        CloudError: As the cloud refuses tags.
    """
    found = [(str(one.get("Key") or ""), str(one.get("Value") or "")) for one in call.structs(name)]
    _check(found)
    return [{"Key": key, "Value": value} for key, value in found]


def _check(found: Sequence[tuple[str, str]]) -> None:
    if len(found) > MOST_TAGS:
        raise CloudError("SizeLimitExceeded.TagNum", f"At most {MOST_TAGS} tags can be given, found {len(found)}.")
    if len({key for key, _ in found}) != len(found):
        raise CloudError("Duplicated.TagKey", "A tag key is given twice.")
    for key, value in found:
        if not 1 <= len(key) <= _LONGEST_KEY or key.lower().startswith(_RESERVED) or CONTROL.search(key):
            raise CloudError("InvalidParameter.TagKey", f"The tag key {key!r} is not valid.")
        if len(value) > _LONGEST_VALUE or value.lower().startswith(_RESERVED[2:]) or CONTROL.search(value):
            raise CloudError("InvalidParameter.TagValue", f"The value of tag {key!r} is not valid.")


def tagged(call: Call, found: Iterable[Document], name: str = "Tag") -> Iterable[Document]:
    """The documents that have every tag that a Describe asks for; a tag without a value matches any."""
    wanted = [(str(one.get("Key") or ""), one.get("Value")) for one in call.structs(name)]
    if not wanted:
        return found
    return (one for one in found if all(_has(one, key, value) for key, value in wanted))


def _has(document: Document, key: str, value: Json) -> bool:
    return any(have == key and value in (None, "", has) for have, has in pairs(document))


def pairs(document: Document) -> Sequence[tuple[str, str]]:
    """A document's tags."""
    found = document.fields.get("Tags")
    if not isinstance(found, list | tuple):
        return ()
    return tuple((str(one["Key"]), str(one["Value"])) for one in found if isinstance(one, Mapping))


def tag_resources(
    call: Call, state: Transaction, kinds: Mapping[str, str], *, fits: Fits | None = None
) -> Fields:
    """TagResources.

    Args:
        call: The call.
        state: Takes the changes.
        kinds: Kind of document by ResourceType in capitals; types are not case-sensitive.
        fits: See Fits.
    """
    new = [(str(one.get("Key") or ""), str(one.get("Value") or "")) for one in call.structs("Tag")]
    _check(new)
    for document in _resources(call, state, kinds, fits):
        merged = dict(pairs(document)) | dict(new)
        if len(merged) > MOST_TAGS:
            raise CloudError("QuotaExceeded.TagNum", f"{document.id} would have {len(merged)} tags, {MOST_TAGS} at "
                             "most.")
        _retag(document, merged, state)
    return {}


def untag_resources(
    call: Call, state: Transaction, kinds: Mapping[str, str], *, fits: Fits | None = None
) -> Fields:
    """UntagResources: the named keys, or all of them."""
    gone = set(call.texts("TagKey"))
    everything = call.flag("All", default=False) and not gone
    for document in _resources(call, state, kinds, fits):
        kept = {key: value for key, value in pairs(document) if not everything and key not in gone}
        _retag(document, kept, state)
    return {}


def list_tag_resources(
    call: Call, state: Transaction, kinds: Mapping[str, str], *, fits: Fits | None = None, size: str = "MaxResults"
) -> Fields:
    """ListTagResources: each tag of each resource, those that are asked for; ``size`` names MaxResults."""
    if not call.texts("ResourceId") and not call.structs("Tag"):
        raise CloudError("BothEmpty.TagsAndResources", "Give ResourceId or Tag.")
    kind = _kind(call, kinds)
    ids = call.texts("ResourceId")
    found = state.of_kind(call.account, kind)
    asked = call.text("ResourceType").upper()
    mine = (one for one in found if (not ids or one.id in ids) and (fits is None or fits(one, asked)))
    told = portion(call, (one for one in tagged(call, mine) if pairs(one)), size=50, largest=50, name=size)
    items: list[Json] = [
        {"ResourceId": one.id, "ResourceType": call.text("ResourceType"), "TagKey": key, "TagValue": value}
        for one in told.items
        for key, value in pairs(one)
    ]
    return {"TagResources": {"TagResource": items}, "NextToken": told.fields.get("NextToken", "")}


def _resources(
    call: Call, state: Transaction, kinds: Mapping[str, str], fits: Fits | None
) -> Sequence[Document]:
    kind = _kind(call, kinds)
    ids = call.texts("ResourceId")
    if len(ids) > MOST_TAGS:
        raise CloudError("SizeLimitExceeded.ResourceIdNum", f"At most {MOST_TAGS} resources, found {len(ids)}.")
    missing = CloudError("InvalidInstanceIds.NotFound", "A resource is not found.", 404)
    found = tuple(call.own(state, one, kind, missing) for one in dict.fromkeys(ids))
    if fits is not None and not all(fits(one, call.text("ResourceType").upper()) for one in found):
        raise missing
    return found


def _kind(call: Call, kinds: Mapping[str, str]) -> str:
    found = kinds.get(call.text("ResourceType").upper())
    if found is None:
        raise CloudError("InvalidResourceType.NotFound", f"ResourceType {call.text('ResourceType')!r} is not known.",
                         404)
    return found


def _retag(document: Document, new: Mapping[str, str], state: Transaction) -> None:
    written: list[Json] = [{"Key": key, "Value": value} for key, value in new.items()]
    state.put(replace(document, fields={**document.fields, "Tags": written}))
