"""VPCs and vSwitches: what they may be, how they are told, and what keeps them."""

import pytest
import use_case
from harness import ACCOUNT, OTHER, REGION, Cloud

from sealane.cloud import CloudError, Transaction
from sealane.cloud.regions import REGIONS, zones
from sealane.cloud.vpc.vswitches import free_address
from sealane.net import Address

ZONE = f"{REGION}-h"


@pytest.fixture
def cloud():
    return Cloud()


def vpc(cloud, **params):
    return cloud.done("Vpc", "CreateVpc", **{"RegionId": REGION, "CidrBlock": "172.16.0.0/16", **params})["VpcId"]


def switch(cloud, one, block="172.16.10.0/24", **params):
    wanted = {"RegionId": REGION, "VpcId": one, "CidrBlock": block, "ZoneId": ZONE, **params}
    return cloud.done("Vpc", "CreateVSwitch", **wanted)["VSwitchId"]


def vpcs(cloud, **params):
    return cloud.call("Vpc", "DescribeVpcs", RegionId=REGION, **params)["Vpcs"]["Vpc"]


def switches(cloud, **params):
    return cloud.call("Vpc", "DescribeVSwitches", RegionId=REGION, **params)["VSwitches"]["VSwitch"]


def test_a_vpc_is_made_changed_and_deleted(cloud):
    made = cloud.call("Vpc", "CreateVpc", RegionId=REGION, CidrBlock="172.16.0.0/16", VpcName="VPC",
                      ResourceGroupId="rg-1", UserCidr="10.0.0.0/8, 30.0.0.0/8",
                      Tag=[{"Key": "a", "Value": "b"}])  # fmt: skip
    one = made["VpcId"]
    assert made["ResourceGroupId"] == "rg-1"
    [told] = vpcs(cloud)
    wanted = {
        "VpcId": one, "VpcName": "VPC", "Description": "", "CidrBlock": "172.16.0.0/16", "Status": "Pending",
        "RegionId": REGION, "VRouterId": made["VRouterId"], "OwnerId": int(ACCOUNT), "IsDefault": False,
        "CreationTime": "2026-01-01T00:00:01Z", "ResourceGroupId": "rg-1", "CenStatus": "",
        "RouterTableIds": {"RouterTableIds": [made["RouteTableId"]]}, "VSwitchIds": {"VSwitchId": []},
        "UserCidrs": {"UserCidr": ["10.0.0.0/8", "30.0.0.0/8"]}, "Tags": {"Tag": [{"Key": "a", "Value": "b"}]},
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted
    cloud.settle()
    before = vpcs(cloud)[0]
    assert before["Status"] == "Available"
    for new in ({"VpcName": "New"}, {"Description": "text"}, {"VpcName": ""}):
        cloud.call("Vpc", "ModifyVpcAttribute", VpcId=one, **new)
        before |= new
        assert vpcs(cloud) == [before]
    assert not cloud.world.unsettled
    cloud.call("Vpc", "DeleteVpc", VpcId=one)
    for action in ("DeleteVpc", "ModifyVpcAttribute"):
        cloud.refused("IncorrectVpcStatus", "Vpc", action, VpcId=one)
    cloud.refused("IncorrectVpcStatus", "Vpc", "CreateVSwitch", VpcId=one, ZoneId=ZONE, CidrBlock="172.16.0.0/24")
    cloud.refused("IncorrectVpcStatus", "Vpc", "CreateRouteTable", RegionId=REGION, VpcId=one)
    cloud.settle()
    assert not list(cloud.world.everything()), "its router and table go with it"


def test_the_default_block(cloud):
    cloud.call("Vpc", "CreateVpc", RegionId=REGION)
    assert vpcs(cloud)[0]["CidrBlock"] == "172.16.0.0/12"


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidRegionId.NotFound", {"RegionId": "nowhere"}),
        ("InvalidParameter", {"CidrBlock": "172.16.0.1/16"}),
        ("InvalidParameter", {"CidrBlock": "fd00::/8"}),
        ("IllegalParam.CidrBlockMask", {"CidrBlock": "172.16.0.0/29"}),
        ("IllegalParam.CidrBlockMask", {"CidrBlock": "0.0.0.0/7"}),
        ("OperationDenied.CidrInExcludeCidrs", {"CidrBlock": "100.64.0.0/16"}),
        ("OperationDenied.CidrInExcludeCidrs", {"CidrBlock": "100.0.0.0/8"}),
        ("OperationDenied.CidrInExcludeCidrs", {"CidrBlock": "224.0.0.0/16"}),
        ("OperationDenied.CidrInExcludeCidrs", {"CidrBlock": "127.0.0.0/16"}),
        ("OperationDenied.CidrInExcludeCidrs", {"CidrBlock": "169.254.0.0/16"}),
        ("InvalidUserCidr.Quota", {"UserCidr": "10.0.0.0/8,20.0.0.0/8,30.0.0.0/8,40.0.0.0/8"}),
        ("InvalidParameter", {"UserCidr": "10.0.0.1/8"}),
        ("InvalidUserCidr.Malformed", {"UserCidr": "100.64.1.0/24"}),
        ("InvalidVpcName.Malformed", {"VpcName": "http://x"}),
        ("InvalidVpcName.Malformed", {"VpcName": "x" * 129}),
        ("InvalidVpcDiscription.Malformed", {"Description": "x"}),
        ("OperationUnsupported.EnableIpv6", {"EnableIpv6": True}),
        ("Duplicated.TagKey", {"Tag": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]}),
    ],
)
def test_what_no_vpc_can_be_is_refused(cloud, code, params):
    cloud.refused(code, "Vpc", "CreateVpc", **{"RegionId": REGION, **params})


@pytest.mark.parametrize(
    ("code", "kind", "fields"),
    [
        ("DependencyViolation.VSwitch", "vswitch", {"CidrBlock": "172.16.1.0/24"}),
        ("DependencyViolation.TransitRouter", "tr_attachment", {}),
        ("DependencyViolation.SecurityGroup", "security_group", {}),
        ("DependencyViolation.RouteTable", "route_table", {"RouteTableType": "Custom", "RouterType": "VRouter"}),
        ("DependencyViolation.RouteEntry", "route_entry", {}),
    ],
)
def test_what_hangs_on_a_vpc_keeps_it(cloud, code, kind, fields):
    one = vpc(cloud)
    [table] = vpcs(cloud)[0]["RouterTableIds"]["RouterTableIds"]
    parent = {"tr_attachment": "tr-1", "route_entry": table}.get(kind, one)
    cloud.put("x-1", kind, parent, "Available", ResourceId=one if kind == "tr_attachment" else "", **fields)
    cloud.refused(code, "Vpc", "DeleteVpc", VpcId=one)
    if kind in {"vswitch", "tr_attachment"}:
        cloud.refused(code, "Vpc", "DeleteVpc", VpcId=one, ForceDelete=True)
        cloud.drop("x-1")
    cloud.done("Vpc", "DeleteVpc", VpcId=one, ForceDelete=True)
    assert not list(cloud.world.everything())


def test_an_attribute_tells_what_is_in_a_vpc(cloud):
    one = vpc(cloud, VpcName="VPC")
    switch(cloud, one)
    cloud.put("tr-attach-1", "tr_attachment", "tr-1", "Attached", ResourceId=one, CenId="cen-1")
    told = cloud.call("Vpc", "DescribeVpcAttribute", RegionId=REGION, VpcId=one)
    resources = told["CloudResources"]["CloudResourceSetType"]
    assert {one["ResourceType"]: one["ResourceCount"] for one in resources} == {"VSwitch": 1, "RouteTable": 1}
    assert told["AssociatedCens"]["AssociatedCen"][0]["CenId"] == "cen-1"
    assert vpcs(cloud)[0]["CenStatus"] == "Attached"
    for account, wanted in ((ACCOUNT, "vpc-9"), (OTHER, one)):
        with pytest.raises(CloudError) as caught:
            cloud.call("Vpc", "DescribeVpcAttribute", account=account, RegionId=REGION, VpcId=wanted)
        assert (caught.value.code, caught.value.status) == ("InvalidVpcId.NotFound", 404)


def test_vpcs_are_found_by_what_is_asked(cloud):
    one = vpc(cloud, VpcName="a", Tag=[{"Key": "k", "Value": "v"}])
    two = vpc(cloud, VpcName="b", ResourceGroupId="rg-2")
    for params, ids in (
        ({"VpcId": f"{one},{two}"}, [one, two]), ({"VpcId": "vpc-9"}, []), ({"VpcName": "b"}, [two]),
        ({"Tag": [{"Key": "k", "Value": "v"}]}, [one]), ({"Tag": [{"Key": "k", "Value": "w"}]}, []),
        ({"ResourceGroupId": "rg-2"}, [two]), ({"PageSize": 1, "PageNumber": 2}, [two]), ({"IsDefault": True}, []),
        ({"VpcOwnerId": int(ACCOUNT)}, [one, two]), ({"VpcOwnerId": 7}, []), ({"EnableIpv6": True}, []),
        ({"EnableIpv6": False}, [one, two]), ({"DhcpOptionsSetId": "dopt-1"}, []),
    ):  # fmt: skip
        assert [told["VpcId"] for told in vpcs(cloud, **params)] == ids, params
    assert cloud.call("Vpc", "DescribeVpcs", account=OTHER, RegionId=REGION)["TotalCount"] == 0
    assert cloud.call("Vpc", "DescribeVpcs", RegionId="cn-beijing")["TotalCount"] == 0


def test_a_vswitch_is_made_changed_and_deleted(cloud):
    one = vpc(cloud, ResourceGroupId="rg-1")
    made = cloud.call("Vpc", "CreateVSwitch", RegionId=REGION, VpcId=one, CidrBlock="172.16.10.0/24", ZoneId=ZONE,
                      VSwitchName="S", Tag=[{"Key": "a", "Value": "b"}])["VSwitchId"]  # fmt: skip
    [told] = switches(cloud)
    [table] = vpcs(cloud)[0]["RouterTableIds"]["RouterTableIds"]
    wanted = {
        "VSwitchId": made, "VpcId": one, "VSwitchName": "S", "CidrBlock": "172.16.10.0/24", "ZoneId": ZONE,
        "Status": "Pending", "AvailableIpAddressCount": 252, "ResourceGroupId": "rg-1", "IsDefault": False,
        "RouteTable": {"RouteTableId": table, "RouteTableType": "System"}, "Description": "",
        "Tags": {"Tag": [{"Key": "a", "Value": "b"}]},
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted
    cloud.settle()
    before = switches(cloud)[0]
    assert before["Status"] == "Available"
    for new in ({"VSwitchName": "New"}, {"Description": "text"}):
        cloud.call("Vpc", "ModifyVSwitchAttribute", VSwitchId=made, **new)
        before |= new
        assert switches(cloud) == [before]
    assert vpcs(cloud)[0]["VSwitchIds"] == {"VSwitchId": [made]}
    cloud.call("Vpc", "DeleteVSwitch", VSwitchId=made)
    for action in ("DeleteVSwitch", "ModifyVSwitchAttribute"):
        cloud.refused("IncorrectVSwitchStatus", "Vpc", action, VSwitchId=made)
    cloud.refused("DependencyViolation.VSwitch", "Vpc", "DeleteVpc", VpcId=one)
    cloud.settle()
    assert switches(cloud) == []


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidVpcId.NotFound", {"VpcId": "vpc-9"}),
        ("InvalidZoneId.NotFound", {"ZoneId": "cn-beijing-a"}),
        ("InvalidZoneId.NotFound", {"ZoneId": f"{REGION}-z"}),
        ("InvalidZoneId.NotFound", {"ZoneId": f"{REGION}-"}),
        ("MissingParam.CidrOrCidrMask", {"CidrBlock": None}),
        ("InvalidCidrBlock.Malformed", {"CidrBlock": "172.16.1.1/24"}),
        ("InvalidCirdrBlock.MaskLength", {"CidrBlock": "172.16.0.0/15"}),
        ("InvalidCirdrBlock.MaskLength", {"CidrBlock": "172.16.1.0/30"}),
        ("InvalidParameter", {"CidrBlock": "172.17.0.0/24"}),
        ("InvalidCidrBlock.Overlapped", {"CidrBlock": "172.16.10.128/25"}),
        ("InvalidCidrBlock.Overlapped", {"CidrBlock": "172.16.0.0/16"}),
        ("RouteConflict.AlreadyExist", {"CidrBlock": "172.16.20.0/24"}),
        ("InvalidVSwitchName.Malformed", {"VSwitchName": "https://x"}),
        ("InvalidVSwitchDiscription.Malformed", {"Description": "x"}),
        ("OperationUnsupported.CidrMask", {"CidrMask": 24}),
    ],
)
def test_what_no_vswitch_can_be_is_refused(cloud, code, params):
    one = vpc(cloud)
    switch(cloud, one)
    [table] = vpcs(cloud)[0]["RouterTableIds"]["RouterTableIds"]
    cloud.put("rte-1", "route_entry", table, "Available", DestinationCidrBlock="172.16.20.0/25")
    wanted = {"RegionId": REGION, "VpcId": one, "CidrBlock": "172.16.30.0/24", "ZoneId": ZONE, **params}
    cloud.refused(code, "Vpc", "CreateVSwitch", **wanted)


def test_a_vpc_has_so_many_vswitches(cloud):
    one = vpc(cloud)
    for index in range(150):
        cloud.put(f"vsw-{index}", "vswitch", one, "Available", CidrBlock=f"172.16.{index}.0/24")
    last = {"VpcId": one, "ZoneId": ZONE, "CidrBlock": "172.16.200.0/24"}
    cloud.refused("QuotaExceeded.VSwitch", "Vpc", "CreateVSwitch", **last)


@pytest.mark.parametrize("region", REGIONS)
def test_every_zone_of_every_region_takes_vswitches(cloud, region):
    one = vpc(cloud, RegionId=region)
    told = cloud.call("Vpc", "DescribeZones", RegionId=region)["Zones"]["Zone"]
    assert [zone["ZoneId"] for zone in told] == list(zones(region))
    for index, zone in enumerate(told):
        switch(cloud, one, f"172.16.{index}.0/24", RegionId=region, ZoneId=zone["ZoneId"])


@pytest.mark.parametrize("kind", ["instance", "eni"])
def test_who_is_in_a_vswitch_keeps_it_and_has_an_address(cloud, kind):
    one = switch(cloud, vpc(cloud), "172.16.0.0/29")
    cloud.put("x-1", kind, one, "Running", PrivateIpAddress="172.16.0.1")
    assert switches(cloud)[0]["AvailableIpAddressCount"] == 3
    told = cloud.call("Vpc", "DescribeVSwitchAttributes", VSwitchId=one)
    assert (told["VSwitchId"], told["AvailableIpAddressCount"]) == (one, 3)
    cloud.refused("DependencyViolation", "Vpc", "DeleteVSwitch", VSwitchId=one)
    cloud.drop("x-1")
    cloud.call("Vpc", "DeleteVSwitch", VSwitchId=one)


@pytest.mark.parametrize("length", [24, 28, 29])
def test_the_first_and_the_last_three_addresses_are_the_clouds(cloud, length):
    one = switch(cloud, vpc(cloud), f"172.16.10.0/{length}")
    given, count = [], 2 ** (32 - length)
    while (free := free_address(cloud.world.get(one), Transaction(cloud.world))) is not None:
        given.append(free)
        cloud.put(f"i-{free}", "instance", one, "Running", PrivateIpAddress=str(free))
    assert given == [Address(f"172.16.10.{last}") for last in range(1, count - 3)]
    assert switches(cloud)[0]["AvailableIpAddressCount"] == 0


def test_vswitches_are_found_by_what_is_asked(cloud):
    first, second = vpc(cloud), vpc(cloud, ResourceGroupId="rg-2")
    one = switch(cloud, first, VSwitchName="a", Tag=[{"Key": "k", "Value": "v"}])
    two = switch(cloud, second, ZoneId=f"{REGION}-j")
    system = vpcs(cloud, VpcId=second)[0]["RouterTableIds"]["RouterTableIds"][0]
    for params, ids in (
        ({"VpcId": first}, [one]), ({"VpcId": "vpc-9"}, []), ({"VSwitchId": f"{one},{two}"}, [one, two]),
        ({"VSwitchName": "a"}, [one]), ({"ZoneId": f"{REGION}-j"}, [two]), ({"Tag": [{"Key": "k"}]}, [one]),
        ({"ResourceGroupId": "rg-2"}, [two]), ({"RouteTableId": system}, [two]), ({"IsDefault": True}, []),
        ({"PageSize": 1, "PageNumber": 2}, [two]),
    ):  # fmt: skip
        assert [told["VSwitchId"] for told in switches(cloud, **params)] == ids, params
    for params in ({"VpcId": first}, {}):
        told = cloud.call("Vpc", "DescribeVSwitches", account=OTHER, RegionId=REGION, **params)
        assert told["TotalCount"] == 0
    cloud.refused("InvalidVSwitchId.NotFound", "Vpc", "DescribeVSwitchAttributes", account=OTHER, VSwitchId=one)


def test_a_block_may_change_as_long_as_it_holds_its_vswitches(cloud):
    one = vpc(cloud)
    switch(cloud, one)
    more = {"RegionId": REGION, "VpcId": one}
    cloud.done("Vpc", "AssociateVpcCidrBlock", **more, SecondaryCidrBlock="10.1.0.0/16")
    switch(cloud, one, "10.1.7.0/24")
    for code, block in (
        ("InvalidParameter", "x"), ("IllegalParam.CidrBlockMask", "172.16.0.0/29"),
        ("OperationDenied.CidrInExcludeCidrs", "100.64.0.0/16"), ("InvalidCidrBlock.Overlapped", "10.0.0.0/8"),
        ("InvalidCidrBlock", "172.17.0.0/16"),
    ):  # fmt: skip
        cloud.refused(code, "Vpc", "ModifyVpcAttribute", VpcId=one, CidrBlock=block)
    cloud.call("Vpc", "ModifyVpcAttribute", VpcId=one, CidrBlock="172.16.0.0/16")
    assert not cloud.world.unsettled
    cloud.call("Vpc", "ModifyVpcAttribute", VpcId=one, CidrBlock="172.16.0.0/12", VpcName="wide")
    told = vpcs(cloud)[0]
    assert (told["CidrBlock"], told["VpcName"], told["Status"]) == ("172.16.0.0/12", "wide", "Pending")
    cloud.refused("IncorrectStatus.Vpc", "Vpc", "ModifyVpcAttribute", VpcId=one, CidrBlock="172.16.0.0/16")
    cloud.settle()
    switch(cloud, one, "172.17.0.0/24")


def blocks(cloud):
    return vpcs(cloud)[0]["SecondaryCidrBlocks"]["SecondaryCidrBlock"]


def test_further_blocks_come_and_go_one_after_the_other(cloud):
    one = vpc(cloud)
    first, second = ({"RegionId": REGION, "VpcId": one, "SecondaryCidrBlock": f"10.{n}.0.0/16"} for n in (0, 1))
    told = cloud.call("Vpc", "AssociateVpcCidrBlock", IpVersion="IPV4", **first)
    assert told == {"CidrBlock": "10.0.0.0/16", "IpVersion": "IPV4"}
    assert (vpcs(cloud)[0]["Status"], blocks(cloud)) == ("Pending", ["10.0.0.0/16"])
    for action in ("AssociateVpcCidrBlock", "UnassociateVpcCidrBlock"):
        cloud.refused("IncorrectStatus.Vpc", "Vpc", action, **(second if action.startswith("A") else first))
    cloud.settle()
    cloud.done("Vpc", "AssociateVpcCidrBlock", **second)
    assert (vpcs(cloud)[0]["Status"], blocks(cloud)) == ("Available", ["10.0.0.0/16", "10.1.0.0/16"])
    told = cloud.call("Vpc", "DescribeVpcAttribute", RegionId=REGION, VpcId=one)
    assert told["SecondaryCidrBlocks"]["SecondaryCidrBlock"] == blocks(cloud)
    held = switch(cloud, one, "10.0.7.0/24")
    cloud.refused("OperationFailed.CidrInUse", "Vpc", "UnassociateVpcCidrBlock", **first)
    cloud.done("Vpc", "UnassociateVpcCidrBlock", **second)
    cloud.done("Vpc", "DeleteVSwitch", VSwitchId=held)
    cloud.done("Vpc", "UnassociateVpcCidrBlock", **first)
    assert blocks(cloud) == []
    wanted = {"RegionId": REGION, "VpcId": one, "ZoneId": ZONE, "CidrBlock": "10.0.7.0/24"}
    cloud.refused("InvalidParameter", "Vpc", "CreateVSwitch", **wanted)


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidVpcId.NotFound", {"VpcId": "vpc-9"}),
        ("MissingParam.SecondaryCidrBlock", {"SecondaryCidrBlock": None}),
        ("OperationUnsupported.IpVersion", {"IpVersion": "IPV6"}),
        ("OperationUnsupported.IpamPoolId", {"IpamPoolId": "ipam-1"}),
        ("InvalidParameter", {"SecondaryCidrBlock": "10.0.0.1/16"}),
        ("IllegalParam.CidrBlockMask", {"SecondaryCidrBlock": "10.0.0.0/29"}),
        ("OperationDenied.CidrInExcludeCidrs", {"SecondaryCidrBlock": "100.64.0.0/16"}),
        ("InvalidCidrBlock.Overlapped", {"SecondaryCidrBlock": "172.16.0.0/12"}),
        ("InvalidCidrBlock.Overlapped", {"SecondaryCidrBlock": "10.1.0.0/24"}),
        ("InvalidCidrBlock.Overlapped", {"SecondaryCidrBlock": "10.10.0.0/16"}),
    ],
)
def test_what_no_further_block_can_be_is_refused(cloud, code, params):
    one = vpc(cloud)
    wanted = {"RegionId": REGION, "VpcId": one, "SecondaryCidrBlock": "10.1.0.0/16"}
    cloud.done("Vpc", "AssociateVpcCidrBlock", **wanted)
    cloud.put("tr-1", "transit_router", "cen-1", "Active")
    cloud.put("tr-attach-1", "tr_attachment", "tr-1", "Attached", ResourceId=one, CenId="cen-1")
    cloud.put("cidr-1", "tr_cidr", "tr-1", Cidr="10.10.10.0/24")
    cloud.refused(code, "Vpc", "AssociateVpcCidrBlock", **{**wanted, "SecondaryCidrBlock": "10.2.0.0/16", **params})


def test_a_vpc_has_so_many_further_blocks_and_gives_up_only_those(cloud):
    one = vpc(cloud)
    wanted = {"RegionId": REGION, "VpcId": one}
    for n in range(5):
        cloud.done("Vpc", "AssociateVpcCidrBlock", **wanted, SecondaryCidrBlock=f"10.{n}.0.0/16")
    code = "QuotaExceeded.SecondaryCidrBlock"
    cloud.refused(code, "Vpc", "AssociateVpcCidrBlock", **wanted, SecondaryCidrBlock="10.9.0.0/16")
    for block in ("10.9.0.0/16", "172.16.0.0/16"):
        cloud.refused("InvalidCidrBlock.NotFound", "Vpc", "UnassociateVpcCidrBlock", **wanted, SecondaryCidrBlock=block)
    cloud.refused("MissingParam.SecondaryCidrBlock", "Vpc", "UnassociateVpcCidrBlock", **wanted)


def test_the_router_of_a_vpc(cloud):
    made = cloud.done("Vpc", "CreateVpc", RegionId=REGION)
    vpc(cloud)
    asked = {"RegionId": REGION, "VRouterId": made["VRouterId"]}
    cloud.call("Vpc", "ModifyVRouterAttribute", VRouterId=made["VRouterId"], VRouterName="name", Description="text")
    told = cloud.call("Vpc", "DescribeVRouters", **asked)
    assert told["VRouters"]["VRouter"] == [{
        "VRouterId": made["VRouterId"], "VRouterName": "name", "Description": "text", "VpcId": made["VpcId"],
        "RegionId": REGION, "CreationTime": "2026-01-01T00:00:01Z",
        "RouteTableIds": {"RouteTableId": [made["RouteTableId"]]},
    }]  # fmt: skip
    assert cloud.call("Vpc", "DescribeVRouters", RegionId=REGION)["TotalCount"] == 2
    assert cloud.call("Vpc", "DescribeVRouters", account=OTHER, **asked)["TotalCount"] == 0
    code = "InvalidVRouterName.Malformed"
    cloud.refused(code, "Vpc", "ModifyVRouterAttribute", VRouterId=made["VRouterId"], VRouterName="x")
    cloud.refused("InvalidVRouterId.NotFound", "Vpc", "ModifyVRouterAttribute", account=OTHER,
                  VRouterId=made["VRouterId"])  # fmt: skip


def test_regions_and_zones(cloud):
    told = cloud.call("Vpc", "DescribeRegions")["Regions"]["Region"]
    assert {one["RegionId"]: one["LocalName"] for one in told} == {key: name for key, (name, _) in REGIONS.items()}
    assert not any("RegionEndpoint" in one for one in told), "clients would leave for the endpoint they are told"
    edge = cloud.call("Vpc", "DescribeZones", RegionId=REGION, ZoneType="EdgeZone")
    assert edge["Zones"]["Zone"] == []
    cloud.refused("InvalidRegionId.NotFound", "Vpc", "DescribeZones", RegionId="nowhere")


@pytest.mark.parametrize("block", ["10.10.0.0/16", "10.0.0.0/28", "192.168.10.0/24", "192.168.20.0/22"])
def test_no_block_of_an_attached_vpc_covers_what_is_elsewhere(block):
    """A CIDR of the transit router, a circuit, a gateway's address, a site: they run, and the block is the newcomer."""
    cloud = use_case_cloud()
    params = {"RegionId": REGION, "VpcId": "vpc-1"}
    cloud.refused("InvalidCidrBlock.Overlapped", "Vpc", "AssociateVpcCidrBlock", **params, SecondaryCidrBlock=block)
    cloud.refused("InvalidCidrBlock.Overlapped", "Vpc", "ModifyVpcAttribute", **params, CidrBlock=block)
    (attachment,) = [one for one in cloud.world.everything() if one.text("ResourceId") == "vpc-1"]
    for one in (attachment, *cloud.world.children(attachment.id)):
        cloud.drop(one.id)
    cloud.done("Vpc", "AssociateVpcCidrBlock", **params, SecondaryCidrBlock=block)
    zones = [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-2"}, {"ZoneId": f"{REGION}-j", "VSwitchId": "vsw-3"}]
    cloud.refused("OperationFailed.CidrConflict", "Cbn", "CreateTransitRouterVpcAttachment", RegionId=REGION,
                  VpcId="vpc-1", TransitRouterId="tr-1", ZoneMappings=zones)


def use_case_cloud():
    cloud = Cloud()
    for one in use_case.documents():
        cloud.put(one.id, one.kind, one.parent, one.status, **one.fields)
    return cloud
