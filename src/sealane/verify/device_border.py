"""BGP with border routers, outside the tunnels: sessions, what passes through the device, and what must not win.

``DEV-105`` to ``DEV-107`` for these sessions, ``DEV-118``, ``DEV-119``, and ``DEV-D8`` where BGP brings the fallback.
"""

from collections.abc import Iterable, Iterator

from sealane.diag import Finding
from sealane.model import BgpNeighbor, Mode
from sealane.net import Prefix, contains, overlaps
from sealane.verify.device_case import (
    Case,
    Line,
    announced_over,
    enter,
    error,
    info,
    join,
    known,
    lets_out,
    neighbor_of,
    preference,
)

_DOWN = (
    "the session does not come up: the border router learns nothing of the site, and the device nothing of what is "
    "reached over the circuit"
)


def _sessions(case: Case) -> Iterator[Finding]:
    """The device's side of each border router's session."""
    speaker = case.device.bgp
    for line in case.lines:
        session, mine = line.session, case.neighbor_on(line)
        if session is None:
            continue
        if speaker is None or mine is None:
            asn = session.local_asn or "ASN"
            yield error(
                code="DEV-107",
                subject=f"neighbor {line.cloud.ip}",
                problem=f"the device has no active BGP neighbor {line.cloud.ip} on circuit {line.name}: {_DOWN}",
                remedy=enter(f"neighbor {line.cloud.ip} remote-as {asn}", f"neighbor {line.cloud.ip} activate"),
                seen_at=known(speaker.origin if speaker else case.device.origin, session.origin),
            )
            continue
        if session.local_asn is not None and mine.remote_asn != session.local_asn:
            yield error(
                code="DEV-105",
                subject=f"neighbor {mine.address}",
                problem=f"remote-as is {mine.remote_asn}, but the border router runs AS {session.local_asn}: {_DOWN}",
                remedy=enter(f"neighbor {mine.address} remote-as {session.local_asn}"),
                seen_at=known(mine.origin, session.origin),
            )
        own = mine.local_asn or speaker.asn
        if own != session.remote_asn:
            yield error(
                code="DEV-106",
                subject=f"neighbor {mine.address}",
                problem=f"the device shows AS {own}, but the border router expects AS {session.remote_asn}: {_DOWN}",
                remedy=f"run `router bgp {session.remote_asn}`, or correct the border router's peer AS",
                seen_at=known(speaker.origin, session.origin),
            )


_TO_BORDER = (
    "the border router prefers what the site tells it to what the transit router does, so packets for these prefixes "
    "that cross the circuit are sent back into it, and the way in clear that it told the device is withdrawn"
)
_TO_TUNNEL = (
    "the cloud learns its own prefixes from the site, and wherever no route ranks higher it sends what is for them "
    "through the device"
)


def _transit(case: Case) -> Iterator[Finding]:
    """Neither side may hear from the device what the other side told it; both loop checks let it pass."""
    tunnels = [(mine, announced_over(pair)) for pair in case.pairs if (mine := neighbor_of(case, pair)) is not None]
    protected = [site for one in case.network.protections for site in one.site]
    for line in case.lines:
        border = case.neighbor_on(line)
        if border is None:
            continue
        by_tunnel = {one for mine, told in tunnels for one in told if preference(case, mine, one) is not None}
        outside = [one for one in case.announced() if not any(contains(site, one) for site in protected)]
        yield from _passed_on(case, border, (by_tunnel, "the tunnels", _TO_BORDER), outside)
        inside = [one for one in case.announced() if any(contains(site, one) for site in protected)]
        for mine, _ in tunnels:
            learned = case.learns(line)
            yield from _passed_on(case, mine, (learned, f"circuit {line.name}", _TO_TUNNEL), inside)


def _passed_on(
    case: Case, to: BgpNeighbor, heard: tuple[Iterable[Prefix], str, str], own: Iterable[Prefix]
) -> Iterator[Finding]:
    """``heard`` is what was learned, from where, and what it does to the neighbor; ``own`` is what it may be told."""
    learned, source, effect = heard
    through = sorted(one for one in learned if lets_out(case, to, one))
    if not through:
        return
    name = to.export_prefix_list or to.export_route_map
    lists = to.export_prefix_list or f"TO-{to.address}"
    yield error(
        code="DEV-118",
        subject=f"neighbor {to.address}",
        problem=(f"its outbound filter {name} lets" if name else "no outbound filter keeps")
        + f" {join(through)}, learned from {source}, "
        + ("out" if name else "back")
        + f": the device is a transit between the two. {effect[0].upper()}{effect[1:]}",
        remedy=enter(
            *(f"prefix-list {lists} permit {one}" for one in own), f"neighbor {to.address} prefix-list {lists} out"
        )
        + ", and nothing else in the list",
        seen_at=case.places(f"neighbor {to.address} prefix-list {name} out", to.origin),
    )


def _preferred(case: Case) -> Iterator[Finding]:
    """What the circuit offers in clear must rank below the same prefix by tunnel."""
    for line, mine, prefix in _clear(case):
        by_tunnel = [
            found
            for pair in case.pairs
            if prefix in announced_over(pair) and (other := neighbor_of(case, pair)) is not None
            if (found := preference(case, other, prefix)) is not None
        ]
        here = preference(case, mine, prefix)
        if here is None or not by_tunnel or here < min(by_tunnel):
            continue
        yield error(
            code="DEV-119",
            subject=f"neighbor {mine.address}",
            problem=f"{prefix} gets local preference {here} from the border router and {min(by_tunnel)} by tunnel; "
            f"expected less over circuit {line.name}: what the data centre sends leaves in clear although the tunnels "
            "are up, and answers to what comes by tunnel are dropped",
            remedy=enter("route-map FROM-VBR permit 10", f"set local-preference {max(0, min(by_tunnel) - 50)}")
            + " and, with it, " + enter(f"neighbor {mine.address} route-map FROM-VBR in"),
            seen_at=known(mine.origin),
        )


def _clear(case: Case) -> Iterator[tuple[Line, BgpNeighbor, Prefix]]:
    """Protected prefixes that the device learns over a circuit, in clear."""
    cloud = [prefix for protection in case.network.protections for prefix in protection.cloud]
    for line in case.lines:
        mine = case.neighbor_on(line)
        for prefix in case.learns(line) if mine is not None else ():
            if mine is not None and any(overlaps(prefix, one) for one in cloud):
                yield line, mine, prefix


def _fallback(case: Case) -> Iterator[Finding]:
    for protection in case.network.protections:
        cloud = protection.cloud
        found = [(mine, one) for _, mine, one in _clear(case) if any(overlaps(one, wide) for wide in cloud)]
        if not found:
            continue
        required = protection.mode is Mode.REQUIRED
        yield (error if required else info)(
            code="DEV-D8",
            subject=f"protection {protection.name}",
            problem=f"while no tunnel is up, {join(dict.fromkeys(one for _, one in found))} is reached as the border "
            "router tells it, in clear, in both directions and without a signal on the device; the plan's mode is "
            f"{protection.mode.value}, which allows {'none of this' if required else 'it'}",
            remedy="take these prefixes out of what "
            + join(dict.fromkeys(f"neighbor {mine.address}" for mine, _ in found))
            + " lets in"
            + ("" if required else " if clear text must never cross the circuit"),
            seen_at=known(*dict.fromkeys(mine.origin for mine, _ in found)),
        )


BORDER = (_sessions, _transit, _preferred, _fallback)
