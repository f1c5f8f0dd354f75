"""What an edited plan changes, as text and as JSON."""

import json
import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from test_messages import PLAN, ROOT, edited, sealane

from sealane.app.difference import compare_networks
from sealane.app.explain import network_at
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.model import Mode, Network
from sealane.net import NodeName, Secret
from sealane.plan import Resource, compare, diff, project
from sealane.twin.converge import Twin
from sealane.twin.packet import ping
from variations import vary

GOLDEN = Path(__file__).parent / "golden"
HOST = "        private_ip_address: 172.16.10.226\n        security_group: app\n"
ENTRY = "    - {destination_cidr_block: 192.168.10.136/32, next_hop: VBR-Attachment}\n"
PAIR = "    cloud: [172.16.0.0/16]\n    site: [192.168.20.0/24]\n    mode: open\n"
VPN = (
    "ipsec_connection: IPsecConnection\n        auto_publish_route_enabled: true\n        association: system\n"
    "        propagations: [system]\n"
)
NEW_HOST = HOST + "      - name: ECS3\n        vswitch: vSwitch1\n" + HOST.replace("226", "227")
CASES = {
    "diff-host-added": ((HOST, NEW_HOST), 0, 0),
    "diff-host-route-lost": ((ENTRY, ""), 3, 1),
    "diff-propagation-lost": ((VPN, VPN.replace("propagations: [system]", "propagations: []")), 3, 0),
    "diff-loop-by-longer-prefix": (
        (ENTRY, f"{ENTRY}    - {{destination_cidr_block: 192.168.20.0/25, next_hop: VBR-Attachment}}\n"), 3, 0,
    ),
    "diff-required": ((PAIR, PAIR.replace("open", "required")), 0, 1),
    "diff-key": (("psk: {generate: true}\n        bgp: {tunnel_cidr: 169.254.10.0/30,",
                  "psk: very-secret-key-1\n        bgp: {tunnel_cidr: 169.254.10.0/30,"), 0, 0),
}
"""By name: the edit, the exit code, and how many elements fail at once."""


def compared(*words: object) -> tuple[int, dict]:
    code, out, err = sealane("diff", *words, "--json", "--esp", "userspace")
    assert err == ""
    return code, json.loads(out)


@pytest.mark.parametrize("name", CASES)
def test_the_text_is_as_it_was(name, agreed, tmp_path):
    (old, new), expected, failures = CASES[name]
    plan = edited(tmp_path, old, new)
    code, out, err = sealane("diff", PLAN, plan, "--esp", "userspace", "--failures", failures)
    assert (code, err) == (expected, "")
    text = out.replace(f"{ROOT}/", "").replace(f"{tmp_path}/", "new/")
    assert "very-secret" not in text
    agreed(GOLDEN / f"{name}.txt", text)
    assert "\x1b" not in out


def test_json_has_what_the_documentation_promises(tmp_path):
    (old, new), *_ = CASES["diff-propagation-lost"]
    code, answer = compared(PLAN, edited(tmp_path, old, new), "--failures", "0")
    assert code == 3
    assert set(answer) == {
        "plans", "networks", "different", "worse", "covered", "resources", "protections", "routes", "encryption",
    }
    assert (answer["networks"], answer["worse"], answer["covered"]) == (["hangzhou", "hangzhou"], True, True)
    assert answer["resources"]["changed"][0]["resource"] == "bird sealane.hangzhou.tr"
    assert answer["protections"] == []
    assert set(answer["routes"]) == {"nodes_new", "nodes_gone", "stability", "links", "tables", "settled"}
    told = answer["routes"]["tables"][0]
    assert set(told) == {"node", "table", "prefix", "change", "before", "after", "why"}
    assert set(answer["encryption"]) == {"failures", "failure_sets", "settled", "proved", "changes"}
    worst = answer["encryption"]["changes"][0]
    assert set(worst) == {
        "change", "before", "after", "failures", "cause", "protections", "packets", "example",
    }
    assert (worst["change"], worst["before"], worst["after"]) == ("becomes clear", "encrypted", "clear over Circuit")
    assert (worst["failures"], worst["protections"]) == ([[]], ["dc-vpc"])
    vswitches = ["172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24"]
    assert {"sources": vswitches, "destinations": ["192.168.20.0/24"]} in worst["packets"]
    assert worst["example"]["protocol"] == 1
    assert worst["cause"].startswith("IPsecConnection/tunnel-1 (and 1 more) carries nothing now: ")


def test_a_plan_and_itself_have_no_difference():
    code, out, err = sealane("diff", PLAN, PLAN)
    assert (code, err) == (0, "")
    assert out.endswith("\nno difference\n")


def test_a_line_that_only_moves_others_is_no_difference(tmp_path):
    code, answer = compared(PLAN, edited(tmp_path, "version: 1\n", "# a comment\n\nversion: 1\n"), "--failures", "0")
    assert (code, answer["different"]) == (0, False)


def test_a_new_name_is_told_and_nothing_else(tmp_path):
    code, out, _ = sealane("diff", PLAN, edited(tmp_path, "name: hangzhou\n", "name: suzhou\n"), "--failures", "0")
    assert code == 0
    assert out.splitlines()[1:] == [
        "another name, so another network beside the old one: hangzhou -> suzhou",
        "nothing protected becomes clear or is lost",
    ]


def test_a_plan_with_errors_is_bad_input(tmp_path):
    code, out, err = sealane("diff", PLAN, edited(tmp_path, "vlan_id: 0", "vlan_id: 4000"))
    assert (code, out) == (2, "")
    assert "VBR-002" in err


def test_a_lost_requirement_is_worse_and_names_its_failure(tmp_path):
    required = edited(tmp_path, PAIR, PAIR.replace("open", "required"))
    code, answer = compared(required, PLAN)
    assert code == 3
    worst = next(one for one in answer["encryption"]["changes"] if one["after"] == "clear over Circuit")
    assert (worst["change"], worst["before"]) == ("becomes clear", "unreachable (refused)")
    assert worst["failures"] == [["connection:IPsecConnection"]]
    assert worst["cause"] == "protection dc-vpc: required -> open"


@pytest.mark.parametrize("failures", [0, 1])
def test_a_line_that_becomes_real_is_the_cause_of_what_it_lets_cross(tmp_path, failures):
    """A rehearsed line has a meter at its site's end, a real one has not; both ways, and nothing else is blamed."""
    required = edited(tmp_path, PAIR, PAIR.replace("open", "required"))
    real = tmp_path / "real.yaml"
    real.write_text(required.read_text().replace("port: {rehearsal: true}", "port: {interface: eth9}"))
    code, answer = compared(required, real, "--failures", failures)
    changes = answer["encryption"]["changes"]
    assert (code, {one["change"] for one in changes}) == (3, {"becomes clear"})
    assert {one["cause"] for one in changes} == {
        "Circuit: rehearsed -> real line on eth9, where no meter stands before the site's packets",
    }
    code, back = compared(real, required, "--failures", failures)
    assert (code, len(back["encryption"]["changes"])) == (0, len(changes))
    assert {one["cause"] for one in back["encryption"]["changes"]} == {
        "Circuit: real line on eth9 -> rehearsed, where a meter stands before the site's packets",
    }
    other = tmp_path / "other.yaml"
    other.write_text(real.read_text().replace("eth9", "eth8"))
    assert compared(real, other, "--failures", 0)[1]["encryption"]["changes"] == []


@cache
def networks(seed: int) -> tuple[Network, Network]:
    """The example with some drawn changes, and that with some more."""
    source = random.Random(seed)
    start = network_at(PLAN, "encrypted")
    one = vary(start, source.choice) if seed % 3 else start
    return one, vary(one, source.choice)


def lowered(network: Network) -> frozenset[Resource]:
    return frozenset(lower(network, LowerOptions(EspBackend.USERSPACE, "/run/sealane/hangzhou")).resources)


SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_laws(seed):
    """Nothing differs from itself, the way back is the mirror, and resources lead from one network to the other."""
    old, new = networks(seed)
    failures = 1 if seed == 1 else 0
    before, after = lowered(old), lowered(new)
    assert compare(before, after).applied(before) == project(before, diff(after, before)) == after
    there = compare_networks(old, new, failures, EspBackend.USERSPACE)
    back = compare_networks(new, old, failures, EspBackend.USERSPACE)
    assert not compare_networks(new, new, failures, EspBackend.USERSPACE)
    assert there.resources.mirrored() == back.resources
    assert [(one.name, one.after, one.before) for one in there.protections] == [
        (one.name, one.before, one.after) for one in back.protections
    ]
    assert [(one.name, one.after, one.before) for one in there.routes.links] == [
        (one.name, one.before, one.after) for one in back.routes.links
    ]
    assert there.routes.nodes_new == back.routes.nodes_gone
    assert [(one.node, one.table, one.prefix, one.after, one.before) for one in there.routes.routes] == [
        (one.node, one.table, one.prefix, one.before, one.after) for one in back.routes.routes
    ]
    assert _flows(there, back=False) == _flows(back, back=True)


@pytest.mark.parametrize("seed", range(30, 42))
def test_two_hosts_that_become_clear_are_told(seed):
    """Whatever is changed: the twin is asked by itself about two protected hosts, with no survey between."""
    old, new = networks(seed)
    if not _clear(old) and _clear(new):
        assert compare_networks(old, new, 0, EspBackend.USERSPACE).worse


def _clear(network: Network) -> bool:
    opened = replace(network, protections=tuple(replace(one, mode=Mode.OPEN) for one in network.protections))
    walker = Twin(opened).converge().walker()
    ends = (("ecs1", 0xAC100AE1, 0xC0A81406), ("client", 0xC0A81406, 0xAC100AE1))
    trips = [trip for node, here, there in ends for trip in walker.send(ping(here, there), NodeName(node), either=True)]
    required = Mode.REQUIRED in [one.mode for one in network.protections]
    return not required and any(trip.clear_circuits() for trip in trips)


def _flows(found, *, back: bool) -> dict:
    """Ranges by what becomes of them and the failures; causes are told from one side and do not count."""
    ranges: dict = {}
    for one in found.flows.changes:
        words = (one.after, one.before) if back else (one.before, one.after)
        key = (words, one.failures, one.protections)
        ranges.setdefault(key, set()).update(
            (source, to) for packets in one.packets for source in packets.sources for to in packets.destinations
        )
    return ranges


def test_no_key_of_a_session_gets_into_the_answer():
    start = network_at(PLAN, "encrypted")

    def keyed(word: str) -> Network:
        device = start.node("cgw")
        neighbors = tuple(replace(one, password=Secret(word)) for one in device.bgp.neighbors)
        device = replace(device, bgp=replace(device.bgp, neighbors=neighbors))
        return replace(start, nodes=tuple(device if one.name == "cgw" else one for one in start.nodes))

    found = compare_networks(keyed("first-word"), keyed("second-word"), 0, EspBackend.USERSPACE)
    (changed,) = found.resources.changed
    assert changed.key.kind.value == "frr"
    text = json.dumps(found.to_json()) + "".join(one.text for one in found.lines()) + repr(found)
    assert "hidden-1" in text
    assert "-word" not in text
