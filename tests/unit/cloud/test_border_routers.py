"""Border routers: what they may be, how they are told, and what keeps them from ending."""

import pytest
from harness import ACCOUNT, OTHER, REGION, Cloud, site

from sealane.cloud import HOST, CloudError
from sealane.cloud.to_plan import carried_networks

WEEK_MS = 7 * 24 * 3600 * 1000
ENDS = {"LocalGatewayIp": "10.0.0.1", "PeerGatewayIp": "10.0.0.2", "PeeringSubnetMask": "255.255.255.252"}
WANTED = {"RegionId": REGION, "PhysicalConnectionId": "pc-1", "VlanId": 0, **ENDS}


@pytest.fixture
def cloud():
    made = Cloud()
    made.put("pc-1", "physical_connection", "", "Enabled", AccessPointId="ap-cn-hangzhou-xs-B", LineOperator="CT")
    return made


def create(cloud, **params):
    return cloud.done("Vpc", "CreateVirtualBorderRouter", **{**WANTED, **params})["VbrId"]


def vlans(cloud, *numbers):
    """Border routers with these VLANs, each with a network of its own."""
    return [
        create(cloud, VlanId=vlan, LocalGatewayIp=f"10.1.{index}.1", PeerGatewayIp=f"10.1.{index}.2")
        for index, vlan in enumerate(numbers)
    ]


def call(cloud, verb, vbr, **params):
    suffix = "Attribute" if verb == "Modify" else ""
    return cloud.call("Vpc", f"{verb}VirtualBorderRouter{suffix}", RegionId=REGION, VbrId=vbr, **params)


def refused(cloud, code, verb, vbr, **params):
    suffix = "Attribute" if verb == "Modify" else ""
    cloud.refused(code, "Vpc", f"{verb}VirtualBorderRouter{suffix}", RegionId=REGION, VbrId=vbr, **params)


def listed(cloud, **params):
    told = cloud.call("Vpc", "DescribeVirtualBorderRouters", RegionId=REGION, **params)
    return told["VirtualBorderRouterSet"]["VirtualBorderRouterType"]


def test_a_border_router_comes_with_interface_and_table(cloud):
    made = cloud.call("Vpc", "CreateVirtualBorderRouter", **WANTED, Name="VBR", Description="the end", Bandwidth=1000,
                      CircuitCode="c", ResourceGroupId="rg-1", Tags=[{"Key": "a", "Value": "b"}])  # fmt: skip
    [told] = listed(cloud)
    wanted = {
        "VbrId": made["VbrId"], "Status": "active", "Name": "VBR", "Description": "the end", "Bandwidth": 1000,
        "CircuitCode": "c", "ResourceGroupId": "rg-1", "Tags": {"Tags": [{"Key": "a", "Value": "b"}]}, "VlanId": 0,
        "Type": "pconnVBR", "PhysicalConnectionId": "pc-1", "PhysicalConnectionStatus": "Enabled", "Mtu": 1500,
        "PhysicalConnectionOwnerUid": ACCOUNT, "AccessPointId": "ap-cn-hangzhou-xs-B", "MinTxInterval": 1000,
        "MinRxInterval": 1000, "DetectMultiplier": 3, "AssociatedCens": {"AssociatedCen": []},
        "CreationTime": "2026-01-01T00:00:01Z", "ActivationTime": "2026-01-01T00:00:01Z", **ENDS,
    }  # fmt: skip
    assert {key: told[key] for key in wanted} == wanted
    assert told["VlanInterfaceId"].startswith("ri-")
    cloud.settle()
    assert listed(cloud)[0]["Status"] == "active"
    tables = cloud.call("Vpc", "DescribeRouteTableList", RegionId=REGION, RouterType="VBR", RouterId=made["VbrId"])
    [table] = tables["RouterTableList"]["RouterTableListType"]
    assert (table["RouteTableId"], table["Status"]) == (told["RouteTableId"], "Available")
    route = {"RegionId": REGION, "RouteTableId": told["RouteTableId"], "DestinationCidrBlock": "192.168.0.0/16"}
    cloud.call("Vpc", "CreateRouteEntry", **route, NextHopType="RouterInterface", NextHopId=told["VlanInterfaceId"])
    assert carried_networks(cloud.world, [ACCOUNT], "n") == (), "nobody could reach it"
    site(cloud)
    [network] = carried_networks(cloud.world, [ACCOUNT], "n")
    [piece] = network.plan["virtual_border_routers"]
    assert (piece["local_gateway_ip"], piece["mtu"], len(piece["route_entries"])) == ("10.0.0.1", 1500, 1)


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidRegionId.NotFound", {"RegionId": "nowhere"}),
        ("InvalidPhysicalConnectionId.NotFound", {"PhysicalConnectionId": "pc-9"}),
        ("InvalidPhysicalConnectionId.NotFound", {"RegionId": "cn-beijing"}),
        ("InvalidVlanId.Malformed", {"VlanId": -1}),
        ("InvalidVlanId.Malformed", {"VlanId": 3000}),
        ("MissingParameter", {"LocalGatewayIp": None}),
        ("MissingParameter", {"PeerGatewayIp": None}),
        ("MissingParameter", {"PeeringSubnetMask": None}),
        ("InvalidLocalGatewayIp.Malformed", {"LocalGatewayIp": "10.0.0"}),
        ("InvalidPeerGatewayIp.Malformed", {"PeerGatewayIp": "fd00::1"}),
        ("InvalidPeeringSubnetMask.Malformed", {"PeeringSubnetMask": "255.255.254.0"}),
        ("InvalidPeeringSubnetMask.Malformed", {"PeeringSubnetMask": "255.255.255.254"}),
        ("InvalidPeeringSubnetMask.Malformed", {"PeeringSubnetMask": "30"}),
        ("InvalidIp.NotSameSubnet", {"PeerGatewayIp": "10.0.0.6"}),
        ("IllegalParam.IpAddress", {"PeerGatewayIp": "10.0.0.1"}),
        ("IllegalParam.IpAddress", {"PeerGatewayIp": "10.0.0.3"}),
        ("IllegalParam.IpAddress", {"LocalGatewayIp": "10.0.0.0"}),
        ("IllegalParam.IpAddress", {"LocalGatewayIp": "100.64.0.1", "PeerGatewayIp": "100.64.0.2"}),
        ("IllegalParam.IpAddress", {"LocalGatewayIp": "127.0.0.1", "PeerGatewayIp": "127.0.0.2"}),
        ("IllegalParam.IpAddress", {"LocalGatewayIp": "224.0.0.1", "PeerGatewayIp": "224.0.0.2"}),
        ("IllegalParam.Bandwidth", {"Bandwidth": 150}),
        ("InvalidVbrOwnerId.NotFound", {"VbrOwnerId": OTHER}),
        ("InvalidName.Malformed", {"Name": "-x"}),
        ("InvalidDescription.Malformed", {"Description": "x"}),
        ("OperationUnsupported.EnableIpv6", {"EnableIpv6": True}),
        ("InvalidParameter.TagKey", {"Tags": [{"Key": "aliyun", "Value": ""}]}),
    ],
)
def test_what_no_border_router_can_be_is_refused(cloud, code, params):
    cloud.refused(code, "Vpc", "CreateVirtualBorderRouter", **{**WANTED, **params})


@pytest.mark.parametrize("length", range(24, 31))
def test_every_mask_of_the_range_will_do(cloud, length):
    mask = f"255.255.255.{256 - 2 ** (32 - length)}" if length > 24 else "255.255.255.0"
    assert listed(cloud, Filter=[{"Key": "VbrId", "Value": [create(cloud, PeeringSubnetMask=mask)]}])


@pytest.mark.parametrize("status", ["Initial", "Allocated", "Confirmed", "Terminating", "Terminated", "Canceled"])
def test_the_line_must_be_enabled(cloud, status):
    cloud.put("pc-1", "physical_connection", "", status)
    cloud.refused("InvalidPhysicalConnectionId.NotEnabled", "Vpc", "CreateVirtualBorderRouter", **WANTED)


def test_a_vlan_is_given_once_and_none_at_all_takes_the_line(cloud):
    one, _ = vlans(cloud, 1, 2999)
    for vlan, code in ((1, "InvalidVlanId.Used"), (0, "OperationFailed.PconnAllocateVlan0")):
        cloud.refused(code, "Vpc", "CreateVirtualBorderRouter", **{**WANTED, "VlanId": vlan})
    refused(cloud, "InvalidVlanId.Used", "Modify", one, VlanId=2999)
    refused(cloud, "OperationFailed.PconnAllocateVlan0", "Modify", one, VlanId=0)
    call(cloud, "Modify", one, VlanId=1)
    cloud.put("pc-2", "physical_connection", "", "Enabled")
    alone = create(cloud, PhysicalConnectionId="pc-2")
    again = {**WANTED, "PhysicalConnectionId": "pc-2", "VlanId": 7}
    cloud.refused("OperationFailed.PconnExistVlan0Vbr", "Vpc", "CreateVirtualBorderRouter", **again)
    call(cloud, "Modify", alone, VlanId=7)
    cloud.refused("InvalidVlanId.Used", "Vpc", "CreateVirtualBorderRouter", **again)


def test_modify_changes_what_is_given_and_nothing_else(cloud):
    one = create(cloud)
    cloud.put("port-1", "port", region="", account=HOST, PhysicalConnectionId="pc-1", Mtu=9000)
    before = listed(cloud)[0]
    labels = {"Name": "New", "Description": "text", "CircuitCode": "c", "Bandwidth": 50}
    ends = {"LocalGatewayIp": "10.9.0.1", "PeerGatewayIp": "10.9.0.2", "PeeringSubnetMask": "255.255.255.0"}
    network = [{"VlanId": 8}, {"MinTxInterval": 200}, {"MinRxInterval": 300}, {"DetectMultiplier": 10}, {"Mtu": 8500},
               {"Mtu": 0}, ends]  # fmt: skip
    for params in [*({key: value} for key, value in labels.items()), *network]:
        call(cloud, "Modify", one, **params)
        assert bool(cloud.world.unsettled) == (params in network), "packets notice these, and only these"
        cloud.settle()
        before |= params
        assert listed(cloud)[0] == before
        call(cloud, "Modify", one, **params)
        assert not cloud.world.unsettled, "what is so already changes nothing"


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("MissingParameter", {"LocalGatewayIp": "10.0.0.1"}),
        ("MissingParameter", {"PeerGatewayIp": "10.0.0.2"}),
        ("MissingParameter", {"PeeringSubnetMask": "255.255.255.0"}),
        ("InvalidIp.NotSameSubnet", {**ENDS, "PeerGatewayIp": "10.0.1.2"}),
        ("IllegalParam.MinTxInterval", {"MinTxInterval": 199}),
        ("IllegalParam.MinRxInterval", {"MinRxInterval": 1001}),
        ("IllegalParam.DetectMultiplier", {"DetectMultiplier": 2}),
        ("IllegalParam.DetectMultiplier", {"DetectMultiplier": 11}),
        ("IllegalParam.Mtu", {"Mtu": 9000}),
        ("IllegalParam.Mtu", {"Mtu": 8500}),
        ("IllegalParam.Bandwidth", {"Bandwidth": 1}),
        ("InvalidVlanId.Malformed", {"VlanId": 3000}),
        ("InvalidName.Malformed", {"Name": "x"}),
        ("OperationUnsupported.SitelinkEnable", {"SitelinkEnable": True}),
        ("OperationUnsupported.AssociatedPhysicalConnections", {"AssociatedPhysicalConnections": "[{}]"}),
    ],
)
def test_what_it_cannot_become_is_refused(cloud, code, params):
    refused(cloud, code, "Modify", create(cloud), **params)


def test_not_found_has_the_status_of_the_operation(cloud):
    cloud.put("vbr-2", "vbr", "pc-1", "active", account=OTHER)
    for verb, status in (("Modify", 400), ("Terminate", 404), ("Recover", 404), ("Delete", 404)):
        for one in ("vbr-2", "vbr-9"):
            with pytest.raises(CloudError) as caught:
                call(cloud, verb, one)
            assert (caught.value.code, caught.value.status) == ("InvalidVbrId.NotFound", status)


def test_it_ends_and_comes_back(cloud):
    one = create(cloud)
    refused(cloud, "InvalidOperation.OperationNotAllowedInState", "Recover", one)
    site(cloud)
    assert [network.name for network in carried_networks(cloud.world, [ACCOUNT], "n")]
    call(cloud, "Terminate", one)
    for verb in ("Terminate", "Recover"):
        refused(cloud, "InvalidOperation.OperationNotAllowedInState", verb, one)
    assert listed(cloud)[0]["Status"] == "terminating"
    assert not carried_networks(cloud.world, [ACCOUNT], "n"), "it carries nothing"
    cloud.settle()
    assert listed(cloud)[0]["Status"] == "terminated"
    cloud.put("pc-1", "physical_connection", "", "Terminated")
    refused(cloud, "InvalidPhysicalConnectionId.NotEnabled", "Recover", one)
    cloud.put("pc-1", "physical_connection", "", "Enabled")
    call(cloud, "Recover", one)
    assert listed(cloud)[0]["Status"] == "recovering"
    cloud.settle()
    [told] = listed(cloud)
    assert told["Status"] == "active"
    assert told["ActivationTime"] < told["TerminationTime"] < told["RecoveryTime"]


def test_its_vlan_is_kept_for_a_week(cloud):
    one, other = vlans(cloud, 1, 2)
    call(cloud, "Terminate", one)
    cloud.settle()
    refused(cloud, "InvalidVlanId.Used", "Modify", other, VlanId=1)
    cloud.now_ms += WEEK_MS
    call(cloud, "Modify", other, VlanId=1)
    refused(cloud, "OperationFailed.VlanIdAlreadyInUse", "Recover", one)
    call(cloud, "Modify", other, VlanId=2)
    call(cloud, "Recover", one)


@pytest.mark.parametrize(("former", "later"), [(1, 0), (0, 1)])
def test_one_without_vlan_and_others_do_not_meet_on_a_line(cloud, former, later):
    [one] = vlans(cloud, former)
    call(cloud, "Terminate", one)
    cloud.settle()
    cloud.now_ms += WEEK_MS
    [other] = vlans(cloud, later)
    refused(cloud, "OperationFailed.VlanIdAlreadyInUse", "Recover", one)
    call(cloud, "Delete", other)
    cloud.settle()
    call(cloud, "Recover", one)


@pytest.mark.parametrize(
    ("code", "kind", "fields"),
    [
        ("OperationUnsupported.VBRAttachedCen", "tr_attachment", {"ResourceId": "vbr"}),
        ("DependencyViolation.BgpGroup", "bgp_group", {}),
        ("DependencyViolation.BgpNetwork", "bgp_network", {}),
        ("DependencyViolation.RouterInterfaceReferedByRouteEntry", "route_entry", {}),
    ],
)
def test_what_hangs_on_it_keeps_it(cloud, code, kind, fields):
    one = create(cloud)
    parent = {"tr_attachment": "tr-1", "route_entry": listed(cloud)[0]["RouteTableId"]}.get(kind, one)
    cloud.put("x-1", kind, parent, "Available", **dict.fromkeys(fields, one))
    refused(cloud, code, "Delete", one)
    cloud.drop("x-1")
    call(cloud, "Delete", one)
    assert listed(cloud)[0]["Status"] == "deleting"
    for verb in ("Delete", "Modify"):
        refused(cloud, "TaskConflict", verb, one)
    refused(cloud, "InvalidOperation.OperationNotAllowedInState", "Terminate", one)
    cloud.settle()
    assert [document.id for document in cloud.world.everything()] == ["pc-1"], "its table goes with it"
    create(cloud)


def test_its_attachment_is_told(cloud):
    one = create(cloud)
    cloud.put("tr-attach-1", "tr_attachment", "tr-1", "Attaching", ResourceId=one, CenId="cen-1")
    [cen] = listed(cloud)[0]["AssociatedCens"]["AssociatedCen"]
    assert cen == {"CenId": "cen-1", "CenOwnerId": int(ACCOUNT), "CenStatus": "Attaching"}
    cloud.put("tr-attach-1", "tr_attachment", "tr-1", "Modifying")
    assert listed(cloud)[0]["AssociatedCens"]["AssociatedCen"][0]["CenStatus"] == "Attached"


def test_bandwidth_has_an_operation_of_its_own(cloud):
    one = create(cloud)
    params = {"RegionId": REGION, "VirtualBorderRouterId": one}
    told = cloud.call("Vpc", "UpdateVirtualBorderBandwidth", **params, Bandwidth=300)
    assert (told["Success"], told["HttpStatusCode"], listed(cloud)[0]["Bandwidth"]) == (True, 200, 300)
    cloud.refused("IllegalParam.Bandwidth", "Vpc", "UpdateVirtualBorderBandwidth", **params, Bandwidth=301)
    gone = {**params, "VirtualBorderRouterId": "vbr-9", "Bandwidth": 300}
    cloud.refused("InvalidVbrId.NotFound", "Vpc", "UpdateVirtualBorderBandwidth", **gone)


def test_filters_tags_groups_and_pages(cloud):
    cloud.put("pc-2", "physical_connection", "", "Enabled", AccessPointId="ap-cn-hangzhou-jg-B")
    one = create(cloud, Name="One", Tags=[{"Key": "a", "Value": "b"}])
    two = create(cloud, Name="Two", PhysicalConnectionId="pc-2", ResourceGroupId="rg-2")
    cases = {
        ("PhysicalConnectionId", "pc-1"): [one], ("VbrId", two): [two], ("Status", "active"): [one, two],
        ("Name", "Two", "Three"): [two], ("AccessPointId", "ap-cn-hangzhou-jg-B"): [two], ("eccId", "ecc-1"): [],
        ("type", "pconnVBR"): [one, two],
    }  # fmt: skip
    for (key, *values), ids in cases.items():
        assert [told["VbrId"] for told in listed(cloud, Filter=[{"Key": key, "Value": values}])] == ids, key
    wrong = [{"Key": "Colour", "Value": ["x"]}]
    cloud.refused("InvalidFilterKey.ValueNotSupported", "Vpc", "DescribeVirtualBorderRouters", RegionId=REGION,
                  Filter=wrong)  # fmt: skip
    assert [told["VbrId"] for told in listed(cloud, Tags=[{"Key": "a", "Value": "b"}])] == [one]
    assert [told["VbrId"] for told in listed(cloud, ResourceGroupId="rg-2")] == [two]
    assert [told["VbrId"] for told in listed(cloud, PageNumber=2, PageSize=1)] == [two]
    assert cloud.call("Vpc", "DescribeVirtualBorderRouters", account=OTHER, RegionId=REGION)["TotalCount"] == 0


def test_those_of_a_line_are_told(cloud):
    one, two = vlans(cloud, 1, 2)
    params = {"RegionId": REGION, "PhysicalConnectionId": "pc-1"}
    action = "DescribeVirtualBorderRoutersForPhysicalConnection"

    def ids(**more):
        told = cloud.call("Vpc", action, **params, **more)
        found = told["VirtualBorderRouterForPhysicalConnectionSet"]["VirtualBorderRouterForPhysicalConnectionType"]
        return [item["VbrId"] for item in found]

    assert ids() == [one, two]
    assert ids(Filter=[{"Key": "VbrId", "Value": [two]}]) == [two]
    gone = {**params, "PhysicalConnectionId": "pc-9"}
    cloud.refused("InvalidPhysicalConnectionId.NotFound", "Vpc", action, **gone)


def test_it_has_one_line(cloud):
    cloud.put("pc-2", "physical_connection", "", "Enabled")
    params = {"RegionId": REGION, "PhysicalConnectionId": "pc-2", "VbrId": create(cloud)}
    code = "OperationUnsupported.AssociatedPhysicalConnections"
    cloud.refused(code, "Vpc", "AssociatePhysicalConnectionToVirtualBorderRouter", **params, VlanId="3")
    cloud.refused(code, "Vpc", "UnassociatePhysicalConnectionFromVirtualBorderRouter", **params)
    gone = {**params, "VbrId": "vbr-9"}
    cloud.refused("InvalidVbrId.NotFound", "Vpc", "UnassociatePhysicalConnectionFromVirtualBorderRouter", **gone)
