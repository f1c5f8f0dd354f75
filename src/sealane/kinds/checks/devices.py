"""Rules between the plan and the devices' own configurations.

Defects of a configuration are warnings: the rehearsal shows what they do, as the box would.
"""

from collections.abc import Iterator, Mapping

from sealane.kinds.plan import Plan
from sealane.kinds.site import Device, DevicePort, Site
from sealane.kinds.tunnels import circuit_port, gateway_addresses
from sealane.model import DeviceReading, Interface, InterfaceKind, Node
from sealane.net import Address
from sealane.spec import Notes, did_you_mean


def check_devices(plan: Plan, devices: Mapping[str, DeviceReading], notes: Notes) -> None:
    """Every device that is not generated was read, and its interfaces fit what they are plugged into."""
    for site in plan.sites:
        device = site.device
        if device is None or device.is_gateway:
            continue
        reading = devices.get(site.name)
        if reading is None:
            notes.error("SITE-020", f"device {device.name}", "its configuration was not read",
                        f"give the text of {device.config}", device.at.of("config"))
            continue
        if reading.node.platform != device.platform:
            notes.error("SITE-027", f"device {device.name}", f"platform is {device.platform}, but its configuration "
                        f"was read as {reading.node.platform}", "correct platform or config",
                        device.at.of("platform"))
        _Plugs(plan, site, device, reading.node, notes).check()
        _check_far_ends(plan, device, reading.node, notes)
    _check_owners(plan, devices, notes)


class _Plugs:
    """One device's interfaces against the plan."""

    def __init__(self, plan: Plan, site: Site, device: Device, node: Node, notes: Notes) -> None:
        self._plan = plan
        self._site = site
        self._device = device
        self._node = node
        self._notes = notes
        self._interfaces = {one.name: one for one in node.interfaces}

    def check(self) -> None:
        """Note what does not fit."""
        for name, port in self._device.ports:
            interface = self._interfaces.get(name)
            subject = f"device {self._device.name}, port {name}"
            if interface is None:
                close = did_you_mean(name, self._interfaces)
                self._notes.error("SITE-021", subject, f"{self._device.config} has no such interface",
                                  f"did you mean {close}?" if close else "correct the name", port.at.origin)
            elif interface.kind is not InterfaceKind.ETHERNET:
                self._notes.error("SITE-022", subject, f"is a {interface.kind} interface, not a port",
                                  "plug in Ethernet interfaces only", port.at.origin)
            elif port.network is not None:
                self._check_network(subject, port, interface)
            else:
                self._check_circuit(subject, name, port, interface)
        self._check_unplugged()

    def _check_network(self, subject: str, port: DevicePort, interface: Interface) -> None:
        network = self._site.network(port.network or "")
        if network is None:
            return
        taken = dict(self._others(network.name))
        for address in interface.addresses:
            places = [place for place in (interface.origin, port.at.of("network")) if place is not None]
            if address.ip not in network.cidr_block or address.network.prefixlen != network.cidr_block.prefixlen:
                self._notes.warning("SITE-024", subject, f"has {address}, but network {network.name} is "
                                    f"{network.cidr_block}", "correct one of the two", *places)
            if address.ip in taken:
                self._notes.warning("SITE-025", subject, f"has {address.ip}, which is also that of {taken[address.ip]}",
                                    "give each its own address", *places)

    def _others(self, network: str) -> Iterator[tuple[Address, str]]:
        for router in self._site.routers:
            yield from ((address, f"router {router.name}") for name, address in router.addresses if name == network)
        for host in self._site.hosts:
            if host.network == network:
                yield host.address, f"host {host.name}"

    def _check_circuit(self, subject: str, name: str, port: DevicePort, interface: Interface) -> None:
        for vbr in self._plan.virtual_border_routers:
            if circuit_port(self._plan, vbr) != (self._device.name, name):
                continue
            own = [address.ip for address in interface.addresses]
            if vbr.peer_gateway_ip in own:
                continue
            places = [place for place in (interface.origin, port.at.of("circuit"), vbr.at.of("peer_gateway_ip"))
                      if place is not None]
            shown = ", ".join(map(str, own)) or "no address"
            swapped = vbr.local_gateway_ip in own
            why = f", which is {vbr.name}'s own: the two ends are swapped" if swapped else ""
            self._notes.warning("SITE-023", subject, f"has {shown}{why}; expected {vbr.peer_gateway_ip}",
                                f"configure {vbr.peer_gateway_ip} on {name}", *places)

    def _check_unplugged(self) -> None:
        plugged = {name for name, _ in self._device.ports}
        used = {route.interface for route in self._node.static_routes}
        used |= {end.source_interface for end in self._node.tunnel_ends}
        for interface in self._node.interfaces:
            idle = interface.kind is not InterfaceKind.ETHERNET or not interface.addresses or not interface.enabled
            if not idle and interface.name in used and interface.name not in plugged:
                places = [place for place in (interface.origin, self._device.at.of("ports")) if place is not None]
                self._notes.warning("SITE-026", f"device {self._device.name}", f"uses {interface.name} "
                                    f"({interface.addresses[0]}), which is plugged into nothing and stays down",
                                    f"add {interface.name} to ports", *places)


def _check_far_ends(plan: Plan, device: Device, node: Node, notes: Notes) -> None:
    known = {address for pair in gateway_addresses(plan).values() for address in pair}
    for end in node.tunnel_ends:
        if end.remote not in known:
            notes.warning("SITE-029", f"device {device.name}", f"{end.name} goes to {end.remote}, which is no gateway "
                          "address of the cloud; those are " + (", ".join(map(str, sorted(known))) or "none"),
                          "correct the tunnel's destination", *([end.origin] if end.origin is not None else []))


def _check_owners(plan: Plan, devices: Mapping[str, DeviceReading], notes: Notes) -> None:
    """With every device known, each customer gateway is the address of one of them."""
    known = all(site.device is not None and not site.device.is_gateway and site.name in devices for site in plan.sites)
    if not plan.sites or not known:
        return
    owned = {
        address.ip
        for reading in devices.values()
        for interface in reading.node.interfaces
        for address in interface.addresses
    }
    for gateway in plan.customer_gateways:
        if gateway.ip_address not in owned:
            notes.warning("SITE-028", f"customer gateway {gateway.name}", f"no device has {gateway.ip_address}",
                          "correct ip_address, or the device's configuration", gateway.at.of("ip_address"))
