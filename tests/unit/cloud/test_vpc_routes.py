"""Route tables of VPCs and border routers, and the routes in them: made, with the router, and learned."""

import pytest
from harness import OTHER, REGION, Cloud, border, vpc, vpcs

from sealane.cloud.observed import LearnedRoute, Nothing

VPC, VBR = "vtb-vpc-1", "vtb-vbr-1"
TO_TR = {"NextHopType": "Attachment", "NextHopId": "tr-attach-1"}
TO_SITE = {"NextHopType": "RouterInterface", "NextHopId": "ri-1"}


TO_INSTANCE = {"NextHopType": "Instance", "NextHopId": "i-1"}


class Learned(Nothing):
    """What routers learned."""

    def learned(self, instance_id):
        of = {"vbr-1": [LearnedRoute("172.16.10.0/24", "CEN"), LearnedRoute("192.168.9.0/24", "BGP")],
              "vpc-1": [LearnedRoute("192.168.0.0/16", "CEN")]}  # fmt: skip
        return of[instance_id]


@pytest.fixture
def cloud():
    made = Cloud(Learned())
    vpcs(made)
    border(made)
    made.put("tr-attach-1", "tr_attachment", "tr-1", "Attached", ResourceId="vpc-1", ResourceType="VPC", CenId="cen-1")
    return made


def instances(cloud):
    """One in the VPC, one in another."""
    cloud.put("i-1", "instance", "vsw-1", "Running", PrivateIpAddress="172.16.10.5")
    vpc(cloud, "vpc-2", "10.2.0.0/16", {"vsw-4": ("10.2.1.0/24", "h")})
    cloud.put("i-2", "instance", "vsw-4", "Running", PrivateIpAddress="10.2.1.5")


def do(cloud, action, **params):
    return cloud.call("Vpc", action, RegionId=REGION, **params)


def refused(cloud, code, action, **params):
    cloud.refused(code, "Vpc", action, RegionId=REGION, **params)


def route(cloud, table=VPC, block="192.168.0.0/16", **params):
    params = {**(TO_TR if table == VPC else TO_SITE), **params}
    one = do(cloud, "CreateRouteEntry", RouteTableId=table, DestinationCidrBlock=block, **params)["RouteEntryId"]
    cloud.settle()
    return one


def routes(cloud, table, **params):
    told = do(cloud, "DescribeRouteEntryList", RouteTableId=table, MaxResult=100, **params)
    return told["RouteEntrys"]["RouteEntry"]


def table(cloud, **params):
    one = do(cloud, "CreateRouteTable", VpcId="vpc-1", **params)["RouteTableId"]
    cloud.settle()
    return one


def tables(cloud, **params):
    return do(cloud, "DescribeRouteTableList", **params)["RouterTableList"]["RouterTableListType"]


def test_a_route_is_made_changed_and_deleted(cloud):
    params = {"RouteTableId": VPC, "DestinationCidrBlock": "10.0.0.0/8", **TO_TR}
    one = do(cloud, "CreateRouteEntry", **params, RouteEntryName="n")["RouteEntryId"]
    [told] = routes(cloud, VPC, RouteEntryType="Custom")
    wanted = {
        "RouteEntryId": one, "RouteTableId": VPC, "DestinationCidrBlock": "10.0.0.0/8", "Type": "Custom",
        "Origin": "CustomCreate", "Status": "Pending", "RouteEntryName": "n", "Description": "", "IpVersion": "ipv4",
        "ServiceType": "", "NextHops": {"NextHop": [TO_TR]}, "GmtModified": "2026-01-01T00:00:01Z",
    }  # fmt: skip
    assert told == wanted
    refused(cloud, "IncorrectRouteEntryStatus", "DeleteRouteEntry", RouteEntryId=one)
    cloud.settle()
    wanted["Status"] = "Available"
    for new in ({"RouteEntryName": "m"}, {"Description": "t"}):
        do(cloud, "ModifyRouteEntry", RouteEntryId=one, **new)
        wanted |= new
        assert routes(cloud, VPC, RouteEntryType="Custom") == [wanted]
    do(cloud, "DeleteRouteEntry", RouteEntryId=one)
    assert routes(cloud, VPC, RouteEntryId=one)[0]["Status"] == "Modifying"
    for action in ("DeleteRouteEntry", "ModifyRouteEntry"):
        refused(cloud, "IncorrectRouteEntryStatus", action, RouteEntryId=one)
    cloud.settle()
    assert routes(cloud, VPC, RouteEntryType="Custom") == []
    refused(cloud, "InvalidRouteEntryId.NotFound", "DeleteRouteEntry", RouteEntryId=one)


def test_a_route_of_a_border_router_leads_to_its_line(cloud):
    one = route(cloud, VBR)
    [told] = routes(cloud, VBR, RouteEntryId=one)
    related = {"InstanceId": "pc-1", "InstanceType": "PCONN", "RegionId": REGION}
    hop = {**TO_SITE, "NextHopRegionId": REGION, "Enabled": 1, "Weight": 0, "NextHopRelatedInfo": related}
    assert told["NextHops"]["NextHop"] == [hop]


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidRouteTableId.NotFound", {"RouteTableId": "vtb-9"}),
        ("MissingDestinationCidrBlock", {"DestinationCidrBlock": None}),
        ("InvalidCidrBlock.Malformed", {"DestinationCidrBlock": "10.0.0.1/8"}),
        ("InvalidCidrBlock.Malformed", {"DestinationCidrBlock": "fd00::/8"}),
        ("InvalidCidrBlock", {"DestinationCidrBlock": "100.64.0.0/10"}),
        ("InvalidCidrBlock", {"DestinationCidrBlock": "100.64.1.0/24"}),
        ("InvalidCidrBlock", {"DestinationCidrBlock": "169.254.10.0/30"}),
        ("InvalidCidrBlock", {"DestinationCidrBlock": "172.16.10.128/25"}),
        ("InvalidCidrBlock", {"DestinationCidrBlock": "172.16.10.1"}),
        ("InvalidCIDRBlock.Duplicate", {"DestinationCidrBlock": "172.16.10.0/24"}),
        ("InvalidCIDRBlock.Duplicate", {"DestinationCidrBlock": "192.168.0.0/16"}),
        ("InvalidCIDRBlock.Duplicate", {"RouteTableId": VBR, "DestinationCidrBlock": "192.168.0.0/16", **TO_SITE}),
        ("InvalidAttachment.NotFound", {"NextHopId": "tr-attach-9"}),
        ("InvalidAttachment.NotFound", {"NextHopId": "tr-attach-8"}),
        ("IllegalParam.AttachmentId", {"NextHopId": "tr-attach-2"}),
        ("OperationUnsupported.NextHopType", {"NextHopType": "HaVip"}),
        ("InvalidNextHop.NotFound", {"NextHopType": "Instance"}),
        ("InvalidNextHop.NotFound", {"NextHopType": None, "NextHopId": "i-2"}),
        ("InvalidNextHop.NotFound", {"NextHopType": "Instance", "NextHopId": "eni-1"}),
        ("InvalidNextHop.NotFound", {"NextHopType": "NetworkInterface", "NextHopId": "eni-2"}),
        ("InvalidCidrBlock", {**TO_INSTANCE, "DestinationCidrBlock": "172.16.10.128/25"}),
        ("OperationUnsupported.NextHopList", {"NextHopList": [TO_TR]}),
        ("InvalidNextHop.NotFound", {"RouteTableId": VBR, **TO_SITE, "NextHopId": "ri-2"}),
        ("InvalidNextHop.NotFound", {"RouteTableId": VBR, **TO_TR}),
        ("InvalidRouteEntryName.Malformed", {"RouteEntryName": "http://x"}),
        ("InvalidDescription.Malformed", {"Description": "x" * 257}),
    ],
)
def test_what_no_route_can_be_is_refused(cloud, code, params):
    route(cloud)
    route(cloud, VBR)
    instances(cloud)
    cloud.put("tr-attach-2", "tr_attachment", "tr-1", "Attached", ResourceId="vpc-2")
    cloud.put("tr-attach-8", "tr_attachment", "tr-1", "Attached", ResourceId="vpc-1", account=OTHER)
    wanted = {"RouteTableId": VPC, "DestinationCidrBlock": "10.9.0.0/16", **TO_TR, **params}
    refused(cloud, code, "CreateRouteEntry", **wanted)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (TO_INSTANCE, TO_INSTANCE),
        ({"NextHopId": "i-1"}, TO_INSTANCE),
        ({"NextHopType": "NetworkInterface", "NextHopId": "eni-1"},) * 2,
    ],
)
def test_a_route_may_lead_to_an_instance_which_it_keeps(cloud, given, told):
    instances(cloud)
    wanted = {"RouteTableId": VPC, "DestinationCidrBlock": "10.9.0.0/16", **given}
    one = do(cloud, "CreateRouteEntry", **wanted)["RouteEntryId"]
    cloud.settle()
    [row] = routes(cloud, VPC, RouteEntryId=one, NextHopType=told["NextHopType"])
    assert row["NextHops"]["NextHop"] == [told]
    for action, params in (("DeleteInstance", {"InstanceId": "i-1"}),
                           ("DeleteInstances", {"RegionId": REGION, "InstanceId": ["i-2", "i-1"]})):  # fmt: skip
        cloud.refused("DependencyViolation.RouteEntry", "Ecs", action, Force=True, **params)
    cloud.done("Vpc", "DeleteRouteEntry", RegionId=REGION, RouteEntryId=one)
    cloud.call("Ecs", "DeleteInstance", InstanceId="i-1", Force=True)
    refused(cloud, "IncorrectInstanceStatus", "CreateRouteEntry", **wanted)


def test_a_route_of_a_vpc_may_be_led_elsewhere(cloud):
    instances(cloud)
    one = route(cloud)

    def led(**params):
        do(cloud, "ModifyRouteEntry", RouteEntryId=one, **params)
        [row] = routes(cloud, VPC, RouteEntryId=one)
        cloud.settle()
        return row["Status"], *row["NextHops"]["NextHop"]

    refused(cloud, "InvalidNextHop.NotFound", "ModifyRouteEntry", RouteEntryId=one, NewNextHopId="i-2")
    assert led(NewNextHopId="i-1", RouteEntryName="n") == ("Modifying", TO_INSTANCE)
    assert led(NewNextHopType="Instance", NewNextHopId="i-1") == ("Available", TO_INSTANCE)
    cloud.refused("DependencyViolation.RouteEntry", "Ecs", "DeleteInstance", InstanceId="i-1", Force=True)
    do(cloud, "ModifyRouteEntry", RouteEntryId=one, NewNextHopType="Attachment", NewNextHopId="tr-attach-1")
    again = {"RouteEntryId": one, "NewNextHopId": "i-1"}
    refused(cloud, "IncorrectRouteEntryStatus", "ModifyRouteEntry", **again)
    cloud.settle()
    assert routes(cloud, VPC, RouteEntryId=one)[0]["NextHops"]["NextHop"] == [TO_TR]
    cloud.call("Ecs", "DeleteInstance", InstanceId="i-1", Force=True)
    line = route(cloud, VBR)
    refused(cloud, "OperationUnsupported.NewNextHopId", "ModifyRouteEntry", RouteEntryId=line, NewNextHopId="ri-1")


@pytest.mark.parametrize("block", ["0.0.0.0/0", "100.0.0.0/8", "172.16.0.0/12", "172.16.0.0/16", "10.1.2.3"])
def test_a_route_may_hold_what_it_may_not_lie_in(cloud, block):
    one = route(cloud, block=block)
    assert routes(cloud, VPC, RouteEntryId=one)[0]["DestinationCidrBlock"] == (block if "/" in block else f"{block}/32")


def test_the_ends_of_a_route_must_be_able_to_carry(cloud):
    wanted = {"RouteTableId": VPC, "DestinationCidrBlock": "10.0.0.0/8", **TO_TR}
    for status in ("Attaching", "Attached"):
        cloud.put("tr-attach-1", "tr_attachment", "tr-1", status)
        if status == "Attaching":
            refused(cloud, "IncorrectStatus.CenRelation", "CreateRouteEntry", **wanted)
    wanted = {"RouteTableId": VBR, "DestinationCidrBlock": "10.0.0.0/8", **TO_SITE}
    cloud.put("vbr-1", "vbr", "pc-1", "terminated")
    refused(cloud, "InvalidVBRStatus", "CreateRouteEntry", **wanted)
    cloud.put("vbr-1", "vbr", "pc-1", "active")
    cloud.put("pc-1", "physical_connection", "", "Terminating")
    refused(cloud, "InvalidPhysicalConnectionBusinessStatus", "CreateRouteEntry", **wanted)
    spare = table(cloud)
    do(cloud, "DeleteRouteTable", RouteTableId=spare)
    refused(cloud, "IncorrectRouteTableStatus", "CreateRouteEntry", **{**wanted, "RouteTableId": spare})
    gone = table(cloud)
    cloud.drop("tr-attach-1")
    for one in ("vsw-1", "vsw-2", "vsw-3"):
        cloud.drop(one)
    do(cloud, "DeleteVpc", VpcId="vpc-1", ForceDelete=True)
    wanted = {"DestinationCidrBlock": "10.0.0.0/8", **TO_TR}
    for one in (VPC, gone):
        refused(cloud, "IncorrectVpcStatus", "CreateRouteEntry", RouteTableId=one, **wanted)


def test_a_table_has_so_many_routes(cloud):
    for index in range(200):
        cloud.put(f"rte-{index}", "route_entry", VPC, "Available", DestinationCidrBlock=f"10.0.{index}.0/24", **TO_TR)
    refused(cloud, "QuotaExceeded", "CreateRouteEntry", RouteTableId=VPC, DestinationCidrBlock="10.1.0.0/16", **TO_TR)


def test_a_route_is_named_by_id_or_by_where_it_leads(cloud):
    one = route(cloud)
    both = {"RouteEntryId": one, "DestinationCidrBlock": "192.168.0.0/16"}
    code = "ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock"
    refused(cloud, code, "DeleteRouteEntry", **both)
    refused(cloud, "MissingParameter", "DeleteRouteEntry")
    refused(cloud, "MissingParameter", "DeleteRouteEntry", RouteTableId=VPC)
    named = {"RouteTableId": VPC, "DestinationCidrBlock": "192.168.0.0/16"}
    refused(cloud, "InvalidRouteTableId.NotFound", "DeleteRouteEntry", **{**named, "RouteTableId": "vtb-9"})
    refused(cloud, "InvalidRouteEntry.NotFound", "DeleteRouteEntry", **named, NextHopId="tr-attach-2")
    refused(cloud, "InvalidRouteEntry.NotFound", "DeleteRouteEntry", **{**named, "DestinationCidrBlock": "10.0.0.0/8"})
    refused(cloud, "InvalidRouteEntryId.NotFound", "DeleteRouteEntry", RouteEntryId="rte-9")
    do(cloud, "ModifyRouteEntry", **named, RouteEntryName="n")
    do(cloud, "DeleteRouteEntry", **named, NextHopId="tr-attach-1")
    cloud.settle()
    assert routes(cloud, VPC, RouteEntryType="Custom") == []


def test_routes_that_nobody_made_cannot_be_deleted(cloud):
    code = "OperationDenied.DeleteManagedRouteEntry"
    there = {VPC: ("172.16.10.0/24", "100.64.0.0/10"), VBR: ("192.168.9.0/24", "172.16.10.0/24")}
    for one, block in ((one, block) for one, blocks in there.items() for block in blocks):
        refused(cloud, code, "DeleteRouteEntry", RouteTableId=one, DestinationCidrBlock=block)
        [told] = routes(cloud, one, DestinationCidrBlock=block)
        refused(cloud, code, "DeleteRouteEntry", RouteEntryId=told["RouteEntryId"])


def test_a_vpc_knows_its_vswitches_and_the_services(cloud):
    told = [(one["DestinationCidrBlock"], one["NextHops"]["NextHop"][0]["NextHopType"]) for one in routes(cloud, VPC)]
    assert told == [("172.16.10.0/24", "local"), ("172.16.20.0/24", "local"), ("172.16.30.0/24", "local"),
                    ("100.64.0.0/10", "service")]  # fmt: skip
    assert {one["Type"] for one in routes(cloud, VPC)} == {"System"}


def test_a_vpc_that_takes_routes_has_those_of_the_table(cloud):
    cloud.put("tr-attach-1", "tr_attachment", "tr-1", AutoPublishRouteEnabled=True)
    [told] = routes(cloud, VPC, ServiceType="TR")
    assert (told["DestinationCidrBlock"], told["Type"], told["Origin"]) == ("192.168.0.0/16", "CEN", "RoutePropagation")
    assert told["NextHops"]["NextHop"] == [TO_TR]
    do(cloud, "ModifyRouteTableAttributes", RouteTableId=VPC, RoutePropagationEnable=False)
    assert routes(cloud, VPC, ServiceType="TR") == []


def test_a_border_router_has_what_it_learned_on_both_sides(cloud):
    route(cloud, VBR)
    told = {one["DestinationCidrBlock"]: (one["Type"], one["ServiceType"]) for one in routes(cloud, VBR)}
    assert told == {"192.168.0.0/16": ("Custom", ""), "172.16.10.0/24": ("CEN", "TR"), "192.168.9.0/24": ("BGP", "")}


def test_routes_are_found_by_what_is_asked(cloud):
    one = route(cloud, RouteEntryName="n")
    for params, count in (
        ({"RouteEntryId": one}, 1), ({"RouteEntryName": "n"}, 1), ({"RouteEntryType": "System"}, 4),
        ({"NextHopId": "tr-attach-1"}, 1), ({"NextHopType": "local"}, 3), ({"IpVersion": "IPv4"}, 5),
        ({"IpVersion": "ipv6"}, 0), ({"DestCidrBlockList": ["172.16.10.0/24", "192.168.0.0/16"]}, 2),
        ({"DestinationCidrBlock": "10.0.0.0/8"}, 0), ({"ServiceType": "TR"}, 0),
    ):  # fmt: skip
        assert len(routes(cloud, VPC, **params)) == count, params
    first = do(cloud, "DescribeRouteEntryList", RouteTableId=VPC, MaxResult=3)
    rest = do(cloud, "DescribeRouteEntryList", RouteTableId=VPC, MaxResult=3, NextToken=first["NextToken"])
    told = [one["RouteEntryId"] for part in (first, rest) for one in part["RouteEntrys"]["RouteEntry"]]
    assert told == [one["RouteEntryId"] for one in routes(cloud, VPC)]
    assert rest["NextToken"] == ""
    refused(cloud, "IllegalParam.NextToken", "DescribeRouteEntryList", RouteTableId=VPC, NextToken="?")
    refused(cloud, "InvalidRouteTableId.NotFound", "DescribeRouteEntryList", RouteTableId="vtb-9")


def test_several_routes_are_made_and_deleted_or_none(cloud):
    def entry(block, **more):
        hop = {"NextHop": "tr-attach-1", "NextHopType": "Attachment"}
        return {"RouteTableId": VPC, "DstCidrBlock": block, **hop, **more}

    wanted = [entry("10.0.0.0/8", Name="a", Description="b"), entry("172.16.0.0/12")]
    refused(cloud, "InvalidCIDRBlock.Duplicate", "CreateRouteEntries", RouteEntries=[*wanted, wanted[0]])
    told = do(cloud, "CreateRouteEntries", RouteEntries=wanted)
    assert (told["SuccessCount"], told["FailedCount"]) == (2, 0)
    cloud.settle()
    made = routes(cloud, VPC, RouteEntryType="Custom")
    assert [one["RouteEntryId"] for one in made] == told["RouteEntryIds"]
    assert (made[0]["RouteEntryName"], made[0]["Description"]) == ("a", "b")
    where = [{"RouteTableId": VPC, "DstCidrBlock": "10.0.0.0/8", "NextHop": "tr-attach-1"},
             {"RouteTableId": VPC, "RouteEntryId": told["RouteEntryIds"][1]}]  # fmt: skip
    managed = {"RouteTableId": VBR, "DstCidrBlock": "192.168.9.0/24"}
    refused(cloud, "OperationDenied.DeleteManagedRouteEntry", "DeleteRouteEntries", RouteEntries=[*where, managed])
    do(cloud, "DeleteRouteEntries", RouteEntries=where)
    cloud.settle()
    assert routes(cloud, VPC, RouteEntryType="Custom") == []


def test_a_table_is_made_used_and_deleted(cloud):
    wanted = {"VpcId": "vpc-1", "RouteTableName": "n", "Tag": [{"Key": "a", "Value": "b"}]}
    one = do(cloud, "CreateRouteTable", **wanted)["RouteTableId"]
    [told] = tables(cloud, RouteTableId=one)
    assert (told["Status"], told["RouteTableType"], told["VpcId"]) == ("Pending", "Custom", "vpc-1")
    assert (told["RouteTableName"], told["Tags"]) == ("n", {"Tag": [{"Key": "a", "Value": "b"}]})
    cloud.settle()
    before = tables(cloud, RouteTableId=one)[0]
    assert before["Status"] == "Available"
    for new in ({"RouteTableName": "m"}, {"Description": "text"}, {"RoutePropagationEnable": False}):
        do(cloud, "ModifyRouteTableAttributes", RouteTableId=one, **new)
        before |= new
        assert tables(cloud, RouteTableId=one) == [before]
    pair = {"RouteTableId": one, "VSwitchId": "vsw-1"}
    cloud.done("Vpc", "AssociateRouteTable", RegionId=REGION, **pair)
    told = cloud.call("Vpc", "DescribeVSwitchAttributes", VSwitchId="vsw-1")
    assert told["RouteTable"] == {"RouteTableId": one, "RouteTableType": "Custom"}
    used = {row["RouteTableId"]: row["VSwitchIds"]["VSwitchId"] for row in tables(cloud, VpcId="vpc-1")}
    assert used == {VPC: ["vsw-2", "vsw-3"], one: ["vsw-1"]}
    refused(cloud, "OperationDenied.AlreadyAssociated", "AssociateRouteTable", **pair)
    refused(cloud, "DependencyViolation.VSwitch", "DeleteRouteTable", RouteTableId=one)
    refused(cloud, "DependencyViolation.RouteTable", "DeleteVSwitch", VSwitchId="vsw-1")
    cloud.done("Vpc", "UnassociateRouteTable", RegionId=REGION, **pair)
    refused(cloud, "OperationDenied.NotAssociated", "UnassociateRouteTable", **pair)
    do(cloud, "DeleteRouteTable", RouteTableId=one)
    assert tables(cloud, RouteTableId=one)[0]["Status"] == "Deleting"
    for action, params in (("DeleteRouteTable", {}), ("ModifyRouteTableAttributes", {}),
                           ("AssociateRouteTable", {"VSwitchId": "vsw-1"})):  # fmt: skip
        refused(cloud, "IncorrectRouteTableStatus", action, RouteTableId=one, **params)
    cloud.settle()
    assert tables(cloud, RouteTableId=one) == []


def test_what_no_table_can_be_or_do_is_refused(cloud):
    one = table(cloud)
    refused(cloud, "InvalidVpcId.NotFound", "CreateRouteTable", VpcId="vpc-9")
    refused(cloud, "OperationUnsupported.AssociateType", "CreateRouteTable", VpcId="vpc-1", AssociateType="Gateway")
    refused(cloud, "InvalidRouteTableName.Malformed", "CreateRouteTable", VpcId="vpc-1", RouteTableName="http://x")
    refused(cloud, "InvalidDescription.Malformed", "CreateRouteTable", VpcId="vpc-1", Description="x")
    refused(cloud, "OperationDenied.SystemRouteTable", "DeleteRouteTable", RouteTableId=VPC)
    refused(cloud, "OperationDenied.SystemRouteTable", "DeleteRouteTable", RouteTableId=VBR)
    refused(cloud, "OperationDenied.SystemRouteTable", "AssociateRouteTable", RouteTableId=VPC, VSwitchId="vsw-1")
    refused(cloud, "InvalidRouteTableId.NotMatch", "AssociateRouteTable", RouteTableId=VBR, VSwitchId="vsw-1")
    refused(cloud, "InvalidVSwitchId.NotFound", "AssociateRouteTable", RouteTableId=one, VSwitchId="vsw-9")
    for action in ("AssociateRouteTable", "UnassociateRouteTable"):
        refused(cloud, "InvalidRouteTableId.NotFound", action, RouteTableId="vtb-9", VSwitchId="vsw-1")
    for _ in range(8):
        table(cloud)
    refused(cloud, "QuotaExceeded.RouteTable", "CreateRouteTable", VpcId="vpc-1")


def test_tables_are_found_by_what_is_asked(cloud):
    one = table(cloud, RouteTableName="n", Tag=[{"Key": "k", "Value": "v"}])
    cloud.put("vpc-1", "vpc", ResourceGroupId="rg-1")
    for params, ids in (
        ({}, [VPC, VBR, one]), ({"RouterType": "VBR"}, [VBR]), ({"RouterType": "VRouter"}, [VPC, one]),
        ({"VpcId": "vpc-1"}, [VPC, one]), ({"RouteTableName": "n"}, [one]), ({"RouteTableType": "Custom"}, [one]),
        ({"Tag": [{"Key": "k", "Value": "v"}]}, [one]), ({"ResourceGroupId": "rg-1"}, [VPC, one]),
        ({"RouteTableId": VBR}, [VBR]), ({"PageSize": 1, "PageNumber": 3}, [one]),
    ):  # fmt: skip
        assert [told["RouteTableId"] for told in tables(cloud, **params)] == ids, params
    assert cloud.call("Vpc", "DescribeRouteTableList", account=OTHER, RegionId=REGION)["TotalCount"] == 0
    assert tables(cloud, RouterType="VBR")[0]["VpcId"] == ""


def test_older_clients_get_tables_with_their_routes(cloud):
    router = cloud.call("Vpc", "CreateVpc", RegionId=REGION, ResourceGroupId="rg-1")
    cloud.put("vtb-vpc-1", "route_table", RouterId="vrt-1", RouteTableName="n")
    cloud.put("vtb-vbr-1", "route_table", RouterId="vbr-1")
    one, two = route(cloud), route(cloud, VBR)

    def legacy(**params):
        return do(cloud, "DescribeRouteTables", **params)["RouteTables"]["RouteTable"]

    [told] = legacy(RouteTableId=VPC)
    assert (told["VRouterId"], told["VSwitchIds"]["VSwitchId"]) == ("vrt-1", ["vsw-1", "vsw-2", "vsw-3"])
    assert len(told["RouteEntrys"]["RouteEntry"]) == 5
    [custom] = legacy(RouteTableId=VPC, Type="Custom")[0]["RouteEntrys"]["RouteEntry"]
    wanted = {"RouteEntryId": one, "DestinationCidrBlock": "192.168.0.0/16", "InstanceId": "tr-attach-1",
              "NextHopType": "Attachment", "Status": "Available", "Type": "Custom", "RouteTableId": VPC}  # fmt: skip
    assert {key: custom[key] for key in wanted} == wanted
    [custom] = legacy(RouterId="vbr-1", RouterType="VBR", Type="Custom")[0]["RouteEntrys"]["RouteEntry"]
    hop = {**TO_SITE, "Enabled": 1, "Weight": 0}
    assert (custom["RouteEntryId"], custom["NextHops"]["NextHop"]) == (two, [hop])
    for params, ids in (
        ({"VRouterId": router["VRouterId"]}, [router["RouteTableId"]]), ({"RouterId": "vrt-1"}, [VPC]),
        ({"RouterId": "vbr-1"}, []), ({"RouteTableName": "n"}, [VPC]), ({"RouteTableId": "vtb-9"}, []),
        ({"VRouterId": router["VRouterId"], "ResourceGroupId": "rg-2"}, []),
    ):  # fmt: skip
        assert [told["RouteTableId"] for told in legacy(**params)] == ids, params
    refused(cloud, "MissingParameter", "DescribeRouteTables")
    refused(cloud, "InvalidParameter", "DescribeRouteTables", RouterId="vrt-1", VRouterId="vrt-1")
    told = cloud.call("Vpc", "DescribeRouteTables", account=OTHER, RouteTableId=VPC)
    assert told["TotalCount"] == 0
