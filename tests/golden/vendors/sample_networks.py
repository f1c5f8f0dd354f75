"""The networks that vendor tests render: the published use case in short, and its parts."""

from dataclasses import replace

from sealane.model import (
    AccessList,
    Attachment,
    AttachmentKind,
    Bfd,
    BgpNeighbor,
    BgpNetwork,
    BgpSpeaker,
    Circuit,
    Encryption,
    EspProposal,
    FilterRule,
    IkeProposal,
    Integrity,
    Interface,
    InterfaceKind,
    MapDirection,
    MatchMode,
    Mode,
    Network,
    Node,
    Platform,
    Port,
    PortRange,
    PrefixList,
    PrefixListEntry,
    Protection,
    Publisher,
    RouteMap,
    RouteMapEntry,
    RouteType,
    SecurityGroup,
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

VPC, SITE = Prefix("172.16.0.0/16"), Prefix("192.168.0.0/16")
ETHERNET, LOOPBACK, TUNNEL = InterfaceKind.ETHERNET, InterfaceKind.LOOPBACK, InterfaceKind.TUNNEL


def prefixes(*texts: str) -> tuple[Prefix, ...]:
    return tuple(Prefix(text) for text in texts)


def port(name: str, address: str | None = None, kind: InterfaceKind = ETHERNET, **more: object) -> Interface:
    addresses = () if address is None else (InterfaceAddress(address),)
    return Interface(name, kind, addresses, **more)  # type: ignore[arg-type]


def neighbor(address: str, asn: int, **more: object) -> BgpNeighbor:
    return BgpNeighbor(Address(address), Asn(asn), **more)  # type: ignore[arg-type]


IKE = IkeProposal(2, (Encryption.AES128,), (Integrity.SHA1,), (Integrity.SHA1,), (14,), 86400)
ESP = EspProposal((Encryption.AES128,), (Integrity.SHA1,), 14, 86400)


def tunnel(  # noqa: PLR0917
    name: str, interface: str, inside: str, local: str, remote: str, source: str | None
) -> TunnelEnd:
    return TunnelEnd(
        name, interface, InterfaceAddress(inside), Address(local), source, Address(remote), IKE, ESP, local, remote,
        Secret("psk"), None, initiates=source is not None,
    )


DENY_40 = TransitRouteMap(
    "keep-underlay", "main", MapDirection.REGION_OUT, 40, permit=False,
    destination_instances=("vbr-hz",),
    prefixes=prefixes("192.168.10.136/32", "192.168.40.159/32"),
    prefix_mode=MatchMode.COMPLETE,
)

EVERY_CONDITION = TransitRouteMap(
    "every condition", "main", MapDirection.REGION_IN, 10, permit=True, next_priority=30,
    source_instances=("vpc-1",), source_instances_reverse=True,
    source_kinds=(AttachmentKind.VPN, AttachmentKind.VBR),
    route_types=(RouteType.BGP,),
    prefixes=prefixes("192.168.0.0/16"),
    as_numbers=(Asn(65530),),
    communities=((65530, 7), (65530, 3)), community_mode=MatchMode.COMPLETE,
    set_preference=10, set_communities=((100, 2), (100, 1)), communities_replace=True,
    prepend=(Asn(64512), Asn(64513)),
)

TR_NAMES = {"vpc-1": "vpc", "vbr-hz": "vbr", "ipsec-1": "ipsec1", "ipsec-2": "ipsec2", "gateway": "gw"}
TR_TABLES = {"main": 100, "lab": 101}


def transit_router() -> Node:
    watched = Bfd(300, 3)
    router = TransitRouter(
        region="cn-hangzhou",
        cidrs=(TransitCidr(Prefix("10.10.10.0/24"), publish=True),),
        tables=(
            TransitTable("main", system=True, routes=(
                TransitRoute(Prefix("192.168.10.136/32"), "vbr"),
                TransitRoute(Prefix("192.168.40.159/32"), "vbr"),
                TransitRoute(Prefix("198.18.0.0/15"), None),
            )),
            TransitTable("lab", system=False, routes=(TransitRoute(Prefix("192.168.77.0/24"), "vpn"),)),
        ),
        attachments=(
            Attachment(
                "vpc", AttachmentKind.VPC, "vpc-1", NodeName("vpc-1"), ("vpc-1",), "main", ("main", "lab"),
                auto_publish=True, prefixes=prefixes("172.16.10.0/24", "172.16.20.0/24"),
            ),
            Attachment(
                "vbr", AttachmentKind.VBR, "vbr-hz", NodeName("vbr-hz"), ("vbr-hz",), "main", ("main",),
                auto_publish=True,
            ),
            Attachment(
                "vpn", AttachmentKind.VPN, "vco-1", None, ("ipsec-1", "ipsec-2"), "main", ("main",),
                auto_publish=True, prefixes=prefixes("192.168.60.0/24"),
                neighbors=(
                    neighbor(
                        "169.254.10.2", 65530, local_asn=Asn(65534), interface="ipsec-1", keepalive_s=10,
                        hold_time_s=30, bfd=watched, password=Secret("s3cret!"),
                    ),
                    neighbor("169.254.20.2", 65530, local_asn=Asn(65534), interface="ipsec-2", bfd=watched),
                ),
            ),
        ),
        route_maps=(DENY_40, EVERY_CONDITION),
    )
    return Node(
        NodeName("tr-hz"), Platform.TRANSIT_ROUTER,
        interfaces=(
            port("vpc-1", "100.64.1.1/30"), port("vbr-hz", "100.64.0.1/30"),
            port("ipsec-1", "169.254.10.1/30", TUNNEL), port("ipsec-2", "169.254.20.1/30", TUNNEL),
        ),
        tunnel_ends=(
            tunnel("tunnel-1", "ipsec-1", "169.254.10.1/30", "10.10.10.49", "192.168.10.136", None),
            tunnel("tunnel-2", "ipsec-2", "169.254.20.1/30", "10.10.10.50", "192.168.40.159", None),
        ),
        transit_router=router,
    )


VPC_NAMES = {"tr": "tr", "vsw-1": "vsw1"}
VBR_NAMES = {"circuit": "ec", "attachment": "tr"}


def border_router() -> Node:
    return Node(
        NodeName("vbr-hz"), Platform.VBR,
        interfaces=(port("circuit", "10.0.0.1/30"), port("attachment", "100.64.0.2/30")),
        vbr=VirtualBorderRouter(
            "circuit", "attachment", NodeName("tr-hz"),
            circuit_routes=(TransitRoute(Prefix("192.168.0.0/16"), "circuit"),),
            neighbors=(neighbor("10.0.0.2", 65530, description="cpe"),),
        ),
    )


ASA_NAMES = {
    "GigabitEthernet0/0": "ec", "GigabitEthernet0/1": "lan", "GigabitEthernet0/3": "vpn1",
    "Loopback2": "lo2", "Tunnel1": "ipsec1", "Tunnel2": "ipsec2",
}


def asa(*, zone: str | None = None, permit_vpn: bool = True, inspect_icmp: bool = False) -> Node:
    return Node(
        NodeName("cgw"), Platform.ASA,
        interfaces=(
            port(
                "GigabitEthernet0/0", "10.0.0.2/30", nameif="VBR", security_level=0, access_list_in="VBR-IN",
            ),
            port("GigabitEthernet0/1", "192.168.20.1/24", nameif="private", security_level=100),
            port("GigabitEthernet0/3", "192.168.10.136/24", nameif="VPN-IP1", security_level=0),
            port("Loopback2", "192.168.40.159/32", LOOPBACK, nameif="VPN-IP2", security_level=0),
            port(
                "Tunnel1", "169.254.10.2/30", TUNNEL, nameif="vti1", security_level=0, traffic_zone=zone,
            ),
            port(
                "Tunnel2", "169.254.20.2/30", TUNNEL, nameif="vti2", security_level=0, traffic_zone=zone,
            ),
        ),
        static_routes=(
            StaticRoute(Prefix("172.16.0.0/16"), Address("10.0.0.1"), "GigabitEthernet0/0", distance=30),
            StaticRoute(Prefix("10.10.10.49/32"), Address("10.0.0.1"), "GigabitEthernet0/0"),
            StaticRoute(Prefix("10.10.10.50/32"), Address("10.0.0.1"), "GigabitEthernet0/0"),
            StaticRoute(Prefix("192.168.0.0/16"), None, discard=True, distance=250),
        ),
        bgp=BgpSpeaker(
            Asn(65530), None,
            neighbors=(
                neighbor("169.254.10.1", 65534, keepalive_s=10, hold_time_s=30, multihop_ttl=2, bfd=Bfd(300, 3)),
                neighbor("169.254.20.1", 65534, export_route_map="OUT", import_prefix_list="UNKNOWN"),
                neighbor("169.254.30.1", 65534, activated=False),
            ),
            networks=(BgpNetwork(Prefix("192.168.20.0/24")),),
            maximum_paths=5,
        ),
        tunnel_ends=(
            tunnel("Tunnel1", "Tunnel1", "169.254.10.2/30", "192.168.10.136", "10.10.10.49", "GigabitEthernet0/3"),
            tunnel("Tunnel2", "Tunnel2", "169.254.20.2/30", "192.168.40.159", "10.10.10.50", "Loopback2"),
        ),
        prefix_lists=(
            PrefixList("LAN", (PrefixListEntry(5, permit=True, prefix=Prefix("192.168.20.0/24")),)),
            PrefixList("MORE", (PrefixListEntry(5, permit=True, prefix=Prefix("192.168.0.0/16"), ge=24, le=28),)),
        ),
        route_maps=(
            RouteMap("OUT", (
                RouteMapEntry(10, permit=True, match_prefix_lists=("LAN", "MORE"), set_med=20, set_local_pref=90,
                              set_as_path_prepend=(Asn(65530), Asn(65530))),
                RouteMapEntry(20, permit=False),
            )),
        ),
        access_lists=(
            AccessList("VBR-IN", (
                FilterRule(permit=True, protocol=1, destination=Prefix("192.168.20.0/24")),
                FilterRule(permit=True, protocol=6, source=VPC, destination_ports=PortRange(22, 22)),
                FilterRule(permit=False),
            )),
        ),
        stateful=Stateful(permit_vpn=permit_vpn, inspect_icmp=inspect_icmp),
    )


def gateway() -> Node:
    """A device on Sealane's own stack: no firewall, BFD, several paths."""
    node = asa()
    assert node.bgp is not None
    bgp = replace(node.bgp, router_id=Address("10.0.0.2"), maximum_paths=4, neighbors=(
        neighbor("169.254.10.1", 65534, bfd=Bfd(300, 3), local_asn=Asn(65001), password=Secret("s3cret!"),
                 local_address=Address("169.254.10.2"), description="tunnel 1"),
        neighbor("169.254.20.1", 65534, bfd=Bfd(100, 3), import_prefix_list="MORE"),
    ))
    return replace(node, platform=Platform.GATEWAY, bgp=bgp, stateful=None)


def host() -> Node:
    return Node(
        NodeName("ecs-1"), Platform.HOST, interfaces=(port("eth0", "172.16.10.225/24"),),
        security_group=SecurityGroup(
            "web",
            inbound=(
                FilterRule(permit=False, protocol=6, source=Prefix("192.168.99.0/24")),
                FilterRule(permit=True, protocol=6, source=SITE, destination_ports=PortRange(80, 443)),
                FilterRule(permit=True, protocol=1),
            ),
            outbound=(FilterRule(permit=False, protocol=17, destination_ports=PortRange(53, 53)),),
        ),
    )


PROTECTIONS = (
    Protection("erp", prefixes("172.16.0.0/16"), prefixes("192.168.20.0/24"), Mode.REQUIRED),
    Protection("files", prefixes("172.16.10.0/24", "172.16.0.0/16"), prefixes("192.168.0.0/16"), Mode.OPEN),
)

CIRCUIT = Circuit("line-1", Port(NodeName("vbr-hz"), "circuit"), Port(NodeName("cgw"), "GigabitEthernet0/0"))


def use_case(*nodes: Node) -> Network:
    vpc = Node(
        NodeName("vpc-1"), Platform.VPC,
        interfaces=(port("tr", "100.64.1.2/30"), port("vsw-1", "172.16.10.253/24")),
        static_routes=(StaticRoute(Prefix("192.168.0.0/16"), Address("100.64.1.1"), "tr"),),
        publisher=Publisher(NodeName("tr-hz"), "tr", Address("100.64.1.1")),
    )
    present = nodes or (asa(), transit_router(), border_router(), host(), vpc)
    return Network(
        "use-case",
        tuple(sorted(present, key=lambda node: node.name)),
        segments=(
            Segment("attachment", (Port(NodeName("tr-hz"), "vbr-hz"), Port(NodeName("vbr-hz"), "attachment"))),
            Segment("line-1", (CIRCUIT.cloud, Port(NodeName("cgw"), "GigabitEthernet0/0"))),
            Segment("vpc", (Port(NodeName("tr-hz"), "vpc-1"), Port(NodeName("vpc-1"), "tr"))),
        ),
        circuits=(CIRCUIT,),
        protections=PROTECTIONS,
    )
