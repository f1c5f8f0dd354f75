"""What Cbn's calls leave behind is a sound plan, and of route maps a plan has what can matter."""

import pytest
from cbn_walk import ACCOUNT, REGION, Walk

from sealane.app.server.networks import expand
from sealane.cloud.to_plan import carried_networks, plain
from sealane.model import Platform


def network(walk):
    [found] = [one for one in carried_networks(walk.cloud.world, [ACCOUNT], "n") if one.transit_router]
    return found


@pytest.mark.parametrize("last", Walk.STEPS[1:])
def test_every_step_leaves_a_sound_plan(last):
    walk = Walk()
    carried = network(walk.run(last))
    expanded = expand(carried)
    assert expanded.network is not None, expanded.findings
    kinds = {kind: len(found) for kind, found in plain(carried.plan)["transit_router"]["attachments"].items()}
    steps = Walk.STEPS.index(last)
    assert kinds == {kind: int(steps >= Walk.STEPS.index(kind)) for kind in ("vpc", "vbr", "vpn")}


def maps(walk, **rules):
    walk.done("CreateCenRouteMap", CenId=walk.ids["cen"], CenRegionId=REGION, Priority=7, **rules)
    return [one for one in plain(network(walk).plan)["route_maps"] if one["priority"] == 7]


@pytest.mark.parametrize(
    ("rules", "there"),
    [
        ({"SourceRegionIds": ["cn-beijing"]}, False),
        ({"SourceRegionIds": ["cn-beijing", REGION]}, True),
        ({"DestinationRegionIds": ["cn-beijing"]}, False),
        ({"DestinationRegionIds": ["cn-beijing"], "TransmitDirection": "RegionIn"}, True),
        ({"SourceChildInstanceTypes": ["CCN"]}, False),
        ({"SourceChildInstanceTypes": ["CCN", "VPN"]}, True),
        ({"SourceInstanceIds": ["ccn-x"]}, False),
        ({"SourceInstanceIds": ["ccn-x"], "SourceInstanceIdsReverseMatch": True}, True),
    ],
)
def test_a_map_that_can_match_nothing_is_in_no_plan(rules, there):
    found = maps(Walk().run(), MapResult="Deny", **{"TransmitDirection": "RegionOut", **rules})
    assert bool(found) == there
    for one in found:
        assert one.get("source_child_instance_types") in (None, ["VPN"])


def test_what_the_cloud_does_not_heed_is_in_no_plan():
    walk = Walk().run()
    [learned] = maps(
        walk, TransmitDirection="RegionIn", MapResult="Deny", Preference=5, DestinationInstanceIds=["vbr-1"]
    )
    assert not {"preference", "destination_instances"} & {key for key, value in learned.items() if value is not None}
    assert expand(network(walk)).network is not None


def test_a_vpc_takes_published_routes_unless_its_table_does_not():
    walk = Walk().run()
    walk.cloud.call("Cbn", "UpdateTransitRouterVpcAttachmentAttribute", AutoPublishRouteEnabled=True,
                    TransitRouterAttachmentId=walk.ids["vpc"])
    walk.cloud.settle()

    def takes():
        (node,) = [one for one in expand(network(walk)).network.nodes if one.platform is Platform.VPC]
        return node.publisher is not None

    assert takes()
    for one in (False, True):
        walk.cloud.call("Vpc", "ModifyRouteTableAttributes", RegionId=REGION, RouteTableId="vtb-vpc-1",
                        RoutePropagationEnable=one)
        assert takes() == one
