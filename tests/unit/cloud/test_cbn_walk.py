"""The use case in Cbn: what each step leaves behind, and taking it apart in the wrong and in the right order."""

import pytest
from cbn_walk import CUSTOMERS, REGION, Walk

WORD = "TransitRouterRouteEntry"


@pytest.fixture
def walk():
    return Walk().run()


def document(walk, name):
    return walk.cloud.world.get(walk.ids.get(name, name))


def test_everything_is_in_its_lasting_state(walk):
    active = ("cen", "transit_router", "tr_route_table", "tr_association", "tr_propagation", "tr_route_entry")
    kinds = {"tr_attachment": "Attached", **dict.fromkeys(active, "Active")}
    states = {(one.kind, one.status) for one in walk.cloud.world.everything() if one.kind in kinds}
    assert states == set(kinds.items())


def test_the_table_of_the_document(walk):
    table = {"TransitRouterRouteTableId": walk.ids["table"]}
    rows = walk.network().listed("ListTransitRouterRouteEntries", "TransitRouterRouteEntries", **table)
    told = {
        one[f"{WORD}DestinationCidrBlock"]: (
            one[f"{WORD}Type"],
            one.get(f"{WORD}NextHopResourceId", "-"),
            one[f"{WORD}OriginResourceType"],
            one["PathAttributes"]["OriginRouteType"],
        )
        for one in rows
    }
    vpc = ("Propagated", "vpc-1", "VPC", "System")
    vpn = ("Propagated", "vco-1", "VPN", "BGP")
    static = ("Static", "vbr-1", "TR", "static")
    assert told == {
        "10.10.10.0/24": ("Propagated", "-", "TR", "BlackHole"),
        "172.16.10.0/24": vpc,
        "172.16.20.0/24": vpc,
        "172.16.30.0/24": vpc,
        "192.168.0.0/16": ("Propagated", "vbr-1", "VBR", "Custom"),
        "192.168.10.0/24": vpn,
        "192.168.40.0/24": vpn,
        "192.168.10.136/32": static,
        "192.168.40.159/32": static,
    }
    hole, *_ = rows
    assert (hole["Tag"], hole["OperationalMode"], hole[f"{WORD}NextHopType"]) == ("PermitVbr", False, "BlackHole")
    assert [one["PathAttributes"]["AsPaths"] for one in rows if one[f"{WORD}OriginResourceType"] == "VPN"] == [
        ["65530"]
    ] * 2
    assert all(one["OperationalMode"] == (one[f"{WORD}Type"] == "Static") for one in rows)


def test_the_gateway_addresses_are_those_of_the_document(walk):
    blocks = walk.listed(
        "ListTransitRouterCidrAllocation", "TransitRouterCidrAllocations", DedicatedOwnerId="VPN", **walk.where()
    )
    assert [(one["AllocatedCidrBlock"], one.get("AttachmentId", "")) for one in blocks] == [
        ("10.10.10.0/28", ""),
        ("10.10.10.16/28", ""),
        ("10.10.10.32/28", ""),
        ("10.10.10.49/32", walk.ids["vpn"]),
        ("10.10.10.50/32", walk.ids["vpn"]),
    ]
    assert [document(walk, name).text("InternetIp") for name in ("tun-11", "tun-12", "vco-1")] == [
        "10.10.10.49",
        "10.10.10.50",
        "10.10.10.49",
    ]
    vco = document(walk, "vco-1")
    assert (vco.status, vco.text("TransitRouterId"), vco.text("AttachInstanceId")) == (
        "attached",
        walk.ids["tr"],
        walk.ids["cen"],
    )


def test_the_vpc_attachment_has_an_interface_in_each_zone(walk):
    [one] = walk.listed("ListTransitRouterVpcAttachments", "TransitRouterAttachments", CenId=walk.ids["cen"])
    assert [(zone["ZoneId"], zone["VSwitchId"]) for zone in one["ZoneMappings"]] == [
        (f"{REGION}-h", "vsw-2"),
        (f"{REGION}-j", "vsw-3"),
    ]
    for zone in one["ZoneMappings"]:
        assert document(walk, zone["NetworkInterfaceId"]).parent == zone["VSwitchId"]
    assert (one["AutoPublishRouteEnabled"], one["ResourceType"], one["Status"]) == (False, "VPC", "Attached")


def test_the_policy_of_the_system_comes_with_the_first_ipsec_connection():
    walk = Walk().run("cidr")
    maps = {"CenId": walk.ids["cen"]}
    assert walk.listed("DescribeCenRouteMaps", "RouteMaps", **maps)["RouteMap"] == []
    walk.vpn()
    [one] = walk.listed("DescribeCenRouteMaps", "RouteMaps", **maps)["RouteMap"]
    assert (one["Priority"], one["TransmitDirection"], one["MapResult"]) == (5000, "RegionOut", "Deny")
    for side in ("Source", "Destination"):
        assert one[f"{side}ChildInstanceTypes"][f"{side}ChildInstanceType"] == ["VBR", "CCN", "VPN"]
    for action, more in (("DeleteCenRouteMap", {}), ("ModifyCenRouteMap", {"Priority": 1, "MapResult": "Permit"})):
        walk.cloud.refused(
            "InvalidParameter", "Cbn", action, CenRegionId=REGION, RouteMapId=one["RouteMapId"], **maps, **more
        )


WRONG_ORDER = [
    ("DeleteCen", {"CenId": "cen"}, "InvalidOperation.CenInstanceStatus"),
    ("DeleteTransitRouter", {"TransitRouterId": "tr"}, "InvalidOperation.AttachedChildInstanceExist"),
    (
        "DeleteTransitRouterCidr",
        {"TransitRouterId": "tr", "TransitRouterCidrId": "cidr"},
        "OperationFailed.CidrBlockAllocated",
    ),
    ("DeleteTransitRouterRouteTable", {"TransitRouterRouteTableId": "table"}, "OperationFailed.DeleteSystemRouteTable"),
    (
        "DeleteTransitRouterVpcAttachment",
        {"TransitRouterAttachmentId": "vpc"},
        "OperationFailed.RouteTableAssociationExist",
    ),
    (
        "DeleteTransitRouterVbrAttachment",
        {"TransitRouterAttachmentId": "vbr"},
        "OperationFailed.RouteTableAssociationExist",
    ),
    (
        "DeleteTransitRouterVpnAttachment",
        {"TransitRouterAttachmentId": "vpn"},
        "OperationFailed.RouteTableAssociationExist",
    ),
]


@pytest.mark.parametrize(("action", "names", "code"), WRONG_ORDER)
def test_the_wrong_order_is_refused(walk, action, names, code):
    where = {"RegionId": REGION} if action == "DeleteTransitRouterCidr" else {}
    walk.cloud.refused(code, "Cbn", action, **where, **{key: walk.ids[name] for key, name in names.items()})


def test_each_dependant_of_an_attachment_has_its_code(walk):
    steps = (
        ("DissociateTransitRouterAttachmentFromRouteTable", "vbr", "OperationFailed.RouteTableAssociationExist"),
        ("DisableTransitRouterRouteTablePropagation", "vbr", "OperationFailed.RouteTablePropagationExist"),
    )
    attachment = {"TransitRouterAttachmentId": walk.ids["vbr"]}
    for action, name, code in steps:
        walk.cloud.refused(code, "Cbn", "DeleteTransitRouterVbrAttachment", **attachment)
        walk.cloud.call("Cbn", action, **walk.both(name))
        walk.cloud.refused(code, "Cbn", "DeleteTransitRouterVbrAttachment", **attachment)
        walk.cloud.settle()
    walk.cloud.refused("OperationFailed.RouteEntryExist", "Cbn", "DeleteTransitRouterVbrAttachment", **attachment)
    for action, _, _ in steps:
        walk.done(action, **walk.both("vpc"))
    walk.cloud.refused(
        "OperationFailed.AttachmentReferencedVpcRouteEntryExisted",
        "Cbn",
        "DeleteTransitRouterVpcAttachment",
        TransitRouterAttachmentId=walk.ids["vpc"],
    )


OURS = {
    "cen",
    "transit_router",
    "tr_cidr",
    "tr_cidr_allocation",
    "tr_attachment",
    "tr_route_table",
    "tr_association",
    "tr_propagation",
    "tr_route_entry",
    "route_map",
    "eni",
}


def left(walk):
    return {one.kind for one in walk.cloud.world.everything()} & OURS


def test_the_right_order_leaves_nothing(walk):
    walk.done("DeleteCenRouteMap", CenId=walk.ids["cen"], CenRegionId=REGION, RouteMapId=walk.ids["map"])
    for address in CUSTOMERS:
        walk.done("DeleteTransitRouterRouteEntry", TransitRouterRouteEntryId=walk.ids[address])
    for index in range(3):
        walk.cloud.drop(f"rte-{index}")
    for name in ("vpn", "vbr", "vpc"):
        walk.done("DissociateTransitRouterAttachmentFromRouteTable", **walk.both(name))
        walk.done("DisableTransitRouterRouteTablePropagation", **walk.both(name))
        walk.done(f"DeleteTransitRouter{name.capitalize()}Attachment", TransitRouterAttachmentId=walk.ids[name])
        if name == "vpn":
            walk.done("DeleteTransitRouterCidr", TransitRouterCidrId=walk.ids["cidr"], **walk.where())
    walk.done("DeleteTransitRouter", TransitRouterId=walk.ids["tr"])
    assert left(walk) == {"cen"}
    walk.done("DeleteCen", CenId=walk.ids["cen"])
    assert left(walk) == set()
    assert document(walk, "vco-1").status == "init"
    assert not any(document(walk, name).text("InternetIp") for name in ("vco-1", "tun-11", "tun-12"))


def test_force_takes_dependants_along(walk):
    for name in ("vpn", "vbr", "vpc"):
        walk.cloud.call(
            "Cbn",
            f"DeleteTransitRouter{name.capitalize()}Attachment",
            Force=True,
            TransitRouterAttachmentId=walk.ids[name],
        )
    assert document(walk, "vco-1").status == "detaching"
    walk.cloud.settle()
    assert left(walk) == {"cen", "transit_router", "tr_route_table", "tr_cidr", "route_map"}
    assert document(walk, "rte-0") is None
    assert document(walk, "rte-vbr") is not None
    walk.done("DeleteCen", CenId=walk.ids["cen"])
    assert left(walk) == set()


def test_a_connection_is_bound_until_its_attachment_is_gone(walk):
    walk.cloud.call("Cbn", "DeleteTransitRouterVpnAttachment", Force=True, TransitRouterAttachmentId=walk.ids["vpn"])
    assert walk.cloud.world.unsettled >= {walk.ids["vpn"]}
    assert "vco-1" not in walk.cloud.world.unsettled
    assert document(walk, "vco-1").text("InternetIp") == "10.10.10.49"
    walk.cloud.settle()
    vco = document(walk, "vco-1")
    assert (vco.status, vco.text("TransitRouterId"), vco.text("AttachType")) == ("init", "", "NO_ASSOCIATED")
    walk.vpn()
    assert document(walk, "tun-12").text("InternetIp") == "10.10.10.50"
