"""Fields and rules of an IPsec connection bound to a transit router (CreateVpnAttachment, dual tunnel)."""

from dataclasses import dataclass, field
from functools import partial

from sealane.kinds.ipsec_connection.bgp import TUNNEL_BGP, BfdChoice, BfdReader, TunnelBgp
from sealane.kinds.ipsec_connection.crypto import IKE, IPSEC, IkeConfig, IpsecConfig
from sealane.kinds.ipsec_connection.psk import PskGenerate, PskReader, PskSource
from sealane.net import Address, Prefix
from sealane.spec import (
    AddressText,
    Choice,
    Field,
    Flag,
    ListOf,
    Mark,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    Spot,
    Text,
    Whole,
    name_reader,
)

__all__ = ["IPSEC_CONNECTION", "BfdChoice", "IpsecConnection", "TunnelBgp", "TunnelSpec", "VcoRoute"]

TUNNELS = 2
EVERYTHING = Prefix("0.0.0.0/0")
MOST_SUBNETS = 5


@dataclass(frozen=True, slots=True)
class TunnelSpec:
    """One of the two tunnels (TunnelOptionsSpecification); ``bgp`` None means that it is not written."""

    customer_gateway: str
    enable_dpd: bool
    enable_nat_traversal: bool
    ike: IkeConfig
    ipsec: IpsecConfig
    psk: PskSource
    bgp: TunnelBgp | None
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class VcoRoute:
    """A destination-based route of the connection (CreateVcoRouteEntry)."""

    route_dest: Prefix
    at: Places = field(compare=False)


@dataclass(frozen=True, slots=True)
class Timers:
    """Timers of BGP and dead peer detection, in seconds."""

    keepalive_s: int = 10
    hold_time_s: int = 30
    dpd_delay_s: int = 10
    dpd_timeout_s: int = 30
    at: Places | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class IpsecConnection:
    """An IPsec connection as written; ``gateway_ip_addresses`` is empty unless pinned."""

    name: str
    network_type: str
    local_subnet: tuple[Prefix, ...]
    remote_subnet: tuple[Prefix, ...]
    effect_immediately: bool
    enable_tunnels_bgp: bool
    tunnel_bandwidth: str
    tunnels: tuple[TunnelSpec, ...]
    gateway_ip_addresses: tuple[Address, ...]
    timers: Timers
    bfd: BfdChoice
    route_entries: tuple[VcoRoute, ...]
    at: Places = field(compare=False)


class _Subnets:
    """One prefix or a comma list of at most five."""

    def read(self, mark: Mark, spot: Spot) -> tuple[Prefix, ...] | None:
        """The prefixes."""
        if not isinstance(mark, Scalar):
            spot.error("PLAN-012", "is not a prefix", "write 0.0.0.0/0", mark.origin)
            return None
        parts = [Scalar(part.strip(), mark.plain, mark.origin) for part in mark.text.split(",")]
        if len(parts) > MOST_SUBNETS:
            spot.error("VCO-003", f"lists {len(parts)} prefixes, expected at most {MOST_SUBNETS}", "list fewer",
                       mark.origin)
            return None
        read = [PrefixText().read(part, spot) for part in parts]
        found = tuple(prefix for prefix in read if prefix is not None)
        return found if len(found) == len(parts) else None

    def schema(self) -> dict[str, object]:
        """JSON Schema."""
        return {"type": "string"}


def _check_mode(spec: IpsecConnection, spot: Spot, *, key: str) -> None:
    if getattr(spec, key) != (EVERYTHING,):
        spot.notes.error("VCO-004", spot.subject, f"{key} is not 0.0.0.0/0: protected-flow mode is not carried, "
                         "expected destination-routing mode", f"write {key}: 0.0.0.0/0 and route into the tunnels",
                         spec.at.of(key))


def _check_bgp(spec: IpsecConnection, spot: Spot) -> None:
    if not spec.enable_tunnels_bgp:
        return
    for index, tunnel in enumerate(spec.tunnels, 1):
        if tunnel.bgp is None and tunnel.at.knows("bgp"):
            spot.notes.error("VCO-020", spot.subject, f"tunnel {index} has no bgp, but enable_tunnels_bgp is true",
                             "add bgp with tunnel_cidr and local_asn", tunnel.at.origin)
    first, second = (tunnel.bgp for tunnel in spec.tunnels)
    if first is None or second is None:
        return
    if first.tunnel_cidr == second.tunnel_cidr:
        spot.notes.error("VCO-021", spot.subject, f"both tunnels use {first.tunnel_cidr}, expected two different",
                         "give the second tunnel a /30 of its own", second.at.of("tunnel_cidr"),
                         first.at.of("tunnel_cidr"))
    if first.at.knows("local_asn") and second.at.knows("local_asn") and first.local_asn != second.local_asn:
        spot.notes.error("VCO-022", spot.subject, f"local_asn is {first.local_asn} on tunnel 1 and "
                         f"{second.local_asn} on tunnel 2, expected one", f"write local_asn: {first.local_asn} on both",
                         second.at.of("local_asn"), first.at.of("local_asn"))


def _check_public(spec: IpsecConnection, spot: Spot) -> None:
    if spec.network_type == "public" and not spec.gateway_ip_addresses:
        spot.notes.error("VCO-005", spot.subject, "network_type public has no gateway_ip_addresses; only private "
                         "connections draw them from the transit router CIDR", "name both gateway addresses",
                         spec.at.of("network_type"))


def _check_pinned(spec: IpsecConnection, spot: Spot) -> None:
    pinned = spec.gateway_ip_addresses
    if len(set(pinned)) != len(pinned):
        spot.notes.error("VCO-006", spot.subject, f"both gateway addresses are {pinned[0]}, expected two different",
                         "give each tunnel its own", spec.at.of("gateway_ip_addresses"))


def _check_timers(timers: Timers, spot: Spot) -> None:
    at = timers.at
    if at is not None and timers.hold_time_s < 3 * timers.keepalive_s:
        spot.notes.error("VCO-031", spot.subject, f"hold_time_s is {timers.hold_time_s}, expected at least three times "
                         f"keepalive_s ({timers.keepalive_s}): one lost keepalive would end the session",
                         f"write hold_time_s: {3 * timers.keepalive_s} or more", at.of("hold_time_s"),
                         at.of("keepalive_s"))


_TIMERS: Record[Timers] = Record("timers", Timers, (
    Field("keepalive_s", Whole(1, 21845, "VCO-030", "s"), "BGP keepalive interval in seconds", default=10),
    Field("hold_time_s", Whole(3, 65535, "VCO-030", "s"), "BGP hold time in seconds (RFC 4271: 3 or more)",
          default=30),
    Field("dpd_delay_s", Whole(1, 3600, "VCO-030", "s"), "silence before a dead peer probe, in seconds", default=10),
    Field("dpd_timeout_s", Whole(1, 3600, "VCO-030", "s"), "wait for an answer to it, in seconds", default=30),
), "Timers that the cloud does not offer; its own are BGP 10/30 s and dead peer detection after about 30 s.",
    (Rule(_check_timers, ("keepalive_s", "hold_time_s")),))

_TUNNEL: Record[TunnelSpec] = Record("tunnel", TunnelSpec, (
    Field("customer_gateway", Text("the name of a customer gateway"), "CustomerGatewayId", required=True),
    Field("enable_dpd", Flag(), "EnableDpd", default=True),
    Field("enable_nat_traversal", Flag(), "EnableNatTraversal", default=True),
    Field("ike", IKE, "TunnelIkeConfig", default=IkeConfig()),
    Field("ipsec", IPSEC, "TunnelIpsecConfig", default=IpsecConfig()),
    Field("psk", PskReader(), "TunnelIkeConfig.Psk: the key, or {env: VARIABLE}, {file: path}, {generate: true}",
          default=PskGenerate()),
    Field("bgp", TUNNEL_BGP, "TunnelBgpConfig"),
), "One tunnel (TunnelOptionsSpecification).")

_ROUTE: Record[VcoRoute] = Record("route", VcoRoute, (
    Field("route_dest", PrefixText(1, 32, "VCO-032", "VCO-032", may_contain=True), "RouteDest", required=True),
), "A destination-based route (CreateVcoRouteEntry).")

IPSEC_CONNECTION: Record[IpsecConnection] = Record("ipsec connection", IpsecConnection, (
    Field("name", name_reader("VCO-001", 1, 100), "Name", required=True),
    Field("network_type", Choice(("private", "public"), "VCO-002"), "NetworkType", default="public"),
    Field("local_subnet", _Subnets(), "LocalSubnet; 0.0.0.0/0 is destination-routing mode", default=(EVERYTHING,)),
    Field("remote_subnet", _Subnets(), "RemoteSubnet; 0.0.0.0/0 is destination-routing mode", default=(EVERYTHING,)),
    Field("effect_immediately", Flag(), "EffectImmediately: start negotiating at once", default=False),
    Field("enable_tunnels_bgp", Flag(), "EnableTunnelsBgp", default=False),
    Field("tunnel_bandwidth", Choice(("Standard", "Large"), "VCO-002"), "TunnelBandwidth", default="Standard"),
    Field("tunnels", ListOf(_TUNNEL, TUNNELS, TUNNELS, "VCO-007"), "the two tunnels", required=True),
    Field("gateway_ip_addresses", ListOf(AddressText(), TUNNELS, TUNNELS, "VCO-007"),
          "the cloud's tunnel addresses; left out: taken from the transit router CIDR", default=()),
    Field("timers", _TIMERS, "timers of BGP and dead peer detection", default=Timers()),
    Field("bfd", BfdReader(), "BFD on the tunnels' BGP sessions: auto (where the device can), off, or "
          "{interval_ms, multiplier}", default=BfdChoice("auto")),
    Field("route_entries", ListOf(_ROUTE), "destination-based routes", default=()),
), "An IPsec connection of two tunnels between a transit router and a site.", (
    *(Rule(partial(_check_mode, key=key), (key,)) for key in ("local_subnet", "remote_subnet")),
    Rule(_check_bgp, ("enable_tunnels_bgp", "tunnels")),
    Rule(_check_public, ("network_type", "gateway_ip_addresses")),
    Rule(_check_pinned, ("gateway_ip_addresses",)),
))
