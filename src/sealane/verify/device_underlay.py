"""The circuit and the tunnels' outer packets: where they leave and arrive.

``DEV-100``, ``DEV-D1``, ``DEV-D3``, ``DEV-D7``.
"""

from collections.abc import Iterator

from sealane.diag import Finding, Origin
from sealane.model import AttachmentKind, InterfaceKind, TunnelEnd
from sealane.net import Prefix, host_prefix
from sealane.verify.device_case import Case, Pair, enter, error, join, known, lets_out, masked, neighbor_of


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


def _d7(case: Case) -> Iterator[Finding]:
    speaker = case.device.bgp
    live = case.announced()
    for one in speaker.networks if speaker else ():
        told = one.prefix in live and any(
            mine is not None and lets_out(case, mine, one.prefix)
            for mine in (neighbor_of(case, pair) for pair in case.pairs)
        )
        inside = [pair for pair in case.pairs if told and pair.near.remote in one.prefix]
        bare = [pair for pair in inside if not _pinned(case, pair, one.prefix)]
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


def _pinned(case: Case, pair: Pair, announced: Prefix) -> bool:
    """True when the transit router reaches the outer address over the circuit by a route that ranks higher.

    That is a longer custom route of its own, or one of a border router, which wins at equal length too.
    """
    if pair.router is None:
        return False
    borders_routes = (one for line in case.lines for one in case.reached(line))
    if any(pair.near.remote in one and one.prefixlen >= announced.prefixlen for one in borders_routes):
        return True
    borders = {one.name for one in pair.router.attachments if one.kind is AttachmentKind.VBR}
    return any(
        route.attachment in borders
        and pair.near.remote in route.prefix
        and route.prefix.prefixlen > announced.prefixlen
        for table in pair.router.tables
        if pair.near.table in (None, table.name)
        for route in table.routes
    )


UNDERLAY = (_not_joined, _d1, _d3, _d7)
