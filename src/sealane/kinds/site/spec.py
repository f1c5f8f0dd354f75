"""Fields and rules of a site."""

from dataclasses import dataclass, field

from sealane.model import Platform
from sealane.net import Address, Prefix, overlaps
from sealane.spec import (
    AddressOr,
    AddressText,
    Choice,
    Field,
    ListOf,
    MapOf,
    Places,
    PrefixText,
    Record,
    Rule,
    Spot,
    Text,
    Whole,
    did_you_mean,
    name_reader,
)

DISCARD = "discard"
"""In place of a next hop."""
PLATFORMS = (Platform.ASA.value, Platform.GATEWAY.value)


@dataclass(frozen=True, slots=True)
class DevicePort:
    """What a device's interface is plugged into: a circuit (with a VLAN where several share it) or a site network.

    ``address`` is for devices of platform gateway on a network; others bring their addresses.
    """

    circuit: str | None
    vlan_id: int | None
    network: str | None
    address: Address | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class SiteRoute:
    """A static route of a router or of a device of platform gateway; ``next_hop`` may be DISCARD."""

    destination: Prefix
    next_hop: Address | str
    at: Places = field(compare=False)

    @property
    def gateway(self) -> Address | None:
        """The next hop; None discards."""
        return None if isinstance(self.next_hop, str) else self.next_hop

    def order(self) -> tuple[Prefix, int]:
        """By destination, then by next hop."""
        return self.destination, -1 if self.gateway is None else int(self.gateway)


@dataclass(frozen=True, slots=True)
class Device:
    """The customer gateway device; ``config`` names the file that holds its configuration, None for a gateway."""

    name: str
    platform: str
    config: str | None
    ports: tuple[tuple[str, DevicePort], ...]
    customer_gateways: tuple[str, ...]
    advertise: tuple[Prefix, ...]
    routes: tuple[SiteRoute, ...]
    at: Places = field(compare=False)

    @property
    def is_gateway(self) -> bool:
        """True when it runs our own stack and is generated from the plan."""
        return self.platform == Platform.GATEWAY


@dataclass(frozen=True, slots=True)
class SiteNetwork:
    """A network behind the device."""

    name: str
    cidr_block: Prefix
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Router:
    """A plain router; ``addresses`` pairs a network's name with the router's address in it."""

    name: str
    addresses: tuple[tuple[str, Address], ...]
    routes: tuple[SiteRoute, ...]
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Host:
    """A host with a default route."""

    name: str
    network: str
    address: Address
    gateway: Address
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Site:
    """A site as written; ``device`` None when nothing of it is modelled."""

    name: str
    device: Device | None
    networks: tuple[SiteNetwork, ...]
    routers: tuple[Router, ...]
    hosts: tuple[Host, ...]
    at: Places = field(compare=False)

    def network(self, name: str) -> SiteNetwork | None:
        """The network of that name."""
        return next((one for one in self.networks if one.name == name), None)


def _check_port(port: DevicePort, spot: Spot) -> None:
    if (port.circuit is None) == (port.network is None):
        spot.notes.error("SITE-002", spot.subject, "is plugged into neither or both of circuit and network",
                         "write circuit: <physical connection> or network: <site network>", port.at.origin)


def _check_config(device: Device, spot: Spot) -> None:
    if device.is_gateway and device.config is not None:
        spot.notes.error("SITE-003", spot.subject, "platform gateway is generated and takes no config", "remove config",
                         device.at.of("config"))
    if not device.is_gateway and device.config is None:
        spot.notes.error("SITE-004", spot.subject, f"platform {device.platform} has no config",
                         "name the file of its configuration", device.at.of("platform"))


def _check_generated(device: Device, spot: Spot) -> None:
    for key in () if device.is_gateway else ("customer_gateways", "advertise", "routes"):
        if getattr(device, key):
            spot.notes.error("SITE-005", spot.subject, f"{key} is for platform gateway; {device.platform} brings its "
                             "own", f"remove {key}", device.at.of(key))


def _check_ports(device: Device, spot: Spot) -> None:
    for name, port in device.ports:
        if device.is_gateway and port.network is not None and port.address is None and port.at.knows("address"):
            spot.notes.error("SITE-006", spot.subject, f"port {name} on network {port.network} has no address",
                             "add address", port.at.origin)


def _check_networks(site: Site, spot: Spot) -> None:
    for index, one in enumerate(site.networks):
        for other in site.networks[:index]:
            if overlaps(one.cidr_block, other.cidr_block):
                spot.notes.error("SITE-007", f"network {one.name}", f"{one.cidr_block} overlaps {other.cidr_block} of "
                                 f"{other.name}", "give each network its own range", one.at.of("cidr_block"),
                                 other.at.of("cidr_block"))


def _check_addresses(site: Site, spot: Spot) -> None:
    _Addresses(site, spot).check()


class _Addresses:
    """Addresses of one site: in their network, host addresses, each once, next hops reachable."""

    def __init__(self, site: Site, spot: Spot) -> None:
        self._site = site
        self._notes = spot.notes
        self._owners: dict[Address, str] = {}

    def check(self) -> None:
        """Note what is wrong."""
        device = self._site.device
        if device is not None:
            for name, port in device.ports:
                if port.network is not None:
                    self._place(f"device {device.name}, port {name}", port.network, port.address, port.at, "address")
        for router in self._site.routers:
            for network, address in router.addresses:
                self._place(f"router {router.name}", network, address, router.at, "addresses")
            own = [home for name, _ in router.addresses if (home := self._site.network(name)) is not None]
            self._check_routes(router, own)
        for host in self._site.hosts:
            self._place(f"host {host.name}", host.network, host.address, host.at, "address")
            around = self._site.network(host.network)
            if around is not None and host.gateway not in around.cidr_block:
                self._notes.error("SITE-011", f"host {host.name}", f"gateway {host.gateway} is outside "
                                  f"{around.cidr_block} of {around.name}", f"use an address of {around.cidr_block}",
                                  host.at.of("gateway"))

    def _check_routes(self, router: Router, own: list[SiteNetwork]) -> None:
        """Next hops are in the router's networks; a destination has one route, and none where it is connected."""
        subject = f"router {router.name}"
        seen: dict[Prefix, SiteRoute] = {}
        for route in router.routes:
            gateway = route.gateway
            complete = len(own) == len(router.addresses) and not self._notes.lost_parts
            if gateway is not None and complete and not any(gateway in one.cidr_block for one in own):
                self._notes.error("SITE-010", subject, f"next hop {gateway} of {route.destination} is in none of its "
                                  "networks", "use an address in one of them", route.at.of("next_hop"))
            home = next((one for one in own if one.cidr_block == route.destination), None)
            if home is not None:
                self._notes.error("SITE-017", subject, f"has a route to {route.destination}, its own network "
                                  f"{home.name}", "remove the route", route.at.of("destination"),
                                  home.at.of("cidr_block"))
            other = seen.setdefault(route.destination, route)
            if other is not route:
                self._notes.error("SITE-018", subject, f"has two routes to {route.destination}", "keep one of them",
                                  route.at.of("destination"), other.at.of("destination"))

    def _place(self, subject: str, network: str, address: Address | None, at: Places, key: str) -> None:
        home = self._site.network(network)
        if home is None:
            known = [one.name for one in self._site.networks]
            if self._notes.is_unknown(network, known):
                close = did_you_mean(network, known)
                self._notes.error("SITE-001", subject, f"unknown network {network!r} of site {self._site.name}",
                                  f"did you mean {close}?" if close else "add it to networks",
                                  at.of("network" if "network" in at.fields else key))
            return
        if address is None:
            return
        block = home.cidr_block
        if address not in block:
            self._notes.error("SITE-008", subject, f"{address} is outside {block} of network {network}",
                              f"use an address of {block}", at.of(key), home.at.of("cidr_block"))
        elif block.prefixlen < _POINT_TO_POINT and address in (block.network_address, block.broadcast_address):
            self._notes.error("SITE-009", subject, f"{address} is not a host address of {block}",
                              "use an address between the first and the last", at.of(key))
        elif address in self._owners:
            self._notes.error("SITE-012", subject, f"{address} is also that of {self._owners[address]}",
                              "give each its own address", at.of(key))
        self._owners.setdefault(address, subject)


_POINT_TO_POINT = 31

_ROUTE: Record[SiteRoute] = Record("route", SiteRoute, (
    Field("destination", PrefixText(), "prefix", required=True),
    Field("next_hop", AddressOr(DISCARD), "address of the next router, or discard", required=True),
), "A static route.")

_PORT: Record[DevicePort] = Record("port", DevicePort, (
    Field("circuit", Text("the name of a physical connection"), "physical connection that ends here"),
    Field("vlan_id", Whole(0, 2999, "SITE-013"), "VLAN of the border router, where several share the circuit"),
    Field("network", Text("the name of a network of the site"), "network of the site"),
    Field("address", AddressText(), "address on the network, for platform gateway"),
), "What an interface is plugged into.", (Rule(_check_port, ("circuit", "network")),))

_DEVICE: Record[Device] = Record("device", Device, (
    Field("name", name_reader("SITE-014"), "name", required=True),
    Field("platform", Choice(PLATFORMS, "SITE-015"), "cisco-asa is read from config; gateway is generated",
          required=True),
    Field("config", Text("a file name", 1, 1024), "file with the device's configuration, beside the plan"),
    Field("ports", MapOf(_PORT, "interface name"), "what each interface is plugged into", required=True),
    Field("customer_gateways", ListOf(Text("the name of a customer gateway")),
          "for platform gateway: the VPN addresses it owns; left out: all, when there is one such device", default=()),
    Field("advertise", ListOf(PrefixText()), "for platform gateway: prefixes told to the cloud over the tunnels",
          default=()),
    Field("routes", ListOf(_ROUTE), "for platform gateway: static routes into the site", default=()),
), "The device at the site's end of circuit and tunnels.", (
    Rule(_check_config, ("platform", "config")),
    Rule(_check_generated, ("platform",), ("customer_gateways", "advertise", "routes")),
    Rule(_check_ports, ("platform", "ports")),
))

_NETWORK: Record[SiteNetwork] = Record("network", SiteNetwork, (
    Field("name", name_reader("SITE-014", 1, 32), "name", required=True),
    Field("cidr_block", PrefixText(reserved_code="SITE-016"), "its prefix", required=True),
), "A network of the site.")

_ROUTER: Record[Router] = Record("router", Router, (
    Field("name", name_reader("SITE-014"), "name", required=True),
    Field("addresses", MapOf(AddressText(), "network name"), "its address in each network", required=True),
    Field("routes", ListOf(_ROUTE), "static routes", default=()),
), "A router with static routes.")

_HOST: Record[Host] = Record("host", Host, (
    Field("name", name_reader("SITE-014"), "name", required=True),
    Field("network", Text("the name of a network of the site"), "network it is in", required=True),
    Field("address", AddressText(), "its address", required=True),
    Field("gateway", AddressText(), "next hop of its default route", required=True),
), "A host.")

SITE: Record[Site] = Record("site", Site, (
    Field("name", name_reader("SITE-014", 1, 64), "name", required=True),
    Field("device", _DEVICE, "the customer gateway device"),
    Field("networks", ListOf(_NETWORK), "networks behind the device", default=()),
    Field("routers", ListOf(_ROUTER), "routers between them", default=()),
    Field("hosts", ListOf(_HOST), "hosts in them", default=()),
), "A place outside the cloud.", (
    Rule(_check_networks, ("networks",)),
    Rule(_check_addresses, ("networks",), ("name", "device", "routers", "hosts")),
))
