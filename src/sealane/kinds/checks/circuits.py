"""Circuits: who shares them, what is plugged in at the far end, and which device owns which VPN address."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealane.kinds.customer_gateway import CustomerGateway
from sealane.kinds.physical_connection import PhysicalConnection
from sealane.kinds.site import Device, DevicePort, Site
from sealane.kinds.vbr import VirtualBorderRouterSpec
from sealane.net import Prefix
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


MOST_SHARING = 5
"""Border routers of one account on a circuit, unless the quota was raised (ec_quota_same_acount_vbr_per_pconn)."""
MOST_ADVERTISED = 50
"""BGP routes that an IPsec connection takes by default."""
_ANYWHERE = Prefix("0.0.0.0/0")


def check_circuits(plan: "Plan", notes: Notes) -> None:
    """Every line with the border routers on it, every port on a line, every generated device."""
    _check_interfaces(plan, notes)
    for line in plan.physical_connections:
        sharing = [vbr for vbr in plan.virtual_border_routers if vbr.physical_connection == line.name]
        _check_vlans(line, sharing, notes)
        _check_ports(plan, line, sharing, notes)
    _check_gateways(plan, notes)


def _check_interfaces(plan: "Plan", notes: Notes) -> None:
    seen: dict[str, PhysicalConnection] = {}
    for line in plan.physical_connections:
        interface = line.port.interface
        if interface is None:
            continue
        if interface in seen:
            notes.error("PC-011", f"physical connection {line.name}", f"is plugged into {interface}, where "
                        f"{seen[interface].name} is already", "give each line its own interface",
                        line.port.at.of("interface"), seen[interface].port.at.of("interface"))
        seen[interface] = line


def _check_vlans(line: PhysicalConnection, sharing: list[VirtualBorderRouterSpec], notes: Notes) -> None:
    if len(sharing) > MOST_SHARING:
        notes.warning("VBR-035", f"physical connection {line.name}", f"carries {len(sharing)} border routers; the "
                      f"cloud's default quota is {MOST_SHARING}", "have the quota raised, or use another circuit",
                      *(vbr.at.of("physical_connection") for vbr in sharing))
    seen: dict[int, VirtualBorderRouterSpec] = {}
    for vbr in sharing:
        if vbr.vlan_id in seen:
            notes.error("VBR-033", f"vbr {vbr.name}", f"vlan_id {vbr.vlan_id} on {line.name} is also that of "
                        f"{seen[vbr.vlan_id].name}", "give each border router of a circuit its own VLAN",
                        vbr.at.of("vlan_id"), seen[vbr.vlan_id].at.of("vlan_id"))
        elif vbr.vlan_id == 0 and len(sharing) > 1:
            notes.error("VBR-032", f"vbr {vbr.name}", f"vlan_id 0 takes {line.name} for itself, but "
                        f"{len(sharing)} border routers share it", "give it a VLAN from 1 to 2999",
                        vbr.at.of("vlan_id"), *(one.at.origin for one in sharing if one is not vbr))
        seen.setdefault(vbr.vlan_id, vbr)
        if vbr.mtu > line.mtu and vbr.at.knows("mtu") and line.at.knows("mtu"):
            notes.error("VBR-034", f"vbr {vbr.name}", f"mtu is {vbr.mtu}, but {line.name} carries {line.mtu} bytes",
                        "raise the line's mtu or lower this one", vbr.at.of("mtu"), line.at.of("mtu"))


def _circuit_ports(plan: "Plan", line: PhysicalConnection) -> Iterator[tuple[Device, str, DevicePort]]:
    for site in plan.sites:
        for interface, port in site.device.ports if site.device is not None else ():
            if port.circuit == line.name and site.device is not None:
                yield site.device, interface, port


def _check_ports(
    plan: "Plan", line: PhysicalConnection, sharing: list[VirtualBorderRouterSpec], notes: Notes,
) -> None:
    taken: dict[int | None, DevicePort] = {}
    whole = not notes.lost_parts  # a border router that could not be read may be the one that is meant
    for device, interface, port in _circuit_ports(plan, line):
        if not port.at.knows("vlan_id"):
            continue
        subject = f"device {device.name}, port {interface}"
        if port.vlan_id is None and len(sharing) > 1:
            notes.error("SITE-031", subject, f"circuit {line.name} carries {len(sharing)} border routers, and no "
                        "vlan_id says which one is meant", "add vlan_id", port.at.of("circuit"))
        elif port.vlan_id is not None and port.vlan_id not in {vbr.vlan_id for vbr in sharing} and whole:
            notes.error("SITE-030", subject, f"circuit {line.name} has no border router with vlan_id {port.vlan_id}",
                        "write the vlan_id of its border router", port.at.of("vlan_id"))
        if port.vlan_id in taken:
            notes.error("SITE-032", subject, f"circuit {line.name} is already plugged in elsewhere",
                        "a circuit has one far end", port.at.of("circuit"), taken[port.vlan_id].at.of("circuit"))
        taken[port.vlan_id] = port
    if not taken and sharing and plan.sites and line.port.rehearsal and not notes.lost_parts:
        notes.warning("PC-010", f"physical connection {line.name}", "no device is plugged in at its far end",
                      "add a port with this circuit to a site's device", line.at.origin)


def _check_gateways(plan: "Plan", notes: Notes) -> None:
    generated = [site for site in plan.sites if site.device is not None and site.device.is_gateway]
    owners: dict[str, Device] = {}
    for site in generated:
        device = site.device
        if device is None:
            continue
        if len(generated) > 1 and not device.customer_gateways and device.at.knows("customer_gateways"):
            notes.error("SITE-034", f"device {device.name}", f"is one of {len(generated)} of platform gateway, and no "
                        "customer_gateways say which VPN addresses it owns", "add customer_gateways",
                        device.at.of("platform"))
        for name in device.customer_gateways:
            if name in owners:
                notes.error("SITE-035", f"device {device.name}", f"customer gateway {name} also belongs to "
                            f"{owners[name].name}", "name each customer gateway at one device",
                            device.at.of("customer_gateways"), owners[name].at.of("customer_gateways"))
            owners[name] = device
        _check_gateway(plan, site, device, notes)


def _check_gateway(plan: "Plan", site: Site, device: Device, notes: Notes) -> None:
    subject = f"device {device.name}"
    owned = [one for one in plan.customer_gateways
             if not device.customer_gateways or one.name in device.customer_gateways]
    asns = sorted({one.asn for one in owned if one.asn is not None})
    if len(asns) > 1 and device.at.knows("customer_gateways"):
        notes.error("SITE-036", subject, "its customer gateways have the AS numbers " + ", ".join(map(str, asns)) +
                    ", expected one", "register all its addresses with one asn",
                    *(one.at.of("asn") for one in owned if one.asn is not None))
    if device.advertise and not asns and not notes.lost_parts:
        notes.error("SITE-037", subject, "advertises prefixes, but its customer gateways have no asn", "add asn there",
                    device.at.of("advertise"))
    if _ANYWHERE in device.advertise:
        notes.error("SITE-033", subject, "advertises 0.0.0.0/0, which an IPsec connection does not take",
                    "advertise the site's own prefixes", device.at.of("advertise"))
    if len(device.advertise) > MOST_ADVERTISED:
        notes.warning("SITE-039", subject, f"advertises {len(device.advertise)} prefixes; an IPsec connection takes "
                      f"{MOST_ADVERTISED} unless the quota was raised", "advertise fewer, larger prefixes",
                      device.at.of("advertise"))
    _check_reach(site, device, owned, notes)


def _check_reach(site: Site, device: Device, owned: list[CustomerGateway], notes: Notes) -> None:
    """A device that owns VPN addresses is on a circuit, and its next hops are on its networks."""
    subject = f"device {device.name}"
    if owned and not notes.lost_parts and all(port.circuit is None for _, port in device.ports):
        notes.error("SITE-038", subject, "owns VPN addresses, but no port of it is on a circuit",
                    "plug a port into a circuit", device.at.of("ports"))
    reachable = [network for _, port in device.ports
                 if port.network is not None and (network := site.network(port.network)) is not None]
    plugged = all((port.circuit is None) != (port.network is None) for _, port in device.ports)
    known = plugged and not notes.lost_parts
    discarded = {route.destination: route for route in device.routes if route.gateway is None}
    for route in device.routes:
        gateway = route.gateway
        if gateway is None:
            continue
        if known and not any(gateway in network.cidr_block for network in reachable):
            notes.error("SITE-010", subject, f"next hop {gateway} of {route.destination} is in none of its "
                        "networks", "use an address in one of them", route.at.of("next_hop"))
        if route.destination in discarded:
            notes.error("SITE-018", subject, f"has a route to {route.destination} and discards it", "keep one of them",
                        route.at.of("destination"), discarded[route.destination].at.of("destination"))
