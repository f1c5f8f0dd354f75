"""The stages that build the network up, and the mistake that loops."""

import json
import time

from sealane.app.compare import intended
from sealane.app.controller import wait_until
from sealane.app.flows import transfer
from sealane.app.live import Live, host_address
from sealane.app.probe import PingResult, ping
from sealane.app.walk.context import Context, await_encrypted, await_reachable, daemon_load, elapsed, hosts
from sealane.app.walk.foretell import carrying, confirm, confirm_cycle, confirm_verdict
from sealane.app.walk.result import StageResult
from sealane.diag import Finding, Severity
from sealane.host import run, run_unchecked
from sealane.model import Encryption, Integrity, Node, Platform, TunnelEnd
from sealane.twin.converge import Twin

_PLAIN_PINGS = 20
_SA_LIMIT_S = 20.0
_INTERRUPTION_LIMIT_S = 30.0
_CPU_SHARE_LIMIT = 0.5
_RESIDENT_LIMIT_MB = 64.0
_LOOP_LIMIT_S = 15.0
_LOOP_CROSSINGS = 20
_BULK_BYTES = 32_000_000
_BULK_FLOWS = 8
_IP_AND_ICMP_BYTES = 28
_PING_BYTES = 1000


def plain(context: Context) -> StageResult:
    """No tunnels: everything crosses in clear."""
    result = StageResult("plain", "circuit, border router, transit router and VPC; no tunnels")
    live = context.up("plain")
    cloud, site = hosts(live)
    reachable = await_reachable(live, cloud, site)
    result.check("the VPC reaches the data centre", reachable, ok=reachable)
    with context.measured(live, result):
        _both_ways(context, live, result, cloud, site)
    _all_clear(result)
    _foretold(live, result, cloud, site)
    return result


def tunnels_up(context: Context) -> StageResult:
    """Tunnels without routes: still everything in clear."""
    result = StageResult("tunnels-up", "both tunnels negotiated; no BGP on the device")
    live, took = elapsed(lambda: context.negotiate("tunnels-up", result, _installed))
    cloud, site = hosts(live)
    ends = [live.lowered.ends[pair.near_node, pair.near.name] for pair in live.staged.tunnels()]
    says = "IKE and child SAs of all tunnels are established"
    result.check(says, f"{took:.2f} s after the command", ok=_installed(live))
    with context.measured(live, result):
        _both_ways(context, live, result, cloud, site)
    for end, tunnel in zip(ends, result.tunnels, strict=True):
        ike, child = _wanted(end.end)
        found = f"{tunnel.ike_proposal} / {tunnel.child_proposal}"
        result.check(
            f"{tunnel.name} negotiated the plan's algorithms",
            found,
            ok=(ike, child) == (tunnel.ike_proposal, tunnel.child_proposal),
        )
        result.check(f"BGP over {tunnel.name} is down", tunnel.bgp_state, ok=tunnel.bgp_state != "Established")
    _all_clear(result)
    _foretold(live, result, cloud, site)
    return result


def _installed(live: Live) -> bool:
    """Wait until the child SAs of all tunnels are there; False when they do not come."""
    ends = [live.lowered.ends[pair.near_node, pair.near.name] for pair in live.staged.tunnels()]
    return wait_until(lambda: all(live.observer.sa(end).child_state == "INSTALLED" for end in ends), _SA_LIMIT_S)


_CHARON_ENCRYPTION = {
    Encryption.AES128: "AES_CBC-128",
    Encryption.AES192: "AES_CBC-192",
    Encryption.AES256: "AES_CBC-256",
    Encryption.DES3: "3DES_CBC",
    Encryption.DES: "DES_CBC",
}
_CHARON_INTEGRITY = {
    Integrity.MD5: "HMAC_MD5_96",
    Integrity.SHA1: "HMAC_SHA1_96",
    Integrity.SHA256: "HMAC_SHA2_256_128",
    Integrity.SHA384: "HMAC_SHA2_384_192",
    Integrity.SHA512: "HMAC_SHA2_512_256",
}


_PRF = {
    Integrity.MD5: "HMAC_MD5",
    Integrity.SHA1: "HMAC_SHA1",
    Integrity.SHA256: "HMAC_SHA2_256",
    Integrity.SHA384: "HMAC_SHA2_384",
    Integrity.SHA512: "HMAC_SHA2_512",
}
_CHARON_GROUP = {1: "MODP_768", 2: "MODP_1024", 5: "MODP_1536", 14: "MODP_2048"}


def _wanted(end: TunnelEnd) -> tuple[str, str]:
    """What charon must report for the IKE SA and the child SA, in its words, as the plan gives them.

    The child's group is not among it: the first child SA has no exchange of its own (RFC 7296, 1.2).
    """
    ike = f"{_CHARON_ENCRYPTION[end.ike.encryption[0]]}-{_CHARON_INTEGRITY[end.ike.integrity[0]]}"
    child = f"{_CHARON_ENCRYPTION[end.esp.encryption[0]]}-{_CHARON_INTEGRITY[end.esp.integrity[0]]}"
    return f"{ike}-PRF_{_PRF[end.ike.prf[0]]}-{_CHARON_GROUP[end.ike.dh_groups[0]]}", child


def without_host_routes(context: Context) -> StageResult:
    """BGP draws the tunnels' own packets into the tunnels."""
    result = StageResult("bgp-without-host-routes", "BGP on both ends, but no /32 routes to the device's VPN addresses")
    live = context.up("bgp-without-host-routes")
    cloud, site = hosts(live)
    started = time.monotonic()
    load = daemon_load(live.network.name, "charon")
    with context.measured(live, result):
        up = wait_until(lambda: _established(live), _SA_LIMIT_S, 0.02)
        session_up = time.monotonic()
        reasons: dict[str, str] = {}

        samples: list[frozenset[str]] = []

        def recursing() -> bool:
            samples.append(carrying(live))
            for tunnel in live.observer.tunnels():
                if "recursion" in tunnel.reason:
                    reasons.setdefault(tunnel.name, tunnel.reason)
            return len(reasons) == len(live.staged.tunnels())

        recursed = wait_until(recursing, _INTERRUPTION_LIMIT_S, 0.02)
        interrupted_s = time.monotonic() - session_up
        stopped = context.ping(live, result, cloud, site, count=10, interval_s=0.05)
        lost = wait_until(lambda: not _sampled(live, samples), _INTERRUPTION_LIMIT_S, 0.05)
        lost_s = time.monotonic() - session_up
        _watch_cycle(live, result, samples, session_up)
    result.check("both BGP sessions come up", f"{session_up - started:.2f} s after the configuration", ok=up)
    result.check("the tunnels' outer packets are routed into the tunnels", f"{interrupted_s:.2f} s later", ok=recursed)
    result.check("traffic stops", f"{stopped.received} of {stopped.sent} replies", ok=stopped.received == 0)
    result.check("the BGP sessions are lost", f"{lost_s:.2f} s after they came up", ok=lost)
    _note_load(live, result, load, time.monotonic() - started)
    result.facts |= {"session_up_to_recursion_s": round(interrupted_s, 2), "session_up_to_lost_s": round(lost_s, 2)}
    result.facts["reasons"] = reasons
    for name, reason in reasons.items():
        address = next(pair.near.remote for pair in live.staged.tunnels() if pair.name == name)
        result.findings.append(
            Finding(
                "LIVE-001",
                Severity.ERROR,
                f"tunnel {name}",
                reason,
                f"add the route {address}/32 with the VBR attachment as next hop to the transit router's table",
            )
        )
    return result


def _watch_cycle(live: Live, result: StageResult, samples: list[frozenset[str]], session_up: float) -> None:
    """Look on until BGP is up again: one round of what the twin says repeats."""
    came_again = wait_until(lambda: _sampled(live, samples), _INTERRUPTION_LIMIT_S, 0.05)
    confirm_cycle(live, result, samples, time.monotonic() - session_up if came_again else None)


def _sampled(live: Live, samples: list[frozenset[str]]) -> bool:
    """Note which tunnels carry packets; True while a BGP session is up."""
    samples.append(carrying(live))
    return any_established(live)


def _established(live: Live) -> bool:
    return all(tunnel.bgp_state == "Established" for tunnel in live.observer.tunnels())


def any_established(live: Live) -> bool:
    """True while at least one BGP session over a tunnel is up."""
    return any(tunnel.bgp_state == "Established" for tunnel in live.observer.tunnels())


def _note_load(live: Live, result: StageResult, before: object, wall_s: float) -> None:
    after = daemon_load(live.network.name, "charon")
    base = before if isinstance(before, dict) else {}
    share = max(((cpu - base.get(pid, (0.0, 0.0))[0]) / wall_s for pid, (cpu, _) in after.items()), default=0.0)
    resident = max((megabytes for _, megabytes in after.values()), default=0.0)
    result.facts |= {"charon_cpu_share": round(share, 3), "charon_resident_mb": round(resident, 1)}
    result.check(
        "the daemons stay bounded",
        f"at most {share:.0%} of a core and {resident:.0f} MB each",
        ok=share < _CPU_SHARE_LIMIT and resident < _RESIDENT_LIMIT_MB,
    )


def encrypted(context: Context) -> StageResult:
    """The whole plan: everything encrypted, over both tunnels."""
    result = StageResult("encrypted", "/32 routes and route policy added: the whole plan")
    live = context.up("encrypted")
    cloud, site = hosts(live)
    ready, took = elapsed(lambda: await_encrypted(live))
    result.check("all tunnels carry the protected pair at both ends (ECMP)", f"after {took:.2f} s", ok=ready)
    result.facts["ready_s"] = round(took, 2)
    counted = live.observer.tunnels()
    with context.measured(live, result):
        for source, destination in ((cloud, site), (site, cloud)):
            context.narrate(f"{context.pings} pings of {_PING_BYTES} bytes from {source.label or source.name}")
            one = context.ping(
                live, result, source, destination, count=context.pings, size_bytes=_PING_BYTES, flood=True
            )
            says = f"no ping from {source.label or source.name} is lost"
            result.check(says, f"{one.received} of {one.sent} answered, {one.rtt_avg_ms} ms", ok=one.lost == 0)
        _sizes(live, result, cloud, site)
        _bulk(live, result, cloud, site)
    result.check(
        "no protected packet crossed in clear",
        f"{result.circuit.clear_protected} clear, {result.circuit.esp} ESP",
        ok=result.circuit.clear_protected == 0 and result.captured.clear_protected == 0 and result.circuit.esp > 0,
    )
    before = {one.name: one for one in counted}
    carried = {
        one.name: (one.packets_in - before[one.name].packets_in) + (one.packets_out - before[one.name].packets_out)
        for one in result.tunnels
    }
    result.facts["tunnel_packets"] = carried
    accounted = sum(carried.values()) >= result.sent + result.received
    result.check(
        "both tunnels carried traffic and together all of it",
        carried,
        ok=accounted and all(count > _PLAIN_PINGS for count in carried.values()),
    )
    for tunnel in result.tunnels:
        result.check(
            f"BGP over {tunnel.name} is up at both ends",
            f"{tunnel.bgp_state}/{tunnel.device_bgp_state}",
            ok=tunnel.bgp_state == tunnel.device_bgp_state == "Established",
        )
    _foretold(live, result, cloud, site)
    return result


def _foretold(live: Live, result: StageResult, cloud: Node, site: Node) -> None:
    """The twin's verdict on the pings of a stage at rest, and everything it says of tables, sessions and SAs."""
    foretold = confirm(live, result, cloud, site)
    confirm_verdict(result, foretold, result.sent, result.received, result.captured.clear_protected)


def _sizes(live: Live, result: StageResult, cloud: Node, site: Node) -> None:
    """The exact inner MTU passes whole; one byte more is refused with a word."""
    mtu = min(end.mtu_bytes for end in live.lowered.ends.values())
    space = live.lowered.places[cloud.name].namespace
    fits = ping(space, host_address(site), count=3, size_bytes=mtu - _IP_AND_ICMP_BYTES, interval_s=0.05, whole=True)
    over = ping(
        space, host_address(site), count=3, size_bytes=mtu - _IP_AND_ICMP_BYTES + 1, interval_s=0.05, whole=True
    )
    result.facts["inner_mtu_bytes"] = mtu
    result.check(f"a packet of {mtu} bytes passes whole", f"{fits.received} of {fits.sent}", ok=fits.lost == 0)
    result.check(
        f"one of {mtu + 1} bytes is told to be too big",
        f"{over.received} passed, {over.too_big} refused",
        ok=over.received == 0 and over.too_big > 0,
    )


def _bulk(live: Live, result: StageResult, cloud: Node, site: Node) -> None:
    """A TCP transfer over several connections."""
    moved = transfer(live, cloud, site, connections=_BULK_FLOWS, size_bytes=_BULK_BYTES // _BULK_FLOWS)
    result.facts["bulk_mbit_per_s"] = round(moved.mbit_per_s, 1)
    result.check(
        f"a TCP transfer of {_BULK_BYTES // 10**6} MB over {_BULK_FLOWS} connections completes",
        f"{moved.confirmed} bytes confirmed at {moved.mbit_per_s:.0f} Mbit/s",
        ok=moved.confirmed == moved.wanted,
    )


def no_route_policy(context: Context) -> StageResult:
    """Without the route policy the border router sends the tunnels' packets back."""
    result = StageResult("no-route-policy", "the route policy that withholds the /32s from the border router removed")
    live = context.up("no-route-policy")
    pair = live.staged.tunnels()[0]
    end = live.lowered.ends[pair.near_node, pair.near.name]
    border = next(node for node in live.staged.of_platform(Platform.VBR))
    place = live.lowered.places[border.name]
    link = border.vbr.attachment_interface if border.vbr is not None else None
    back = place.names[link] if link is not None else ""
    target = str(pair.near.remote)
    looped, took = elapsed(lambda: wait_until(lambda: _egress(place.namespace, target) == back, _LOOP_LIMIT_S))
    result.check(f"the border router routes {target} back to the transit router", f"after {took:.2f} s", ok=looped)
    with context.measured(live, result):
        before = _received(place.namespace, back)
        lone = ping(end.charon, pair.near.remote, count=3, interval_s=0.1)
        crossings = (_received(place.namespace, back) - before) / max(lone.sent, 1)
    result.sent += lone.sent
    result.received += lone.received
    result.facts["crossings_per_packet"] = round(crossings, 1)
    result.check(
        "each packet to it goes round until its TTL ends",
        f"{crossings:.0f} times over the link, {lone.errors} told so",
        ok=crossings >= _LOOP_CROSSINGS and lone.received == 0,
    )
    result.findings.append(
        Finding(
            "LIVE-002",
            Severity.ERROR,
            f"routes to {target}/32 and the other VPN addresses",
            f"forwarding loop: {pair.near_node} sends to {border.name} by its custom route, {border.name} sends back "
            f"because it learned the same /32 from {pair.near_node}",
            "deny the /32s towards the VBR in a RegionOut route map (priority 40, CidrMatchMode Complete)",
        )
    )
    cloud, site = hosts(live)
    confirm(live, result, cloud, site)
    why = Twin(intended(live)).converge().tunnels[pair.name].reason
    result.check("the twin's verdict is what was measured: a loop", why, ok="loop" in why)
    mended = context.up("encrypted")
    repaired, took = elapsed(lambda: await_encrypted(mended))
    result.check("with the policy back all tunnels carry traffic again", f"after {took:.2f} s", ok=repaired)
    return result


def _egress(namespace: str, address: str) -> str:
    done = run_unchecked(["ip", "-n", namespace, "-j", "route", "get", address])
    found = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return str(found[0].get("dev", "")) if found else ""


def _received(namespace: str, interface: str) -> int:
    shown = json.loads(run(["ip", "-n", namespace, "-j", "-s", "link", "show", "dev", interface]))
    return int(shown[0]["stats64"]["rx"]["packets"])


def _both_ways(
    context: Context, live: Live, result: StageResult, cloud: Node, site: Node
) -> tuple[PingResult, PingResult]:
    forth = context.ping(live, result, cloud, site, count=_PLAIN_PINGS, interval_s=0.02)
    back = context.ping(live, result, site, cloud, count=_PLAIN_PINGS, interval_s=0.02)
    for name, one in ((cloud, forth), (site, back)):
        result.check(
            f"pings from {name.label or name.name} are answered", f"{one.received} of {one.sent}", ok=one.lost == 0
        )
    return forth, back


def _all_clear(result: StageResult) -> None:
    expected = result.sent + result.received
    result.check(
        "every one of these packets crossed the circuit in clear",
        f"{result.captured.clear_protected} clear of {expected}",
        ok=result.captured.clear_protected == expected,
    )
