# ruff: noqa: E501 - the table of cases reads better with one case on a line
"""The text of every finding of the reader."""

from pathlib import Path

import pytest

from sealane.diag import Origin
from sealane.net import NodeName
from sealane.vendors.cisco_asa import read

ROOT = Path(__file__).parents[4]
CORRECT = (ROOT / "examples" / "hangzhou" / "cgw.asa.cfg").read_text()


def changed(old, new):
    assert old in CORRECT
    return CORRECT.replace(old, new)


def added(*lines):
    return CORRECT + "\n".join(lines) + "\n"


def number_of(line, text):
    """The line itself when it is a number, else where the first line with these words stands."""
    rows = text.split("\n")
    return line if isinstance(line, int) else next(at for at, row in enumerate(rows, start=1) if row.strip() == line)


LAST = CORRECT.count("\n") + 1
CASES = [
    ("ASA-001", added("frobnicate all"), LAST, "`frobnicate all` is not understood in policy-map-class mode"),
    ("ASA-002", added("route VBR 10.1.0.0 255.255.0.0 nowhere"), LAST, "expected an IPv4 address as word 5, found 'nowhere'"),
    ("ASA-003", added("access-list VBR-IN extended permit ip object-group X any"), LAST,
     "expected any, host, or a network with its mask, found 'object-group'"),
    ("ASA-004", added("access-group VBR-IN global"), LAST, "only access lists on arriving packets"),
    ("ASA-010", added("route VBR 10.1.0.9 255.255.0.0 10.0.0.1"), LAST, "expected the network 10.1.0.0 255.255.0.0"),
    ("ASA-011", added("interface GigabitEthernet0/5", " nameif VBR"), LAST, "nameif VBR already belongs to GigabitEthernet0/0"),
    ("ASA-012", added("interface Dialer1"), LAST, "interface type of 'Dialer1' is not known"),
    ("ASA-013", added("interface GigabitEthernet0/5", " ip address 10.0.0.1 255.255.255.0"), LAST,
     "10.0.0.1/24 overlaps 10.0.0.2/30 of GigabitEthernet0/0"),
    ("ASA-020", added("route outside 10.1.0.0 255.255.0.0 10.0.0.1"), LAST, "no interface has the nameif outside"),
    ("ASA-021", added("route VBR 10.1.0.0 255.255.0.0 10.0.0.2"), LAST, "10.0.0.2 is this device's own address"),
    ("ASA-022", added("route VBR 10.1.0.0 255.255.0.0 10.9.9.9"), LAST, "10.9.9.9 is not on the network of GigabitEthernet0/0"),
    ("ASA-030", changed(" tunnel destination 10.10.10.49\n", ""), 33, "it has no tunnel destination ADDRESS"),
    ("ASA-031", changed("source interface VPN-IP1", "source interface NOWHERE"), 37, "no interface has the nameif NOWHERE"),
    ("ASA-032", changed(" ip address 192.168.10.136 255.255.255.0\n", ""), 36, "its source Loopback1 has no address"),
    ("ASA-033", changed("crypto ipsec profile ALIYUN-PROFILE", "crypto ipsec profile OTHER"), 33,
     "there is no IPsec profile ALIYUN-PROFILE; expected one of: OTHER"),
    ("ASA-034", changed("ipsec-proposal ALIYUN-PROPOSAL\n protocol", "ipsec-proposal OTHER\n protocol"), 115,
     "there is no ipsec-proposal ALIYUN-PROPOSAL; expected one of: OTHER"),
    ("ASA-035", changed("tunnel-group 10.10.10.49", "tunnel-group 10.10.10.99"), 33,
     "there is no tunnel-group 10.10.10.49 for its destination"),
    ("ASA-036", changed(" ikev2 local-authentication pre-shared-key *****\n", ""), "tunnel-group 10.10.10.49 type ipsec-l2l",
     "the key of `ikev2 local-authentication` is missing"),
    ("ASA-037", CORRECT.replace("remote-authentication pre-shared-key *****", "remote-authentication pre-shared-key one-key-1")
     .replace("local-authentication pre-shared-key *****", "local-authentication pre-shared-key two-key-2"), "ikev2 local-authentication pre-shared-key two-key-2",
     "the local and the remote pre-shared key differ"),
    ("ASA-038", changed("crypto ikev2 enable VPN-IP1\n", ""), 37, "IKEv2 is not enabled on its source VPN-IP1"),
    ("ASA-039", added("no crypto ikev2 policy 10"), 33, "there is no `crypto ikev2 policy`"),
    ("ASA-040", changed(" encryption aes\n integrity", " integrity"), 121, "encryption not stated; releases differ"),
    ("ASA-041", added("crypto ikev2 policy 20", " encryption aes", " integrity sha", " prf sha", " group 14"), 121,
     "2 policies were read as one proposal"),
    ("ASA-042", changed(" group 14", " group 2"), 124, "group 2 was taken out of the platform"),
    ("ASA-043", changed("default-group-policy ALIYUN-GP", "default-group-policy NONE"), "default-group-policy NONE",
     "there is no group-policy NONE; expected one of: ALIYUN-GP"),
    ("ASA-044", changed("vpn-tunnel-protocol ikev2", "vpn-tunnel-protocol ikev1"), 130,
     "group-policy ALIYUN-GP allows ikev1, not ikev2"),
    ("ASA-045", changed(" tunnel mode ipsec ipv4\n", ""), 33, "expected the tunnel mode `ipsec ipv4`, no mode is written"),
    ("ASA-046", changed("esp encryption aes", "esp encryption aes-gcm"), 112, "brings its own integrity"),
    ("ASA-050", added("access-group OTHER in interface private"), LAST, "there is no access list OTHER; expected one of: VBR-IN"),
    ("ASA-052", changed("zone ALIYUN\n!\ninterface Gig", "interface Gig"), 32, "names the traffic zone ALIYUN, which does not"),
    ("ASA-060", changed("  neighbor 169.254.10.1 remote-as 65534\n", ""), "neighbor 169.254.10.1 description tunnel 1", "the neighbor has no remote-as"),
    ("ASA-061", changed("169.254.10.1 prefix-list ALIYUN-IN in", "169.254.10.1 prefix-list NONE in"), "neighbor 169.254.10.1 prefix-list NONE in",
     "there is no prefix list NONE; expected one of: ALIYUN-IN, ALIYUN-OUT"),
    ("ASA-062", changed("169.254.10.1 prefix-list ALIYUN-IN in", "169.254.10.1 route-map NONE in"), "neighbor 169.254.10.1 route-map NONE in",
     "there is no route map NONE; expected one of: none exists"),
    ("ASA-063", added("route-map M permit 10", " match ip address prefix-list NONE"), LAST, "there is no prefix list NONE"),
    ("ASA-065", added("router bgp 65001"), LAST, "the device already runs AS 65530"),
    ("ASA-066", added("router bgp 65530", " address-family ipv4 unicast", "  neighbor 9.9.9.9 remote-as 1"), LAST + 2,
     "no interface has 9.9.9.9 on its network"),
    ("ASA-067", added("router bgp 65530", " address-family ipv4 unicast", "  neighbor 169.254.10.1 fall-over bfd"), LAST + 2,
     "asks for BFD, but Tunnel1 has no BFD interval"),
    ("ASA-D10", changed("hostname ciscoasa", "ciscoasa(config)# hostname ciscoasa  # name"), 5,
     "1 lines are a document, not device input"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "text", "line", "says"), CASES, ids=[case[0] for case in CASES])
def test_finding(code, text, line, says):
    found = [one for one in read(text, "cgw", NodeName("cgw")).findings if one.code == code]
    assert found, [str(one) for one in read(text, "cgw", NodeName("cgw")).findings]
    matching = [one for one in found if says in one.problem]
    assert matching, [one.problem for one in found]
    assert Origin("cgw", number_of(line, text)) in {place for one in matching for place in one.seen_at}, str(
        matching[0]
    )
    assert matching[0].remedy


def test_every_code_of_the_reader_is_tested_and_documented():
    source = "".join(path.read_text() for path in (ROOT / "src/sealane/vendors/cisco_asa").glob("*.py"))
    documented = (ROOT / "docs/vendors/cisco-asa.md").read_text()
    codes = {word.strip('",()') for word in source.split() if word.startswith(('"ASA-', '("ASA-'))}
    assert {case[0] for case in CASES} >= codes
    assert [case[0] for case in CASES if f"`{case[0]}`" not in documented] == []


def test_all_findings_come_at_once():
    text = added("frobnicate", "route VBR 1.1.1.0 255.255.255.0 x", "access-group NO in interface NOPE")
    assert {one.code for one in read(text, "cgw", NodeName("cgw")).findings} == {
        "ASA-001",
        "ASA-002",
        "ASA-020",
        "ASA-050",
    }
