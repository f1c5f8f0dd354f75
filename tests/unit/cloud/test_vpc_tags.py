"""Tags and resource groups of the objects of Vpc: by what name each kind goes, and where they are told."""

import pytest
from harness import OTHER, REGION, Cloud, border, connection, vpcs

from sealane.cloud import CloudError

TYPES = {
    "Vpc": "vpc-1", "VSWITCH": "vsw-1", "routetable": "vtb-vpc-1", "CustomerGateway": "cgw-11",
    "VpnConnection": "vco-1", "VPNATTACHMENT": "vco-1", "PhysicalConnection": "pc-1", "VIRTUALBORDERROUTER": "vbr-1",
}  # fmt: skip
EXPRESS = ("PhysicalConnection", "VIRTUALBORDERROUTER")
TAG = [{"Key": "a", "Value": "b"}]


@pytest.fixture
def cloud():
    made = Cloud()
    vpcs(made)
    border(made)
    connection(made)
    return made


@pytest.mark.parametrize(
    ("form", "kind"), [*(("", kind) for kind in TYPES), *(("ForExpressConnect", kind) for kind in EXPRESS)]
)
def test_every_kind_is_tagged_and_untagged(cloud, form, kind):
    what = {"RegionId": REGION, "ResourceType": kind, "ResourceId": [TYPES[kind]]}

    def told():
        return cloud.call("Vpc", f"ListTagResources{form}", **what)["TagResources"]["TagResource"]

    cloud.call("Vpc", f"TagResources{form}", **what, Tag=TAG)
    assert told() == [{"ResourceId": TYPES[kind], "ResourceType": kind, "TagKey": "a", "TagValue": "b"}]
    assert [one.id for one in cloud.world.everything() if one.fields.get("Tags")] == [TYPES[kind]]
    remove = "UntagResourcesForExpressConnect" if form else "UnTagResources"
    for choice in ({"TagKey": ["a"]}, {"All": True}):
        cloud.call("Vpc", remove, **what, **choice)
        assert told() == []
        cloud.call("Vpc", f"TagResources{form}", **what, Tag=TAG)
    assert not cloud.world.unsettled, "no packet notices"


def test_tags_are_told_with_the_object(cloud):
    what = {"ResourceType": "VIRTUALBORDERROUTER", "ResourceId": ["vbr-1"]}
    cloud.call("Vpc", "TagResources", RegionId=REGION, **what, Tag=TAG)
    told = cloud.call("Vpc", "DescribeVirtualBorderRouters", RegionId=REGION, Tags=TAG)
    assert told["VirtualBorderRouterSet"]["VirtualBorderRouterType"][0]["Tags"] == {"Tags": TAG}


def test_only_what_is_there_is_tagged(cloud):
    what = {"RegionId": REGION, "Tag": TAG}
    for kind, one in (("VPC", "vpc-9"), ("VPC", "vsw-1"), ("ROUTETABLE", "vtb-vbr-1")):
        cloud.refused("InvalidInstanceIds.NotFound", "Vpc", "TagResources", **what, ResourceType=kind, ResourceId=[one])
    foreign = {**what, "account": OTHER, "ResourceType": "VPC", "ResourceId": ["vpc-1"]}
    cloud.refused("InvalidInstanceIds.NotFound", "Vpc", "TagResources", **foreign)
    for action, kind in (("TagResources", "EIP"), ("TagResourcesForExpressConnect", "VPC")):
        cloud.refused("InvalidResourceType.NotFound", "Vpc", action, **what, ResourceType=kind, ResourceId=["vpc-1"])
    cloud.refused("BothEmpty.TagsAndResources", "Vpc", "ListTagResources", RegionId=REGION, ResourceType="VPC")


def test_a_resource_group_is_told_with_what_is_in_it(cloud):
    group = {"RegionId": REGION, "NewResourceGroupId": "rg-2"}
    for kind, one in (("Vpc", "vpc-1"), ("PhysicalConnection", "pc-1"), ("VirtualBorderRouter", "vbr-1")):
        cloud.call("Vpc", "MoveResourceGroup", **group, ResourceType=kind, ResourceId=one)
    asked = {"RegionId": REGION, "ResourceGroupId": "rg-2"}
    actions = ("DescribeVpcs", "DescribeVSwitches", "DescribePhysicalConnections", "DescribeVirtualBorderRouters")
    assert [cloud.call("Vpc", action, **asked)["TotalCount"] for action in actions] == [1, 3, 1, 1]
    switch = cloud.call("Vpc", "DescribeVSwitches", **asked)["VSwitches"]["VSwitch"][0]
    assert switch["ResourceGroupId"] == "rg-2"
    for code, params in (
        ("InvalidResourceType.NotFound", {"ResourceType": "Eip"}),
        ("InvalidResourceGroupId", {"NewResourceGroupId": "group"}),
        ("InvalidInstanceIds.NotFound", {"ResourceId": "vpc-9"}),
        ("InvalidInstanceIds.NotFound", {"account": OTHER}),
    ):
        wanted = {**group, "ResourceType": "VPC", "ResourceId": "vpc-1", **params}
        cloud.refused(code, "Vpc", "MoveResourceGroup", **wanted)


@pytest.mark.parametrize(
    ("action", "params"),
    [
        ("CreateVpc", {"CidrBlock": "10.0.0.0/8"}),
        ("CreateCustomerGateway", {"IpAddress": "192.168.10.136"}),
        ("CreatePhysicalConnection", {"AccessPointId": "ap-cn-hangzhou-xs-A", "LineOperator": "CT"}),
        ("CreateVirtualBorderRouter", {"PhysicalConnectionId": "pc-2", "VlanId": 7, "LocalGatewayIp": "10.0.0.1",
                                       "PeerGatewayIp": "10.0.0.2", "PeeringSubnetMask": "255.255.255.252"}),
    ],
)
@pytest.mark.parametrize("group", ["group", "rg-", "rg-a b", "RG-1", "rg-" + "a" * 62])
def test_a_new_object_is_put_into_what_may_be_a_resource_group(cloud, action, params, group):
    cloud.put("pc-2", "physical_connection", "", "Enabled")
    with pytest.raises(CloudError, match=r"InvalidResourceGroupId"):
        cloud.call("Vpc", action, RegionId=REGION, ResourceGroupId=group, **params)
    cloud.call("Vpc", action, RegionId=REGION, ResourceGroupId="rg-acfm3peow3k", **params)
    assert [one.kind for one in cloud.world.everything() if one.text("ResourceGroupId") == "rg-acfm3peow3k"]
