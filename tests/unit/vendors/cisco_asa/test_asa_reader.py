"""Reading a device's text: laws over any text, and the two example configurations."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealane.diag import Origin
from sealane.model import (
    Bfd,
    Dpd,
    Encryption,
    EspProposal,
    FilterRule,
    IkeProposal,
    Integrity,
    InterfaceKind,
    LineVerdict,
    Platform,
    PortRange,
    Stateful,
)
from sealane.net import NodeName, Secret, parse_address, parse_interface_address, parse_prefix
from sealane.vendors.cisco_asa import read
from sealane.vendors.cisco_asa.text import MASK

EXAMPLES = Path(__file__).parents[4] / "examples" / "hangzhou"
CORRECT = (EXAMPLES / "cgw.asa.cfg").read_text()
PUBLISHED = (EXAMPLES / "cgw.as-published.asa.cfg").read_text()
LINES = CORRECT.split("\n") + PUBLISHED.split("\n")
KEY = "Tr0ub4dor-and-3"
BFD = """interface GigabitEthernet0/0
 bfd interval 300 min_rx 500 multiplier 4
router bgp 65530
 address-family ipv4 unicast
  neighbor 10.0.0.1 remote-as 45104
  neighbor 10.0.0.1 fall-over bfd"""


def read_device(text):
    return read(text, "cgw", NodeName("cgw"))


def without_places(value):
    """The node with every origin taken out, so that texts of different layout compare."""
    if isinstance(value, tuple):
        return tuple(map(without_places, value))
    if hasattr(value, "__dataclass_fields__"):
        names = [name for name in value.__dataclass_fields__ if name != "origin"]
        return (type(value).__name__, *((name, without_places(getattr(value, name))) for name in names))
    return value


@st.composite
def mutated_texts(draw):
    lines = (draw(st.sampled_from([CORRECT, PUBLISHED]))).split("\n")
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 5)):
            case 0:
                del lines[place]
            case 1:
                lines.insert(place, lines[place])
            case 2:
                words = lines[place].split(" ")
                del words[draw(st.integers(0, len(words) - 1))]
                lines[place] = " ".join(words)
            case 3:
                words = lines[place].split(" ")
                words[draw(st.integers(0, len(words) - 1))] = draw(st.text(max_size=6))
                lines[place] = " ".join(words)
            case 4:
                lines.insert(place, draw(st.sampled_from(LINES)))
            case _:
                lines[place] = draw(st.sampled_from(["no ", "ciscoasa# ", "  ", "# "])) + lines[place]
        if not lines:
            break
    return "\n".join(lines)


@settings(max_examples=150, deadline=None)
@example(f"crypto ikev2 policy {'9' * 5000}\n")
@given(mutated_texts() | st.text())
def test_any_text_is_read_and_every_line_is_accounted_for_once(text):
    reading = read_device(text)
    count = text.count("\n") + (not text.endswith("\n") and text != "")
    assert [line.origin for line in reading.lines] == [Origin("cgw", number) for number in range(1, count + 1)]
    for line in reading.lines:
        if line.verdict is LineVerdict.UNKNOWN:
            assert any(line.origin in found.seen_at for found in reading.findings), line


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=40), st.randoms())
def test_a_key_shows_nowhere_whatever_surrounds_it(lines, rng):
    keyed = [
        f" ikev2 remote-authentication pre-shared-key {KEY}",
        f" ikev2 remote-authentication pre-sharedkey {KEY}   # the key is {KEY}",
        f"# note to self: {KEY}",
        f"description {KEY}",
        (
            f"router bgp 65530\n address-family ipv4 unicast\n  neighbor 169.254.10.1 description {KEY}\n"
            "  neighbor 169.254.10.1 remote-as 65534"
        ),
        f"  neighbor 169.254.10.1 password {KEY}",
        f"{KEY} is not a command",
    ]
    mixed = [*lines, *keyed]
    rng.shuffle(mixed)
    reading = read_device("\n".join(mixed))
    assert KEY not in repr(reading)
    assert KEY not in "".join(str(found) for found in reading.findings)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_indentation_does_not_matter(data):
    kept = [line.strip() for line in CORRECT.split("\n")]
    text = "\n".join(" " * data.draw(st.integers(0, 6)) + line for line in kept)
    assert without_places(read_device(text).node) == without_places(read_device(CORRECT).node)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_block_in_two_parts_is_the_block(data):
    lines = CORRECT.split("\n")
    headers = [number for number, line in enumerate(lines) if line.startswith("interface ")]
    start = data.draw(st.sampled_from(headers))
    inside = next(number for number in range(start + 1, len(lines)) if lines[number].startswith("!"))
    cut = data.draw(st.integers(start + 1, inside))
    split = [*lines[:cut], "!", lines[start], *lines[cut:]]
    assert without_places(read_device("\n".join(split)).node) == without_places(read_device(CORRECT).node)


def test_the_correct_configuration_is_read_without_a_finding_or_an_unknown_line():
    reading = read_device(CORRECT)
    assert reading.findings == ()
    assert {line.verdict for line in reading.lines} == {
        LineVerdict.UNDERSTOOD, LineVerdict.NO_EFFECT, LineVerdict.REMARK,
    }  # fmt: skip


def test_interfaces_of_the_correct_configuration():
    expected = [
        ("GigabitEthernet0/0", InterfaceKind.ETHERNET, "10.0.0.2/30", "VBR", 0, None, "VBR-IN"),
        ("GigabitEthernet0/2", InterfaceKind.ETHERNET, "192.168.50.215/24", "private", 100, None, None),
        ("Loopback1", InterfaceKind.LOOPBACK, "192.168.10.136/24", "VPN-IP1", 0, None, None),
        ("Loopback2", InterfaceKind.LOOPBACK, "192.168.40.159/24", "VPN-IP2", 0, None, None),
        ("Tunnel1", InterfaceKind.TUNNEL, "169.254.10.2/30", "ALIYUN1", 0, "ALIYUN", None),
        ("Tunnel2", InterfaceKind.TUNNEL, "169.254.20.2/30", "ALIYUN2", 0, "ALIYUN", None),
    ]
    node = read_device(CORRECT).node
    assert (node.name, node.platform) == ("cgw", Platform.ASA)
    assert [
        (
            one.name,
            one.kind,
            str(one.addresses[0]),
            one.nameif,
            one.security_level,
            one.traffic_zone,
            one.access_list_in,
        )
        for one in node.interfaces
    ] == expected
    assert all(one.enabled for one in node.interfaces)


def test_routes_of_the_correct_configuration():
    assert [
        (str(one.prefix), str(one.next_hop), one.interface, one.distance)
        for one in read_device(CORRECT).node.static_routes
    ] == [
        ("10.10.10.49/32", "10.0.0.1", "GigabitEthernet0/0", 1),
        ("10.10.10.50/32", "10.0.0.1", "GigabitEthernet0/0", 1),
        ("172.16.0.0/16", "10.0.0.1", "GigabitEthernet0/0", 30),
        ("192.168.0.0/16", "192.168.50.216", "GigabitEthernet0/2", 1),
        ("192.168.20.0/24", "192.168.50.216", "GigabitEthernet0/2", 1),
    ]


def test_tunnel_ends_of_the_correct_configuration():
    first, second = read_device(CORRECT).node.tunnel_ends
    aes, sha = (Encryption.AES128,), (Integrity.SHA1,)
    assert (first.name, first.interface, first.source_interface) == ("Tunnel1", "Tunnel1", "Loopback1")
    assert (first.inside, first.local) == (
        parse_interface_address("169.254.10.2/30"),
        parse_address("192.168.10.136"),
    )
    assert first.remote == parse_address("10.10.10.49")
    assert (first.local_id, first.remote_id) == ("192.168.10.136", "10.10.10.49")
    assert without_places(first.ike) == without_places(IkeProposal(2, aes, sha, sha, (14,), 86400))
    assert without_places(first.esp) == without_places(EspProposal(aes, sha, 14, 86400, None))
    assert first.dpd == Dpd(delay_s=10, timeout_s=6)
    assert first.psk is None
    assert first.initiates
    assert first.mss_bytes == 1350
    assert (second.name, str(second.local), str(second.remote)) == ("Tunnel2", "192.168.40.159", "10.10.10.50")


def test_bgp_and_filters_of_the_correct_configuration():
    node = read_device(CORRECT).node
    assert node.bgp is not None
    assert (node.bgp.asn, str(node.bgp.router_id), node.bgp.maximum_paths) == (65530, "192.168.50.215", 2)
    assert [str(one.prefix) for one in node.bgp.networks] == ["192.168.20.0/24", "192.168.10.0/24", "192.168.40.0/24"]
    assert [
        (str(one.address), one.remote_asn, one.interface, str(one.local_address), one.keepalive_s, one.hold_time_s,
         one.multihop_ttl, one.import_prefix_list, one.export_prefix_list, one.activated)
        for one in node.bgp.neighbors
    ] == [
        ("169.254.10.1", 65534, "Tunnel1", "169.254.10.2", 10, 30, 2, "ALIYUN-IN", "ALIYUN-OUT", True),
        ("169.254.20.1", 65534, "Tunnel2", "169.254.20.2", 10, 30, 2, "ALIYUN-IN", "ALIYUN-OUT", True),
    ]  # fmt: skip
    assert [
        (one.name, [(entry.seq, entry.permit, str(entry.prefix), entry.ge, entry.le) for entry in one.entries])
        for one in node.prefix_lists
    ] == [
        ("ALIYUN-IN", [(5, True, "172.16.0.0/16", None, 24)]),
        ("ALIYUN-OUT", [(5, True, "192.168.20.0/24", None, None), (10, True, "192.168.10.0/24", None, None),
                        (15, True, "192.168.40.0/24", None, None)]),
    ]  # fmt: skip


def test_access_list_and_firewall_of_the_correct_configuration():
    node = read_device(CORRECT).node
    assert node.stateful == Stateful(inspect_icmp=True, tcp_mss_bytes=1350)
    (acl,) = node.access_lists
    assert (acl.name, len(acl.rules)) == ("VBR-IN", 14)
    gateway, own = parse_prefix("10.10.10.49/32"), parse_prefix("192.168.10.136/32")
    assert without_places(acl.rules[0]) == without_places(FilterRule(True, 17, gateway, None, own, PortRange(500, 500)))
    assert without_places(acl.rules[-1]) == without_places(FilterRule(False, log=True))


def test_the_published_configuration_is_a_document_and_is_read_all_the_same():
    reading = read_device(PUBLISHED)
    (found,) = reading.findings
    assert found.code == "ASA-D10"
    assert found.problem.startswith("43 lines are a document, not device input (7 with a prompt, 36 with a # remark")
    assert LineVerdict.UNKNOWN not in {line.verdict for line in reading.lines}
    assert [end.source_interface for end in reading.node.tunnel_ends] == ["GigabitEthernet0/3", "GigabitEthernet0/4"]
    assert reading.node.tunnel_ends[0].psk == Secret("fddsFF111****")
    assert len([route for route in reading.node.static_routes if str(route.prefix) == "172.16.0.0/16"]) == 2


def test_key_lines_are_masked_in_the_record():
    lines = [line.text for line in read_device(PUBLISHED).lines if "pre-shared-key" in line.text]
    assert len(lines) == 4
    assert all(line.endswith(MASK) for line in lines)


def test_a_command_of_the_outer_mode_ends_the_block():
    text = "interface GigabitEthernet0/1\n nameif dmz\nmtu dmz 1400\n shutdown\n"
    reading = read_device(text)
    assert reading.node.interfaces[0].enabled
    assert [found.code for found in reading.findings] == ["ASA-001"]


def test_an_unknown_block_does_not_pour_its_children_into_the_block_before_it():
    text = "interface GigabitEthernet0/1\n nameif dmz\nfrobnicate\n shutdown\n ip address 10.1.1.1 255.255.255.0\n"
    (port,) = read_device(text).node.interfaces
    assert (port.enabled, port.addresses) == (True, ())


@pytest.mark.parametrize(
    ("line", "check"),
    [
        ("no route VBR 172.16.0.0 255.255.0.0 10.0.0.1 30", lambda node: len(node.static_routes) == 4),
        ("route null0 192.168.0.0 255.255.0.0 250", lambda node: node.static_routes[-1].discard),
        ("no access-group VBR-IN in interface VBR", lambda node: node.interfaces[0].access_list_in is None),
        ("no crypto ikev2 enable VPN-IP1", lambda node: [one.name for one in node.tunnel_ends] == ["Tunnel2"]),
        ("no sysopt connection permit-vpn", lambda node: not node.stateful.permit_vpn),
        ("same-security-traffic permit inter-interface", lambda node: node.stateful.same_security_inter),
        ("nat (private,VBR) source dynamic any interface", lambda node: node.stateful.has_nat),
        ("mtu VBR 9000", lambda node: node.interfaces[0].mtu_bytes == 9000),
        ("interface gigabitethernet 0/0\n shutdown", lambda node: not node.interfaces[0].enabled),
        ("no zone ALIYUN", lambda node: node.interfaces[4].traffic_zone is None),
        ("tunnel-group 10.10.10.49 ipsec-attributes\n isakmp keepalive disable",
         lambda node: node.tunnel_ends[0].dpd is None),
        ("router bgp 65530\n address-family ipv4 unicast\n  no neighbor 169.254.10.1 activate",
         lambda node: not node.bgp.neighbors[0].activated),
        (BFD, lambda node: node.bgp.neighbors[2].bfd == Bfd(500, 4)),
        (f"{BFD}\n  no neighbor 10.0.0.1 fall-over bfd", lambda node: node.bgp.neighbors[2].bfd is None),
        ("route-map OUT permit 10\n set as-path prepend 65530 65530\n set local-preference 200",
         lambda node: node.route_maps[0].entries[0].set_as_path_prepend == (65530, 65530)),
        ("crypto ipsec profile ALIYUN-PROFILE\n no set pfs", lambda node: node.tunnel_ends[0].esp.pfs_group is None),
    ],
)  # fmt: skip
def test_a_further_line_changes_the_node_as_on_the_device(line, check):
    assert check(read_device(CORRECT + line + "\n").node)
