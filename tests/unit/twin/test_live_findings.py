"""What the twin had wrong and a live network, or what is written for its daemons, showed."""

from dataclasses import replace
from pathlib import Path

import pytest

from fidelity.small import Border, Device, Small, Static, build
from sealane.app.load import load
from sealane.model import InterfaceKind
from sealane.net import Cidr, InterfaceAddress, Prefix
from sealane.twin.converge import Twin

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def border():
    return load(EXAMPLES / "bgp-on-vbr" / "plan.yaml").network


def with_device(network, change):
    return replace(network, nodes=tuple(change(one) if one.name == "cgw" else one for one in network.nodes))


def test_a_device_originates_the_host_route_of_an_address_that_a_tunnel_starts_from(border):
    def change(device):
        interfaces = tuple(
            replace(one, addresses=tuple(InterfaceAddress(f"{found.ip}/24") for found in one.addresses))
            if one.kind is InterfaceKind.LOOPBACK
            else one
            for one in device.interfaces
        )
        networks = tuple(one for one in device.bgp.networks if one.prefix.prefixlen != 16)
        return replace(device, interfaces=interfaces, bgp=replace(device.bgp, networks=networks))

    state = Twin(with_device(border, change)).converge()
    assert len(state.liveness.tunnels) == 2


def test_a_tunnel_that_neither_end_starts_stays_down(border):
    def change(device):
        first, *others = device.tunnel_ends
        return replace(device, tunnel_ends=(replace(first, initiates=False), *others))

    state = Twin(with_device(border, change)).converge()
    assert state.liveness.tunnels == {"IPsecConnection/tunnel-2"}
    assert "neither end starts" in state.tunnels["IPsecConnection/tunnel-1"].reason


def test_a_static_of_distance_255_is_not_installed(border):
    def change(device):
        return replace(device, static_routes=tuple(replace(one, distance=255) for one in device.static_routes))

    state = Twin(with_device(border, change)).converge()
    statics = {one.prefix for one in border.node("cgw").static_routes}
    assert statics
    assert not statics & {prefix.to_prefix() for prefix in state.tables.nodes["cgw"].tables["main"]}


@pytest.mark.parametrize(
    ("statics", "gateway"),
    [((), None), ((Static("10.0.1.0/30", "lan:d1"),), "192.168.50.1"), ((Static("0.0.0.0/0", "lan:d1"),), None)],
    ids=["unknown", "over a static", "over a default route"],
)
def test_inside_an_as_a_path_keeps_its_next_hop_and_counts_only_where_that_is_reached(statics, gateway):
    devices = (Device("d1", lan=1), Device("d2", lan=2, statics=statics, beside=("d1",)))
    state = Twin(build(Small((Border("vbr1", "d1", bgp=True),), devices))).converge()
    found = state.tables.nodes["d2"].tables["main"].get(Cidr.of(Prefix("172.16.10.0/24")))
    hops = [] if found is None else [str(hop) for hop in found.next_hops]
    assert hops == ([] if gateway is None else [f"{gateway} over lan"])
