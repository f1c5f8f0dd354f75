"""Routing objects of the cloud that ordinary routers do not have.

Source: reference Cbn 2017-09-12 and Vpc 2016-04-28; ranking and route maps as the transit router documentation
states them ("How transit routers work", "Routing policy overview").
"""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Origin
from sealane.model.bgp import BgpNeighbor
from sealane.net import Address, Asn, NodeName, Prefix


class AttachmentKind(StrEnum):
    """Type of the network instance behind an attachment; also its link type in route ranking."""

    VPC = "VPC"
    VBR = "VBR"
    VPN = "VPN"


class MatchMode(StrEnum):
    """``Include``: the route's value is inside or overlaps the listed ones; ``Complete``: equal."""

    INCLUDE = "Include"
    COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A network instance attached to the transit router.

    Args:
        name: Unique in the transit router.
        kind: Link type.
        instance: Identity that route maps match (the VPC, VBR or IPsec connection name).
        peer: The node behind it; None for a VPN attachment, whose far ends are devices.
        interfaces: Interfaces of the transit router that packets of this attachment arrive on: one link for VPC and
            VBR, the tunnel interfaces for VPN.
        association: Route table consulted for arriving packets; None drops them.
        propagations: Route tables that learn this attachment's routes.
        auto_publish: True hands the associated table's routes to the instance.
        prefixes: Routes the instance contributes by itself: a VPC's vSwitch prefixes, a VPN's destination-based
            routes. Empty for a VBR, whose routes arrive from its own table.
        neighbors: BGP sessions over a VPN attachment's tunnels; empty when BGP is off.
    """

    name: str
    kind: AttachmentKind
    instance: str
    peer: NodeName | None
    interfaces: tuple[str, ...]
    association: str | None
    propagations: tuple[str, ...]
    auto_publish: bool
    prefixes: tuple[Prefix, ...] = ()
    neighbors: tuple[BgpNeighbor, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class TransitRoute:
    """A custom route of a transit router table; ``attachment`` None is a black hole."""

    prefix: Prefix
    attachment: str | None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class TransitTable:
    """One route table of the transit router; exactly one has ``system`` set."""

    name: str
    system: bool
    routes: tuple[TransitRoute, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class TransitCidr:
    """A transit router CIDR; ``publish`` announces it, as a black hole, to VBR attachments only."""

    prefix: Prefix
    publish: bool
    origin: Origin | None = None


class MapDirection(StrEnum):
    """``RegionIn`` when the table learns, ``RegionOut`` when it advertises."""

    REGION_IN = "RegionIn"
    REGION_OUT = "RegionOut"


class RouteType(StrEnum):
    """Type of a route as route maps see it."""

    SYSTEM = "System"
    CUSTOM = "Custom"
    BGP = "BGP"


@dataclass(frozen=True, slots=True)
class TransitRouteMap:
    """A routing policy of a transit router table.

    Empty tuples match everything; within one condition any listed value matches, all conditions must hold. The first
    matching map in order of ``priority`` decides; no match permits. With ``permit`` and ``next_priority`` evaluation
    goes on at that priority after the actions were applied.
    """

    name: str
    table: str
    direction: MapDirection
    priority: int
    permit: bool
    next_priority: int | None = None
    source_instances: tuple[str, ...] = ()
    source_instances_reverse: bool = False
    destination_instances: tuple[str, ...] = ()
    destination_instances_reverse: bool = False
    source_kinds: tuple[AttachmentKind, ...] = ()
    destination_kinds: tuple[AttachmentKind, ...] = ()
    route_types: tuple[RouteType, ...] = ()
    prefixes: tuple[Prefix, ...] = ()
    prefix_mode: MatchMode = MatchMode.INCLUDE
    as_numbers: tuple[Asn, ...] = ()
    as_mode: MatchMode = MatchMode.INCLUDE
    communities: tuple[tuple[int, int], ...] = ()
    community_mode: MatchMode = MatchMode.INCLUDE
    set_preference: int | None = None
    set_communities: tuple[tuple[int, int], ...] = ()
    communities_replace: bool = False
    prepend: tuple[Asn, ...] = ()
    origin: Origin | None = None


DEFAULT_VBR_ASN = Asn(45104)
"""AS number a VBR shows unless told otherwise (CreateBgpGroup, LocalAsn)."""

SYSTEM_MAP_PRIORITY = 5000
"""Priority of the built-in RegionOut policy that keeps VBR and VPN from learning each other's routes."""


@dataclass(frozen=True, slots=True)
class TransitRouter:
    """The routing side of a transit router; ``region`` breaks no ties here, one region is modelled."""

    region: str
    cidrs: tuple[TransitCidr, ...]
    tables: tuple[TransitTable, ...]
    attachments: tuple[Attachment, ...]
    route_maps: tuple[TransitRouteMap, ...]

    def attachment(self, name: str) -> Attachment:
        """The attachment of that name.

        Raises:
            KeyError: There is none.
        """
        for found in self.attachments:
            if found.name == name:
                return found
        raise KeyError(f"no attachment {name}")


@dataclass(frozen=True, slots=True)
class VirtualBorderRouter:
    """The routing side of a VBR.

    Args:
        circuit_interface: Interface on the circuit.
        attachment_interface: Interface towards the transit router; None while not attached.
        transit_router: The node it is attached to; None while not attached.
        circuit_routes: Custom routes whose next hop is the circuit.
        neighbors: BGP sessions with the customer gateway device; empty for static routing.
        local_asn: AS shown to those neighbors.
        peer_address: The customer's address on the circuit (PeerGatewayIp); None where only the network tells it.
    """

    circuit_interface: str
    attachment_interface: str | None
    transit_router: NodeName | None
    circuit_routes: tuple[TransitRoute, ...]
    neighbors: tuple[BgpNeighbor, ...] = ()
    local_asn: Asn = DEFAULT_VBR_ASN
    peer_address: Address | None = None


@dataclass(frozen=True, slots=True)
class Publisher:
    """The transit router whose routes a VPC takes (AutoPublishRouteEnabled).

    Args:
        transit_router: The node.
        interface: Interface of the VPC towards it.
        address: The transit router's address there, next hop of everything that it publishes.
    """

    transit_router: NodeName
    interface: str
    address: Address
