"""The stage with the device configuration as published: mended mistake by mistake, each layer measured live."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from sealane.app.capture import Capture, read_capture
from sealane.app.compare import intended
from sealane.app.controller import wait_until
from sealane.app.drill import add
from sealane.app.flows import Flows, FlowsResult
from sealane.app.live import Live, host_address
from sealane.app.load import DeviceText
from sealane.app.probe import counts_between, read_meters
from sealane.app.repair_facts import repair_facts
from sealane.app.status import outer_pairs
from sealane.app.walk.context import Context, await_encrypted, hosts
from sealane.app.walk.foretell import differences, foretell
from sealane.app.walk.result import StageResult
from sealane.diag import Finding, Severity
from sealane.host import run_unchecked
from sealane.model import Node
from sealane.twin.converge import Twin
from sealane.twin.packet import UDP, Packet, ping
from sealane.vendors.cisco_asa import REPAIRS, Repair, read
from sealane.verify import check_device

_SETTLE_S = 0.5
_QUIET_S = 3.0
_SESSION_LIMIT_S = 20.0
_FLOW_S = 1.0
_REST_S = 6.0
_ANY_PORTS = (50_000, 50_001)
_PINGS = 10

SUFFIX = ".as-published.asa.cfg"


@dataclass(frozen=True, slots=True)
class Layer:
    """What was measured while some of the mistakes were mended.

    Args:
        to_site: Replies to pings from the VPC, of ``_PINGS``.
        to_cloud: Replies to pings from the site, of ``_PINGS``.
        flows_to_site: UDP flows opened from the VPC that were answered.
        flows_to_cloud: UDP flows opened from the site that were answered.
        flows: Flows tried in either direction.
        clear: Protected packets that crossed in clear during this.
        esp: ESP packets that crossed.
        tunnels_up: Child SAs installed.
        sessions_up: BGP sessions established at both ends.
    """

    to_site: int
    to_cloud: int
    flows_to_site: int
    flows_to_cloud: int
    flows: int
    clear: int
    esp: int
    tunnels_up: int
    sessions_up: int

    @property
    def everything_answered(self) -> bool:
        """True when nothing was lost in either direction."""
        return self.to_site == self.to_cloud == _PINGS and self.flows_to_site == self.flows_to_cloud == self.flows

    @property
    def nothing_answered(self) -> bool:
        """True when everything was lost in both directions."""
        return self.to_site == self.to_cloud == self.flows_to_site == self.flows_to_cloud == 0

    def describe(self) -> str:
        """In words."""
        return (
            f"from the VPC {self.to_site}/{_PINGS} pings and {self.flows_to_site}/{self.flows} flows answered, "
            f"from the site {self.to_cloud}/{_PINGS} and {self.flows_to_cloud}/{self.flows}; "
            f"{self.clear} clear and {self.esp} ESP packets; "
            f"{self.tunnels_up} tunnels and {self.sessions_up} BGP sessions up"
        )


def published_file(plan: Path) -> Path | None:
    """The configuration with the published mistakes that lies beside a plan, if there is one."""
    found = sorted(plan.parent.glob(f"*{SUFFIX}"))
    return found[0] if found else None


def as_published(context: Context) -> StageResult:
    """Every defect of the published configuration, in the order in which they hide one another."""
    result = StageResult("as-published", "the device configuration as published, mended one mistake at a time")
    file = published_file(context.loaded.path)
    network = context.loaded.network
    if file is None or network is None:
        result.check("there is a configuration as published", "no file", ok=False)
        return result
    facts, device, site = repair_facts(network), network.devices()[0], next(iter(context.loaded.readings))
    text = file.read_text(encoding="utf-8")
    reading = read(text, file.name, device.name)
    refused = [found for found in reading.findings if found.code == "ASA-D10"]
    result.check(
        "D10: as device input the text is refused", refused[0].problem if refused else "accepted", ok=bool(refused)
    )
    static = check_device(reading, network)
    result.findings += [*refused, *static]
    result.facts["defects_found_without_running"] = sorted({found.code for found in (*reading.findings, *static)})
    layers: list[dict[str, object]] = []
    context.up("plain")  # no tunnel of an earlier stage may answer for this configuration
    for repair, following in zip(REPAIRS, (*REPAIRS[1:], None), strict=True):
        text = repair.apply(text, facts)
        context.narrate(f"{', '.join(repair.defects)} mended: {repair.title}")
        if following is not None and not _shows_live(following):
            continue
        live = context.up("encrypted", devices={site: DeviceText(text, file.name)})
        late = following is None or bool(_WITH_SESSIONS & set(following.defects))
        layer = _measure(context, live, result, sessions_expected=late)
        hidden = following.defects if following is not None else ()
        said = _foretell(live, result, layer, ", ".join(hidden) or "all mended")
        layers.append({"mended": list(repair.defects), "shows": list(hidden), "measured": layer.describe(), **said})
        _judge(result, layer, following)
        if following is None:
            break
    result.facts["layers"] = layers
    final = context.up("encrypted")
    ready = await_encrypted(final)
    result.check("with the plan's own configuration everything is encrypted again", ready, ok=ready)
    result.tunnels = final.observer.tunnels()
    return result


_WITH_SESSIONS = frozenset({"D2", "D6"})
"""While these are the next to show, tunnels and sessions should come up, and are given more time to."""

_LIVE = frozenset({"D1", "D5", "D14", "D3", "D2", "D6"})
"""Defects that change what packets do at once; the others need a failure or time, and are named without running."""


def _shows_live(repair: Repair) -> bool:
    return bool(_LIVE & set(repair.defects))


def _forget_neighbors(live: Live) -> None:
    """Let nobody send to a link address that answered for another device: a neighbor entry outlives it for a minute."""
    for circuit in live.network.circuits:
        for port in (circuit.cloud, circuit.site):
            if port is not None:
                place = live.lowered.places[port.node]
                run_unchecked(["ip", "-n", place.namespace, "neigh", "flush", "dev", place.names[port.interface]])


def _measure(context: Context, live: Live, result: StageResult, *, sessions_expected: bool) -> Layer:
    cloud, site = hosts(live)
    _forget_neighbors(live)
    wait_until(lambda: _all_established(live), _SESSION_LIMIT_S if sessions_expected else _QUIET_S, 0.1)
    time.sleep(_SETTLE_S)
    place = live.lowered.places[live.network.circuits[0].cloud.node]
    interface = place.names[live.network.circuits[0].cloud.interface]
    path = context.folder / f"{result.id}-{len(result.files) + 1}.pcap"
    before = read_meters(live)
    with Capture(live.network.name, place.namespace, interface, path) as capture, ThreadPoolExecutor(4) as pool:
        forth = pool.submit(context.ping, live, result, cloud, site, count=_PINGS, interval_s=0.05)
        back = pool.submit(context.ping, live, result, site, cloud, count=_PINGS, interval_s=0.05)
        flows_forth = pool.submit(_flows, live, cloud, site)
        flows_back = pool.submit(_flows, live, site, cloud)
        answered = [flows_forth.result(), flows_back.result()]
        pings = [forth.result(), back.result()]
        lost = capture.close()
    result.files.append(path.name)
    if lost:
        result.check(f"capture {path.name} is complete", f"the kernel dropped {lost} packets", ok=False)
    for name, reading in read_meters(live).items():
        result.circuit = add(result.circuit, counts_between(before[name], reading))
    counts = read_capture(path, live.network.protections, outer_pairs(live.staged))
    result.captured = add(result.captured, counts)
    tunnels = live.observer.tunnels()
    return Layer(
        to_site=pings[0].received,
        to_cloud=pings[1].received,
        flows_to_site=answered[0].flows_answered,
        flows_to_cloud=answered[1].flows_answered,
        flows=answered[0].flows,
        clear=counts.clear_protected,
        esp=counts.esp,
        tunnels_up=sum(1 for one in tunnels if one.child_state == "INSTALLED"),
        sessions_up=sum(1 for one in tunnels if one.bgp_state == one.device_bgp_state == "Established"),
    )


def _all_established(live: Live) -> bool:
    return all(one.bgp_state == one.device_bgp_state == "Established" for one in live.observer.tunnels())


def _flows(live: Live, source: Node, destination: Node) -> FlowsResult:
    with Flows(live, source, destination) as flows:
        time.sleep(_FLOW_S)
        return flows.finish()


def _foretell(live: Live, result: StageResult, layer: Layer, name: str) -> dict[str, object]:
    """Hold a layer against the twin: what is answered, what crosses in clear, how many tunnels and sessions are up."""
    twin = Twin(intended(live))
    state = twin.converge()
    cloud, site = hosts(live)
    here, there = int(host_address(cloud)), int(host_address(site))
    said = {
        "pings from the VPC": (foretell(twin, ping(here, there)), _PINGS, layer.to_site),
        "pings from the site": (foretell(twin, ping(there, here)), _PINGS, layer.to_cloud),
        "flows from the VPC": (foretell(twin, _flow(here, there)), layer.flows, layer.flows_to_site),
        "flows from the site": (foretell(twin, _flow(there, here)), layer.flows, layer.flows_to_cloud),
    }
    sessions = sum(1 for one in twin.sessions if one.tunnel is not None and state.tables.sessions[one.name].up)
    clear = any(foretold.in_clear for foretold, _, _ in said.values())
    found = differences(live, twin, limit_s=_REST_S)
    result.check(
        f"{name}: the twin's verdict is what was measured",
        "; ".join(f"{what}: {one}, {received} of {sent} answered" for what, (one, sent, received) in said.items())
        + f"; {len(state.liveness.tunnels)} tunnels, {sessions} sessions; {layer.clear} packets in clear",
        ok=all(one.fits(sent, received) for one, sent, received in said.values())
        and clear == (layer.clear > 0)
        and (len(state.liveness.tunnels), sessions) == (layer.tunnels_up, layer.sessions_up),
    )
    result.check(
        f"{name}: every route, BGP session and SA is as the twin computes it",
        "; ".join(f"{one.code} {one.subject}: {one.problem}" for one in found) or "no difference",
        ok=not found,
    )
    return {"twin": {what: str(one) for what, (one, _, _) in said.items()}}


def _flow(source: int, destination: int) -> Packet:
    """A packet that opens one of the measured UDP flows; their ports are the system's choice."""
    return Packet(source, destination, UDP, *_ANY_PORTS)


def _judge(result: StageResult, layer: Layer, following: Repair | None) -> None:
    """Compare a layer with what the defect that now shows must do."""
    if following is None:
        ok = layer.everything_answered and layer.clear == 0 and layer.esp > 0
        result.check("all mended: everything is answered and encrypted", layer.describe(), ok=ok)
        return
    name = ", ".join(following.defects)
    result.check(f"{name}: {following.symptom}", layer.describe(), ok=_EXPECTED[following.defects[0]](layer))
    result.findings.append(
        Finding("LIVE-004", Severity.ERROR, f"published configuration, {name}", layer.describe(), following.title)
    )


_EXPECTED: Mapping[str, Callable[[Layer], bool]] = {
    "D1": lambda layer: layer.nothing_answered and layer.tunnels_up == 0,
    "D5": lambda layer: (
        layer.flows_to_cloud == layer.flows and layer.flows_to_site == layer.to_site == 0 and layer.tunnels_up == 0
    ),
    "D14": lambda layer: layer.everything_answered and layer.tunnels_up == 0 and layer.clear > 0,
    "D3": lambda layer: layer.everything_answered and layer.tunnels_up == 0 and layer.clear > 0,
    "D2": lambda layer: layer.sessions_up > 0 and layer.clear > 0 and not layer.everything_answered,
    "D6": lambda layer: layer.sessions_up > 0 and layer.clear == 0 and 0 < layer.flows_to_site < layer.flows,
}
"""By the first defect of a repair: what must be measured while that defect is the next one to show."""
