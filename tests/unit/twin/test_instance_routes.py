"""A VPC's route to an instance: the packet comes to the instance and ends there, as it does in the kernel."""

from dataclasses import replace
from pathlib import Path

import pytest

from agreement import agree
from sealane.app.load import load
from sealane.model import Network, Platform, StaticRoute
from sealane.net import Address, NodeName, Prefix
from sealane.twin.converge import Twin
from sealane.twin.packet import Fate, Packet
from sealane.verify import checker

EXAMPLE = Path(__file__).parents[3] / "examples" / "hangzhou-gateway" / "plan.yaml"
FIRST, SECOND = Address("172.16.10.225"), Address("172.16.10.226")
BEYOND = Prefix("192.168.20.0/24")
"""The site's clients: the VPC has a shorter route to them."""


@pytest.fixture(scope="module")
def network() -> Network:
    found = load(EXAMPLE).network
    assert found is not None
    vpc = next(iter(found.of_platform(Platform.VPC)))
    routes = (*vpc.static_routes, StaticRoute(BEYOND, FIRST, "vSwitch1"))
    return replace(found, nodes=tuple(replace(one, static_routes=routes) if one is vpc else one
                                      for one in found.nodes))  # fmt: skip


def test_the_instance_gets_the_packet_and_does_not_forward_it(network: Network) -> None:
    state = Twin(network).converge()
    packet = Packet(int(SECOND), int(BEYOND[6]), 1, 0, 8)
    (trip,) = state.walker().send(packet, NodeName("ecs2"))
    assert [hop.node for hop in trip.hops] == ["ecs2", "vpc", "ecs1"]
    assert trip.fate is Fate.UNANSWERED


def test_a_route_to_the_instance_itself_arrives(network: Network) -> None:
    (trip,) = Twin(network).converge().walker().send(Packet(int(SECOND), int(FIRST), 1, 0, 8), NodeName("ecs2"))
    assert trip.delivered


def test_the_checker_says_the_same(network: Network) -> None:
    agree(network, frozenset())
    tunnels, *_ = checker.cold_start(network, frozenset())
    walk = checker.state_walk(network, frozenset(), tunnels)
    ways = walk.send(checker.Packet(SECOND, BEYOND[6], 1, 0, 8), NodeName("ecs2"))
    assert {checker.outcome(way) for way in ways} == {"dropped"}
