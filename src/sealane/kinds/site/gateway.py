"""A device that runs our own stack, generated from the plan: nothing about it is left to be configured by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.kinds.site.expand import static_route
from sealane.kinds.site.spec import Device, Site, SiteRoute
from sealane.model import (
    BgpNeighbor,
    BgpNetwork,
    BgpSpeaker,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    StaticRoute,
    TunnelEnd,
)
from sealane.net import Address, Asn, InterfaceAddress, NodeName, Prefix, contains, host_prefix

FLOATING_DISTANCE = 30
"""Distance of the way round the tunnels: worse than eBGP's 20, as the use case sets it."""
_LAST_RESORT_DISTANCE = 254
MAXIMUM_PATHS = 16
"""ECMP width the cloud offers over IPsec connections."""


@dataclass(frozen=True, slots=True)
class GatewaySurroundings:
    """What the rest of the plan says about the device.

    Args:
        uplinks: For each port on a circuit, in written order: the device's address there and the cloud's.
        loopbacks: The interfaces that own the tunnels' outer addresses.
        tunnels: The device's ends.
        ways: For each of the cloud's gateways, the port of the circuit that leads to it.
        neighbors: Its BGP sessions.
        asn: Its AS; None without BGP.
        cloud_prefixes: What lies in the cloud, reached over the circuit when no tunnel offers better.
    """

    uplinks: Mapping[str, tuple[InterfaceAddress, Address]]
    loopbacks: tuple[Interface, ...]
    tunnels: tuple[TunnelEnd, ...]
    ways: Mapping[Address, str]
    neighbors: tuple[BgpNeighbor, ...]
    asn: Asn | None
    cloud_prefixes: tuple[Prefix, ...]


def gateway_node(site: Site, device: Device, around: GatewaySurroundings, name: NodeName) -> Node:
    """The device's node."""
    interfaces = (*_ports(site, device, around), *around.loopbacks, *_tunnel_interfaces(around))
    bgp = None
    if around.asn is not None:
        router_id = around.tunnels[0].local if around.tunnels else None
        networks = tuple(BgpNetwork(prefix, device.at.of("advertise")) for prefix in sorted(set(device.advertise)))
        bgp = BgpSpeaker(around.asn, router_id, around.neighbors, networks, MAXIMUM_PATHS, device.at.origin)
    return Node(name, Platform.GATEWAY, interfaces, tuple(_routes(interfaces, device, around)), bgp, around.tunnels,
                label=device.name, origin=device.at.origin)


def _ports(site: Site, device: Device, around: GatewaySurroundings) -> Iterator[Interface]:
    for interface, port in sorted(device.ports, key=lambda pair: pair[0]):
        network = site.network(port.network) if port.network is not None else None
        if interface in around.uplinks:
            yield Interface(interface, InterfaceKind.ETHERNET, (around.uplinks[interface][0],), origin=port.at.origin)
        elif network is not None and port.address is not None:
            address = InterfaceAddress((int(port.address), network.cidr_block.prefixlen))
            yield Interface(interface, InterfaceKind.ETHERNET, (address,), origin=port.at.origin)


def _tunnel_interfaces(around: GatewaySurroundings) -> Iterator[Interface]:
    for end in around.tunnels:
        yield Interface(end.interface, InterfaceKind.TUNNEL, (end.inside,) if end.inside else (), origin=end.origin)


def _routes(interfaces: tuple[Interface, ...], device: Device, around: GatewaySurroundings) -> Iterator[StaticRoute]:
    """Into the site, to the cloud's gateways over the circuit, to the cloud's prefixes as a last way, and anchors.

    An advertised prefix must be in the routing table exactly. Where it is not, it follows the site route that covers
    it, and else is discarded below every other route.
    """
    written = sorted(device.routes, key=SiteRoute.order)
    yield from map(static_route, written)
    for gateway, interface in sorted(around.ways.items()):
        yield StaticRoute(host_prefix(gateway), around.uplinks[interface][1], interface, origin=device.at.origin)
    for interface, (_, cloud) in list(around.uplinks.items())[:1]:
        for prefix in sorted(set(around.cloud_prefixes)):
            yield StaticRoute(prefix, cloud, interface, distance=FLOATING_DISTANCE, origin=device.at.origin)
    present = {address.network for one in interfaces for address in one.addresses}
    present |= {route.destination for route in written}
    for prefix in sorted(set(device.advertise) - present):
        covering = [route for route in written if contains(route.destination, prefix)]
        best = max(covering, key=lambda route: route.destination.prefixlen, default=None)
        origin = device.at.of("advertise")
        way = None if best is None else best.gateway
        if way is not None and not any(host_prefix(end.local).subnet_of(prefix) for end in around.tunnels):
            yield StaticRoute(prefix, way, origin=origin)
        else:
            yield StaticRoute(prefix, None, discard=True, distance=_LAST_RESORT_DISTANCE, origin=origin)
