"""What is proved of every stage, mode and variant of the use case."""

import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.model import AccessList, FilterRule, Mode, PortRange, StaticRoute, TransitRoute
from sealane.net import Address, InterfaceAddress, NodeName, Prefix
from sealane.twin import liveness
from sealane.twin.converge import Twin
from sealane.twin.packet import Fate, ping
from sealane.verify import ground
from sealane.verify.codes import CODES
from sealane.verify.proof import Proof, examples
from sealane.verify.prove import prove
from sealane.verify.violation import Verdict

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "examples"
GOLDEN = Path(__file__).parent / "golden" / "proofs.txt"
CONNECTION = "connection:IPsecConnection"


@cache
def network(name="hangzhou", stage="encrypted", mode=None):
    found = STAGES[stage](load(EXAMPLES / name / "plan.yaml").network)
    if mode is not None:
        found = replace(found, protections=tuple(replace(one, mode=mode) for one in found.protections))
    return found


@cache
def proved(name="hangzhou", stage="encrypted", mode=None, failures=1) -> Proof:
    return prove(network(name, stage, mode), failures)


def verdicts(proof: Proof) -> dict[str, str]:
    return {one.name: one.verdict.value for one in proof.judgements}


def codes(proof: Proof, name: str) -> list[str]:
    return [one.finding.code for one in proof.judgement(name).violations]


HOLDS = {
    "encrypted": "proved", "fail-closed": "proved", "no-recursion": "proved", "no-loop": "proved",
    "no-blackhole": "proved", "symmetric": "proved", "overlap": "proved", "mtu": "proved",
    "redundancy": "reported", "coverage": "reported",
}
CLEAR = {"encrypted": "violated", "fail-closed": "declared"}


@pytest.mark.parametrize(
    ("stage", "differs"),
    [
        ("plain", CLEAR),
        ("tunnels-up", CLEAR),
        ("bgp-without-host-routes", {**CLEAR, "no-recursion": "violated", "no-blackhole": "violated"}),
        ("encrypted", {"fail-closed": "declared"}),
        ("no-route-policy", {**CLEAR, "no-loop": "violated"}),
    ],
)
def test_every_stage_has_its_verdicts_and_every_counterexample_stands_a_second_computation(stage, differs):
    proof = proved(stage=stage)
    assert verdicts(proof) == {**HOLDS, **differs}
    assert proof.verdict is (Verdict.PROVED if stage == "encrypted" else Verdict.VIOLATED)
    shown = list(examples(proof))
    assert shown
    assert [one.doubt for *_, one in shown] == [""] * len(shown)


@pytest.mark.parametrize("stage", ["plain", "tunnels-up"])
def test_both_directions_are_clear_and_arrive(stage):
    found = proved(stage=stage).judgement("encrypted").violations
    assert [(one.finding.code, one.failures) for one in found] == [("PRF-001", ((),))] * 2
    assert {one.example.entry.node for one in found} == {"client", "ecs1"}
    assert all(one.example.way.arrives and one.example.end.clear == ("Circuit",) for one in found)
    tunnels = network(stage=stage).tunnels()
    assert {one.example.tunnels for one in found} == {tuple(one.name for one in tunnels)}


def test_a_missing_announcement_is_answered_with_the_lines_of_the_device():
    (found,) = [one for one in proved(stage="tunnels-up").judgement("encrypted").violations
                if one.example.entry.node == "ecs1"]
    assert "`network 192.168.20.0 mask 255.255.255.0`" in found.finding.remedy


def test_an_oscillation_is_named_with_its_cause_and_the_routes_that_repair_it():
    (found,) = proved(stage="bgp-without-host-routes").judgement("no-recursion").violations
    assert (found.finding.code, found.failures) == ("PRF-040", ((),))
    assert "would enter IPsecConnection/tunnel-1 itself" in found.finding.problem
    for address in ("192.168.10.136/32", "192.168.40.159/32"):
        assert f"a route for {address} in table system of tr" in found.finding.remedy
    assert any("told by" in line for line in found.detail)
    files = {(Path(one.file).name, one.line) for one in found.finding.seen_at}
    assert {("cgw.asa.cfg", 95), ("cgw.asa.cfg", 96)} <= files


def test_the_loop_is_named_for_both_host_routes():
    (found,) = proved(stage="no-route-policy").judgement("no-loop").violations
    assert found.packets == (
        "172.16.10.0/24, 172.16.20.0/24, 172.16.30.0/24 -> 192.168.10.136, 192.168.40.159",
    )
    assert "between TR and VBR" in found.finding.problem
    assert found.example.way.loop == ("vbr", "tr", "vbr")


def test_the_complement_of_the_protection_is_reported():
    texts = [one.finding.subject for one in proved().judgement("coverage").violations]
    assert texts[0] == (
        "clear from the cloud to 192.168.0.0/16 (rest), 192.168.10.136, 192.168.40.159, 192.168.50.0/24"
    )
    assert texts[2] == "protected but unassigned 172.16.0.0/16 (rest)"
    (unused,) = [one for one in proved().judgement("coverage").violations if one.finding.code == "PRF-092"]
    lines = {(Path(one.file).name, one.line) for one in unused.finding.seen_at}
    assert ("cgw.asa.cfg", 95) in lines  # an announcement that nothing protected needs


LEAKS_THEN_LOST = {
    "link:VBR-Attachment", "link:VPC-Attachment", "link:dc/core", "node:core-router", "node:tr", "node:vpc",
}


@pytest.mark.parametrize(
    ("mode", "verdict", "code"), [(Mode.OPEN, "declared", "PRF-051"), (Mode.MONITOR, "violated", "PRF-050")]
)
def test_only_the_loss_of_both_tunnels_lets_packets_arrive_in_clear(mode, verdict, code):
    proof = proved(mode=mode)
    judgement = proof.judgement("fail-closed")
    arrive, lost = judgement.violations
    assert (judgement.verdict.value, codes(proof, "fail-closed")) == (verdict, [code, code])
    assert arrive.failures == ((CONNECTION,),)
    assert arrive.example.way.arrives
    assert {name for one in lost.failures for name in one} == LEAKS_THEN_LOST
    assert not lost.example.way.arrives


def test_mode_required_drops_instead():
    proof = proved(mode=Mode.REQUIRED)
    assert verdicts(proof) == HOLDS
    assert CONNECTION in proof.judgement("fail-closed").summary


def test_every_other_single_failure_leaves_the_pair_encrypted_or_cuts_it_off():
    lost, clear = proved().judgement("redundancy").violations
    assert clear.failures == ((CONNECTION,),)
    assert {name for one in lost.failures for name in one} == {
        *LEAKS_THEN_LOST, "circuit:Circuit", "link:VPC/vSwitch1", "link:dc/clients", "node:cgw", "node:vbr",
    }


def test_two_failures_at_once_are_all_tried_and_only_the_smallest_are_named():
    proof = proved(failures=2)
    assert proof.scenarios == 1 + 16 + 16 * 15 // 2
    sets = set(proof.judgement("fail-closed").violations[0].failures)
    one, two = (f"IPsecConnection/tunnel-{number}" for number in (1, 2))
    assert sets == {
        (CONNECTION,), (f"tunnel:{one}", f"tunnel:{two}"), (f"bgp:{one}", f"bgp:{two}"),
        (f"bgp:{one}", f"tunnel:{two}"), (f"bgp:{two}", f"tunnel:{one}"),
    }
    assert proof.judgement("encrypted").verdict is Verdict.PROVED


@pytest.mark.parametrize(
    ("name", "differs"),
    [
        ("bgp-on-vbr", {"fail-closed": "declared"}),
        ("load-balancing", {}),
        # It protects nothing: nothing is proved of encryption.
        ("active-standby", {"redundancy": "proved", "encrypted": "not covered", "fail-closed": "not covered"}),
        ("hangzhou-gateway", {"fail-closed": "declared"}),
    ],
)
def test_the_variants_have_their_verdicts(name, differs):
    assert verdicts(proved(name)) == {**HOLDS, **differs}


@pytest.mark.parametrize("discards", ["cgw", "core-router", None])
def test_an_aggregate_goes_round_unless_one_of_the_two_routers_discards_it(tmp_path, discards):
    plan = tmp_path / "plan.yaml"
    text = (EXAMPLES / "hangzhou-gateway" / "plan.yaml").read_text()
    if discards != "cgw":
        text = text.replace("192.168.0.0/16, next_hop: discard", "192.168.0.0/16, next_hop: 192.168.50.216")
    if discards == "core-router":
        default = "{destination: 0.0.0.0/0, next_hop: 192.168.50.215}\n"
        text = text.replace(default, default + "          - {destination: 192.168.0.0/16, next_hop: discard}\n")
    plan.write_text(text)
    found = prove(load(plan).network, 0, ("no-loop", "encrypted"))
    assert found.judgement("encrypted").verdict is Verdict.PROVED
    assert found.judgement("no-loop").verdict is (Verdict.PROVED if discards else Verdict.VIOLATED)
    walker = Twin(load(plan).network).converge().walker()
    (trip,) = walker.send(ping(0xC0A81406, 0xC0A80001), NodeName("client"))  # 192.168.20.6 -> 192.168.0.1
    assert (trip.fate, trip.hops[-1].node) == ((Fate.DISCARDED, discards) if discards else (Fate.LOOP, "cgw"))


def test_what_mode_required_drops_because_no_tunnel_is_up_is_no_black_hole():
    found = without_fallback_in_the_cloud()
    strict = replace(found, protections=tuple(replace(one, mode=Mode.REQUIRED) for one in found.protections))
    assert prove(strict, 1, ("no-blackhole",)).verdict is Verdict.PROVED


def test_each_of_two_circuits_may_be_lost():
    (lost,) = proved("load-balancing").judgement("redundancy").violations
    assert not [one for names in lost.failures for one in names if one.startswith(("circuit", "connection", "tunnel"))]


def test_a_property_that_is_named_is_demanded():
    proof = prove(network(), 1, ("redundancy", "mtu"))
    assert verdicts(proof) == {"mtu": "proved", "redundancy": "violated"}
    assert prove(network(), 0, ("redundancy",)).verdict is Verdict.NOT_COVERED


def test_what_a_second_computation_denies_is_not_said_to_be_shown(monkeypatch):
    monkeypatch.setattr(ground, "check_claim", lambda *_: "something else")
    proof = prove(network(stage="plain"), 0, ("encrypted", "mtu"))
    assert verdicts(proof) == {"encrypted": "not covered", "mtu": "proved"}
    assert "something else" in proof.judgement("encrypted").not_covered[0]
    assert proof.verdict is Verdict.NOT_COVERED


def replaced(name, change, of="hangzhou", stage="encrypted"):
    found = network(of, stage)
    return replace(found, nodes=tuple(change(one) if one.name == name else one for one in found.nodes))


def routed(change):
    """The custom routes of the transit router's system table, changed."""
    def on(node):
        tables = tuple(replace(one, routes=tuple(change(one.routes))) for one in node.transit_router.tables)
        return replace(node, transit_router=replace(node.transit_router, tables=tables))

    return replaced("tr", on)


OUTER = Prefix("192.168.40.159/32")


def without_one_host_route():
    return routed(lambda routes: [one for one in routes if one.prefix != OUTER])


def one_host_route_into_the_tunnels():
    return routed(lambda routes: [replace(one, attachment="VPN-Attachment") if one.prefix == OUTER else one
                                  for one in routes])


def without_fallback_in_the_cloud():
    return replaced("vbr", lambda node: replace(node, vbr=replace(node.vbr, circuit_routes=(
        TransitRoute(Prefix("192.168.10.0/24"), "circuit"), TransitRoute(Prefix("192.168.40.0/24"), "circuit")))))


def overlapping_links():
    more = InterfaceAddress("192.168.50.130/25")
    return replaced("core-router", lambda node: replace(node, interfaces=tuple(
        replace(one, addresses=(*one.addresses, more)) if one.name == "clients" else one for one in node.interfaces)))


def two_modes():
    found = network()
    (one,) = found.protections
    return replace(found, protections=(one, replace(one, name="strict", mode=Mode.REQUIRED)))


def too_large_segments():
    return replaced("cgw", lambda node: replace(
        node, tunnel_ends=tuple(replace(one, mss_bytes=1460) for one in node.tunnel_ends)))


def nothing_opened():
    """Decrypted packets need an access list, and there is none: answers pass only."""
    return replaced("cgw", lambda node: replace(node, stateful=replace(node.stateful, permit_vpn=False)))


def on_device(change):
    return replaced("cgw", change)


def larger_tunnels():
    return on_device(lambda node: replace(
        node, tunnel_ends=tuple(replace(one, mtu_bytes=1480) for one in node.tunnel_ends)))


def one_address_discarded():
    wanted = StaticRoute(Prefix("172.16.10.0/25"), None, discard=True)
    return on_device(lambda node: replace(node, static_routes=(*node.static_routes, wanted)))


def test_what_one_packet_shows_is_a_violation_although_another_one_is_denied(monkeypatch):
    answers = iter(("something else", ""))
    monkeypatch.setattr(ground, "check_claim", lambda *_: next(answers))
    proof = prove(network(stage="plain"), 0, ("encrypted",))
    assert verdicts(proof) == {"encrypted": "violated"}
    assert len(proof.judgement("encrypted").not_covered) == 1


def test_nothing_holds_of_packets_when_not_every_state_of_the_tunnels_was_tried(monkeypatch):
    monkeypatch.setattr(liveness, "LARGEST_ENUMERATED", 1)
    proof = prove(network(), 1, ("encrypted", "fail-closed", "no-recursion", "mtu"))
    assert verdicts(proof) == {
        "encrypted": "not covered", "fail-closed": "not covered", "no-recursion": "not covered", "mtu": "proved",
    }
    assert proof.verdict is Verdict.NOT_COVERED
    assert verdicts(prove(network(stage="plain"), 0, ("encrypted",))) == {"encrypted": "violated"}


def with_nothing_behind_the_device(folder: Path, config=(), mode="open", site="192.168.20.0/24") -> Path:
    """The example's plan without the network and the router of the clients; lines of the device may be left out."""
    text = (EXAMPLES / "hangzhou" / "plan.yaml").read_text(encoding="utf-8")
    text = re.sub(r"    routers:\n.*?(?=\nprotections:)", "", text, flags=re.DOTALL)
    text = text.replace("      - {name: clients, cidr_block: 192.168.20.0/24}\n", "")
    text = text.replace("site: [192.168.20.0/24]", f"site: [{site}]").replace("mode: open", f"mode: {mode}")
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    lines = (EXAMPLES / "hangzhou" / "cgw.asa.cfg").read_text(encoding="utf-8").splitlines()
    (folder / "cgw.asa.cfg").write_text("\n".join(one for one in lines if one.strip() not in config), encoding="utf-8")
    return folder / "plan.yaml"


ANNOUNCED = "network 192.168.20.0 mask 255.255.255.0"


@pytest.mark.parametrize(
    ("config", "mode", "differs"),
    [
        ((), "monitor", {"fail-closed": "violated"}),
        ((ANNOUNCED,), "open", {**CLEAR, "symmetric": "violated"}),
        ((ANNOUNCED,), "required", {"no-blackhole": "violated"}),
    ],
)
def test_addresses_that_only_a_route_of_the_device_leads_to_are_protected_like_any_other(
    tmp_path, config, mode, differs
):
    proof = prove(load(with_nothing_behind_the_device(tmp_path, config, mode)).network)
    assert {**verdicts(proof), "coverage": "reported"} == {**HOLDS, **differs}
    assert all(one.doubt == "" for *_, one in examples(proof))


def test_a_protection_of_addresses_that_nobody_can_have_proves_nothing(tmp_path):
    path = with_nothing_behind_the_device(tmp_path, ("route private 192.168.0.0 255.255.0.0 192.168.50.216 1",),
                                          site="192.168.99.0/24")
    proof = prove(load(path).network, 0, ("encrypted",))
    assert (proof.verdict, proof.judgement("encrypted").not_covered) == (
        Verdict.NOT_COVERED, ("nobody in the plan can have an address of 192.168.99.0/24, which dc-vpc protects",)
    )


LEAKING = {
    "a client's port below those that are denied": (
        FilterRule(False, 6, source_ports=PortRange(1024, 65535)),
        FilterRule(True, 6, destination_ports=PortRange(443, 443)),
    ),
    "a type of ICMP that no rule names": (
        FilterRule(False, 1, icmp_type=8), FilterRule(False, 1, icmp_type=0), FilterRule(True, 1),
    ),
    "a protocol that no rule names": (*(FilterRule(False, one) for one in (1, 6, 17, 50)), FilterRule(True)),
}


@pytest.mark.parametrize("leak", LEAKING)
def test_a_leak_that_only_unusual_packets_find_is_found(leak):
    """The inside interface has the rules; what comes over the circuit in clear is denied, so that nothing answers."""
    def change(node):
        lists = tuple(
            replace(one, rules=tuple(rule for rule in one.rules if rule.protocol is not None or not rule.permit))
            for one in node.access_lists
        )
        ports = tuple(replace(one, access_list_in="IN") if one.nameif == "private" else one for one in node.interfaces)
        return replace(node, access_lists=(*lists, AccessList("IN", LEAKING[leak])), interfaces=ports)

    found = on_device(change)
    monitored = replace(found, protections=tuple(replace(one, mode=Mode.MONITOR) for one in found.protections))
    proof = prove(monitored, 1, ("fail-closed",))
    texts = [text for one in proof.judgement("fail-closed").violations for text in one.packets]
    assert any(text.startswith("192.168.20.0/24 -> 172.16.10.0/24") for text in texts)
    assert {one.doubt for *_, one in examples(proof)} == {""}


def test_what_the_device_itself_sends_is_asked_of_no_access_list():
    def change(node):
        ports = tuple(replace(one, access_list_in="IN") if one.nameif == "private" else one for one in node.interfaces)
        return replace(node, access_lists=(*node.access_lists, AccessList("IN", ())), interfaces=ports)

    found = on_device(change)
    own = tuple(replace(one, site=(Prefix("192.168.50.215/32"),), mode=Mode.MONITOR) for one in found.protections)
    proof = prove(replace(found, protections=own), 1, ("fail-closed",))
    shown = {one.packet.source: one for *_, one in examples(proof)}[int(Address("192.168.50.215"))]
    assert (shown.entry.node, shown.entry.arrived, shown.doubt) == ("cgw", "", "")


def on_a_real_line(routes=True):
    """Mode required, on a line that is plugged into this host; without the device's fallback, where asked."""
    found = network(mode=Mode.REQUIRED)
    lines = tuple(replace(one, real_interface="eth1") for one in found.circuits)
    nodes = tuple(
        replace(one, static_routes=tuple(
            route for route in one.static_routes if routes or route.prefix != Prefix("172.16.0.0/16")
        )) if one.name == "cgw" else one
        for one in found.nodes
    )
    return replace(found, circuits=lines, nodes=nodes)


def test_a_meter_behind_a_real_line_does_not_keep_the_device_from_sending_in_clear():
    proof = prove(on_a_real_line(), 1, ("encrypted", "fail-closed", "no-blackhole"))
    assert verdicts(proof) == {"encrypted": "proved", "fail-closed": "violated", "no-blackhole": "proved"}
    (found,) = proof.judgement("fail-closed").violations
    assert (found.finding.code, found.failures[0]) == ("PRF-050", (CONNECTION,))
    assert [text.partition(" -> ")[0] for text in found.packets] == ["192.168.20.0/24"]
    assert (found.example.end.clear, found.example.way.end, found.example.doubt) == (("Circuit",), "vbr", "")
    closed = prove(on_a_real_line(routes=False), 1, ("encrypted", "fail-closed"))
    assert verdicts(closed) == {"encrypted": "proved", "fail-closed": "proved"}


def one_address_twice():
    return on_device(lambda node: replace(node, interfaces=tuple(
        replace(one, addresses=(InterfaceAddress("192.168.50.216/24"),)) if one.name == "GigabitEthernet0/2" else one
        for one in node.interfaces)))


def past_the_tunnels():
    wanted = StaticRoute(Prefix("172.16.10.0/24"), Address("10.0.0.1"), "GigabitEthernet0/0")
    return on_device(lambda node: replace(node, static_routes=(*node.static_routes, wanted)))


def test_packets_that_the_device_discards_are_lost():
    (found,) = prove(one_address_discarded(), 0).judgement("no-blackhole").violations
    assert (found.finding.code, found.packets) == ("PRF-020", ("192.168.20.0/24 -> 172.16.10.0/25",))


def test_a_translation_on_the_device_is_not_covered():
    proof = prove(on_device(lambda node: replace(node, stateful=replace(node.stateful, has_nat=True))), 0, ("mtu",))
    assert (proof.verdict, len(proof.not_covered)) == (Verdict.NOT_COVERED, 1)
    assert verdicts(proof) == {"mtu": "proved"}


def test_a_route_outside_of_the_tunnels_is_a_violation_in_every_mode():
    proof = prove(past_the_tunnels(), 0)
    assert codes(proof, "encrypted") == ["PRF-001"]
    assert codes(proof, "symmetric") == ["PRF-030", "PRF-031"]
    assert any(one.line for one in proof.judgement("encrypted").violations[0].finding.seen_at)



SHOWN = {
    "PRF-001": lambda: proved(stage="tunnels-up"),
    "PRF-002": lambda: prove(without_one_host_route(), 1, ("encrypted",)),
    "PRF-010": lambda: proved(stage="no-route-policy"),
    "PRF-020": lambda: prove(one_address_discarded(), 0, ("no-blackhole",)),
    "PRF-021": lambda: prove(without_fallback_in_the_cloud(), 1, ("no-blackhole",)),
    "PRF-022": lambda: prove(nothing_opened(), 0, ("no-blackhole",)),
    "PRF-030": lambda: prove(past_the_tunnels(), 0, ("symmetric",)),
    "PRF-031": lambda: prove(past_the_tunnels(), 0, ("symmetric",)),
    "PRF-040": lambda: proved(stage="bgp-without-host-routes"),
    "PRF-041": lambda: prove(one_host_route_into_the_tunnels(), 0, ("no-recursion",)),
    "PRF-050": lambda: proved(mode=Mode.MONITOR),
    "PRF-051": lambda: proved(mode=Mode.OPEN),
    "PRF-060": lambda: prove(one_address_twice(), 0, ("overlap",)),
    "PRF-061": lambda: prove(overlapping_links(), 0, ("overlap",)),
    "PRF-062": lambda: prove(two_modes(), 0, ("overlap",)),
    "PRF-070": lambda: prove(larger_tunnels(), 0, ("mtu",)),
    "PRF-071": lambda: prove(too_large_segments(), 0, ("mtu",)),
    "PRF-080": proved,
    "PRF-090": proved,
    "PRF-091": proved,
    "PRF-092": proved,
}
"""For each code a proof that shows it."""


def test_every_code_has_a_message_that_stays_as_it_is(agreed):
    assert set(SHOWN) == set(CODES)
    lines = []
    for code, shows in SHOWN.items():
        found = [one for judged in shows().judgements for one in judged.violations if one.finding.code == code]
        assert found, code
        lines += [str(found[0].finding), *(f"  packets: {text}" for text in found[0].packets)]
    text = "\n".join(lines).replace(f"{ROOT}/", "") + "\n"
    agreed(GOLDEN, text)


def test_every_code_is_documented_and_every_documented_one_exists():
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (PRF-[0-9]{3}) \| (.*) \| [a-z, ]+ \|$", text, re.MULTILINE))
    assert rows == dict(CODES)
    used = {
        code
        for file in (ROOT / "src" / "sealane" / "verify").rglob("*.py") if file.stem != "codes"
        for code in re.findall(r'"(PRF-[0-9]{3})"', file.read_text(encoding="utf-8"))
    }
    assert used == set(CODES)
