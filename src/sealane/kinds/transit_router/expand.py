"""A transit router as a node; its attachments are put together by the assembly, which knows their far sides."""

from collections.abc import Sequence

from sealane.kinds.transit_router.spec import BLACK_HOLE, SYSTEM, AnyAttachment, TransitRouterSpec, TrTable
from sealane.model import (
    Attachment,
    AttachmentKind,
    BgpNeighbor,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    TransitCidr,
    TransitRoute,
    TransitRouteMap,
    TransitRouter,
    TransitTable,
    TunnelEnd,
)
from sealane.net import InterfaceAddress, NodeName, Prefix, in_order


def link(spec: AnyAttachment, address: InterfaceAddress) -> Interface:
    """The interface towards an attached VPC or border router."""
    return Interface(spec.name, InterfaceKind.ETHERNET, (address,), origin=spec.at.origin)


def tunnel_interface(end: TunnelEnd) -> Interface:
    """The interface of a tunnel."""
    return Interface(end.interface, InterfaceKind.TUNNEL, (end.inside,) if end.inside else (), origin=end.origin)


def attachment(
    spec: AnyAttachment,
    kind: AttachmentKind,
    *,
    instance: str,
    peer: NodeName | None,
    interfaces: tuple[str, ...],
    prefixes: tuple[Prefix, ...],
    neighbors: tuple[BgpNeighbor, ...] = (),
) -> Attachment:
    """The model's attachment; see model.Attachment for the arguments."""
    return Attachment(spec.name, kind, instance, peer, interfaces, spec.association,
                      tuple(sorted(set(spec.propagations))), spec.auto_publish_route_enabled, tuple(sorted(prefixes)),
                      neighbors, spec.at.origin)


def transit_router_node(
    spec: TransitRouterSpec,
    region: str,
    name: NodeName,
    *,
    attachments: Sequence[Attachment],
    interfaces: Sequence[Interface],
    tunnel_ends: Sequence[TunnelEnd],
    route_maps: Sequence[TransitRouteMap],
) -> Node:
    """The node: attachments and interfaces by name, route maps in order of table, direction and priority."""
    side = TransitRouter(
        region=region,
        cidrs=tuple(TransitCidr(one.cidr, one.publish_cidr_route, one.at.origin) for one in spec.cidrs),
        tables=_tables(spec),
        attachments=tuple(sorted(attachments, key=lambda one: one.name)),
        route_maps=tuple(sorted(route_maps, key=lambda one: (one.table, one.direction, one.priority))),
    )
    return Node(
        name,
        Platform.TRANSIT_ROUTER,
        tuple(sorted(interfaces, key=lambda one: one.name)),
        tunnel_ends=tuple(tunnel_ends),
        transit_router=side,
        label=spec.name,
        origin=spec.at.origin,
    )


def _tables(spec: TransitRouterSpec) -> tuple[TransitTable, ...]:
    """The system table first, then the others by name."""
    written = spec.route_tables or (TrTable(SYSTEM, SYSTEM, None, spec.at),)
    tables = []
    system = spec.system_table
    for table in sorted(written, key=lambda one: (one.type != SYSTEM, one.name)):
        own = (route for route in spec.route_entries if (route.route_table or system) == table.name)
        routes = sorted(own, key=lambda route: in_order(route.destination_cidr_block))
        tables.append(TransitTable(table.name, table.type == SYSTEM, tuple(
            TransitRoute(route.destination_cidr_block, None if route.next_hop == BLACK_HOLE else route.next_hop,
                         route.at.origin)
            for route in routes
        ), table.at.origin))
    return tuple(tables)
