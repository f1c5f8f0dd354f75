"""What Cbn tells of objects: filters, pages, tags."""

import pytest
from cbn_walk import REGION, Walk
from harness import Cloud

from sealane.cloud.observed import SeenRoute

WORD = "TransitRouterRouteEntry"


@pytest.fixture
def walk():
    return Walk().run().network()


SWITCHES = ["172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24"]
VPN = ["192.168.10.0/24", "192.168.40.0/24"]


def test_lists_of_attachments_by_every_filter(walk):
    for name, word in (("vpc", "Vpc"), ("vbr", "Vbr"), ("vpn", "Vpn")):
        action, own = f"ListTransitRouter{word}Attachments", walk.ids[name]
        for params, told in (
            ({}, [own]),
            ({"CenId": walk.ids["cen"]}, [own]),
            ({"TransitRouterId": walk.ids["tr"]}, [own]),
            ({"TransitRouterAttachmentId": own}, [own]),
            ({"RegionId": "cn-beijing"}, []),
            ({"CenId": "cen-x"}, []),
            ({"TransitRouterAttachmentId": walk.ids["cen"]}, []),
            ({"TransitRouterId": "tr-x"}, []),
            ({"TransitRouterAttachmentId": own, "TransitRouterId": "tr-x"}, []),
            ({"Tag": [{"Key": "a"}]}, []),
        ):
            rows = walk.listed(action, "TransitRouterAttachments", **params)
            assert [row["TransitRouterAttachmentId"] for row in rows] == told, (action, params)
    vpc_only = "ListTransitRouterVpcAttachments"
    for params, count in (
        ({"VpcId": "vpc-1"}, 1),
        ({"VpcId": "vpc-2"}, 0),
        ({"Status": "Attaching"}, 0),
        ({"OrderType": "PayByCenOwner"}, 1),
        ({"OrderType": "PayByResourceOwner"}, 0),
    ):
        assert walk.cloud.call("Cbn", vpc_only, **params)["TotalCount"] == count


def test_associations_and_propagations_by_every_filter(walk):
    for action, name in (
        ("ListTransitRouterRouteTableAssociations", "TransitRouterAssociations"),
        ("ListTransitRouterRouteTablePropagations", "TransitRouterPropagations"),
    ):
        table = {"TransitRouterRouteTableId": walk.ids["table"]}
        for params, told in (
            ({}, ["vpc-1", "vbr-1", "vco-1"]),
            ({"TransitRouterAttachmentResourceType": "VBR"}, ["vbr-1"]),
            ({"TransitRouterAttachmentResourceId": "vco-1"}, ["vco-1"]),
            ({"Status": "Enabling"}, []),
            ({"TransitRouterAttachmentId": walk.ids["vpn"]}, ["vco-1"]),
            ({"Status": "Active", "MaxResults": 1}, ["vpc-1"]),
        ):
            assert [row["ResourceId"] for row in walk.listed(action, name, **table, **params)] == told
    only = {"TransitRouterAttachmentId": walk.ids["vbr"]}
    [row] = walk.listed("ListTransitRouterRouteTableAssociations", "TransitRouterAssociations", **only)
    assert (row["ResourceType"], row["Status"]) == ("VBR", "Active")


def test_tags_of_each_type(walk):
    tag = [{"Key": "team", "Value": "net"}]
    types = {
        "cen": "cen",
        "TransitRouter": "tr",
        "TransitRouterVpcAttachment": "vpc",
        "TransitRouterVbrAttachment": "vbr",
        "TransitRouterVpnAttachment": "vpn",
        "TransitRouterRouteTable": "table",
    }
    for word, name in types.items():
        walk.cloud.call("Cbn", "TagResources", ResourceType=word, ResourceId=[walk.ids[name]], Tag=tag)
        found = walk.listed("ListTagResources", "TagResources", ResourceType=word, Tag=tag)["TagResource"]
        assert [(one["ResourceId"], one["TagKey"], one["TagValue"]) for one in found] == [
            (walk.ids[name], "team", "net")
        ]
    walk.cloud.refused(
        "InvalidInstanceIds.NotFound",
        "Cbn",
        "TagResources",
        ResourceType="TransitRouterVpcAttachment",
        ResourceId=[walk.ids["vbr"]],
        Tag=tag,
    )
    for action in (
        "DescribeCens",
        "ListTransitRouters",
        "ListTransitRouterVpcAttachments",
        "ListTransitRouterRouteTables",
    ):
        assert walk.cloud.call("Cbn", action, Tag=tag)["TotalCount"] == 1
        assert walk.cloud.call("Cbn", action, Tag=[{"Key": "team", "Value": "x"}])["TotalCount"] == 0
    walk.cloud.call("Cbn", "UntagResources", ResourceType="Cen", ResourceId=[walk.ids["cen"]], TagKey=["team"])
    assert walk.cloud.call("Cbn", "DescribeCens", Tag=tag)["TotalCount"] == 0


def test_cens_by_filter_group_and_page(walk):
    other = walk.done("CreateCen", Name="other")["CenId"]
    walk.cloud.call("Cbn", "MoveResourceGroup", ResourceType="cen", ResourceId=other, NewResourceGroupId="rg-1")
    for params, told in (
        ({}, [walk.ids["cen"], other]),
        ({"PageSize": 1, "PageNumber": 2}, [other]),
        ({"ResourceGroupId": "rg-1"}, [other]),
        ({"Filter": [{"Key": "Name", "Value": ["CEN", "x"]}]}, [walk.ids["cen"]]),
        ({"Filter": [{"Key": "CenId", "Value": [other]}, {"Key": "Status", "Value": ["Active"]}]}, [other]),
        ({"Filter": [{"Key": "Status", "Value": ["Deleting"]}]}, []),
    ):
        found = walk.cloud.call("Cbn", "DescribeCens", **params)["Cens"]["Cen"]
        assert [one["CenId"] for one in found] == told, params


def test_transit_routers_and_tables_by_every_filter(walk):
    own = walk.ids["tr"]
    for params, told in (
        ({"TransitRouterId": own}, 1),
        ({"TransitRouterId": "x"}, 0),
        ({"TransitRouterName": "TR"}, 1),
        ({"Status": "Deleting"}, 0),
        ({"TransitRouterName": "x"}, 0),
        ({"Type": "Basic"}, 0),
        ({"RegionId": "cn-beijing"}, 0),
        ({"CenId": walk.ids["cen"]}, 1),
        ({"FeatureFilter": [{"Key": "Multicast", "Value": ["Enabled"]}]}, 0),
        ({"FeatureFilter": [{"Key": "Multicast", "Value": ["Disabled"]}]}, 1),
    ):
        assert walk.cloud.call("Cbn", "ListTransitRouters", **params)["TotalCount"] == told, params
    table = walk.ids["table"]
    for params, told in (
        ({"TransitRouterRouteTableIds": [table, "x"]}, 1),
        ({"TransitRouterRouteTableType": "Custom"}, 0),
        ({"TransitRouterRouteTableType": "System", "TransitRouterId": own}, 1),
        ({"TransitRouterRouteTableStatus": "Creating"}, 0),
        ({"TransitRouterRouteTableNames": ["x"]}, 0),
        ({"RouteTableOptions": {"MultiRegionECMP": "disable"}}, 1),
    ):
        assert walk.cloud.call("Cbn", "ListTransitRouterRouteTables", **params)["TotalCount"] == told, params


def test_allocations_by_every_filter(walk):
    name = {"AttachmentName": "vpn-x"}
    for params, told in (
        ({}, 5),
        (name, 2),
        ({"AttachmentId": walk.ids["vpn"]}, 2),
        ({"TransitRouterCidrId": "x"}, 0),
        ({"Cidr": "10.10.10.0/24"}, 5),
        ({"CidrBlock": "10.10.10.0/28"}, 1),
        ({"DedicatedOwnerId": "other"}, 0),
        ({"MaxResults": 3}, 3),
    ):
        rows = walk.listed("ListTransitRouterCidrAllocation", "TransitRouterCidrAllocations", **walk.where(), **params)
        assert len(rows) == told, params


def child(walk, kind, **params):
    instance = {"VPC": ("vpc-1", "vtb-vpc-1"), "VBR": ("vbr-1", "vtb-vbr-1")}[kind]
    return {
        "CenId": walk.ids["cen"],
        "ChildInstanceId": instance[0],
        "ChildInstanceType": kind,
        "ChildInstanceRegionId": REGION,
        "ChildInstanceRouteTableId": instance[1],
        **params,
    }


def test_published_routes_are_those_the_transit_router_learns(walk):
    def told(kind):
        found = walk.listed("DescribePublishedRouteEntries", "PublishedRouteEntries", **child(walk, kind))
        return {one["DestinationCidrBlock"]: one["PublishStatus"] for one in found["PublishedRouteEntry"]}

    assert told("VBR") == {"192.168.0.0/16": "Published"}
    assert told("VPC") == {
        **dict.fromkeys(SWITCHES, "Published"),
        "10.0.0.0/8": "NonPublished",
        "172.16.0.0/12": "NonPublished",
        "192.168.0.0/16": "NonPublished",
    }
    call = walk.cloud.call
    for kind, prefix in (("VPC", "172.16.10.0/24"), ("VBR", "192.168.0.0/16")):
        assert call("Cbn", "PublishRouteEntries", **child(walk, kind, DestinationCidrBlock=prefix)) == {}
        walk.cloud.refused(
            "InvalidOperation.UnsupportnexthopType",
            "Cbn",
            "WithdrawPublishedRouteEntries",
            **child(walk, kind, DestinationCidrBlock=prefix),
        )
    to_router = child(walk, "VPC", DestinationCidrBlock="10.0.0.0/8")
    walk.cloud.refused("InvalidOperation.UnsupportnexthopType", "Cbn", "PublishRouteEntries", **to_router)
    assert call("Cbn", "WithdrawPublishedRouteEntries", **to_router) == {}
    walk.cloud.refused(
        "InvalidOperation.NotFoundRoute",
        "Cbn",
        "PublishRouteEntries",
        **child(walk, "VPC", DestinationCidrBlock="10.0.0.0/9"),
    )
    walk.cloud.refused(
        "Instance.NotExist",
        "Cbn",
        "PublishRouteEntries",
        **child(walk, "VPC", DestinationCidrBlock="10.0.0.0/8", ChildInstanceId="vpc-x"),
    )


def test_instances_of_a_cen(walk):
    cen = {"CenId": walk.ids["cen"]}
    found = walk.listed("DescribeCenAttachedChildInstances", "ChildInstances", ChildInstanceType="VPN", **cen)[
        "ChildInstance"
    ]
    assert [one["ChildInstanceId"] for one in found] == ["vco-1"]
    one = {"ChildInstanceId": "vpc-1", "ChildInstanceType": "VPC", "ChildInstanceRegionId": REGION, **cen}
    answer = walk.cloud.call("Cbn", "DescribeCenAttachedChildInstanceAttribute", **one)
    assert (answer["ChildInstanceAttributes"]["CidrBlock"], answer["ChildInstanceName"]) == ("172.16.0.0/16", "vpc-1")
    walk.cloud.refused(
        "Instance.NotExist", "Cbn", "DescribeCenAttachedChildInstanceAttribute", **{**one, "ChildInstanceType": "VBR"}
    )
    rows = walk.listed("DescribeCenRegionDomainRouteEntries", "CenRouteEntries", CenRegionId=REGION, **cen)[
        "CenRouteEntry"
    ]
    assert len(rows) == 9
    assert {(one["NextHopType"], one["Type"]) for one in rows if one["DestinationCidrBlock"] in VPN} == {("VPN", "BGP")}


def test_what_is_on_offer():
    cloud = Cloud()
    assert cloud.call("Cbn", "CheckTransitRouterService") == {"Enabled": True}
    assert cloud.call("Cbn", "OpenTransitRouterService") == {}
    zones = cloud.call("Cbn", "ListTransitRouterAvailableResource", RegionId=REGION)
    assert {f"{REGION}-h", f"{REGION}-j"} <= set(zones["AvailableZones"])
    regions = cloud.call("Cbn", "DescribeChildInstanceRegions", ProductType="VPC")["Regions"]["Region"]
    assert REGION in [one["RegionId"] for one in regions]


def test_routes_that_stand_in_each_others_way(walk):
    clash = {"attachment": walk.ids["vpn"], "source": "BGP", "status": "Rejected"}
    walk.seen.routes = (*walk.seen.routes, SeenRoute("172.16.10.0/24", **clash), SeenRoute("10.9.0.0/16", **clash))
    params = child(walk, "VPC")
    del params["CenId"]
    told = walk.listed("DescribeRouteConflict", "RouteConflicts", **params)["RouteConflict"]
    assert [(one["DestinationCidrBlock"], one["InstanceId"], one["Status"]) for one in told] == [
        ("172.16.10.0/24", "vco-1", "Rejected")
    ]
    other = walk.listed("DescribeRouteConflict", "RouteConflicts", DestinationCidrBlock="172.16.20.0/24", **params)
    assert other["RouteConflict"] == []
    walk.cloud.refused("Instance.NotExist", "Cbn", "DescribeRouteConflict", **{**params, "ChildInstanceId": "vpc-x"})
    walk.cloud.refused(
        "InvalidOperation.NotFoundRoute", "Cbn", "DescribeRouteConflict", **{**params, "ChildInstanceRouteTableId": "x"}
    )


def test_nobody_is_told_the_zones_that_the_cloud_chose_for_two_tunnels(walk):
    [row] = walk.listed("ListTransitRouterVpnAttachments", "TransitRouterAttachments")
    assert not row["Zones"], "a provisioning tool that gave none would make the attachment again"
