"""Packets on a circuit, captured and classified independently of the meter.

The meter is nftables in the kernel; this reads what tcpdump wrote. Both must tell the same story.
"""

import re
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sealane.diag import Fault
from sealane.host import Tag, alive, read_text, spawn, stop
from sealane.model import Protection
from sealane.net import Address, Prefix

_ROLE = "capture"
_SNAP_BYTES = 96
_BUFFER_KIB = 16384
_START_LIMIT_S = 5.0
_POLL_S = 0.005
_DRAIN_S = 0.05
"""For what is on the way from the kernel to the file."""
_PCAP_HEADER = 24
_RECORD_HEADER = 16
_ETHERNET = 14
_IKE, _NAT_T, _BGP = 500, 4500, 179
_BFD = (3784, 3785, 4784)
_TCP, _UDP, _ESP = 6, 17, 50


class Capture:
    """A running tcpdump on one interface; use as a context manager."""

    def __init__(self, network: str, namespace: str, interface: str, path: Path) -> None:
        self.path = path = path.resolve()  # tcpdump runs elsewhere
        self._dropped: int | None = None
        self._log = path.with_suffix(".log")
        self._log.unlink(missing_ok=True)
        command = ["tcpdump", "-i", interface, "-n", "-U", "--immediate-mode", "-Z", "root", "-B", str(_BUFFER_KIB)]
        command += ["-s", str(_SNAP_BYTES), "-w", str(path), "ip"]
        self._process: subprocess.Popen[bytes] = spawn(command, Tag.of_command(network, namespace, _ROLE), self._log)
        deadline = time.monotonic() + _START_LIMIT_S
        while "listening on" not in (read_text(self._log) or ""):
            if not alive(self._process.pid) or time.monotonic() > deadline:
                raise Fault(
                    f"capture on {interface}", (read_text(self._log) or "").strip()[-300:], "check free disk space"
                )
            time.sleep(_POLL_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with suppress(*([Fault] if kind else [])):  # the first failure is the one to tell of
            self.close()

    def close(self) -> int:
        """End it; the number of packets the kernel had to drop, which should be 0. May be called again."""
        if self._dropped is None:
            time.sleep(_DRAIN_S)
            stop([self._process.pid])
            self._process.wait(timeout=5)
            found = re.search(r"(\d+) packets? dropped by kernel", read_text(self._log) or "")
            said = (read_text(self._log) or "").strip()
            self._log.unlink(missing_ok=True)
            self._dropped = int(found[1]) if found else 0
            if found is None:
                raise Fault(f"capture to {self.path}", said[-300:] or "tcpdump ended early", "check free disk space")
        return self._dropped


@dataclass(frozen=True, slots=True)
class Counts:
    """Packets on a circuit by class; ``clear_protected`` is what must not be there."""

    esp: int = 0
    ike: int = 0
    routing: int = 0
    clear_protected: int = 0
    other: int = 0

    def total(self) -> int:
        """All of them."""
        return self.esp + self.ike + self.routing + self.clear_protected + self.other

    def to_json(self) -> dict[str, int]:
        """As plain values."""
        return {
            "esp": self.esp,
            "ike": self.ike,
            "routing": self.routing,
            "clear_protected": self.clear_protected,
            "other": self.other,
        }


def read_capture(
    path: Path, protections: Sequence[Protection], tunnels: Sequence[tuple[Address, Address]] | None = None
) -> Counts:
    """Classify every packet of a capture file.

    Args:
        path: The file.
        protections: What must not be in it in clear.
        tunnels: Outer address pairs; between others nothing is ESP or IKE, whatever ports it uses. None takes any pair.

    Raises:
        Fault: The file is not a capture.
    """
    totals = dict.fromkeys(Counts().to_json(), 0)
    pairs = [(_ranges(one.cloud), _ranges(one.site)) for one in protections]
    outer = None if tunnels is None else _both_ways(tunnels)
    for packet in packets(path):
        totals[classify(packet, pairs, outer)] += 1
    return Counts(**totals)


def _both_ways(tunnels: Sequence[tuple[Address, Address]]) -> frozenset[tuple[int, int]]:
    numbers = [(int(one), int(other)) for one, other in tunnels]
    return frozenset([*numbers, *((other, one) for one, other in numbers)])


def packets(path: Path) -> Iterator[bytes]:
    """The captured frames in order.

    Raises:
        Fault: The file is not a capture.
    """
    data = path.read_bytes()
    if len(data) < _PCAP_HEADER or struct.unpack_from("<I", data)[0] not in (0xA1B2C3D4, 0xA1B23C4D):
        raise Fault(f"read capture {path}", "it is not a capture file", "keep the file that the command wrote")
    offset = _PCAP_HEADER
    while offset + _RECORD_HEADER <= len(data):
        length = struct.unpack_from("<I", data, offset + 8)[0]
        yield data[offset + _RECORD_HEADER : offset + _RECORD_HEADER + length]
        offset += _RECORD_HEADER + length


Ranges = tuple[tuple[int, int], ...]


def _ranges(prefixes: Sequence[Prefix]) -> Ranges:
    return tuple((int(prefix.network_address), int(prefix.broadcast_address)) for prefix in prefixes)


def classify(
    frame: bytes, pairs: Sequence[tuple[Ranges, Ranges]], tunnels: frozenset[tuple[int, int]] | None = None
) -> str:
    """The class of an Ethernet frame, by the names of Counts; ``tunnels`` as read_capture, in both directions."""
    if len(frame) < _ETHERNET + 20 or frame[12:14] != b"\x08\x00":
        return "other"
    header = frame[_ETHERNET:]
    size = (header[0] & 0x0F) * 4
    protocol = header[9]
    source, destination = struct.unpack_from(">II", header, 12)
    first_fragment = struct.unpack_from(">H", header, 6)[0] & 0x1FFF == 0
    payload = header[size:] if first_fragment else b""
    outer = _outer_class(protocol, payload)
    if outer is not None and (tunnels is None or (source, destination) in tunnels):
        return outer
    if any(_pairs(source, destination, cloud, site) for cloud, site in pairs):
        return "clear_protected"
    return "routing" if _is_routing(protocol, payload) else "other"


def _outer_class(protocol: int, payload: bytes) -> str | None:
    """``esp`` or ``ike`` by RFC 4303, 3948 and 7296; None for anything else."""
    if protocol == _ESP:
        return "esp"
    if protocol != _UDP or len(payload) < 8:  # noqa: PLR2004 - the UDP header
        return None
    ports = struct.unpack_from(">HH", payload)
    if _IKE in ports:
        return "ike"
    if _NAT_T not in ports:
        return None
    marker = payload[8:12]
    return "ike" if marker in (b"\0\0\0\0", b"\xff") or len(marker) < 4 else "esp"  # noqa: PLR2004


def _is_routing(protocol: int, payload: bytes) -> bool:
    if len(payload) < 4:  # noqa: PLR2004 - both ports
        return False
    ports = struct.unpack_from(">HH", payload)
    return (protocol == _TCP and _BGP in ports) or (protocol == _UDP and ports[1] in _BFD)


def _pairs(source: int, destination: int, cloud: Ranges, site: Ranges) -> bool:
    return (_within(source, cloud) and _within(destination, site)) or (
        _within(source, site) and _within(destination, cloud)
    )


def _within(address: int, ranges: Ranges) -> bool:
    return any(first <= address <= last for first, last in ranges)
