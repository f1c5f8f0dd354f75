"""Fields and rules of a route map (reference Cbn 2017-09-12, CreateCenRouteMap)."""

from dataclasses import dataclass, field

from sealane.model import AttachmentKind, MapDirection, MatchMode, RouteType
from sealane.net import Asn, Prefix
from sealane.spec import (
    AsnText,
    Choice,
    Field,
    Flag,
    ListOf,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    Spot,
    Text,
    Whole,
    describe,
    description_reader,
)

MOST_VALUES = 32
_INSTANCE = Text("the name of a VPC, VBR or IPsec connection")
_MODES = tuple(mode.value for mode in MatchMode)
_KINDS = tuple(kind.value for kind in AttachmentKind)


@dataclass(frozen=True, slots=True)
class RouteMapSpec:
    """A route map as written; empty tuples match everything, ``route_table`` None is the system table."""

    description: str | None
    transmit_direction: str
    priority: int
    map_result: str
    next_priority: int | None
    route_table: str | None
    source_instances: tuple[str, ...]
    source_instances_reverse_match: bool
    destination_instances: tuple[str, ...]
    destination_instances_reverse_match: bool
    source_child_instance_types: tuple[str, ...]
    destination_child_instance_types: tuple[str, ...]
    route_types: tuple[str, ...]
    destination_cidr_blocks: tuple[Prefix, ...]
    cidr_match_mode: str
    match_asns: tuple[Asn, ...]
    as_path_match_mode: str
    match_community_set: tuple[tuple[int, int], ...]
    community_match_mode: str
    preference: int | None
    community_operate_mode: str
    operate_community_set: tuple[tuple[int, int], ...]
    prepend_as_path: tuple[Asn, ...]
    at: Places = field(compare=False)

    @property
    def is_inbound(self) -> bool:
        """True when it works on what the table learns."""
        return self.transmit_direction == MapDirection.REGION_IN


class _Community:
    """``n:m``, both from 1 to 65535 (RFC 1997)."""

    def read(self, mark: Mark, spot: Spot) -> tuple[int, int] | None:
        """Both halves."""
        first, _, second = (mark.text if isinstance(mark, Scalar) else "").partition(":")
        if all(half.isascii() and half.isdigit() and 1 <= int(half[:6]) <= _LARGEST_HALF for half in (first, second)):
            return int(first), int(second)
        spot.error("RMAP-004", f"is {describe(mark)}, expected a community n:m with n and m from 1 to {_LARGEST_HALF}",
                   "write two numbers with a colon", mark.origin)
        return None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string", "pattern": "^[0-9]{1,5}:[0-9]{1,5}$"}


_LARGEST_HALF = 65535


def _check_denied_goes_on(spec: RouteMapSpec, spot: Spot) -> None:
    if spec.next_priority is not None and spec.map_result == "Deny":
        spot.notes.error("RMAP-005", spot.subject, "next_priority needs map_result: Permit, but it is Deny",
                         "remove next_priority", spec.at.of("next_priority"))


def _check_order(spec: RouteMapSpec, spot: Spot) -> None:
    if spec.next_priority is not None and spec.next_priority <= spec.priority:
        spot.notes.error("RMAP-006", spot.subject, f"next_priority is {spec.next_priority}, expected more than its own "
                         f"priority {spec.priority}", "name a later route map", spec.at.of("next_priority"))


def _check_direction(spec: RouteMapSpec, spot: Spot) -> None:
    for key in ("destination_instances", "destination_child_instance_types") if spec.is_inbound else ():
        if getattr(spec, key):
            spot.notes.error("RMAP-007", spot.subject, f"{key} works only with transmit_direction: RegionOut",
                             f"remove {key}", spec.at.of(key))


def _check_prepended(spec: RouteMapSpec, spot: Spot) -> None:
    needed = "source_instances" if spec.is_inbound else "destination_instances"
    if spec.prepend_as_path and not getattr(spec, needed):
        spot.notes.error("RMAP-008", spot.subject, f"prepend_as_path with {spec.transmit_direction} needs {needed}",
                         f"add {needed}", spec.at.of("prepend_as_path"))


def _check_denied_acts(spec: RouteMapSpec, spot: Spot) -> None:
    acts = spec.preference is not None or spec.operate_community_set or spec.prepend_as_path
    if spec.map_result == "Deny" and acts:
        spot.notes.error("RMAP-009", spot.subject, "denies routes and changes them as well", "remove preference, "
                         "operate_community_set and prepend_as_path, or permit", spec.at.of("map_result"))


def _many(reader: object, doc: str, key: str) -> Field:
    return Field(key, ListOf(reader, 0, MOST_VALUES, "RMAP-003"), doc, default=())  # type: ignore[arg-type]


ROUTE_MAP: Record[RouteMapSpec] = Record("route map", RouteMapSpec, (
    Field("description", description_reader("RMAP-001"), "Description"),
    Field("transmit_direction", Choice(tuple(one.value for one in MapDirection), "RMAP-002"),
          "TransmitDirection: RegionIn when the table learns, RegionOut when it advertises", required=True),
    Field("priority", Whole(1, 100, "RMAP-010"), "Priority, smaller first, unique per direction and table",
          required=True),
    Field("map_result", Choice(("Permit", "Deny"), "RMAP-002"), "MapResult", required=True),
    Field("next_priority", Whole(1, 100, "RMAP-010"), "NextPriority: go on at that route map after a permit"),
    Field("route_table", Text("the name of a route table"),
          "TransitRouterRouteTableId; left out: the system table"),
    _many(_INSTANCE, "SourceInstanceIds", "source_instances"),
    Field("source_instances_reverse_match", Flag(), "SourceInstanceIdsReverseMatch", default=False),
    _many(_INSTANCE, "DestinationInstanceIds, with RegionOut", "destination_instances"),
    Field("destination_instances_reverse_match", Flag(), "DestinationInstanceIdsReverseMatch", default=False),
    _many(Choice(_KINDS, "RMAP-002"), "SourceChildInstanceTypes", "source_child_instance_types"),
    _many(Choice(_KINDS, "RMAP-002"), "DestinationChildInstanceTypes, with RegionOut",
          "destination_child_instance_types"),
    _many(Choice(tuple(one.value for one in RouteType), "RMAP-002"), "RouteTypes", "route_types"),
    _many(PrefixText(), "DestinationCidrBlocks", "destination_cidr_blocks"),
    Field("cidr_match_mode", Choice(_MODES, "RMAP-002"), "CidrMatchMode: Include, or Complete for equal prefixes",
          default="Include"),
    _many(AsnText("RMAP-011"), "MatchAsns", "match_asns"),
    Field("as_path_match_mode", Choice(_MODES, "RMAP-002"), "AsPathMatchMode", default="Include"),
    _many(_Community(), "MatchCommunitySet", "match_community_set"),
    Field("community_match_mode", Choice(_MODES, "RMAP-002"), "CommunityMatchMode", default="Include"),
    Field("preference", Whole(1, 100, "RMAP-012"), "Preference given to permitted routes; 50 without"),
    Field("community_operate_mode", Choice(("Additive", "Replace"), "RMAP-002"), "CommunityOperateMode",
          default="Additive"),
    _many(_Community(), "OperateCommunitySet", "operate_community_set"),
    _many(AsnText("RMAP-011"), "PrependAsPath", "prepend_as_path"),
), "A routing policy: the first in order of priority that matches a route decides; no match permits.", (
    Rule(_check_denied_goes_on, ("next_priority", "map_result")),
    Rule(_check_order, ("next_priority", "priority")),
    Rule(_check_direction, ("transmit_direction", "destination_instances", "destination_child_instance_types")),
    Rule(_check_prepended, ("transmit_direction", "prepend_as_path", "source_instances", "destination_instances")),
    Rule(_check_denied_acts, ("map_result", "preference", "operate_community_set", "prepend_as_path")),
))
