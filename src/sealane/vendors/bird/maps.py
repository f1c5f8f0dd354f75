"""Routing policies of a transit router table as BIRD filter functions.

A table has one function per direction that returns true to permit. ``at`` is the priority that evaluation has come
to; a map below it is skipped, which is how a next priority jumps.

Source: reference Cbn 2017-09-12, CreateCenRouteMap; BIRD 2.0 User's Guide, chapter 5 ("Filters").
"""

from collections.abc import Iterable, Sequence

from sealane.model import (
    SYSTEM_MAP_PRIORITY,
    Attachment,
    AttachmentKind,
    MapDirection,
    MatchMode,
    RouteType,
    TransitRouteMap,
    TransitRouter,
)
from sealane.vendors.bird.marks import DEFAULT_PREFERENCE, KIND, TYPE, preference, source_id
from sealane.vendors.bird.text import block, comment, int_set, pair_set, prefix_set, slug

SYSTEM_MAP = TransitRouteMap(
    name="system",
    table="",
    direction=MapDirection.REGION_OUT,
    priority=SYSTEM_MAP_PRIORITY,
    permit=False,
    source_kinds=(AttachmentKind.VBR, AttachmentKind.VPN),
    destination_kinds=(AttachmentKind.VBR, AttachmentKind.VPN),
)
"""Keeps VBR and VPN from learning each other's routes; the transit router's own routes have no kind and pass."""

_NO_INSTANCE = (0x80000000,)  # above every source id: matches no route


def function_name(direction: MapDirection, table: str) -> str:
    """Name of the filter function of a table."""
    return f"{'learn' if direction is MapDirection.REGION_IN else 'publish'}_{slug(table)}"


def render_maps(router: TransitRouter, table: str, direction: MapDirection) -> list[str]:
    """The function of one table and direction; RegionOut takes the receiver's id and kind."""
    maps = [found for found in router.route_maps if found.table == table and found.direction is direction]
    if direction is MapDirection.REGION_OUT:
        maps.append(SYSTEM_MAP)
    maps.sort(key=lambda found: (found.priority, found.name))
    arguments = "int receiver; int receiver_kind" if direction is MapDirection.REGION_OUT else ""
    body = ["at = 0;"]
    for one in maps:
        body.extend(_render_map(router.attachments, one))
    body.append("return true;")
    return [
        comment(f"{direction.value} of table {table}"),
        f"function {function_name(direction, table)}({arguments})",
        "int at;",
        "{",
        *(f"    {line}" for line in body),
        "}",
        "",
    ]


def _render_map(attachments: Sequence[Attachment], one: TransitRouteMap) -> list[str]:
    conditions = " && ".join([f"at <= {one.priority}", *_conditions(attachments, one)])
    actions = list(_actions(one)) if one.permit else ["return false;"]
    if one.permit:
        actions.append("return true;" if one.next_priority is None else f"at = {one.next_priority};")
    return [comment(f"{one.priority} {one.name}"), *block(f"if {conditions} then", actions)]


def _conditions(attachments: Sequence[Attachment], one: TransitRouteMap) -> list[str]:
    found: list[str] = []
    if one.source_instances:
        found.append(_instances("sl_source", attachments, one.source_instances, one.source_instances_reverse))
    if one.source_kinds:
        found.append(f"sl_kind ~ {int_set(KIND[kind] for kind in one.source_kinds)}")
    if one.route_types:
        found.append(f"sl_type ~ {int_set(TYPE[route_type] for route_type in one.route_types)}")
    if one.prefixes:
        found.append(f"net ~ {prefix_set(one.prefixes, '+' if one.prefix_mode is MatchMode.INCLUDE else '')}")
    if one.as_numbers:
        found.append(_as_path(one))
    if one.communities:
        found.append(_communities(one))
    if one.direction is MapDirection.REGION_OUT:
        found.extend(_destination(attachments, one))
    return found


def _destination(attachments: Sequence[Attachment], one: TransitRouteMap) -> list[str]:
    found: list[str] = []
    if one.destination_instances:
        found.append(_instances("receiver", attachments, one.destination_instances, one.destination_instances_reverse))
    if one.destination_kinds:
        found.append(f"receiver_kind ~ {int_set(KIND[kind] for kind in one.destination_kinds)}")
    return found


def _instances(symbol: str, attachments: Iterable[Attachment], wanted: Sequence[str], reverse: bool) -> str:
    ids = [source_id(found) for found in attachments if found.instance in wanted] or _NO_INSTANCE
    return f"{symbol} {'!~' if reverse else '~'} {int_set(ids)}"


def _as_path(one: TransitRouteMap) -> str:
    """Include: the path and the list share a number; Complete: the path is the list, in order."""
    if one.as_mode is MatchMode.INCLUDE:
        return f"bgp_path ~ {int_set(one.as_numbers)}"
    return f"bgp_path ~ [= {' '.join(str(asn) for asn in one.as_numbers)} =]"


def _communities(one: TransitRouteMap) -> str:
    """Include: the route and the list share a community; Complete: the same communities, order apart."""
    wanted = pair_set(one.communities)
    if one.community_mode is MatchMode.INCLUDE:
        return f"bgp_community ~ {wanted}"
    count = len(set(one.communities))
    return f"bgp_community.len = {count} && filter(bgp_community, {wanted}).len = {count}"


def _actions(one: TransitRouteMap) -> Iterable[str]:
    if one.set_preference is not None and one.direction is MapDirection.REGION_IN:
        yield from _set_preference(one.set_preference)
    if one.communities_replace and one.set_communities:
        yield "bgp_community = -empty-;"
    for high, low in sorted(set(one.set_communities)):
        yield f"bgp_community.add(({high},{low}));"
    for asn in reversed(one.prepend):
        yield f"bgp_path.prepend({asn});"


def _set_preference(value: int) -> Iterable[str]:
    """User preference: the MED of a BGP route, compared after the AS path; part of BIRD's preference of another."""
    yield f"bgp_med = {value};"
    for kind in (AttachmentKind.VPC, AttachmentKind.VPN):
        rank = preference(kind, bgp=False) + DEFAULT_PREFERENCE - value
        route_type = RouteType.SYSTEM if kind is AttachmentKind.VPC else RouteType.CUSTOM
        yield f"if sl_kind = {KIND[kind]} && sl_type = {TYPE[route_type]} then preference = {rank};"
