"""Each known mistake, planted alone in the correct configuration, is named on its line and nothing else is."""

from pathlib import Path

import pytest
from hangzhou import CORRECT, FACTS, PUBLISHED, device, network, session, tunnel
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.diag import Severity
from sealane.model import EspProposal, Mode
from sealane.net import Address, Prefix, Secret
from sealane.vendors.cisco_asa import OPTIONAL_REPAIRS, REPAIRS, repair
from sealane.verify import check_device

ALWAYS = {"DEV-D8", "DEV-D13", "DEV-D15", "DEV-D16"}


def changed(*pairs):
    text = CORRECT
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def findings(text, net):
    return check_device(device(text), net)


def test_the_correct_configuration_has_the_intended_information_only():
    found = findings(CORRECT, network())
    assert {one.severity for one in found} == {Severity.INFO}
    assert sorted(one.code for one in found) == sorted(ALWAYS)


def test_no_key_is_shown():
    text = CORRECT.replace("pre-shared-key *****", "pre-shared-key hunter2-hunter2")
    shown = "".join(str(one) for one in findings(text, network()))
    assert "DEV-101" in shown
    assert "hunter2" not in shown
    assert "cloud-key" not in shown


ACTIVE, PASSWORD = "  neighbor 169.254.10.1 activate\n", "  neighbor 169.254.10.1 password"
LOCKED = (session(1, password=Secret("swordfish-7")), session(2))
LOOPBACK = "interface Loopback1\n"
CASES = [
    ("DEV-D1", changed(("ip address 10.0.0.2", "ip address 10.0.0.1")), {}, "ip address 10.0.0.1 255.255.255.252",
     "everything is dropped in both directions"),
    ("DEV-D1", changed(("10.10.10.49 255.255.255.255 10.0.0.1 1", "10.10.10.49 255.255.255.255 10.0.0.3 1")), {},
     "route VBR 10.10.10.49 255.255.255.255 10.0.0.3 1", "routes into the circuit by 10.0.0.3"),
    ("DEV-D2", changed(("route private 192.168.20.0 255.255.255.0 192.168.50.216 1\n", "")), {},
     "network 192.168.20.0 mask 255.255.255.0", "no such route is in the routing table"),
    ("DEV-D2", changed(("  network 192.168.20.0 mask 255.255.255.0\n", "")), {}, "router bgp 65530",
     "no `network` statement announces it"),
    ("DEV-D2", changed(("seq 5 permit 192.168.20.0/24", "seq 5 permit 192.168.21.0/24")), {},
     "neighbor 169.254.10.1 prefix-list ALIYUN-OUT out", "outbound filter ALIYUN-OUT holds back 192.168.20.0/24"),
    ("DEV-D3", changed((LOOPBACK, "interface GigabitEthernet0/3\n")), {}, "tunnel source interface VPN-IP1",
     "only on the interface they arrive on"),
    ("DEV-D4", changed(("172.16.0.0 255.255.0.0 10.0.0.1 30", "172.16.0.0 255.255.0.0 10.0.0.1 1")), {},
     "route VBR 172.16.0.0 255.255.0.0 10.0.0.1 1", "its distance 1 beats eBGP (20)"),
    ("DEV-D5", changed(("access-group VBR-IN in interface VBR\n", "")), {}, "interface GigabitEthernet0/0",
     "what the VPC starts over the circuit is dropped"),
    ("DEV-D6", changed((" zone-member ALIYUN\n", "")), {}, "maximum-paths 2", "about half of the flows"),
    ("DEV-D7", CORRECT, {"routes": ()}, "network 192.168.10.0 mask 255.255.255.0", "ESP into the tunnel itself"),
    ("DEV-D9", changed(("timers 10 30", "timers 60 180")), {}, "neighbor 169.254.10.1 timers 60 180",
     "for up to 180 s"),
    ("DEV-D11", changed(("security-level 100", "security-level 0")), {}, "security-level 0",
     "its security level 0 is not above 0"),
    ("DEV-D12", changed(("  neighbor 169.254.10.1 prefix-list ALIYUN-IN in\n", "")), {},
     "neighbor 169.254.10.1 remote-as 65534", "no inbound filter lets 0.0.0.0/0 (a default route)"),
    ("DEV-D12", changed(("permit 172.16.0.0/16 le 24", "permit 0.0.0.0/0 le 24")), {},
     "neighbor 169.254.10.1 prefix-list ALIYUN-IN in", "its inbound filter lets 0.0.0.0/0"),
    ("DEV-D14", changed(("pre-shared-key *****", "pre-shared-key abcDE111****")), {},
     "ikev2 remote-authentication pre-shared-key abcDE111****", "blanked-out placeholder"),
    ("DEV-101", changed(("pre-shared-key *****", "pre-shared-key another-key")), {},
     "ikev2 remote-authentication pre-shared-key another-key", "its pre-shared key is not the one of tunnel-1"),
    ("DEV-102", changed((" group 14", " group 19")), {}, "crypto ikev2 policy 10", "IKE group is 19 here and 14 at"),
    ("DEV-103", changed(("esp encryption aes", "esp encryption aes-256")), {}, "crypto ipsec profile ALIYUN-PROFILE",
     "ESP encryption is aes256 here and aes128 at"),
    ("DEV-104", changed(("set pfs group14", "set pfs group19")), {}, "crypto ipsec profile ALIYUN-PROFILE",
     "fails at its first rekey"),
    ("DEV-105", changed(("remote-as 65534", "remote-as 65535")), {}, "neighbor 169.254.10.1 remote-as 65535",
     "remote-as is 65535, but tunnel-1 runs AS 65534"),
    ("DEV-106", changed(("router bgp 65530", "router bgp 65531")), {}, "router bgp 65531", "expects AS 65530"),
    ("DEV-107", changed(("  neighbor 169.254.10.1 activate\n", "  no neighbor 169.254.10.1 activate\n")), {},
     "neighbor 169.254.10.1 remote-as 65534", "no active BGP neighbor 169.254.10.1"),
    ("DEV-108", changed(("ip address 169.254.10.2", "ip address 169.254.10.1")), {}, "interface Tunnel1",
     "expected 169.254.10.2 beside 169.254.10.1/30"),
    ("DEV-110", changed(("192.168.10.136 255.255.255.0", "192.168.10.137 255.255.255.0")), {}, "interface Tunnel1",
     "the cloud's customer gateway of tunnel-1 is 192.168.10.136"),
    ("DEV-111", changed(("local-identity address", "local-identity key-id device")), {},
     "crypto ipsec profile ALIYUN-PROFILE", "own, peer), expected 192.168.10.136"),
    ("DEV-112", changed(("route VBR 10.10.10.49 255.255.255.255 10.0.0.1 1\n", "")), {}, "interface Tunnel1",
     "leave by no route, expected GigabitEthernet0/0"),
    ("DEV-113", changed(("permit esp host 10.10.10.49 host 192.168.10.136", "deny esp any any")), {},
     "access-group VBR-IN in interface VBR", "does not permit IKE and ESP from 10.10.10.49"),
    ("DEV-114", CORRECT + "nat (private,VBR) source dynamic any interface\n", {},
     "nat (private,VBR) source dynamic any interface", "the device translates addresses"),
    ("DEV-115", changed(("tcpmss 1350", "tcpmss 1460")), {}, "sysopt connection tcpmss 1460",
     "do not fit the tunnels' 1382"),
    ("DEV-117", changed((ACTIVE, f"{PASSWORD} swordfish-8\n{ACTIVE}")), {"sessions": LOCKED},
     "neighbor 169.254.10.1 password swordfish-8", "its password is not the one of tunnel-1"),
    ("DEV-117", changed((ACTIVE, f"{PASSWORD} *****\n{ACTIVE}")), {},
     "neighbor 169.254.10.1 password *****", "it has a password, but tunnel-1 has none"),
    ("DEV-117", CORRECT, {"sessions": LOCKED}, "neighbor 169.254.10.1 remote-as 65534",
     "it has no password, but tunnel-1 has one"),
    ("DEV-116", changed(("  inspect icmp\n", "")), {}, CORRECT.split("\n")[0], "ICMP is not inspected"),
]  # fmt: skip
ALSO = {"DEV-110": {"DEV-113"}, "DEV-108": {"DEV-107"}}
"""Findings that a mistake brings along because it is two mistakes at once."""


@pytest.mark.parametrize(("code", "text", "changes", "line", "says"), CASES, ids=[case[0] for case in CASES])
def test_a_mistake_alone_is_named_on_its_line_with_its_consequence(code, text, changes, line, says):
    found = findings(text, network(**changes))
    assert {one.code for one in found} - ALWAYS - ALSO.get(code, set()) == {code}, [str(one) for one in found]
    mine = next(one for one in found if one.code == code)
    assert says in mine.problem
    rows = [row.strip() for row in text.split("\n")]
    assert [place for place in mine.seen_at if rows[place.line - 1] == line], str(mine)
    assert mine.remedy


@pytest.mark.parametrize("key", ["swordfish-7", "*****"])
def test_one_password_at_both_ends_or_a_masked_one_is_no_mistake_and_never_shows(key):
    text = changed((ACTIVE, f"{PASSWORD} {key}\n{ACTIVE}"))
    assert {one.code for one in findings(text, network(sessions=LOCKED))} == ALWAYS
    wrong = findings(text.replace(key, "trombone-9"), network(sessions=LOCKED))
    assert "DEV-117" in {one.code for one in wrong}
    assert not [one for one in wrong if "trombone" in str(one) or "swordfish" in str(one)]
    taken_back = f"{text}router bgp 65530\n address-family ipv4 unicast\n  no neighbor 169.254.10.1 password\n"
    assert "it has no password" in "".join(map(str, findings(taken_back, network(sessions=LOCKED))))


def test_a_missing_tunnel_is_named():
    found = findings(CORRECT, network(tunnels=(tunnel(1), tunnel(2, local=Address("10.10.10.77")))))
    assert "no complete tunnel interface of the device has the destination 10.10.10.77" in "".join(map(str, found))
    assert "DEV-109" in {one.code for one in found}


def test_a_device_on_no_circuit_is_named():
    text = changed(("10.0.0.2 255.255.255.252", "10.9.0.2 255.255.255.252"))
    net = network()
    alone = type(net)(net.name, net.nodes, (), (), net.protections)
    assert "DEV-100" in {one.code for one in findings(text, alone)}


def test_a_clear_fallback_is_an_error_when_encryption_is_required():
    found = {one.code: one for one in findings(CORRECT, network(mode=Mode.REQUIRED))}
    assert found["DEV-D8"].severity is Severity.ERROR
    assert found["DEV-D8"].remedy.startswith("enter `no route VBR 172.16.0.0 255.255.0.0 10.0.0.1 30`")
    closed = repair(CORRECT, "D8", FACTS)
    assert not [one for one in findings(closed, network(mode=Mode.REQUIRED)) if one.severity is Severity.ERROR]


def test_short_timers_of_the_cloud_make_long_ones_harmless():
    text = changed(("timers 10 30", "timers 60 180"))
    sessions = [session(number, keepalive_s=2, hold_time_s=6) for number in (1, 2)]
    found = [one for one in findings(text, network(sessions=sessions)) if one.code == "DEV-D9"]
    assert {one.severity for one in found} == {Severity.INFO}


def test_the_fallback_reaches_no_further_than_tunnels_that_carry_all():
    found = findings(CORRECT, network(told=(Prefix("172.16.0.0/16"),)))
    assert "DEV-D13" not in {one.code for one in found}


def test_pfs_switched_off_at_the_cloud_is_a_mismatch():
    ends = [
        tunnel(number, esp=EspProposal(tunnel(1).esp.encryption, tunnel(1).esp.integrity, None, 86400))
        for number in (1, 2)
    ]
    assert "`no set pfs`" in next(
        one.remedy for one in findings(CORRECT, network(tunnels=ends)) if one.code == "DEV-104"
    )


def test_equal_keys_do_not_differ():
    text = CORRECT.replace("pre-shared-key *****", "pre-shared-key same-key-both")
    ends = [tunnel(number, psk=Secret("same-key-both")) for number in (1, 2)]
    assert {one.code for one in findings(text, network(tunnels=ends))} == ALWAYS


def test_the_published_configuration_makes_all_its_mistakes_at_once():
    codes = {one.code for one in findings(PUBLISHED, network(routes=()))}
    assert codes >= {f"DEV-D{number}" for number in (1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 14)}


def test_the_repairs_end_without_errors_or_warnings_and_each_removes_what_it_names():
    text = PUBLISHED
    for one in REPAIRS:
        text = one.apply(text, FACTS)
        assert one.apply(text, FACTS) == text, one.title
        left = {found.code.split("-")[1] for found in (*device(text).findings, *findings(text, network()))}
        assert not left & set(one.defects), (one.title, left)
    assert device(text).findings == ()
    assert {one.severity for one in findings(text, network())} == {Severity.INFO}


def test_optional_repairs_are_reached_by_name():
    assert {name for one in OPTIONAL_REPAIRS for name in one.defects} == {"D7", "D8"}
    assert "DEV-D7" not in {one.code for one in findings(repair(CORRECT, "D7", FACTS), network(routes=()))}
    with pytest.raises(KeyError, match="no repair for D99"):
        repair(CORRECT, "D99", FACTS)


@settings(max_examples=20, deadline=None)
@given(st.permutations(REPAIRS))
def test_repairs_reach_the_same_verdict_in_any_order(order):
    text = PUBLISHED
    for one in order:
        text = one.apply(text, FACTS)
    assert {one.severity for one in findings(text, network())} == {Severity.INFO}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, CORRECT.count("\n")), max_size=12), st.sampled_from([CORRECT, PUBLISHED]))
def test_any_part_of_a_configuration_is_judged_without_failing(gone, text):
    kept = "\n".join(row for number, row in enumerate(text.split("\n")) if number not in gone)
    check_device(device(kept), network())


def test_every_code_is_documented():
    root = Path(__file__).parents[3]
    documented = (root / "docs/vendors/cisco-asa.md").read_text()
    source = "".join(path.read_text() for path in (root / "src/sealane/verify").glob("device*.py"))
    codes = {word.strip('"(),') for word in source.split() if '"DEV-' in word for word in [word.removeprefix("code=")]}
    assert [code for code in codes if f"`{code}`" not in documented] == []
    elsewhere = {"DEV-100", "DEV-109", "DEV-118", "DEV-119"}
    assert codes - {case[0] for case in CASES} == ALWAYS | elsewhere
