"""A device that speaks BGP with its border router: each mistake, planted alone in the example, and its finding."""

from functools import cache
from pathlib import Path

import pytest

from sealane.app.load import load
from sealane.diag import Severity
from sealane.net import NodeName
from sealane.vendors.cisco_asa import read
from sealane.verify import check_device

EXAMPLES = Path(__file__).parents[3] / "examples"
CORRECT = (EXAMPLES / "bgp-on-vbr" / "cgw.asa.cfg").read_text()
ALWAYS = {"DEV-D8", "DEV-D15", "DEV-D16"}


@cache
def network(name="bgp-on-vbr"):
    loaded = load(EXAMPLES / name / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network


def findings(text, name="bgp-on-vbr"):
    return check_device(read(text, "cgw", NodeName("cgw")), network(name))


def locked(folder, key):
    """The example with a password at the border router, and its device with a key of its own."""
    plan = (EXAMPLES / "bgp-on-vbr" / "plan.yaml").read_text()
    asn, first = "local_asn: 45104\n", "neighbor 10.0.0.1 remote-as 45104"
    (folder / "plan.yaml").write_text(plan.replace(asn, f"{asn}        auth_key: trombone9\n"))
    (folder / "cgw.asa.cfg").write_text(after(first, f"  neighbor 10.0.0.1 password {key}"))
    loaded = load(folder / "plan.yaml")
    (reading,) = loaded.readings.values()
    return check_device(reading, loaded.network), loaded.network


def changed(*pairs):
    text = CORRECT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def after(line, more):
    """The correct configuration with a line more."""
    return changed((f"{line}\n", f"{line}\n{more}\n"))


NO_LIST_TO_BORDER = ("  neighbor 10.0.0.1 prefix-list TO-VBR out\n", "")
CASES = [
    ("DEV-105", changed(("10.0.0.1 remote-as 45104", "10.0.0.1 remote-as 45105")), "10.0.0.1",
     "remote-as is 45105, but the border router runs AS 45104"),
    ("DEV-106", after("neighbor 10.0.0.1 remote-as 45104", "  neighbor 10.0.0.1 local-as 65000"), "10.0.0.1",
     "the device shows AS 65000, but the border router expects"),
    ("DEV-107", changed(("  neighbor 10.0.0.1 activate\n", "  no neighbor 10.0.0.1 activate\n")), "10.0.0.1",
     "no active BGP neighbor 10.0.0.1 on circuit Circuit"),
    ("DEV-112", changed(("seq 5 permit 10.10.10.0/24", "seq 5 permit 10.10.11.0/24")), None, "leave by no route"),
    ("DEV-118", changed(NO_LIST_TO_BORDER), "10.0.0.1", "no outbound filter keeps 172.16.10.0/24, 172.16.20.0/24"),
    ("DEV-118", after("seq 5 permit 192.168.20.0/24", "prefix-list TO-TUNNEL seq 10 permit 10.10.10.0/24"),
     "169.254.10.1", "its outbound filter TO-TUNNEL lets 10.10.10.0/24, learned from circuit Circuit, out"),
    ("DEV-119", changed(("set local-preference 50", "set local-preference 200")), "10.0.0.1",
     "172.16.10.0/24 gets local preference 200 from the border router and 200 by tunnel"),
    ("DEV-119", changed((" set local-preference 200\n", ""), (" set local-preference 50\n", "")), "10.0.0.1",
     "gets local preference 100 from the border router and 100 by tunnel"),
    ("DEV-D2", after("TO-VBR seq 5 permit 192.168.0.0/16", "prefix-list TO-VBR seq 7 permit 192.168.20.0/24"), None,
     "not longer than the border router's own route"),
    ("DEV-D7", changed(("prefix-list TO-VBR seq 10 permit 192.168.10.136/32\n", ""), ("seq 5 permit 192.168.20.0/24",
     "seq 5 permit 192.168.20.0/24\nprefix-list TO-TUNNEL seq 10 permit 192.168.10.136/32")), None,
     "it holds the tunnels' own outer addresses 192.168.10.136/32"),
]  # fmt: skip
ALSO = {"DEV-107": {"DEV-112"}, "DEV-118": {"DEV-D2"}}
"""Findings that a mistake brings along because it is two mistakes at once."""


@pytest.mark.parametrize(("code", "text", "neighbor", "says"), CASES, ids=[f"{one[0]} {one[3]}" for one in CASES])
def test_a_mistake_alone_is_named_with_its_consequence(code, text, neighbor, says):
    found = findings(text)
    assert {one.code for one in found} - ALWAYS - ALSO.get(code, set()) == {code}, [str(one) for one in found]
    mine = next(one for one in found if one.code == code)
    assert says in mine.problem
    assert mine.severity is Severity.ERROR
    assert mine.remedy
    assert mine.seen_at
    if neighbor is not None:
        assert mine.subject == f"neighbor {neighbor}"


def test_the_correct_configuration_has_the_intended_information_only():
    found = findings(CORRECT)
    assert sorted(one.code for one in found) == sorted(ALWAYS)
    (fallback,) = (one for one in found if one.code == "DEV-D8")
    assert "172.16.10.0/24, 172.16.20.0/24, 172.16.30.0/24 is reached as the border router tells it" in fallback.problem


def test_a_password_of_the_border_session_is_compared_and_a_masked_one_taken_to_be_the_clouds(tmp_path):
    (mine,) = (one for one in locked(tmp_path, "swordfish-8")[0] if one.code == "DEV-117")
    assert "its password is not the one of the border router" in mine.problem
    assert mine.subject == "neighbor 10.0.0.1"
    found, net = locked(tmp_path, "*****")
    assert "DEV-117" not in {one.code for one in found}
    (there,) = (one for one in net.devices()[0].bgp.neighbors if str(one.address) == "10.0.0.1")
    assert there.password.reveal() == "trombone9"


def test_without_the_clear_prefixes_there_is_no_fallback():
    preferred = "prefix-list {}\n set local-preference 50"
    text = changed((preferred.format("VPC"), preferred.format("GATEWAYS")))
    assert "DEV-D8" not in {one.code for one in findings(text)}


def test_the_example_without_outbound_filters_is_a_transit_in_both_directions():
    found = findings((EXAMPLES / "bgp-on-vbr" / "cgw.transit.asa.cfg").read_text())
    assert {one.subject for one in found if one.code == "DEV-118"} == {
        "neighbor 10.0.0.1", "neighbor 169.254.10.1", "neighbor 169.254.20.1",
    }  # fmt: skip
    (leak,) = (one for one in found if one.code == "DEV-D2")
    assert leak.remedy == "let no outbound filter of neighbor 10.0.0.1 permit 192.168.20.0/24 or a part of it"
    assert {one.code for one in found if one.severity is Severity.ERROR} == {"DEV-118", "DEV-D2"}


def test_a_tunnel_needs_its_own_circuit_only_to_let_it_in():
    text = (EXAMPLES / "load-balancing" / "cgw.asa.cfg").read_text()
    assert {one.code for one in findings(text, "load-balancing")} == {"DEV-D15", "DEV-D16"}
    rule = "access-list VBR2-IN extended {} esp host 10.10.10.51"
    gone = text.replace(rule.format("permit"), rule.format("deny"))
    (found,) = (one for one in findings(gone, "load-balancing") if one.code == "DEV-113")
    assert found.subject == "access-list VBR2-IN"
