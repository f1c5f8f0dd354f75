"""Tables of the example's nodes with reasons, as text and as JSON."""

import json
from pathlib import Path

import pytest
from test_messages import PLAN, ROOT, sealane

from sealane.app.stages import STAGES

GOLDEN = Path(__file__).parent / "golden"
NODES = ("cgw", "client", "core-router", "ECS1", "ECS2", "TR", "VBR", "VPC")


def routed(*words: object) -> dict:
    code, out, err = sealane("routes", PLAN, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def in_table(state: dict, table: str, prefix: str) -> dict:
    (found,) = [one for one in state["tables"][table] if one["prefix"] == prefix]
    return found


@pytest.mark.parametrize("node", ["tr", "cgw", "vbr"])
def test_the_text_is_as_it_was(node, agreed):
    code, out, err = sealane("routes", PLAN, node)
    assert (code, err) == (0, "")
    text = out.replace(f"{ROOT}/", "")
    agreed(GOLDEN / f"routes-{node}.txt", text)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("node", NODES)
def test_every_node_has_the_shape_that_the_documentation_promises(node, stage):
    answer = routed(node, "--stage", stage)
    assert set(answer) == {
        "network", "stage", "node", "label", "platform", "failed", "stability", "cycle", "settled", "states",
    }
    assert answer["settled"] is True
    for state in answer["states"]:
        assert set(state) == {"tunnels_up", "tables", "bgp", "told", "withheld", "sessions", "tunnels"}
        for found in (*state["tables"].values(), state["bgp"]):
            for one in found:
                assert set(one) == {"table", "prefix", "used", "lost"}
                assert one["used"]
                assert all(route["reason"] for route in one["lost"])
    code, out, err = sealane("routes", PLAN, node, "--stage", stage)
    assert (code, err, out.startswith(f"hangzhou, stage {stage}\n")) == (0, "", True)


def test_the_transit_router_tells_what_it_withholds_and_why():
    (state,) = routed("TR")["states"]
    withheld = {(one["prefix"], one["to"]): one["reason"] for one in state["withheld"]}
    assert "RegionOut-40" in withheld["192.168.10.136/32", "VBR-Attachment"]
    assert withheld["192.168.20.0/24", "VBR-Attachment"] == "system policy 5000"
    assert "192.168.10.136/32" not in state["told"]["link VBR-Attachment"]
    shared = in_table(state, "system", "192.168.20.0/24")
    assert [hop["interface"] for one in shared["used"] for hop in one["next_hops"]] == [
        "IPsecConnection/tunnel-1", "IPsecConnection/tunnel-2",
    ]


def test_a_failed_tunnel_takes_its_session_and_its_routes():
    (state,) = routed("cgw", "--fail", "tunnel-1")["states"]
    sessions = {one["name"]: (one["up"], one["reason"]) for one in state["sessions"]}
    assert sessions["IPsecConnection/tunnel-1"] == (False, "tunnel IPsecConnection/tunnel-1 carries nothing")
    assert sessions["IPsecConnection/tunnel-2"] == (True, "")
    assert [one["carries"] for one in state["tunnels"]] == [False, True]
    used = in_table(state, "main", "172.16.10.0/24")["used"]
    assert [hop["interface"] for one in used for hop in one["next_hops"]] == ["Tunnel2"]


def test_an_oscillating_network_is_shown_in_each_state():
    answer = routed("tr", "--stage", "bgp-without-host-routes")
    assert (answer["stability"], len(answer["states"]), len(answer["cycle"]["phases"])) == ("oscillating", 2, 2)
    quiet, loud = answer["states"]
    assert not any(one["prefix"] == "192.168.10.0/24" for one in quiet["tables"]["system"])
    assert in_table(loud, "system", "192.168.10.0/24")["used"]
    assert all(one["comes_and_goes"] for one in (*quiet["tunnels"], *loud["tunnels"]))


def test_one_table_may_be_asked_for():
    assert list(routed("tr", "--table", "system")["states"][0]["tables"]) == ["system"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nothing",), "nodes are:\n  cgw (cisco-asa)\n"), (("",), "nodes are:"), (("TR\n",), "nodes are:"),
        (("tr", "--table", "none"), "it has: system"), (("vpc", "--table", "system"), "it has: main"),
        (("tr", "--fail", "everything"), "circuit:Circuit"),
    ],
)
def test_wrong_words_are_answered_with_help(words, says):
    code, out, err = sealane("routes", PLAN, *words)
    assert (code, out, says in err) == (2, "", True)
