"""Security groups."""

from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.common import json_texts, like, listed, members, tag_items
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import resource_group, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import in_group
from sealane.cloud.vpc.vpcs import not_found
from sealane.cloud.world import Transaction

NO_GROUP = CloudError("InvalidSecurityGroupId.NotFound", "The specified SecurityGroupId does not exist.", 404)
MOST_MEMBERS = {"normal": 2000, "enterprise": 65536}
_LONGEST_DESCRIPTION = 256


def group_of(call: Call, state: Transaction, group_id: str, error: CloudError = NO_GROUP) -> Document:
    """The caller's security group of that id, in the region that is named.

    Raises:
        CloudError: ``error``.
    """
    group = call.own(state, group_id, "security_group", error)
    if group.deleting or call.region not in ("", group.region):
        raise error
    return group


def group_rules(group: Document, state: Transaction) -> Iterable[Document]:
    """Its rules, oldest first."""
    return (one for one in state.children(group.id, "security_rule") if not one.deleting)


@ECS.writes("CreateSecurityGroup", ignores=("ServiceManaged",))
def create_security_group(call: Call, state: Transaction) -> Fields:
    """CreateSecurityGroup; there are only groups of VPCs."""
    kind = call.text("SecurityGroupType", "normal")
    if kind not in MOST_MEMBERS:
        raise CloudError("InvalidSecurityGroupType.ValueNotSupported", f"SecurityGroupType {kind} must be normal or "
                         "enterprise.")
    if not call.has("VpcId"):
        raise CloudError("MissingParameter", "VpcId is mandatory for this action.")
    vpc = call.own(state, call.text("VpcId"), "vpc", not_found())
    if vpc.region != call.region:
        raise not_found()
    if vpc.deleting:
        raise CloudError("IncorrectVpcStatus", "The VPC is being deleted.")
    made = state.put(Document(
        call.new_id("sg", vpc.region), "security_group", call.account, vpc.region, vpc.id, created_ms=call.now_ms,
        fields={
            **_texts(call),
            "SecurityGroupType": kind,
            "InnerAccessPolicy": "Accept" if kind == "normal" else "Drop",
            "ResourceGroupId": resource_group(call),
            "Tags": tags(call),
        },
    ))
    return {"SecurityGroupId": made.id}


def _texts(call: Call) -> dict[str, Json]:
    given = {
        "SecurityGroupName": text(call, "SecurityGroupName", least=2, letter_first=True,
                                  code="InvalidSecurityGroupName.Malformed"),
        "Description": text(call, "Description", least=2, most=_LONGEST_DESCRIPTION,
                            code="InvalidSecurityGroupDiscription.Malformed"),
    }
    return {key: value for key, value in given.items() if value is not None}


@ECS.writes("ModifySecurityGroupAttribute")
def modify_security_group_attribute(call: Call, state: Transaction) -> Fields:
    """ModifySecurityGroupAttribute."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    state.put(retold(group, **_texts(call)))
    return {}


@ECS.writes("ModifySecurityGroupPolicy")
def modify_security_group_policy(call: Call, state: Transaction) -> Fields:
    """ModifySecurityGroupPolicy: whether members of a normal group reach each other."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    policy = call.text("InnerAccessPolicy").capitalize()
    if policy not in {"Accept", "Drop"}:
        raise CloudError("InvalidPolicy.Malformed", "InnerAccessPolicy must be Accept or Drop.")
    if group.text("SecurityGroupType") == "enterprise" and policy == "Accept":
        raise CloudError("InvalidOperation.SecurityGroupType", "Members of an enterprise group never reach each other "
                         "by being members.", 403)
    state.put(changed(group, InnerAccessPolicy=policy))
    return {}


@ECS.reads("DescribeSecurityGroups")
def describe_security_groups(call: Call, state: Transaction) -> Fields:
    """DescribeSecurityGroups; FuzzyQuery takes ``*`` in the name."""
    beside: dict[str, Json] = {"RegionId": call.region}
    if call.text("NetworkType", "vpc") != "vpc" or call.flag("ServiceManaged", default=False):
        return {**listed(call, ())[1], **beside, "SecurityGroups": {"SecurityGroup": []}}
    vpc = call.text("VpcId")
    found: Iterable[Document] = state.children(vpc, "security_group") if vpc else state.of_kind(
        call.account, "security_group")
    found = (one for one in found if (one.account, one.region, one.deleting) == (call.account, call.region, False))
    ids = json_texts(call, "SecurityGroupIds") or tuple(one for one in (call.text("SecurityGroupId"),) if one)
    found = matching(found, ids)
    names = call.text("SecurityGroupName")
    if call.flag("FuzzyQuery", default=False):
        found = like(call, found, "SecurityGroupName")
    else:
        found = matching(found, (names,) if names else (), "SecurityGroupName")
    kind = call.text("SecurityGroupType")
    found = matching(found, (kind,) if kind else (), "SecurityGroupType")
    items, fields = listed(call, tagged(call, in_group(call, found)))
    count = call.flag("IsQueryEcsCount", default=False)
    return {**fields, **beside, "SecurityGroups": {"SecurityGroup": [_item(one, state, count=count) for one in items]}}


def _item(group: Document, state: Transaction, *, count: bool) -> dict[str, Json]:
    rules = tuple(group_rules(group, state))
    item: dict[str, Json] = {
        **{key: group.text(key) for key in ("SecurityGroupName", "SecurityGroupType", "Description")},
        "SecurityGroupId": group.id,
        "VpcId": group.parent,
        "CreationTime": seconds(group.created_ms),
        "ResourceGroupId": group.text("ResourceGroupId"),
        "ServiceManaged": False,
        "RuleCount": len(rules),
        "GroupToGroupRuleCount": sum(1 for one in rules if peer_group(one)),
        "Tags": tag_items(group),
    }
    if count:
        taken = sum(1 for _ in members(group, state))
        item["EcsCount"] = taken
        item["AvailableInstanceAmount"] = MOST_MEMBERS[group.text("SecurityGroupType")] - taken
    return item


def peer_group(rule: Document) -> str:
    """The security group that a rule names, if any."""
    return rule.text("SourceGroupId") or rule.text("DestGroupId")


@ECS.reads("DescribeSecurityGroupReferences")
def describe_security_group_references(call: Call, state: Transaction) -> Fields:
    """DescribeSecurityGroupReferences: which groups' rules name a group."""
    items: list[Json] = []
    for group_id in call.texts("SecurityGroupId"):
        group = group_of(call, state, group_id)
        found: list[Json] = [{"AliUid": one.account, "SecurityGroupId": one.id} for one in _referring(group, state)]
        if found:
            items.append({"SecurityGroupId": group.id,
                          "ReferencingSecurityGroups": {"ReferencingSecurityGroup": found}})
    return {"SecurityGroupReferences": {"SecurityGroupReference": items}}


def _referring(group: Document, state: Transaction) -> list[Document]:
    return [
        one
        for one in state.children(group.parent, "security_group")
        if one.id != group.id and not one.deleting and any(peer_group(rule) == group.id for rule in
                                                           group_rules(one, state))
    ]


@ECS.writes("DeleteSecurityGroup")
def delete_security_group(call: Call, state: Transaction) -> Fields:
    """DeleteSecurityGroup; refused while instances are in it or rules of other groups name it."""
    group = group_of(call, state, call.text("SecurityGroupId"), CloudError(
        "InvalidSecurityGroup.NotFound", "The specified security group does not exist.", 404))
    if any(True for _ in members(group, state)):
        raise CloudError("DependencyViolation", "There are still instances in the security group.", 403)
    if referring := _referring(group, state):
        raise CloudError("DependencyViolation", f"A rule of {referring[0].id} names the security group.", 403)
    state.put(deleted(group))
    return {}
