"""Rules, static routes and routing daemons of every node."""

from collections.abc import Iterator, Mapping

from sealane.lower.tunnels import GATEWAY_TABLE, MAIN_TABLE, PlacedEnd
from sealane.lower.wiring import Place
from sealane.model import Network, Node, Platform, StaticRoute
from sealane.plan import BirdSpec, FrrSpec, Key, Kind, Resource, RouteSpec, RuleSpec
from sealane.vendors import bird, frr

_GATEWAY_PRIORITY = 50
_ASSOCIATION_PRIORITY = 100
_UNREACHABLE_PRIORITY = 101
_OWN_PRIORITY = 32_800
"""After the kernel's default rule: packets that the router itself originates, such as ICMP errors."""


def lower_routing(network: Network, place: Place, placed: tuple[PlacedEnd, ...]) -> Iterator[Resource]:
    """Resources that make a node route."""
    node = place.node
    match node.platform:
        case Platform.TRANSIT_ROUTER:
            yield from _transit_rules(place, placed)
            yield _bird(place, bird.render_transit_router(network, node, place.names, place.tables))
        case Platform.VBR:
            yield _bird(place, bird.render_vbr(network, node, place.names, MAIN_TABLE))
        case Platform.ASA | Platform.GATEWAY:
            yield Resource(Key(Kind.FRR, place.namespace, ""), FrrSpec(frr.render_device(node, place.names)))
        case Platform.VPC | Platform.HOST | Platform.ROUTER:
            for route in node.static_routes:
                yield _static(place.namespace, route, place.names)
            if node.publisher is not None:
                yield _bird(place, bird.render_vpc(node, place.names, MAIN_TABLE))


def _bird(place: Place, config: str) -> Resource:
    return Resource(Key(Kind.BIRD, place.namespace, ""), BirdSpec(config))


def _static(namespace: str, route: StaticRoute, names: Mapping[str, str]) -> Resource:
    interface = None if route.interface is None else names[route.interface]
    via = None if route.next_hop is None else str(route.next_hop)
    spec = RouteSpec(MAIN_TABLE, str(route.prefix), via, interface, discard=route.discard)
    return Resource(Key(Kind.ROUTE, namespace, f"{MAIN_TABLE} {route.prefix}"), spec)


def _transit_rules(place: Place, placed: tuple[PlacedEnd, ...]) -> Iterator[Resource]:
    """Association as rules: the arriving interface chooses the table; without a table nothing passes."""
    yield _rule(place.namespace, RuleSpec(_GATEWAY_PRIORITY, None, GATEWAY_TABLE))
    for interface, table in _lookups(place.node, place, placed):
        name = place.names.get(interface, interface)
        if table is not None:
            yield _rule(place.namespace, RuleSpec(_ASSOCIATION_PRIORITY, name, table))
        yield _rule(place.namespace, RuleSpec(_UNREACHABLE_PRIORITY, name, None))
    router = place.node.transit_router
    if router is not None:
        system = next(table.name for table in router.tables if table.system)
        yield _rule(place.namespace, RuleSpec(_OWN_PRIORITY, None, place.tables[system]))
    for one in placed:
        table = _underlay_table(place, one)
        if one.charon == place.namespace and table is not None:
            source = RuleSpec(_ASSOCIATION_PRIORITY, None, table, source=f"{one.end.local}/32")
            yield _rule(place.namespace, source)


def _lookups(node: Node, place: Place, placed: tuple[PlacedEnd, ...]) -> Iterator[tuple[str, int | None]]:
    """(interface, table) for everything that packets arrive on; table None without association."""
    router = node.transit_router
    if router is None:
        return
    for attachment in router.attachments:
        table = None if attachment.association is None else place.tables[attachment.association]
        for interface in attachment.interfaces:
            yield interface, table
    for one in placed:
        if one.charon != place.namespace:
            yield one.outer_interface, _underlay_table(place, one)


def _underlay_table(place: Place, one: PlacedEnd) -> int | None:
    """Outer packets are looked up in the table that the tunnel's attachment is associated with."""
    return None if one.end.table is None else place.tables[one.end.table]


def _rule(namespace: str, spec: RuleSpec) -> Resource:
    name = f"{spec.priority} iif {spec.interface or '-'} from {spec.source or '-'}"
    return Resource(Key(Kind.RULE, namespace, name), spec)
