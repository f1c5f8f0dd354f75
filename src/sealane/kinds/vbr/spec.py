"""Fields and rules of a virtual border router (CreateVirtualBorderRouter, CreateBgpGroup, CreateBgpPeer)."""

from dataclasses import dataclass, field
from ipaddress import NetmaskValueError

from sealane.net import Address, Asn, InterfaceAddress, Prefix, Secret
from sealane.spec import (
    AddressText,
    AsnText,
    Field,
    Flag,
    ListOf,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    SecretText,
    Spot,
    Text,
    Whole,
    describe,
    description_reader,
    name_reader,
)

BANDWIDTHS_MBPS = (50, 100, 200, 300, 400, 500, 1000, 2048, 5120, 8192, 10240, 20480, 40960, 50120, 61440, 102400)
MTUS_BYTES = (1500, 8500)
CLOUD_ASN = 45104
PRIVATE_ASNS = (range(64512, 65535), range(4200000000, 4294967295))
FORBIDDEN_LOCAL_ASN = 65025
MOST_PEERS = 8
MOST_ROUTES = 200
_SHORTEST_MASK, _LONGEST_MASK = 24, 30


@dataclass(frozen=True, slots=True)
class VbrRoute:
    """A custom route; ``next_hop`` names the physical connection."""

    destination_cidr_block: Prefix
    next_hop: str
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class BgpPeer:
    """A session; ``peer_ip_address`` None means the border router's peer gateway address."""

    peer_ip_address: Address | None
    enable_bfd: bool
    bfd_multi_hop: int
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class BgpGroup:
    """Sessions that share AS numbers and key; ``local_asn`` is what the border router shows."""

    name: str
    peer_asn: Asn
    local_asn: Asn
    auth_key: Secret | None
    peers: tuple[BgpPeer, ...]
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class VirtualBorderRouterSpec:
    """A border router as written; ``local_gateway_ip`` is the cloud side, ``peer_gateway_ip`` the site's."""

    name: str
    description: str | None
    physical_connection: str
    vlan_id: int
    local_gateway_ip: Address
    peer_gateway_ip: Address
    peering_subnet_mask: int
    bandwidth: int | None
    mtu: int
    min_tx_interval: int
    min_rx_interval: int
    detect_multiplier: int
    route_entries: tuple[VbrRoute, ...]
    bgp_groups: tuple[BgpGroup, ...]
    at: Places = field(compare=False)

    @property
    def local(self) -> InterfaceAddress:
        """The cloud side's address with its prefix."""
        return InterfaceAddress((int(self.local_gateway_ip), self.peering_subnet_mask))

    @property
    def peer(self) -> InterfaceAddress:
        """The site's address with its prefix."""
        return InterfaceAddress((int(self.peer_gateway_ip), self.peering_subnet_mask))


class _Mask:
    """A dotted mask, read as its length."""

    def read(self, mark: Mark, spot: Spot) -> int | None:
        """Length from 24 to 30."""
        text = mark.text if isinstance(mark, Scalar) else ""
        length = _mask_length(text)
        if length is None or not _SHORTEST_MASK <= length <= _LONGEST_MASK:
            spot.error("VBR-003", f"is {describe(mark)}, expected a mask from 255.255.255.0 to 255.255.255.252",
                       "write the dotted mask of a /24 to /30", mark.origin)
            return None
        return length

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        masks = [str(Prefix(f"0.0.0.0/{length}").netmask) for length in range(_SHORTEST_MASK, _LONGEST_MASK + 1)]
        return {"enum": masks}


def _mask_length(text: str) -> int | None:
    try:
        prefix = Prefix(f"0.0.0.0/{text}")
    except (NetmaskValueError, ValueError):
        return None
    return prefix.prefixlen if str(prefix.netmask) == text else None


def _check_local_asn(group: BgpGroup, spot: Spot) -> None:
    local = int(group.local_asn)
    allowed = local == CLOUD_ASN or any(local in numbers for numbers in PRIVATE_ASNS)
    if not allowed or local == FORBIDDEN_LOCAL_ASN:
        spot.notes.error("VBR-010", spot.subject, f"local_asn is {local}, expected 45104 or a private AS number",
                         "use 45104, 64512 to 65534 except 65025, or 4200000000 to 4294967294",
                         group.at.of("local_asn"))


def _check_asns(group: BgpGroup, spot: Spot) -> None:
    if group.peer_asn == group.local_asn:
        spot.notes.error("VBR-011", spot.subject, f"peer_asn and local_asn are both {group.local_asn}, expected two "
                         "different", "give the device an AS number of its own", group.at.of("peer_asn"))


def _check_addresses(vbr: VirtualBorderRouterSpec, spot: Spot) -> None:
    network = vbr.local.network
    for key, address in (("local_gateway_ip", vbr.local_gateway_ip), ("peer_gateway_ip", vbr.peer_gateway_ip)):
        own = InterfaceAddress((int(address), vbr.peering_subnet_mask)).network
        if address in (own.network_address, own.broadcast_address):
            spot.notes.error("VBR-004", spot.subject, f"{key} {address} is not a host address of {own}",
                             "use an address between the first and the last of the subnet", vbr.at.of(key))
            return
    if vbr.peer_gateway_ip not in network:
        spot.notes.error(
            "VBR-005", spot.subject,
            f"peer_gateway_ip {vbr.peer_gateway_ip} is outside {network}, the subnet of local_gateway_ip",
            f"use another host address of {network}", vbr.at.of("peer_gateway_ip"), vbr.at.of("local_gateway_ip"))
    elif vbr.peer_gateway_ip == vbr.local_gateway_ip:
        spot.notes.error("VBR-006", spot.subject, f"both ends of the circuit are {vbr.local_gateway_ip}",
                         "give each end its own address", vbr.at.of("peer_gateway_ip"), vbr.at.of("local_gateway_ip"))


def _check_routes(vbr: VirtualBorderRouterSpec, spot: Spot) -> None:
    seen: dict[Prefix, VbrRoute] = {}
    for route in vbr.route_entries:
        prefix = route.destination_cidr_block
        if prefix in seen:
            spot.notes.error("VBR-007", spot.subject, f"has two routes to {prefix}, expected one", "remove one",
                             route.at.origin, seen[prefix].at.origin)
        seen[prefix] = route


def _check_next_hops(vbr: VirtualBorderRouterSpec, spot: Spot) -> None:
    for route in vbr.route_entries:
        if route.next_hop != vbr.physical_connection:
            spot.notes.error(
                "VBR-008", spot.subject,
                f"route to {route.destination_cidr_block} has next hop {route.next_hop}, expected its own circuit "
                f"{vbr.physical_connection}",
                f"write next_hop: {vbr.physical_connection}", route.at.of("next_hop"))


def _peers(vbr: VirtualBorderRouterSpec) -> list[BgpPeer]:
    return [peer for group in vbr.bgp_groups for peer in group.peers]


def _check_quota(vbr: VirtualBorderRouterSpec, spot: Spot) -> None:
    peers = _peers(vbr)
    if len(peers) > MOST_PEERS:
        spot.notes.error("VBR-012", spot.subject, f"has {len(peers)} BGP peers, expected at most {MOST_PEERS}",
                         "remove some", vbr.at.of("bgp_groups"))


def _check_peers(vbr: VirtualBorderRouterSpec, spot: Spot) -> None:
    seen: dict[Address, BgpPeer] = {}
    for peer in _peers(vbr):
        if not peer.at.knows("peer_ip_address"):
            continue
        address = peer.peer_ip_address or vbr.peer_gateway_ip
        if address not in vbr.local.network or address == vbr.local_gateway_ip:
            spot.notes.error("VBR-013", spot.subject, f"BGP peer {address} is not a neighbor on {vbr.local.network}",
                             f"use {vbr.peer_gateway_ip}", peer.at.of("peer_ip_address"))
        if address in seen:
            spot.notes.error("VBR-014", spot.subject, f"has two BGP peers at {address}, expected one", "remove one",
                             peer.at.origin, seen[address].at.origin)
        seen[address] = peer


_ROUTE: Record[VbrRoute] = Record("route", VbrRoute, (
    Field("destination_cidr_block", PrefixText(reserved_code="VBR-009", may_contain=True),
          "DestinationCidrBlock", required=True),
    Field("next_hop", Text("the name of the physical connection"),
          "NextHopId: the physical connection of this border router", required=True),
    Field("description", description_reader("VBR-001"), "Description"),
), "A route of the border router to the site (CreateRouteEntry, next hop type RouterInterface).")

_PEER: Record[BgpPeer] = Record("BGP peer", BgpPeer, (
    Field("peer_ip_address", AddressText(), "PeerIpAddress; left out: peer_gateway_ip"),
    Field("enable_bfd", Flag(), "EnableBfd", default=False),
    Field("bfd_multi_hop", Whole(1, 255, "VBR-015"), "BfdMultiHop", default=255),
), "A BGP session with the site's device (CreateBgpPeer).")

_GROUP: Record[BgpGroup] = Record("BGP group", BgpGroup, (
    Field("name", name_reader("VBR-001", 2), "Name", required=True),
    Field("peer_asn", AsnText("VBR-011", (CLOUD_ASN,), "the cloud's own AS number"), "PeerAsn", required=True),
    Field("local_asn", AsnText("VBR-010"), "LocalAsn", default=Asn(CLOUD_ASN)),
    Field("auth_key", SecretText("VBR-016", r"[!#->@-~]", 64, '1 to 64 printable characters without space, " and ?'),
          "AuthKey: TCP MD5 key of the sessions"),
    Field("peers", ListOf(_PEER), "the sessions", default=()),
    Field("description", description_reader("VBR-001"), "Description"),
), "BGP sessions with shared settings (CreateBgpGroup).", (
    Rule(_check_local_asn, ("local_asn",)),
    Rule(_check_asns, ("peer_asn", "local_asn")),
))

_ADDRESSES = ("local_gateway_ip", "peer_gateway_ip", "peering_subnet_mask")
VBR: Record[VirtualBorderRouterSpec] = Record("vbr", VirtualBorderRouterSpec, (
    Field("name", name_reader("VBR-001", 2, letter_first=True), "Name", required=True),
    Field("description", description_reader("VBR-001"), "Description"),
    Field("physical_connection", Text("the name of a physical connection"), "PhysicalConnectionId", required=True),
    Field("vlan_id", Whole(0, 2999, "VBR-002"), "VlanId; 0 is untagged and takes the circuit for itself",
          required=True),
    Field("local_gateway_ip", AddressText(), "LocalGatewayIp: the cloud's address on the circuit", required=True),
    Field("peer_gateway_ip", AddressText(), "PeerGatewayIp: the site's address on the circuit", required=True),
    Field("peering_subnet_mask", _Mask(), "PeeringSubnetMask, dotted", required=True),
    Field("bandwidth", Whole(50, 102400, "VBR-017", "Mbit/s", BANDWIDTHS_MBPS), "Bandwidth in Mbit/s"),
    Field("mtu", Whole(1500, 8500, "VBR-018", "bytes", MTUS_BYTES), "Mtu in bytes", default=1500),
    Field("min_tx_interval", Whole(200, 1000, "VBR-019", "ms"), "MinTxInterval of BFD in ms", default=1000),
    Field("min_rx_interval", Whole(200, 1000, "VBR-019", "ms"), "MinRxInterval of BFD in ms", default=1000),
    Field("detect_multiplier", Whole(3, 10, "VBR-019"), "DetectMultiplier of BFD", default=3),
    Field("route_entries", ListOf(_ROUTE, most=MOST_ROUTES, code="VBR-020"), "custom routes to the site", default=()),
    Field("bgp_groups", ListOf(_GROUP), "BGP with the site's device", default=()),
), "A virtual border router: the cloud's end of a circuit.", (
    Rule(_check_addresses, _ADDRESSES),
    Rule(_check_routes, ("route_entries",)),
    Rule(_check_next_hops, ("route_entries", "physical_connection")),
    Rule(_check_quota, ("bgp_groups",)),
    Rule(_check_peers, ("bgp_groups", *_ADDRESSES)),
))
