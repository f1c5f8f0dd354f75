import pytest
from harness import OTHER, REGION, Cloud, vpc, vpcs
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import CloudError, Transaction
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.vpcs import vpc_piece
from sealane.memo import Memo

HERE = {"RegionId": REGION}
RULE = {"IpProtocol": "TCP", "PortRange": "22/22", "SourceCidrIp": "192.168.0.0/16"}
SIDES = {
    "ingress": ("AuthorizeSecurityGroup", "RevokeSecurityGroup", "ModifySecurityGroupRule", "Source"),
    "egress": ("AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress", "ModifySecurityGroupEgressRule", "Dest"),
}


@pytest.fixture
def cloud():
    made = Cloud()
    vpcs(made)
    return made


@pytest.fixture
def group(cloud):
    return make(cloud)


def make(cloud, vpc_id="vpc-1", **more):
    return cloud.done("Ecs", "CreateSecurityGroup", **HERE, VpcId=vpc_id, **more)["SecurityGroupId"]


def rules(cloud, group, **more):
    answer = cloud.call("Ecs", "DescribeSecurityGroupAttribute", **HERE, SecurityGroupId=group, **more)
    return answer["Permissions"]["Permission"]


def launch(cloud, group, **more):
    return cloud.done("Ecs", "RunInstances", **HERE, ImageId="m-0123456789", InstanceType="ecs.g7.large",
                      VSwitchId="vsw-1", SecurityGroupId=group, **more)["InstanceIdSets"]["InstanceIdSet"][0]


def side(rule, direction):
    """A rule for the other direction names the other end under another name."""
    word = SIDES[direction][3]
    return {key.replace("Source", word): value for key, value in rule.items()}


def groups(cloud, **more):
    found = cloud.call("Ecs", "DescribeSecurityGroups", **HERE, **more)["SecurityGroups"]["SecurityGroup"]
    return [one["SecurityGroupId"] for one in found]


def test_a_group_is_made_told_changed_and_deleted(cloud):
    group = make(cloud, SecurityGroupName="app", Description="of the app", Tag=[{"Key": "a", "Value": "b"}])
    [told] = cloud.call("Ecs", "DescribeSecurityGroups", **HERE, SecurityGroupId=group)["SecurityGroups"][
        "SecurityGroup"]
    assert (told["SecurityGroupName"], told["SecurityGroupType"], told["VpcId"]) == ("app", "normal", "vpc-1")
    assert told["Tags"]["Tag"] == [{"TagKey": "a", "TagValue": "b"}]
    cloud.call("Ecs", "ModifySecurityGroupAttribute", **HERE, SecurityGroupId=group, SecurityGroupName="web")
    told = cloud.call("Ecs", "DescribeSecurityGroupAttribute", **HERE, SecurityGroupId=group)
    assert (told["SecurityGroupName"], told["Description"], told["InnerAccessPolicy"]) == ("web", "of the app",
                                                                                          "Accept")
    cloud.call("Ecs", "DeleteSecurityGroup", **HERE, SecurityGroupId=group)
    assert groups(cloud) == []
    cloud.refused("InvalidSecurityGroup.NotFound", "Ecs", "DeleteSecurityGroup", **HERE, SecurityGroupId=group)
    cloud.settle()
    assert cloud.world.get(group) is None


@pytest.mark.parametrize(("code", "params"), [
    ("InvalidVpcId.NotFound", {"VpcId": "vpc-9"}),
    ("InvalidVpcId.NotFound", {"RegionId": "cn-beijing"}),
    ("MissingParameter", {"VpcId": None}),
    ("InvalidSecurityGroupName.Malformed", {"SecurityGroupName": "x"}),
    ("InvalidSecurityGroupName.Malformed", {"SecurityGroupName": "1x"}),
    ("InvalidSecurityGroupDiscription.Malformed", {"Description": "http://x"}),
    ("InvalidSecurityGroupType.ValueNotSupported", {"SecurityGroupType": "basic"}),
    ("Duplicated.TagKey", {"Tag": [{"Key": "a"}, {"Key": "a"}]}),
])
def test_what_a_group_may_be(cloud, code, params):
    cloud.refused(code, "Ecs", "CreateSecurityGroup", **{**HERE, "VpcId": "vpc-1", **params})


def test_filters_of_groups(cloud):
    vpc(cloud, "vpc-2", "10.0.0.0/16", {})
    one, two = make(cloud, SecurityGroupName="app-1"), make(cloud, SecurityGroupName="app-2",
                                                           SecurityGroupType="enterprise")
    three = make(cloud, "vpc-2", SecurityGroupName="web", Tag=[{"Key": "a", "Value": "b"}])
    assert groups(cloud) == [one, two, three]
    assert groups(cloud, VpcId="vpc-2") == [three]
    assert groups(cloud, SecurityGroupIds=f'["{one}", "{three}"]') == [one, three]
    assert groups(cloud, SecurityGroupName="app-1") == [one]
    assert groups(cloud, SecurityGroupName="app*") == []
    assert groups(cloud, SecurityGroupName="app*", FuzzyQuery=True) == [one, two]
    assert groups(cloud, SecurityGroupType="enterprise") == [two]
    assert groups(cloud, Tag=[{"Key": "a"}]) == [three]
    assert groups(cloud, NetworkType="classic") == []
    assert cloud.call("Ecs", "DescribeSecurityGroups", RegionId="cn-beijing")["TotalCount"] == 0
    assert cloud.call("Ecs", "DescribeSecurityGroups", **HERE, account=OTHER)["TotalCount"] == 0
    cloud.refused("InvalidSecurityGroupIds.Malformed", "Ecs", "DescribeSecurityGroups", **HERE, SecurityGroupIds="[1]")
    first = cloud.call("Ecs", "DescribeSecurityGroups", **HERE, MaxResults=2)
    assert len(first["SecurityGroups"]["SecurityGroup"]) == 2
    assert groups(cloud, MaxResults=2, NextToken=first["NextToken"]) == [three]


@pytest.mark.parametrize("direction", SIDES)
@pytest.mark.parametrize("flat", [True, False])
def test_a_rule_comes_and_goes_in_both_forms(cloud, group, direction, flat):
    authorize, revoke, *_ = SIDES[direction]
    rule = side({**RULE, "Policy": "drop", "Priority": "7", "Description": "no"}, direction)
    written = rule if flat else {"Permissions": [rule]}
    cloud.call("Ecs", authorize, **HERE, SecurityGroupId=group, **written)
    [told] = rules(cloud, group)
    assert told | {"IpProtocol": "TCP", "PortRange": "22/22", "Policy": "Drop", "Priority": "7", "Description": "no",
                   "Direction": direction, f"{SIDES[direction][3]}CidrIp": "192.168.0.0/16"} == told
    cloud.call("Ecs", authorize, **HERE, SecurityGroupId=group, **written)
    assert rules(cloud, group) == [told]
    cloud.settle()
    cloud.call("Ecs", revoke, **HERE, SecurityGroupId=group, **{**written, **({"Priority": 8} if flat else {
        "Permissions": [{**rule, "Priority": 8}]})})
    assert rules(cloud, group) == [told]
    cloud.call("Ecs", revoke, **HERE, SecurityGroupId=group, **written)
    assert rules(cloud, group) == []
    cloud.settle()
    assert not list(cloud.world.children(group, "security_rule"))


@pytest.mark.parametrize("direction", SIDES)
def test_rules_are_revoked_by_id_in_their_direction_only(cloud, group, direction):
    for each, (authorize, *_) in SIDES.items():
        cloud.call("Ecs", authorize, **HERE, SecurityGroupId=group, Permissions=[side(RULE, each)])
    [own] = rules(cloud, group, Direction=direction)
    [other] = [one for one in rules(cloud, group) if one != own]
    _, revoke, *_ = SIDES[direction]
    cloud.refused("InvalidSecurityGroupRule.NotFound", "Ecs", revoke, **HERE, SecurityGroupId=group,
                  SecurityGroupRuleId=[own["SecurityGroupRuleId"], other["SecurityGroupRuleId"]])
    cloud.call("Ecs", revoke, **HERE, SecurityGroupId=group, SecurityGroupRuleId=[own["SecurityGroupRuleId"]])
    assert rules(cloud, group) == [other]


@pytest.mark.parametrize("direction", SIDES)
@pytest.mark.parametrize(("code", "params"), [
    ("InvalidIpProtocol.ValueNotSupported", {"IpProtocol": "SCTP"}),
    ("InvalidIpProtocol.ValueNotSupported", {"IpProtocol": None}),
    ("InvalidParam.PortRange", {"PortRange": None}),
    ("InvalidParam.PortRange", {"PortRange": "80"}),
    ("InvalidParam.PortRange", {"PortRange": "80/79"}),
    ("InvalidParam.PortRange", {"PortRange": "0/80"}),
    ("InvalidParam.PortRange", {"PortRange": "1/65536"}),
    ("InvalidParam.PortRange", {"PortRange": "1/2/3"}),
    ("InvalidParam.PortRange", {"IpProtocol": "ICMP", "PortRange": "1/65535"}),
    ("InvalidParam.PortRange", {"IpProtocol": "ALL", "PortRange": "22/22"}),
    ("Invalid{word}CidrIp.Malformed", {"SourceCidrIp": "10.0.0.0/33"}),
    ("Invalid{word}CidrIp.Malformed", {"SourceCidrIp": "everything"}),
    ("MissingParameter.{word}", {"SourceCidrIp": None}),
    ("Invalid{word}GroupId.NotFound", {"SourceCidrIp": None, "SourceGroupId": "sg-none"}),
    ("Invalid{word}GroupId.Mismatch", {"SourceCidrIp": None, "SourceGroupId": "sg-elsewhere"}),
    ("InvalidPolicy.Malformed", {"Policy": "reject"}),
    ("InvalidPriority.ValueNotSupported", {"Priority": "0"}),
    ("InvalidPriority.ValueNotSupported", {"Priority": "101"}),
    ("InvalidPriority.ValueNotSupported", {"Priority": "high"}),
    ("InvalidSecurityGroupDiscription.Malformed", {"Description": "x" * 513}),
])
def test_what_a_rule_may_say(cloud, group, direction, code, params):
    vpc(cloud, "vpc-2", "10.0.0.0/16", {})
    cloud.put("sg-elsewhere", "security_group", "vpc-2")
    authorize, *_ , word = SIDES[direction]
    wrong = side({**RULE, **params}, direction)
    good = side({**RULE, "PortRange": "80/80"}, direction)
    cloud.refused(code.format(word=word), "Ecs", authorize, **HERE, SecurityGroupId=group, Permissions=[good, wrong])


@pytest.mark.parametrize(("direction", "name", "value"), [
    ("ingress", "DestCidrIp", "10.0.0.0/8"), ("egress", "SourceCidrIp", "10.0.0.0/8"),
    ("ingress", "SourcePortRange", "1/2"), ("egress", "SourcePortRange", "1/2"),
    ("ingress", "Ipv6SourceCidrIp", "::/0"), ("egress", "DestPrefixListId", "pl-1"),
])
def test_what_would_make_a_rule_narrower_is_refused_rather_than_ignored(cloud, group, direction, name, value):
    rule = side(RULE, direction) | {name: value}
    for params in (rule, {"Permissions": [rule]}):
        before = cloud.snapshot()
        with pytest.raises(CloudError, match=rf"OperationUnsupported\.{name}"):
            cloud.call("Ecs", SIDES[direction][0], **HERE, SecurityGroupId=group, **params)
        assert cloud.snapshot() == before


@given(st.integers(1, 65535), st.integers(1, 65535))
def test_a_range_of_ports_is_taken_exactly_when_it_is_one(first, last):
    cloud = Cloud()
    vpcs(cloud)
    group = make(cloud)
    params = {**HERE, "SecurityGroupId": group, **RULE, "PortRange": f"{first}/{last}"}
    if first <= last:
        cloud.call("Ecs", "AuthorizeSecurityGroup", **params)
        assert [one["PortRange"] for one in rules(cloud, group)] == [f"{first}/{last}"]
    else:
        cloud.refused("InvalidParam.PortRange", "Ecs", "AuthorizeSecurityGroup", **params)


def test_an_address_is_told_as_it_was_written_and_is_the_same_as_its_prefix(cloud, group):
    for written in ("10.0.0.1", "10.0.0.1/32", "10.0.0.9/8"):
        cloud.call("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group, **{**RULE, "SourceCidrIp": written})
    assert [one["SourceCidrIp"] for one in rules(cloud, group)] == ["10.0.0.1", "10.0.0.0/8"]


def test_a_group_has_two_hundred_rules(cloud, group):
    many = [{**RULE, "PortRange": f"{port}/{port}"} for port in range(1, 201)]
    cloud.call("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group, Permissions=many)
    cloud.refused("AuthorizationLimitExceed", "Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group,
                  **{**RULE, "PortRange": "201/201"})
    first = cloud.call("Ecs", "DescribeSecurityGroupAttribute", **HERE, SecurityGroupId=group, MaxResults=150)
    rest = rules(cloud, group, MaxResults=150, NextToken=first["NextToken"])
    told = [one["PortRange"] for one in (*first["Permissions"]["Permission"], *rest)]
    assert told == [one["PortRange"] for one in many]


@pytest.mark.parametrize("action", ["AuthorizeSecurityGroup", "RevokeSecurityGroup", "ModifySecurityGroupRule"])
def test_rules_belong_to_a_group_of_the_caller(cloud, group, action):
    for more in ({"SecurityGroupId": "sg-none"}, {"SecurityGroupId": group, "RegionId": "cn-beijing"},
                 {"SecurityGroupId": group, "account": OTHER}):
        cloud.refused("InvalidSecurityGroupId.NotFound", "Ecs", action, **{**HERE, **RULE, **more})
    cloud.refused("MissingParameter", "Ecs", action, **HERE, SecurityGroupId=group)


@pytest.mark.parametrize("direction", SIDES)
def test_a_rule_is_changed(cloud, group, direction):
    authorize, _, modify, word = SIDES[direction]
    for port in (22, 80):
        cloud.done("Ecs", authorize, **HERE, SecurityGroupId=group,
                   **side({**RULE, "PortRange": f"{port}/{port}"}, direction))
    ssh, web = (one["SecurityGroupRuleId"] for one in rules(cloud, group))
    cloud.done("Ecs", modify, **HERE, SecurityGroupId=group, SecurityGroupRuleId=ssh, Priority="9", Policy="drop")
    [told] = [one for one in rules(cloud, group) if one["SecurityGroupRuleId"] == ssh]
    assert (told["Priority"], told["Policy"], told["PortRange"]) == ("9", "Drop", "22/22")
    cloud.call("Ecs", modify, **HERE, SecurityGroupId=group, SecurityGroupRuleId=ssh, **{f"{word}GroupId": group})
    assert ssh in cloud.world.unsettled
    [told] = [one for one in rules(cloud, group) if one["SecurityGroupRuleId"] == ssh]
    assert (told[f"{word}GroupId"], told[f"{word}CidrIp"]) == (group, "")
    cloud.settle()
    cloud.call("Ecs", modify, **HERE, SecurityGroupId=group, Description="web", **side({**RULE, "PortRange": "80/80"},
                                                                                     direction))
    assert not cloud.world.unsettled, "a description is no matter of the network"
    assert [one["Description"] for one in rules(cloud, group)] == ["", "web"]
    cloud.refused("InvalidSecurityGroupRule.RuleExist", "Ecs", modify, **HERE, SecurityGroupId=group,
                  SecurityGroupRuleId=ssh, **side({**RULE, "PortRange": "80/80"}, direction), Policy="accept",
                  Priority="1")
    cloud.refused("InvalidSecurityGroupRule.NotFound", "Ecs", modify, **HERE, SecurityGroupId=group,
                  SecurityGroupRuleId="sgr-9", Priority="9")
    cloud.refused("InvalidSecurityGroupRule.NotFound", "Ecs", modify, **HERE, SecurityGroupId=group,
                  **side({**RULE, "PortRange": "81/81"}, direction))
    assert web


def test_a_group_with_members_or_that_rules_name_stays(cloud, group):
    other = make(cloud)
    instance = launch(cloud, group)
    delete = {**HERE, "SecurityGroupId": group}
    cloud.refused("DependencyViolation", "Ecs", "DeleteSecurityGroup", **delete)
    cloud.done("Ecs", "DeleteInstance", InstanceId=instance, Force=True)
    rule = {"IpProtocol": "ALL", "SourceGroupId": group}
    cloud.done("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=other, **rule)
    cloud.refused("DependencyViolation", "Ecs", "DeleteSecurityGroup", **delete)
    [named] = cloud.call("Ecs", "DescribeSecurityGroupReferences", **HERE, SecurityGroupId=[group, other])[
        "SecurityGroupReferences"]["SecurityGroupReference"]
    assert named["SecurityGroupId"] == group
    assert [one["SecurityGroupId"] for one in named["ReferencingSecurityGroups"]["ReferencingSecurityGroup"]] == [other]
    cloud.done("Ecs", "RevokeSecurityGroup", **HERE, SecurityGroupId=other, **rule)
    cloud.done("Ecs", "DeleteSecurityGroup", **delete)
    assert groups(cloud) == [other]


def test_rules_that_name_the_own_group_do_not_keep_it(cloud, group):
    cloud.done("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group, IpProtocol="ALL", SourceGroupId=group)
    cloud.done("Ecs", "DeleteSecurityGroup", **HERE, SecurityGroupId=group)
    assert [one.kind for one in cloud.world.everything() if one.kind.startswith("security")] == []


def plan_rules(cloud):
    state = Transaction(cloud.world)
    piece = vpc_piece(cloud.world.get("vpc-1"), state, Names((), readable=False), None, Memo())
    return {one["name"]: one["rules"] for one in piece["security_groups"]}


def test_members_of_a_normal_group_reach_each_other_unless_told_not_to(cloud, group):
    launch(cloud, group, PrivateIpAddress="172.16.10.5")
    [rule] = plan_rules(cloud)[group]
    assert (rule["source_cidr_ip"], rule["priority"]) == ("172.16.10.5/32", 100)
    cloud.call("Ecs", "ModifySecurityGroupPolicy", **HERE, SecurityGroupId=group, InnerAccessPolicy="Drop")
    assert group in cloud.world.unsettled
    assert plan_rules(cloud)[group] == []
    cloud.refused("InvalidPolicy.Malformed", "Ecs", "ModifySecurityGroupPolicy", **HERE, SecurityGroupId=group,
                  InnerAccessPolicy="maybe")
    strict = make(cloud, SecurityGroupType="enterprise")
    launch(cloud, strict)
    assert plan_rules(cloud)[strict] == []
    cloud.refused("InvalidOperation.SecurityGroupType", "Ecs", "ModifySecurityGroupPolicy", **HERE,
                  SecurityGroupId=strict, InnerAccessPolicy="Accept")


def test_rules_get_into_the_plan(cloud, group):
    launch(cloud, group)
    cloud.call("Ecs", "ModifySecurityGroupPolicy", **HERE, SecurityGroupId=group, InnerAccessPolicy="Drop")
    cloud.call("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group, Permissions=[RULE])
    cloud.call("Ecs", "AuthorizeSecurityGroupEgress", **HERE, SecurityGroupId=group, Permissions=[
        {"IpProtocol": "icmp", "PortRange": "-1/-1", "DestCidrIp": "10.0.0.1", "Policy": "drop", "Priority": "3"}])
    assert plan_rules(cloud)[group] == [
        {"direction": "ingress", "ip_protocol": "TCP", "port_range": "22/22", "source_cidr_ip": "192.168.0.0/16",
         "policy": "accept", "priority": 1},
        {"direction": "egress", "ip_protocol": "ICMP", "port_range": "-1/-1", "dest_cidr_ip": "10.0.0.1/32",
         "policy": "drop", "priority": 3},
    ]


def test_groups_count_what_is_in_them(cloud, group):
    launch(cloud, group, Amount=3)
    cloud.call("Ecs", "AuthorizeSecurityGroup", **HERE, SecurityGroupId=group, Permissions=[
        RULE, {"IpProtocol": "ALL", "SourceGroupId": group}])
    [told] = cloud.call("Ecs", "DescribeSecurityGroups", **HERE, IsQueryEcsCount=True)["SecurityGroups"][
        "SecurityGroup"]
    assert (told["RuleCount"], told["GroupToGroupRuleCount"], told["EcsCount"]) == (2, 1, 3)
    assert told["AvailableInstanceAmount"] == 1997
