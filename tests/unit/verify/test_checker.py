"""The checker's own verdicts on the use case, and that the twin agrees stage by stage and failure by failure."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from agreement import agree
from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.model import Mode
from sealane.net import Address, NodeName, Prefix
from sealane.twin.converge import Twin
from sealane.twin.element import elements
from sealane.vendors.cisco_asa import read
from sealane.verify.checker import (
    Claim,
    NotCoveredError,
    check_claim,
    check_encrypted,
    cold_start,
    failing_elements,
    possible_states,
)

EXAMPLES = Path(__file__).parents[3] / "examples"
NONE = frozenset()
BOTH = frozenset({"IPsecConnection/tunnel-1", "IPsecConnection/tunnel-2"})
LOST = frozenset({("connection", "IPsecConnection")})
ECS, CLIENT = Address("172.16.10.225"), Address("192.168.20.6")


@cache
def example(name="hangzhou", stage="encrypted"):
    return STAGES[stage](load(EXAMPLES / name / "plan.yaml").network)


def claim(outcome, circuits=(), failed=NONE, tunnels=None, back=False):
    source, destination, start = (CLIENT, ECS, "client") if back else (ECS, CLIENT, "ecs1")
    return Claim(failed, tunnels, source, destination, (start, None), outcome, frozenset(circuits))


@pytest.mark.parametrize("stage", STAGES)
def test_it_agrees_with_the_twin_when_any_one_thing_fails(stage):
    network = example(stage=stage)
    known = elements(network)
    assert {(one.kind.value, one.name) for one in known} == set(failing_elements(network))
    for failed in (frozenset(), *(frozenset({one}) for one in known)):
        agree(network, failed, shapes=((1, 0, 8),))


def test_it_agrees_with_the_twin_on_two_circuits():
    network = example("load-balancing")
    for kind in ("circuit", "connection"):
        agree(network, frozenset(one for one in elements(network) if one.kind == kind and "1" in one.name))


@pytest.mark.parametrize("stage", STAGES)
def test_it_agrees_with_the_twin_on_the_device_as_it_was_published(stage):
    text = (EXAMPLES / "hangzhou" / "cgw.as-published.asa.cfg").read_text()
    device = read(text, "cgw", NodeName("cgw")).node
    nodes = tuple(device if one.name == "cgw" else one for one in example().nodes)
    agree(STAGES[stage](replace(example(), nodes=nodes)), frozenset())


@pytest.mark.parametrize("name", ["hangzhou", "hangzhou-gateway", "bgp-on-vbr", "active-standby"])
def test_it_finds_the_same_states_to_stay_in(name):
    for stage in ("bgp-without-host-routes", "encrypted"):
        network = example(name, stage)
        liveness = Twin(network).converge().liveness
        assert set(possible_states(network, NONE)) == {
            liveness.tunnels, *liveness.cycle, *liveness.fixed_points
        }


@pytest.mark.parametrize("back", [False, True])
def test_the_use_case(back):
    network = example()
    assert cold_start(network, NONE) == (BOTH,)
    assert check_claim(network, claim("encrypted", back=back, tunnels=BOTH)) == ""
    assert check_claim(network, claim("clear", ["Circuit"], LOST, NONE, back=back)) == ""
    assert check_claim(network, claim("dropped", failed=frozenset({("circuit", "Circuit")}), back=back)) == ""


def test_a_tunnel_without_its_host_route_comes_and_goes():
    tunnels, *cycle = cold_start(example(stage="bgp-without-host-routes"), NONE)
    assert (tunnels, set(cycle)) == (NONE, {NONE, BOTH})


def test_the_loop_without_the_route_policy_is_found():
    network = example(stage="no-route-policy")
    wanted = Claim(NONE, None, ECS, Address("192.168.10.136"), ("ecs1", None), "loop", NONE)
    assert check_claim(network, wanted) == ""


def test_a_false_claim_is_answered_with_what_was_found():
    network = example()
    assert "encrypted, in clear over none" in check_claim(network, claim("clear", ["Circuit"]))
    assert "clear, in clear over Circuit" in check_claim(network, claim("encrypted", failed=LOST))
    told = check_claim(network, claim("encrypted", tunnels=frozenset({"IPsecConnection/tunnel-1"})))
    one, other = sorted(BOTH)
    assert told == f"tunnels that carry: {one}, {other}, not {one}"


def narrowed(mode, cloud):
    """The use case with fewer classes of packets: a smaller promise, and no access list at the device."""
    network = example()
    sides = {"cloud": (Prefix(cloud),), "site": (Prefix(f"{CLIENT}/32"),)}
    protections = tuple(replace(one, mode=mode, **sides) for one in network.protections)
    nodes = tuple(replace(one, access_lists=()) for one in network.nodes)
    return replace(network, protections=protections, nodes=nodes)


def test_the_whole_proof_finds_what_is_not_announced():
    found = check_encrypted(narrowed(Mode.OPEN, "172.16.0.0/16"), failures=0)
    leaks = {one.partition(": ")[2].partition(" protocol")[0] for one in found}
    # The bounds behind the three announced /24s, and the one before them; nothing in the cloud sends from there.
    assert leaks == {f"{CLIENT} -> 172.16.{third}.0" for third in (0, 11, 21, 31)}
    assert check_encrypted(narrowed(Mode.REQUIRED, "172.16.0.0/16"), failures=0) == ()


def test_the_whole_proof_finds_the_failures_that_open():
    """Not only without tunnels: what a side no longer announces falls back to the circuit, and is lost behind it."""
    found = check_encrypted(narrowed(Mode.OPEN, f"{ECS}/32"))
    ways = {(one.partition(" failed")[0], "cloud" if f": {ECS}" in one else "site") for one in found}
    assert ways == {
        ("connection:IPsecConnection", "cloud"), ("connection:IPsecConnection", "site"),
        ("node:tr", "site"), ("link:VBR-Attachment", "site"),  # the tunnels go too
        ("link:VPC-Attachment", "site"), ("node:vpc", "site"),
        ("link:dc/core", "cloud"), ("node:core-router", "cloud"),
    }
    assert check_encrypted(narrowed(Mode.REQUIRED, f"{ECS}/32")) == ()


def test_what_is_too_large_is_refused():
    network = example()
    ends = network.node("tr").tunnel_ends
    many = tuple(replace(ends[0], name=f"more/tunnel-{number}") for number in range(7))
    nodes = tuple(replace(one, tunnel_ends=many) if one.name == "tr" else one for one in network.nodes)
    with pytest.raises(NotCoveredError):
        possible_states(replace(network, nodes=nodes), NONE)
