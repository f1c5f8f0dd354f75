"""Nodes: everything that forwards or terminates packets, with its interfaces and own routes."""

from dataclasses import dataclass, field
from enum import StrEnum

from sealane.diag import Origin
from sealane.model.bgp import BgpSpeaker
from sealane.model.cloud import Publisher, TransitRouter, VirtualBorderRouter
from sealane.model.filter import AccessList, SecurityGroup
from sealane.model.ipsec import TunnelEnd
from sealane.model.policy import PrefixList, RouteMap
from sealane.net import Address, InterfaceAddress, NodeName, Prefix


class Platform(StrEnum):
    """Whose behaviour a node shows; the lowering and the twin read it, nothing else branches on it."""

    TRANSIT_ROUTER = "transit-router"
    VBR = "vbr"
    VPC = "vpc"
    HOST = "host"
    ROUTER = "router"
    """A plain router of a site: static routes only."""
    ASA = "cisco-asa"
    GATEWAY = "gateway"
    """A customer gateway that runs Sealane's own stack (strongSwan and FRR, BFD capable)."""


class InterfaceKind(StrEnum):
    """What an interface is made of."""

    ETHERNET = "ethernet"
    LOOPBACK = "loopback"
    TUNNEL = "tunnel"


@dataclass(frozen=True, slots=True)
class Interface:
    """A layer-3 interface.

    Args:
        name: Name on the node, as its platform writes it.
        kind: See InterfaceKind.
        addresses: Own addresses with their connected prefixes; may be empty.
        mtu_bytes: None means 1500.
        nameif: The device's second name for it (ASA); None elsewhere.
        security_level: 0-100 on an ASA, None elsewhere.
        traffic_zone: Traffic zone that flows may move within (ASA); None means every flow is pinned to its interface.
        access_list_in: Name of the access list on arriving packets; None means the platform's default.
        enabled: False when administratively down.
    """

    name: str
    kind: InterfaceKind
    addresses: tuple[InterfaceAddress, ...] = ()
    mtu_bytes: int | None = None
    nameif: str | None = None
    security_level: int | None = None
    traffic_zone: str | None = None
    access_list_in: str | None = None
    enabled: bool = True
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class StaticRoute:
    """A configured route.

    Exactly one of ``next_hop`` and ``discard`` holds. ``interface`` names the egress where the platform wants it
    (ASA: the nameif's interface). ``distance`` is the administrative distance, 1 by default.
    """

    prefix: Prefix
    next_hop: Address | None
    interface: str | None = None
    discard: bool = False
    distance: int = 1
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Stateful:
    """Behaviour of a stateful firewall platform (ASA)."""

    same_security_inter: bool = False
    """``same-security-traffic permit inter-interface``."""
    inspect_icmp: bool = False
    """Without it ICMP echo replies are not taken as part of a flow."""
    permit_vpn: bool = True
    """``sysopt connection permit-vpn``: decrypted traffic skips interface access lists."""
    tcp_mss_bytes: int | None = 1380
    """``sysopt connection tcpmss``."""
    has_nat: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the Network.

    ``transit_router`` and ``vbr`` are set exactly for those platforms; ``stateful`` exactly for firewalls;
    ``publisher`` for a VPC that takes the routes of a transit router beside its own, which stand above them.
    """

    name: NodeName
    platform: Platform
    interfaces: tuple[Interface, ...] = ()
    static_routes: tuple[StaticRoute, ...] = ()
    bgp: BgpSpeaker | None = None
    tunnel_ends: tuple[TunnelEnd, ...] = ()
    prefix_lists: tuple[PrefixList, ...] = ()
    route_maps: tuple[RouteMap, ...] = ()
    access_lists: tuple[AccessList, ...] = ()
    security_group: SecurityGroup | None = None
    stateful: Stateful | None = None
    transit_router: TransitRouter | None = None
    vbr: VirtualBorderRouter | None = None
    publisher: Publisher | None = None
    label: str = ""
    origin: Origin | None = field(default=None, compare=False)

    @property
    def runs_bird(self) -> bool:
        """True for the cloud's routers that speak BGP, each of which is one BIRD."""
        return self.transit_router is not None or self.vbr is not None or self.publisher is not None

    def interface(self, name: str) -> Interface:
        """The interface of that name.

        Raises:
            KeyError: There is none.
        """
        for found in self.interfaces:
            if found.name == name:
                return found
        raise KeyError(f"{self.name} has no interface {name}")
