"""Changes of Cbn's objects, and what they show meanwhile."""

import pytest
from cbn_walk import REGION, Learned, Walk
from harness import Cloud, border, connection, vpc

WORD = "TransitRouterRouteEntry"


@pytest.fixture
def walk():
    return Walk().run().network()


def test_another_table_by_replacing_the_association(walk):
    made = walk.done("CreateTransitRouterRouteTable", TransitRouterId=walk.ids["tr"], TransitRouterRouteTableName="two")
    other = made["TransitRouterRouteTableId"]
    pair = {"TransitRouterAttachmentId": walk.ids["vpc"], "TransitRouterRouteTableId": other}
    walk.cloud.call("Cbn", "ReplaceTransitRouterRouteTableAssociation", **pair)
    [row] = walk.listed("ListTransitRouterRouteTableAssociations", "TransitRouterAssociations", **pair)
    assert row["Status"] == "Replacing"
    walk.cloud.refused(
        "Operation.Blocking", "Cbn", "DissociateTransitRouterAttachmentFromRouteTable", **pair
    )
    walk.cloud.settle()
    walk.done("EnableTransitRouterRouteTablePropagation", **pair)
    hole = {f"{WORD}DestinationCidrBlock": "10.0.0.0/8", f"{WORD}NextHopType": "BlackHole"}
    route = walk.done("CreateTransitRouterRouteEntry", TransitRouterRouteTableId=other, **hole)
    policy = {"CenId": walk.ids["cen"], "CenRegionId": REGION, "Priority": 40, "MapResult": "Deny"}
    walk.done("CreateCenRouteMap", TransmitDirection="RegionOut", TransitRouterRouteTableId=other, **policy)
    for code, action, params in (
        ("OperationFailed.DeleteRouteTableWithAssociation", "DissociateTransitRouterAttachmentFromRouteTable", pair),
        ("OperationFailed.DeleteRouteTableWithPropagation", "DisableTransitRouterRouteTablePropagation", pair),
        (
            "OperationFailed.DeleteRouteTableWithRouteEntry",
            "DeleteTransitRouterRouteEntry",
            {f"{WORD}Id": route[f"{WORD}Id"]},
        ),
    ):
        walk.cloud.refused(code, "Cbn", "DeleteTransitRouterRouteTable", TransitRouterRouteTableId=other)
        walk.done(action, **params)
    for code in ("InvalidOperation.AttachedChildInstanceExist",):
        walk.cloud.refused(code, "Cbn", "DeleteTransitRouter", TransitRouterId=walk.ids["tr"])
    walk.cloud.call("Cbn", "DeleteTransitRouterRouteTable", TransitRouterRouteTableId=other)
    states = {row["TransitRouterRouteTableId"]: row["Status"] for row in maps(walk) if row["Priority"] == 40}
    assert states == {walk.ids["table"]: "Active", other: "Deleting"}
    walk.cloud.settle()
    assert {row["TransitRouterRouteTableId"] for row in maps(walk)} == {walk.ids["table"]}


def maps(walk, **params):
    return walk.listed("DescribeCenRouteMaps", "RouteMaps", CenId=walk.ids["cen"], **params)["RouteMap"]


def test_a_transit_router_that_is_not_as_it_came_stays():
    walk = Walk().run("router")
    table = walk.done("CreateTransitRouterRouteTable", TransitRouterId=walk.ids["tr"])["TransitRouterRouteTableId"]
    for code, action, params in (
        ("OperationFailed.DeleteTransitRouter", "DeleteTransitRouter", {"TransitRouterId": walk.ids["tr"]}),
        ("OperationFailed.DeleteCenWithCustomRouteTable", "DeleteCen", {"CenId": walk.ids["cen"]}),
    ):
        walk.cloud.refused(code, "Cbn", action, **params)
    hole = {f"{WORD}DestinationCidrBlock": "10.0.0.0/8", f"{WORD}NextHopType": "BlackHole"}
    walk.done("CreateTransitRouterRouteEntry", TransitRouterRouteTableId=walk.ids["table"], **hole)
    walk.done("DeleteTransitRouterRouteTable", TransitRouterRouteTableId=table)
    walk.cloud.refused("OperationFailed.DeleteCenWithRouteEntry", "Cbn", "DeleteCen", CenId=walk.ids["cen"])
    walk.cloud.refused(
        "OperationFailed.DeleteTransitRouter", "Cbn", "DeleteTransitRouter", TransitRouterId=walk.ids["tr"]
    )


def test_route_maps_tell_what_they_were_given_and_change_but_for_their_place(walk):
    given = {
        "Priority": 7,
        "MapResult": "Permit",
        "NextPriority": 9,
        "Preference": 20,
        "SourceInstanceIds": ["vco-1"],
        "SourceInstanceIdsReverseMatch": True,
        "SourceChildInstanceTypes": ["VPN", "CCN"],
        "RouteTypes": ["BGP"],
        "MatchAsns": [65530],
        "AsPathMatchMode": "Complete",
        "MatchCommunitySet": ["1:2"],
        "CommunityMatchMode": "Include",
        "OperateCommunitySet": ["3:4"],
        "CommunityOperateMode": "Replace",
        "SourceRegionIds": [REGION],
        "PrependAsPath": [65001, 65001],
        "DestinationCidrBlocks": ["10.0.0.0/8"],
        "CidrMatchMode": "Include",
        "MatchAddressType": "IPv4",
        "Description": "d",
    }
    place = {"CenId": walk.ids["cen"], "CenRegionId": REGION}
    made = walk.done("CreateCenRouteMap", **place, TransmitDirection="RegionIn", **given)["RouteMapId"]
    [told] = maps(walk, RouteMapId=made)
    plain = {key: next(iter(value.values())) if isinstance(value, dict) else value for key, value in told.items()}
    assert {key: plain[key] for key in given} == {**given, "MatchAsns": ["65530"], "PrependAsPath": ["65001", "65001"]}
    walk.cloud.refused(
        "InvalidOperation.NoEffictiveAction", "Cbn", "ModifyCenRouteMap", **place, RouteMapId=made, **given
    )
    walk.cloud.call("Cbn", "ModifyCenRouteMap", **place, RouteMapId=made, Priority=8, MapResult="Deny")
    [told] = maps(walk, RouteMapId=made)
    assert (told["Status"], told["Priority"], told["TransmitDirection"], told["SourceInstanceIds"]) == (
        "Modifying",
        8,
        "RegionIn",
        {"SourceInstanceId": []},
    )
    walk.cloud.settle()
    walk.cloud.refused(
        "InvalidOperation.CenRouteMapExist",
        "Cbn",
        "ModifyCenRouteMap",
        **place,
        MapResult="Deny",
        RouteMapId=walk.done("CreateCenRouteMap", **place, TransmitDirection="RegionIn", Priority=9, MapResult="Deny")[
            "RouteMapId"
        ],
        Priority=8,
    )
    assert [one["Priority"] for one in maps(walk, TransmitDirection="RegionIn")] == [8, 9]
    assert maps(walk, CenRegionId="cn-beijing") == []
    assert walk.cloud.call("Cbn", "DescribeCenRouteMaps", CenId=walk.ids["cen"], PageSize=1)["TotalCount"] == 4


def test_names_change_at_once_and_what_packets_notice_in_its_time(walk):
    own = {"TransitRouterAttachmentId": walk.ids["vbr"]}
    update = "UpdateTransitRouterVbrAttachmentAttribute"

    def told():
        [row] = walk.listed("ListTransitRouterVbrAttachments", "TransitRouterAttachments", **own)
        return row["TransitRouterAttachmentName"], row["Status"], row["AutoPublishRouteEnabled"]

    walk.cloud.call("Cbn", update, TransitRouterAttachmentName="new", AutoPublishRouteEnabled=True, **own)
    assert told() == ("new", "Attached", True)
    walk.cloud.call("Cbn", update, AutoPublishRouteEnabled=False, **own)
    assert told() == ("new", "Modifying", False)
    walk.cloud.settle()
    assert told() == ("new", "Attached", False)
    where = {"TransitRouterId": walk.ids["tr"], "RegionId": REGION}
    walk.cloud.call("Cbn", "UpdateTransitRouter", TransitRouterName="R2", **where)
    walk.cloud.call("Cbn", "ModifyCenAttribute", CenId=walk.ids["cen"], Name="C2")
    walk.cloud.call(
        "Cbn",
        "UpdateTransitRouterRouteTable",
        TransitRouterRouteTableId=walk.ids["table"],
        TransitRouterRouteTableName="T2",
    )
    assert not walk.cloud.world.unsettled
    [cen] = walk.cloud.call("Cbn", "DescribeCens")["Cens"]["Cen"]
    [router] = walk.listed("ListTransitRouters", "TransitRouters")
    assert (
        cen["Name"],
        cen["Description"],
        router["TransitRouterName"],
        walk.tables()[0]["TransitRouterRouteTableName"],
    ) == ("C2", "d", "R2", "T2")


def test_zones_come_and_go(walk):
    own = {"TransitRouterAttachmentId": walk.ids["vpc"]}

    def interfaces():
        return [sum(1 for _ in walk.cloud.world.children(f"vsw-{index}", "eni")) for index in (1, 2, 3)]

    assert interfaces() == [0, 1, 1]
    change = {
        "RemoveZoneMappings": [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-2"}],
        "AddZoneMappings": [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-1"}],
    }
    walk.cloud.call("Cbn", "UpdateTransitRouterVpcAttachmentZones", **change, **own)
    assert interfaces() == [1, 1, 1]
    walk.cloud.settle()
    assert interfaces() == [1, 0, 1]
    [row] = walk.listed("ListTransitRouterVpcAttachments", "TransitRouterAttachments", **own)
    assert [one["VSwitchId"] for one in row["ZoneMappings"]] == ["vsw-3", "vsw-1"]


def test_cidrs_change_while_no_address_of_them_is_taken():
    walk = Walk().run("cidr")
    own = {**walk.where(), "TransitRouterCidrId": walk.ids["cidr"]}
    walk.done("ModifyTransitRouterCidr", Cidr="10.20.0.0/16", Name="n", PublishCidrRoute=False, **own)
    [row] = walk.listed("ListTransitRouterCidr", "CidrLists", **own)
    assert (row["Cidr"], row["Name"], row["PublishCidrRoute"], row["Family"]) == ("10.20.0.0/16", "n", False, "IPv4")
    walk.vpn()
    assert walk.cloud.world.get("tun-11").text("InternetIp") == "10.20.0.49"
    walk.cloud.call("Cbn", "ModifyTransitRouterCidr", Name="m", **own)
    assert not walk.cloud.world.unsettled
    walk.cloud.call("Cbn", "ModifyTransitRouterCidr", PublishCidrRoute=True, Cidr="10.20.0.0/16", **own)
    assert walk.cloud.world.unsettled == {walk.ids["cidr"]}


def test_addresses_of_a_cidr_are_given_until_it_is_full_and_then_of_the_next():
    cloud = Cloud(Learned())
    cen = cloud.done("Cbn", "CreateCen")["CenId"]
    router = cloud.done(
        "Cbn",
        "CreateTransitRouter",
        CenId=cen,
        RegionId=REGION,
        TransitRouterCidrList=[{"Cidr": "10.1.1.0/24", "PublishCidrRoute": False}, {"Cidr": "10.1.2.0/24"}],
    )["TransitRouterId"]
    taken = {}
    for index in range(1, 51):
        connection(cloud, index)
        one = cloud.done("Cbn", "CreateTransitRouterVpnAttachment", VpnId=f"vco-{index}", TransitRouterId=router)
        taken[index] = (
            one["TransitRouterAttachmentId"],
            *(cloud.world.get(f"tun-{index}{end}").text("InternetIp") for end in (1, 2)),
        )
    pairs = [one[1:] for one in taken.values()]
    assert pairs[:8] == [
        *((f"10.1.1.{48 + 2 * index - 1}", f"10.1.1.{48 + 2 * index}") for index in range(1, 8)),
        ("10.1.1.65", "10.1.1.66"),
    ]
    connection(cloud, 51)
    more = {"VpnId": "vco-51", "TransitRouterId": router}
    cloud.refused("QuotaExceeded.CenQuotaVpnAttachPerTransitRouter", "Cbn", "CreateTransitRouterVpnAttachment", **more)
    for index in (3, 9):
        cloud.done("Cbn", "DeleteTransitRouterVpnAttachment", TransitRouterAttachmentId=taken[index][0])
    cloud.done("Cbn", "CreateTransitRouterVpnAttachment", **more)
    assert cloud.world.get("tun-511").text("InternetIp") == taken[3][1]


def test_an_attachment_makes_the_transit_router_of_its_cen_where_there_is_none():
    cloud = Cloud(Learned())
    border(cloud)
    vpc(cloud, "vpc-1", "172.16.0.0/16", {"vsw-1": ("172.16.1.0/24", "h")})
    cen = cloud.done("Cbn", "CreateCen")["CenId"]
    where = {"CenId": cen, "RegionId": REGION}
    cloud.call("Cbn", "CreateTransitRouterVbrAttachment", VbrId="vbr-1", **where)
    zones = [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-1"}]
    cloud.refused(
        "Operation.Blocking", "Cbn", "CreateTransitRouterVpcAttachment", VpcId="vpc-1", ZoneMappings=zones, **where
    )
    cloud.settle()
    cloud.done("Cbn", "CreateTransitRouterVpcAttachment", VpcId="vpc-1", ZoneMappings=zones, **where)
    [router] = cloud.call("Cbn", "ListTransitRouters", **where)["TransitRouters"]
    assert (router["Status"], router["Type"]) == ("Active", "Enterprise")
    found = cloud.call("Cbn", "DescribeCenAttachedChildInstances", CenId=cen)["ChildInstances"]["ChildInstance"]
    assert [(one["ChildInstanceId"], one["Status"]) for one in found] == [("vbr-1", "Attached"), ("vpc-1", "Attached")]


def test_the_ends_of_a_block_are_nobodys_gateway():
    cloud = Cloud(Learned())
    cen = cloud.done("Cbn", "CreateCen")["CenId"]
    cidrs = [{"Cidr": "10.1.1.0/24"}]
    router = cloud.done("Cbn", "CreateTransitRouter", CenId=cen, RegionId=REGION, TransitRouterCidrList=cidrs)
    for index in range(15):
        cloud.put(f"vco-{index}", "vpn_attachment", "", "init", NetworkType="private")
        one = {"VpnId": f"vco-{index}", "TransitRouterId": router["TransitRouterId"]}
        cloud.done("Cbn", "CreateTransitRouterVpnAttachment", **one)
    addresses = [cloud.world.get(f"vco-{index}").text("InternetIp") for index in range(15)]
    assert addresses == [*(f"10.1.1.{last}" for last in range(49, 63)), "10.1.1.65"]


def test_an_ipsec_connection_is_told_routes_unless_asked_otherwise(walk):
    told = {
        word: walk.listed(f"ListTransitRouter{word}Attachments", "TransitRouterAttachments")[0][
            "AutoPublishRouteEnabled"
        ]
        for word in ("Vpc", "Vpn")
    }
    assert told == {"Vpc": False, "Vpn": True}
