"""Small networks written down in a few words: what the generator draws, the shrinker drops parts of and tests keep."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sealane.model import (
    Attachment,
    AttachmentKind,
    Bfd,
    BgpNeighbor,
    BgpNetwork,
    BgpSpeaker,
    Circuit,
    Dpd,
    Encryption,
    EspProposal,
    IkeProposal,
    Integrity,
    Interface,
    InterfaceKind,
    Network,
    Node,
    Platform,
    Port,
    PrefixList,
    Publisher,
    RouteMap,
    Segment,
    Stateful,
    StaticRoute,
    TransitCidr,
    TransitRoute,
    TransitRouteMap,
    TransitRouter,
    TransitTable,
    TunnelEnd,
    VirtualBorderRouter,
)
from sealane.net import Address, Asn, InterfaceAddress, NodeName, Prefix, Secret

CLOUD_ASN = Asn(65534)
IKE = IkeProposal(2, (Encryption.AES128,), (Integrity.SHA1,), (Integrity.SHA1,), (14,), 86400)
ESP = EspProposal((Encryption.AES128,), (Integrity.SHA1,), None, 86400)
_KEY = Secret("only-for-tests")


@dataclass(frozen=True, slots=True)
class Joined:
    """How an attachment takes part in the tables of the transit router."""

    association: str | None = "system"
    propagations: tuple[str, ...] = ("system",)
    auto_publish: bool = True


@dataclass(frozen=True, slots=True)
class Filters:
    """What a device applies to a neighbor, by the names of its lists and maps."""

    list_in: str | None = None
    list_out: str | None = None
    map_in: str | None = None
    map_out: str | None = None


@dataclass(frozen=True, slots=True)
class Border:
    """A VBR, its circuit ``NAME-line`` to a device, and its link ``NAME`` to the transit router.

    ``lines`` are prefixes of custom routes over the circuit, ``holes`` of those that discard.
    """

    name: str
    device: str
    bgp: bool = False
    asn: int = 45104
    lines: tuple[str, ...] = ()
    holes: tuple[str, ...] = ()
    joined: Joined = Joined()
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Connection:
    """An IPsec connection ``co-DEVICE`` with tunnels; without BGP it has destination-based routes."""

    device: str
    tunnels: int = 2
    bgp: bool = True
    prefixes: tuple[str, ...] = ()
    joined: Joined = Joined()
    filters: tuple[Filters, ...] = (Filters(), Filters())


@dataclass(frozen=True, slots=True)
class Static:
    """A static route of a device.

    ``via`` is a VBR's name (over the circuit), ``lan`` (a router there), ``lan:DEVICE``, ``tunnel:N`` (to the far
    inside address), ``discard``, or ``odd:VBR``: the VBR's address, but the LAN's interface.
    """

    prefix: str
    via: str
    distance: int = 1
    named: bool = True


@dataclass(frozen=True, slots=True)
class Device:
    """A customer gateway device; ``lan`` is its port's host number in 192.168.50.0/24, None without a LAN."""

    name: str
    asn: int = 65530
    asa: bool = False
    zone: bool = True
    lan: int | None = None
    wide: bool = False
    """Outer addresses stand on /24s, else on /32s."""
    statics: tuple[Static, ...] = ()
    networks: tuple[str, ...] = ()
    maximum_paths: int = 1
    bfd: bool = False
    lists: tuple[PrefixList, ...] = ()
    maps: tuple[RouteMap, ...] = ()
    beside: tuple[str, ...] = ()
    """Devices on the LAN that it speaks BGP with."""


@dataclass(frozen=True, slots=True)
class Small:
    """A whole network."""

    borders: tuple[Border, ...]
    devices: tuple[Device, ...]
    connections: tuple[Connection, ...] = ()
    vpc: tuple[str, ...] = ("172.16.10.0/24",)
    vpc_joined: Joined = Joined()
    tables: tuple[str, ...] = ()
    """Tables beside the system table."""
    routes: tuple[tuple[str, str, str | None], ...] = ()
    """(table, prefix, attachment or None for a black hole)."""
    maps: tuple[TransitRouteMap, ...] = ()
    publish_cidr: bool = True
    core: bool = False
    """A router of the site stands on the LAN, so that the LAN is a switch when there are two devices."""

    def device(self, name: str) -> Device:
        return next(one for one in self.devices if one.name == name)


def border_number(name: str) -> int:
    return int(name.removeprefix("vbr"))


def device_number(name: str) -> int:
    return int(name.removeprefix("d"))


def cloud_outer(device: str, number: int) -> str:
    return f"10.10.10.{device_number(device)}{number}"


def device_outer(device: str, number: int) -> str:
    return f"192.168.{device_number(device)}{number}.1"


def build(small: Small, name: str = "small") -> Network:
    """The network as a model."""
    nodes = [_transit(small), *(_border(small, one) for one in small.borders), *(_device(small, one)
             for one in small.devices)]
    segments = [_link(f"{one.name}", ("tr", one.name), (one.name, "tr")) for one in small.borders]
    if small.vpc:
        nodes.append(_vpc(small.vpc_joined))
        segments.append(_link("vpc", ("tr", "vpc"), ("vpc", "tr")))
        segments.append(Segment("vswitch", (Port(NodeName("vpc"), "vswitch"),)))
    lan = [(one.name, "lan") for one in small.devices if one.lan is not None]
    if lan and small.core:
        nodes.append(_core(small))
        lan.append(("core", "lan"))
    if lan:
        segments.append(_link("lan", *lan))
    circuits = tuple(
        Circuit(f"{one.name}-line", Port(NodeName(one.name), "circuit"), Port(NodeName(one.device), f"{one.name}"))
        for one in small.borders
    )
    return Network(
        name, tuple(sorted(nodes, key=lambda one: one.name)), tuple(sorted(segments, key=lambda one: one.name)),
        circuits, (),
    )


def _link(name: str, *ports: tuple[str, str]) -> Segment:
    return Segment(name, tuple(sorted(Port(NodeName(node), interface) for node, interface in ports)))


def _port(name: str, address: str, kind: InterfaceKind = InterfaceKind.ETHERNET, **more: object) -> Interface:
    return Interface(name, kind, (InterfaceAddress(address),), **more)  # type: ignore[arg-type]


def _transit(small: Small) -> Node:
    ports = [_port(one.name, f"100.64.{border_number(one.name)}.1/30") for one in small.borders]
    attachments = [
        Attachment(one.name, AttachmentKind.VBR, one.name, NodeName(one.name), (one.name,), one.joined.association,
                   one.joined.propagations, one.joined.auto_publish)
        for one in small.borders
    ]
    if small.vpc:
        ports.append(_port("vpc", "100.64.0.1/30"))
        joined = small.vpc_joined
        attachments.append(Attachment(
            "vpc", AttachmentKind.VPC, "vpc", NodeName("vpc"), ("vpc",), joined.association, joined.propagations,
            joined.auto_publish, tuple(Prefix(one) for one in small.vpc),
        ))
    ends: list[TunnelEnd] = []
    for one in small.connections:
        names = [f"co-{one.device}/tunnel-{number + 1}" for number in range(one.tunnels)]
        neighbors = []
        for number, name in enumerate(names, 1):
            inside = _inside(one.device, number, 1)
            ports.append(_port(name, inside, InterfaceKind.TUNNEL))
            ends.append(_end(
                name, inside, cloud_outer(one.device, number), device_outer(one.device, number), None,
                initiates=False, table=one.joined.association,
            ))
            if one.bgp:
                neighbors.append(BgpNeighbor(
                    Address(_inside(one.device, number, 2).split("/")[0]), Asn(small.device(one.device).asn),
                    local_asn=CLOUD_ASN, local_address=Address(inside.split("/")[0]), interface=name,
                    keepalive_s=1, hold_time_s=4, bfd=_bfd(small.device(one.device)),
                ))
        attachments.append(Attachment(
            f"co-{one.device}", AttachmentKind.VPN, f"co-{one.device}", None, tuple(names), one.joined.association,
            one.joined.propagations, one.joined.auto_publish,
            () if one.bgp else tuple(Prefix(found) for found in one.prefixes), tuple(neighbors),
        ))
    tables = tuple(
        TransitTable(name, system=name == "system", routes=tuple(
            TransitRoute(Prefix(prefix), attachment) for table, prefix, attachment in small.routes if table == name
        ))
        for name in ("system", *small.tables)
    )
    router = TransitRouter(
        "here", (TransitCidr(Prefix("10.10.10.0/24"), small.publish_cidr),), tables, tuple(attachments), small.maps,
    )
    return Node(NodeName("tr"), Platform.TRANSIT_ROUTER, tuple(ports), tunnel_ends=tuple(ends), transit_router=router)


def _bfd(device: Device) -> Bfd | None:
    return Bfd(300, 4) if device.bfd and not device.asa else None


def _inside(device: str, number: int, host: int) -> str:
    return f"169.254.{device_number(device)}{number}.{host}/30"


def _end(
    name: str, inside: str, local: str, remote: str, source: str | None, *, initiates: bool, table: str | None
) -> TunnelEnd:
    return TunnelEnd(
        name, name, InterfaceAddress(inside), Address(local), source, Address(remote), IKE, ESP, local, remote,
        _KEY, Dpd(1, 3), initiates, table=table,
    )


def _vpc(joined: Joined) -> Node:
    everything = ("10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12")
    clouds = tuple(StaticRoute(Prefix(one), Address("100.64.0.1"), "tr") for one in everything)
    ports = (_port("tr", "100.64.0.2/30"), _port("vswitch", "172.16.10.253/24"))
    publisher = Publisher(NodeName("tr"), "tr", Address("100.64.0.1")) if joined.auto_publish else None
    return Node(NodeName("vpc"), Platform.VPC, ports, clouds, publisher=publisher)


def _core(small: Small) -> Node:
    hosts = [one.lan for one in small.devices if one.lan is not None]
    default = StaticRoute(Prefix("0.0.0.0/0"), Address(f"192.168.50.{hosts[0]}"), "lan")
    return Node(NodeName("core"), Platform.ROUTER, (_port("lan", "192.168.50.216/24"),), (default,))


def _border(small: Small, one: Border) -> Node:
    number = border_number(one.name)
    ports = (_port("circuit", f"10.0.{number}.1/30"), _port("tr", f"100.64.{number}.2/30"))
    device = small.device(one.device)
    neighbors = (
        BgpNeighbor(Address(f"10.0.{number}.2"), Asn(device.asn), keepalive_s=1, hold_time_s=4, bfd=_bfd(device)),
    )
    vbr = VirtualBorderRouter(
        "circuit", "tr", NodeName("tr"),
        (*(TransitRoute(Prefix(prefix), "circuit") for prefix in one.lines),
         *(TransitRoute(Prefix(prefix), None) for prefix in one.holes)),
        neighbors if one.bgp else (), Asn(one.asn), Address(f"10.0.{number}.2"),
    )
    return Node(NodeName(one.name), Platform.VBR, ports, vbr=vbr)


def _device(small: Small, one: Device) -> Node:
    borders = [found for found in small.borders if found.device == one.name]
    connection = next((found for found in small.connections if found.device == one.name), None)
    ports = [_port(found.name, f"10.0.{border_number(found.name)}.2/30") for found in borders]
    neighbors = [
        _filtered(BgpNeighbor(Address(f"10.0.{border_number(found.name)}.1"), Asn(found.asn), keepalive_s=1,
                              hold_time_s=4, bfd=_bfd(one)), found.filters)
        for found in borders if found.bgp
    ]
    ends: list[TunnelEnd] = []
    for number in range(1, 1 + (connection.tunnels if connection else 0)):
        outer, name = device_outer(one.name, number), f"Tunnel{number}"
        ports.append(_port(f"Loopback{number}", f"{outer}/{24 if one.wide else 32}", InterfaceKind.LOOPBACK))
        ports.append(_port(name, _inside(one.name, number, 2), InterfaceKind.TUNNEL))
        ends.append(_end(
            name, _inside(one.name, number, 2), outer, cloud_outer(one.name, number), f"Loopback{number}",
            initiates=True, table=None,
        ))
        if connection is not None and connection.bgp:
            neighbors.append(_filtered(
                BgpNeighbor(Address(_inside(one.name, number, 1).split("/")[0]), CLOUD_ASN, keepalive_s=1,
                            hold_time_s=4, bfd=_bfd(one)),
                connection.filters[number - 1],
            ))
    if one.lan is not None:
        ports.append(_port("lan", f"192.168.50.{one.lan}/24"))
        neighbors += [
            BgpNeighbor(Address(f"192.168.50.{other.lan}"), Asn(other.asn), keepalive_s=1, hold_time_s=4)
            for other in small.devices
            if other.lan is not None and (other.name in one.beside or one.name in other.beside)
        ]
    speaker = None
    if neighbors:
        speaker = BgpSpeaker(
            Asn(one.asn), Address(f"192.168.50.{device_number(one.name)}"), tuple(neighbors),
            tuple(BgpNetwork(Prefix(found)) for found in one.networks), one.maximum_paths,
        )
    node = Node(
        NodeName(one.name), Platform.ASA if one.asa else Platform.GATEWAY, tuple(ports),
        tuple(_statics(small, one)), speaker, tuple(ends), one.lists, one.maps,
    )
    return _as_asa(node, zone=one.zone) if one.asa else node


def _filtered(neighbor: BgpNeighbor, filters: Filters) -> BgpNeighbor:
    return replace(
        neighbor, import_prefix_list=filters.list_in, export_prefix_list=filters.list_out,
        import_route_map=filters.map_in, export_route_map=filters.map_out,
    )


def _statics(small: Small, device: Device) -> Iterator[StaticRoute]:
    for one in device.statics:
        hop, interface = None, None
        kind, _, rest = one.via.partition(":")
        if kind == "lan":
            if device.lan is None:
                continue
            hop, interface = "192.168.50.216" if not rest else f"192.168.50.{small.device(rest).lan}", "lan"
        elif kind == "tunnel":
            hop, interface = _inside(device.name, int(rest), 1).split("/")[0], f"Tunnel{rest}"
        elif kind == "odd":
            hop, interface = f"10.0.{border_number(rest)}.1", "lan"
        elif kind != "discard":
            hop, interface = f"10.0.{border_number(kind)}.1", kind
        if interface is not None and not _has(small, device, interface):
            continue
        yield StaticRoute(
            Prefix(one.prefix), None if hop is None else Address(hop), interface if one.named else None,
            discard=hop is None, distance=one.distance,
        )


def _has(small: Small, device: Device, interface: str) -> bool:
    """True for an interface that is still there, when the shrinker has dropped some."""
    tunnels = sum(one.tunnels for one in small.connections if one.device == device.name)
    names = {one.name for one in small.borders if one.device == device.name}
    names |= {f"Tunnel{number + 1}" for number in range(tunnels)}
    return interface in names | ({"lan"} if device.lan is not None else set())


def _as_asa(node: Node, *, zone: bool) -> Node:
    def named(one: Interface) -> Interface:
        tunnel = one.kind is InterfaceKind.TUNNEL
        return replace(
            one, nameif=one.name.lower(), security_level=100 if one.name == "lan" else 0,
            traffic_zone="tunnels" if tunnel and zone else None,
        )

    return replace(
        node, interfaces=tuple(named(one) for one in node.interfaces),
        stateful=Stateful(same_security_inter=True, inspect_icmp=True),
    )
