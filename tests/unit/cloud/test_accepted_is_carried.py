"""What the API of border routers accepts can be made: the plan that its documents say has no errors."""

from contextlib import suppress

from harness import ACCOUNT, REGION, Cloud
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sealane.app.server.networks import expand
from sealane.cloud import HOST, CloudError
from sealane.cloud.to_plan import carried_networks

SUBNETS = st.sampled_from(["10.0.0.0", "192.168.7.0", "169.254.9.0", "100.64.3.0", "198.18.0.0", "0.0.0.0",
                           "239.1.1.0"])  # fmt: skip
LAST = st.integers(0, 9) | st.sampled_from([126, 254, 255])
MASKS = st.sampled_from(["255.255.255.0", "255.255.255.128", "255.255.255.248", "255.255.255.252", "255.255.255.254"])
ASNS = st.sampled_from([0, 1, 23456, 45104, 64511, 64512, 65025, 65534, 65535, 4199999999, 4200000000, 4294967294,
                        4294967295])  # fmt: skip
KEYS = st.sampled_from([None, "", "x", "!~@>", '"', "with space", "what?", "k" * 64, "k" * 65])
BLOCKS = st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "100.0.0.0/8", "100.64.0.0/10", "127.0.0.1", "169.254.9.0/24",
                          "192.168.0.0/16", "224.0.0.0/3", "224.0.0.0/4", "240.0.0.0/4", "1.2.3.4"])  # fmt: skip
TIMERS = st.sampled_from([199, 200, 1000, 1001])


@st.composite
def calls(draw):
    """Calls with parameters that are sometimes wrong; objects are named by the order in which they are made."""
    usual = draw(st.integers(0, 3)) > 0  # else hardly any border router would come about
    subnet = "10.0.0" if usual else draw(SUBNETS).rpartition(".")[0]
    first, second = (1, 2) if usual else (draw(LAST), draw(LAST))
    ends = {"LocalGatewayIp": f"{subnet}.{first}", "PeerGatewayIp": f"{subnet}.{second}",
            "PeeringSubnetMask": draw(MASKS)}  # fmt: skip
    vlan = draw(st.sampled_from([0, 1, 2999]))
    made = [("CreateVirtualBorderRouter", {"PhysicalConnectionId": "pc-1", "VlanId": vlan, **ends})]
    optional = {"MinTxInterval": TIMERS, "MinRxInterval": TIMERS, "DetectMultiplier": st.integers(2, 11),
                "Mtu": st.sampled_from([0, 1400, 1500, 8500])}  # fmt: skip
    for name, values in optional.items():
        made.append(("ModifyVirtualBorderRouterAttribute", {name: draw(values)}))
    for _ in range(draw(st.integers(0, 2))):
        group = {"PeerAsn": draw(ASNS), "LocalAsn": draw(st.none() | ASNS), "AuthKey": draw(KEYS)}
        if draw(st.booleans()):
            group = {"PeerAsn": 65530}
        made.append(("CreateBgpGroup", group))
        for _ in range(draw(st.integers(0, 2))):
            peer = {"PeerIpAddress": draw(st.none() | LAST.map(lambda last: f"{subnet}.{last}")),
                    "EnableBfd": draw(st.booleans()),
                    "BfdMultiHop": draw(st.sampled_from([None, 0, 1, 255, 256]))}  # fmt: skip
            made.append(("CreateBgpPeer", peer))
        made.append(("ModifyBgpGroupAttribute", {"LocalAsn": draw(ASNS)}))
    made += [("CreateRouteEntry", {"DestinationCidrBlock": draw(BLOCKS)}) for _ in range(draw(st.integers(0, 3)))]
    return made


def name_objects(cloud, action, params):
    """The parameters with the ids of what was made last."""
    last = {kind: [*cloud.world.of_kind(ACCOUNT, kind)][-1:] for kind in ("vbr", "bgp_group")}
    vbr, group = (found[0] if found else None for found in last.values())
    where = {
        "ModifyVirtualBorderRouterAttribute": {"VbrId": vbr and vbr.id},
        "CreateBgpGroup": {"RouterId": vbr and vbr.id},
        "CreateBgpPeer": {"BgpGroupId": group and group.id},
        "ModifyBgpGroupAttribute": {"BgpGroupId": group and group.id},
        "CreateRouteEntry": {
            "RouteTableId": vbr and vbr.text("RouteTableId"),
            "NextHopId": vbr and vbr.text("VlanInterfaceId"),
            "NextHopType": "RouterInterface",
        },
    }
    return {"RegionId": REGION, **where.get(action, {}), **params}


@settings(max_examples=60, deadline=None, derandomize=True)
@given(calls(), st.booleans())
def test_what_is_accepted_makes_a_network_without_errors(made, jumbo):
    cloud = Cloud()
    line = {"AccessPointId": "ap-cn-hangzhou-xs-B", "LineOperator": "CT"}
    cloud.put("pc-1", "physical_connection", "", "Enabled", **line)
    if jumbo:
        cloud.put("port-1", "port", region="", account=HOST, PhysicalConnectionId="pc-1", Mtu=9000, Interface="eth9")
    for action, params in made:
        with suppress(CloudError):
            cloud.done("Vpc", action, **name_objects(cloud, action, params))
    for network in carried_networks(cloud.world, [ACCOUNT], "n"):
        for kind in ("vbr", "bgp_group", "bgp_peer", "route_entry"):
            event(f"{kind} accepted: {cloud.world.count(ACCOUNT, kind)}")
        made_of_it = expand(network)
        assert made_of_it.network is not None, made_of_it.findings
