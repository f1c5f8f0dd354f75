"""The waist: one complete, immutable, vendor-neutral Network. Intended, observed and parsed networks have this type."""

from sealane.model.bgp import Bfd, BgpNeighbor, BgpNetwork, BgpSpeaker
from sealane.model.cloud import (
    DEFAULT_VBR_ASN,
    SYSTEM_MAP_PRIORITY,
    Attachment,
    AttachmentKind,
    MapDirection,
    MatchMode,
    Publisher,
    RouteType,
    TransitCidr,
    TransitRoute,
    TransitRouteMap,
    TransitRouter,
    TransitTable,
    VirtualBorderRouter,
)
from sealane.model.filter import AccessList, Direction, FilterRule, PortRange, SecurityGroup
from sealane.model.hide import without_secrets
from sealane.model.in_effect import in_effect, neighbor_interface
from sealane.model.ipsec import Dpd, Encryption, EspProposal, IkeProposal, Integrity, TunnelEnd
from sealane.model.mtu import USERSPACE_MAX_INNER_BYTES, inner_mtu, tcp_mss
from sealane.model.network import Circuit, Mode, Network, Port, Protection, Segment, TunnelPair
from sealane.model.node import Interface, InterfaceKind, Node, Platform, Stateful, StaticRoute
from sealane.model.policy import PrefixList, PrefixListEntry, RouteMap, RouteMapEntry
from sealane.model.reading import DeviceReading, LineVerdict, ReadLine

__all__ = [
    "DEFAULT_VBR_ASN",
    "SYSTEM_MAP_PRIORITY",
    "USERSPACE_MAX_INNER_BYTES",
    "AccessList",
    "Attachment",
    "AttachmentKind",
    "Bfd",
    "BgpNeighbor",
    "BgpNetwork",
    "BgpSpeaker",
    "Circuit",
    "DeviceReading",
    "Direction",
    "Dpd",
    "Encryption",
    "EspProposal",
    "FilterRule",
    "IkeProposal",
    "Integrity",
    "Interface",
    "InterfaceKind",
    "LineVerdict",
    "MapDirection",
    "MatchMode",
    "Mode",
    "Network",
    "Node",
    "Platform",
    "Port",
    "PortRange",
    "PrefixList",
    "PrefixListEntry",
    "Protection",
    "Publisher",
    "ReadLine",
    "RouteMap",
    "RouteMapEntry",
    "RouteType",
    "SecurityGroup",
    "Segment",
    "Stateful",
    "StaticRoute",
    "TransitCidr",
    "TransitRoute",
    "TransitRouteMap",
    "TransitRouter",
    "TransitTable",
    "TunnelEnd",
    "TunnelPair",
    "VirtualBorderRouter",
    "in_effect",
    "inner_mtu",
    "neighbor_interface",
    "tcp_mss",
    "without_secrets",
]
