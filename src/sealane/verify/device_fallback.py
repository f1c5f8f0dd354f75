"""The way in clear beside the tunnels.

``DEV-D4``, ``DEV-D5``, ``DEV-D8``, ``DEV-D13``; and what shows it unused, ``DEV-D16``.
"""

from collections.abc import Iterator

from sealane.diag import Finding
from sealane.model import Mode, StaticRoute
from sealane.net import overlaps
from sealane.verify.device_case import Case, covered, enter, error, info, join, known, lets_in, masked

_EBGP_DISTANCE = 20
_FALLBACK_DISTANCE = 30


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


def _d16(case: Case) -> Iterator[Finding]:
    cloud = [prefix for protection in case.network.protections for prefix in protection.cloud]
    for line in case.lines:
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


FALLBACK = (_d4, _d5, _d8, _d13, _d16)
