"""Fields and rules of a CEN and its transit router (CreateCen, CreateTransitRouter and the operations around it)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from sealane.net import Prefix, in_order, overlaps
from sealane.spec import (
    Choice,
    Field,
    Flag,
    Items,
    ListOf,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Spot,
    Text,
    description_reader,
    name_reader,
)

BLACK_HOLE = "BlackHole"
MOST_CIDRS = 5
MOST_ROUTES = 10_000
MOST_ZONE_MAPPINGS = 10
SYSTEM = "System"


@dataclass(frozen=True, slots=True)
class CenSpec:
    """A CEN instance as written."""

    name: str
    protection_level: str
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class CidrSpec:
    """A transit router CIDR, from which private IPsec connections take their gateway addresses."""

    cidr: Prefix
    publish_cidr_route: bool
    name: str | None
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class TrTable:
    """A route table; ``type`` is System or Custom."""

    name: str
    type: str
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class ZoneMapping:
    """The vSwitch in which the transit router has its interface of one zone."""

    zone_id: str
    vswitch: str
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class VpcAttachment:
    """A VPC attached to the transit router."""

    name: str
    vpc: str
    zone_mappings: tuple[ZoneMapping, ...]
    auto_publish_route_enabled: bool
    association: str | None
    propagations: tuple[str, ...]
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class VbrAttachment:
    """A border router attached to the transit router."""

    name: str
    vbr: str
    auto_publish_route_enabled: bool
    association: str | None
    propagations: tuple[str, ...]
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class VpnAttachment:
    """An IPsec connection attached to the transit router."""

    name: str
    ipsec_connection: str
    auto_publish_route_enabled: bool
    association: str | None
    propagations: tuple[str, ...]
    description: str | None
    at: Places = field(compare=False)


AnyAttachment: TypeAlias = VpcAttachment | VbrAttachment | VpnAttachment


@dataclass(frozen=True, slots=True)
class AttachmentsSpec:
    """The attachments by type."""

    vpc: tuple[VpcAttachment, ...]
    vbr: tuple[VbrAttachment, ...]
    vpn: tuple[VpnAttachment, ...]
    at: Places = field(compare=False)

    def __iter__(self) -> Iterator["AnyAttachment"]:
        yield from self.vpc
        yield from self.vbr
        yield from self.vpn


@dataclass(frozen=True, slots=True)
class TrRoute:
    """A custom route; ``next_hop`` is an attachment's name or BlackHole, ``route_table`` None the system table."""

    destination_cidr_block: Prefix
    next_hop: str
    route_table: str | None
    name: str | None
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class TransitRouterSpec:
    """A transit router as written."""

    name: str
    description: str | None
    cidrs: tuple[CidrSpec, ...]
    route_tables: tuple[TrTable, ...]
    attachments: AttachmentsSpec
    route_entries: tuple[TrRoute, ...]
    at: Places = field(compare=False)

    @property
    def system_table(self) -> str:
        """Name of the system table, whether or not it was written."""
        return next((table.name for table in self.route_tables if table.type == SYSTEM), SYSTEM)


class _Association:
    """The one table an attachment is associated with."""

    def read(self, mark: Mark, spot: Spot) -> str | None:
        """The table's name."""
        if isinstance(mark, Items):
            spot.error("TR-012", f"names {len(mark.items)} tables, expected at most one",
                       "an attachment is associated with one table; propagations may name several", mark.origin)
            return None
        return Text("the name of a route table").read(mark, spot)

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string"}


def _check_cidrs(spec: TransitRouterSpec, spot: Spot) -> None:
    for index, one in enumerate(spec.cidrs):
        for other in spec.cidrs[:index]:
            if overlaps(one.cidr, other.cidr):
                spot.notes.error("TR-004", spot.subject, f"CIDR {one.cidr} overlaps CIDR {other.cidr}",
                                 "choose CIDRs apart from each other", one.at.of("cidr"), other.at.of("cidr"))


def _check_tables(spec: TransitRouterSpec, spot: Spot) -> None:
    if not all(table.at.knows("type") for table in spec.route_tables):
        return
    system = [table for table in spec.route_tables if table.type == SYSTEM]
    if spec.route_tables and len(system) != 1:
        spot.notes.error("TR-005", spot.subject, f"has {len(system)} route tables of type System, expected one",
                         "give exactly one table type: System",
                         *(table.at.of("type") for table in system or spec.route_tables))


def _check_routes(spec: TransitRouterSpec, spot: Spot) -> None:
    seen: dict[tuple[str, tuple[int, int]], TrRoute] = {}
    system = spec.system_table
    for route in spec.route_entries:
        if not route.at.knows("route_table"):
            continue
        table = route.route_table or system
        key = (table, in_order(route.destination_cidr_block))
        if key in seen:
            places = (one.at.of("destination_cidr_block") for one in (route, seen[key]))
            spot.notes.error("TR-006", spot.subject, f"has two routes to {route.destination_cidr_block} in table "
                             f"{table}, expected one", "remove one", *places)
        seen[key] = route


def _check_zones(spec: VpcAttachment, spot: Spot) -> None:
    seen: dict[str, ZoneMapping] = {}
    for mapping in spec.zone_mappings:
        if mapping.zone_id in seen:
            spot.notes.error("TR-007", spot.subject, f"maps zone {mapping.zone_id} twice, expected once",
                             "remove one", mapping.at.of("zone_id"), seen[mapping.zone_id].at.of("zone_id"))
        seen[mapping.zone_id] = mapping


def _attachment_fields(*own: Field, auto_publish: bool) -> tuple[Field, ...]:
    return (
        Field("name", name_reader("TR-001"), "TransitRouterAttachmentName", required=True),
        *own,
        Field("auto_publish_route_enabled", Flag(), "AutoPublishRouteEnabled: hand the table's routes to the instance",
              default=auto_publish),
        Field("association", _Association(), "the table consulted for arriving packets "
              "(AssociateTransitRouterAttachmentWithRouteTable); left out: they are dropped"),
        Field("propagations", ListOf(Text("the name of a route table")), "tables that learn this attachment's routes "
              "(EnableTransitRouterRouteTablePropagation)", default=()),
        Field("description", description_reader("TR-001"), "TransitRouterAttachmentDescription"),
    )


_ZONE: Record[ZoneMapping] = Record("zone mapping", ZoneMapping, (
    Field("zone_id", Text("a zone id such as cn-hangzhou-h"), "ZoneId", required=True),
    Field("vswitch", Text("the name of a vSwitch"), "VSwitchId", required=True),
))
_VPC: Record[VpcAttachment] = Record("VPC attachment", VpcAttachment, _attachment_fields(
    Field("vpc", Text("the name of a VPC"), "VpcId", required=True),
    Field("zone_mappings", ListOf(_ZONE, 1, MOST_ZONE_MAPPINGS, "TR-008"), "ZoneMappings, one vSwitch per zone",
          required=True),
    auto_publish=False), "CreateTransitRouterVpcAttachment", (Rule(_check_zones, ("zone_mappings",)),))
_VBR: Record[VbrAttachment] = Record("VBR attachment", VbrAttachment, _attachment_fields(
    Field("vbr", Text("the name of a VBR"), "VbrId", required=True), auto_publish=False),
    "CreateTransitRouterVbrAttachment")
_VPN: Record[VpnAttachment] = Record("VPN attachment", VpnAttachment, _attachment_fields(
    Field("ipsec_connection", Text("the name of an IPsec connection"), "VpnId", required=True), auto_publish=True),
    "CreateTransitRouterVpnAttachment")

_ATTACHMENTS: Record[AttachmentsSpec] = Record("attachments", AttachmentsSpec, (
    Field("vpc", ListOf(_VPC), "VPC attachments", default=()),
    Field("vbr", ListOf(_VBR), "VBR attachments", default=()),
    Field("vpn", ListOf(_VPN), "VPN attachments", default=()),
), "Network instances attached to the transit router.")

_CIDR: Record[CidrSpec] = Record("CIDR", CidrSpec, (
    Field("cidr", PrefixText(16, 24, "TR-002", "TR-003"), "Cidr, /16 to /24", required=True),
    Field("publish_cidr_route", Flag(), "PublishCidrRoute: announce it to border routers", default=True),
    Field("name", name_reader("TR-001"), "Name"),
    Field("description", description_reader("TR-001"), "Description"),
), "Addresses for the gateways of private IPsec connections (CreateTransitRouterCidr).")

_TABLE: Record[TrTable] = Record("route table", TrTable, (
    Field("name", name_reader("TR-001"), "TransitRouterRouteTableName", required=True),
    Field("type", Choice((SYSTEM, "Custom"), "TR-010"), "TransitRouterRouteTableType", default="Custom"),
    Field("description", description_reader("TR-001"), "TransitRouterRouteTableDescription"),
), "A route table (CreateTransitRouterRouteTable).")

_ROUTE: Record[TrRoute] = Record("route", TrRoute, (
    Field("destination_cidr_block", PrefixText(reserved_code="TR-011", may_contain=True),
          "TransitRouterRouteEntryDestinationCidrBlock", required=True),
    Field("next_hop", Text("the name of an attachment, or BlackHole"), "TransitRouterRouteEntryNextHopId, or BlackHole",
          required=True),
    Field("route_table", Text("the name of a route table"), "TransitRouterRouteTableId; left out: the system table"),
    Field("name", name_reader("TR-001"), "TransitRouterRouteEntryName"),
    Field("description", description_reader("TR-001"), "TransitRouterRouteEntryDescription"),
), "A custom route (CreateTransitRouterRouteEntry).")

TRANSIT_ROUTER: Record[TransitRouterSpec] = Record("transit router", TransitRouterSpec, (
    Field("name", name_reader("TR-001"), "TransitRouterName", required=True),
    Field("description", description_reader("TR-001"), "TransitRouterDescription"),
    Field("cidrs", ListOf(_CIDR, most=MOST_CIDRS, code="TR-013"), "transit router CIDRs", default=()),
    Field("route_tables", ListOf(_TABLE), "route tables; left out: one system table named System", default=()),
    Field("attachments", _ATTACHMENTS, "attached network instances", required=True),
    Field("route_entries", ListOf(_ROUTE, most=MOST_ROUTES), "custom routes", default=()),
), "An Enterprise Edition transit router.", (
    Rule(_check_cidrs, ("cidrs",)),
    Rule(_check_tables, ("route_tables",)),
    Rule(_check_routes, ("route_entries", "route_tables")),
))

CEN: Record[CenSpec] = Record("cen", CenSpec, (
    Field("name", name_reader("CEN-001"), "Name", required=True),
    Field("protection_level", Choice(("REDUCED",), "CEN-002", "overlapping CIDRs may differ but not be equal"),
          "ProtectionLevel", default="REDUCED"),
    Field("description", description_reader("CEN-001"), "Description"),
), "A Cloud Enterprise Network instance (CreateCen).")
