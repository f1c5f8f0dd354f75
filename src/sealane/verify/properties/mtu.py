"""What fits a tunnel's inner MTU fits the links below it, ESP's overhead included, and TCP is clamped to it."""

from collections.abc import Iterator

from sealane.diag import Finding, Severity
from sealane.model import Port, TunnelEnd
from sealane.model.mtu import inner_mtu, tcp_mss
from sealane.net import NodeName
from sealane.verify.explain_trip import label_of
from sealane.verify.ground import Ground, known
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "mtu"
_ETHERNET = 1500


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    found = tuple(Violation(one) for one in _findings(ground))
    if found:
        return Judgement(NAME, Verdict.VIOLATED, "; ".join(one.finding.problem for one in found), found)
    count = len(ground.network.tunnels())
    return Judgement(NAME, Verdict.PROVED, f"{count} tunnels fit the links below them" if count else "no tunnel")


def _findings(ground: Ground) -> Iterator[Finding]:
    for pair in ground.network.tunnels():
        path = _path(ground, pair.name)
        for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)):
            if node is not None and end is not None:
                yield from _end(ground, node, end, path)


def _end(ground: Ground, node: NodeName, end: TunnelEnd, path: int) -> Iterator[Finding]:
    if not end.esp.encryption:
        return
    room = inner_mtu(path, end.esp, udp_encapsulated=False)
    label = label_of(ground.network, node)
    inner = end.mtu_bytes or min(room, ground.network.node(node).interface(end.interface).mtu_bytes or room)
    if inner > room:
        yield Finding(
            "PRF-070",
            Severity.ERROR,
            f"tunnel interface {end.interface} of {label}",
            f"its MTU is {inner} bytes, but with ESP around them only {room} fit the smallest link below, of {path}",
            f"set its MTU to {room} or less",
            known(end.origin),
        )
    stateful = ground.network.node(node).stateful
    clamp = end.mss_bytes or (stateful.tcp_mss_bytes if stateful is not None else None)
    if clamp is not None and clamp > tcp_mss(min(inner, room)):
        yield Finding(
            "PRF-071",
            Severity.ERROR,
            f"tunnel interface {end.interface} of {label}",
            f"TCP is clamped to segments of {clamp} bytes, but only {tcp_mss(min(inner, room))} fit",
            f"clamp to {tcp_mss(min(inner, room))} or less",
            known(end.origin),
        )


def _path(ground: Ground, tunnel: str) -> int:
    """The smallest link that the tunnel's own packets cross; that of the circuits while they cross none."""
    links = ground.survey.twin.topology.links
    trips = ground.calm.converged.tunnels[tunnel].outer
    crossed = [
        links[Port(hop.node, hop.egress)].mtu_bytes
        for trip in trips for hop in trip.hops if hop.egress is not None and hop.link
    ]
    return min([*crossed, *(() if crossed else (one.mtu_bytes for one in ground.network.circuits))], default=_ETHERNET)
