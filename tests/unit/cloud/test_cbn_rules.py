"""Every rule of Cbn with its code; what is refused changes nothing."""

from dataclasses import replace

import pytest
from cbn_refusals import BUSY, REFUSED, attach, cidr, zones
from cbn_walk import CUSTOMERS, REGION, Walk
from harness import OTHER, border, connection, vpc

WORD = "TransitRouterRouteEntry"
ZONES = [{"ZoneId": f"{REGION}-h", "VSwitchId": "vsw-9"}]


@pytest.fixture
def walk():
    """The use case, and a second of everything that can be attached, unattached."""
    made = Walk().run()
    vpc(made.cloud, "vpc-9", "172.20.0.0/16", {"vsw-9": ("172.20.1.0/24", "h"), "vsw-10": ("172.20.2.0/24", "j")})
    border(made.cloud, 2)
    connection(made.cloud, 2)
    return made


def given(walk, params):
    """``$name`` stands for an id that a step of the walk made."""
    if isinstance(params, str):
        return walk.ids[params[1:]] if params.startswith("$") else params
    if isinstance(params, dict):
        return {key: given(walk, value) for key, value in params.items()}
    return [given(walk, one) for one in params] if isinstance(params, list) else params


@pytest.mark.parametrize(("call", "code"), REFUSED, ids=lambda one: one if isinstance(one, str) else one[0])
def test_it_is_refused(walk, call, code):
    action, params = call
    walk.cloud.refused(code, "Cbn", action, **given(walk, params))


def test_another_account_sees_nothing(walk):
    for name, action, key, refusal in (
        ("cen", "DeleteCen", "CenId", "InvalidCenId.NotFound"),
        ("tr", "DeleteTransitRouter", "TransitRouterId", "InvalidTransitRouterId.NotFound"),
        (
            "vpc",
            "DeleteTransitRouterVpcAttachment",
            "TransitRouterAttachmentId",
            "InvalidTransitRouterAttachmentId.NotFound",
        ),
        (
            "table",
            "DeleteTransitRouterRouteTable",
            "TransitRouterRouteTableId",
            "InvalidTransitRouterRouteTableId.NotFound",
        ),
        (CUSTOMERS[0], "DeleteTransitRouterRouteEntry", f"{WORD}Id", "IllegalParam.TransitRouterRouteEntryId"),
    ):
        walk.cloud.refused(refusal, "Cbn", action, account=OTHER, **{key: walk.ids[name]})
    for action, key in (
        ("DescribeCens", "TotalCount"),
        ("ListTransitRouters", "TotalCount"),
        ("ListTransitRouterVpcAttachments", "TotalCount"),
    ):
        assert walk.cloud.call("Cbn", action, account=OTHER)[key] == 0
        found = {"TransitRouterId": walk.ids["tr"]} if action != "DescribeCens" else {}
        assert walk.cloud.call("Cbn", action, account=OTHER, **found)[key] == 0


def test_states_of_instances_that_cannot_be_attached(walk):
    cloud = walk.cloud
    for kind, document, status, code in (
        ("Vpc", "vpc-9", "Pending", "IncorrectStatus.VpcResource"),
        ("Vbr", "vbr-2", "terminated", "InvalidStatus.ResourceStatus"),
        ("Vpn", "vco-2", "updating", "InvalidStatus.ResourceStatus"),
    ):
        before = cloud.world.get(document).status
        cloud.put(document, "", status=status)
        action, params = attach(kind)
        cloud.refused(code, "Cbn", action, **given(walk, params))
        cloud.put(document, "", status=before)
        walk.done(action, **given(walk, params))


def test_what_is_told_in_its_lasting_state_can_be_attached_before_the_network_has_it(walk):
    cloud = walk.cloud
    for kind, document in (("Vbr", "vbr-2"), ("Vpn", "vco-2")):
        one = cloud.world.get(document)
        cloud.world.adopt([replace(one, generation=one.generation + 1)])
        action, params = attach(kind)
        cloud.call("Cbn", action, **given(walk, params))
    cloud.settle()


def test_a_public_connection_has_no_address_to_get(walk):
    walk.cloud.put("vco-2", "", NetworkType="public")
    action, params = attach("Vpn")
    walk.cloud.refused("InvalidOperation.VpnNetworkTypeInvalid", "Cbn", action, **given(walk, params))


def test_without_a_cidr_no_connection_is_attached():
    walk = Walk().run("router")
    walk.cloud.refused(
        "OperationFailed.AllocateCidrFailed",
        "Cbn",
        "CreateTransitRouterVpnAttachment",
        VpnId="vco-1",
        TransitRouterId=walk.ids["tr"],
    )


def test_a_vswitch_that_is_full(walk):
    vpc(walk.cloud, "vpc-8", "172.21.0.0/16", {"vsw-8": ("172.21.0.0/29", "h")})
    for index in range(4):
        walk.cloud.put(f"i-{index}", "instance", "vsw-8", "Running", PrivateIpAddress=f"172.21.0.{index + 1}")
    action, params = attach("Vpc", VpcId="vpc-8", ZoneMappings=zones(("h", "vsw-8")))
    walk.cloud.refused("InsufficientIpAddr.vsw", "Cbn", action, **given(walk, params))
    walk.cloud.drop("i-2")
    walk.done(action, **given(walk, params))
    [eni] = walk.cloud.world.children("vsw-8", "eni")
    assert eni.text("PrivateIpAddress") == "172.21.0.3"


def test_what_overlaps_a_cidr_of_the_transit_router_is_not_attached(walk):
    vpc(walk.cloud, "vpc-8", "10.10.0.0/16", {"vsw-8": ("10.10.1.0/24", "h")})
    action, params = attach("Vpc", VpcId="vpc-8", ZoneMappings=zones(("h", "vsw-8")))
    walk.cloud.refused("OperationFailed.CidrConflict", "Cbn", action, **given(walk, params))


def test_five_cidrs_are_the_most(walk):
    for index in range(4):
        action, params = cidr(f"10.4{index}.0.0/16")
        walk.done(action, **given(walk, params))
    action, params = cidr("10.50.0.0/16")
    walk.cloud.refused("OperationUnsupported.TransitRouterCidr", "Cbn", action, **given(walk, params))


def test_learned_routes_cannot_be_deleted(walk):
    walk.network().cloud.refused(
        "OperationFailed.DeleteTransitRouterRouteEntry",
        "Cbn",
        "DeleteTransitRouterRouteEntry",
        **{
            "TransitRouterRouteTableId": walk.ids["table"],
            f"{WORD}DestinationCidrBlock": "192.168.0.0/16",
            f"{WORD}NextHopType": "Attachment",
            f"{WORD}NextHopId": walk.ids["vbr"],
        },
    )


@pytest.mark.parametrize(("name", "call", "code"), BUSY)
def test_while_a_change_is_under_way_another_is_refused(walk, name, call, code):
    document = walk.cloud.world.get(walk.ids.get(name, name))
    walk.cloud.world.adopt([replace(document, generation=document.generation + 1)])
    action, params = call
    walk.cloud.refused(code, "Cbn", action, **given(walk, params))
    walk.cloud.settle()
    if action.startswith("Update") and "Zones" not in action:
        walk.cloud.call("Cbn", action, **given(walk, params))


def test_nothing_joins_two_transit_routers(walk):
    cen = walk.done("CreateCen")["CenId"]
    router = walk.done("CreateTransitRouter", CenId=cen, RegionId=REGION)["TransitRouterId"]
    [table] = walk.listed("ListTransitRouterRouteTables", "TransitRouterRouteTables", TransitRouterId=router)
    table_id = table["TransitRouterRouteTableId"]
    for action in (
        "AssociateTransitRouterAttachmentWithRouteTable",
        "ReplaceTransitRouterRouteTableAssociation",
        "EnableTransitRouterRouteTablePropagation",
    ):
        pair = {"TransitRouterAttachmentId": walk.ids["vpc"], "TransitRouterRouteTableId": table_id}
        walk.cloud.refused("InvalidRouteTableId.NotFound", "Cbn", action, **pair)
    route = {
        f"{WORD}DestinationCidrBlock": "10.99.0.0/16",
        f"{WORD}NextHopType": "Attachment",
        f"{WORD}NextHopId": walk.ids["vpc"],
    }
    walk.cloud.refused(
        "InvalidTransitRouterRouteEntryNextHopId.NotFound",
        "Cbn",
        "CreateTransitRouterRouteEntry",
        TransitRouterRouteTableId=table_id,
        **route,
    )
    policy = {"Priority": 1, "MapResult": "Deny", "TransmitDirection": "RegionIn", "CenRegionId": REGION}
    walk.cloud.refused(
        "InvalidTransitRouterRouteTableId.NotFound",
        "Cbn",
        "CreateCenRouteMap",
        CenId=cen,
        TransitRouterRouteTableId=walk.ids["table"],
        **policy,
    )
