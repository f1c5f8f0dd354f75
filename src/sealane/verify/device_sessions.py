"""What the sessions over the tunnels announce and learn, and how long a dead one lasts.

``DEV-D2``, ``DEV-D9``, ``DEV-D12``.
"""

from collections.abc import Iterable, Iterator

from sealane.diag import Finding
from sealane.net import Prefix, contains, overlaps
from sealane.verify.device_case import (
    Case,
    covered,
    enter,
    error,
    info,
    join,
    known,
    lets_out,
    masked,
    neighbor_of,
    passes,
    warning,
)

_LONG_HOLD_S = 30
"""A longer hold time is a longer black hole than the failover the cloud's own health check promises."""
_DEFAULT_ROUTE = Prefix("0.0.0.0/0")
_D2_LEAK = (
    "tunnels and sessions are up, yet answers and all traffic started in the VPC follow the border router's shorter "
    "route in clear, and the device drops answers to encrypted requests because they arrive on another interface"
)


def _d2(case: Case) -> Iterator[Finding]:
    speaker, rib = case.device.bgp, case.in_rib()
    if speaker is None or not any(pair.session for pair in case.pairs):
        return
    for protection in case.network.protections:
        for site in protection.site:
            absent = [one for one in speaker.networks if overlaps(one.prefix, site) and one.prefix not in rib]
            subject = f"site network {site}"
            if covered(site, case.announced()):
                yield from _d2_hidden(case, site)
            elif absent:
                yield error(
                    code="DEV-D2",
                    subject=subject,
                    problem=f"`network` names {join(one.prefix for one in absent)}, but no such route is in the "
                    f"routing table (expected exactly that prefix), so it is never announced: {_D2_LEAK}",
                    remedy=enter(*(_route_for(case, one.prefix) for one in absent)),
                    seen_at=known(*(one.origin for one in absent)),
                )
            else:
                yield error(
                    code="DEV-D2",
                    subject=subject,
                    problem=f"no `network` statement announces it: {_D2_LEAK}",
                    remedy=enter(
                        f"router bgp {speaker.asn}",
                        "address-family ipv4 unicast",
                        f"network {site.network_address} mask {site.netmask}",
                    ),
                    seen_at=known(speaker.origin),
                )


def _route_for(case: Case, prefix: Prefix) -> str:
    wider = case.route_to(prefix)
    hop = wider.next_hop if wider else "NEXT-HOP"
    return f"route {case.nameif(wider.interface if wider else None)} {masked(prefix)} {hop} 1"


def _d2_hidden(case: Case, site: Prefix) -> Iterator[Finding]:
    """The announced prefix does not help: a filter holds it back, or it is no longer than the border router's."""
    live = [prefix for prefix in case.announced() if overlaps(prefix, site)]
    circuits = [wide for line in case.lines for wide in case.reached(line)]
    for pair in case.pairs:
        mine = neighbor_of(case, pair)
        if mine is None:
            continue
        held = [one for one in live if not lets_out(case, mine, one)]
        if held and not covered(site, (one for one in live if one not in held)):
            name = mine.export_prefix_list or mine.export_route_map
            yield error(
                code="DEV-D2",
                subject=f"neighbor {mine.address}",
                problem=f"its outbound filter {name} holds back {join(held)}: {_D2_LEAK}",
                remedy=enter(*(f"prefix-list {name} permit {one}" for one in held)),
                seen_at=case.places(f"neighbor {mine.address} prefix-list {name} out", mine.origin),
            )
    sessions = [mine for pair in case.pairs if (mine := neighbor_of(case, pair)) is not None]
    told = [one for one in live if any(lets_out(case, mine, one) for mine in sessions)]
    short = [one for one in told if any(_outranked(site, one, wide, told) for wide in circuits)]
    if short:
        yield error(
            code="DEV-D2",
            subject=f"site network {site}",
            problem=f"{join(short)} is announced, but not longer than the border router's own route, which ranks "
            f"higher: {_D2_LEAK}",
            remedy=_lengthen(case, site),
            seen_at=known(*(one.origin for one in (case.device.bgp.networks if case.device.bgp else ()))),
        )


def _lengthen(case: Case, site: Prefix) -> str:
    """Let the tunnels have the longer prefix: by telling it there, or by no longer telling it to the border router."""
    borders = [
        mine.address
        for line in case.lines
        if (mine := case.neighbor_on(line)) is not None and any(contains(site, one) for one in case.tells(line))
    ]
    if borders:
        return f"let no outbound filter of neighbor {join(borders)} permit {site} or a part of it"
    return enter(_route_for(case, site), f"network {site.network_address} mask {site.netmask}")


def _outranked(site: Prefix, told: Prefix, wide: Prefix, others: Iterable[Prefix]) -> bool:
    """True when a border router's route takes part of a site that no longer prefix draws into the tunnels."""
    if not contains(told, wide) or not overlaps(wide, site):
        return False
    part = wide if contains(site, wide) else site
    return not covered(part, (one for one in others if contains(wide, one) and one != wide))


def _d9(case: Case) -> Iterator[Finding]:
    for pair in case.pairs:
        mine = neighbor_of(case, pair)
        if mine is None or pair.session is None or mine.hold_time_s <= _LONG_HOLD_S:
            continue
        agreed = min(mine.hold_time_s, pair.session.hold_time_s)
        slow = agreed > _LONG_HOLD_S
        yield (warning if slow else info)(
            code="DEV-D9",
            subject=f"neighbor {mine.address}",
            problem=f"it proposes a hold time of {mine.hold_time_s} s and the cloud {pair.session.hold_time_s} s, so a "
            f"dead tunnel swallows traffic in both directions for up to {agreed} s; BFD does not run on its tunnels"
            + ("" if slow else ", and only the cloud's proposal keeps this short"),
            remedy=enter(f"neighbor {mine.address} timers 10 {_LONG_HOLD_S}"),
            seen_at=case.places(f"neighbor {mine.address} timers", mine.origin),
        )


def _d12(case: Case) -> Iterator[Finding]:
    risky = {_DEFAULT_ROUTE: "a default route"}
    risky |= {line.cloud.network: "the circuit's own network" for line in case.lines}
    risky |= {cidr.prefix: "the gateways' network" for pair in case.pairs if pair.router for cidr in pair.router.cidrs}
    risky |= {site: "the site's own network" for one in case.network.protections for site in one.site}
    cloud = [prefix for protection in case.network.protections for prefix in protection.cloud]
    for pair in case.pairs:
        mine = neighbor_of(case, pair)
        if mine is None:
            continue
        through = [one for one in risky if passes(case, mine.import_prefix_list, mine.import_route_map, one)]
        if not through:
            continue
        name = mine.import_prefix_list or "ALIYUN-IN"
        filtered = mine.import_prefix_list is not None or mine.import_route_map is not None
        yield warning(
            code="DEV-D12",
            subject=f"neighbor {mine.address}",
            problem=("its inbound filter" if filtered else "no inbound filter")
            + f" lets {join(f'{one} ({risky[one]})' for one in through)} in; learned, it would pull the circuit's or "
            "the site's traffic into a tunnel or drop it",
            remedy=enter(
                *(f"prefix-list {name} permit {one} le 24" for one in cloud),
                f"neighbor {mine.address} prefix-list {name} in",
            ),
            seen_at=case.places(f"neighbor {mine.address} prefix-list {name} in", mine.origin),
        )


SESSIONS = (_d2, _d9, _d12)
