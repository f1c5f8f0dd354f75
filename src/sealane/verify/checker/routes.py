"""The checker's route tables: each platform's choice among routes, and BGP between them in rounds."""

from collections.abc import Iterator
from dataclasses import replace

from sealane.model import (
    SYSTEM_MAP_PRIORITY,
    Attachment,
    AttachmentKind,
    BgpSpeaker,
    MapDirection,
    MatchMode,
    Node,
    RouteType,
    TransitRouteMap,
    TransitRouter,
)
from sealane.net import Address, Prefix
from sealane.verify.checker.state import (
    DEVICES,
    End,
    NotCoveredError,
    Route,
    World,
    by_prefix,
    router_id,
    sessions,
    static_hops,
)

Table = list[Route]
Told = list[tuple[End, Route]]
"""What was said, with the end that hears it."""
MAIN = ""
_ROUNDS = 100
_RANK = {
    (AttachmentKind.VPC, False): 800, (AttachmentKind.VBR, True): 600, (AttachmentKind.VBR, False): 550,
    (AttachmentKind.VPN, True): 400, (AttachmentKind.VPN, False): 350,
}
_SYSTEM = (AttachmentKind.VBR, AttachmentKind.VPN)


def tables(world: World) -> dict[tuple[str, str], Table]:
    """Route tables by node and table name (empty but on transit routers), when BGP has nothing new to tell.

    Raises:
        NotCoveredError: BGP does not come to rest, or the network has what the checker does not compute.
    """
    talking = sessions(world)
    told: Told = []
    for _ in range(_ROUNDS):
        said: Told = []
        for one, other in talking:
            for speaker, hearer in ((one, other), (other, one)):
                said += [(hearer, route) for route in _says(world, speaker, hearer, told)]
        if said == told:
            return {key: table for node in world.network.nodes for key, table in _tables(world, node, told)}
        told = said
    raise NotCoveredError("BGP does not come to rest")


def _tables(world: World, node: Node, told: Told) -> Iterator[tuple[tuple[str, str], Table]]:
    if not world.alive(node.name):
        return
    connected = [Route(prefix, ((name, None),)) for prefix, name, _ in world.connected(node.name)]
    if node.transit_router is not None:
        yield (node.name, MAIN), connected
        for table in node.transit_router.tables:
            routes = _transit_table(world, node, node.transit_router, table.name, told)
            yield (node.name, table.name), [_merged(found) for _, found in by_prefix(routes)]
    elif node.vbr is not None:
        chosen = [_merged(found) for _, found in by_prefix(_border_table(world, node, told))]
        yield (node.name, MAIN), [*connected, *(one for one in chosen if _new(one, connected))]
    elif node.platform in DEVICES:
        yield (node.name, MAIN), _device_table(world, node, told)
    else:
        yield (node.name, MAIN), connected
        for route in node.static_routes:
            hops = () if route.discard else static_hops(world, node.name, route.next_hop, route.interface)
            if (hops or route.discard) and _new(Route(route.prefix, hops), connected):
                connected.append(Route(route.prefix, hops))
        # Published to a VPC, whose own routes come first.
        heard = [route for hearer, route in told if hearer.node == node.name]
        connected += [one for one in heard if _new(one, connected)]


def _new(route: Route, table: Table) -> bool:
    return all(one.prefix != route.prefix for one in table)


def _says(world: World, speaker: End, hearer: End, told: Told) -> Iterator[Route]:
    """What one end tells the other, as the other takes it in."""
    node, there = world.node(speaker.node), world.node(hearer.node)
    for route in _announced(world, node, speaker, told):
        internal = speaker.asn == hearer.asn
        if internal and node.platform in DEVICES and there.platform in DEVICES:
            raise NotCoveredError("internal BGP between devices")
        path = route.path if internal else (speaker.asn, *route.path)
        own = {hearer.asn} | ({there.bgp.asn} if there.platform in DEVICES and there.bgp is not None else set())
        if own & set(path) and there.publisher is None:
            continue
        heard = Route(
            route.prefix, ((hearer.interface, speaker.address),), bgp=True, path=path, med=route.med,
            internal=internal, router_id=router_id(node), teller=speaker, type=route.type,
            communities=route.communities,
        )
        yield from _taken_in(there, hearer, heard)


def _taken_in(node: Node, hearer: End, route: Route) -> Iterator[Route]:
    if node.transit_router is not None:
        attachment = node.transit_router.attachment(hearer.attachment)
        kind = route.type if attachment.kind is AttachmentKind.VBR else RouteType.BGP
        rank = _RANK[attachment.kind, kind is RouteType.BGP]
        yield replace(
            route, preference=rank, source=attachment.name, kind=attachment.kind, type=kind, med=50
        )
    elif node.vbr is not None:
        customer = hearer.neighbor is not None
        yield replace(route, preference=200 if customer else 100, from_circuit=customer, type=RouteType.BGP)
    elif node.publisher is not None:
        yield route
    elif hearer.neighbor is not None:
        yield from _filtered(
            node, hearer.neighbor.import_prefix_list, hearer.neighbor.import_route_map, replace(route, preference=20)
        )


def _announced(world: World, node: Node, speaker: End, told: Told) -> Iterator[Route]:
    """What a router sends over a session: the best route of each prefix, where its filters let it."""
    if node.transit_router is not None:
        yield from _published(world, node, node.transit_router, speaker, told)
    elif node.vbr is not None:
        for _, found in by_prefix(_border_table(world, node, told)):
            best = min(found, key=_cloud_order)
            if best.from_circuit is (speaker.neighbor is None):
                yield replace(best, med=0)
    elif node.bgp is not None and speaker.neighbor is not None:
        for used in _device_bgp(world, node, node.bgp, told):
            if not used[0].teller or not _same_session(used[0].teller, speaker):
                one = replace(used[0], med=0, type=RouteType.BGP)
                yield from _filtered(node, speaker.neighbor.export_prefix_list, speaker.neighbor.export_route_map, one)


def _same_session(teller: End, speaker: End) -> bool:
    return speaker.neighbor is not None and teller.address == speaker.neighbor.address


# The cloud: BIRD's preference, then BGP's order; equal routes are used together.


def _cloud_order(route: Route) -> tuple[object, ...]:
    teller = route.teller
    return (*_cloud_rank(route), route.router_id, 0 if teller is None else int(teller.address), route.source)


def _cloud_rank(route: Route) -> tuple[object, ...]:
    if not route.bgp:
        return (-route.preference, True)
    return (-route.preference, False, -route.local_pref, len(route.path), route.med, route.internal)


def _merged(routes: list[Route]) -> Route:
    best = min(routes, key=_cloud_order)
    equal = [one for one in sorted(routes, key=_cloud_order) if one.hops and _cloud_rank(one) == _cloud_rank(best)]
    return replace(best, hops=tuple(sorted({hop for one in equal for hop in one.hops}, key=str))) if best.hops else best


def _border_table(world: World, node: Node, told: Told) -> Table:
    vbr = node.vbr
    found = [route for hearer, route in told if hearer.node == node.name]
    for route in () if vbr is None else vbr.circuit_routes:
        hops = () if route.attachment is None else static_hops(world, node.name, _customer(world, node), None)
        if hops or route.attachment is None:
            found.append(Route(route.prefix, hops, 300, from_circuit=True))
    return found


def _customer(world: World, node: Node) -> Address | None:
    """The customer's address on the circuit: as configured, a neighbor, the other of two hosts, the far port."""
    vbr = node.vbr
    if vbr is None or vbr.peer_address is not None:
        return None if vbr is None else vbr.peer_address
    here = node.interface(vbr.circuit_interface).addresses[0]
    known = sorted(one.address for one in vbr.neighbors if one.address in here.network)
    if here.network.prefixlen >= 30:  # noqa: PLR2004
        known += [host for host in here.network.hosts() if host != here.ip]
    link = world.link(node.name, vbr.circuit_interface)
    for port in () if link is None else link.ports:
        known += [one.ip for one in world.interface(port.node, port.interface).addresses if one.ip != here.ip]
    return known[0] if known else None


def _attachment_hops(world: World, node: Node, attachment: Attachment) -> tuple[tuple[str, Address | None], ...]:
    if attachment.peer is None:
        return tuple((name, None) for name in sorted(attachment.interfaces) if world.up(node.name, name))
    name = attachment.interfaces[0]
    here = world.interface(node.name, name).addresses[0]
    link = world.link(node.name, name)
    for port in () if link is None or not world.up(node.name, name) else link.ports:
        for address in world.interface(port.node, port.interface).addresses:
            if port.node == attachment.peer and address.ip in here.network:
                return ((name, address.ip),)
    return ()


def _contributed(world: World, node: Node, attachment: Attachment, told: Told) -> Table:
    """The routes that arrive in an attachment's own table."""
    vpc = attachment.kind is AttachmentKind.VPC
    hops = _attachment_hops(world, node, attachment) if attachment.prefixes else ()
    own = Route(
        Prefix("0.0.0.0/0"), hops, _RANK[attachment.kind, False], source=attachment.name,
        kind=attachment.kind, type=RouteType.SYSTEM if vpc else RouteType.CUSTOM,
    )
    found = [replace(own, prefix=prefix) for prefix in sorted(set(attachment.prefixes)) if hops]
    heard = [route for hearer, route in told if (hearer.node, hearer.attachment) == (node.name, attachment.name)]
    return found + heard


def _transit_table(world: World, node: Node, router: TransitRouter, name: str, told: Told) -> Table:
    found: Table = []
    for route in next(table for table in router.tables if table.name == name).routes:
        hops: tuple[tuple[str, Address | None], ...] = ()
        if route.attachment is not None:
            hops = _attachment_hops(world, node, router.attachment(route.attachment))
        if hops or route.attachment is None:
            found.append(Route(route.prefix, hops, 1000))
    learning = [one for one in router.attachments if name in one.propagations]
    if any(one.kind is AttachmentKind.VPN for one in learning):
        for prefix in sorted({one.prefix for one in router.cidrs if one.publish}):
            found.append(Route(prefix, (), 999, type=RouteType.SYSTEM, for_vbr_only=True))
    for attachment in learning:
        for one in _contributed(world, node, attachment, told):
            kept = _through_maps(router, name, one, None)
            found += [] if kept is None else [kept]
    return found


def _published(world: World, node: Node, router: TransitRouter, speaker: End, told: Told) -> Iterator[Route]:
    attachment = router.attachment(speaker.attachment)
    if not attachment.auto_publish or attachment.association is None:
        return
    shown = [
        route
        for route in _transit_table(world, node, router, attachment.association, told)
        if route.source != attachment.name and (attachment.kind is AttachmentKind.VBR or not route.for_vbr_only)
    ]
    for _, found in by_prefix([*_contributed(world, node, attachment, told), *shown]):
        best = min(found, key=_cloud_order)
        if best.source != attachment.name:
            kept = _through_maps(router, attachment.association, best, attachment)
            if kept is not None:
                yield replace(kept, med=0)


def _through_maps(router: TransitRouter, table: str, route: Route, receiver: Attachment | None) -> Route | None:
    """The route after a table's policies; None when they deny it. ``receiver`` None is the way in."""
    direction = MapDirection.REGION_IN if receiver is None else MapDirection.REGION_OUT
    chosen = [one for one in router.route_maps if one.table == table and one.direction is direction]
    at = 0
    steps = sorted(chosen, key=lambda one: (one.priority, one.name))
    early = [one for one in steps if one.priority < SYSTEM_MAP_PRIORITY]
    for one in [*early, None, *steps[len(early) :]]:
        if one is None:
            between = receiver is not None and receiver.kind in _SYSTEM and route.kind in _SYSTEM
            if between and at <= SYSTEM_MAP_PRIORITY:
                return None
        elif at <= one.priority and _map_matches(router, one, route, receiver):
            if not one.permit:
                return None
            route = _map_changes(one, route)
            if one.next_priority is None:
                return route
            at = one.next_priority
    return route


def _map_matches(router: TransitRouter, one: TransitRouteMap, route: Route, receiver: Attachment | None) -> bool:
    def instance(name: str, wanted: tuple[str, ...], reverse: bool) -> bool:
        listed = any(found.name == name and found.instance in wanted for found in router.attachments)
        return not wanted or listed is not reverse

    include = one.prefix_mode is MatchMode.INCLUDE
    inside = any(route.prefix.subnet_of(found) if include else route.prefix == found for found in one.prefixes)
    shared = set(one.communities) & route.communities
    whole = set(one.communities) == route.communities
    conditions = [
        instance(route.source, one.source_instances, one.source_instances_reverse),
        not one.source_kinds or route.kind in one.source_kinds,
        not one.route_types or route.type in one.route_types,
        not one.prefixes or inside,
        not one.as_numbers
        or (bool(set(one.as_numbers) & set(route.path)) if one.as_mode is MatchMode.INCLUDE
            else one.as_numbers == route.path),
        not one.communities or (bool(shared) if one.community_mode is MatchMode.INCLUDE else whole),
    ]
    if receiver is not None:
        conditions += [
            instance(receiver.name, one.destination_instances, one.destination_instances_reverse),
            not one.destination_kinds or receiver.kind in one.destination_kinds,
        ]
    return all(conditions)


def _map_changes(one: TransitRouteMap, route: Route) -> Route:
    if one.set_preference is not None and one.direction is MapDirection.REGION_IN:
        route = replace(route, med=one.set_preference)
        if not route.bgp and route.kind is not None:
            route = replace(route, preference=_RANK[route.kind, False] + 50 - one.set_preference)
    kept = frozenset() if one.communities_replace and one.set_communities else route.communities
    return replace(route, communities=kept | set(one.set_communities), path=(*one.prepend, *route.path))


# Devices: administrative distance, and BGP as FRR decides.


def _device_table(world: World, node: Node, told: Told) -> Table:
    """Connected routes, then what has the least distance."""
    candidates = _own_routes(world, node)
    for used in [] if node.bgp is None else _device_bgp(world, node, node.bgp, told):
        if used[0].teller is not None:
            hops = tuple(hop for one in used for hop in one.hops)
            candidates.append(replace(used[0], hops=hops, preference=200 if used[0].internal else 20))
    found: Table = []
    for _, routes in by_prefix(candidates):
        least = min(one.preference for one in routes)
        first = next(one for one in routes if one.preference == least)
        best = [one for one in routes if (one.preference, one.bgp) == (least, first.bgp)]
        found.append(replace(first, hops=tuple(dict.fromkeys(hop for one in best for hop in one.hops))))
    return found


def _own_routes(world: World, node: Node) -> Table:
    found = [Route(prefix, ((name, None),)) for prefix, name, _ in world.connected(node.name)]
    # The kernel has a route of its own to each address that tunnels start from.
    starts = [(Prefix(one.local), one.source_interface) for one in node.tunnel_ends]
    found += [Route(prefix, ((name, None),)) for prefix, name in starts if name is not None]
    for route in node.static_routes:
        hops = () if route.discard else static_hops(world, node.name, route.next_hop, route.interface)
        if (hops or route.discard) and route.distance < 255:  # noqa: PLR2004
            found.append(Route(route.prefix, hops, route.distance))
    return found


def _device_bgp(world: World, node: Node, speaker: BgpSpeaker, told: Told) -> Iterator[list[Route]]:
    """Of each prefix the best path, then those used beside it; a network statement's own beats what was heard."""
    here = {one.prefix for one in _own_routes(world, node)}
    heard = [route for hearer, route in told if hearer.node == node.name]
    heard += [Route(one.prefix, (), bgp=True) for one in speaker.networks if one.prefix in here]
    for _, paths in by_prefix(heard):
        ordered: list[Route] = []
        for path in paths:
            place = next((at for at, one in enumerate(ordered) if _better(path, one)), len(ordered))
            ordered.insert(place, path)
        best = ordered[0]
        beside = [one for one in ordered[1:] if one.teller and _device_rank(one, best) == _device_rank(best, one)]
        yield [best, *beside[: speaker.maximum_paths - 1]] if best.teller and not best.internal else [best]


def _better(one: Route, other: Route) -> bool:
    return _device_order(one, other) < _device_order(other, one)


def _device_order(one: Route, other: Route) -> tuple[object, ...]:
    return (*_device_rank(one, other), one.router_id, 0 if one.teller is None else int(one.teller.address))


def _device_rank(one: Route, other: Route) -> tuple[object, ...]:
    med = one.med if one.path[:1] == other.path[:1] else 0
    return (one.teller is not None, -one.local_pref, len(one.path), med, one.internal)


def _filtered(node: Node, prefix_list: str | None, route_map: str | None, route: Route) -> Iterator[Route]:
    if prefix_list is not None and not _listed(node, prefix_list, route.prefix):
        return
    if route_map is None:
        yield route
        return
    entries = [entry for one in node.route_maps if one.name == route_map for entry in one.entries]
    for entry in sorted(entries, key=lambda one: one.seq):
        if entry.match_prefix_lists and not any(_listed(node, one, route.prefix) for one in entry.match_prefix_lists):
            continue
        if entry.permit:
            if entry.set_next_hop is not None:
                raise NotCoveredError("a route map that sets a next hop")
            yield replace(
                route,
                local_pref=route.local_pref if entry.set_local_pref is None else entry.set_local_pref,
                med=route.med if entry.set_med is None else entry.set_med,
                path=(*entry.set_as_path_prepend, *route.path),
            )
        return


def _listed(node: Node, name: str, prefix: Prefix) -> bool:
    entries = [entry for one in node.prefix_lists if one.name == name for entry in one.entries]
    for entry in sorted(entries, key=lambda one: one.seq):
        low = entry.prefix.prefixlen if entry.ge is None else entry.ge
        high = entry.le if entry.le is not None else (low if entry.ge is None else 32)
        if prefix.subnet_of(entry.prefix) and low <= prefix.prefixlen <= high:
            return entry.permit
    return False
