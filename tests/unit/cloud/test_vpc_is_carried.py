"""What the API of VPCs accepts can be made: the plan that its documents say has no errors, and says all of them."""

from contextlib import suppress

from harness import ACCOUNT, REGION, Cloud
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sealane.app.server.networks import expand
from sealane.cloud import CloudError
from sealane.cloud.to_plan import carried_networks
from sealane.net import Prefix, contains, overlaps

BLOCKS = st.sampled_from(["10.0.0.0/8", "10.1.0.0/16", "10.1.128.0/17", "10.2.0.0/16", "172.16.0.0/12",
                          "172.17.0.0/16", "192.168.0.0/28", "192.168.0.0/24", "100.64.0.0/16"])  # fmt: skip
SWITCHES = st.sampled_from(["10.1.0.0/24", "10.1.0.0/16", "10.1.128.0/24", "10.2.7.0/28", "172.16.1.0/24",
                            "172.17.0.0/29", "192.168.0.0/28"])  # fmt: skip
ROUTES = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "172.16.1.128/25", "10.9.0.0/16", "192.168.0.0/16",
                          "100.64.1.0/24", "169.254.0.0/16", "1.2.3.4"])  # fmt: skip
HOPS = st.sampled_from(["i-1", "i-1", "eni-1", "i-2", "i-9"])
STATES = st.sampled_from(["Running", "Running", "Stopped", "Pending"])
STEPS = st.one_of(
    st.tuples(st.just("AssociateVpcCidrBlock"), BLOCKS),
    st.tuples(st.just("UnassociateVpcCidrBlock"), st.integers(0, 2)),
    st.tuples(st.just("CreateVSwitch"), SWITCHES),
    st.tuples(st.just("CreateVSwitch"), SWITCHES),
    st.tuples(st.just("DeleteVSwitch"), st.integers(0, 3)),
    st.tuples(st.just("RunInstances"), st.tuples(st.integers(0, 3), st.integers(1, 2), STATES)),
    st.tuples(st.just("CreateRouteEntry"), st.tuples(ROUTES, HOPS)),
    st.tuples(st.just("DeleteInstance"), HOPS),
)


def take(cloud, vpc, table, step, value):
    """One step, refused or not."""
    switches = [*cloud.world.children(vpc, "vswitch")]
    named = {"RegionId": REGION, "VpcId": vpc}
    match step, value:
        case "RunInstances", (index, number, status):
            if index < len(switches) and cloud.world.get(f"i-{number}") is None:
                address = str(Prefix(switches[index].text("CidrBlock"))[1 + number])
                cloud.put(f"i-{number}", "instance", switches[index].id, status, PrivateIpAddress=address)
        case "DeleteVSwitch", index:
            if index < len(switches):
                cloud.done("Vpc", step, VSwitchId=switches[index].id)
        case "CreateVSwitch", block:
            cloud.done("Vpc", step, **named, ZoneId=f"{REGION}-h", CidrBlock=block)
        case "UnassociateVpcCidrBlock", index:
            there = cloud.world.get(vpc).fields.get("SecondaryCidrBlocks", ())
            if index < len(there):
                cloud.done("Vpc", step, **named, SecondaryCidrBlock=there[index])
        case "CreateRouteEntry", (block, hop):
            kind = "Instance" if hop.startswith("i-") else "NetworkInterface"
            cloud.done("Vpc", step, RouteTableId=table, DestinationCidrBlock=block, NextHopType=kind, NextHopId=hop)
        case "DeleteInstance", hop:
            cloud.done("Ecs", step, InstanceId=hop, Force=True)
        case _, block:
            cloud.done("Vpc", step, **named, SecondaryCidrBlock=block)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(STEPS, min_size=3, max_size=14))
def test_what_is_accepted_makes_a_network_without_errors(steps):
    cloud = Cloud()
    made = cloud.done("Vpc", "CreateVpc", RegionId=REGION, CidrBlock="172.16.0.0/16")
    vpc, table = made["VpcId"], made["RouteTableId"]
    usual = (("AssociateVpcCidrBlock", "10.1.0.0/16"), ("CreateVSwitch", "172.16.1.0/24"),
             ("RunInstances", (0, 1, "Running")))  # fmt: skip
    for step, value in (*usual, *steps):
        with suppress(CloudError):
            take(cloud, vpc, table, step, value)
    [told] = cloud.call("Vpc", "DescribeVpcs", RegionId=REGION)["Vpcs"]["Vpc"]
    blocks = [Prefix(one) for one in (told["CidrBlock"], *told["SecondaryCidrBlocks"]["SecondaryCidrBlock"])]
    assert not any(overlaps(one, other) for index, one in enumerate(blocks) for other in blocks[:index])
    switches = {one.id: Prefix(one.text("CidrBlock")) for one in cloud.world.children(vpc, "vswitch")}
    assert all(any(contains(block, one) for block in blocks) for one in switches.values())
    routes = {one.text("DestinationCidrBlock") for one in cloud.world.children(table, "route_entry")}
    event(f"{len(blocks)} blocks, {len(switches)} vSwitches, {len(routes)} routes")
    networks = carried_networks(cloud.world, [ACCOUNT], "n")
    assert len(networks) == bool(switches)
    for network in networks:
        expanded = expand(network)
        assert expanded.network is not None, expanded.findings
        node = expanded.network.node(vpc)
        assert {one.name for one in node.interfaces} == set(switches)
        assert {str(one.prefix) for one in node.static_routes} == routes
