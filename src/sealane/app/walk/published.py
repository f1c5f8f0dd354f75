"""The stage with the device configuration as published: mended mistake by mistake, each layer measured live."""

import time
from dataclasses import dataclass
from pathlib import Path

from sealane.app.capture import Capture, read_capture
from sealane.app.controller import wait_until
from sealane.app.flows import Flows
from sealane.app.live import Live
from sealane.app.load import DeviceText
from sealane.app.walk.build import any_established
from sealane.app.walk.context import Context, await_encrypted, hosts
from sealane.app.walk.result import StageResult
from sealane.diag import Fault, Finding, Severity
from sealane.model import AttachmentKind, Network, Node
from sealane.vendors.cisco_asa import REPAIRS, Repair, RepairFacts, read
from sealane.verify import check_device

_SETTLE_S = 0.7
_SESSION_LIMIT_S = 15.0
_FLOW_S = 1.0
_PINGS = 10

SUFFIX = ".as-published.asa.cfg"


@dataclass(frozen=True, slots=True)
class Layer:
    """What was measured with all repairs before ``repair`` made.

    Args:
        to_site, to_cloud: Replies to pings from the VPC and from the site.
        clear: Packets of these pings and flows that crossed in clear.
        tunnels_up: Child SAs installed.
        sessions_up: BGP sessions established.
        flows_answered: Of the UDP flows from the VPC, those with replies.
    """

    to_site: int
    to_cloud: int
    clear: int
    esp: int
    tunnels_up: int
    sessions_up: int
    flows_answered: int
    flows: int

    def describe(self) -> str:
        """In words."""
        return (
            f"VPC to site {self.to_site}/{_PINGS}, site to VPC {self.to_cloud}/{_PINGS}, "
            f"{self.flows_answered} of {self.flows} flows, {self.clear} clear packets, "
            f"{self.tunnels_up} tunnels up, {self.sessions_up} BGP sessions up"
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
    facts, device, site = _facts(network), network.devices()[0], next(iter(context.loaded.readings))
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
    for repair, following in zip(REPAIRS, (*REPAIRS[1:], None), strict=True):
        text = repair.apply(text, facts)
        context.narrate(f"{', '.join(repair.defects)} mended: {repair.title}")
        if following is not None and not _shows_live(following):
            continue
        live = context.up("encrypted", devices={site: DeviceText(text, file.name)})
        layer = _measure(context, live, result)
        hidden = following.defects if following is not None else ()
        layers.append({"mended": list(repair.defects), "shows": list(hidden), "measured": layer.describe()})
        _judge(result, layer, following)
        if following is None:
            break
    result.facts["layers"] = layers
    final = context.up("encrypted")
    ready = await_encrypted(final)
    result.check("with the plan's own configuration everything is encrypted again", ready, ok=ready)
    result.tunnels = final.observer.tunnels()
    return result


_LIVE = frozenset({"D1", "D5", "D14", "D3", "D2", "D6"})
"""Defects that change what packets do at once; the others need a failure or time, and are named without running."""


def _shows_live(repair: Repair) -> bool:
    return bool(_LIVE & set(repair.defects))


def _facts(network: Network) -> RepairFacts:
    """What the repairs need, from the plan's network."""
    circuit = network.circuits[0]
    border = network.node(circuit.cloud.node).interface(circuit.cloud.interface)
    if circuit.site is None:
        raise Fault("mend the published configuration", "the circuit has no device", "give the site a device")
    device = network.node(circuit.site.node)
    own = device.interface(circuit.site.interface)
    protection = network.protections[0]
    pairs = network.tunnels()
    announced = tuple(
        prefix
        for node in network.nodes
        if node.transit_router is not None
        for one in node.transit_router.attachments
        if one.kind is AttachmentKind.VPC
        for prefix in one.prefixes
    )
    inside = next(
        route.next_hop
        for route in device.static_routes
        if route.next_hop is not None and any(prefix.subnet_of(route.prefix) for prefix in protection.site)
    )
    return RepairFacts(
        cloud_address=border.addresses[0].ip,
        device_address=own.addresses[0].ip,
        cloud=protection.cloud[0],
        announced=announced,
        gateways=tuple(pair.near.local for pair in pairs),
        vpn_addresses=tuple(pair.near.remote for pair in pairs),
        clients=protection.site[0],
        core_router=inside,
    )


def _measure(context: Context, live: Live, result: StageResult) -> Layer:
    cloud, site = hosts(live)
    _settle(live)
    place = live.lowered.places[live.network.circuits[0].cloud.node]
    interface = place.names[live.network.circuits[0].cloud.interface]
    path = context.folder / f"{result.id}-{len(result.files)}.pcap"
    context.folder.mkdir(parents=True, exist_ok=True)
    with Capture(live.network.name, place.namespace, interface, path) as capture:
        forth = context.ping(live, result, cloud, site, count=_PINGS, interval_s=0.05)
        back = context.ping(live, result, site, cloud, count=_PINGS, interval_s=0.05)
        answered, flows = _flows(live, cloud, site)
        capture.close()
    result.files.append(path.name)
    counts = read_capture(path, live.network.protections)
    tunnels = live.observer.tunnels()
    return Layer(
        forth.received,
        back.received,
        counts.clear_protected,
        counts.esp,
        sum(1 for one in tunnels if one.child_state == "INSTALLED"),
        sum(1 for one in tunnels if one.bgp_state == one.device_bgp_state == "Established"),
        answered,
        flows,
    )


def _settle(live: Live) -> None:
    """Give sessions that can come up the time to do so."""
    time.sleep(_SETTLE_S)
    if all(end.end.initiates or end.end.source_interface is None for end in live.lowered.ends.values()):
        wait_until(lambda: _stuck(live) or any_established(live), _SESSION_LIMIT_S, 0.1)
    if any_established(live):
        time.sleep(_SETTLE_S * 3)


def _stuck(live: Live) -> bool:
    """True when no tunnel has even an IKE SA after it had the time: its packets do not arrive or its key is wrong."""
    return all(tunnel.ike_state in {"NONE", "CONNECTING"} for tunnel in live.observer.tunnels())


def _flows(live: Live, cloud: Node, site: Node) -> tuple[int, int]:
    with Flows(live, cloud, site) as flows:
        time.sleep(_FLOW_S)
        found = flows.finish()
    return found.flows_answered, found.flows


def _judge(result: StageResult, layer: Layer, following: Repair | None) -> None:
    """Compare a layer with what the defect that now shows must do."""
    if following is None:
        ok = layer.to_site == layer.to_cloud == _PINGS and layer.clear == 0 and layer.flows_answered == layer.flows
        result.check("all mended: everything is answered and encrypted", layer.describe(), ok=ok)
        return
    name = ", ".join(following.defects)
    result.check(f"{name}: {following.symptom}", layer.describe(), ok=_EXPECTED[following.defects[0]](layer))
    result.findings.append(
        Finding("LIVE-004", Severity.ERROR, f"published configuration, {name}", layer.describe(), following.title)
    )


_EXPECTED = {
    "D1": lambda layer: layer.to_site == layer.to_cloud == 0,
    "D5": lambda layer: layer.to_cloud == _PINGS and layer.to_site == 0 and layer.clear > 0 and layer.tunnels_up == 0,
    "D14": lambda layer: layer.to_site == layer.to_cloud == _PINGS and layer.tunnels_up == 0 and layer.clear > 0,
    "D3": lambda layer: layer.to_site == layer.to_cloud == _PINGS and layer.tunnels_up == 0 and layer.clear > 0,
    "D2": lambda layer: layer.sessions_up > 0 and layer.clear > 0,
    "D6": lambda layer: layer.sessions_up > 0 and layer.clear == 0 and 0 < layer.flows_answered < layer.flows,
}
"""By the first defect of a repair: what must be measured while that defect is the next one to show."""
