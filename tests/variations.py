"""Small random changes to an example's network; ``choose`` picks one of several, by hypothesis or by a seed."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from publishing import with_publishers
from sealane.model import (
    AttachmentKind,
    BgpNetwork,
    MapDirection,
    MatchMode,
    Mode,
    Network,
    Node,
    Platform,
    PrefixList,
    PrefixListEntry,
    RouteMap,
    RouteMapEntry,
    RouteType,
    StaticRoute,
    TransitCidr,
    TransitRoute,
    TransitRouteMap,
    TransitTable,
)
from sealane.net import Asn, Prefix, Secret

Choose = Callable[[Sequence[Any]], Any]
PREFIXES = tuple(Prefix(text) for text in (
    "172.16.10.0/24", "172.16.0.0/16", "172.16.20.0/24", "172.16.8.0/21", "172.16.10.225/32", "192.168.20.0/24",
    "192.168.0.0/16", "192.168.10.136/32", "192.168.40.159/32", "192.168.10.0/24", "192.168.20.6/32",
    "192.168.50.0/24", "10.10.10.0/24", "10.10.10.49/32", "10.10.10.50/32", "0.0.0.0/0", "10.0.0.0/30",
    "169.254.10.0/30",
))
DEVICES = (Platform.ASA, Platform.GATEWAY)
LIST, MAP = "drawn-list", "drawn-map"


def vary(network: Network, choose: Choose) -> Network:
    """The network with one to four changes."""
    for _ in range(choose((1, 2, 3, 4))):
        network = choose(CHANGES)(network, choose)
    return network


def _swap(values: tuple, choose: Choose, change: Callable[[Any], Any]) -> tuple:
    """One of the values changed, or gone when the change gives None."""
    if not values:
        return values
    at = choose(range(len(values)))
    new = change(values[at])
    return (*values[:at], *(() if new is None else (new,)), *values[at + 1 :])


def _on(network: Network, choose: Choose, platforms: Sequence[Platform], change: Callable[[Node], Node]) -> Network:
    chosen = choose(network.of_platform(*platforms)).name
    return replace(network, nodes=tuple(change(one) if one.name == chosen else one for one in network.nodes))


def _some(choose: Choose, values: Sequence[Any], most: int = 1) -> tuple:
    return tuple(dict.fromkeys(choose(values) for _ in range(choose(range(most + 1))))) if values else ()


def statics(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        device = node.platform in DEVICES
        routes = node.static_routes
        what = choose(("drop", "move", "distance", "copy", "discard"))
        if what == "drop":
            routes = _swap(routes, choose, lambda _: None)
        elif what == "move":
            routes = _swap(routes, choose, lambda one: replace(one, prefix=choose(PREFIXES)))
        elif what == "copy" and routes:
            distance = choose((1, 10, 30)) if device else 1
            routes = (*routes, replace(choose(routes), prefix=choose(PREFIXES), distance=distance))
        elif what == "distance" and device:
            routes = _swap(routes, choose, lambda one: replace(one, distance=choose((1, 19, 21, 200, 255))))
        elif device:
            routes = (*routes, StaticRoute(choose(PREFIXES), None, discard=True, distance=choose((1, 30, 200))))
        elif node.platform is Platform.ROUTER:
            routes = (*routes, StaticRoute(Prefix("192.168.0.0/16"), None, discard=True))
        if not device:
            routes = tuple({one.prefix: one for one in reversed(routes)}.values())
        return replace(node, static_routes=routes)

    return _on(network, choose, (*DEVICES, Platform.ROUTER, Platform.VPC), change)


def device_bgp(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        if node.bgp is None:
            return node
        names = (LIST, *(one.name for one in node.prefix_lists))
        drawn = PrefixList(LIST, tuple(_entry(number, choose) for number in range(1, choose((2, 3)))))
        entries = tuple(
            RouteMapEntry(
                number, choose((True, True, False)), _some(choose, names), choose((None, 50, 150)), choose((None, 5)),
                tuple(Asn(one) for one in choose(((), (65001,), (65534,)))),
            )
            for number in (10, 20)
        )
        node = replace(
            node,
            prefix_lists=(*(one for one in node.prefix_lists if one.name != LIST), drawn),
            route_maps=(*(one for one in node.route_maps if one.name != MAP), RouteMap(MAP, entries)),
        )
        return replace(node, bgp=_speaker(node.bgp, choose))

    return _on(network, choose, DEVICES, change)


def _entry(number: int, choose: Choose) -> PrefixListEntry:
    prefix = choose(PREFIXES)
    low, high = choose(((None, None), (None, 32), (28, None), (28, 30)))
    return PrefixListEntry(number, choose((True, True, False)), prefix, max(low, prefix.prefixlen) if low else None,
                           max(high, prefix.prefixlen) if high else None)


def _speaker(speaker: Any, choose: Choose) -> Any:
    what = choose(("originate", "forget", "paths", "neighbor", "neighbor", "neighbor"))
    if what == "originate":
        return replace(speaker, networks=(*speaker.networks, BgpNetwork(choose(PREFIXES))))
    if what == "forget":
        return replace(speaker, networks=_swap(speaker.networks, choose, lambda _: None))
    if what == "paths":
        return replace(speaker, maximum_paths=choose((1, 2, 3)))
    setting = choose((
        {"import_prefix_list": None}, {"export_prefix_list": None}, {"import_prefix_list": LIST},
        {"export_prefix_list": LIST}, {"import_route_map": MAP}, {"export_route_map": MAP}, {"activated": False},
        {"remote_asn": Asn(64999)}, {"password": Secret("another")},
    ))
    return replace(speaker, neighbors=_swap(speaker.neighbors, choose, lambda one: replace(one, **setting)))


def device_ports(network: Network, choose: Choose) -> Network:
    setting = choose((
        {"enabled": False}, {"security_level": 0}, {"security_level": 50}, {"security_level": 100},
        {"traffic_zone": None}, {"access_list_in": None}, {"access_list_in": "VBR-IN"},
    ))

    def change(node: Node) -> Node:
        """A loopback that tunnels start from is not shut down: the rehearsal lets its tunnels live, a box would not."""
        sources = {one.source_interface for one in node.tunnel_ends} if "enabled" in setting else set()
        return replace(node, interfaces=_swap(
            node.interfaces, choose, lambda one: one if one.name in sources else replace(one, **setting)))

    return _on(network, choose, DEVICES, change)


def firewall(network: Network, choose: Choose) -> Network:
    setting = {choose(("same_security_inter", "inspect_icmp", "permit_vpn")): choose((False, True))}
    return _on(network, choose, DEVICES, lambda node: node if node.stateful is None else replace(
        node, stateful=replace(node.stateful, **setting)))


def tunnel_ends(network: Network, choose: Choose) -> Network:
    setting = choose(({"psk": Secret("another")}, {"local_id": "another"}, {"initiates": False}))
    return _on(network, choose, (*DEVICES, Platform.TRANSIT_ROUTER), lambda node: replace(
        node, tunnel_ends=_swap(node.tunnel_ends, choose, lambda one: replace(one, **setting))))


def custom_routes(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        wanted = TransitRoute(choose(PREFIXES), choose((None, *(one.name for one in router.attachments))))
        drop = choose((False, True))

        def on_table(table: TransitTable) -> TransitTable:
            if drop:
                return replace(table, routes=_swap(table.routes, choose, lambda _: None))
            return replace(table, routes=(*(one for one in table.routes if one.prefix != wanted.prefix), wanted))

        return replace(node, transit_router=replace(router, tables=_swap(router.tables, choose, on_table)))

    return _on(network, choose, (Platform.TRANSIT_ROUTER,), change)


def attachments(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        if len(router.tables) == 1 and choose((False, True)):
            router = replace(router, tables=(*router.tables, TransitTable("custom", system=False)))
        names = tuple(one.name for one in router.tables)
        prefixes = tuple(sorted(_some(choose, PREFIXES, 2)))
        setting = choose((
            {"association": choose((None, *names))}, {"propagations": tuple(sorted(_some(choose, names, 2)))},
            {"auto_publish": choose((False, True))}, {"prefixes": prefixes},
        ))

        def on_one(one: Any) -> Any:
            return one if one.kind is AttachmentKind.VBR and "prefixes" in setting else replace(one, **setting)

        cidrs = (TransitCidr(Prefix("10.10.10.0/24"), publish=choose((False, True))),)
        changed = _swap(router.attachments, choose, on_one)
        return replace(node, transit_router=replace(router, attachments=changed, cidrs=cidrs))

    return with_publishers(_on(network, choose, (Platform.TRANSIT_ROUTER,), change))


def policies(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        router = node.transit_router
        if router.route_maps and choose((False, False, True)):
            maps = _swap(router.route_maps, choose, lambda _: None)
            return replace(node, transit_router=replace(router, route_maps=maps))
        instances = tuple(one.instance for one in router.attachments)
        kinds, way = tuple(AttachmentKind), choose(tuple(MapDirection))
        out = way is MapDirection.REGION_OUT
        drawn = TransitRouteMap(
            f"drawn-{len(router.route_maps)}", choose(router.tables).name, way, choose((10, 20, 40, 60)),
            choose((False, True)), choose((None, None, 50)),
            source_instances=_some(choose, instances), source_instances_reverse=choose((False, True)),
            destination_instances=_some(choose, instances) if out else (),
            source_kinds=_some(choose, kinds), destination_kinds=_some(choose, kinds) if out else (),
            route_types=_some(choose, tuple(RouteType)), prefixes=_some(choose, PREFIXES),
            prefix_mode=choose(tuple(MatchMode)), as_numbers=_some(choose, (Asn(65530),)),
            as_mode=choose(tuple(MatchMode)), communities=_some(choose, ((1, 2),)),
            set_preference=choose((None, 10, 90)), set_communities=_some(choose, ((1, 2),)),
            prepend=tuple(Asn(one) for one in choose(((), (65001, 65001), (65530,)))),
        )
        return replace(node, transit_router=replace(router, route_maps=(*router.route_maps, drawn)))

    return _on(network, choose, (Platform.TRANSIT_ROUTER,), change)


def circuit_routes(network: Network, choose: Choose) -> Network:
    def change(node: Node) -> Node:
        wanted = TransitRoute(choose(PREFIXES), choose(("circuit", "circuit", None)))
        routes = (*(one for one in node.vbr.circuit_routes if one.prefix != wanted.prefix), wanted)
        if choose((False, True)):
            routes = _swap(node.vbr.circuit_routes, choose, lambda _: None)
        return replace(node, vbr=replace(node.vbr, circuit_routes=routes))

    return _on(network, choose, (Platform.VBR,), change)


def modes(network: Network, choose: Choose) -> Network:
    mode = choose(tuple(Mode))
    return replace(network, protections=tuple(replace(one, mode=mode) for one in network.protections))


CHANGES = (
    statics, statics, device_bgp, device_bgp, device_ports, firewall, tunnel_ends, custom_routes, attachments,
    attachments, policies, policies, circuit_routes, modes,
)
