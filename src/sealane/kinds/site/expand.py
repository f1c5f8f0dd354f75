"""Hosts and routers of a site as nodes, and what its device is plugged into."""

from collections.abc import Iterator

from sealane.kinds.site.spec import Host, Router, Site, SiteNetwork, SiteRoute
from sealane.model import Interface, InterfaceKind, Node, Platform, Port, StaticRoute
from sealane.net import Address, InterfaceAddress, NodeName, Prefix

_ANYWHERE = Prefix("0.0.0.0/0")


def _on(network: SiteNetwork, address: Address) -> InterfaceAddress:
    return InterfaceAddress((int(address), network.cidr_block.prefixlen))


def host_node(spec: Host, network: SiteNetwork, name: NodeName) -> Node:
    """A host with one interface and a default route."""
    interface = Interface("eth0", InterfaceKind.ETHERNET, (_on(network, spec.address),), origin=spec.at.of("address"))
    route = StaticRoute(_ANYWHERE, spec.gateway, "eth0", origin=spec.at.of("gateway"))
    return Node(name, Platform.HOST, (interface,), (route,), label=spec.name, origin=spec.at.origin)


def router_node(spec: Router, site: Site, name: NodeName) -> Node:
    """A router with one interface per network, named like the network."""
    networks = {one.name: one for one in site.networks}
    interfaces = tuple(
        Interface(network, InterfaceKind.ETHERNET, (_on(networks[network], address),), origin=spec.at.of("addresses"))
        for network, address in sorted(spec.addresses)
    )
    routes = tuple(
        static_route(route) for route in sorted(spec.routes, key=SiteRoute.order)
    )
    return Node(name, Platform.ROUTER, interfaces, routes, label=spec.name, origin=spec.at.origin)


def static_route(route: SiteRoute) -> StaticRoute:
    """A written route."""
    gateway = route.gateway
    return StaticRoute(route.destination, gateway, discard=gateway is None, origin=route.at.origin)


def plugged_ports(site: Site, names: dict[str, NodeName]) -> Iterator[tuple[str, Port]]:
    """Every port on a network of the site: network name and port. ``names`` maps written names to node names."""
    if site.device is not None:
        for interface, port in site.device.ports:
            if port.network is not None:
                yield port.network, Port(names[site.device.name], interface)
    for router in site.routers:
        for network, _ in router.addresses:
            yield network, Port(names[router.name], network)
    for host in site.hosts:
        yield host.network, Port(names[host.name], "eth0")
