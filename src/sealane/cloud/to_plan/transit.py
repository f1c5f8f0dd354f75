"""A transit router with tables, attachments, routes and route maps as pieces of a plan."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sealane.cloud.document import Document
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Piece, Value
from sealane.cloud.to_plan.vpcs import View
from sealane.memo import Memo

SYSTEM_PRIORITY = 5000
"""The policy that every table holds by itself; the model has it built in."""


def transit_piece(
    router: Document, view: View, names: Names, attachments: Mapping[str, Sequence[Document]], memo: Memo
) -> Piece:
    """The transit router with the attachments that can carry, by type: vpc, vbr, vpn."""
    tables = tuple(view.children(router.id, "tr_route_table"))
    carried = {one.id for kind in attachments.values() for one in kind}
    return Piece(router.id, {
        "name": names.of(router.id),
        "cidrs": [
            Piece(one.id, {"cidr": one.text("Cidr"), "publish_cidr_route": one.fields.get("PublishCidrRoute") is not
                           False})
            for one in view.children(router.id, "tr_cidr")
        ],
        "route_tables": [
            Piece(one.id, {"name": names.of(one.id), "type": one.text("TransitRouterRouteTableType") or "Custom"})
            for one in tables
        ],
        "attachments": Piece(router.id, {
            kind: [_attachment(one, kind, view, names) for one in found] for kind, found in attachments.items()
        }),
        "route_entries": [entry for table in tables for entry in _routes(table, view, names, carried, memo)],
    })


def _attachment(one: Document, kind: str, view: View, names: Names) -> Piece:
    association = next(iter(view.children(one.id, "tr_association")), None)
    instance = {"vpc": "vpc", "vbr": "vbr", "vpn": "ipsec_connection"}[kind]
    entries: dict[str, Value | None] = {
        "name": names.of(one.id),
        instance: names.of(one.text("ResourceId")),
        "auto_publish_route_enabled": bool(one.fields.get("AutoPublishRouteEnabled")) and _taken(one, kind, view),
        "association": names.of(association.text("TransitRouterRouteTableId")) if association else None,
        "propagations": [names.of(prop.text("TransitRouterRouteTableId"))
                         for prop in view.children(one.id, "tr_propagation")],
    }
    zones = one.fields.get("ZoneMappings")
    if kind == "vpc" and isinstance(zones, Sequence) and not isinstance(zones, str):
        entries["zone_mappings"] = [
            Piece(one.id, {"zone_id": str(zone["ZoneId"]), "vswitch": names.of(str(zone["VSwitchId"]))})
            for zone in zones
            if isinstance(zone, Mapping) and view.get(str(zone["VSwitchId"])) is not None
        ]
    return Piece(one.id, entries)


def _taken(one: Document, kind: str, view: View) -> bool:
    """False for a VPC whose system table takes no published routes (ModifyRouteTableAttributes)."""
    tables = view.children(one.text("ResourceId"), "route_table") if kind == "vpc" else ()
    return all(table.fields.get("RoutePropagationEnable") is not False for table in tables
               if table.text("RouteTableType") == "System")


def _routes(table: Document, view: View, names: Names, carried: set[str], memo: Memo) -> Iterator[Piece]:
    for one in view.children(table.id, "tr_route_entry"):
        hole = one.text("TransitRouterRouteEntryNextHopType") == "BlackHole"
        if hole or one.text("TransitRouterRouteEntryNextHopId") in carried:
            yield memo.get("transit route", (one,), partial(_route, one, names, hole=hole))


def _route(one: Document, names: Names, *, hole: bool) -> Piece:
    return Piece(one.id, {
        "destination_cidr_block": one.text("TransitRouterRouteEntryDestinationCidrBlock"),
        "next_hop": "BlackHole" if hole else names.of(one.text("TransitRouterRouteEntryNextHopId")),
        "route_table": names.of(one.parent),
    })


_MAP_TEXTS = {
    "TransmitDirection": "transmit_direction", "MapResult": "map_result", "CidrMatchMode": "cidr_match_mode",
    "AsPathMatchMode": "as_path_match_mode", "CommunityMatchMode": "community_match_mode",
    "CommunityOperateMode": "community_operate_mode",
}
_MAP_NUMBERS = {"Priority": "priority", "NextPriority": "next_priority", "Preference": "preference"}
_MAP_NUMBER_LISTS = {"MatchAsns": "match_asns", "PrependAsPath": "prepend_as_path"}
_MAP_LISTS = {
    "SourceChildInstanceTypes": "source_child_instance_types",
    "DestinationChildInstanceTypes": "destination_child_instance_types",
    "RouteTypes": "route_types",
    "DestinationCidrBlocks": "destination_cidr_blocks",
    "MatchCommunitySet": "match_community_set",
    "OperateCommunitySet": "operate_community_set",
}
_MAP_INSTANCES = {"SourceInstanceIds": "source_instances", "DestinationInstanceIds": "destination_instances"}


def route_map_piece(one: Document, names: Names, carried: set[str]) -> Piece | None:
    """A route map of a user; None when it names only instances or regions that carry nothing: it can match nothing.

    What the cloud takes but does not look at is left out: destinations of a map for routes that are learned, and
    changes to routes that are denied.
    """
    if not _can_match(one):
        return None
    unheeded = (_DESTINATIONS if one.text("TransmitDirection") == "RegionIn" else frozenset()) | (
        _ACTIONS if one.text("MapResult") == "Deny" else frozenset()
    )
    one = replace(one, fields={key: value for key, value in one.fields.items() if key not in unheeded})
    entries: dict[str, Value | None] = {"route_table": names.of(one.text("TransitRouterRouteTableId"))}
    for key, word in _MAP_TEXTS.items():
        entries[word] = one.text(key) or None
    for key, word in _MAP_NUMBERS.items():
        entries[word] = int(one.text(key)) if one.text(key) else None
    for key, word in _MAP_LISTS.items():
        entries[word] = [text for text in _texts(one, key) if text not in _FOREIGN] or None
    for key, word in _MAP_NUMBER_LISTS.items():
        entries[word] = [int(number) for number in _texts(one, key)] or None
    for key, word in _MAP_INSTANCES.items():
        written = _texts(one, key)
        known = [names.of(instance) for instance in written if instance in carried]
        reverse = bool(one.fields.get(f"{key}ReverseMatch"))
        if written and not known and not reverse:
            return None
        entries[word] = known or None
        entries[f"{word}_reverse_match"] = True if known and reverse else None
    return Piece(one.id, entries)


_DESTINATIONS = frozenset({
    "DestinationInstanceIds", "DestinationInstanceIdsReverseMatch", "DestinationChildInstanceTypes",
    "DestinationRegionIds",
})
_ACTIONS = frozenset({"Preference", "CommunityOperateMode", "OperateCommunitySet", "PrependAsPath"})
_FOREIGN = frozenset({"CCN"})
"""Types of instances that there are none of."""


def _can_match(one: Document) -> bool:
    """False when all that a condition lists are other regions, or types of which there is none."""
    sides = ("Source",) if one.text("TransmitDirection") == "RegionIn" else ("Source", "Destination")
    regions = (_texts(one, f"{side}RegionIds") for side in sides)
    types = (_texts(one, f"{side}ChildInstanceTypes") for side in sides)
    return all(not listed or one.text("CenRegionId") in listed for listed in regions) and all(
        not listed or not _FOREIGN.issuperset(listed) for listed in types
    )


def _texts(one: Document, key: str) -> tuple[str, ...]:
    found = one.fields.get(key)
    return tuple(map(str, found)) if isinstance(found, Sequence) and not isinstance(found, str) else ()
