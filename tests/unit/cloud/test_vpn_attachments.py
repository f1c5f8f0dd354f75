"""IPsec connections of two tunnels, from creation over binding and changes to deletion."""

import pytest
from cbn_walk import Walk
from harness import OTHER, REGION, Cloud

from sealane.app.server.networks import expand
from sealane.cloud import CloudError
from sealane.cloud.observed import Nothing, SeenTunnel
from sealane.cloud.to_plan import carried_networks

NOT_FOUND = "InvalidVpnConnectionInstanceId.NotFound"
CONFIGURING = "VpnConnection.Configuring"


class Tunnels(Nothing):
    """Tunnels by id."""

    def __init__(self):
        self.seen = {}

    def tunnel(self, tunnel_id):
        return self.seen.get(tunnel_id, SeenTunnel())


@pytest.fixture
def cloud():
    made = Cloud(Tunnels())
    for index, address in ((1, "192.168.10.136"), (2, "192.168.40.159")):
        made.put(f"cgw-{index}", "customer_gateway", IpAddress=address, Asn="65530", Name=f"c{index}")
    return made


def do(cloud, action, **params):
    return cloud.call("Vpc", action, **{"RegionId": REGION, **params})


def refused(cloud, code, action, **params):
    cloud.refused(code, "Vpc", action, **{"RegionId": REGION, **params})


def tunnel(index, **more):
    bgp = {"LocalAsn": 65534, "TunnelCidr": f"169.254.10.{4 * index}/30", "LocalBgpIp": f"169.254.10.{4 * index + 1}"}
    return {"CustomerGatewayId": f"cgw-{index}", "TunnelIndex": index, "TunnelBgpConfig": bgp,
            "TunnelIkeConfig": {"Psk": f"geheim-{index}"}, **more}  # fmt: skip


def both(first=None, second=None):
    return [tunnel(1, **(first or {})), tunnel(2, **(second or {}))]


def whole(**more):
    return {"Name": "vco", "LocalSubnet": "0.0.0.0/0", "RemoteSubnet": "0.0.0.0/0", "NetworkType": "private",
            "EnableTunnelsBgp": True, "TunnelOptionsSpecification": both(), **more}  # fmt: skip


def make(cloud, **more):
    return do(cloud, "CreateVpnAttachment", **whole(**more))["VpnConnectionId"]


def described(cloud, one, **more):
    return do(cloud, "DescribeVpnConnection", VpnConnectionId=one, **more)


def tunnels(cloud, one):
    return described(cloud, one)["TunnelOptionsSpecification"]["TunnelOptions"]


def modify(cloud, one, **params):
    return do(cloud, "ModifyVpnAttachmentAttribute", VpnConnectionId=one, **params)


def bind(cloud, one):
    """Bind it to a transit router, by the calls of Cbn."""
    made = cloud.done("Cbn", "CreateCen")["CenId"]
    router = cloud.done("Cbn", "CreateTransitRouter", CenId=made, RegionId=REGION)["TransitRouterId"]
    cloud.done("Cbn", "CreateTransitRouterCidr", TransitRouterId=router, RegionId=REGION, Cidr="10.10.10.0/24")
    attachment = {"TransitRouterId": router, "VpnId": one, "TransitRouterAttachmentName": "vpn"}
    return router, cloud.done("Cbn", "CreateTransitRouterVpnAttachment", **attachment)["TransitRouterAttachmentId"]


def piece(cloud):
    [network] = carried_networks(cloud.world, [cloud.world.get("cgw-1").account], "n")
    made = expand(network)
    assert made.network is not None, made.findings
    return network.plan["ipsec_connections"][0]


def test_a_connection_is_described_as_it_was_made(cloud):
    made = do(cloud, "CreateVpnAttachment", **whole(Tags=[{"Key": "a", "Value": "b"}]))
    one = made["VpnConnectionId"]
    assert made == {"VpnConnectionId": one, "Name": "vco", "CreateTime": cloud.now_ms, "Code": "200",
                    "Message": "successful", "Success": True}  # fmt: skip
    assert not cloud.world.unsettled, "nothing runs before it is bound"
    told = described(cloud, one)
    wanted = {
        "VpnConnectionId": one, "VpnGatewayId": "vpn-not-exist", "Name": "vco", "State": "init",
        "Status": "ike_sa_not_established", "AttachType": "NO_ASSOCIATED", "NetworkType": "private",
        "LocalSubnet": "0.0.0.0/0", "RemoteSubnet": "0.0.0.0/0", "EffectImmediately": False, "EnableTunnelsBgp": True,
        "TunnelBandwidth": "Standard", "CrossAccountAuthorized": False, "InternetIp": "", "TransitRouterId": "",
        "Tags": {"Tag": [{"Key": "a", "Value": "b"}]},
    }  # fmt: skip
    assert wanted.items() <= told.items()
    first, second = told["TunnelOptionsSpecification"]["TunnelOptions"]
    assert first == {
        "TunnelId": first["TunnelId"], "TunnelIndex": 1, "CustomerGatewayId": "cgw-1", "InternetIp": "", "ZoneNo": "",
        "Role": "master", "State": "active", "Status": "ike_sa_not_established", "EnableDpd": "true",
        "EnableNatTraversal": "true",
        "TunnelBgpConfig": {"LocalAsn": "65534", "PeerAsn": "65530", "TunnelCidr": "169.254.10.4/30",
                            "LocalBgpIp": "169.254.10.5", "PeerBgpIp": "169.254.10.6", "BgpStatus": "false"},
        "TunnelIkeConfig": {"IkeVersion": "ikev2", "IkeMode": "main", "IkeEncAlg": "aes", "IkeAuthAlg": "sha1",
                            "IkePfs": "group2", "IkeLifetime": "86400", "Psk": "geheim-1", "LocalId": "",
                            "RemoteId": "192.168.10.136"},
        "TunnelIpsecConfig": {"IpsecEncAlg": "aes", "IpsecAuthAlg": "sha1", "IpsecPfs": "group2",
                              "IpsecLifetime": "86400"},
    }  # fmt: skip
    assert (second["TunnelIndex"], second["Role"], second["CustomerGatewayId"]) == (2, "slave", "cgw-2")
    assert first["TunnelId"] != second["TunnelId"]
    assert not any("geheim" in repr(one) for one in cloud.world.everything()), "keys are secrets"


def test_every_option_of_a_tunnel_comes_back_and_reaches_the_plan(cloud):
    ike = {"IkeVersion": "ikev1", "IkeMode": "main", "IkeEncAlg": "aes256", "IkeAuthAlg": "sha512", "IkePfs": "group14",
           "IkeLifetime": 3600, "Psk": "~!`@#$%^&*()_-+={}[]\\|;:',.<>/?", "LocalId": "1.1.1.1",
           "RemoteId": "2.2.2.2"}  # fmt: skip
    ipsec = {"IpsecEncAlg": "3des", "IpsecAuthAlg": "md5", "IpsecPfs": "disabled", "IpsecLifetime": 0}
    more = {"TunnelIkeConfig": ike, "TunnelIpsecConfig": ipsec, "EnableDpd": False, "EnableNatTraversal": False}
    one = make(cloud, TunnelOptionsSpecification=both(more, more), EffectImmediately=True, TunnelBandwidth="Large")
    assert (described(cloud, one)["EffectImmediately"], described(cloud, one)["Spec"]) == (True, "3000M")
    for told in tunnels(cloud, one):
        assert told["TunnelIkeConfig"] == {**ike, "IkeLifetime": "3600"}
        assert told["TunnelIpsecConfig"] == {**ipsec, "IpsecLifetime": "0"}
        assert (told["EnableDpd"], told["EnableNatTraversal"]) == ("false", "false")
    bind(cloud, one)
    made = piece(cloud)
    assert (made["effect_immediately"], made["tunnel_bandwidth"]) == (True, "Large")
    for told in made["tunnels"]:
        assert told["ike"] == {"ike_version": "ikev1", "ike_mode": "main", "ike_enc_alg": "aes256",
                               "ike_auth_alg": "sha512", "ike_pfs": "group14", "ike_lifetime": 3600,
                               "local_id": "1.1.1.1", "remote_id": "2.2.2.2"}  # fmt: skip
        assert told["ipsec"] == {"ipsec_enc_alg": "3des", "ipsec_auth_alg": "md5", "ipsec_pfs": "disabled",
                                 "ipsec_lifetime": 0}  # fmt: skip
        assert (told["psk"], told["enable_dpd"], told["enable_nat_traversal"]) == (ike["Psk"], False, False)


def test_a_key_that_is_left_out_is_made_and_told(cloud):
    one = make(cloud, TunnelOptionsSpecification=both({"TunnelIkeConfig": {}}, {"TunnelIkeConfig": {"Psk": ""}}))
    assert [told["TunnelIkeConfig"]["Psk"] for told in tunnels(cloud, one)] == ["0123456789abcdef"] * 2


def test_without_bgp_a_tunnel_needs_neither_prefix_nor_as_number(cloud):
    cloud.put("cgw-1", "customer_gateway", Asn="")
    one = make(cloud, EnableTunnelsBgp=False, TunnelOptionsSpecification=both({"TunnelBgpConfig": None}))
    first, second = tunnels(cloud, one)
    assert first["TunnelBgpConfig"] == {"LocalAsn": "45104", "TunnelCidr": "", "LocalBgpIp": "", "PeerBgpIp": "",
                                        "BgpStatus": "false"}  # fmt: skip
    assert second["TunnelBgpConfig"]["PeerBgpIp"] == "169.254.10.10"


@pytest.mark.parametrize(("local", "ends"), [(None, ("9", "10")), ("169.254.10.10", ("10", "9"))])
def test_the_other_host_is_the_peer(cloud, local, ends):
    bgp = {"LocalAsn": 65534, "TunnelCidr": "169.254.10.8/30", "LocalBgpIp": local}
    one = make(cloud, TunnelOptionsSpecification=both(None, {"TunnelBgpConfig": bgp}))
    told = tunnels(cloud, one)[1]["TunnelBgpConfig"]
    assert (told["LocalBgpIp"], told["PeerBgpIp"]) == tuple(f"169.254.10.{end}" for end in ends)


def bgp(**more):
    session = {"LocalAsn": 65534, "TunnelCidr": "169.254.10.4/30", "LocalBgpIp": None}
    return {"TunnelBgpConfig": {**session, **more}}


def ike(**more):
    return {"TunnelIkeConfig": more}


def ipsec(**more):
    return {"TunnelIpsecConfig": more}


WRONG_TUNNELS = [
    ("MissingParameter.TunnelCidr", bgp(TunnelCidr="")),
    ("MissingParameter.TunnelCidr", bgp(TunnelCidr="", LocalBgpIp="169.254.10.5")),
    *[("InvalidTunnelCidr.Malformed", bgp(TunnelCidr=one)) for one in ("x", "169.254.10.4/33", "169.254.10/30")],
    *[("IllegalParam.TunnelCidr", bgp(TunnelCidr=one)) for one in (
        "169.254.10.5/30", "169.254.10.4/29", "169.254.10.4", "10.0.0.4/30", "169.254.169.252/30", "169.254.10.8/30",
        *(f"169.254.{third}.0/30" for third in range(7)))],
    ("InvalidLocalBgpIp.Malformed", bgp(LocalBgpIp="x")),
    *[("IllegalParam.LocalBgpIp", bgp(LocalBgpIp=f"169.254.10.{one}")) for one in (4, 7, 9)],
    *[("IllegalParam.LocalAsn", bgp(LocalAsn=one)) for one in (0, 4294967296, 65533, 65530)],
    *[(f"NotSupportVpnConnectionParameter.{key}", ike(**{key: one})) for key, one in (
        ("IkeVersion", "ikev3"), ("IkeMode", "x"), ("IkeEncAlg", "aes-gcm"), ("IkeAuthAlg", "sha3"),
        ("IkePfs", "disabled"), ("IkePfs", "group3"), ("IkeLifetime", -1), ("IkeLifetime", 86401), ("Psk", "x" * 101),
        ("Psk", "with space"), ("Psk", 'quote"'), ("Psk", "ü"), ("LocalId", "a b"), ("RemoteId", "x" * 101))],
    *[(f"NotSupportVpnConnectionParameter.{key}", ipsec(**{key: one})) for key, one in (
        ("IpsecEncAlg", "x"), ("IpsecAuthAlg", "x"), ("IpsecPfs", "x"), ("IpsecLifetime", 86401))],
    ("NotSupportVpnConnectionParameter.LocalId", ike(IkeVersion="ikev1", LocalId="name")),
    ("NotSupportVpnConnectionParameter.RemoteId", ike(IkeVersion="ikev1", RemoteId="name")),
    ("OperationUnsupported.IkeMode", ike(IkeMode="aggressive")),
    ("InvalidCustomerGatewayInstanceId.NotFound", {"CustomerGatewayId": "cgw-9"}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "told"), WRONG_TUNNELS)
def test_what_no_tunnel_can_be_is_refused(cloud, code, told):
    refused(cloud, code, "CreateVpnAttachment", **whole(TunnelOptionsSpecification=both(told)))
    one = make(cloud)
    if told == bgp(TunnelCidr=""):
        return  # an empty text changes nothing
    first, _ = (told["TunnelId"] for told in tunnels(cloud, one))
    refused(cloud, code, "ModifyVpnAttachmentAttribute", VpnConnectionId=one,
            TunnelOptionsSpecification=[{"TunnelId": first, **told}])  # fmt: skip
    refused(cloud, code, "ModifyTunnelAttribute", VpnConnectionId=one, TunnelId=first, TunnelOptionsSpecification=told)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("MissingLocalSubnet", {"LocalSubnet": None}),
        ("MissingRemoteSubnet", {"RemoteSubnet": None}),
        ("IllegalParam.LocalSubnet", {"LocalSubnet": "10.0.0.1/8"}),
        ("IllegalParam.RemoteSubnet", {"RemoteSubnet": "10.0.0.0/8,x"}),
        ("OperationUnsupported.LocalSubnet", {"LocalSubnet": "10.0.0.0/8"}),
        ("OperationUnsupported.RemoteSubnet", {"RemoteSubnet": "10.0.0.0/8, 172.16.0.0/12"}),
        ("IllegalParam.NetworkType", {"NetworkType": "x"}),
        ("IllegalParam.TunnelBandwidth", {"TunnelBandwidth": "x"}),
        ("InvalidParameter.VpnConnectionName", {"Name": "http://x"}),
        ("InvalidParameter.VpnConnectionName", {"Name": "x" * 101}),
        ("InvalidRegionId.NotFound", {"RegionId": "cn-nowhere"}),
        ("InvalidCustomerGatewayInstanceId.NotFound", {"RegionId": "cn-beijing"}),
        ("InvalidParameter.TagKey", {"Tags": [{"Key": "acs:"}]}),
        ("MissingParam.TunnelOptionsSpecification", {"TunnelOptionsSpecification": None}),
        ("IllegalParam.TunnelOptionsSpecification", {"TunnelOptionsSpecification": both()[:1]}),
        ("IllegalParam.TunnelIndex", {"TunnelOptionsSpecification": both({"TunnelIndex": 2})}),
        ("IllegalParam.TunnelIndex", {"TunnelOptionsSpecification": both({"TunnelIndex": 3})}),
        *[(f"OperationUnsupported.{name}", {name: "{}"}) for name in (
            "IkeConfig", "IpsecConfig", "BgpConfig", "HealthCheckConfig", "RemoteCaCert", "CustomerGatewayId")],
    ],
)  # fmt: skip
def test_what_no_connection_can_be_is_refused(cloud, code, told):
    refused(cloud, code, "CreateVpnAttachment", **whole(**told))
    shared = {"LocalSubnet", "RemoteSubnet", "NetworkType", "Name", "IkeConfig", "HealthCheckConfig"}
    if told.keys() & shared and None not in told.values():
        refused(cloud, code, "ModifyVpnAttachmentAttribute", VpnConnectionId=make(cloud), **told)


def test_the_order_of_tunnels_is_that_of_their_numbers(cloud):
    first, second = both()
    for numbers, order in (((2, 1), (2, 1)), ((None, None), (1, 2)), ((0, 1), (1, 2)), ((2, None), (2, 1))):
        told = [{**first, "TunnelIndex": numbers[0]}, {**second, "TunnelIndex": numbers[1]}]
        one = make(cloud, TunnelOptionsSpecification=told)
        assert [t["CustomerGatewayId"] for t in tunnels(cloud, one)] == [f"cgw-{index}" for index in order]


def test_sessions_need_an_as_number_of_the_device_and_a_prefix_of_their_own(cloud):
    cloud.put("cgw-2", "customer_gateway", Asn="")
    refused(cloud, "MissingParam.CustomerGatewayAsn", "CreateVpnAttachment", **whole())
    one = make(cloud, EnableTunnelsBgp=False)
    refused(cloud, "MissingParam.CustomerGatewayAsn", "ModifyVpnAttachmentAttribute", VpnConnectionId=one,
            EnableTunnelsBgp=True)  # fmt: skip


def test_binding_gives_addresses_and_a_change_passes_through_updating(cloud):
    one = make(cloud)
    router, attachment = bind(cloud, one)
    told = described(cloud, one)
    assert (told["State"], told["AttachType"], told["TransitRouterId"]) == ("attached", "CEN", router)
    assert told["InternetIp"] == "10.10.10.49"
    first, second = told["TunnelOptionsSpecification"]["TunnelOptions"]
    assert [t["InternetIp"] for t in (first, second)] == ["10.10.10.49", "10.10.10.50"]
    assert first["TunnelIkeConfig"]["LocalId"] == "10.10.10.49"
    refused(cloud, "IllegalParam.NetworkType", "ModifyVpnAttachmentAttribute", VpnConnectionId=one,
            NetworkType="public")  # fmt: skip
    answer = modify(cloud, one, EffectImmediately=True, NetworkType="private")
    assert answer["EffectImmediately"] is True
    assert described(cloud, one)["State"] == "updating"
    for action, params in (("ModifyVpnAttachmentAttribute", {"Name": "x"}),
                           ("ModifyTunnelAttribute", {"TunnelId": first["TunnelId"]})):  # fmt: skip
        refused(cloud, CONFIGURING, action, VpnConnectionId=one, **params)
    refused(cloud, "Vco.StatusNotSupport", "DeleteVpnAttachment", VpnConnectionId=one)
    cloud.settle()
    assert described(cloud, one)["State"] == "attached"
    assert piece(cloud)["effect_immediately"] is True
    modify(cloud, one, Name="other")
    assert not cloud.world.unsettled, "no packet notices a name"
    cloud.call("Cbn", "DeleteTransitRouterVpnAttachment", TransitRouterAttachmentId=attachment)
    assert described(cloud, one)["State"] == "detaching"
    refused(cloud, CONFIGURING, "ModifyVpnAttachmentAttribute", VpnConnectionId=one, Name="x")
    refused(cloud, "Vco.StatusNotSupport", "DeleteVpnAttachment", VpnConnectionId=one)
    cloud.settle()
    told = described(cloud, one)
    assert (told["State"], told["AttachType"], told["InternetIp"]) == ("init", "NO_ASSOCIATED", "")
    modify(cloud, one, EffectImmediately=False, NetworkType="public")
    assert described(cloud, one)["State"] == "updating"
    refused(cloud, CONFIGURING, "DeleteVpnAttachment", VpnConnectionId=one)
    cloud.settle()
    assert described(cloud, one)["State"] == "init"


def test_a_change_keeps_what_is_not_told(cloud):
    one = make(cloud)
    before = described(cloud, one)
    first, second = (told["TunnelId"] for told in before["TunnelOptionsSpecification"]["TunnelOptions"])
    told = [{"TunnelId": second, "TunnelIkeConfig": {"IkeEncAlg": "aes256"}, "CustomerGatewayId": "cgw-1"}]
    answer = modify(cloud, one, TunnelOptionsSpecification=told)
    assert answer["TunnelOptionsSpecification"][1]["TunnelIkeConfig"]["IkeEncAlg"] == "aes256"
    changing = described(cloud, one)["TunnelOptionsSpecification"]["TunnelOptions"]
    assert [t["State"] for t in changing] == ["active", "updating"]
    cloud.settle()
    before["TunnelOptionsSpecification"]["TunnelOptions"][1]["TunnelIkeConfig"]["IkeEncAlg"] = "aes256"
    before["TunnelOptionsSpecification"]["TunnelOptions"][1]["TunnelIkeConfig"]["RemoteId"] = "192.168.10.136"
    before["TunnelOptionsSpecification"]["TunnelOptions"][1]["CustomerGatewayId"] = "cgw-1"
    assert described(cloud, one) == before
    modify(cloud, one, TunnelOptionsSpecification=told, EnableTunnelsBgp=True, EffectImmediately=False)
    assert not cloud.world.unsettled, "what is so already changes nothing"
    answer = do(cloud, "ModifyTunnelAttribute", VpnConnectionId=one, TunnelId=first,
                TunnelOptionsSpecification={"EnableDpd": False, "TunnelIkeConfig": {"Psk": "neu"}})  # fmt: skip
    assert (answer["State"], answer["EnableDpd"], answer["TunnelIkeConfig"]["Psk"]) == ("updating", False, "neu")
    assert described(cloud, one)["State"] == "updating"
    cloud.settle()
    told = tunnels(cloud, one)[0]
    assert (told["State"], told["EnableDpd"], told["TunnelIkeConfig"]["Psk"]) == ("active", "false", "neu")
    assert cloud.world.get(first).secrets == {"Psk": "neu"}


def test_a_change_names_tunnels_by_id_number_or_order(cloud):
    one = make(cloud)
    ids = [told["TunnelId"] for told in tunnels(cloud, one)]

    def lifetimes():
        cloud.settle()
        return [told["TunnelIpsecConfig"]["IpsecLifetime"] for told in tunnels(cloud, one)]

    def told(lifetime, **name):
        return {**name, "TunnelIpsecConfig": {"IpsecLifetime": lifetime}}

    modify(cloud, one, TunnelOptionsSpecification=[told(2, TunnelId=ids[1]), told(1, TunnelId=ids[0])])
    assert lifetimes() == ["1", "2"]
    modify(cloud, one, TunnelOptionsSpecification=[told(4, TunnelIndex=2)])
    assert lifetimes() == ["1", "4"]
    modify(cloud, one, TunnelOptionsSpecification=[told(5), told(6)])
    assert lifetimes() == ["5", "6"]
    modify(cloud, one, TunnelOptionsSpecification=[told(7, TunnelIndex=0), told(8, TunnelIndex=1)])
    assert lifetimes() == ["7", "8"]
    for wrong in ([told(1, TunnelId="tun-9")], [told(1, TunnelId=ids[0]), told(1, TunnelId=ids[0])],
                  [told(1, TunnelId=ids[0]), told(1)]):  # fmt: skip
        refused(cloud, "IllegalParam.TunnelId", "ModifyVpnAttachmentAttribute", VpnConnectionId=one,
                TunnelOptionsSpecification=wrong)  # fmt: skip
    refused(cloud, "IllegalParam.TunnelOptionsSpecification", "ModifyVpnAttachmentAttribute", VpnConnectionId=one,
            TunnelOptionsSpecification=[told(1)] * 3)  # fmt: skip
    refused(cloud, "InvalidTunnelId.NotFound", "ModifyTunnelAttribute", VpnConnectionId=one, TunnelId="tun-9")
    refused(cloud, "OperationUnsupported.RemoteCaCertificate", "ModifyTunnelAttribute", VpnConnectionId=one,
            TunnelId=ids[0], TunnelOptionsSpecification={"RemoteCaCertificate": "x"})  # fmt: skip


def test_a_new_prefix_takes_its_lower_address_unless_one_is_told(cloud):
    one = make(cloud)
    first = tunnels(cloud, one)[0]["TunnelId"]
    session = {"TunnelBgpConfig": {"TunnelCidr": "169.254.20.0/30"}}
    do(cloud, "ModifyTunnelAttribute", VpnConnectionId=one, TunnelId=first, TunnelOptionsSpecification=session)
    assert tunnels(cloud, one)[0]["TunnelBgpConfig"]["LocalBgpIp"] == "169.254.20.1"


def test_a_prefix_is_used_once_on_a_transit_router(cloud):
    one, two = make(cloud), make(cloud)
    router, _ = bind(cloud, one)
    cloud.refused("IllegalParam.TunnelCidr", "Cbn", "CreateTransitRouterVpnAttachment", TransitRouterId=router,
                  VpnId=two, TransitRouterAttachmentName="two")  # fmt: skip
    modify(cloud, two, EnableTunnelsBgp=False)
    cloud.settle()
    cloud.done("Cbn", "CreateTransitRouterVpnAttachment", TransitRouterId=router, VpnId=two)
    refused(cloud, "IllegalParam.TunnelCidr", "ModifyVpnAttachmentAttribute", VpnConnectionId=two,
            EnableTunnelsBgp=True)  # fmt: skip
    apart = [{"TunnelBgpConfig": {"TunnelCidr": f"169.254.11.{start}/30"}} for start in (0, 4)]
    modify(cloud, two, EnableTunnelsBgp=True, TunnelOptionsSpecification=apart)
    cloud.settle()
    piece(cloud)


def test_a_connection_is_deleted_with_all_that_is_its_own(cloud):
    one = make(cloud)
    do(cloud, "DeleteVpnAttachment", VpnConnectionId=one)
    told = described(cloud, one)
    assert told["State"] == "deleted"
    assert {t["State"] for t in told["TunnelOptionsSpecification"]["TunnelOptions"]} == {"deleting"}
    refused(cloud, CONFIGURING, "DeleteVpnAttachment", VpnConnectionId=one)
    cloud.settle()
    assert {document.kind for document in cloud.world.everything()} == {"customer_gateway"}
    with pytest.raises(CloudError) as caught:
        do(cloud, "DeleteVpnAttachment", VpnConnectionId=one)
    assert (caught.value.code, caught.value.status) == (NOT_FOUND, 404)


def test_nobody_else_sees_or_changes_it(cloud):
    one = make(cloud)
    first = tunnels(cloud, one)[0]["TunnelId"]
    for where in ({"account": OTHER}, {"RegionId": "cn-beijing"}):
        for action in ("DescribeVpnConnection", "ModifyVpnAttachmentAttribute", "DeleteVpnAttachment",
                       "DownloadVpnConnectionConfig", "DescribeVpnCrossAccountAuthorizations",
                       "DescribeVcoRouteEntries"):  # fmt: skip
            refused(cloud, NOT_FOUND, action, VpnConnectionId=one, **where)
        refused(cloud, NOT_FOUND, "ModifyTunnelAttribute", VpnConnectionId=one, TunnelId=first, **where)
        assert do(cloud, "DescribeVpnConnections", **where)["TotalCount"] == 0
        assert do(cloud, "DescribeVpnAttachments", **where)["TotalCount"] == 0


def test_lists_by_id_gateway_tag_group_and_binding(cloud):
    one = make(cloud, Name="one", ResourceGroupId="rg-1")
    other = [{**told, "CustomerGatewayId": "cgw-2"} for told in both()]
    two = make(cloud, Name="two", Tags=[{"Key": "a", "Value": "1"}], TunnelOptionsSpecification=other)
    bind(cloud, one)
    for params, names in (({}, ["one", "two"]), ({"VpnConnectionId": two}, ["two"]), ({"Tag": [{"Key": "a"}]}, ["two"]),
                          ({"CustomerGatewayId": "cgw-1"}, ["one"]), ({"ResourceGroupId": "rg-1"}, ["one"]),
                          ({"VpnGatewayId": "vpn-1"}, []), ({"VpnGatewayId": "vpn-not-exist"}, ["one", "two"]),
                          ({"PageSize": 1, "PageNumber": 2}, ["two"])):  # fmt: skip
        told = do(cloud, "DescribeVpnConnections", **params)["VpnConnections"]["VpnConnection"]
        assert [t["Name"] for t in told] == names, params
    assert told[0]["Tag"] == {"Tag": [{"Key": "a", "Value": "1"}]}
    for params, names in (({}, ["one", "two"]), ({"AttachType": "CEN"}, ["one"]), ({"VpnConnectionId": two}, ["two"])):
        told = do(cloud, "DescribeVpnAttachments", **params)["VpnAttachments"]
        assert [t["Name"] for t in told] == names, params
    assert told == [{"InstanceId": two, "Name": "two", "Description": "", "AttachType": "NO_ASSOCIATED",
                     "TransitRouterId": "", "TransitRouterName": "", "CrossAccountAuthorized": False,
                     "TunnelBandwidth": "Standard", "Tag": '{"BGPSupport": "true"}',
                     "Tags": [{"Key": "a", "Value": "1"}]}]  # fmt: skip
    assert do(cloud, "DescribeVpnCrossAccountAuthorizations", VpnConnectionId=one)["TotalCount"] == 0
    assert do(cloud, "CheckVpnBgpEnabled") == {"BgpEnabled": True}
    refused(cloud, "InvalidRegionId.NotFound", "CheckVpnBgpEnabled", RegionId="cn-nowhere")


def test_what_runs_is_told(cloud):
    one = make(cloud)
    first, second = (told["TunnelId"] for told in tunnels(cloud, one))
    cloud.observed.seen[second] = SeenTunnel("ipsec_sa_not_established")
    assert described(cloud, one)["Status"] == "ipsec_sa_not_established"
    cloud.observed.seen[first] = SeenTunnel("ipsec_sa_established", bgp_up=True)
    assert described(cloud, one)["Status"] == "ipsec_sa_established"
    told = tunnels(cloud, one)
    assert [t["Status"] for t in told] == ["ipsec_sa_established", "ipsec_sa_not_established"]
    assert [t["TunnelBgpConfig"]["BgpStatus"] for t in told] == ["success", "false"]
    modify(cloud, one, EnableTunnelsBgp=False)
    assert tunnels(cloud, one)[0]["TunnelBgpConfig"]["BgpStatus"] == "false"


def test_the_configuration_of_the_device_is_the_mirror(cloud):
    one = make(cloud, TunnelOptionsSpecification=both(None, {"TunnelIkeConfig": {"LocalId": "hz", "RemoteId": "dc"}}))
    bind(cloud, one)
    told = do(cloud, "DownloadVpnConnectionConfig", VpnConnectionId=one)["VpnConnectionConfig"]
    assert (told["Local"], told["Remote"]) == ("192.168.10.136", "10.10.10.49")
    assert (told["LocalSubnet"], told["RemoteSubnet"]) == ("0.0.0.0/0", "0.0.0.0/0")
    first, second = told["TunnelsConfig"]["TunnelConfig"]
    assert (first["Local"], first["Remote"]) == ("192.168.10.136", "10.10.10.49")
    assert (second["Local"], second["Remote"]) == ("192.168.40.159", "10.10.10.50")
    assert first["IkeConfig"] == {"IkeVersion": "ikev2", "IkeMode": "main", "IkeEncAlg": "aes", "IkeAuthAlg": "sha1",
                                  "IkePfs": "group2", "IkeLifetime": 86400, "Psk": "geheim-1",
                                  "LocalId": "192.168.10.136", "RemoteId": "10.10.10.49"}  # fmt: skip
    assert (second["IkeConfig"]["LocalId"], second["IkeConfig"]["RemoteId"]) == ("dc", "hz")
    assert first["IpsecConfig"]["IpsecLifetime"] == 86400
    assert told["BgpConfigs"]["BgpConfig"][0] == {
        "TunnelId": first["TunnelId"], "TunnelCidr": "169.254.10.4/30", "LocalAsn": "65530", "PeerAsn": "65534",
        "LocalBgpIp": "169.254.10.6", "PeerBgpIp": "169.254.10.5",
    }  # fmt: skip
    modify(cloud, one, EnableTunnelsBgp=False)
    told = do(cloud, "DownloadVpnConnectionConfig", VpnConnectionId=one)["VpnConnectionConfig"]
    assert told["BgpConfigs"]["BgpConfig"] == []


def test_resource_groups(cloud):
    one = make(cloud)
    for kind, instance in (("VpnAttachment", one), ("customergateway", "cgw-1")):
        params = {"ResourceType": kind, "InstanceId": instance}
        do(cloud, "MoveVpnResourceGroup", **params, NewResourceGroupId="rg-7")
        assert cloud.world.get(instance).text("ResourceGroupId") == "rg-7"
        refused(cloud, "InvalidResourceGroupId", "MoveVpnResourceGroup", **params, NewResourceGroupId="x")
        wrong = {**params, "InstanceId": "vpc-9", "NewResourceGroupId": "rg-7"}
        refused(cloud, "InvalidInstanceIds.NotFound", "MoveVpnResourceGroup", **wrong)
    refused(cloud, "InvalidResourceType.NotFound", "MoveVpnResourceGroup", ResourceType="VpnGateway", InstanceId=one,
            NewResourceGroupId="rg-7")  # fmt: skip


def test_a_bound_connection_of_the_use_case_is_changed_by_its_calls():
    walk = Walk()
    for step in (walk.cen, walk.router, walk.vpc, walk.vbr, walk.cidr, walk.vpn):
        step()
    for lifetime in (0, 86400):
        told = {"TunnelIpsecConfig": {"IpsecLifetime": lifetime}}
        do(walk.cloud, "ModifyTunnelAttribute", VpnConnectionId="vco-1", TunnelId="tun-11",
           TunnelOptionsSpecification=told)  # fmt: skip
        walk.cloud.settle()
        assert described(walk.cloud, "vco-1")["State"] == "attached"
