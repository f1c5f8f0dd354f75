"""Draws small networks and events from a seed; equal seeds give equal networks."""

import random
from dataclasses import dataclass

from fidelity.small import (
    Border,
    Connection,
    Device,
    Filters,
    Joined,
    Small,
    Static,
    build,
    cloud_outer,
    device_outer,
)
from sealane.model import (
    AttachmentKind,
    MapDirection,
    MatchMode,
    PrefixList,
    PrefixListEntry,
    RouteMap,
    RouteMapEntry,
    RouteType,
    TransitRouteMap,
)
from sealane.net import Asn, Prefix
from sealane.twin.element import Element, ElementKind, elements

SITE = ("192.168.20.0/24", "192.168.21.0/24", "192.168.20.0/25", "192.168.0.0/16", "192.168.50.0/24")
CLOUD = ("172.16.10.0/24", "172.16.20.0/24", "172.16.0.0/16", "10.10.10.0/24", "0.0.0.0/0")
DISTANCES = (1, 1, 2, 19, 20, 21, 30, 200, 250)


@dataclass(frozen=True, slots=True)
class Event:
    """An element that fails or comes back, or a daemon that is killed and started again (``restart``)."""

    element: Element | None
    fails: bool = True
    restart: str = ""

    def __str__(self) -> str:
        return f"restart {self.restart}" if self.restart else f"{'fail' if self.fails else 'mend'} {self.element}"


def draw(seed: int, *, tunnels: bool) -> Small:
    """A network."""
    rng = random.Random(seed * 2 + int(tunnels))
    shape = rng.choice(("1-1", "2-1", "2-1", "2-2", "2-2"))
    if tunnels and rng.random() < 0.4:
        shape = "1-1"
    names = ("d1", "d2") if shape == "2-2" else ("d1",)
    owners = {"1-1": ("d1",), "2-1": ("d1", "d1"), "2-2": ("d1", "d2")}[shape]
    tables = ("lab",) if rng.random() < 0.35 else ()
    lan = rng.random() < 0.6 or not tunnels
    same = rng.random() < 0.3
    borders = tuple(_border(rng, f"vbr{number}", owner, tables, tunnels) for number, owner in enumerate(owners, 1))
    connections = ()
    if tunnels:
        connections = tuple(_connection(rng, one, tables) for one in names if one == "d1" or rng.random() < 0.5)
    devices = tuple(
        _device(rng, name, Asn(65530 if same or name == "d1" else 65531), borders, connections, lan=lan,
                beside=("d1",) if name == "d2" and lan and rng.random() < 0.35 else ())
        for name in names
    )
    outer = [
        (connection.joined.association or "system", f"{device_outer(connection.device, number + 1)}/32",
         next(one.name for one in borders if one.device == connection.device))
        for connection in connections for number in range(connection.tunnels) if rng.random() < 0.93
    ]
    attachments = [*(one.name for one in borders), *(f"co-{one.device}" for one in connections), "vpc"]
    routes = {(table, prefix): (table, prefix, target) for table, prefix, target in outer}
    for _ in range(rng.choice((0, 0, 1, 2, 3))):
        table, prefix = rng.choice(("system", *tables)), rng.choice((*SITE, *CLOUD[:3]))
        routes[table, prefix] = (table, prefix, rng.choice((*attachments, None)))
    return Small(
        borders, devices, connections,
        vpc=tuple(sorted({"172.16.10.0/24", *rng.sample(("172.16.20.0/24", "172.16.0.0/16"), rng.choice((0, 1)))})),
        vpc_joined=_joined(rng, tables), tables=tables, routes=tuple(routes.values()),
        maps=(*(one for one in _withholding(connections, tables) if rng.random() < 0.95),
              *(_map(rng, number, tables, attachments) for number in range(rng.choice((0, 0, 1, 2, 3))))),
        publish_cidr=rng.random() < 0.93, core=lan and rng.random() < 0.4,
    )


def _withholding(connections: tuple[Connection, ...], tables: tuple[str, ...]) -> tuple[TransitRouteMap, ...]:
    """The policy of the use case: VBRs are not told of the outer addresses."""
    if not connections:
        return ()
    hosts = tuple(Prefix(f"{device_outer(one.device, number + 1)}/32") for one in connections
                  for number in range(one.tunnels))
    return tuple(
        TransitRouteMap(f"withhold-{table}", table, MapDirection.REGION_OUT, 5, permit=False, prefixes=hosts,
                        destination_kinds=(AttachmentKind.VBR,), prefix_mode=MatchMode.COMPLETE)
        for table in ("system", *tables)
    )


def _joined(rng: random.Random, tables: tuple[str, ...], *, plain: float = 0.0) -> Joined:
    if rng.random() < plain:
        return Joined(propagations=("system", *tables))
    everything = ("system", *tables)
    association = rng.choice(everything) if rng.random() < 0.9 else None
    propagations = tuple(one for one in everything if rng.random() < 0.85)
    return Joined(association, propagations, rng.random() < 0.85)


def _border(rng: random.Random, name: str, device: str, tables: tuple[str, ...], tunnels: bool) -> Border:
    bgp = rng.random() < (0.4 if tunnels else 0.7)
    lines = rng.sample((*SITE, "0.0.0.0/0"), rng.choice((0, 1, 2)))
    if tunnels and not bgp:
        lines = sorted({*lines, "192.168.0.0/16"})
    return Border(
        name, device, bgp, rng.choice((45104, 45104, 65100)), tuple(lines),
        ("192.168.22.0/24",) if rng.random() < 0.1 else (),
        _joined(rng, tables, plain=0.85 if tunnels else 0.2), _filters(rng),
    )


def _connection(rng: random.Random, device: str, tables: tuple[str, ...]) -> Connection:
    bgp = rng.random() < 0.8
    return Connection(
        device, rng.choice((1, 2, 2)), bgp, () if bgp else tuple(rng.sample(SITE[:3], rng.choice((1, 2)))),
        _joined(rng, tables, plain=0.85), (_filters(rng), _filters(rng)),
    )


def _filters(rng: random.Random) -> Filters:
    def maybe(*names: str) -> str | None:
        return rng.choice(names) if rng.random() < 0.25 else None

    return Filters(maybe("SITES", "CLOUD", "NONE"), maybe("SITES", "CLOUD", "NONE"),
                   maybe("M1", "M2", "MISSING"), maybe("M1", "M2"))


def _device(
    rng: random.Random, name: str, asn: Asn, borders: tuple[Border, ...], connections: tuple[Connection, ...], *,
    lan: bool, beside: tuple[str, ...],
) -> Device:
    mine = [one.name for one in borders if one.device == name]
    connection = next((one for one in connections if one.device == name), None)
    tunnels = 0 if connection is None else connection.tunnels
    statics = [
        Static(f"{cloud_outer(name, number + 1)}/32", rng.choice(mine)) for number in range(tunnels)
        if rng.random() < 0.95
    ]
    ways = [*mine, *mine, "discard", *(f"tunnel:{number + 1}" for number in range(tunnels)), *(["lan"] if lan else []),
            *([f"odd:{mine[0]}"] if lan else [])]
    statics += [
        Static(rng.choice(CLOUD[:3]), rng.choice(ways), rng.choice(DISTANCES)) for _ in range(rng.choice((0, 1, 2, 3)))
    ]
    statics += [
        Static(rng.choice(SITE[:4]), rng.choice(("discard", *(["lan"] if lan else []), *ways)), rng.choice(DISTANCES),
               rng.random() < 0.8)
        for _ in range(rng.choice((0, 1, 2, 3)))
    ]
    asa = rng.random() < 0.4
    if asa:  # an ASA always names the interface
        statics = [Static(one.prefix, one.via, one.distance) for one in statics]
    outers = tuple(f"192.168.{name[1:]}{number + 1}.0/24" for number in range(tunnels))
    pool = (*SITE, *outers, "172.16.10.0/24", "172.16.0.0/16")
    return Device(
        name, int(asn), asa, rng.random() < 0.6, int(name[1:]) if lan else None, rng.random() < 0.5,
        _agreeing(statics), tuple(rng.sample(pool, rng.choice((0, 1, 2, 3)))), rng.choice((1, 1, 2, 4)),
        rng.random() < 0.4, _lists(rng), _route_maps(rng), beside,
    )


def _agreeing(statics: list[Static]) -> tuple[Static, ...]:
    """Without those that discard what another one of that distance forwards: FRR takes no such configuration."""
    forwarded = {(one.prefix, one.distance) for one in statics if one.via != "discard"}
    return tuple(one for one in statics if one.via != "discard" or (one.prefix, one.distance) not in forwarded)


def _lists(rng: random.Random) -> tuple[PrefixList, ...]:
    def entry(seq: int, pool: tuple[str, ...]) -> PrefixListEntry:
        prefix = Prefix(rng.choice(pool))
        kind = rng.choice(("", "le", "ge", "both"))
        low = rng.randint(prefix.prefixlen + 1, 28) if kind in {"ge", "both"} and prefix.prefixlen < 28 else None
        high = rng.randint(max(low or 0, prefix.prefixlen + 1), 32) if kind in {"le", "both"} else None
        return PrefixListEntry(seq, rng.random() < 0.8, prefix, low, high)

    def entries(pool: tuple[str, ...]) -> tuple[PrefixListEntry, ...]:
        return tuple(entry(5 * number + 5, pool) for number in range(rng.choice((1, 2, 3))))

    return PrefixList("SITES", entries(SITE)), PrefixList("CLOUD", entries(CLOUD))


def _route_maps(rng: random.Random) -> tuple[RouteMap, ...]:
    def entry(seq: int) -> RouteMapEntry:
        return RouteMapEntry(
            seq, rng.random() < 0.8, rng.choice(((), ("SITES",), ("CLOUD",), ("SITES", "CLOUD"))),
            rng.choice((None, None, 50, 200)), rng.choice((None, None, 5, 77)),
            rng.choice(((), (), (Asn(65001),), (Asn(65001), Asn(65001)))),
        )

    return tuple(
        RouteMap(name, tuple(entry(10 * number + 10) for number in range(rng.choice((1, 2))))) for name in ("M1", "M2")
    )


def _map(rng: random.Random, number: int, tables: tuple[str, ...], attachments: list[str]) -> TransitRouteMap:
    direction = rng.choice(tuple(MapDirection))
    outward = direction is MapDirection.REGION_OUT
    permit = rng.random() < 0.6
    kinds = tuple(AttachmentKind)
    return TransitRouteMap(
        f"map{number}", rng.choice(("system", *tables)), direction, 10 + 10 * number, permit,
        next_priority=rng.choice((None, 20 + 10 * number)) if permit else None,
        source_instances=tuple(rng.sample(attachments, 1)) if rng.random() < 0.3 else (),
        source_instances_reverse=rng.random() < 0.2,
        destination_instances=tuple(rng.sample(attachments, 1)) if outward and rng.random() < 0.3 else (),
        destination_instances_reverse=outward and rng.random() < 0.2,
        source_kinds=tuple(rng.sample(kinds, 1)) if rng.random() < 0.4 else (),
        destination_kinds=tuple(rng.sample(kinds, 1)) if outward and rng.random() < 0.4 else (),
        route_types=tuple(rng.sample(tuple(RouteType), 1)) if rng.random() < 0.2 else (),
        prefixes=tuple(Prefix(one) for one in rng.sample((*SITE, *CLOUD), rng.choice((0, 1, 2)))),
        prefix_mode=rng.choice(tuple(MatchMode)),
        as_numbers=(Asn(rng.choice((65530, 65531, 65001))),) if rng.random() < 0.15 else (),
        as_mode=rng.choice(tuple(MatchMode)),
        communities=((65534, 77),) if rng.random() < 0.1 else (),
        community_mode=rng.choice(tuple(MatchMode)),
        set_preference=rng.choice((None, 10, 90)) if permit else None,
        set_communities=rng.choice(((), ((65534, 77),), ((65534, 88),))) if permit else (),
        communities_replace=rng.random() < 0.3,
        prepend=rng.choice(((), (Asn(65001),), (Asn(65530),), (Asn(65002), Asn(65003)))) if permit else (),
    )


def draw_events(seed: int, small: Small, count: int, *, tunnels: bool) -> tuple[Event, ...]:
    """Events one after another; at most three elements have failed at a time."""
    rng = random.Random(1_000_003 * (seed + 1) + int(tunnels))
    known = [one for one in elements(build(small)) if one.kind is not ElementKind.NODE or one.name != "tr"]
    weight = {ElementKind.NODE: 1, ElementKind.CIRCUIT: 3, ElementKind.LINK: 2, ElementKind.TUNNEL: 4,
              ElementKind.CONNECTION: 2, ElementKind.BGP: 3}
    speakers = [one.name for one in (*small.borders, *small.devices)] + ["tr"]
    failed: list[Element] = []
    found = []
    for _ in range(count):
        if rng.random() < 0.08:
            found.append(Event(None, restart=rng.choice(speakers)))
        elif failed and (len(failed) == 3 or rng.random() < 0.4):
            found.append(Event(failed.pop(rng.randrange(len(failed))), fails=False))
        else:
            rest = [one for one in known if one not in failed]
            one = rng.choices(rest, [weight[found.kind] for found in rest])[0]
            failed.append(one)
            found.append(Event(one))
    return tuple(found)


def still_possible(small: Small, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Those of some events that can happen to a network: what fails is there and had not failed, what is mended had.

    Raises:
        ValueError: The network cannot be built; likewise LookupError and StopIteration.
    """
    known = set(elements(build(small)))
    speakers = {one.name for one in (*small.borders, *small.devices)} | {"tr"}
    failed: set[Element] = set()
    found = []
    for event in events:
        one = event.element
        if one is None:
            possible = event.restart in speakers
        else:
            possible = one in known and (one in failed) is not event.fails
            if possible:
                (failed.add if event.fails else failed.discard)(one)
        if possible:
            found.append(event)
    return tuple(found)
