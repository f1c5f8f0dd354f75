"""What filters let pass, when tunnel ends agree, and where tunnels come to rest, against plain statements of each."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.app.load import load
from sealane.model import (
    AccessList,
    FilterRule,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    PortRange,
    SecurityGroup,
    Stateful,
    TransitTable,
)
from sealane.net import NodeName, Secret
from sealane.twin import firewall
from sealane.twin.converge import Twin
from sealane.twin.liveness import Stability, solve
from sealane.twin.negotiation import disagreement
from sealane.twin.packet import TCP, Fate, Packet, ping

EXAMPLES = Path(__file__).parents[3] / "examples"
PORTS = st.sampled_from((0, 1, 2, 3))
PACKET = Packet(1, 2, TCP, 40000, 443)
WEB, REST = (
    FilterRule(permit=True, protocol=TCP, destination_ports=PortRange(*ends)) for ends in ((443, 443), (1, 442))
)


@given(PORTS, PORTS, PORTS, st.booleans())
def test_a_rule_matches_the_ports_between_its_bounds(first, last, port, at_source):
    bounds = {"source_ports" if at_source else "destination_ports": PortRange(first, last)}
    packet = Packet(1, 2, TCP, *((port, 0) if at_source else (0, port)))
    assert firewall.rule_matches(FilterRule(permit=True, protocol=TCP, **bounds), packet) is (first <= port <= last)


@pytest.mark.parametrize(("rules", "passes"), [((WEB,), True), ((REST,), False), ((), False)])
def test_lists_and_groups_let_in_what_they_permit_and_nothing_else(rules, passes):
    near, far = (
        Interface(name, InterfaceKind.ETHERNET, nameif=name, security_level=level, access_list_in="list")
        for name, level in (("near", 0), ("far", 100))
    )
    lists = (AccessList("list", rules),)
    box = Node(NodeName("box"), Platform.ASA, (near, far), stateful=Stateful(), access_lists=lists)
    assert firewall.forwarded(box, "near", "far", PACKET).passes is passes
    host = Node(NodeName("host"), Platform.HOST, security_group=SecurityGroup("group", rules))
    assert firewall.admitted(host, PACKET).passes is passes


@given(*[st.sampled_from(("a", "b"))] * 4)
def test_a_reply_takes_the_interfaces_of_its_flow_backwards(came, went, back, out):
    ports = tuple(Interface(name, InterfaceKind.ETHERNET, nameif=name, security_level=50) for name in "ab")
    box = Node(NodeName("box"), Platform.ASA, ports, stateful=Stateful())
    pins = {box.name: frozenset({(firewall.group(box, came), firewall.group(box, went))})}
    assert firewall.answered(box, back, out, PACKET, pins).passes is ((back, out) == (went, came))
    assert not firewall.answered(box, back, out, PACKET, {}).passes


@given(st.sampled_from((None, "port", "loop", "other")), st.sampled_from(("port", "loop", "other")))
def test_a_firewall_answers_at_the_port_that_owns_the_address_and_at_a_loopback(arrived, owner):
    ports = (
        Interface("port", InterfaceKind.ETHERNET), Interface("loop", InterfaceKind.LOOPBACK),
        Interface("other", InterfaceKind.ETHERNET),
    )  # fmt: skip
    box = Node(NodeName("box"), Platform.ASA, ports, stateful=Stateful())
    assert firewall.to_the_box(box, arrived, owner).passes is (arrived in (None, owner) or owner == "loop")


STATES = [frozenset(some) for size in range(4) for some in combinations("abc", size)]


@given(st.lists(st.sampled_from(STATES), min_size=len(STATES), max_size=len(STATES)))
def test_every_state_to_stay_in_is_found_and_the_verdict_fits_them(after):
    step = dict(zip(STATES, after, strict=True))
    found = solve("abc", step.__getitem__, [frozenset("abc")])
    resting = {one for one in STATES if step[one] == one}
    assert set(found.fixed_points) == resting
    state = frozenset()
    for _ in STATES:
        state = step[state]
    if state in resting:
        assert found.tunnels == state
        assert found.stability is Stability.BISTABLE or len(resting) == 1
    else:
        assert (found.stability is Stability.OSCILLATING) is (not resting)
        assert state in found.cycle


@pytest.fixture(scope="module")
def network():
    return load(EXAMPLES / "hangzhou" / "plan.yaml").network


KEYS = st.sampled_from((None, Secret("one"), Secret("other")))


@given(KEYS, KEYS, st.sampled_from(("", "somebody")))
def test_ends_agree_when_keys_that_are_known_are_equal_and_each_is_whom_the_other_expects(network, near, far, name):
    pair = network.tunnels()[0]
    pair = replace(pair, near=replace(pair.near, psk=near),
                   far=replace(pair.far, psk=far, local_id=name or pair.far.local_id))
    assert (disagreement(pair) == "") is (name == "" and (near == far or None in (near, far)))


def with_router(network, **changes):
    return replace(network, nodes=tuple(
        replace(one, **changes) if one.platform is Platform.TRANSIT_ROUTER else one for one in network.nodes
    ))


def test_a_tunnels_own_packets_are_looked_up_in_the_table_of_its_attachment(network):
    (router,) = network.of_platform(Platform.TRANSIT_ROUTER)
    tables = (*router.transit_router.tables, TransitTable("empty", system=False))
    ends = tuple(replace(one, table="empty") for one in router.tunnel_ends)
    emptied = with_router(network, tunnel_ends=ends, transit_router=replace(router.transit_router, tables=tables))
    assert len(Twin(network).converge().liveness.tunnels) == 2
    assert Twin(emptied).converge().liveness.tunnels == frozenset()


def test_a_host_forwards_nothing(network):
    client, instance = (network.node(one).interfaces[0] for one in ("client", "ecs1"))
    walker = Twin(network).converge().walker()
    packet = ping(int(client.addresses[0].ip), 1)
    assert {one.fate for one in walker.send(packet, NodeName("ecs1"), instance.name)} == {Fate.UNANSWERED}


def test_on_the_way_a_firewall_judges_what_passes_and_nothing_that_it_sends(network):
    device = network.node("cgw")
    closed = tuple(replace(one, security_level=0) for one in device.interfaces)
    shut = replace(network, nodes=tuple(
        replace(one, interfaces=closed, stateful=Stateful()) if one is device else one for one in network.nodes
    ))
    client, instance = (int(network.node(one).interfaces[0].addresses[0].ip) for one in ("client", "ecs1"))

    def fates(where):
        state = Twin(where).converge()
        assert len(state.liveness.tunnels) == 2
        return {one.fate for one in state.walker().send(ping(client, instance), NodeName("client"))}

    assert fates(network) == {Fate.DELIVERED}
    assert fates(shut) == {Fate.FILTERED}
