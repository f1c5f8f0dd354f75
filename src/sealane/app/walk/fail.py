"""The stages that make tunnels fail."""

from sealane.app.drill import DrillResult, drill, find_elements
from sealane.app.live import Live
from sealane.app.walk.context import Context, await_encrypted, hosts
from sealane.app.walk.foretell import Foretold, confirm, confirm_verdict
from sealane.app.walk.result import StageResult
from sealane.diag import Finding, Severity
from sealane.model import Mode
from sealane.twin.element import Element, ElementKind, Failures

_HOLD_SLACK_S = 1.0
_GAP_SLACK_MS = 1500
_PINGS = 20


def one_down(context: Context, index: int) -> StageResult:
    """One tunnel is black-holed: the other carries everything."""
    live = context.up("encrypted")
    pair = live.staged.tunnels()[index]
    result = StageResult(f"tunnel-{index + 1}-down", f"{pair.name} black-holed")
    ready = await_encrypted(live)
    result.check("all tunnels carry traffic before", ready, ok=ready)
    carried: dict[str, int] = {}
    foretold: list[Foretold] = []

    def during() -> None:
        first = {one.name: one.packets_out for one in live.observer.tunnels()}
        cloud, site = hosts(live)
        answered = context.ping(live, result, cloud, site, count=_PINGS, interval_s=0.02)
        result.check("traffic flows while it is down", f"{answered.received} of {answered.sent}", ok=answered.lost == 0)
        carried.update({one.name: one.packets_out - first[one.name] for one in live.observer.tunnels()})
        foretold.append(confirm(live, result, cloud, site, _tunnels([pair.name])))

    measured = _drill(context, live, result, [pair.name], during)
    others = {name: count for name, count in carried.items() if name != pair.name}
    result.check("the other tunnel carries it", carried, ok=bool(others) and min(others.values()) >= _PINGS)
    _gap(live, result, measured)
    result.check(
        "no protected packet crossed in clear",
        f"{measured.clear_packets} clear, {measured.counts.esp} ESP",
        ok=measured.clear_packets == 0 and measured.captured.clear_protected == 0,
    )
    confirm_verdict(result, foretold[0], result.sent, result.received, measured.clear_packets)
    _recovered(result, measured)
    return result


def _tunnels(names: list[str]) -> Failures:
    """Tunnels as the twin's failed elements."""
    return frozenset(Element(ElementKind.TUNNEL, name) for name in names)


def both_down(context: Context, mode: Mode) -> StageResult:
    """All tunnels are black-holed: clear in mode open, dropped in mode required."""
    result = StageResult(f"both-down-{mode.value}", f"all tunnels black-holed, mode {mode.value}")
    live = context.up("encrypted", mode)
    ready = await_encrypted(live)
    result.check("all tunnels carry traffic before", ready, ok=ready)

    def during() -> None:
        cloud, site = hosts(live)
        answered = context.ping(live, result, cloud, site, count=_PINGS, interval_s=0.02)
        says, ok = (
            ("traffic continues", answered.lost == 0)
            if mode is Mode.OPEN
            else ("traffic is dropped", answered.received == 0)
        )
        result.check(says, f"{answered.received} of {answered.sent} answered", ok=ok)
        foretold.append(confirm(live, result, cloud, site, _tunnels(names)))

    foretold: list[Foretold] = []
    names = [pair.name for pair in live.staged.tunnels()]
    measured = _drill(context, live, result, names, during)
    result.facts |= {"first_clear_s": measured.first_clear_s, "blocked_packets": measured.blocked}
    if mode is Mode.OPEN:
        _gap(live, result, measured)
        result.check(
            "it continues in clear",
            f"{measured.clear_packets} clear packets, the first after {measured.first_clear_s} s",
            ok=measured.clear_packets > 0 and measured.captured.clear_protected > 0,
        )
        result.findings.append(_alarm(live, measured))
    else:
        result.longest_gap_ms = measured.flows.longest_gap_ms
        result.check(
            "no protected packet crossed in clear",
            f"{measured.clear_packets} clear, {measured.blocked} blocked",
            ok=measured.clear_packets == 0 and measured.captured.clear_protected == 0 and measured.blocked > 0,
        )
    confirm_verdict(result, foretold[0], result.sent, result.received, measured.clear_packets)
    _recovered(result, measured)
    cloud, site = hosts(live)
    later = StageResult(f"{result.id}-after", "")
    with context.measured(live, later):
        after = context.ping(live, later, cloud, site, count=_PINGS, interval_s=0.02)
    result.checks += later.checks
    result.files += later.files
    clear = later.captured.clear_protected
    result.check(
        "afterwards traffic is encrypted again",
        f"{after.received} of {after.sent}, {clear} clear",
        ok=after.lost == 0 and clear == 0,
    )
    return result


def _alarm(live: Live, measured: DrillResult) -> Finding:
    protection = live.network.protections[0]
    return Finding(
        "LIVE-003",
        Severity.ERROR,
        f"protection {protection.name}",
        f"{measured.clear_packets} protected packets crossed the circuit in clear while no tunnel carried them",
        "this is what mode open allows; use mode required to drop them instead",
        () if protection.origin is None else (protection.origin,),
    )


def _drill(context: Context, live: Live, result: StageResult, names: list[str], during: object) -> DrillResult:
    cloud, site = hosts(live)
    folder = context.folder / f".{result.id}"
    work = during if callable(during) else None
    measured = drill(live, find_elements(live, names), cloud, site, hold_s=_hold_s(live), directory=folder, during=work)
    for path in sorted(folder.glob("drill-*.pcap")):
        target = context.folder / path.name.replace("drill-", f"{result.id}-").lower()
        path.replace(target)
        result.files.append(target.name)
    folder.rmdir()
    result.circuit, result.captured = measured.counts, measured.captured
    result.tunnels = live.observer.tunnels()
    result.facts["drill"] = measured.to_json()
    result.check(
        "the capture is complete",
        f"captured {measured.captured.total()}, metered {measured.counts.total()}",
        ok=measured.capture_complete,
    )
    return measured


def _hold_s(live: Live) -> float:
    """Long enough for the slowest detection: the negotiated hold time, or BFD's."""
    return detection_s(live) + _HOLD_SLACK_S


def detection_s(live: Live) -> float:
    """Seconds after which a silent tunnel is given up: by BFD where both ends run it, else by BGP's hold time."""
    slowest = 0.0
    for node in live.staged.nodes:
        sessions = node.bgp.neighbors if node.bgp is not None else ()
        if node.transit_router is not None:
            sessions = tuple(one for part in node.transit_router.attachments for one in part.neighbors)
        for one in sessions:
            slowest = max(slowest, one.bfd.interval_ms * one.bfd.multiplier / 1000 if one.bfd else one.hold_time_s)
    cloud = min(
        (
            one.hold_time_s if one.bfd is None else one.bfd.interval_ms * one.bfd.multiplier / 1000
            for node in live.staged.nodes
            if node.transit_router is not None
            for part in node.transit_router.attachments
            for one in part.neighbors
        ),
        default=slowest,
    )
    return min(slowest, cloud)


def _gap(live: Live, result: StageResult, measured: DrillResult) -> None:
    result.longest_gap_ms = measured.flows.longest_gap_ms
    limit_ms = int(detection_s(live) * 1000) + _GAP_SLACK_MS
    result.check(
        "the longest interruption is within the detection time",
        f"{result.longest_gap_ms} ms of {limit_ms} ms",
        ok=0 < result.longest_gap_ms <= limit_ms,
    )


def _recovered(result: StageResult, measured: DrillResult) -> None:
    result.check(
        "after the failure all tunnels carry traffic again",
        f"{measured.recovered_s} s",
        ok=measured.recovered_s is not None,
    )
