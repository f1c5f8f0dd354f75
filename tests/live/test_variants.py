"""The example variants as a user runs them: what their tables hold, what crosses which circuit, and who takes over."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import (
    RUN,
    assert_encrypted,
    copy_plan,
    edit,
    foretold,
    ip,
    live,
    name_of,
    network,
    ok,
    ok_json,
    probe,
    routes,
    space,
    wait_for,
)

from sealane.app.flows import Flows
from sealane.app.status import carries
from sealane.twin.element import Element, ElementKind

pytestmark = pytest.mark.live

VSWITCHES = ("172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24")
CLIENTS, SITE, GATEWAYS = "192.168.20.0/24", "192.168.0.0/16", "10.10.10.0/24"


def tunnels(plan: Path, node: str) -> frozenset[str]:
    return frozenset(one["ifname"] for one in ip(space(plan, node), "link") if one["ifname"].startswith("ipsec"))


def by(interface: str, *prefixes: str) -> dict[str, frozenset[str]]:
    return dict.fromkeys(prefixes, frozenset({interface}))


def cloud_routes(plan: Path) -> dict[str, frozenset[str]]:
    return routes(space(plan, "tr"), "100")


def device_routes(plan: Path) -> dict[str, frozenset[str]]:
    return routes(space(plan, "cgw"), "main")


def test_a_border_router_with_bgp_leaves_the_tunnels_the_longer_prefix(tmp_path):
    with network(copy_plan(tmp_path, "vbr", example="bgp-on-vbr"), "--until", "plain") as plan:
        assert wait_for(lambda: probe(plan, count=1)["received"] == 1), cloud_routes(plan)
        assert probe(plan, count=5)["verdict"] == str(foretold(plan, "ecs1", "client")) == "clear"

        ok("up", plan)
        assert_encrypted(plan)
        assert probe(plan, "client", "ecs1")["verdict"] == str(foretold(plan, "client", "ecs1")) == "encrypted"
        assert cloud_routes(plan) == {
            **by("vpc-attachment", *VSWITCHES),
            **by("vbr-attachment", SITE, "192.168.10.136", "192.168.40.159"),
            **by("blackhole", GATEWAYS),
            CLIENTS: tunnels(plan, "tr"),
        }
        assert len(tunnels(plan, "tr")) == 2
        device = device_routes(plan)
        assert {one: device[one] for one in VSWITCHES} == dict.fromkeys(VSWITCHES, tunnels(plan, "cgw"))
        assert device[GATEWAYS] == frozenset({"vbr"})

        # the same device without its outbound filters
        edit(plan, ("config: cgw.asa.cfg", "config: cgw.transit.asa.cfg"))
        ok("up", plan, "--no-wait")
        assert wait_for(lambda: cloud_routes(plan)[CLIENTS] == {"vbr-attachment"}), cloud_routes(plan)
        assert wait_for(lambda: _of_border(plan)[VSWITCHES[0]] == {"circuit"}), _of_border(plan)
        assert wait_for(lambda: "65530 45104" in _bird(plan, "tr")), "what the border router told comes by tunnel"
        assert "65530 65534" in _bird(plan, "vbr")
        for source, destination in (("ecs1", "client"), ("client", "ecs1")):
            found = probe(plan, source, destination, count=5)
            assert found["received"] == 0
            assert found["circuits"]["Circuit"]["clear_protected"] == 5
            said = foretold(plan, source, destination)
            assert (said.answered, said.in_clear) == ("none", True)
        states = ok_json("status", plan)["tunnels"]
        assert [(one["child_state"], one["bgp_state"]) for one in states] == [("INSTALLED", "Established")] * 2


def _of_border(plan: Path) -> dict[str, frozenset[str]]:
    return routes(space(plan, "vbr"), "main")


def _bird(plan: Path, node: str) -> str:
    control = RUN / name_of(plan) / node / "bird" / "bird.ctl"
    shown = ["birdc", "-r", "-s", str(control), "show", "route", "table", "all", "all"]
    return subprocess.run(shown, capture_output=True, text=True, check=True).stdout


def test_two_circuits_share_the_load_and_either_carries_it_alone(tmp_path):
    with network(copy_plan(tmp_path, "share", example="load-balancing")) as plan:
        assert_encrypted(plan)
        assert cloud_routes(plan) == {
            **by("vpc-attachment", *VSWITCHES),
            **by("vbr1-attachment", "192.168.10.136", "192.168.10.137"),
            **by("vbr2-attachment", "192.168.40.158", "192.168.40.159"),
            **by("blackhole", GATEWAYS),
            CLIENTS: tunnels(plan, "tr"),
        }
        assert len(tunnels(plan, "tr")) == 4
        assert str(foretold(plan, "ecs1", "client")) == str(foretold(plan, "client", "ecs1")) == "encrypted"
        before, net = _esp(plan), live(plan)
        assert len(before) == 4, "both ends of both circuits are metered"
        with Flows(net, net.host("ecs1"), net.host("client")) as flows:
            assert wait_for(lambda: all(count > before[port] + 40 for port, count in _esp(plan).items())), _esp(plan)
            result = flows.finish()
        assert result.received == result.sent
        assert all(reading.clear_protected.packets == 0 for reading in net.observer.meters().values())

        with _dark(plan, "vbr1"):
            alone = _hops_of(plan, "IPsecConnection2")
            assert wait_for(lambda: cloud_routes(plan).get(CLIENTS) == alone), cloud_routes(plan)
            assert wait_for(lambda: len(device_routes(plan).get(VSWITCHES[0], ())) == 2), device_routes(plan)
            found = probe(plan)
            assert (found["verdict"], found["lost"]) == ("encrypted", 0), found
            assert found["circuits"]["Circuit2"]["esp"] >= 20
            assert found["captured"]["Circuit1"]["esp"] == 0
            circuit = Element(ElementKind.CIRCUIT, "Circuit1")
            assert str(foretold(plan, "ecs1", "client", frozenset({circuit}))) == "encrypted"
        assert wait_for(lambda: carries(live(plan).observer)), ok("status", plan)


def _esp(plan: Path) -> dict[tuple[str, str], int]:
    """ESP packets so far by circuit and node."""
    meters = live(plan).observer.meters()
    return {(circuit, port.node): reading.esp.packets for (circuit, port), reading in meters.items()}


def _hops_of(plan: Path, connection: str) -> frozenset[str]:
    """The transit router's tunnel interfaces of a connection."""
    ends = live(plan).lowered.ends
    names = [name for node, name in ends if node == "tr" and name.startswith(f"{connection}/")]
    return frozenset(ends["tr", name].interface for name in names)


def test_a_circuit_in_clear_is_backed_up_by_tunnels_on_another(tmp_path):
    with network(copy_plan(tmp_path, "standby", example="active-standby")) as plan:
        assert wait_for(lambda: _in_use(plan, "vbr1")), (cloud_routes(plan), device_routes(plan))
        assert wait_for(lambda: _all_established(plan)), ok("status", plan)
        found = probe(plan)
        assert (found["verdict"], found["lost"]) == ("clear", 0), found
        assert found["captured"]["Circuit1"]["clear_protected"] == 20
        assert found["captured"]["Circuit2"]["clear_protected"] == 0
        assert str(foretold(plan, "ecs1", "client")) == "clear"

        with _dark(plan, "vbr1", carrier=True):
            assert wait_for(lambda: _in_use(plan, "ipsec"), 20), "BFD is sooner than the hold time of 30 s"
            for source, destination in (("ecs1", "client"), ("client", "ecs1")):
                found = probe(plan, source, destination)
                assert (found["verdict"], found["lost"]) == ("encrypted", 0), found
                assert found["circuits"]["Circuit2"]["esp"] >= 20
            session = Element(ElementKind.BGP, "vbr1/10.0.0.2")
            assert str(foretold(plan, "ecs1", "client", frozenset({session}))) == "encrypted"
        assert wait_for(lambda: _in_use(plan, "vbr1")), (cloud_routes(plan), device_routes(plan))
        assert probe(plan)["verdict"] == "clear"


def _in_use(plan: Path, way: str) -> bool:
    """True when both ends send by interfaces whose names begin so."""
    hops = [cloud_routes(plan).get(CLIENTS, frozenset()), device_routes(plan).get(VSWITCHES[0], frozenset())]
    return all(found and all(one.startswith(way) for one in found) for found in hops)


def _all_established(plan: Path) -> bool:
    found = live(plan).observer.tunnels()
    return len(found) == 2 and all((one.child_state, one.bgp_state) == ("INSTALLED", "Established") for one in found)


@contextmanager
def _dark(plan: Path, port: str, *, carrier: bool = False) -> Iterator[None]:
    """The device's port is down; or, with carrier, it stays up and passes nothing, which only BFD or a timer sees."""
    name = space(plan, "cgw")
    if carrier:
        hook = "type filter hook {} priority -400; policy accept"
        rules = f"""table inet dark {{
            chain arriving {{ {hook.format("prerouting")}; iifname "{port}" drop; }}
            chain leaving {{ {hook.format("postrouting")}; oifname "{port}" drop; }}
        }}"""
        on = ["ip", "netns", "exec", name, "nft", rules]
        off = ["ip", "netns", "exec", name, "nft", "delete table inet dark"]
    else:
        on, off = (["ip", "-n", name, "link", "set", "dev", port, state] for state in ("down", "up"))
    subprocess.run(on, check=True)
    try:
        yield
    finally:
        subprocess.run(off, check=True)
