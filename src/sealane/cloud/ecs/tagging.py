"""Tags of instances, security groups and network interfaces."""

from collections.abc import Mapping

from sealane.cloud import tags
from sealane.cloud.call import Call
from sealane.cloud.document import Fields, Json
from sealane.cloud.ecs.common import LARGEST_PAGE
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.paging import page
from sealane.cloud.world import Transaction

KINDS: Mapping[str, str] = {"INSTANCE": "instance", "SECURITYGROUP": "security_group", "ENI": "eni"}
_COUNTED: Mapping[str, str] = {"instance": "Instance", "security_group": "Securitygroup", "eni": "Eni"}


@ECS.writes("TagResources")
def tag_resources(call: Call, state: Transaction) -> Fields:
    """TagResources."""
    return tags.tag_resources(call, state, KINDS)


@ECS.writes("UntagResources")
def untag_resources(call: Call, state: Transaction) -> Fields:
    """UntagResources."""
    return tags.untag_resources(call, state, KINDS)


@ECS.reads("ListTagResources", refuses=("TagFilter",))
def list_tag_resources(call: Call, state: Transaction) -> Fields:
    """ListTagResources."""
    return tags.list_tag_resources(call, state, KINDS)


@ECS.reads("DescribeTags", ignores=("Category",))
def describe_tags(call: Call, state: Transaction) -> Fields:
    """DescribeTags: every tag that is in use, and on how many resources."""
    wanted, resource = call.text("ResourceType").upper(), call.text("ResourceId")
    found: dict[tuple[str, str], dict[str, int]] = {}
    for word, kind in KINDS.items():
        if wanted not in ("", word):
            continue
        for one in tags.tagged(call, state.of_kind(call.account, kind)):
            if one.region != call.region or resource not in ("", one.id):
                continue
            for pair in tags.pairs(one):
                counts = found.setdefault(pair, dict.fromkeys(_COUNTED.values(), 0))
                counts[_COUNTED[kind]] += 1
    told = page(call, sorted(found.items()), largest=LARGEST_PAGE)
    items: list[Json] = [
        {"TagKey": key, "TagValue": value, "ResourceTypeCount": counts} for (key, value), counts in told.items
    ]
    return {**told.fields, "Tags": {"Tag": items}}
