"""Routes of a transit router's tables: filters, portions, states."""

import pytest
from cbn_walk import CUSTOMERS, Walk

from sealane.cloud.observed import SeenRoute

WORD = "TransitRouterRouteEntry"


@pytest.fixture
def walk():
    return Walk().run().network()


def prefixes(walk, **params):
    rows = walk.listed(
        "ListTransitRouterRouteEntries",
        "TransitRouterRouteEntries",
        TransitRouterRouteTableId=walk.ids["table"],
        **params,
    )
    return [row[f"{WORD}DestinationCidrBlock"] for row in rows]


ALL = [
    "10.10.10.0/24",
    "172.16.10.0/24",
    "172.16.20.0/24",
    "172.16.30.0/24",
    "192.168.0.0/16",
    "192.168.10.0/24",
    "192.168.10.136/32",
    "192.168.40.0/24",
    "192.168.40.159/32",
]
STATIC = [f"{one}/32" for one in CUSTOMERS]
VPN = ["192.168.10.0/24", "192.168.40.0/24"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, ALL),
        ({f"{WORD}Type": "Static"}, STATIC),
        ({f"{WORD}Type": "Propagated"}, [one for one in ALL if one not in STATIC]),
        ({f"{WORD}NextHopType": "BlackHole"}, ALL[:1]),
        ({f"{WORD}NextHopResourceType": "VPN"}, VPN),
        ({f"{WORD}NextHopResourceId": "vco-1"}, VPN),
        ({f"{WORD}OriginResourceType": "TR"}, [ALL[0], *STATIC]),
        ({f"{WORD}OriginResourceId": "vpc-1"}, ALL[1:4]),
        ({f"{WORD}DestinationCidrBlock": ALL[4]}, [ALL[4]]),
        ({f"{WORD}Status": "Standby"}, []),
        ({f"{WORD}Status": "All"}, ALL),
        ({"PrefixListId": "pl-1"}, []),
        ({f"{WORD}Names": ["nobody"]}, []),
    ],
)
def test_filters_of_routes(walk, params, told):
    assert prefixes(walk, **params) == told


@pytest.mark.parametrize(
    ("key", "values", "told"),
    [
        ("PrefixExactMatchCidrs", ["192.168.0.0/16", "10.0.0.0/8"], ["192.168.0.0/16"]),
        ("SubnetOfMatchCidrs", ["192.168.0.0/16"], ALL[4:]),
        ("SubnetOfMatchCidrs", ["192.168.40.0/24", "10.0.0.0/8"], [ALL[0], *ALL[7:]]),
        ("SupernetOfMatchCidrs", ["192.168.40.0/24"], [ALL[4], ALL[7]]),
        ("LongestPrefixMatchCidrs", ["192.168.10.136"], [STATIC[0]]),
        ("LongestPrefixMatchCidrs", ["192.168.10.137", "192.168.9.1"], ["192.168.0.0/16", "192.168.10.0/24"]),
        ("LongestPrefixMatchCidrs", ["192.168.10.0/25"], ["192.168.10.0/24"]),
        ("LongestPrefixMatchCidrs", ["8.8.8.8"], []),
    ],
)
def test_route_filters(walk, key, values, told):
    assert prefixes(walk, RouteFilter=[{"Key": key, "Value": values}]) == told


def test_route_filters_of_several_keys_must_all_fit(walk):
    both = [
        {"Key": "SubnetOfMatchCidrs", "Value": ["192.168.0.0/16"]},
        {"Key": "SupernetOfMatchCidrs", "Value": [STATIC[0]]},
    ]
    assert prefixes(walk, RouteFilter=both) == [ALL[4], ALL[5], STATIC[0]]


def test_routes_in_portions(walk):
    found, token = [], ""
    for _ in range(5):
        params = {"TransitRouterRouteTableId": walk.ids["table"], "MaxResults": 2, "NextToken": token}
        answer = walk.cloud.call("Cbn", "ListTransitRouterRouteEntries", **params)
        found += [row[f"{WORD}DestinationCidrBlock"] for row in answer["TransitRouterRouteEntries"]]
        token = answer.get("NextToken", "")
    assert (found, token, answer["TotalCount"]) == (ALL, "", 9)


def test_losers_are_told_only_when_asked_for(walk):
    walk.seen.routes = (*walk.seen.routes, SeenRoute("192.168.0.0/16", walk.ids["vpn"], "BGP", "Standby"))
    assert prefixes(walk) == ALL
    assert prefixes(walk, **{f"{WORD}Status": "Standby"}) == ["192.168.0.0/16"]
    assert prefixes(walk, **{f"{WORD}Status": "All"}).count("192.168.0.0/16") == 2


def test_what_a_policy_kept_out_is_told_as_prohibited_with_its_communities(walk):
    out = SeenRoute("192.168.77.0/24", walk.ids["vpn"], "BGP", "Prohibited", (65530,), communities=("65501:1",))
    walk.seen.routes = (*walk.seen.routes, out)
    assert "192.168.77.0/24" not in prefixes(walk)
    [row] = walk.listed("ListTransitRouterRouteEntries", "TransitRouterRouteEntries",
                        TransitRouterRouteTableId=walk.ids["table"], **{f"{WORD}Status": "Prohibited"})
    assert (row[f"{WORD}DestinationCidrBlock"], row[f"{WORD}NextHopId"]) == ("192.168.77.0/24", walk.ids["vpn"])
    assert row["PathAttributes"]["Communities"] == ["65501:1"]


def test_a_static_route_shows_its_way_and_what_the_network_made_of_it(walk):
    made = walk.cloud.call(
        "Cbn",
        "CreateTransitRouterRouteEntry",
        TransitRouterRouteTableId=walk.ids["table"],
        **{f"{WORD}DestinationCidrBlock": "10.77.0.0/16", f"{WORD}NextHopType": "BlackHole", f"{WORD}Name": "hole"},
    )[f"{WORD}Id"]

    def state():
        [row] = walk.listed(
            "ListTransitRouterRouteEntries",
            "TransitRouterRouteEntries",
            TransitRouterRouteTableId=walk.ids["table"],
            **{f"{WORD}Ids": [made], f"{WORD}Status": "All"},
        )
        return row[f"{WORD}Status"], row[f"{WORD}Name"], row["PathAttributes"]["OriginRouteType"]

    assert state() == ("Creating", "hole", "BlackHole")
    walk.cloud.settle()
    assert state() == ("Active", "hole", "BlackHole")
    walk.seen.routes = (*walk.seen.routes, SeenRoute("10.77.0.0/16", "", "Static", "Rejected"))
    walk.cloud.call("Cbn", "UpdateTransitRouterRouteEntry", **{f"{WORD}Id": made, f"{WORD}Name": "other"})
    assert state() == ("Rejected", "other", "BlackHole")
    walk.cloud.call(
        "Cbn",
        "DeleteTransitRouterRouteEntry",
        TransitRouterRouteTableId=walk.ids["table"],
        **{f"{WORD}DestinationCidrBlock": "10.77.0.0/16", f"{WORD}NextHopType": "BlackHole"},
    )
    assert state() == ("Deleting", "other", "BlackHole")
    walk.cloud.settle()
    assert prefixes(walk, **{f"{WORD}Ids": [made], f"{WORD}Status": "All"}) == []
