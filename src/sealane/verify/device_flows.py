"""Flows that a stateful firewall drops: without a traffic zone, ``DEV-D6``, or by security levels, ``DEV-D11``."""

from collections.abc import Iterator

from sealane.diag import Finding, Origin
from sealane.model import Interface
from sealane.verify.device_case import Case, enter, error, join, known, neighbor_of, route_map_of


def _d6(case: Case) -> Iterator[Finding]:
    speaker = case.device.bgp
    sessions = [(pair, mine) for pair in case.pairs if pair.session and (mine := neighbor_of(case, pair))]
    if speaker is None or len(sessions) <= 1:
        return
    tunnels = [case.device.interface(pair.far.interface) for pair, _ in sessions]
    zones = {one.traffic_zone for one in tunnels}
    plain = [mine for _, mine in sessions if not _prepends(case, mine.export_route_map)]
    if zones != {None} and len(zones) == 1:
        return
    if speaker.maximum_paths == 1 and len(plain) == 1:
        return
    commands: list[str] = []
    for one in tunnels:
        commands += [f"interface {one.name}", "zone-member ALIYUN"]
    yield error(
        code="DEV-D6",
        subject=f"interfaces {join(one.name for one in tunnels)}",
        problem=f"the cloud shares load over {len(tunnels)} tunnels (maximum-paths here is "
        f"{speaker.maximum_paths}), but "
        "the tunnels are in no common traffic zone: a flow whose answer takes the other tunnel is dropped, "
        "about half of "
        "the flows in each direction",
        remedy=enter("zone ALIYUN", *commands, f"maximum-paths {len(tunnels)}"),
        seen_at=(*case.places(f"maximum-paths {speaker.maximum_paths}"), *known(*(one.origin for one in tunnels))),
    )


def _prepends(case: Case, name: str | None) -> bool:
    found = route_map_of(case, name)
    return found is not None and any(entry.set_as_path_prepend for entry in found.entries)


def _d11(case: Case) -> Iterator[Finding]:
    levels = {one.name: one.security_level or 0 for one in case.device.interfaces}
    outside = {line.interface.name for line in case.lines if line.interface}
    outside |= {end.interface for end in case.device.tunnel_ends}
    same_allowed = case.device.stateful is not None and case.device.stateful.same_security_inter
    seen: set[str] = set()
    for site in (site for protection in case.network.protections for site in protection.site):
        route = case.route_to(site)
        inner = route.interface if route else None
        if inner is None or inner in seen or inner in outside:
            continue
        seen.add(inner)
        highest = max((levels[name] for name in outside), default=0)
        if levels[inner] > highest or (levels[inner] == highest and same_allowed):
            continue
        port = case.device.interface(inner)
        yield error(
            code="DEV-D11",
            subject=f"interface {inner}",
            problem=f"its security level {levels[inner]} is not above {highest} of the ports towards the cloud; "
            f"packets "
            "between them are dropped in both directions",
            remedy=enter(f"interface {inner}", "security-level 100"),
            seen_at=_level_line(case, port) or known(port.origin),
        )


def _level_line(case: Case, port: Interface) -> tuple[Origin, ...]:
    start = port.origin.line if port.origin else 0
    places = case.places(f"security-level {port.security_level}")
    return tuple(place for place in places if place.line > start)[:1]


FLOWS = (_d6, _d11)
