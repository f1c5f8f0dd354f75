"""Fields and rules of a VPC (CreateVpc, CreateVSwitch, CreateRouteEntry, AuthorizeSecurityGroup, RunInstances)."""

from dataclasses import dataclass, field

from sealane.kinds.vpc.security import SECURITY_GROUP, SecurityGroupSpec, SecurityRule
from sealane.net import Address, Prefix, contains, overlaps
from sealane.spec import (
    AddressText,
    Choice,
    Field,
    ListOf,
    Places,
    PrefixText,
    Record,
    Rule,
    Spot,
    Text,
    description_reader,
    name_reader,
)

MOST_VSWITCHES = 150
MOST_ROUTES = 200
MOST_SECONDARY_BLOCKS = 5
ATTACHMENT, INSTANCE, BLACK_HOLE = "Attachment", "Instance", "BlackHole"
RESERVED_LAST = 3
"""The first and the last three addresses of a vSwitch belong to the cloud (CreateVSwitch)."""

__all__ = ["VPC", "Instance", "SecurityGroupSpec", "SecurityRule", "VSwitch", "Vpc", "VpcRoute"]


@dataclass(frozen=True, slots=True)
class VSwitch:
    """A vSwitch as written."""

    name: str
    zone_id: str
    cidr_block: Prefix
    description: str | None
    at: Places = field(compare=False)

    @property
    def usable(self) -> int:
        """Number of addresses that instances can have."""
        return self.cidr_block.num_addresses - 1 - RESERVED_LAST

    def is_usable(self, address: Address) -> bool:
        """True for an address that an instance can have."""
        offset = int(address) - int(self.cidr_block.network_address)
        return 0 < offset < self.cidr_block.num_addresses - RESERVED_LAST


@dataclass(frozen=True, slots=True)
class VpcRoute:
    """A custom route of the VPC's route table.

    ``next_hop`` names an attachment of the transit router, or an instance where ``next_hop_type`` says so;
    ``BlackHole`` discards.
    """

    destination_cidr_block: Prefix
    next_hop_type: str
    next_hop: str
    description: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Instance:
    """An ECS instance as written."""

    name: str
    vswitch: str
    private_ip_address: Address
    security_group: str | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC as written."""

    name: str
    cidr_block: Prefix
    secondary_cidr_blocks: tuple[Prefix, ...]
    description: str | None
    vswitches: tuple[VSwitch, ...]
    route_entries: tuple[VpcRoute, ...]
    security_groups: tuple[SecurityGroupSpec, ...]
    instances: tuple[Instance, ...]
    at: Places = field(compare=False)

    @property
    def blocks(self) -> tuple[Prefix, ...]:
        """Its own block and the secondary ones."""
        return self.cidr_block, *self.secondary_cidr_blocks

    def instance(self, name: str) -> Instance | None:
        """The instance of that name."""
        return next((one for one in self.instances if one.name == name), None)

    def vswitch(self, name: str) -> VSwitch | None:
        """The vSwitch of that name."""
        return next((one for one in self.vswitches if one.name == name), None)


def _check_inside(vpc: Vpc, spot: Spot) -> None:
    for one in vpc.vswitches:
        subject, place = f"vSwitch {one.name}", one.at.of("cidr_block")
        if not any(contains(block, one.cidr_block) for block in vpc.blocks):
            blocks = ", ".join(map(str, vpc.blocks))
            spot.notes.error("VPC-004", subject, f"{one.cidr_block} is outside {blocks} of vpc {vpc.name}",
                             f"choose a prefix inside {blocks}", place, vpc.at.of("cidr_block"))


def _check_blocks(vpc: Vpc, spot: Spot) -> None:
    for index, block in enumerate(vpc.secondary_cidr_blocks, 1):
        other = next((one for one in vpc.blocks[:index] if overlaps(block, one)), None)
        if other is not None:
            spot.notes.error("VPC-016", spot.subject, f"secondary block {block} overlaps {other}",
                             "give each block a range of its own", vpc.at.of("secondary_cidr_blocks"))


def _check_apart(vpc: Vpc, spot: Spot) -> None:
    for index, one in enumerate(vpc.vswitches):
        for other in vpc.vswitches[:index]:
            if overlaps(one.cidr_block, other.cidr_block):
                spot.notes.error("VPC-005", f"vSwitch {one.name}", f"{one.cidr_block} overlaps {other.cidr_block} of "
                                 f"{other.name}", "give each vSwitch a range of its own", one.at.of("cidr_block"),
                                 other.at.of("cidr_block"))


def _check_routes(vpc: Vpc, spot: Spot) -> None:
    seen: dict[Prefix, VpcRoute] = {}
    for route in vpc.route_entries:
        prefix, place = route.destination_cidr_block, route.at.of("destination_cidr_block")
        if prefix in seen:
            spot.notes.error("VPC-006", spot.subject, f"has two routes to {prefix}, expected one", "remove one",
                             place, seen[prefix].at.of("destination_cidr_block"))
        seen[prefix] = route


def _check_local_routes(vpc: Vpc, spot: Spot) -> None:
    for route in vpc.route_entries:
        prefix, place = route.destination_cidr_block, route.at.of("destination_cidr_block")
        for one in vpc.vswitches:
            if contains(one.cidr_block, prefix):
                spot.notes.error("VPC-007", spot.subject,
                                 f"route to {prefix} lies in vSwitch {one.name} ({one.cidr_block}), which is local",
                                 "remove the route or make it larger than the vSwitch", place, one.at.of("cidr_block"))


def _check_instances(vpc: Vpc, spot: Spot) -> None:
    owners: dict[Address, Instance] = {}
    for one in vpc.instances:
        subject, place, address = f"instance {one.name}", one.at.of("private_ip_address"), one.private_ip_address
        if address in owners:
            spot.notes.error("VPC-010", subject, f"{address} is also that of {owners[address].name}",
                             "give each instance its own address", place, owners[address].at.of("private_ip_address"))
        owners[address] = one


def _check_homes(vpc: Vpc, spot: Spot) -> None:
    for one in vpc.instances:
        subject, place, address = f"instance {one.name}", one.at.of("private_ip_address"), one.private_ip_address
        home = vpc.vswitch(one.vswitch)
        if home is None:
            continue
        if address not in home.cidr_block:
            spot.notes.error("VPC-008", subject, f"{address} is outside {home.cidr_block} of vSwitch {home.name}",
                             f"choose an address of {home.cidr_block}", place, home.at.of("cidr_block"))
        elif not home.is_usable(address):
            spot.notes.error("VPC-009", subject, f"{address} is reserved: the first and the last three addresses of "
                             f"{home.cidr_block} belong to the cloud", "choose an address between them", place)


_VSWITCH: Record[VSwitch] = Record("vSwitch", VSwitch, (
    Field("name", name_reader("VPC-001"), "VSwitchName", required=True),
    Field("zone_id", Text("a zone id such as cn-hangzhou-h"), "ZoneId", required=True),
    Field("cidr_block", PrefixText(16, 29, "VPC-003"), "CidrBlock, /16 to /29 inside the VPC's", required=True),
    Field("description", description_reader("VPC-001"), "Description"),
), "A subnet in one zone; its first and last three addresses belong to the cloud.")

_ROUTE: Record[VpcRoute] = Record("route", VpcRoute, (
    Field("destination_cidr_block", PrefixText(reserved_code="VPC-011", may_contain=True),
          "DestinationCidrBlock", required=True),
    Field("next_hop_type", Choice((ATTACHMENT, INSTANCE), "VPC-017"), "NextHopType", default=ATTACHMENT),
    Field("next_hop", Text("the name of the VPC's attachment, or of one of its instances"),
          "NextHopId: an attachment of the transit router, or an instance; BlackHole: discards, which no call can say",
          required=True),
    Field("description", description_reader("VPC-001"), "Description"),
), "A custom route of the VPC (CreateRouteEntry).")

_INSTANCE: Record[Instance] = Record("instance", Instance, (
    Field("name", name_reader("VPC-001", 2), "InstanceName", required=True),
    Field("vswitch", Text("the name of a vSwitch"), "VSwitchId", required=True),
    Field("private_ip_address", AddressText(), "PrivateIpAddress", required=True),
    Field("security_group", Text("the name of a security group"),
          "SecurityGroupId; left out: nothing is filtered"),
), "An ECS instance.")

_BLOCK = PrefixText(8, 28, "VPC-002", "VPC-012")

VPC: Record[Vpc] = Record("vpc", Vpc, (
    Field("name", name_reader("VPC-001"), "VpcName", required=True),
    Field("cidr_block", _BLOCK, "CidrBlock", required=True),
    Field("secondary_cidr_blocks", ListOf(_BLOCK, most=MOST_SECONDARY_BLOCKS, code="VPC-015"),
          "SecondaryCidrBlock of AssociateVpcCidrBlock: further ranges of vSwitches", default=()),
    Field("description", description_reader("VPC-001"), "Description"),
    Field("vswitches", ListOf(_VSWITCH, 1, MOST_VSWITCHES, "VPC-013"), "subnets", required=True),
    Field("route_entries", ListOf(_ROUTE, most=MOST_ROUTES, code="VPC-014"), "custom routes", default=()),
    Field("security_groups", ListOf(SECURITY_GROUP), "packet filters of instances", default=()),
    Field("instances", ListOf(_INSTANCE), "ECS instances", default=()),
), "A virtual private cloud.", (
    Rule(_check_blocks, ("cidr_block", "secondary_cidr_blocks")),
    Rule(_check_inside, ("name", "cidr_block", "secondary_cidr_blocks", "vswitches")),
    Rule(_check_apart, ("vswitches",)),
    Rule(_check_routes, ("route_entries",)),
    Rule(_check_local_routes, ("route_entries", "vswitches")),
    Rule(_check_instances, ("instances",)),
    Rule(_check_homes, ("instances", "vswitches")),
))
