"""The mistakes that walk-throughs make, ``DEV-D1`` to ``DEV-D16``: what leaks in clear or drops, and the remedy.

``DEV-D10``, a document in place of device input, is found by the reader as ``ASA-D10``.
"""

from collections.abc import Iterator

from sealane.diag import Finding, Origin
from sealane.model import (
    AttachmentKind,
    Encryption,
    Integrity,
    Interface,
    InterfaceKind,
    Mode,
    StaticRoute,
    TunnelEnd,
)
from sealane.net import Prefix, Secret, contains, host_prefix, overlaps
from sealane.verify.device_case import (
    Case,
    Pair,
    covered,
    enter,
    error,
    info,
    join,
    known,
    lets_in,
    masked,
    neighbor_of,
    passes,
    route_map_of,
    warning,
)

_EBGP_DISTANCE = 20
_FALLBACK_DISTANCE = 30
_LONG_HOLD_S = 30
"""A longer hold time is a longer black hole than the failover the cloud's own health check promises."""
_DEFAULT_ROUTE = Prefix("0.0.0.0/0")
_WEAK_INTEGRITY = frozenset({Integrity.MD5, Integrity.SHA1})
_WEAK_ENCRYPTION = frozenset({Encryption.DES, Encryption.DES3, Encryption.NULL})
_SMALLEST_GROUP = 14


def _not_joined(case: Case) -> Iterator[Finding]:
    if not case.lines:
        yield error(
            code="DEV-100",
            subject=case.device.name,
            problem="no circuit of the network ends at this device, so nothing it sends can reach the cloud",
            remedy="name the device's circuit port in the plan, or give a port an address on the circuit's network",
            seen_at=known(case.device.origin),
        )


def _d1(case: Case) -> Iterator[Finding]:
    for line in case.lines:
        port, own = line.interface, line.device_address
        held = [address for address in port.addresses if address.network == line.cloud.network] if port else []
        wrong_address = not held or held[0].ip == line.cloud.ip
        wrong_routes = [
            route
            for route in case.device.static_routes
            if port and route.interface == port.name and route.next_hop != line.cloud.ip
        ]
        if not wrong_address and not wrong_routes:
            continue
        problems = []
        places: tuple[Origin, ...] = ()
        remedy = []
        if wrong_address:
            found = join(port.addresses) if port and port.addresses else "no address"
            problems.append(f"has {found} on the circuit, expected {own} because the border router is {line.cloud.ip}")
            places += case.places(f"ip address {held[0].ip}" if held else "", port.origin if port else None)[:1]
            name = port.name if port else "INTERFACE"
            remedy += [f"interface {name}", f"ip address {own.ip} {own.network.netmask}"]
        for route in wrong_routes:
            places += known(route.origin)
            command = f"route {case.nameif(route.interface)} {masked(route.prefix)}"
            remedy += [f"no {command} {route.next_hop} {route.distance}", f"{command} {line.cloud.ip} {route.distance}"]
        if wrong_routes:
            hops = join(dict.fromkeys(route.next_hop for route in wrong_routes))
            problems.append(f"routes into the circuit by {hops}, expected the border router {line.cloud.ip}")
        yield error(
            code="DEV-D1",
            subject=f"circuit {line.name}",
            problem=f"{' and '.join(problems)}; everything is dropped in both directions, IKE and ESP included",
            remedy=enter(*remedy),
            seen_at=places or known(case.device.origin),
        )


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
    for pair in case.pairs:
        mine = neighbor_of(case, pair)
        if mine is None:
            continue
        held = [one for one in live if not passes(case, mine.export_prefix_list, mine.export_route_map, one)]
        if held:
            name = mine.export_prefix_list or mine.export_route_map
            yield error(
                code="DEV-D2",
                subject=f"neighbor {mine.address}",
                problem=f"its outbound filter {name} holds back {join(held)}: {_D2_LEAK}",
                remedy=enter(*(f"prefix-list {name} permit {one}" for one in held)),
                seen_at=case.places(f"neighbor {mine.address} prefix-list {name} out", mine.origin),
            )
    short = [one for one in live for line in case.lines if any(contains(one, wide) for wide in line.routed)]
    if short:
        yield error(
            code="DEV-D2",
            subject=f"site network {site}",
            problem=f"{join(short)} is announced, but not longer than the border router's own route, which ranks "
            f"higher: {_D2_LEAK}",
            remedy=enter(_route_for(case, site), f"network {site.network_address} mask {site.netmask}"),
            seen_at=known(*(one.origin for one in (case.device.bgp.networks if case.device.bgp else ()))),
        )


def _d3(case: Case) -> Iterator[Finding]:
    circuits = {line.interface.name for line in case.lines if line.interface}
    for number, end in enumerate(case.device.tunnel_ends, start=1):
        if end.source_interface is None or end.source_interface in circuits or not circuits:
            continue
        source = case.device.interface(end.source_interface)
        if source.kind is not InterfaceKind.ETHERNET:
            continue
        yield error(
            code="DEV-D3",
            subject=f"interface {end.name}",
            problem=f"its source {end.local} is on {source.name}, but outer packets arrive on "
            f"{join(sorted(circuits))}; "
            "the device answers IKE and ESP only on the interface they arrive on, so the tunnel stays down and traffic "
            "in both directions stays in clear by the static routes",
            remedy=enter(
                f"interface {source.name}",
                f"no nameif {source.nameif}",
                "no ip address",
                f"interface Loopback{number}",
                f"nameif {source.nameif}",
                f"ip address {end.local} {source.addresses[0].network.netmask}",
                f"crypto ikev2 enable {source.nameif}",
            )
            + "; loopback sources need release 9.19(1)",
            seen_at=(*_within(case, end, "tunnel source interface"), *known(source.origin)),
        )


def _within(case: Case, end: TunnelEnd, words: str) -> tuple[Origin, ...]:
    """The line of the tunnel's own block that holds the words."""
    start = end.origin.line if end.origin else 0
    return next(((place,) for place in case.places(words) if place.line >= start), known(end.origin))


def _d4(case: Case) -> Iterator[Finding]:
    told = case.announced_by_cloud()
    for protection in case.network.protections:
        for line, route in case.clear_routes(protection):
            if route.distance > _EBGP_DISTANCE or case.device.bgp is None:
                continue
            command = f"route {case.nameif(route.interface)} {masked(route.prefix)}"
            longer = [one for one in told if one.prefixlen > route.prefix.prefixlen and overlaps(one, route.prefix)]
            escape = f" (longer ones, now {join(longer)}, still win)" if longer else ""
            yield error(
                code="DEV-D4",
                subject=f"route {route.prefix}",
                problem=f"its distance {route.distance} beats eBGP ({_EBGP_DISTANCE}): for each prefix of this length "
                f"that the cloud announces{escape}, what the data centre starts leaves in clear although the "
                f"session is "
                "up, and answers to what the VPC starts encrypted are dropped",
                remedy=enter(
                    f"no {command} {route.next_hop} {route.distance}", f"{command} {line.cloud.ip} {_FALLBACK_DISTANCE}"
                ),
                seen_at=known(route.origin),
            )


def _d5(case: Case) -> Iterator[Finding]:
    for protection in case.network.protections:
        if protection.mode is Mode.REQUIRED:
            continue
        for line, _ in case.clear_routes(protection)[:1]:
            port = line.interface
            wanted = [(cloud, site) for cloud in protection.cloud for site in protection.site]
            if port is None or all(lets_in(case, port, cloud, site) for cloud, site in wanted):
                continue
            name = port.access_list_in or f"{port.nameif}-IN"
            commands = [f"access-list {name} extended permit ip {masked(a)} {masked(b)}" for a, b in wanted]
            found = f"access list {port.access_list_in} does not permit it" if port.access_list_in else "no access list"
            yield error(
                code="DEV-D5",
                subject=f"interface {port.name}",
                problem=f"clear packets from {join(protection.cloud)} to {join(protection.site)} arrive at security "
                f"level {port.security_level} and {found}: what the VPC starts over the circuit is dropped, while "
                "answers to the data centre pass; the plan wants this fallback to work",
                remedy=enter(*commands, f"access-group {name} in interface {port.nameif}"),
                seen_at=case.places(f"access-group {name}", port.origin),
            )


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


def _d7(case: Case) -> Iterator[Finding]:
    speaker = case.device.bgp
    live = case.announced()
    for one in speaker.networks if speaker else ():
        inside = [pair for pair in case.pairs if one.prefix in live and pair.near.remote in one.prefix]
        bare = [pair for pair in inside if not _pinned(pair, one.prefix)]
        if bare:
            hosts = join(host_prefix(pair.near.remote) for pair in bare)
            yield error(
                code="DEV-D7",
                subject=f"network {one.prefix}",
                problem=f"it holds the tunnels' own outer addresses {hosts}, and the transit router has no host routes "
                "to them over the circuit: it would send ESP into the tunnel itself, and the tunnels flap; traffic in "
                "both directions alternates between clear and lost",
                remedy=f"add {hosts} by the border router's attachment to the transit router's route table before the "
                f"sessions come up, or enter `no network {one.prefix.network_address} mask {one.prefix.netmask}`",
                seen_at=known(one.origin),
            )


def _pinned(pair: Pair, announced: Prefix) -> bool:
    """True when the transit router reaches the outer address over the circuit by a longer custom route."""
    if pair.router is None:
        return False
    borders = {one.name for one in pair.router.attachments if one.kind is AttachmentKind.VBR}
    return any(
        route.attachment in borders
        and pair.near.remote in route.prefix
        and route.prefix.prefixlen > announced.prefixlen
        for table in pair.router.tables
        if pair.near.table in (None, table.name)
        for route in table.routes
    )


def _d8(case: Case) -> Iterator[Finding]:
    for protection in case.network.protections:
        routes = [route for _, route in case.clear_routes(protection)]
        if not routes:
            continue
        required = protection.mode is Mode.REQUIRED
        verdict = "which allows none of this" if required else "which allows it"
        yield (error if required else info)(
            code="DEV-D8",
            subject=f"protection {protection.name}",
            problem=f"while no session is up, {join(dict.fromkeys(route.prefix for route in routes))} is "
            f"reached over the "
            "circuit in clear, in both directions and without a signal on the device; the plan's mode is "
            f"{protection.mode.value}, {verdict}",
            remedy=enter(*(_no_route(case, route) for route in routes))
            + ("" if required else " if clear text must never cross the circuit"),
            seen_at=known(*(route.origin for route in routes)),
        )


def _no_route(case: Case, route: StaticRoute) -> str:
    return f"no route {case.nameif(route.interface)} {masked(route.prefix)} {route.next_hop} {route.distance}"


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


def _d13(case: Case) -> Iterator[Finding]:
    told = case.announced_by_cloud()
    for protection in case.network.protections:
        routes = [route for _, route in case.clear_routes(protection) if told and not covered(route.prefix, told)]
        if not routes:
            continue
        wide = dict.fromkeys(route.prefix for route in routes)
        nameif = case.nameif(routes[0].interface)
        kept = (f"route {nameif} {masked(one)} {routes[0].next_hop} {_FALLBACK_DISTANCE}" for one in told)
        yield (error if protection.mode is Mode.REQUIRED else info)(
            code="DEV-D13",
            subject=f"protection {protection.name}",
            problem=f"the tunnels carry {join(told)} only; what the data centre sends to other addresses of "
            f"{join(wide)} "
            "crosses the circuit in clear even while the tunnels are up",
            remedy=enter(*(_no_route(case, route) for route in routes), *kept),
            seen_at=known(*(route.origin for route in routes)),
        )


def _is_placeholder(key: Secret) -> bool:
    """A key that a document has blanked out in part, like ``abc****``; the key itself is looked at, never shown."""
    return "***" in key.reveal()


def _keys(case: Case) -> Iterator[Finding]:
    for pair in case.pairs:
        key = pair.far.psk
        if key is None:
            continue
        group = f"tunnel-group {pair.near.local} ipsec-attributes"
        header = case.places(group, pair.far.origin)
        start = max(place.line for place in header)
        lines = tuple(one for one in case.places("*****") if one.line > start)[:2]
        differs = pair.near.psk is not None and pair.near.psk != key
        remedy = enter(
            group, "ikev2 remote-authentication pre-shared-key KEY", "ikev2 local-authentication pre-shared-key KEY"
        )
        if _is_placeholder(key):
            yield (warning if pair.near.psk == key else error)(
                code="DEV-D14",
                subject=f"tunnel-group {pair.near.local}",
                problem="its pre-shared key is the blanked-out placeholder of a document, expected the cloud's key; "
                "no tunnel comes up, and traffic in both directions stays in clear",
                remedy=remedy + f" with the key of {pair.near.name}",
                seen_at=(*lines, *header),
            )
        elif differs:
            yield error(
                code="DEV-101",
                subject=f"tunnel-group {pair.near.local}",
                problem=f"its pre-shared key is not the one of {pair.near.name}; authentication fails, no tunnel comes "
                "up, and traffic in both directions stays in clear",
                remedy=remedy + f" with the key of {pair.near.name}",
                seen_at=(*lines, *header, *known(pair.near.origin)),
            )


def _d15(case: Case) -> Iterator[Finding]:
    weak = [
        end
        for end in case.device.tunnel_ends
        if _WEAK_INTEGRITY & {*end.ike.integrity, *end.ike.prf, *end.esp.integrity}
        or _WEAK_ENCRYPTION & {*end.ike.encryption, *end.esp.encryption}
        or any(group < _SMALLEST_GROUP for group in end.ike.dh_groups)
    ]
    if weak:
        yield info(
            code="DEV-D15",
            subject=f"tunnels {join(end.name for end in weak)}",
            problem="they use the cloud's defaults, which work but are weak by today's measure (SHA-1 or older "
            "algorithms); nothing leaks or drops",
            remedy="set aes256, sha256 and group14 on the cloud's tunnels and "
            + enter("encryption aes-256", "integrity sha256", "prf sha256")
            + " in the policy, and `protocol esp integrity sha-256` in the proposal, at the same time",
            seen_at=known(*dict.fromkeys(place for end in weak for place in (end.ike.origin, end.esp.origin))),
        )


def _d16(case: Case) -> Iterator[Finding]:
    cloud = [prefix for protection in case.network.protections for prefix in protection.cloud]
    for line in case.lines[:1]:
        if cloud and line.interface is not None:
            captures = (f"capture CLEAR interface {line.interface.nameif} match ip {masked(one)} any" for one in cloud)
            yield info(
                code="DEV-D16",
                subject=f"circuit {line.name}",
                problem="counters of the tunnels show that some packets were encrypted, never that none crossed "
                "in clear",
                remedy=enter(*captures) + "; it must stay empty in both directions while traffic runs",
                seen_at=known(line.interface.origin),
            )


DEFECTS = (_not_joined, _d1, _d2, _d3, _d4, _d5, _d6, _d7, _d8, _d9, _d11, _d12, _d13, _keys, _d15, _d16)
