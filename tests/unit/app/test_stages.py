from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.model import AttachmentKind, InterfaceKind, Network, Platform, TransitRouteMap
from sealane.net import Prefix
from sealane.plan import Kind

ROOT = Path(__file__).parents[3]
EXAMPLES = pytest.mark.parametrize("name", ["hangzhou", "hangzhou-gateway"])
VARIANTS = ["bgp-on-vbr", "load-balancing", "active-standby"]
ALL = pytest.mark.parametrize("name", ["hangzhou", "hangzhou-gateway", *VARIANTS])
EACH = pytest.mark.parametrize("stage", list(STAGES))
OUTER = {Prefix("192.168.10.136/32"), Prefix("192.168.40.159/32")}


@cache
def example(name: str) -> Network:
    loaded = load(ROOT / "examples" / name / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network


def host_routes(network: Network) -> set[Prefix]:
    return {route.prefix for table in network.node("tr").transit_router.tables for route in table.routes} & OUTER


def policies(network: Network) -> tuple[TransitRouteMap, ...]:
    return network.node("tr").transit_router.route_maps


@ALL
@EACH
def test_every_stage_taken_twice_is_the_same(name: str, stage: str) -> None:
    once = STAGES[stage](example(name))
    assert STAGES[stage](once) == once


@ALL
@EACH
def test_only_the_transit_router_and_devices_differ_between_stages(name: str, stage: str) -> None:
    network, staged = example(name), STAGES[stage](example(name))
    for node in network.nodes:
        if node.platform not in {Platform.TRANSIT_ROUTER, Platform.ASA, Platform.GATEWAY}:
            assert staged.node(node.name) == node
    assert (staged.segments, staged.circuits, staged.protections) == (
        network.segments, network.circuits, network.protections,
    )
    assert [node.name for node in staged.nodes] == [node.name for node in network.nodes]


@ALL
@EACH
@pytest.mark.parametrize("esp", list(EspBackend))
def test_every_stage_can_be_brought_onto_a_host(name: str, stage: str, esp: EspBackend) -> None:
    assert lower(STAGES[stage](example(name)), LowerOptions(esp, "/run/x")).findings == ()


@ALL
def test_plain_has_no_trace_of_a_tunnel(name: str) -> None:
    plain = STAGES["plain"](example(name))
    assert plain.tunnels() == ()
    for node in plain.nodes:
        assert node.tunnel_ends == ()
        assert all(one.kind is not InterfaceKind.TUNNEL for one in node.interfaces)
    kinds = {one.kind for one in plain.node("tr").transit_router.attachments}
    assert kinds == {AttachmentKind.VPC, AttachmentKind.VBR}
    for esp in EspBackend:
        found = {one.key.kind for one in lower(plain, LowerOptions(esp, "/run/x")).resources}
        assert not found & {Kind.CHARON, Kind.CONNECTION}


@EXAMPLES
def test_tunnels_up_has_tunnels_and_no_bgp_on_the_device(name: str) -> None:
    network, staged = example(name), STAGES["tunnels-up"](example(name))
    assert staged.tunnels() == network.tunnels()
    assert len(staged.tunnels()) == 2
    assert network.node("cgw").bgp is not None
    assert staged.node("cgw").bgp is None
    assert staged.node("tr").transit_router.attachments == network.node("tr").transit_router.attachments


@EXAMPLES
def test_host_routes_are_absent_before_encrypted_and_there_from_then_on(name: str) -> None:
    found = {stage: host_routes(change(example(name))) for stage, change in STAGES.items()}
    assert found == {
        "plain": set(),
        "tunnels-up": set(),
        "bgp-without-host-routes": set(),
        "encrypted": OUTER,
        "no-route-policy": OUTER,
    }


@EXAMPLES
def test_only_encrypted_has_the_policy_that_withholds_host_routes(name: str) -> None:
    found = {stage for stage, change in STAGES.items() if policies(change(example(name)))}
    assert found == {"encrypted"}


@ALL
def test_bgp_without_host_routes_keeps_the_device_whole(name: str) -> None:
    assert STAGES["bgp-without-host-routes"](example(name)).node("cgw") == example(name).node("cgw")


@ALL
def test_encrypted_is_the_plan(name: str) -> None:
    assert STAGES["encrypted"](example(name)) is example(name)


@pytest.mark.parametrize("name", ["bgp-on-vbr", "active-standby"])
@pytest.mark.parametrize("stage", ["plain", "tunnels-up"])
def test_bgp_with_a_border_router_is_no_part_of_the_tunnels(name: str, stage: str) -> None:
    network, staged = example(name), STAGES[stage](example(name))
    whole, left = network.node("cgw").bgp, staged.node("cgw").bgp
    assert whole is not None
    assert left == replace(whole, neighbors=tuple(one for one in whole.neighbors if one.remote_asn == 45104))
    assert len(left.neighbors) == 1


def test_stages_come_in_the_order_of_the_procedure() -> None:
    assert tuple(STAGES) == ("plain", "tunnels-up", "bgp-without-host-routes", "encrypted", "no-route-policy")
