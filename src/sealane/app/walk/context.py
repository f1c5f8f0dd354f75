"""What the stages of a walk share: the plan, the evidence folder, and measuring."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sealane.app.capture import Capture, Counts, read_capture
from sealane.app.controller import Controller, Progress, wait_until
from sealane.app.drill import add
from sealane.app.live import Live, attach, bring_up, host_address
from sealane.app.load import DeviceText, Loaded, load
from sealane.app.probe import PingResult, counts_between, ping, read_meters
from sealane.app.status import carries, outer_pairs
from sealane.app.walk.result import StageResult
from sealane.diag import Fault
from sealane.host import find_processes
from sealane.model import AttachmentKind, Mode, Node, Platform

Outcome = TypeVar("Outcome")

_READY_LIMIT_S = 40.0
_NUDGE_S = 1.0
_HANDSHAKE_PACKETS = 4
"""IKE_SA_INIT and IKE_AUTH, each with its answer (RFC 7296, 1.2)."""


@dataclass(slots=True)
class Context:
    """A walk under way.

    Args:
        loaded: The plan.
        esp: ESP back end as asked for.
        folder: Where evidence goes.
        pings: Echo requests per direction of the stage ``encrypted``.
        narrate: Told what is being done.
    """

    loaded: Loaded
    esp: str
    folder: Path
    pings: int
    narrate: Progress

    def up(self, stage: str, mode: Mode | None = None, devices: Mapping[str, DeviceText] | None = None) -> Live:
        """Bring the network up to a stage; ``devices`` replaces configurations by site.

        Raises:
            Fault: The host refused, or a replaced configuration cannot be read.
        """
        loaded = self.loaded
        if devices is not None:
            loaded = load(self.loaded.path, live=True, devices=devices)
            if loaded.network is None:
                raise Fault("rehearse a device", str(loaded.findings[0]), "see the finding")
            if self.loaded.network is not None:
                loaded = replace(loaded, network=loaded.network)
        live, _ = bring_up(
            loaded, Controller(loaded.name, self.esp), stage=stage, mode=mode, progress=self.narrate
        )
        return live

    def negotiate(self, stage: str, result: StageResult, ready: Callable[[Live], bool]) -> Live:
        """Bring the network from a stage without tunnels up to one with tunnels, capturing every circuit meanwhile.

        What crossed of IKE and ESP until ``ready`` is noted in the result, by meter and capture. The meters of a stage
        without tunnels know neither, so that all they tell afterwards is of this stage.

        Raises:
            Fault: The network is not up, or the host refused.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            captures = [stack.enter_context(one) for one in self._captures(attach(self.loaded), f"{result.id}-begin")]
            live = self.up(stage)
            ready(live)
            readings = read_meters(live).values()
        metered = Counts(
            ike=sum(one.ike.packets for one in readings), esp=sum(one.esp.packets for one in readings)
        )
        captured = self._classified(live, result, captures)
        result.circuit, result.captured = add(result.circuit, metered), add(result.captured, captured)
        wanted = _HANDSHAKE_PACKETS * len(live.staged.tunnels())
        result.check(
            "the tunnels were negotiated over the circuit",
            f"{metered.ike} IKE packets, captured {captured.ike}; {wanted} are a handshake of every tunnel",
            ok=captured.ike >= metered.ike >= wanted,
        )
        return live

    def _classified(self, live: Live, result: StageResult, captures: Iterable[Capture]) -> Counts:
        """What captures hold; their files are noted in the result."""
        total = Counts()
        for capture in captures:
            total = add(total, read_capture(capture.path, live.network.protections, outer_pairs(live.staged)))
            result.files.append(capture.path.name)
        return total

    @contextmanager
    def measured(self, live: Live, result: StageResult) -> Iterator[None]:
        """Count and capture on every circuit while the block runs, and note it in the result."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            captures = [stack.enter_context(capture) for capture in self._captures(live, result.id)]
            before = read_meters(live)
            yield
            after = read_meters(live)
            dropped = sum(capture.close() for capture in captures)
        for name, reading in after.items():
            result.circuit = add(result.circuit, counts_between(before[name], reading))
        result.captured = add(result.captured, self._classified(live, result, captures))
        complete = dropped == 0 and result.captured.total() >= result.circuit.total()
        result.check(
            "the capture is complete and agrees with the meter on clear packets",
            f"captured {result.captured.total()} (kernel dropped {dropped}), metered {result.circuit.total()}; "
            f"clear {result.captured.clear_protected} and {result.circuit.clear_protected}",
            ok=complete and abs(result.captured.clear_protected - result.circuit.clear_protected) <= _boundary(result),
        )
        result.tunnels = live.observer.tunnels()

    def _captures(self, live: Live, label: str) -> Iterator[Capture]:
        for circuit in live.network.circuits:
            place = live.lowered.places[circuit.cloud.node]
            path = self.folder / f"{label}-{circuit.name.lower()}.pcap"
            yield Capture(live.network.name, place.namespace, place.names[circuit.cloud.interface], path)

    def ping(self, live: Live, result: StageResult, source: Node, destination: Node, **options: object) -> PingResult:
        """Ping between two hosts and count it in the result."""
        space = live.lowered.places[source.name].namespace
        measured = ping(space, host_address(destination), **options)  # type: ignore[arg-type] # passed through
        result.sent += measured.sent
        result.received += measured.received
        return measured


def _boundary(result: StageResult) -> int:
    """Packets that may lie between the readings of meter and capture: what is on the way at either moment."""
    return 0 if result.captured.clear_protected == 0 else 4 + result.captured.clear_protected // 50


def hosts(live: Live) -> tuple[Node, Node]:
    """The first host in a VPC and the first at a site, of the first protected pair.

    Raises:
        Fault: Nothing is protected, or a side has no host.
    """
    if not live.network.protections:
        raise Fault("find hosts to measure between", "the plan protects nothing", "add a protection to the plan")
    protection = live.network.protections[0]
    found = live.network.of_platform(Platform.HOST)
    cloud = [node for node in found if any(host_address(node) in prefix for prefix in protection.cloud)]
    site = [node for node in found if any(host_address(node) in prefix for prefix in protection.site)]
    if not cloud or not site:
        raise Fault("walk through the use case", "no host at both ends of the protected pair", "add hosts to the plan")
    return cloud[0], site[0]


def drill_hosts(live: Live) -> tuple[Node, Node]:
    """The hosts that a drill measures between: as for a walk, or, where nothing is protected, the first on each side.

    Raises:
        Fault: A side has no host.
    """
    if live.network.protections:
        return hosts(live)
    routers = [node.transit_router for node in live.network.of_platform(Platform.TRANSIT_ROUTER) if node.transit_router]
    attached = [one for router in routers for one in router.attachments if one.kind is AttachmentKind.VPC]
    in_cloud = [prefix for one in attached for prefix in one.prefixes]
    found = live.network.of_platform(Platform.HOST)
    cloud = [node for node in found if any(host_address(node) in prefix for prefix in in_cloud)]
    site = [node for node in found if node not in cloud]
    if not cloud or not site:
        raise Fault("find hosts to measure between", "no host in a VPC and at a site", "add hosts to the plan")
    return cloud[0], site[0]


def await_encrypted(live: Live) -> bool:
    """Wait until all tunnels carry the protected pairs."""
    patience = time.monotonic() + _NUDGE_S

    def ready() -> bool:
        nonlocal patience
        if time.monotonic() > patience:
            live.drivers.strongswan.initiate_idle(unanswered=True)
            patience = time.monotonic() + _NUDGE_S
        return carries(live.observer)

    return wait_until(ready, _READY_LIMIT_S)


def await_reachable(live: Live, source: Node, destination: Node, limit_s: float = 15.0) -> bool:
    """Wait until one echo comes back."""
    space, address = live.lowered.places[source.name].namespace, host_address(destination)
    return wait_until(lambda: ping(space, address, count=1, interval_s=0.1).received == 1, limit_s)


def elapsed(work: Callable[[], Outcome]) -> tuple[Outcome, float]:
    """The outcome of some work and the seconds it took."""
    start = time.monotonic()
    outcome = work()
    return outcome, time.monotonic() - start


_CLOCK_TICKS_PER_S = 100
_PAGE_BYTES = 4096


def daemon_load(network: str, role: str) -> Mapping[int, tuple[float, float]]:
    """CPU seconds used so far and resident megabytes of every daemon of a role, by process."""
    found = {}
    for pid, tag in find_processes(network).items():
        if tag.role == role:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
            cpu_s = (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS_PER_S
            found[pid] = (cpu_s, int(fields[21]) * _PAGE_BYTES / 1e6)
    return found


__all__ = ["Context", "Counts", "await_encrypted", "await_reachable", "daemon_load", "drill_hosts", "elapsed", "hosts"]
