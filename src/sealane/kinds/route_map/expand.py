"""A route map as the model's value."""

from sealane.kinds.route_map.spec import RouteMapSpec
from sealane.model import AttachmentKind, MapDirection, MatchMode, RouteType, TransitRouteMap


def route_map(spec: RouteMapSpec, system_table: str) -> TransitRouteMap:
    """The route map of its table, lists in order of value; a prepended path keeps its order."""
    table = spec.route_table or system_table
    return TransitRouteMap(
        name=f"{spec.transmit_direction}-{spec.priority}",
        table=table,
        direction=MapDirection(spec.transmit_direction),
        priority=spec.priority,
        permit=spec.map_result == "Permit",
        next_priority=spec.next_priority,
        source_instances=tuple(sorted(spec.source_instances)),
        source_instances_reverse=spec.source_instances_reverse_match,
        destination_instances=tuple(sorted(spec.destination_instances)),
        destination_instances_reverse=spec.destination_instances_reverse_match,
        source_kinds=tuple(sorted(AttachmentKind(kind) for kind in spec.source_child_instance_types)),
        destination_kinds=tuple(sorted(AttachmentKind(kind) for kind in spec.destination_child_instance_types)),
        route_types=tuple(sorted(RouteType(kind) for kind in spec.route_types)),
        prefixes=tuple(sorted(spec.destination_cidr_blocks)),
        prefix_mode=MatchMode(spec.cidr_match_mode),
        as_numbers=spec.match_asns,
        as_mode=MatchMode(spec.as_path_match_mode),
        communities=tuple(sorted(spec.match_community_set)),
        community_mode=MatchMode(spec.community_match_mode),
        set_preference=spec.preference,
        set_communities=tuple(sorted(spec.operate_community_set)),
        communities_replace=spec.community_operate_mode == "Replace",
        prepend=spec.prepend_as_path,
        origin=spec.at.origin,
    )
