"""Rules of security groups."""

from collections.abc import Iterable
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.groups import group_of, group_rules
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.ecs.rule_texts import EGRESS, INGRESS, SAME, Side, given, is_same, read
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, portion
from sealane.cloud.times import seconds
from sealane.cloud.world import Transaction

MOST_RULES = 200
_PORTION, _LARGEST_PORTION = 500, 1000
_NO_RULE = CloudError("InvalidSecurityGroupRule.NotFound", "The specified security group rule does not exist.", 404)
_IPV6 = ("Ipv6SourceCidrIp", "Ipv6DestCidrIp")
# What rules say of the own side would make them narrower, and packets are not filtered by that.
_FROM = ("DestCidrIp", "SourcePrefixListId", "SourceGroupOwnerAccount", "SourceGroupOwnerId")
_TO = ("SourceCidrIp", "DestPrefixListId", "DestGroupOwnerAccount", "DestGroupOwnerId")


def _everywhere(*names: str) -> tuple[str, ...]:
    """Names of parameters that may stand alone or in each permission."""
    return (*names, *(f"Permissions.{one}" for one in names))


_IGNORED = _everywhere("NicType")
_REFUSED_IN = (*_everywhere(*_IPV6, *_FROM), "Permissions.PortRangeListId")
_REFUSED_OUT = (*_everywhere(*_IPV6, *_TO), "Permissions.PortRangeListId")


@ECS.writes("AuthorizeSecurityGroup", ignores=_IGNORED, refuses=_REFUSED_IN)
def authorize_security_group(call: Call, state: Transaction) -> Fields:
    """AuthorizeSecurityGroup."""
    return _authorize(call, state, INGRESS)


@ECS.writes("AuthorizeSecurityGroupEgress", ignores=_IGNORED, refuses=_REFUSED_OUT)
def authorize_security_group_egress(call: Call, state: Transaction) -> Fields:
    """AuthorizeSecurityGroupEgress."""
    return _authorize(call, state, EGRESS)


def _authorize(call: Call, state: Transaction, side: Side) -> Fields:
    """All of the rules or none; one that is there already is left as it is."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    have: list[Fields] = [one.fields for one in group_rules(group, state)]
    for rule in [read(call, state, one, side, group) for one in given(call)]:
        if any(is_same(rule, one) for one in have):
            continue
        if len(have) >= MOST_RULES:
            raise CloudError("AuthorizationLimitExceed", f"A security group has at most {MOST_RULES} rules.", 403)
        have.append(rule)
        state.put(Document(call.new_id("sgr", group.region), "security_rule", call.account, group.region, group.id,
                           fields=rule, created_ms=call.now_ms))
    return {}


@ECS.writes("RevokeSecurityGroup", ignores=_IGNORED, refuses=_REFUSED_IN)
def revoke_security_group(call: Call, state: Transaction) -> Fields:
    """RevokeSecurityGroup."""
    return _revoke(call, state, INGRESS)


@ECS.writes("RevokeSecurityGroupEgress", ignores=_IGNORED, refuses=_REFUSED_OUT)
def revoke_security_group_egress(call: Call, state: Transaction) -> Fields:
    """RevokeSecurityGroupEgress."""
    return _revoke(call, state, EGRESS)


def _revoke(call: Call, state: Transaction, side: Side) -> Fields:
    """By ids, or by what rules say; rules that are not there need not be revoked."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    rules = [one for one in group_rules(group, state) if one.text("Direction") == side.direction]
    if ids := call.texts("SecurityGroupRuleId"):
        gone = [_rule(rules, one) for one in dict.fromkeys(ids)]
    else:
        told = [read(call, state, one, side, group) for one in given(call)]
        gone = [one for one in rules if any(is_same(one.fields, rule) for rule in told)]
    for one in gone:
        state.put(deleted(one))
    return {}


def _rule(rules: Iterable[Document], rule_id: str) -> Document:
    found = next((one for one in rules if one.id == rule_id), None)
    if found is None:
        raise _NO_RULE
    return found


@ECS.writes("ModifySecurityGroupRule", ignores=("NicType",), refuses=(*_IPV6, *_FROM, "PortRangeListId"))
def modify_security_group_rule(call: Call, state: Transaction) -> Fields:
    """ModifySecurityGroupRule."""
    return _modify(call, state, INGRESS)


@ECS.writes("ModifySecurityGroupEgressRule", ignores=("NicType",), refuses=(*_IPV6, *_TO, "PortRangeListId"))
def modify_security_group_egress_rule(call: Call, state: Transaction) -> Fields:
    """ModifySecurityGroupEgressRule."""
    return _modify(call, state, EGRESS)


def _modify(call: Call, state: Transaction, side: Side) -> Fields:
    """With an id whatever is given changes; without one the description of the rule that says the same."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    rules = [one for one in group_rules(group, state) if one.text("Direction") == side.direction]
    if not call.has("SecurityGroupRuleId"):
        told = read(call, state, given(call)[0], side, group)
        same = next((one for one in rules if is_same(one.fields, told)), None)
        if same is None:
            raise _NO_RULE
        state.put(retold(same, Description=told["Description"]))
        return {}
    rule = _rule(rules, call.text("SecurityGroupRuleId"))
    said = {key: value for key, value in rule.fields.items() if key != "Direction"}
    new = {key: value for key, value in call.params.items() if value is not None}
    if {side.cidr, side.group} & new.keys():
        said = {key: value for key, value in said.items() if key not in {side.cidr, side.group}}
    fields = read(call, state, {**said, **new}, side, group)
    if any(is_same(one.fields, fields) for one in rules if one.id != rule.id):
        raise CloudError("InvalidSecurityGroupRule.RuleExist", "Another rule of the security group says the same.")
    raised = 0 if is_same(rule.fields, fields) else 1
    state.put(replace(rule, fields=fields, generation=rule.generation + raised))
    return {}


@ECS.reads("DescribeSecurityGroupAttribute", ignores=("Attribute", "NicType"))
def describe_security_group_attribute(call: Call, state: Transaction) -> Fields:
    """DescribeSecurityGroupAttribute: the group and its rules."""
    group = group_of(call, state, call.text("SecurityGroupId"))
    direction = call.text("Direction", "all")
    if direction not in {"all", "ingress", "egress"}:
        raise CloudError("InvalidParameter.Direction", f"Direction {direction} must be egress, ingress or all.")
    found = matching(group_rules(group, state), () if direction == "all" else (direction,), "Direction")
    told = portion(call, found, size=_PORTION, largest=_LARGEST_PORTION)
    return {
        **{key: group.text(key) for key in ("SecurityGroupName", "Description", "InnerAccessPolicy")},
        "SecurityGroupId": group.id,
        "VpcId": group.parent,
        "RegionId": group.region,
        "NextToken": told.fields.get("NextToken", ""),
        "Permissions": {"Permission": [_item(one, state) for one in told.items]},
    }


def _item(rule: Document, state: Transaction) -> dict[str, Json]:
    source, dest = state.get(rule.text("SourceGroupId")), state.get(rule.text("DestGroupId"))
    return {
        **{key: rule.text(key) for key in (*SAME, "Description")},
        "SecurityGroupRuleId": rule.id,
        "SourceGroupName": "" if source is None else source.text("SecurityGroupName"),
        "DestGroupName": "" if dest is None else dest.text("SecurityGroupName"),
        "NicType": "intranet",
        "CreateTime": seconds(rule.created_ms),
    }


