"""A live ping between two hosts, with the meter, the tunnels' counters and a capture of every circuit around it."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sealane.app.capture import Capture, Counts, read_capture
from sealane.app.live import Live, host_address
from sealane.app.status import TunnelStatus, outer_pairs
from sealane.diag import Fault
from sealane.host import run_unchecked
from sealane.model import Mode, Protection
from sealane.net import Address, host_prefix
from sealane.vendors.nftables import MeterReading

_SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")
_ERRORS = re.compile(r"\+(\d+) errors")
_ROUND_TRIP = re.compile(r"= ([\d.]+)/([\d.]+)/([\d.]+)")
_SLACK_S = 10.0
_ANSWER_WAIT_S = 1


@dataclass(frozen=True, slots=True)
class PingResult:
    """What ping(8) counted; round-trip times are None without a reply.

    ``too_big`` counts refusals for size, told only when asked to send packets whole; ``errors`` are ICMP errors of any
    kind that came back.
    """

    sent: int
    received: int
    rtt_min_ms: float | None = None
    rtt_avg_ms: float | None = None
    rtt_max_ms: float | None = None
    too_big: int = 0
    errors: int = 0

    @property
    def lost(self) -> int:
        """Requests without a reply."""
        return self.sent - self.received


@dataclass(frozen=True, slots=True)
class TunnelDelta:
    """Bytes and packets through a tunnel, at its cloud end, during the probe."""

    name: str
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a probe measured.

    Args:
        source, destination: Addresses.
        ping: See PingResult.
        metered: Packets per class on each circuit, by the meter at the cloud's port.
        captured: The same counted from the captures, where ``clear_protected`` are the probed pair's own packets.
        capture_dropped: Packets the captures lost; while 0 they are complete.
        tunnels: What went through each tunnel.
        verdict: See the function of that name.
        files: The captures, where they were kept.
    """

    source: str
    destination: str
    ping: PingResult
    metered: Mapping[str, Counts]
    captured: Mapping[str, Counts]
    capture_dropped: int
    tunnels: tuple[TunnelDelta, ...]
    verdict: str
    files: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "source": self.source,
            "destination": self.destination,
            "sent": self.ping.sent,
            "received": self.ping.received,
            "lost": self.ping.lost,
            "rtt_ms": {"min": self.ping.rtt_min_ms, "avg": self.ping.rtt_avg_ms, "max": self.ping.rtt_max_ms},
            "circuits": {name: counts.to_json() for name, counts in self.metered.items()},
            "captured": {name: counts.to_json() for name, counts in self.captured.items()},
            "capture_dropped": self.capture_dropped,
            "tunnels": [{name: getattr(one, name) for name in one.__slots__} for one in self.tunnels],
            "verdict": self.verdict,
            "files": list(self.files),
        }


def ping(
    namespace: str,
    destination: Address,
    *,
    count: int = 5,
    size_bytes: int = 56,
    interval_s: float = 0.2,
    whole: bool = False,
    flood: bool = False,
) -> PingResult:
    """Ask an address for echoes from inside a namespace, with the ping program.

    Args:
        namespace: Where it runs.
        destination: Whom it asks.
        count: Requests.
        size_bytes: Payload of the request; 28 less than the packet.
        interval_s: Between requests; without meaning when ``flood``.
        whole: True forbids fragmenting (``-M do``).
        flood: True sends the next request as soon as the last is answered.

    Raises:
        Fault: ping could not run.
    """
    command = ["ping", "-n", "-c", str(count), "-s", str(size_bytes), "-W", str(_ANSWER_WAIT_S)]
    command += ["-f"] if flood else ["-i", f"{interval_s:g}"]
    # quiet, ping tells neither of a refusal by a router nor of one by its own kernel, which remembers the path's MTU
    command += ["-M", "do"] if whole else ["-q"]
    limit_s = count * max(interval_s, 0.02) + _SLACK_S
    done = run_unchecked([*command, str(destination)], namespace=namespace, timeout_s=limit_s)
    summary = _SUMMARY.search(done.stdout)
    if summary is None:
        raise Fault(f"ping {destination} in {namespace}", done.stderr.strip() or "no summary", "check the address")
    times = _ROUND_TRIP.search(done.stdout)
    low, mean, high = (float(times[1]), float(times[2]), float(times[3])) if times else (None, None, None)
    told = done.stdout + done.stderr
    refused = sum(told.count(words) for words in ("Frag needed", "essage too long"))
    errors = _ERRORS.search(done.stdout)
    return PingResult(int(summary[1]), int(summary[2]), low, mean, high, refused, int(errors[1]) if errors else 0)


def probe(
    live: Live,
    source: str,
    destination: str,
    *,
    count: int = 5,
    size_bytes: int = 56,
    interval_s: float = 0.2,
    flood: bool = False,
    keep: Path | None = None,
) -> ProbeResult:
    """Ping between two hosts of the plan and say what crossed the circuits.

    Args:
        live: The network.
        source: Name of a host of the plan.
        destination: Name of a host of the plan, or an address.
        count: Requests.
        size_bytes: Payload of a request; 28 less than the packet.
        interval_s: Between requests.
        flood: True sends the next request as soon as the last is answered.
        keep: Directory for the captures; None throws them away.

    Raises:
        Fault: A host is unknown or a tool failed.
    """
    node = live.host(source)
    target = live.address(destination)
    own = host_address(node)
    pair = Protection("probe", (host_prefix(own),), (host_prefix(target),), Mode.OPEN)
    with live.controller.directory.scratch() as scratch:
        directory = keep or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        around = measure_around(live, directory, f"probe-{node.name}")
        result = around(
            lambda: ping(
                live.lowered.places[node.name].namespace,
                target,
                count=count,
                size_bytes=size_bytes,
                interval_s=interval_s,
                flood=flood,
            )
        )
        outer = outer_pairs(live.staged)
        captured = {name: read_capture(path, [pair], outer) for name, path in result.files.items()}
        _check_complete(result.metered, captured)
    return ProbeResult(
        str(own),
        str(target),
        result.value,
        result.metered,
        captured,
        result.capture_dropped,
        result.tunnels,
        verdict(
            result.value,
            sum(counts.clear_protected for counts in captured.values()),
            sum(counts.esp for counts in captured.values()),
        ),
        tuple(str(path) for path in result.files.values()) if keep else (),
    )


def _check_complete(metered: Mapping[str, Counts], captured: Mapping[str, Counts]) -> None:
    """A capture that holds less than the meter counted proves nothing.

    Raises:
        Fault: Packets are missing from a capture.
    """
    for name, counts in metered.items():
        if captured[name].total() < counts.total():
            raise Fault(
                f"capture circuit {name}",
                f"the capture holds {captured[name].total()} packets, the meter counted {counts.total()}",
                "run it again with a longer --interval; this machine could not write the packets fast enough",
            )


def verdict(result: PingResult, clear: int, esp: int) -> str:
    """What the pair's packets did, in one word.

    ``clear`` when every one of them crossed in clear, ``mixed`` when some did, ``dropped`` when none came back.
    ``encrypted`` needs as many ESP packets as crossings; without them the pair did not cross a circuit, or not in a
    tunnel that the plan knows, and the word is ``unproven``.
    """
    if clear == 0:
        if result.received == 0:
            return "dropped"
        return "encrypted" if esp >= 2 * result.received else "unproven"
    return "clear" if clear >= result.sent + result.received else "mixed"


@dataclass(frozen=True, slots=True)
class Measured:
    """The outcome of a piece of work with what was measured around it."""

    value: PingResult
    metered: Mapping[str, Counts]
    files: Mapping[str, Path]
    capture_dropped: int
    tunnels: tuple[TunnelDelta, ...]


def measure_around(live: Live, directory: Path, label: str) -> Callable[[Callable[[], PingResult]], Measured]:
    """A function that runs some work between two readings of all counters, with every circuit captured."""

    def around(work: Callable[[], PingResult]) -> Measured:
        observer = live.observer
        captures: dict[str, Capture] = {}
        with ExitStack() as stack:
            for circuit in live.network.circuits:
                place = live.lowered.places[circuit.cloud.node]
                path = directory / f"{label}-{circuit.name}.pcap"
                interface = place.names[circuit.cloud.interface]
                capture = Capture(live.network.name, place.namespace, interface, path)
                captures[circuit.name] = stack.enter_context(capture)
            meters, tunnels = read_meters(live), observer.tunnels()
            value = work()
            after, tunnels_after = read_meters(live), observer.tunnels()
            dropped = sum(capture.close() for capture in captures.values())
        return Measured(
            value,
            {name: counts_between(meters[name], after[name]) for name in after},
            {name: capture.path for name, capture in captures.items()},
            dropped,
            tunnel_deltas(tunnels, tunnels_after),
        )

    return around


def read_meters(live: Live) -> Mapping[str, MeterReading]:
    """The meter at the cloud's port of every circuit."""
    return {circuit.name: live.observer.meter(circuit.cloud) for circuit in live.network.circuits}


def counts_between(before: MeterReading, after: MeterReading) -> Counts:
    """Packets that crossed the circuit between two readings of its meter."""
    return Counts(
        esp=after.esp.packets - before.esp.packets,
        ike=after.ike.packets - before.ike.packets,
        routing=after.routing.packets - before.routing.packets,
        clear_protected=after.clear_protected.packets - before.clear_protected.packets,
        other=after.other.packets - before.other.packets,
    )


def tunnel_deltas(before: Sequence[TunnelStatus], after: Sequence[TunnelStatus]) -> tuple[TunnelDelta, ...]:
    """What went through each tunnel between two readings; a tunnel made anew counts from its beginning."""
    old = {one.name: one for one in before}
    deltas = []
    for one in after:
        base = old.get(one.name)
        fresh = base is None or one.bytes_in < base.bytes_in or one.bytes_out < base.bytes_out
        deltas.append(
            TunnelDelta(
                one.name,
                one.bytes_in - (0 if fresh or base is None else base.bytes_in),
                one.bytes_out - (0 if fresh or base is None else base.bytes_out),
                one.packets_in - (0 if fresh or base is None else base.packets_in),
                one.packets_out - (0 if fresh or base is None else base.packets_out),
            )
        )
    return tuple(deltas)
