"""No class of addresses is cut by a prefix that anything in the network tells apart."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.app.load import load
from sealane.model import FilterRule, Network, SecurityGroup, StaticRoute, TransitRoute
from sealane.net import Cidr, Prefix
from sealane.verify.universe import Universe

PLAN = Path(__file__).parents[3] / "examples" / "hangzhou" / "plan.yaml"


@cache
def example() -> Network:
    network = load(PLAN).network
    assert network is not None
    return network


def at(node: str, change):
    def around(prefix: Prefix) -> Network:
        network = example()
        return replace(network, nodes=tuple(change(one, prefix) if one.name == node else one for one in network.nodes))

    return around


def in_group(node, prefix):
    return replace(node, security_group=SecurityGroup("group", (FilterRule(permit=True, source=prefix),)))


def discarding(node, prefix):
    return replace(node, static_routes=(StaticRoute(prefix, None, discard=True),))


def black_hole(node, prefix):
    router = node.transit_router
    tables = tuple(replace(one, routes=(TransitRoute(prefix, None),)) for one in router.tables)
    return replace(node, transit_router=replace(router, tables=tables))


def protected(side):
    return lambda prefix: replace(
        example(), protections=tuple(replace(one, **{side: (prefix,)}) for one in example().protections)
    )


PLACES = {
    "protection, cloud": protected("cloud"),
    "protection, site": protected("site"),
    "security group": at("ecs1", in_group),
    "static route": at("cgw", discarding),
    "custom route": at("tr", black_hole),
}


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PLACES)), st.integers(1, 0xFFFFFFFE), st.integers(8, 32))
def test_a_class_is_inside_of_what_is_told_apart_or_outside(place, address, length):
    prefix = Prefix((address, length), strict=False)
    cidr, universe = Cidr.of(prefix), Universe(PLACES[place](prefix))
    for inside in (cidr.address, cidr.last):
        for outside in (cidr.address - 1, cidr.last + 1):
            if 0 <= outside <= 0xFFFFFFFF:
                assert universe.of(inside) != universe.of(outside)
