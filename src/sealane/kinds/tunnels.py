"""Tunnels of a plan with both ends resolved, and the devices that end them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sealane.kinds.customer_gateway import CustomerGateway, loopback
from sealane.kinds.ipsec_connection import (
    IpsecConnection,
    TunnelPath,
    auto_bfd,
    cloud_end,
    device_end,
    neighbor,
    tunnel_name,
)
from sealane.kinds.ipsec_connection.psk import PskInline
from sealane.kinds.names import slug
from sealane.kinds.plan import Plan
from sealane.kinds.site import Device, GatewaySurroundings, Site, gateway_node
from sealane.kinds.transit_router import gateway_pool
from sealane.kinds.vbr import VirtualBorderRouterSpec
from sealane.model import BgpNeighbor, DeviceReading, Node, TunnelEnd
from sealane.net import Address, InterfaceAddress, Secret


def circuit_port(plan: Plan, vbr: VirtualBorderRouterSpec) -> tuple[str, str] | None:
    """Device name and interface at the far end of a border router's circuit; None when nothing is plugged in."""
    for site in plan.sites:
        for interface, port in site.device.ports if site.device is not None else ():
            same_vlan = port.vlan_id is None or port.vlan_id == vbr.vlan_id
            if port.circuit == vbr.physical_connection and same_vlan and site.device is not None:
                return site.device.name, interface
    return None


def owned_gateways(plan: Plan, device: Device) -> tuple[CustomerGateway, ...]:
    """The customer gateways whose addresses a device of platform gateway owns."""
    if not device.customer_gateways:
        return plan.customer_gateways
    return tuple(one for one in plan.customer_gateways if one.name in device.customer_gateways)


def gateway_addresses(plan: Plan) -> Mapping[str, tuple[Address, Address]]:
    """The cloud's two tunnel addresses of each connection, by name; a connection without room is left out."""
    cidrs = [one.cidr for one in plan.transit_router.cidrs] if plan.transit_router is not None else []
    pinned = frozenset(address for one in plan.ipsec_connections for address in one.gateway_ip_addresses)
    pool = gateway_pool(cidrs, pinned)
    found = {}
    for connection in plan.ipsec_connections:
        if connection.gateway_ip_addresses:
            first, second = connection.gateway_ip_addresses
            found[connection.name] = (first, second)
        elif (pair := next(pool, None)) is not None:
            found[connection.name] = pair
    return found


class Tunnels:
    """Every tunnel of a plan that is bound to the transit router."""

    def __init__(self, plan: Plan, devices: Mapping[str, DeviceReading], secrets: Mapping[str, Secret]) -> None:
        self._plan = plan
        self._devices = devices
        self._secrets = secrets
        self._gateways = {one.name: one for one in plan.customer_gateways}
        self._addresses = gateway_addresses(plan)
        router = plan.transit_router
        attached = router.attachments.vpn if router is not None else ()
        self._tables = {one.ipsec_connection: one.association for one in attached}
        self._bfd_capable = self._owned_by_own_stack()
        self._auto_bfd = auto_bfd(sum(
            tunnel.bgp is not None and tunnel.customer_gateway in self._bfd_capable
            for one in plan.ipsec_connections
            if one.name in self._tables and one.enable_tunnels_bgp and one.bfd.word == "auto"
            for tunnel in one.tunnels
        ))
        self._paths = tuple(
            self._path(connection, index)
            for connection in sorted(plan.ipsec_connections, key=lambda one: one.name)
            if connection.name in self._tables
            for index in range(1, len(connection.tunnels) + 1)
        )
        self._by_customer: dict[Address, list[int]] = {}
        for place, path in enumerate(self._paths):
            self._by_customer.setdefault(path.customer, []).append(place)
        self._passwords = dict(self._cloud_passwords())
        self._circuits: dict[str, list[tuple[str, VirtualBorderRouterSpec]]] = {}
        for vbr in sorted(plan.virtual_border_routers, key=lambda one: one.name):
            port = circuit_port(plan, vbr)
            if port is not None:
                self._circuits.setdefault(port[0], []).append((port[1], vbr))

    def cloud_ends(self) -> tuple[TunnelEnd, ...]:
        """The transit router's ends, by connection name and index."""
        return tuple(map(cloud_end, self._paths))

    def of_connection(self, name: str) -> tuple[TunnelPath, ...]:
        """The tunnels of a connection, by index."""
        return tuple(path for path in self._paths if path.connection.name == name)

    def neighbors(self, connection: str) -> tuple[BgpNeighbor, ...]:
        """The transit router's BGP sessions over a connection."""
        sessions = (neighbor(path, path.name, at_cloud=True) for path in self.of_connection(connection))
        return tuple(one for one in sessions if one is not None)

    def device_nodes(self) -> Iterator[Node]:
        """The sites' devices: generated, or as read with masked keys filled in."""
        for site in self._plan.sites:
            device = site.device
            if device is None:
                continue
            if device.is_gateway:
                yield self._gateway(site, device)
            else:
                yield self._read(device, self._devices[site.name].node)

    def _owned_by_own_stack(self) -> frozenset[str]:
        """Names of customer gateways whose device can do BFD."""
        owning = [site.device for site in self._plan.sites if site.device is not None and site.device.is_gateway]
        elsewhere = {
            address.ip
            for reading in self._devices.values()
            for interface in reading.node.interfaces
            for address in interface.addresses
        }
        return frozenset(
            one.name for device in owning for one in owned_gateways(self._plan, device)
            if one.ip_address not in elsewhere
        )

    def _path(self, connection: IpsecConnection, index: int) -> TunnelPath:
        tunnel = connection.tunnels[index - 1]
        customer = self._gateways[tunnel.customer_gateway]
        name = tunnel_name(connection.name, index)
        inline = tunnel.psk.secret if isinstance(tunnel.psk, PskInline) else None
        return TunnelPath(
            connection=connection,
            index=index,
            gateway=self._addresses[connection.name][index - 1],
            customer=customer.ip_address,
            customer_asn=customer.asn,
            table=self._tables[connection.name],
            psk=self._secrets.get(name, inline),
            password=customer.auth_key,
            bfd=connection.bfd.applies(self._auto_bfd if customer.name in self._bfd_capable else None),
        )

    def _read(self, device: Device, node: Node) -> Node:
        """A device as its configuration says; a masked key is taken to be that of the tunnel's other end."""
        keys = {(path.customer, path.gateway): path.psk for path in self._paths}
        ends = tuple(
            replace(end, psk=keys.get((end.local, end.remote))) if end.psk is None else end for end in node.tunnel_ends
        )
        return replace(
            node,
            name=slug(device.name),
            tunnel_ends=ends,
            bgp=replace(node.bgp, neighbors=tuple(map(self._unmasked, node.bgp.neighbors))) if node.bgp else None,
            label=device.name,
            origin=device.at.origin,
        )

    def _unmasked(self, session: BgpNeighbor) -> BgpNeighbor:
        """A session whose masked password is taken to be that of the cloud's end, where that has one."""
        key = self._passwords.get(session.address) if session.password_masked else None
        return replace(session, password=key, password_masked=False) if key is not None else session

    def _cloud_passwords(self) -> Iterator[tuple[Address, Secret | None]]:
        """Passwords of the cloud's BGP sessions by the address of its end."""
        for path in self._paths:
            if path.tunnel.bgp is not None:
                yield path.tunnel.bgp.local, path.password
        for vbr in self._plan.virtual_border_routers:
            for group in vbr.bgp_groups:
                yield vbr.local_gateway_ip, group.auth_key

    def _gateway(self, site: Site, device: Device) -> Node:
        owned = sorted(owned_gateways(self._plan, device), key=lambda one: one.name)
        loopbacks = {one.ip_address: loopback(one, index) for index, one in enumerate(owned, 1)}
        places = sorted(place for address in loopbacks for place in self._by_customer.get(address, ()))
        mine = [self._paths[place] for place in places]
        ends = tuple(
            device_end(path, number, loopbacks[path.customer].name) for number, path in enumerate(mine, 1)
        )
        sessions = (
            neighbor(path, end.interface, at_cloud=False) for path, end in zip(mine, ends, strict=True)
        )
        asns = [one.asn for one in owned if one.asn is not None]
        around = GatewaySurroundings(
            uplinks=dict(self._uplinks(device)),
            loopbacks=tuple(loopbacks.values()),
            tunnels=ends,
            ways=dict(self._ways(device, mine)),
            neighbors=tuple(one for one in sessions if one is not None),
            asn=asns[0] if asns else None,
            cloud_prefixes=tuple(block for vpc in self._plan.vpcs for block in vpc.blocks),
        )
        return gateway_node(site, device, around, slug(device.name))

    def _uplinks(self, device: Device) -> Iterator[tuple[str, tuple[InterfaceAddress, Address]]]:
        for port, vbr in self._circuits.get(device.name, ()):
            yield port, (vbr.peer, vbr.local_gateway_ip)

    def _ways(self, device: Device, paths: Iterable[TunnelPath]) -> Iterator[tuple[Address, str]]:
        """The port by which a device reaches each gateway: where the cloud sends the tunnel's packets, else the first.

        The longest route to the device's end decides: the transit router's to a border router, or a border router's.
        """
        circuits = self._circuits.get(device.name, [])
        for path in paths:
            lengths = [self._longest(vbr, path.customer) for _, vbr in circuits]
            if circuits:
                yield path.gateway, circuits[lengths.index(max(lengths))][0]

    def _longest(self, vbr: VirtualBorderRouterSpec, address: Address) -> int:
        """Length of the longest written route that leads to an address over a border router; -1 without one."""
        routes = [one.destination_cidr_block for one in vbr.route_entries]
        router = self._plan.transit_router
        if router is not None:
            attached = {one.name for one in router.attachments.vbr if one.vbr == vbr.name}
            routes += [one.destination_cidr_block for one in router.route_entries if one.next_hop in attached]
        return max((one.prefixlen for one in routes if address in one), default=-1)


__all__ = ["Tunnels", "circuit_port", "gateway_addresses", "owned_gateways"]
