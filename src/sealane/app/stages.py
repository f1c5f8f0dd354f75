"""The stages of the use case as networks: what is configured up to each step of the published procedure. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from sealane.model import (
    AttachmentKind,
    BgpNeighbor,
    BgpSpeaker,
    InterfaceKind,
    Network,
    Node,
    TransitRouteMap,
    TransitRouter,
    neighbor_interface,
)
from sealane.net import Address

Stage = Callable[[Network], Network]


def plain(network: Network) -> Network:
    """Circuit, VBR, transit router and VPC; no tunnels."""
    return _each_node(_without_host_routes(network), _without_tunnels)


def tunnels_up(network: Network) -> Network:
    """Both tunnels negotiated; no BGP on the device, but with border routers."""
    devices = {device.name for device in network.devices()}
    quiet = _each_node(network, lambda node: replace(node, bgp=_outside(node)) if node.name in devices else node)
    return _without_host_routes(quiet)


def bgp_without_host_routes(network: Network) -> Network:
    """BGP on both ends, but no /32 routes and no route policy."""
    return _without_host_routes(network)


def encrypted(network: Network) -> Network:
    """Everything the plan says."""
    return network


def no_route_policy(network: Network) -> Network:
    """The route policy that withholds the /32 routes from the VBR is missing."""
    outer = _outer_addresses(network)

    def change(router: TransitRouter) -> TransitRouter:
        return replace(router, route_maps=tuple(one for one in router.route_maps if not _withholds(one, outer)))

    return _each_transit_router(network, change)


STAGES: Mapping[str, Stage] = {
    "plain": plain,
    "tunnels-up": tunnels_up,
    "bgp-without-host-routes": bgp_without_host_routes,
    "encrypted": encrypted,
    "no-route-policy": no_route_policy,
}
"""Stage ids in the order of the procedure; ``no-route-policy`` is a mistake, shown after it."""


def _each_node(network: Network, change: Callable[[Node], Node]) -> Network:
    return replace(network, nodes=tuple(change(node) for node in network.nodes))


def _each_transit_router(network: Network, change: Callable[[TransitRouter], TransitRouter]) -> Network:
    def on_node(node: Node) -> Node:
        if node.transit_router is None:
            return node
        return replace(node, transit_router=change(node.transit_router))

    return _each_node(network, on_node)


def _outer_addresses(network: Network) -> frozenset[Address]:
    """The devices' outer tunnel addresses, as the cloud knows them."""
    return frozenset(pair.near.remote for pair in network.tunnels())


def _withholds(one: TransitRouteMap, outer: frozenset[Address]) -> bool:
    """True for a policy that is about nothing but the outer addresses."""
    hosts = {prefix.network_address for prefix in one.prefixes if prefix.prefixlen == prefix.max_prefixlen}
    return bool(one.prefixes) and len(hosts) == len(one.prefixes) and hosts <= outer


def _without_host_routes(network: Network) -> Network:
    outer = _outer_addresses(network)

    def change(router: TransitRouter) -> TransitRouter:
        tables = tuple(
            replace(
                table,
                routes=tuple(
                    route
                    for route in table.routes
                    if route.prefix.prefixlen != route.prefix.max_prefixlen or route.prefix.network_address not in outer
                ),
            )
            for table in router.tables
        )
        return replace(router, tables=tables)

    return _each_transit_router(no_route_policy(network), change)


def _outside(node: Node) -> BgpSpeaker | None:
    """The BGP process with the sessions that run over no tunnel; None when there are none."""
    if node.bgp is None:
        return None
    kept = tuple(one for one in node.bgp.neighbors if not _in_tunnel(node, one))
    return replace(node.bgp, neighbors=kept) if kept else None


def _in_tunnel(node: Node, neighbor: BgpNeighbor) -> bool:
    interface = neighbor_interface(node, neighbor)
    return interface is not None and interface.kind is InterfaceKind.TUNNEL


def _without_tunnels(node: Node) -> Node:
    router = node.transit_router
    if router is not None:
        kept = tuple(one for one in router.attachments if one.kind is not AttachmentKind.VPN)
        router = replace(router, attachments=kept)
    return replace(
        node,
        tunnel_ends=(),
        interfaces=tuple(one for one in node.interfaces if one.kind is not InterfaceKind.TUNNEL),
        bgp=_outside(node) if node.tunnel_ends else node.bgp,
        transit_router=router,
    )
