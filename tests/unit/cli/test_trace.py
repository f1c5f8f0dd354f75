"""Following packets through the example: what is said about every stage, as text and as JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from test_messages import PLAN, ROOT, edited, sealane

from sealane.app.explain import network_at
from sealane.app.stages import STAGES
from sealane.twin.converge import Twin
from sealane.twin.liveness import Stability
from sealane.verify.explain_cycle import possible_states

GOLDEN = Path(__file__).parent / "golden"
CASES = {
    "trace-plain": ("ECS1", "client", "--stage", "plain"),
    "trace-encrypted": ("ECS1", "client"),
    "trace-oscillating": ("ECS1", "client", "--stage", "bgp-without-host-routes"),
    "trace-loop": ("ECS1", "192.168.10.136", "--stage", "no-route-policy"),
    "trace-outer": ("10.10.10.49", "192.168.10.136", "--proto", "esp"),
    "trace-unknown-host": ("192.168.50.9", "ECS1", "--port", "443"),
}


def traced(*words: str) -> dict:
    code, out, err = sealane("trace", PLAN, *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def legs(answer: dict) -> list[dict]:
    return [leg for state in answer["states"] for leg in (*state["forward"], *state["back"])]


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_as_it_was(name, agreed):
    code, out, err = sealane("trace", PLAN.relative_to(ROOT) if Path.cwd() == ROOT else PLAN, *CASES[name])
    assert (code, err) == (0, "")
    text = out.replace(f"{ROOT}/", "")
    agreed(GOLDEN / f"{name}.txt", text)
    assert "\x1b" not in out


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_the_shape_that_the_documentation_promises(stage):
    answer = traced("ecs1", "CLIENT", "--stage", stage)
    assert set(answer) == {
        "network", "stage", "failed", "stability", "proved", "tunnels_down", "protections", "cycle", "not_modelled",
        "states",
    }
    assert (answer["network"], answer["stage"], answer["not_modelled"]) == ("hangzhou", stage, [])
    assert answer["protections"] == [{"name": "dc-vpc", "mode": "open"}]
    for leg in legs(answer):
        assert leg["ways"]
        for way in leg["ways"]:
            assert way["end"] == flat(way["steps"])[-1]["node"]
            for step in flat(way["steps"]):
                check_step(step)


def flat(steps: list[dict]) -> list[dict]:
    return [one for step in steps for one in (step, *flat(step["outer"]))]


def check_step(step: dict) -> None:
    assert set(step) == {
        "node", "arrived", "table", "decision", "without_it", "headers_before", "headers_after", "egress", "link",
        "crossing", "note", "outer",
    }
    if step["crossing"] is not None:
        assert step["crossing"]["clear"] is (step["headers_after"][0]["tunnel"] is None)
    if step["decision"] is None:
        return
    assert set(step["decision"]) == {"table", "prefix", "used", "lost"}
    assert any(hop["interface"] == step["egress"] for one in step["decision"]["used"] for hop in one["next_hops"]) or (
        step["egress"] is None
    )
    for route in (*step["decision"]["used"], *step["decision"]["lost"], *step["without_it"]):
        assert {"prefix", "protocol", "told_by", "origin", "next_hops", "path", "sources"} <= set(route)
    for route in step["without_it"]:
        assert int(route["prefix"].split("/")[1]) < int(step["decision"]["prefix"].split("/")[1])


@pytest.mark.parametrize("stage", ["plain", "tunnels-up"])
def test_without_longer_prefixes_both_directions_cross_in_clear(stage):
    assert [(leg["crossing"], leg["arrives"]) for leg in legs(traced("ECS1", "client", "--stage", stage))] == [
        ("clear", True), ("clear", True),
    ]


def test_encrypted_goes_through_both_tunnels_in_both_directions():
    answer = traced("ECS1", "client")
    assert (answer["stability"], answer["cycle"], answer["tunnels_down"]) == ("stable", None, {})
    there, back = legs(answer)
    assert (there["reply"], back["reply"]) == (False, True)
    for leg in (there, back):
        assert (leg["crossing"], leg["arrives"]) == ("encrypted", True)
        assert [way["tunnels"] for way in leg["ways"]] == [["IPsecConnection/tunnel-1"], ["IPsecConnection/tunnel-2"]]
    tr = next(step for step in there["ways"][0]["steps"] if step["node"] == "tr")
    assert [one["prefix"] for one in tr["without_it"]] == ["192.168.0.0/16"]
    used = tr["decision"]["used"][0]
    assert used["sources"][0]["told_by"] == "network statement of cgw"
    assert used["sources"][0]["origin"]["file"].endswith("cgw.asa.cfg")
    assert [one["node"] for one in tr["outer"]] == ["tr", "vbr", "cgw"]
    assert tr["outer"][1]["crossing"] == {"circuit": "Circuit", "clear": False, "tunnel": "IPsecConnection/tunnel-1"}
    assert [len(tr["headers_before"]), len(tr["headers_after"])] == [1, 2]
    assert [len(tr["outer"][-1]["headers_before"]), len(tr["outer"][-1]["headers_after"])] == [2, 1]


def test_an_oscillation_names_the_cycle_its_cause_its_period_and_the_repair():
    answer = traced("ECS1", "client", "--stage", "bgp-without-host-routes")
    both = ["IPsecConnection/tunnel-1", "IPsecConnection/tunnel-2"]
    assert answer["stability"] == "oscillating"
    quiet, loud = answer["cycle"]["phases"]
    assert (quiet["tunnels"], quiet["gains"], quiet["loses"], quiet["because"]) == ([], both, [], [])
    assert (loud["tunnels"], loud["gains"], loud["loses"]) == (both, [], both)
    because = {one["tunnel"]: one for one in loud["because"]}
    assert set(because) == set(both)
    turn = because["IPsecConnection/tunnel-2"]
    assert (turn["node"], turn["address"]) == ("tr", "192.168.40.159")
    assert (turn["before"]["prefix"], turn["after"]["prefix"]) == ("192.168.0.0/16", "192.168.40.0/24")
    assert "192.168.40.159/32 in table system of tr, to 100.77.165.74 over VBR-Attachment" in turn["repair"]
    assert answer["cycle"]["period_s"] == 6 + 2  # hold time of the plan, which is the lesser; connect again
    assert [(state["tunnels"], state["rests"]) for state in answer["states"]] == [([], False), (both, False)]
    down, up = answer["states"]
    assert down["forward"][0]["crossing"] == "clear"
    assert {way["fate"] for way in up["forward"][0]["ways"]} == {"recursion"}
    assert not up["back"][0]["reply"]


def test_every_state_to_stay_in_is_looked_at_after_the_one_that_is_reached():
    converged = Twin(network_at(PLAN, "encrypted")).converge()
    nothing, everything = frozenset(), converged.liveness.tunnels
    history = replace(converged.liveness, stability=Stability.BISTABLE, fixed_points=(nothing, everything))
    assert possible_states(replace(converged, liveness=history)) == (everything, nothing)
    unreached = replace(history, cycle=(nothing, everything), fixed_points=(frozenset({"a"}),))
    assert possible_states(replace(converged, liveness=unreached)) == (nothing, everything, frozenset({"a"}))


def test_a_loop_is_named():
    answer = traced("ECS1", "192.168.10.136", "--stage", "no-route-policy")
    (way,) = answer["states"][0]["forward"][0]["ways"]
    assert (way["fate"], way["loop"]) == ("loop", ["vbr", "tr", "vbr"])


def test_without_the_connection_traffic_is_clear_and_without_the_circuit_it_is_lost():
    lost = traced("ECS1", "client", "--fail", "connection:IPsecConnection")
    assert [(leg["crossing"], leg["arrives"]) for leg in legs(lost)] == [("clear", True), ("clear", True)]
    assert lost["failed"] == ["connection:IPsecConnection"]
    assert set(lost["tunnels_down"]) == {"IPsecConnection/tunnel-1", "IPsecConnection/tunnel-2"}
    both = traced("ECS1", "client", "--fail", "tunnel-1", "--fail", "tunnel-2")
    assert [leg["crossing"] for leg in legs(both)] == ["clear", "clear"]
    cut = traced("ECS1", "client", "--fail", "circuit")
    assert [(leg["crossing"], leg["arrives"]) for leg in legs(cut)] == [("none", False), ("none", False)]


def test_one_tunnel_lost_leaves_the_other():
    answer = traced("client", "ECS2", "--fail", "tunnel-1")
    assert [(leg["crossing"], [way["tunnels"] for way in leg["ways"]]) for leg in legs(answer)] == [
        ("encrypted", [["IPsecConnection/tunnel-2"]])
    ] * 2


def test_an_address_without_host_starts_at_the_router_of_its_network():
    answer = traced("172.16.20.4", "192.168.20.77")
    there, back = legs(answer)
    assert (there["starts_at"], there["arrived"]) == ("vpc", "vSwitch2")
    assert (back["starts_at"], back["arrived"], back["reply"]) == ("core-router", "clients", True)
    assert {(way["fate"], way["arrives"]) for way in there["ways"]} == {("unanswered", True)}


def test_a_firewall_drops_the_reply_that_comes_back_another_way():
    answer = traced("192.168.50.9", "ECS1", "--port", "443")
    (back,) = answer["states"][0]["back"]
    assert (back["reply"], back["source_port"]) == (True, 443)
    assert {(way["fate"], way["end"]) for way in back["ways"]} == {("filtered", "cgw")}


def test_neighbors_on_one_network_ask_no_router():
    answer = traced("172.16.10.5", "172.16.10.6")
    assert answer["states"][0]["forward"][0]["ways"] == []
    assert "both addresses are on VPC/vSwitch1" in answer["states"][0]["forward"][0]["begins"]


def test_bgp_of_a_device_names_the_path_that_lost():
    plan = ROOT / "examples" / "active-standby" / "plan.yaml"
    code, out, _ = sealane("trace", plan, "client", "ECS1")
    assert code == 0
    assert "lost by local preference: 50 against 200" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nobody", "client"), "hosts are: client, ECS1, ECS2"),
        (("ECS1", ""), "hosts are: client"),
        (("ECS1", "client\n\x1b[31m"), "hosts are: client"),
        (("ECS1", "ecs1"), "one address"),
        (("172.16.10.225", "ECS1"), "one address"),
        (("8.8.8.8", "client"), "nobody in the plan can have 8.8.8.8"),
        (("255.255.255.255", "client"), "no address of a host"),
        (("ECS1", "255.255.255.255"), "no address of a host"),
        (("0.0.0.0", "client"), "no address of a host"),
        (("ECS1", "0.0.0.0"), "no address of a host"),
        (("ECS1", "224.0.0.5"), "no address of a host"),
        (("ECS1", "2001:db8::1"), "only IPv4 is modelled"),
        (("ECS1", "192.168.20.6/32"), "neither an IPv4 address nor a host"),
        (("ECS1", "client", "--fail", "tunnle-1"), "tunnel:IPsecConnection/tunnel-2"),
        (("ECS1", "client", "--fail", "tunnel"), "may be tunnel:IPsecConnection/tunnel-1, tunnel:IPsec"),
        (("ECS1", "client", "--fail", ""), "circuit:Circuit"),
        (("ECS1", "client", "--fail", "tunnel-1", "--stage", "plain"), "no element of this network"),
        (("ECS1", "client", "--proto", "300"), "from 0 to 255"),
        (("ECS1", "client", "--proto", "²"), "from 0 to 255"),
        (("ECS1", "client", "--proto", "-1"), "from 0 to 255"),
        (("ECS1", "client", "--proto", "icmp", "--port", "80"), "--port needs"),
        (("ECS1", "client", "--port", "0"), "--port"),
        (("ECS1", "client", "--stage", "later"), "--stage"),
    ],
)
def test_wrong_words_are_answered_with_help(words, says):
    for more in ((), ("--json",)):
        code, out, err = sealane("trace", PLAN, *words, *more)
        assert (code, out) == (2, "")
        assert says in err


def test_an_address_that_nobody_has_may_be_asked_for():
    there, back = legs(traced("ECS1", "8.8.8.8"))
    assert [way["fate"] for way in there["ways"]] == ["no route"]
    assert (back["ways"], back["begins"]) == ([], "nobody in the plan can have 8.8.8.8")


@pytest.mark.parametrize("number", ["0", "1", "6", "17", "47", "50", "255"])
def test_any_protocol_may_be_asked_for(number):
    assert traced("ECS1", "client", "--proto", number)["states"][0]["forward"][0]["protocol"] == int(number)


@pytest.mark.parametrize("words", [("trace", "ECS1", "client"), ("routes", "tr")])
def test_a_plan_with_errors_is_answered_with_its_findings(tmp_path, words):
    plan = edited(tmp_path, "vlan_id: 0", "vlan_id: 4000")
    code, out, err = sealane(words[0], plan, *words[1:])
    assert (code, out, "VBR-002" in err) == (2, "", True)
    code, _, err = sealane(words[0], tmp_path / "none.yaml", *words[1:])
    assert (code, "FILE-001" in err) == (2, True)


def test_a_device_that_translates_addresses_is_not_covered(tmp_path):
    plan = edited(tmp_path, "mode: open", "mode: open")
    device = tmp_path / "cgw.asa.cfg"
    rule = "nat (private,VBR) source dynamic any interface\n"
    device.write_text(device.read_text().replace("sysopt connection tcpmss", rule + "sysopt connection tcpmss"))
    code, out, _ = sealane("trace", plan, "ECS1", "client")
    assert (code, "not covered by the model: cgw translates addresses" in out) == (4, True)
    code, out, _ = sealane("trace", plan, "ECS1", "ECS2")
    assert (code, "not covered" in out) == (0, False)


def test_what_mode_required_refuses_crosses_no_circuit(tmp_path):
    plan = edited(tmp_path, "mode: open", "mode: required")
    code, out, _ = sealane("trace", plan, "ECS1", "client", "--fail", "connection:IPsecConnection", "--json")
    answer = json.loads(out)
    assert (code, answer["protections"]) == (0, [{"name": "dc-vpc", "mode": "required"}])
    assert {(leg["crossing"], way["fate"]) for leg in legs(answer) for way in leg["ways"]} == {("none", "refused")}


def test_the_sample_in_the_documentation_is_what_is_printed():
    page = (ROOT / "docs" / "howto" / "trace.md").read_text(encoding="utf-8")
    sample = page.split("```text\n")[1].split("```")[0]
    assert sample in (GOLDEN / "trace-encrypted.txt").read_text(encoding="utf-8")


def test_the_cycle_ends_with_the_repair_that_it_names():
    """Of the stages that differ by the repair, the one without it oscillates and the one with it is stable."""
    answer = traced("ECS1", "client", "--stage", "bgp-without-host-routes")
    named = {one["address"] for one in answer["cycle"]["phases"][1]["because"]}
    code, out, _ = sealane("routes", PLAN, "TR", "--json")
    (state,) = json.loads(out)["states"]
    custom = {one["prefix"] for one in state["tables"]["system"] if one["used"][0]["protocol"] == "custom"}
    assert (code, {f"{address}/32" for address in named}) == (0, custom)
