"""Laws of the choice among routes, of filters on routes, and of the device's own rules."""

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreement import agree
from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.model import (
    Interface,
    InterfaceKind,
    Network,
    Node,
    Platform,
    RouteMap,
    RouteMapEntry,
    Stateful,
    StaticRoute,
)
from sealane.net import Cidr, NodeName, Prefix
from sealane.twin import firewall
from sealane.twin.converge import Converged, Twin
from sealane.twin.packet import TCP, Packet
from sealane.twin.route import NextHop, Profile, Protocol, Route, decide

EXAMPLES = Path(__file__).parents[3] / "examples"
HERE = Cidr.of(Prefix("172.16.0.0/16"))
LITTLE = Profile("little", ("distance", "length"), 1, ())


@cache
def example(name: str, stage: str = "encrypted") -> Network:
    network = load(EXAMPLES / name / "plan.yaml").network
    assert network is not None
    return STAGES[stage](network)


def route(rank: tuple[int, ...], hop: int) -> Route:
    return Route(HERE, Protocol.BGP, (NextHop("port", hop),), rank, "somebody")


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=7),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_the_least_rank_wins_with_its_equals_up_to_the_limit_in_whatever_order_they_come(ranks, most, rng):
    routes = [route(rank, number) for number, rank in enumerate(ranks)]
    found = decide(LITTLE, routes, most)
    equal = [one for one in routes if one.rank[0] == min(ranks)[0]]
    assert found.best.rank == min(ranks)
    assert len(found.routes) == min(most, len(equal))
    assert all(one in equal for one in found.routes)
    assert {*found.routes, *(one.route for one in found.losers)} == set(routes)
    assert all(one.value > one.best for one in found.losers if one.field == "distance")
    rng.shuffle(routes)
    assert decide(LITTLE, routes, most) == found


def with_device(network: Network, change) -> Network:
    return replace(network, nodes=tuple(change(one) if one.name == "cgw" else one for one in network.nodes))


def table(network: Network) -> Converged:
    return Twin(network).converge()


def used(state: Converged, prefix: Prefix) -> Route:
    return state.tables.nodes[NodeName("cgw")].tables["main"][Cidr.of(prefix)].best


@given(st.integers(2, 254))
@settings(max_examples=12, deadline=None)
def test_a_static_of_a_device_wins_over_bgp_up_to_its_distance(distance):
    told = Prefix("172.16.10.0/24")
    state = table(with_device(example("hangzhou"), lambda device: replace(
        device, static_routes=(*device.static_routes, StaticRoute(told, None, discard=True, distance=distance)))))
    assert used(state, told).protocol is (Protocol.STATIC if distance <= 20 else Protocol.BGP)


BORDER, *TUNNELS = "10.0.0.1", "169.254.10.1", "169.254.20.1"


@pytest.mark.parametrize("paths", [1, 2, 3])
def test_med_is_compared_between_paths_of_one_neighbor_as_only(paths):
    """The checker compares path by path, as FRR does; the three neighbors are of two ASes."""
    for meds in product((None, 5, 9), (None, 5), (None, 7)):
        def change(device, meds=meds):
            maps = tuple(RouteMap(f"med-{one}", (RouteMapEntry(10, permit=True, set_med=one),)) for one in (5, 7, 9))
            wanted = dict(zip((BORDER, *TUNNELS), meds, strict=True))
            neighbors = tuple(
                replace(one, import_route_map=None if (med := wanted[str(one.address)]) is None else f"med-{med}")
                for one in device.bgp.neighbors
            )
            return replace(device, route_maps=(*device.route_maps, *maps),
                           bgp=replace(device.bgp, neighbors=neighbors, maximum_paths=paths))

        agree(with_device(example("bgp-on-vbr"), change), frozenset(), shapes=())


def box(here: int | None, there: int | None, *, inter: bool = False, zone: bool = False) -> Node:
    """A firewall between two ports of given levels."""
    zones = "both" if zone else None
    ports = tuple(
        Interface(name, InterfaceKind.ETHERNET, nameif=name, security_level=level, traffic_zone=zones)
        for name, level in (("near", here), ("far", there))
    )
    return Node(NodeName("box"), Platform.ASA, ports, stateful=Stateful(same_security_inter=inter))


LEVELS = st.sampled_from((0, 50, 100))


@given(LEVELS, LEVELS, st.booleans(), st.booleans())
def test_without_a_list_packets_pass_to_a_lower_level_or_an_equal_one_that_is_permitted(here, there, inter, zone):
    node = box(here, there, inter=inter, zone=zone)
    verdict = firewall.forwarded(node, "near", "far", Packet(1, 2, TCP, 40000, 443))
    assert verdict.passes is (here > there or (here == there and (inter or zone)))
    assert not firewall.forwarded(node, "near", "near", Packet(1, 2)).passes
