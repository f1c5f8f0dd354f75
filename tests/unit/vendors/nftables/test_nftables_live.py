"""The rulesets judge real packets in the kernel."""

import json
import os
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sample_networks import ASA_NAMES, CIRCUIT, PROTECTIONS, VPC, asa, host

from sealane.model import AccessList, FilterRule, Node
from sealane.net import Address, Prefix
from sealane.vendors.nftables import drill, guard, meter, mss_clamp, read_meter, security_group, stateful_device

pytestmark = [pytest.mark.live, pytest.mark.beside]

SUFFIX = f"{os.getpid():x}"
SENDER = """
import json, socket, sys
packets = json.load(sys.stdin)
for device, text in packets:
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        data = bytes.fromhex(text)
        raw.sendto(data, (socket.inet_ntoa(data[16:20]), 0))
"""
PROBE = """table inet probe
delete table inet probe
table inet probe {
    counter seen { }
    chain arriving {
        type filter hook prerouting priority -400
        ip protocol != icmp counter name seen
    }
}
"""


def space(name: str) -> str:
    return f"slt-n{name}-{SUFFIX}"


def run(*words: str, text: str | None = None) -> str:
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def nft(name: str, text: str) -> None:
    run("ip", "netns", "exec", space(name), "nft", "-f", "-", text=text)


def counters(name: str) -> dict[str, int]:
    answer = run("ip", "netns", "exec", space(name), "nft", "-j", "list", "counters")
    return {item["counter"]["name"]: item["counter"]["packets"] for item in json.loads(answer)["nftables"]
            if "counter" in item}


@contextmanager
def spaces(links: tuple[tuple[tuple[str, str, str], tuple[str, str, str]], ...]) -> Iterator[None]:
    names = sorted({owner for link in links for owner, _, _ in link})
    try:
        for name in names:
            run("ip", "netns", "add", space(name))
            settings = [f"net.ipv4.conf.{which}.rp_filter=0" for which in ("all", "default")]
            run("ip", "netns", "exec", space(name), "sysctl", "-qw", "net.ipv4.ip_forward=1", *settings)
            run("ip", "-n", space(name), "link", "set", "lo", "up")
        for (one, port, address), (other, other_port, other_address) in links:
            run("ip", "-n", space(one), "link", "add", port, "type", "veth", "peer", "name", other_port,
                "netns", space(other))
            for owner, interface, own in ((one, port, address), (other, other_port, other_address)):
                run("ip", "-n", space(owner), "addr", "add", own, "dev", interface)
                run("ip", "-n", space(owner), "link", "set", interface, "up")
        yield
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", space(name)], capture_output=True, check=False)


def route(name: str, *words: str) -> None:
    run("ip", "-n", space(name), "route", "add", *words)


def packet(source: str, destination: str, protocol: int, payload: bytes, fragment: int = 0) -> bytes:
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0,
        socket.inet_aton(source), socket.inet_aton(destination),
    )
    return head + payload


def udp(source: str, destination: str, sport: int, dport: int, payload: bytes = b"payload.") -> bytes:
    return packet(source, destination, 17, struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload)


def tcp(source: str, destination: str, sport: int, dport: int, *, flags: int = 2, options: bytes = b"") -> bytes:
    """A SYN, or other flags, with a right checksum: connection tracking takes any other for invalid."""
    words = 5 + len(options) // 4
    head = struct.pack("!HHIIBBHHH", sport, dport, 1, 0, words << 4, flags, 1024, 0, 0) + options
    ends = socket.inet_aton(source) + socket.inet_aton(destination) + struct.pack("!HH", 6, len(head))
    total = sum(struct.unpack(f"!{6 + 2 * words}H", ends + head))
    total = (total & 0xFFFF) + (total >> 16)
    total = (total & 0xFFFF) + (total >> 16)
    return packet(source, destination, 6, head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:])


def icmp_error(source: str, destination: str, about: bytes) -> bytes:
    body = struct.pack("!BBHI", 3, 1, 0, 0) + about[:28]
    body += b"\0" * (len(body) % 2)
    total = sum(struct.unpack(f"!{len(body) // 2}H", body))
    total = (total & 0xFFFF) + (total >> 16)
    return packet(source, destination, 1, body[:2] + struct.pack("!H", ~total & 0xFFFF) + body[4:])


def send(name: str, device: str, *packets: bytes) -> None:
    words = [(device, data.hex()) for data in packets]
    run("ip", "netns", "exec", space(name), "python3", "-c", SENDER, text=json.dumps(words))
    time.sleep(0.2)


GATEWAY, DEVICE = "10.10.10.49", "192.168.20.136"  # the device's outer address is inside a protected prefix
MEASURED = (
    (("a", "gw0", "10.9.0.1/30"), ("m", "gw0", "10.9.0.2/30")),
    (("m", "ec", "10.0.0.1/30"), ("b", "ec", "10.0.0.2/30")),
)


@pytest.fixture
def measured() -> Iterator[None]:
    with spaces(MEASURED):
        for prefix in ("172.16.0.0/16", "10.10.10.0/24"):
            route("m", prefix, "via", "10.9.0.1")
        route("m", "192.168.0.0/16", "via", "10.0.0.2")
        route("a", "default", "via", "10.9.0.2")
        for prefix in ("172.16.0.0/16", "10.10.10.0/24"):
            route("a", "blackhole", prefix)
        route("b", "blackhole", "192.168.0.0/16")
        route("b", "default", "via", "10.0.0.1")
        run("ip", "netns", "exec", space("a"), "ping", "-c1", "-W2", "10.0.0.2")
        yield


def set_meter(*, enforce: bool) -> None:
    pairs = [(Address(GATEWAY), Address(DEVICE)), (Address("172.16.0.1"), Address("192.168.20.200"))]
    ends = [Address("10.0.0.1"), Address("10.0.0.2")]
    nft("m", meter(CIRCUIT, "ec", PROTECTIONS, tunnels=pairs, circuit_addresses=ends, enforce=enforce))


def test_the_meter_tells_classes_apart(measured: None) -> None:
    set_meter(enforce=False)
    send(
        "a", "gw0",
        udp(GATEWAY, DEVICE, 500, 500), udp(GATEWAY, DEVICE, 4500, 4500, b"\0\0\0\0IKE."),
        udp(GATEWAY, DEVICE, 4500, 4500, b"\xff"),
        udp(GATEWAY, DEVICE, 4500, 4500, b"\1\2\3\4ESP."), packet(GATEWAY, DEVICE, 50, b"\1\2\3\4ESP."),
        packet(GATEWAY, DEVICE, 17, b"x" * 16, fragment=10),
        # between the ends of a tunnel inside protected prefixes: ESP is ESP, anything else is clear
        packet("172.16.0.1", "192.168.20.200", 50, b"\1\2\3\4ESP."), udp("172.16.0.1", "192.168.20.200", 9, 9),
        # BGP, ESP and IKE between protected hosts prove nothing: clear
        tcp("172.16.1.1", "192.168.20.6", 33000, 179), udp("172.16.1.1", "192.168.20.6", 500, 500),
        packet("172.16.1.1", "192.168.20.6", 50, b"\1\2\3\4ESP."),
        tcp("172.16.1.1", "192.168.30.6", 33000, 80),
        udp(GATEWAY, "192.168.99.1", 1, 1), tcp(GATEWAY, "192.168.99.1", 179, 33000),
    )
    send("b", "ec", udp("192.168.20.6", "172.16.1.1", 7, 7), udp(DEVICE, GATEWAY, 500, 500),
         udp("10.0.0.2", "10.0.0.1", 49152, 3784))
    reading = read_meter(run("ip", "netns", "exec", space("m"), "nft", "-j", "list", "counters"))
    assert reading.ike.packets == 4
    assert reading.esp.packets == 4
    assert {key: count.packets for key, count in reading.clear_by.items()} == {
        ("erp", "to_site"): 4, ("erp", "to_cloud"): 1, ("files", "to_site"): 1, ("files", "to_cloud"): 0,
    }
    assert reading.routing.packets == 2
    assert reading.clear_protected.packets == 6
    assert reading.blocked.packets == 0


def test_a_required_protection_is_blocked_before_it_leaves_and_counted_when_it_came(measured: None) -> None:
    set_meter(enforce=True)
    nft("b", PROBE)
    nft("a", PROBE)
    send("a", "gw0", udp("172.16.1.1", "192.168.20.6", 7, 7), udp("172.16.1.1", "192.168.30.6", 7, 7))
    assert counters("b")["seen"] == 1
    send("b", "ec", udp("192.168.20.6", "172.16.1.1", 7, 7))
    assert counters("a")["seen"] == 0
    reading = read_meter(run("ip", "netns", "exec", space("m"), "nft", "-j", "list", "counters"))
    assert (reading.blocked.packets, reading.refused.packets) == (1, 1)
    assert {key: count.packets for key, count in reading.clear_by.items() if count.packets} == {
        ("erp", "to_cloud"): 1, ("files", "to_site"): 1,
    }


def test_the_meter_can_be_set_again(measured: None) -> None:
    for enforce in (True, False, True):
        set_meter(enforce=enforce)
    assert read_meter(run("ip", "netns", "exec", space("m"), "nft", "-j", "list", "counters")).esp.packets == 0


def test_a_drill_takes_one_tunnel_and_gives_it_back(measured: None) -> None:
    nft("b", PROBE)
    nft("m", drill([(Address(GATEWAY), Address(DEVICE))]))
    send("a", "gw0", udp(GATEWAY, DEVICE, 500, 500), udp("10.10.10.50", DEVICE, 500, 500))
    assert counters("b")["seen"] == 1
    assert counters("m")["dropped"] == 1
    nft("m", drill([]))
    send("a", "gw0", udp(GATEWAY, DEVICE, 500, 500))
    assert counters("b")["seen"] == 2


def test_the_guard_stops_outer_packets_on_their_way_into_a_tunnel(measured: None) -> None:
    nft("b", PROBE)
    nft("m", guard(["ec"], [(Address(GATEWAY), Address(DEVICE))]))
    send("a", "gw0", udp(GATEWAY, DEVICE, 4500, 4500), packet(GATEWAY, DEVICE, 50, b"12345678"),
         udp("172.16.1.1", "192.168.20.6", 4500, 4500), udp(GATEWAY, DEVICE, 53, 53), tcp(GATEWAY, DEVICE, 500, 4500))
    assert (counters("m")["recursion"], counters("b")["seen"]) == (2, 3)


def test_the_mss_clamp_is_accepted_over_itself(measured: None) -> None:
    for size in (1300, 1350):
        nft("m", mss_clamp({"ec": size}))
    assert "1350" in run("ip", "netns", "exec", space("m"), "nft", "list", "table", "inet", "sealane_mss")


SEGMENTS = """table inet segments
delete table inet segments
table inet segments {
    counter s1200 { }
    counter s1350 { }
    counter s1460 { }
    chain arriving {
        type filter hook prerouting priority -400
        tcp option maxseg size 1200 counter name s1200
        tcp option maxseg size 1350 counter name s1350
        tcp option maxseg size 1460 counter name s1460
    }
}
"""


def test_the_mss_clamp_lowers_what_opens_a_connection_both_ways_and_nothing_else(measured: None) -> None:
    syn, ack, rst = 2, 16, 4
    for name in ("a", "b"):
        nft(name, SEGMENTS)
    nft("m", mss_clamp({"ec": 1350}))
    for name, port, source, destination in (
        ("a", "gw0", "172.16.1.1", "192.168.20.6"), ("b", "ec", "192.168.20.6", "10.9.0.1"),
    ):
        send(name, port, *(
            tcp(source, destination, 33000, 80, flags=flags, options=struct.pack("!BBH", 2, 4, size))
            for flags, size in ((syn, 1460), (syn | ack, 1460), (syn, 1200), (ack, 1460), (syn | rst, 1460))
        ))
    wanted = {"s1200": 1, "s1350": 2, "s1460": 2}
    assert (counters("a"), counters("b")) == (wanted, wanted)


def test_a_host_answers_only_what_its_group_permits(measured: None) -> None:
    nft("b", security_group(host()))
    ping = ["ip", "netns", "exec", space("a"), "ping", "-c1", "-W1", "10.0.0.2"]
    assert subprocess.run(ping, capture_output=True, check=False).returncode == 0, "the sample group permits ICMP"
    group = host().security_group
    assert group is not None
    nft("b", security_group(replace(host(), security_group=replace(group, inbound=()))))
    assert subprocess.run(ping, capture_output=True, check=False).returncode == 1
    reverse = ["ip", "netns", "exec", space("b"), "ping", "-c1", "-W1", "10.0.0.1"]
    assert subprocess.run(reverse, capture_output=True, check=False).returncode == 0, "stateful: replies come back"


GUARDED = (
    (("w", "ec", "10.0.0.1/30"), ("d", "ec", "10.0.0.2/30")),
    (("w", "ipsec1", "169.254.10.1/30"), ("d", "ipsec1", "169.254.10.2/30")),
    (("w", "ipsec2", "169.254.20.1/30"), ("d", "ipsec2", "169.254.20.2/30")),
    (("l", "lan", "192.168.20.6/24"), ("d", "lan", "192.168.20.1/24")),
    (("e", "wan", "192.168.10.136/24"), ("d", "vpn1", "192.168.10.1/24")),
    (("f", "wan", "192.168.40.159/24"), ("d", "vpn2", "192.168.40.1/24")),
)
BEHIND = {"GigabitEthernet0/3": "vpn1", "Loopback2": "vpn2"}
THERE, HERE = "172.16.10.5", "192.168.20.6"


@pytest.fixture
def guarded() -> Iterator[None]:
    with spaces(GUARDED):
        for name, gateway in (("l", "192.168.20.1"), ("e", "192.168.10.1"), ("f", "192.168.40.1")):
            route(name, "default", "via", gateway)
            nft(name, PROBE)
        route("d", "172.16.0.0/16", "via", "169.254.10.1")
        route("d", "10.10.10.0/24", "via", "10.0.0.1")
        for prefix in ("172.16.0.0/16", "10.10.10.0/24"):
            route("w", "blackhole", prefix)
        for metric, hop in enumerate(("10.0.0.2", "169.254.10.2", "169.254.20.2"), start=1):
            route("w", "192.168.0.0/16", "via", hop, "metric", str(metric))
        for hop in ("10.0.0.2", "169.254.10.2", "169.254.20.2"):
            run("ip", "netns", "exec", space("w"), "ping", "-c1", "-W2", hop)
        run("ip", "netns", "exec", space("l"), "ping", "-c1", "-W2", "192.168.20.1")
        nft("w", PROBE)
        yield


def arrived(name: str) -> int:
    """Packets that came in since the last look."""
    count = counters(name)["seen"]
    nft(name, PROBE)
    return count


def protect(node: Node) -> None:
    nft("d", stateful_device(node, ASA_NAMES, BEHIND))


def replies(device: str, port: int) -> int:
    """Answers that reach the inside when they come by ``device`` to a flow that left by ipsec1."""
    send("l", "lan", udp(HERE, THERE, port, 2000))
    assert arrived("w") == 1
    arrived("l")
    send("w", device, udp(THERE, HERE, 2000, port))
    return arrived("l")


def test_a_reply_must_come_back_where_its_flow_left(guarded: None) -> None:
    protect(asa())
    assert [replies(device, 1000 + number) for number, device in enumerate(("ipsec1", "ipsec2", "ec"))] == [1, 0, 0]
    assert counters("d")["mismatched"] == 2
    protect(asa(zone="vpn"))
    assert [replies(device, 1100 + number) for number, device in enumerate(("ipsec1", "ipsec2", "ec"))] == [1, 1, 0]


def test_an_icmp_error_does_not_move_the_flow_it_tells_of(guarded: None) -> None:
    protect(asa())
    opening = udp(HERE, THERE, 1200, 2000)
    send("l", "lan", opening)
    sent = opening[:2] + struct.pack("!H", len(opening)) + opening[4:]
    send("w", "ec", icmp_error("10.0.0.1", HERE, sent))
    arrived("l")
    send("w", "ec", udp(THERE, HERE, 2000, 1200))
    assert arrived("l") == 0
    send("w", "ipsec1", udp(THERE, HERE, 2000, 1200))
    assert arrived("l") == 1


def test_levels_lists_and_tunnels_decide_who_may_begin(guarded: None) -> None:
    node = asa()
    protect(node)
    arrived("l")
    send("w", "ipsec1", udp(THERE, HERE, 1, 1))
    assert arrived("l") == 1, "decrypted traffic is let in"
    send("w", "ec", tcp(THERE, HERE, 33001, 22))
    assert arrived("l") == 1, "the access list permits it"
    send("w", "ec", tcp(THERE, HERE, 33001, 23), udp(THERE, HERE, 1, 22))
    assert arrived("l") == 0
    protect(replace(node, access_lists=()))
    send("w", "ec", tcp(THERE, HERE, 33002, 22))
    assert arrived("l") == 0, "low to high needs a list"
    protect(asa(permit_vpn=False))
    send("w", "ipsec1", udp(THERE, HERE, 2, 2))
    assert arrived("l") == 0, "without permit-vpn a tunnel is a port like any other"


def test_echo_replies_need_inspection_or_a_list(guarded: None) -> None:
    run("ip", "-n", space("w"), "addr", "add", f"{THERE}/32", "dev", "lo")
    run("ip", "-n", space("w"), "route", "replace", "192.168.20.0/24", "via", "10.0.0.2")
    run("ip", "-n", space("d"), "route", "replace", "172.16.0.0/16", "via", "10.0.0.1")
    ping = ["ip", "netns", "exec", space("l"), "ping", "-c1", "-W1", THERE]
    closed = (AccessList("VBR-IN", (FilterRule(permit=True, protocol=6, source=VPC),)),)
    protect(replace(asa(), access_lists=closed))
    assert subprocess.run(ping, capture_output=True, check=False).returncode == 1
    protect(replace(asa(inspect_icmp=True), access_lists=closed))
    assert subprocess.run(ping, capture_output=True, check=False).returncode == 0
    protect(asa())
    assert subprocess.run(ping, capture_output=True, check=False).returncode == 0, "the list permits ICMP"


def test_an_outer_address_answers_on_its_own_port_only(guarded: None) -> None:
    """A physical port's address is not reached through another port, even by a reply; a loopback's is."""
    protect(asa())
    outer = "10.10.10.49"
    assert Address(outer) in Prefix("10.10.10.0/24")
    arrived("e")
    arrived("f")
    send("e", "wan", udp("192.168.10.136", outer, 500, 500))
    send("f", "wan", udp("192.168.40.159", outer, 500, 500))
    assert arrived("w") == 2, "the box itself sends as routing says"
    send("w", "ec", udp(outer, "192.168.10.136", 500, 500), udp(outer, "192.168.40.159", 500, 500))
    assert (arrived("e"), arrived("f")) == (0, 1)
    assert counters("d")["far_side"] == 1


def test_the_input_hook_keeps_far_addresses_silent(guarded: None) -> None:
    nft("d", stateful_device(asa(inspect_icmp=True), ASA_NAMES, {}))
    for address, expected in (("10.0.0.2", 0), ("192.168.20.1", 1)):
        ping = ["ip", "netns", "exec", space("w"), "ping", "-c1", "-W1", "-I", "ec", address]
        assert subprocess.run(ping, capture_output=True, check=False).returncode == expected, address
