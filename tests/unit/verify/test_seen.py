"""A running network beside the twin: a perfect reading differs in nothing, and every drift is named."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.net import Address, Cidr, NodeName, Prefix
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING, Element, ElementKind, elements
from sealane.twin.route import NextHop
from sealane.verify.outcome import Result
from sealane.verify.prove import prove
from sealane.verify.prove_survey import prove_survey
from sealane.verify.seen import Seen, SeenEnd, SeenRoute, meaning
from sealane.verify.seen_compare import compare, visits
from sealane.verify.seen_effects import effects
from sealane.verify.seen_tables import RunningTwin, seen_prefixes
from sealane.verify.survey import Survey
from seen_of import seen_of

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*/plan.yaml"))
NETWORKS = {path.parent.name: load(path).network for path in EXAMPLES}
OUTSIDE = {ElementKind.CIRCUIT, ElementKind.NODE, ElementKind.LINK}
ELSEWHERE = SeenRoute(frozenset({NextHop("VBR-Attachment", int(Address("100.77.165.74")))}), frozenset(), "boot")


@pytest.fixture(scope="module")
def twin():
    return Twin(NETWORKS["hangzhou"])


@pytest.fixture(scope="module")
def seen(twin):
    return seen_of(twin.converge())


def with_route(seen: Seen, node: str, prefix: str, route: SeenRoute | None, table: str = "main") -> Seen:
    before = seen.nodes[NodeName(node)]
    routes = {**before.tables[table]}
    routes.pop(Cidr.of(Prefix(prefix)), None)
    if route is not None:
        routes[Cidr.of(Prefix(prefix))] = route
    after = replace(before, tables={**before.tables, table: routes})
    return replace(seen, nodes={**seen.nodes, NodeName(node): after})


def codes(findings) -> list[str]:
    return [one.code for one in findings]


@pytest.mark.parametrize(
    ("example", "stage"),
    [*((one, "encrypted") for one in NETWORKS), *(("hangzhou", one) for one in STAGES if one != "encrypted")],
)
def test_a_network_that_is_as_the_twin_says_differs_in_nothing_but_what_has_failed(example, stage):
    found = Twin(STAGES[stage](NETWORKS[example]))
    for failed in (NOTHING, *(frozenset({one}) for one in elements(found.network))):
        state = found.converge(failed)
        names = set(codes(compare(found, seen_of(state))))
        kinds = {one.kind for one in failed}
        if state.liveness.cycle or (found.converge().liveness.cycle and not kinds <= OUTSIDE):
            assert names <= {"SEEN-001", "SEEN-005"}
            continue
        assert names <= ({"SEEN-001"} if kinds <= OUTSIDE else {"SEEN-003", "SEEN-004"}), failed


@pytest.mark.parametrize("example", NETWORKS)
def test_the_twin_of_a_perfect_reading_is_the_twin(example):
    found = Twin(NETWORKS[example])
    state = found.converge()
    running = RunningTwin(found.network, seen_of(state))
    assert running.converge().liveness.tunnels == state.liveness.tunnels
    assert running.converge().tables.nodes == state.tables.nodes
    assert effects(found, seen_of(state)) == ()


def verdicts(proof) -> dict[str, str]:
    return {one.name: one.verdict.value for one in proof.judgements}


@pytest.mark.parametrize("example", NETWORKS)
def test_a_perfect_reading_proves_what_the_network_proves(example):
    network = NETWORKS[example]
    reading = seen_of(Twin(network).converge())
    running = prove_survey(Survey(network, 0, seen_prefixes(reading), RunningTwin(network, reading)))
    assert verdicts(running) == verdicts(prove(network, 0))


def test_a_host_route_removed_by_hand_violates_recursion_and_blackhole_and_nothing_else(twin, seen):
    drift = with_route(seen, "tr", "192.168.10.136/32", None, "system")
    proof = prove_survey(Survey(twin.network, 0, seen_prefixes(drift), RunningTwin(twin.network, drift)))
    assert {name for name, verdict in verdicts(proof).items() if verdict == "violated"} == {
        "no-recursion", "no-blackhole"
    }
    examples = [one.example for found in proof.judgements for one in found.violations if one.example is not None]
    assert examples
    assert {one.doubt for one in examples} == {None}, "the checker knows nothing of tables that nobody computed"


def test_every_route_that_is_missing_strange_or_led_astray_is_one_finding_with_its_name(twin, seen):
    for name, node in seen.nodes.items():
        label = twin.topology.nodes[name].label or name
        for table, routes in node.tables.items():
            place = "" if table == "main" else f", table {table}"
            for prefix in routes:
                wanted = f"route {prefix} of {label}{place}"
                for route, code in ((None, "SEEN-006"), (ELSEWHERE, "SEEN-008")):
                    if route is None or routes[prefix].hops != ELSEWHERE.hops:
                        (one,) = compare(twin, with_route(seen, name, str(prefix), route, table))
                        assert (one.code, one.subject) == (code, wanted)
            (one,) = compare(twin, with_route(seen, name, "203.0.113.0/24", ELSEWHERE, table))
            assert (one.code, one.subject) == ("SEEN-007", f"route 203.0.113.0/24 of {label}{place}")


def test_a_route_that_only_stands_there_without_carrier_is_none_on_a_router(twin, seen):
    (prefix,) = (one for one, route in seen.nodes["vbr"].tables["main"].items() if str(one) == "10.0.0.0/30")
    route = replace(seen.nodes["vbr"].tables["main"][prefix], lost=seen.nodes["vbr"].tables["main"][prefix].hops)
    (one,) = compare(twin, with_route(seen, "vbr", str(prefix), route))
    assert one.code == "SEEN-006"
    vpc = seen.nodes["vpc"].tables["main"]
    first = next(iter(vpc))
    assert compare(twin, with_route(seen, "vpc", str(first), replace(vpc[first], lost=vpc[first].hops))) == ()


def test_a_longer_prefix_added_by_hand_is_named_with_the_packets_that_it_puts_in_clear(twin, seen):
    drift = with_route(seen, "tr", "192.168.20.6/32", ELSEWHERE, "system")
    (one,) = compare(twin, drift)
    assert str(one) == (
        "error SEEN-007 route 192.168.20.6/32 of TR, table system: the kernel has 100.77.165.74 over VBR-Attachment "
        "(protocol boot), its BGP daemon nothing; the twin has nothing\n"
        "  fix: remove it by hand (ip route del 192.168.20.6/32, namespace of tr, table system), or put it in the plan"
    )
    (effect,) = effects(twin, drift)
    assert (effect.protection, effect.there.result, effect.wanted.result, effect.destinations) == (
        "dc-vpc", Result.CLEAR, Result.ENCRYPTED, ("192.168.20.6",)
    )
    assert str(effect.finding()) == (
        "error SEEN-011 packets of protection dc-vpc from ecs1, ecs2, vpc to 192.168.20.6: are clear over Circuit; "
        "the twin has them encrypted (such as 172.16.10.225 -> 192.168.20.6)\n"
        "  fix: mend the routes, sessions or tunnels that differ: they are named beside"
    )


def test_a_host_route_removed_by_hand_is_named_with_the_tunnel_packets_that_enter_the_tunnel(twin, seen):
    drift = with_route(seen, "tr", "192.168.10.136/32", None, "system")
    (one,) = compare(twin, drift)
    assert (one.code, one.seen_at[0].line) == ("SEEN-006", 95)
    assert "somebody changed the kernel's table" in one.remedy
    found = {one.protection: one for one in effects(twin, drift)}
    assert found["dc-vpc"].there.why == ("recursion",)


def test_what_the_daemon_alone_has_is_named(twin, seen):
    node = seen.nodes["tr"]
    told = {**node.daemon["system"]}
    del told[Cidr.of(Prefix("192.168.20.0/24"))]
    changed = replace(node, daemon={"system": told})
    (one,) = compare(twin, replace(seen, nodes={**seen.nodes, "tr": changed}))
    assert (one.code, one.subject) == ("SEEN-009", "route 192.168.20.0/24 of TR, table system")


def test_a_tunnel_without_sas_is_one_finding_and_no_route_is_blamed(twin):
    name = "IPsecConnection/tunnel-1"
    state = twin.converge(frozenset({Element(ElementKind.TUNNEL, name)}))
    (one,) = compare(twin, seen_of(state))
    assert (one.code, one.subject) == ("SEEN-003", f"tunnel {name}")
    assert one.problem == (
        "carries nothing (tr IKE CONNECTING, child SA NONE, interface down; "
        "cgw IKE CONNECTING, child SA NONE, interface down); the twin has it carry packets"
    )
    known = meaning(twin, seen_of(state))
    assert known.tunnels == {"IPsecConnection/tunnel-2"}
    assert Element(ElementKind.TUNNEL, name) in known.all_failed(twin)


def test_a_session_that_is_down_names_its_ends_and_a_silent_daemon(twin):
    state = twin.converge(frozenset({Element(ElementKind.BGP, "IPsecConnection/tunnel-1")}))
    (one,) = compare(twin, seen_of(state))
    assert (one.code, one.problem) == ("SEEN-004", "is Active at tr and Active at cgw; the twin has it established")
    silent = seen_of(state)
    cgw = replace(silent.nodes["cgw"], neighbors={}, daemon=None)
    found = compare(twin, replace(silent, nodes={**silent.nodes, "cgw": cgw}))
    sessions = [one for one in found if one.code == "SEEN-004"]
    assert ["the BGP daemon of cgw does not answer" in one.remedy for one in sessions] == [True, True]


def test_a_session_that_is_known_to_have_failed_is_no_difference():
    standby = Twin(NETWORKS["active-standby"])
    failed = frozenset({Element(ElementKind.BGP, "vbr1/10.0.0.2")})
    reading = seen_of(standby.converge(failed))
    assert codes(compare(standby, reading)) == ["SEEN-004"]
    assert compare(standby, reading, failed) == ()


def test_a_tunnel_that_stands_while_its_way_is_lost_is_silent_for_the_time_being():
    looping = Twin(STAGES["no-route-policy"](NETWORKS["hangzhou"]))
    state = looping.converge()
    assert not state.liveness.tunnels
    reading = seen_of(state)
    standing = SeenEnd("ESTABLISHED", "INSTALLED", up=False)
    nodes = {
        name: replace(node, ends=dict.fromkeys(node.ends, replace(standing, up=True)))
        for name, node in reading.nodes.items()
    }
    found = compare(looping, replace(reading, nodes=nodes))
    tunnels = [one for one in found if one.code == "SEEN-003"]
    assert [one.severity.value for one in tunnels] == ["warning", "warning"]
    assert all("loop: it has been here before" in one.problem for one in tunnels)


def test_nodes_that_were_not_read_are_taken_from_the_model(twin, seen):
    here = replace(seen, nodes={name: node for name, node in seen.nodes.items() if name != "cgw"})
    assert compare(twin, here) == ()
    assert effects(twin, here) == ()


def test_the_host_and_what_comes_and_goes_have_words():
    moving = Twin(STAGES["bgp-without-host-routes"](NETWORKS["hangzhou"]))
    reading = seen_of(moving.converge())
    found = compare(moving, replace(reading, differing=("create rule sealane.hangzhou.tr 10 iif x",)))
    assert [one.code for one in found] == ["SEEN-002", "SEEN-005"]
    assert effects(moving, reading) == ()
    both = frozenset(moving.pairs)
    assert visits(moving, NOTHING, (frozenset(), both, frozenset(list(both)[:1]))) == ()
    assert visits(moving, NOTHING, (frozenset({"other"}),)) == (frozenset({"other"}),)


def test_every_code_is_documented_and_every_documented_one_exists():
    files = (ROOT / "src" / "sealane" / "verify").glob("seen*.py")
    source = {code for file in files for code in re.findall(r'"(SEEN-\d{3})"', file.read_text(encoding="utf-8"))}
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| (SEEN-\d{3}) \|", text, re.MULTILINE)) == source
