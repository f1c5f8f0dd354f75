"""Routes of IPsec connections."""

import pytest
from harness import REGION, Cloud, connection

from sealane.cloud.observed import LearnedRoute, Nothing, SeenTunnel


class Runs(Nothing):
    """One tunnel that is up, and routes."""

    def __init__(self):
        self.routes = ()

    def tunnel(self, tunnel_id):
        return SeenTunnel("ipsec_sa_established") if tunnel_id == "tun-12" else SeenTunnel()

    def vco_routes(self, connection_id):
        return self.routes


@pytest.fixture
def cloud():
    made = Cloud(Runs())
    connection(made)
    made.put("vco-1", "vpn_attachment", status="attached", TransitRouterId="tr-1")
    return made


def told(**params):
    route = {"RegionId": REGION, "VpnConnectionId": "vco-1", "NextHop": "vco-1", "RouteDest": "10.0.0.0/8",
             "Weight": 100}  # fmt: skip
    return {**route, **params}


def do(cloud, action, **params):
    return cloud.call("Vpc", action, **told(**params))


def refused(cloud, code, action, **params):
    cloud.refused(code, "Vpc", action, **told(**params))


def listed(cloud, **params):
    wanted = {"RegionId": REGION, "VpnConnectionId": "vco-1", **params}
    return cloud.call("Vpc", "DescribeVcoRouteEntries", **wanted)


def test_a_route_is_made_weighed_and_deleted(cloud):
    made = do(cloud, "CreateVcoRouteEntry", Description="text", OverlayMode="Ipsec")
    assert made == {"VpnConnectionId": "vco-1", "NextHop": "vco-1", "RouteDest": "10.0.0.0/8", "Weight": 100,
                    "OverlayMode": "Ipsec", "State": "published", "CreateTime": cloud.now_ms,
                    "Description": "text"}  # fmt: skip
    assert cloud.world.get("vco-1").status == "updating"
    refused(cloud, "VpnConnection.Configuring", "CreateVcoRouteEntry", RouteDest="11.0.0.0/8")
    refused(cloud, "VpnConnection.Configuring", "DeleteVcoRouteEntry")
    refused(cloud, "VpnConnection.Configuring", "ModifyVcoRouteEntryWeight", NewWeight=0)
    cloud.settle()
    assert cloud.world.get("vco-1").status == "attached"
    assert listed(cloud)["VcoRouteEntries"] == [
        {"VpnConnectionId": "vco-1", "NextHop": "vco-1", "NextHopTunnelIdList": ["tun-12"], "RouteDest": "10.0.0.0/8",
         "RouteEntryType": "custom", "Source": "", "State": "published", "Weight": 100,
         "CreateTime": made["CreateTime"]}]  # fmt: skip
    do(cloud, "ModifyVcoRouteEntryWeight", NewWeight=0)
    assert not cloud.world.unsettled
    refused(cloud, "InvalidRouteEntry.NotFound", "DeleteVcoRouteEntry")
    refused(cloud, "IllegalParam.NewWeight", "ModifyVcoRouteEntryWeight", Weight=0, NewWeight=1)
    do(cloud, "DeleteVcoRouteEntry", Weight=0)
    assert cloud.world.get("vco-1").status == "updating"
    cloud.settle()
    assert listed(cloud)["TotalCount"] == 0
    assert cloud.world.get("vco-1").status == "attached"


@pytest.mark.parametrize(
    ("code", "params"),
    [
        *[("IllegalParam.RouteDest", {"RouteDest": one}) for one in (
            "x", "0.0.0.0/0", "10.0.0.1/8", "100.64.0.0/10", "100.64.1.0/24", "100.0.0.0/8", "127.0.0.1",
            "169.254.10.4/30", "224.0.0.0/4")],
        ("InvalidNextHop.NotFound", {"NextHop": "vco-2"}),
        ("IllegalParam.Weight", {"Weight": 50}),
        ("IllegalParam.OverlayMode", {"OverlayMode": "x"}),
        ("InvalidDescription", {"Description": "http://x"}),
        ("InvalidVpnConnectionInstanceId.NotFound", {"VpnConnectionId": "vco-9"}),
    ],
)  # fmt: skip
def test_what_no_route_can_be_is_refused(cloud, code, params):
    refused(cloud, code, "CreateVcoRouteEntry", **params)


def test_a_destination_has_one_route_and_there_are_so_many(cloud):
    cloud.done("Vpc", "CreateVcoRouteEntry", **told())
    refused(cloud, "VpnRouteEntry.AlreadyExists", "CreateVcoRouteEntry")
    refused(cloud, "VpnRouteEntry.Conflict", "CreateVcoRouteEntry", Weight=0)
    for index in range(199):
        cloud.put(f"vcor-{index}", "vco_route", "vco-1", RouteDest=f"11.0.{index}.0/24", Weight=100)
    refused(cloud, "CreateDbrRoutesQuotaFull.QuotaFull", "CreateVcoRouteEntry", RouteDest="12.0.0.0/8")


def test_only_a_bound_connection_gets_routes_and_an_unbound_one_can_lose_them(cloud):
    cloud.done("Vpc", "CreateVcoRouteEntry", **told())
    cloud.put("vco-1", "vpn_attachment", status="init", TransitRouterId="")
    refused(cloud, "Vco.StatusNotSupport", "CreateVcoRouteEntry", RouteDest="11.0.0.0/8")
    assert listed(cloud)["VcoRouteEntries"][0]["State"] == "normal"
    cloud.done("Vpc", "DeleteVcoRouteEntry", **told())
    assert cloud.world.get("vco-1").status == "init"
    assert listed(cloud)["TotalCount"] == 0


def test_learned_routes_are_told_and_counted(cloud):
    cloud.done("Vpc", "CreateVcoRouteEntry", **told())
    cloud.observed.routes = (
        LearnedRoute("192.168.20.0/24", "BGP", (65530, 65531), ("tun-12",)),
        LearnedRoute("172.16.0.0/16", "CEN"),
        LearnedRoute("172.17.0.0/16", "CEN"),
    )
    answer = listed(cloud)
    assert answer["VcoRouteEntries"][1] == {
        "VpnConnectionId": "vco-1", "NextHop": "vco-1", "NextHopTunnelIdList": ["tun-12"], "State": "Active",
        "RouteDest": "192.168.20.0/24", "RouteEntryType": "bgp", "Source": "VPN_BGP", "AsPath": "65530 65531",
    }  # fmt: skip
    assert [(one["RouteEntryType"], one["Source"], one["RouteCount"]) for one in answer["VpnRouteCounts"]] == [
        ("custom", "", 1), ("bgp", "VPN_BGP", 1), ("bgp", "CLOUD", 2)]  # fmt: skip
    assert listed(cloud, RouteEntryType="bgp")["TotalCount"] == 3
    assert listed(cloud, RouteEntryType="custom")["TotalCount"] == 1
    page = listed(cloud, PageSize=1, PageNumber=4)
    assert (page["TotalCount"], page["VcoRouteEntries"][0]["RouteDest"]) == (4, "172.17.0.0/16")
    cloud.refused("IllegalParam.RouteEntryType", "Vpc", "DescribeVcoRouteEntries", RegionId=REGION,
                  VpnConnectionId="vco-1", RouteEntryType="x")  # fmt: skip
