import struct
from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from sealane.app import capture
from sealane.app.capture import Counts, classify, packets, read_capture
from sealane.diag import Fault
from sealane.model import Mode, Protection
from sealane.net import Prefix

CLOUD, SITE = (172 << 24 | 16 << 16, (172 << 24 | 17 << 16) - 1), (192 << 24 | 168 << 16 | 20 << 8, 0xC0A814FF)
PAIRS = [((CLOUD,), (SITE,))]
PROTECTION = Protection("p", (Prefix("172.16.0.0/16"),), (Prefix("192.168.20.0/24"),), Mode.OPEN)
inside_cloud = st.sampled_from(CLOUD) | st.integers(*CLOUD)
inside_site = st.sampled_from(SITE) | st.integers(*SITE)
outside = st.sampled_from((CLOUD[0] - 1, CLOUD[1] + 1, SITE[0] - 1, SITE[1] + 1, 0, 0xFFFFFFFF, 0x0A0A0A31, 0xC0A80A88))
anywhere = inside_cloud | inside_site | outside
ports = st.integers(1024, 65535).filter(lambda port: port not in {3784, 3785, 4784, 4500})
either_way = st.booleans()
payloads = st.binary(max_size=40)


def law(*inputs: object, **named: object) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Like given, but the law can be put to a planted bug: found at once, without a search for the least example."""

    def around(body: Callable[..., None]) -> Callable[[], None]:
        quick = settings(phases=[Phase.generate], database=None, derandomize=True, report_multiple_bugs=False)
        tested = given(*inputs, **named)(body)
        tested.quickly = quick(given(*inputs, **named)(body))
        return tested

    return around


def frame(
    protocol: int,
    source: int,
    destination: int,
    payload: bytes,
    *,
    options: int = 0,
    offset: int = 0,
    ethertype: int = 0x800,
) -> bytes:
    """An Ethernet frame; ``options`` counts words, ``offset`` units of 8 bytes."""
    size = 20 + 4 * options
    header = struct.pack(
        ">BBHHHBBHII", 0x40 | size // 4, 0, size + len(payload), 1, offset, 64, protocol, 0, source, destination
    )
    return b"\x02" * 12 + struct.pack(">H", ethertype) + header + b"\1" * 4 * options + payload


def udp(source: int, destination: int, payload: bytes = b"") -> bytes:
    return struct.pack(">HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(source: int, destination: int) -> bytes:
    return struct.pack(">HHIIBBHHH", source, destination, 1, 0, 0x50, 2, 1000, 0, 0)


options = st.integers(0, 10)


@law(anywhere, anywhere, payloads, options, st.integers(0, 0x1FFF))
def test_esp_is_esp_whoever_sends_it(source: int, destination: int, payload: bytes, words: int, offset: int) -> None:
    assert classify(frame(50, source, destination, payload, options=words, offset=offset), PAIRS) == "esp"


@law(source=anywhere, destination=anywhere, port=ports, way=either_way, data=payloads, words=options)
def test_port_500_is_ike(*, source: int, destination: int, port: int, way: bool, data: bytes, words: int) -> None:
    payload = udp(port, 500, data) if way else udp(500, port, data)
    assert classify(frame(17, source, destination, payload, options=words), PAIRS) == "ike"


@law(
    source=anywhere, destination=anywhere, port=ports, way=either_way, data=st.binary(min_size=4, max_size=20),
    words=options,
)
def test_port_4500_is_ike_with_a_marker_of_zeros_and_esp_otherwise(
    *, source: int, destination: int, port: int, way: bool, data: bytes, words: int
) -> None:
    for body, kind in ((b"\0\0\0\0" + data, "ike"), (b"\1" + data, "esp"), (b"\0\0\0\1" + data, "esp")):
        payload = udp(port, 4500, body) if way else udp(4500, port, body)
        assert classify(frame(17, source, destination, payload, options=words), PAIRS) == kind


@law(anywhere, anywhere)
def test_a_keepalive_of_nat_traversal_is_ike(source: int, destination: int) -> None:
    assert classify(frame(17, source, destination, udp(4500, 4500, b"\xff")), PAIRS) == "ike"
    assert classify(frame(17, source, destination, udp(4500, 4500, b"\xff\xff\xff\xff")), PAIRS) == "esp"


@law(outside, outside, ports, either_way, options)
def test_bgp_is_routing_from_either_end(source: int, destination: int, port: int, way: bool, words: int) -> None:
    payload = tcp(port, 179) if way else tcp(179, port)
    assert classify(frame(6, source, destination, payload, options=words), PAIRS) == "routing"
    assert classify(frame(17, source, destination, payload, options=words), PAIRS) == "other"


@law(outside, outside, ports, st.sampled_from((3784, 3785, 4784)), options)
def test_bfd_is_routing_by_its_destination(source: int, destination: int, port: int, bfd: int, words: int) -> None:
    assert classify(frame(17, source, destination, udp(port, bfd), options=words), PAIRS) == "routing"
    assert classify(frame(17, source, destination, udp(bfd, port), options=words), PAIRS) == "other"


@law(cloud=inside_cloud, site=inside_site, way=either_way, data=payloads, port=st.sampled_from((500, 4500)))
def test_a_protected_pair_does_not_become_encrypted_by_its_port_or_protocol(
    *, cloud: int, site: int, way: bool, data: bytes, port: int
) -> None:
    source, destination = (cloud, site) if way else (site, cloud)
    outer = frozenset({(1, 2), (2, 1)})
    for packet in (
        frame(17, source, destination, udp(port, port, data)),
        frame(50, source, destination, data),
    ):
        assert classify(packet, PAIRS, outer) == "clear_protected"
        assert classify(packet, PAIRS, outer | {(source, destination)}) in {"esp", "ike"}


not_outer = st.sampled_from((1, 6, 47, 89, 132))


@law(
    cloud=inside_cloud, site=inside_site, protocol=not_outer, payload=payloads, way=either_way,
    offset=st.integers(0, 0x1FFF), words=options,
)
def test_a_protected_pair_is_clear_in_both_directions_and_in_every_fragment(
    *, cloud: int, site: int, protocol: int, payload: bytes, way: bool, offset: int, words: int
) -> None:
    source, destination = (cloud, site) if way else (site, cloud)
    packet = frame(protocol, source, destination, payload, offset=offset, options=words)
    assert classify(packet, PAIRS) == "clear_protected"


@law(inside_cloud, inside_site, st.sampled_from((179, 80)))
def test_a_session_within_a_protected_pair_is_protected_traffic_first(cloud: int, site: int, port: int) -> None:
    assert classify(frame(6, cloud, site, tcp(40000, port)), PAIRS) == "clear_protected"
    assert classify(frame(17, cloud, site, udp(40000, 3784)), PAIRS) == "clear_protected"


@law(inside_cloud, inside_cloud, inside_site, inside_site, outside)
def test_one_side_alone_or_a_stranger_is_not_a_pair(cloud: int, cloud2: int, site: int, site2: int, other: int) -> None:
    for source, destination in ((cloud, cloud2), (site, site2), (cloud, other), (other, site)):
        assert classify(frame(1, source, destination, b"\x08\0\0\0"), PAIRS) == "other"


@law(outside, outside, st.integers(1, 0x1FFF), st.sampled_from((6, 17)))
def test_a_later_fragment_shows_no_ports(source: int, destination: int, offset: int, protocol: int) -> None:
    payload = tcp(40000, 179) if protocol == 6 else udp(500, 500)
    assert classify(frame(protocol, source, destination, payload, offset=offset), PAIRS) == "other"


@law(anywhere, anywhere, st.sampled_from((1, 6, 17, 50)), st.integers(0, 7), st.integers(0, 0xFFFF))
def test_what_is_no_ipv4_is_other(source: int, destination: int, protocol: int, size: int, ethertype: int) -> None:
    if ethertype != 0x800:
        packet = frame(protocol, source, destination, b"\0" * size, ethertype=ethertype)
        assert classify(packet, PAIRS) == "other"


KINDS = set(Counts().to_json())


@law(st.binary(max_size=80) | st.binary(max_size=70).map(lambda tail: b"\0" * 12 + b"\x08\0" + tail))
def test_no_frame_ever_raises(packet: bytes) -> None:
    assert classify(packet, PAIRS) in KINDS


@law(anywhere, anywhere, st.sampled_from((1, 6, 17, 50)), st.integers(0, 15))
def test_no_cut_of_a_frame_ever_raises(source: int, destination: int, protocol: int, words: int) -> None:
    whole = frame(protocol, source, destination, udp(4500, 4500, b"\0" * 8), options=min(words, 10))
    assert {classify(whole[:length], PAIRS) for length in range(len(whole) + 1)} <= KINDS


def pcap(*frames: bytes, magic: int = 0xA1B2C3D4) -> bytes:
    head = struct.pack("<IHHiIII", magic, 2, 4, 0, 0, 96, 1)
    return head + b"".join(struct.pack("<IIII", 1, 2, len(one), len(one)) + one for one in frames)


FRAMES = (
    frame(50, 1, 2, b"x"),
    frame(17, 1, 2, udp(500, 500)),
    frame(6, 1, 2, tcp(40000, 179)),
    frame(1, int(IPv4Address("172.16.10.225")), int(IPv4Address("192.168.20.6")), b"\x08\0\0\0"),
    frame(1, 1, 2, b"\x08\0\0\0"),
)


@pytest.mark.parametrize("magic", [0xA1B2C3D4, 0xA1B23C4D])
def test_a_capture_is_counted_by_class(tmp_path: Path, magic: int) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(*FRAMES, magic=magic))
    assert list(packets(path)) == list(FRAMES)
    counts = read_capture(path, [PROTECTION])
    assert counts == Counts(esp=1, ike=1, routing=1, clear_protected=1, other=1)
    assert counts.total() == 5


def test_only_between_the_ends_of_a_tunnel_a_packet_counts_as_encrypted(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(frame(50, 1, 2, b"x"), frame(17, 2, 1, udp(500, 500)), frame(50, 1, 3, b"x")))
    ends = [(IPv4Address(1), IPv4Address(2))]
    assert read_capture(path, [PROTECTION], ends) == Counts(esp=1, ike=1, other=1)
    assert read_capture(path, [PROTECTION], []) == Counts(other=3)
    assert read_capture(path, [PROTECTION]) == Counts(esp=2, ike=1)


def test_without_protections_nothing_is_clear_protected(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap(*FRAMES))
    assert read_capture(path, []).clear_protected == 0


def test_a_capture_cut_anywhere_gives_its_whole_beginning(tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    data = pcap(*FRAMES)
    for length in range(24, len(data)):
        path.write_bytes(data[:length])
        found = list(packets(path))
        whole = [one for one in found if one in FRAMES]
        assert whole == list(FRAMES[: len(whole)])
        assert len(found) - len(whole) <= 1
        assert read_capture(path, [PROTECTION]).total() == len(found)


@pytest.mark.parametrize("data", [b"", b"\xd4\xc3\xb2\xa1", b"x" * 100, pcap()[:23]])
def test_what_is_no_capture_is_a_fault(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(data)
    with pytest.raises(Fault, match="it is not a capture file"):
        read_capture(path, [])


# Laws that pass whatever the classifier does would prove nothing about a circuit.
PAIR_LAW = test_a_protected_pair_is_clear_in_both_directions_and_in_every_fragment
BUGS = {
    "one direction only": ("_pairs", lambda source, destination, cloud, site: (
        capture._within(source, cloud) and capture._within(destination, site)), PAIR_LAW),
    "either address": ("_pairs", lambda source, destination, cloud, site: (
        capture._within(source, cloud) or capture._within(destination, site)),
        test_one_side_alone_or_a_stranger_is_not_a_pair),
    "end of a prefix left out": ("_within", lambda address, ranges: any(
        first <= address < last for first, last in ranges), PAIR_LAW),
    "beginning of a prefix left out": ("_within", lambda address, ranges: any(
        first < address <= last for first, last in ranges), PAIR_LAW),
    "routing before protection": ("_outer_class", lambda protocol, payload: (
        "routing" if capture._is_routing(protocol, payload) else None),
        test_a_session_within_a_protected_pair_is_protected_traffic_first),
    "BFD by its source": ("_BFD", (), test_bfd_is_routing_by_its_destination),
    "no BGP": ("_BGP", 180, test_bgp_is_routing_from_either_end),
    "no NAT traversal": ("_NAT_T", 4501, test_port_4500_is_ike_with_a_marker_of_zeros_and_esp_otherwise),
    "no IKE": ("_IKE", 501, test_port_500_is_ike),
    "ESP by the wrong number": ("_ESP", 51, test_esp_is_esp_whoever_sends_it),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_wrong_classifier_breaks_a_law(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, wrong, broken = BUGS[bug]
    monkeypatch.setattr(capture, name, wrong)
    with pytest.raises(AssertionError):
        broken.quickly()
