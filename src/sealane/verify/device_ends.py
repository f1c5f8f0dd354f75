"""Disagreements between a device and the cloud's ends of its tunnels and sessions, ``DEV-101`` and up."""

from collections.abc import Iterable, Iterator

from sealane.diag import Finding, Origin
from sealane.model import BgpNeighbor, LineVerdict, inner_mtu, tcp_mss
from sealane.net import Address, host_prefix
from sealane.verify.device_case import (
    Case,
    Line,
    Pair,
    enter,
    error,
    join,
    known,
    lets_in,
    masked,
    neighbor_of,
    warning,
)

_UDP, _ESP = 17, 50


def _offers(pair: Pair) -> Iterator[Finding]:
    near, far = pair.near, pair.far
    kinds: tuple[tuple[str, str, Iterable[object], Iterable[object], Origin | None], ...] = (
        ("DEV-102", "IKE version", (near.ike.version,), (far.ike.version,), far.ike.origin),
        ("DEV-102", "IKE encryption", near.ike.encryption, far.ike.encryption, far.ike.origin),
        ("DEV-102", "IKE integrity", near.ike.integrity, far.ike.integrity, far.ike.origin),
        ("DEV-102", "IKE prf", near.ike.prf, far.ike.prf, far.ike.origin),
        ("DEV-102", "IKE group", near.ike.dh_groups, far.ike.dh_groups, far.ike.origin),
        ("DEV-103", "ESP encryption", near.esp.encryption, far.esp.encryption, far.esp.origin),
        ("DEV-103", "ESP integrity", near.esp.integrity, far.esp.integrity, far.esp.origin),
    )
    for code, word, cloud, device, origin in kinds:
        if not set(cloud) & set(device):
            yield error(
                code=code,
                subject=f"interface {far.name}",
                problem=f"{word} is {join(device)} here and {join(cloud)} at {near.name}; the tunnel does not come up, "
                "and traffic in both directions stays in clear",
                remedy=f"set the {word} of both ends to one common value",
                seen_at=known(origin, near.origin),
            )
    if near.esp.pfs_group != far.esp.pfs_group:
        groups = [f"group{one}" if one else "none" for one in (far.esp.pfs_group, near.esp.pfs_group)]
        yield error(
            code="DEV-104",
            subject=f"interface {far.name}",
            problem=f"PFS is {groups[0]} here and {groups[1]} at {near.name}; the tunnel comes up, because the "
            f"first child "
            "SA has no exchange of its own, and fails at its first rekey; traffic then falls back to clear",
            remedy=enter(f"set pfs {groups[1]}" if near.esp.pfs_group else "no set pfs") + " in the IPsec profile",
            seen_at=known(far.esp.origin, near.origin),
        )


def _addresses(pair: Pair) -> Iterator[Finding]:
    near, far = pair.near, pair.far
    if far.local != near.remote:
        yield error(
            code="DEV-110",
            subject=f"interface {far.name}",
            problem=f"its outer source is {far.local}, but the cloud's customer gateway of {near.name} is "
            f"{near.remote}; "
            "the tunnel does not come up, and traffic in both directions stays in clear",
            remedy=f"give its tunnel source the address {near.remote}, or correct the customer gateway",
            seen_at=known(far.origin, near.origin),
        )
    elif (far.local_id, far.remote_id) != (near.remote_id, near.local_id):
        yield error(
            code="DEV-111",
            subject=f"interface {far.name}",
            problem=f"its IKE identities are {far.local_id} and {far.remote_id} (own, peer), expected "
            f"{near.remote_id} and "
            f"{near.local_id} as {near.name} has them; authentication fails and traffic stays in clear",
            remedy=enter("set ikev2 local-identity address")
            + " in the IPsec profile, or change the cloud's identities",
            seen_at=known(far.esp.origin, far.origin, near.origin),
        )
    if near.inside and (
        far.inside is None or far.inside.network != near.inside.network or far.inside.ip == near.inside.ip
    ):
        other = next(host for host in near.inside.network.hosts() if host != near.inside.ip)
        yield error(
            code="DEV-108",
            subject=f"interface {far.name}",
            problem=f"its inside address is {far.inside or 'missing'}, expected {other} beside {near.inside} of "
            f"{near.name}; "
            "BGP does not come up, and traffic in both directions stays in clear",
            remedy=enter(f"interface {far.name}", f"ip address {other} {near.inside.network.netmask}"),
            seen_at=known(far.origin, near.origin),
        )


def check_ends(case: Case) -> Iterator[Finding]:
    """Compare proposals, addresses, identities and sessions of each tunnel."""
    for pair in case.pairs:
        yield from _offers(pair)
        yield from _addresses(pair)
        yield from _sessions(case, pair)
    yield from _border_sessions(case)
    for near in case.unanswered:
        yield error(
            code="DEV-109",
            subject=f"tunnel {near.name}",
            problem=f"no complete tunnel interface of the device has the destination {near.local}; what this tunnel "
            "should carry stays in clear or takes the other tunnel",
            remedy=enter("interface TunnelN", f"tunnel destination {near.local}") + " with source, mode and protection",
            seen_at=known(case.device.origin, near.origin),
        )


def _sessions(case: Case, pair: Pair) -> Iterator[Finding]:
    speaker, session, mine = case.device.bgp, pair.session, neighbor_of(case, pair)
    if session is None or pair.near.inside is None:
        return
    down = "the session does not come up, and traffic in both directions stays in clear"
    cloud = pair.near.inside.ip
    if speaker is None or mine is None or not mine.activated:
        yield error(
            code="DEV-107",
            subject=f"neighbor {cloud}",
            problem=f"the device has no active BGP neighbor {cloud} in {pair.far.name}: {down}",
            remedy=enter(f"neighbor {cloud} remote-as {session.local_asn or 'ASN'}", f"neighbor {cloud} activate"),
            seen_at=known(mine.origin if mine else None, speaker.origin if speaker else pair.far.origin),
        )
        return
    if session.local_asn is not None and mine.remote_asn != session.local_asn:
        yield error(
            code="DEV-105",
            subject=f"neighbor {cloud}",
            problem=f"remote-as is {mine.remote_asn}, but {pair.near.name} runs AS {session.local_asn}: {down}",
            remedy=enter(f"neighbor {cloud} remote-as {session.local_asn}"),
            seen_at=known(mine.origin, session.origin),
        )
    own = mine.local_asn or speaker.asn
    if own != session.remote_asn:
        yield error(
            code="DEV-106",
            subject=f"neighbor {cloud}",
            problem=f"the device shows AS {own}, but the cloud's customer gateway expects AS "
            f"{session.remote_asn}: {down}",
            remedy=f"run `router bgp {session.remote_asn}`, or correct the customer gateway's AS",
            seen_at=known(speaker.origin, session.origin),
        )
    yield from _passwords(case, mine, session, pair.near.name)


def _border_sessions(case: Case) -> Iterator[Finding]:
    """Passwords of the sessions with border routers that both ends have."""
    for line in case.lines:
        mine = case.neighbor_on(line)
        if line.session is not None and mine is not None:
            yield from _passwords(case, mine, line.session, "the border router")


def _passwords(case: Case, mine: BgpNeighbor, session: BgpNeighbor, name: str) -> Iterator[Finding]:
    """Both ends of a session have one password or none; of one that is masked only its presence is known."""
    here, there = mine.password is not None or mine.password_masked, session.password is not None
    if here == there and (mine.password is None or mine.password == session.password):
        return
    command = f"neighbor {mine.address} password"
    enter_it = enter(f"{command} KEY") + f" with the key of {name}"
    if not there:
        problem = f"it has a password, but {name} has none"
        remedy = enter(f"no {command}") + f", or give {name} the key"
    elif here:
        problem, remedy = f"its password is not the one of {name}", enter_it
    else:
        problem, remedy = f"it has no password, but {name} has one", enter_it
    yield error(
        code="DEV-117",
        subject=f"neighbor {mine.address}",
        problem=f"{problem}: each end drops the other's segments, and the session does not come up",
        remedy=remedy,
        seen_at=known(*case.places(command, mine.origin), session.origin),
    )


def check_paths(case: Case) -> Iterator[Finding]:
    """Follow the outer packets: they must leave by a circuit and be let in from it."""
    circuits = {line.interface.name: line for line in case.lines if line.interface}
    for pair in case.pairs:
        target = host_prefix(pair.near.local)
        way, origin = case.way_to(target)
        if circuits and way not in circuits:
            name, line = next(iter(circuits.items()))
            yield error(
                code="DEV-112",
                subject=f"interface {pair.far.name}",
                problem=f"its outer packets to {pair.near.local} leave by {way or 'no route'}, "
                f"expected {name}; the tunnel stays down and traffic in both directions stays in clear",
                remedy=enter(f"route {case.nameif(name)} {masked(target)} {line.cloud.ip} 1"),
                seen_at=known(origin, pair.far.origin),
            )
        for line in [circuits[way]] if way in circuits else circuits.values():
            yield from _outer_filter(case, line, pair.near.local, pair.far.local)


def _outer_filter(case: Case, line: Line, gateway: Address, own: Address) -> Iterator[Finding]:
    port = line.interface
    ends = host_prefix(gateway), host_prefix(own)
    if port is None or port.access_list_in is None or all(lets_in(case, port, *ends, one) for one in (_UDP, _ESP)):
        return
    rules = (f"access-list {port.access_list_in} extended permit {word}" for word in ("udp", "esp"))
    yield warning(
        code="DEV-113",
        subject=f"access-list {port.access_list_in}",
        problem=f"it does not permit IKE and ESP from {gateway} to {own}; whether the device filters packets to "
        f"its own "
        "loopbacks by it depends on the release, and where it does the tunnel stays down",
        remedy=enter(*(f"{rule} host {gateway} host {own}" for rule in rules)),
        seen_at=case.places(f"access-group {port.access_list_in}", port.origin),
    )


def check_firewall(case: Case) -> Iterator[Finding]:
    """Address translation and segment size."""
    behaviour = case.device.stateful
    if behaviour is None:
        return
    if behaviour.has_nat:
        yield warning(
            code="DEV-114",
            subject="nat",
            problem="the device translates addresses; protected flows that match a rule leave with another "
            "source, miss "
            "the protection and find no way back",
            remedy="put an identity rule for the site's and the VPC's networks above the others",
            seen_at=tuple(
                line.origin
                for line in case.reading.lines
                if line.verdict is LineVerdict.UNDERSTOOD and line.text.split()[:1] == ["nat"]
            ),
        )
    if not behaviour.inspect_icmp:
        yield warning(
            code="DEV-116",
            subject="inspect icmp",
            problem="ICMP is not inspected, so answers to pings that the data centre starts in clear count as new "
            "packets and are dropped; pings that the VPC starts need an access list",
            remedy=enter("policy-map global_policy", "class inspection_default", "inspect icmp"),
            seen_at=known(case.device.origin),
        )
    mtu = min((line.mtu_bytes for line in case.lines), default=1500)
    room = min((tcp_mss(inner_mtu(mtu, pair.far.esp, udp_encapsulated=True)) for pair in case.pairs), default=None)
    if room is not None and (behaviour.tcp_mss_bytes is None or behaviour.tcp_mss_bytes > room):
        yield warning(
            code="DEV-115",
            subject="sysopt connection tcpmss",
            problem=f"segments of {behaviour.tcp_mss_bytes or 'any'} bytes do not fit the tunnels' {room}; large "
            "transfers stall in both directions where fragments or ICMP are lost",
            remedy=enter(f"sysopt connection tcpmss {room // 10 * 10}"),
            seen_at=case.places("sysopt connection tcpmss", case.device.origin),
        )
