"""BGP of border routers: groups, peers and the networks of a topology that is no more."""

import pytest
from harness import ACCOUNT, OTHER, REGION, Cloud, border, site

from sealane.cloud import CloudError
from sealane.cloud.observed import Nothing, SeenPeer
from sealane.cloud.to_plan import carried_networks


class Sessions(Nothing):
    """Peers by id."""

    def __init__(self):
        self.seen = {}

    def peer(self, peer_id):
        return self.seen.get(peer_id, SeenPeer())


@pytest.fixture
def cloud():
    made = Cloud(Sessions())
    border(made)
    border(made, 2)
    site(made)
    return made


def do(cloud, action, **params):
    return cloud.call("Vpc", action, RegionId=REGION, **params)


def refused(cloud, code, action, **params):
    cloud.refused(code, "Vpc", action, **{"RegionId": REGION, **params})


def group(cloud, vbr="vbr-1", **params):
    one = do(cloud, "CreateBgpGroup", RouterId=vbr, **{"PeerAsn": 65530, **params})["BgpGroupId"]
    cloud.settle()
    return one


def peer(cloud, one, **params):
    made = do(cloud, "CreateBgpPeer", BgpGroupId=one, **params)["BgpPeerId"]
    cloud.settle()
    return made


def groups(cloud, **params):
    return do(cloud, "DescribeBgpGroups", **params)["BgpGroups"]["BgpGroup"]


def peers(cloud, **params):
    return do(cloud, "DescribeBgpPeers", **params)["BgpPeers"]["BgpPeer"]


def plan(cloud):
    [network, *_] = carried_networks(cloud.world, [ACCOUNT], "n")
    [vbr] = network.plan["virtual_border_routers"]
    return vbr["bgp_groups"]


def test_a_group_is_made_changed_and_deleted(cloud):
    one = do(cloud, "CreateBgpGroup", RouterId="vbr-1", PeerAsn=65530, Name="site", AuthKey="geheim")["BgpGroupId"]
    [told] = groups(cloud)
    wanted = {
        "BgpGroupId": one, "RouterId": "vbr-1", "RegionId": REGION, "Name": "site", "Description": "",
        "PeerAsn": "65530", "LocalAsn": "45104", "AuthKey": "geheim", "Status": "Pending", "IsFake": False,
        "Keepalive": "10", "Hold": "30", "IpVersion": "IPV4", "RouteLimit": "110",
    }  # fmt: skip
    assert told == wanted
    assert "geheim" not in repr(cloud.world.get(one)), "the key is a secret"
    cloud.settle()
    wanted["Status"] = "Available"
    assert groups(cloud) == [wanted]
    for new in ({"Name": ""}, {"Description": "text"}, {"PeerAsn": 65531}, {"LocalAsn": 64512}, {"AuthKey": "neu"}):
        do(cloud, "ModifyBgpGroupAttribute", BgpGroupId=one, **new)
        notices = not new.keys() & {"Name", "Description"}
        assert bool(cloud.world.unsettled) == notices
        assert groups(cloud)[0]["Status"] == ("Modifying" if notices else "Available")
        if notices:
            refused(cloud, "InvalidStatus.CannotOperate", "ModifyBgpGroupAttribute", BgpGroupId=one, Name="later")
        cloud.settle()
        wanted |= {key: str(value) for key, value in new.items()}
        assert groups(cloud) == [wanted]
        do(cloud, "ModifyBgpGroupAttribute", BgpGroupId=one, **new)
        assert not cloud.world.unsettled, "what is so already changes nothing"
    assert [(one["peer_asn"], one["local_asn"], one["auth_key"]) for one in plan(cloud)] == [(65531, 64512, "neu")]
    do(cloud, "DeleteBgpGroup", BgpGroupId=one)
    assert groups(cloud)[0]["Status"] == "Deleting"
    refused(cloud, "InvalidStatus.CannotOperate", "DeleteBgpGroup", BgpGroupId=one)
    cloud.settle()
    assert groups(cloud) == []


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidVbrNetwork", {"RouterId": "vbr-9"}),
        ("InvalidVbrNetwork", {"RegionId": "cn-beijing"}),
        ("InvalidPeerAsn.Malformed", {"PeerAsn": 45104}),
        ("InvalidPeerAsn.Malformed", {"PeerAsn": 64512, "LocalAsn": 64512}),
        ("IllegalParam.PeerAsn", {"PeerAsn": 0}),
        ("IllegalParam.PeerAsn", {"PeerAsn": 4294967296}),
        ("IllegalParam.LocalAsn", {"LocalAsn": 0}),
        ("InvalidBgpGroup.LocalAsnInvalid", {"LocalAsn": 64511}),
        ("InvalidBgpGroup.LocalAsnInvalid", {"LocalAsn": 65025}),
        ("InvalidBgpGroup.LocalAsnInvalid", {"LocalAsn": 65535}),
        ("InvalidBgpGroup.LocalAsnInvalid", {"LocalAsn": 4199999999}),
        ("InvalidBgpGroup.LocalAsnInvalid", {"LocalAsn": 4294967295}),
        ("InvalidBgpName.Malformed", {"Name": "x"}),
        ("InvalidBgpDescription.Malformed", {"Description": "https://x"}),
        ("InvalidBgpAuthkey.Malformed", {"AuthKey": "with space"}),
        ("InvalidBgpAuthkey.Malformed", {"AuthKey": "what?"}),
        ("InvalidBgpAuthkey.Malformed", {"AuthKey": 'a"b'}),
        ("InvalidBgpAuthkey.Malformed", {"AuthKey": "x" * 65}),
        ("IllegalParam.RouteLimit", {"RouteQuota": 111}),
        ("IllegalParam.IpVersion", {"IpVersion": "IPv6"}),
        ("OperationUnsupported.IsFakeAsn", {"IsFakeAsn": True}),
        ("MissingPeerAsn", {"PeerAsn": None}),
    ],
)
def test_what_no_group_can_be_is_refused(cloud, code, params):
    refused(cloud, code, "CreateBgpGroup", **{"RouterId": "vbr-1", "PeerAsn": 65530, **params})
    only_new = params.keys() & {"RouterId", "RegionId", "IpVersion", "Name"}
    if not only_new and params.get("PeerAsn", 1) is not None:
        refused(cloud, code, "ModifyBgpGroupAttribute", BgpGroupId=group(cloud), **params)


@pytest.mark.parametrize("local", [45104, 64512, 65534, 4200000000, 4294967294])
def test_the_bounds_of_local_asn_will_do(cloud, local):
    group(cloud, LocalAsn=local)
    assert groups(cloud)[0]["LocalAsn"] == str(local)


def test_a_key_is_taken_away_only_on_purpose(cloud):
    one = group(cloud, AuthKey="geheim")
    refused(cloud, "OperationFailed.ClearAuthKeyForbidden", "ModifyBgpGroupAttribute", BgpGroupId=one, AuthKey="")
    refused(cloud, "InvalidParameter", "ModifyBgpGroupAttribute", BgpGroupId=one, AuthKey="x", ClearAuthKey=True)
    do(cloud, "ModifyBgpGroupAttribute", BgpGroupId=one, AuthKey="", ClearAuthKey=True)
    cloud.settle()
    assert groups(cloud)[0]["AuthKey"] == ""
    assert "auth_key" not in plan(cloud)[0]


@pytest.mark.parametrize("status", ["terminating", "terminated", "recovering", "unconfirmed"])
def test_the_border_router_must_be_active(cloud, status):
    one = group(cloud)
    cloud.put("vbr-1", "vbr", "pc-1", status)
    refused(cloud, "InvalidVBRStatus", "CreateBgpGroup", RouterId="vbr-1", PeerAsn=65530)
    refused(cloud, "InvalidVBRStatus", "CreateBgpPeer", BgpGroupId=one)


def test_peers_keep_their_group_and_the_code_has_its_status(cloud):
    one = group(cloud)
    peer(cloud, one)
    with pytest.raises(CloudError) as caught:
        do(cloud, "DeleteBgpGroup", BgpGroupId=one)
    assert (caught.value.code, caught.value.status) == ("DependencyViolation.BgpPeer", 404)


def test_a_peer_is_made_changed_and_deleted(cloud):
    one = group(cloud, Name="site", LocalAsn=64512, AuthKey="geheim")
    made = do(cloud, "CreateBgpPeer", BgpGroupId=one, EnableBfd=True, BfdMultiHop=1)["BgpPeerId"]
    [told] = peers(cloud)
    wanted = {
        "BgpPeerId": made, "BgpGroupId": one, "RouterId": "vbr-1", "RegionId": REGION, "Name": "site",
        "Description": "", "PeerIpAddress": "10.0.0.2", "PeerAsn": "65530", "LocalAsn": "64512", "AuthKey": "geheim",
        "Status": "Pending", "BgpStatus": "Idle", "EnableBfd": True, "BfdMultiHop": 1, "Keepalive": "10", "Hold": "30",
        "RouteLimit": "110", "IsFake": False, "IpVersion": "IPV4", "GmtModified": "2026-01-01T00:00Z",
        "AdvertisedRouteCount": 0, "ReceivedRouteCount": 0,
    }  # fmt: skip
    assert told == wanted
    refused(cloud, "IncorrectStatus.BgpPeer", "ModifyBgpPeerAttribute", BgpPeerId=made, EnableBfd=False)
    cloud.settle()
    wanted["Status"] = "Available"
    for new in ({"EnableBfd": False}, {"BfdMultiHop": 255}, {"PeerIpAddress": "10.0.0.2"}):
        do(cloud, "ModifyBgpPeerAttribute", BgpPeerId=made, BgpGroupId=one, **new)
        assert peers(cloud)[0]["Status"] == "Modifying"
        cloud.settle()
        wanted |= new
        assert peers(cloud) == [wanted]
        do(cloud, "ModifyBgpPeerAttribute", BgpPeerId=made, **new)
        assert not cloud.world.unsettled
    [piece] = plan(cloud)[0]["peers"]
    assert piece == {"peer_ip_address": "10.0.0.2", "enable_bfd": False, "bfd_multi_hop": 255}
    do(cloud, "DeleteBgpPeer", BgpPeerId=made)
    assert peers(cloud)[0]["Status"] == "Deleting"
    refused(cloud, "IncorrectStatus.BgpPeer", "DeleteBgpPeer", BgpPeerId=made)
    cloud.settle()
    assert peers(cloud) == []


def test_a_peer_without_address_follows_the_border_router(cloud):
    peer(cloud, group(cloud))
    ends = {"LocalGatewayIp": "10.7.0.1", "PeerGatewayIp": "10.7.0.2", "PeeringSubnetMask": "255.255.255.252"}
    do(cloud, "ModifyVirtualBorderRouterAttribute", VbrId="vbr-1", **ends)
    assert peers(cloud)[0]["PeerIpAddress"] == "10.7.0.2"


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("InvalidBgpGroup", {"BgpGroupId": "bgpg-9"}),
        ("InvalidBgpGroup", {"RegionId": "cn-beijing"}),
        ("InvalidIP.Malformed", {"PeerIpAddress": "10.0.0"}),
        ("IllegalParam.PeerIpAddress", {"PeerIpAddress": "10.0.0.1"}),
        ("IllegalParam.PeerIpAddress", {"PeerIpAddress": "10.0.0.3"}),
        ("IllegalParam.PeerIpAddress", {"PeerIpAddress": "10.0.0.6"}),
        ("IllegalParam.BfdMultiHop", {"BfdMultiHop": 0}),
        ("IllegalParam.BfdMultiHop", {"BfdMultiHop": 256}),
        ("IllegalParam.IpVersion", {"IpVersion": "ipv6"}),
    ],
)
def test_what_no_peer_can_be_is_refused(cloud, code, params):
    one = group(cloud)
    refused(cloud, code, "CreateBgpPeer", **{"BgpGroupId": one, **params})
    if not params.keys() & {"BgpGroupId", "RegionId", "IpVersion"}:
        refused(cloud, code, "ModifyBgpPeerAttribute", BgpPeerId=peer(cloud, one), **params)


def test_an_address_is_a_peer_once(cloud):
    cloud.put("vbr-1", "vbr", "pc-1", PeeringSubnetMask="255.255.255.0")
    one, other = group(cloud), group(cloud)
    peer(cloud, one)
    second = peer(cloud, one, PeerIpAddress="10.0.0.3")
    for address in ({}, {"PeerIpAddress": "10.0.0.2"}):
        refused(cloud, "BgpPeer.Already.Exists", "CreateBgpPeer", BgpGroupId=one, **address)
        refused(cloud, "InvalidParams.PeerIpAddressInUse", "CreateBgpPeer", BgpGroupId=other, **address)
    refused(cloud, "BgpPeer.Already.Exists", "ModifyBgpPeerAttribute", BgpPeerId=second, PeerIpAddress="10.0.0.2")
    refused(cloud, "OperationUnsupported.BgpGroupId", "ModifyBgpPeerAttribute", BgpPeerId=second, BgpGroupId=other)
    for index in range(4, 10):
        peer(cloud, other, PeerIpAddress=f"10.0.0.{index}")
    refused(cloud, "QuotaExceeded.Bgp", "CreateBgpPeer", BgpGroupId=other, PeerIpAddress="10.0.0.10")


@pytest.mark.parametrize(
    ("seen", "told"),
    [("Established", "Established"), ("Idle", "Idle"), ("Active", "Active"), ("Connect", "Connect"),
     ("OpenSent", "Connect"), ("OpenConfirm", "Connect"), ("Clearing", "Down")],
)  # fmt: skip
def test_a_session_is_told_as_it_runs(cloud, seen, told):
    made = peer(cloud, group(cloud))
    cloud.observed.seen[made] = SeenPeer(seen, received=3, advertised=4)
    [one] = peers(cloud)
    assert (one["BgpStatus"], one["ReceivedRouteCount"], one["AdvertisedRouteCount"]) == (told, 3, 4)
    cloud.put("vbr-1", "vbr", "pc-1", "terminated")
    [one] = peers(cloud)
    assert (one["BgpStatus"], one["ReceivedRouteCount"]) == ("Down", 0), "nothing runs on it, whatever was seen"


def test_a_peer_that_never_settles_can_be_deleted(cloud):
    one = group(cloud)
    made = do(cloud, "CreateBgpPeer", BgpGroupId=one)["BgpPeerId"]
    do(cloud, "DeleteBgpPeer", BgpPeerId=made)
    cloud.settle()
    assert peers(cloud) == []


def test_lists_hold_ones_own_by_router_group_and_id(cloud):
    one, two = group(cloud), group(cloud, "vbr-2")
    first, second = peer(cloud, one), peer(cloud, two)
    assert [told["BgpGroupId"] for told in groups(cloud, RouterId="vbr-2")] == [two]
    assert [told["BgpGroupId"] for told in groups(cloud, BgpGroupId=one)] == [one]
    assert [told["BgpPeerId"] for told in peers(cloud, RouterId="vbr-2")] == [second]
    assert [told["BgpPeerId"] for told in peers(cloud, BgpGroupId=one)] == [first]
    assert [told["BgpPeerId"] for told in peers(cloud, BgpPeerId=second)] == [second]
    for action in ("DescribeBgpGroups", "DescribeBgpPeers"):
        assert cloud.call("Vpc", action, account=OTHER, RegionId=REGION)["TotalCount"] == 0
        assert cloud.call("Vpc", action, RegionId="cn-beijing")["TotalCount"] == 0
    foreign = {"account": OTHER, "RegionId": REGION}
    cloud.refused("InvalidBgpGroup", "Vpc", "DeleteBgpGroup", **foreign, BgpGroupId=one)
    cloud.refused("InvalidBgpPeer.NotFound", "Vpc", "DeleteBgpPeer", **foreign, BgpPeerId=first)
    refused(cloud, "InvalidBgpPeer.NotFound", "ModifyBgpPeerAttribute", BgpPeerId=first, RegionId="cn-beijing")


def test_networks_need_what_is_no_more(cloud):
    wanted = {"RouterId": "vbr-1", "DstCidrBlock": "172.16.0.0/16"}
    refused(cloud, "OperationFailed.NoActiveRouterInterface", "AddBgpNetwork", **wanted)
    refused(cloud, "InvalidDestCidrBlock.Malformed", "AddBgpNetwork", **{**wanted, "DstCidrBlock": "172.16.0.1/16"})
    refused(cloud, "InvalidVpcId.NotFound", "AddBgpNetwork", **wanted, VpcId="vpc-9")
    refused(cloud, "InvalidVbrNetwork", "AddBgpNetwork", **{**wanted, "RouterId": "vbr-9"})
    refused(cloud, "InvalidParams.NotFound", "DeleteBgpNetwork", **wanted)
    cloud.put("bgpn-1", "bgp_network", "vbr-1", "Available", DstCidrBlock="172.16.0.0/16", VpcId="vpc-1")
    told = do(cloud, "DescribeBgpNetworks", RouterId="vbr-1")["BgpNetworks"]["BgpNetwork"]
    assert told == [{**wanted, "VpcId": "vpc-1", "Status": "Available"}]
    do(cloud, "DeleteBgpNetwork", **wanted)
    refused(cloud, "InvalidParams.NotFound", "DeleteBgpNetwork", **wanted)
    cloud.settle()
    assert do(cloud, "DescribeBgpNetworks")["TotalCount"] == 0
