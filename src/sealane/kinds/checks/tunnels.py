"""IPsec connections among each other and with customer gateways and transit router CIDRs."""

from typing import TYPE_CHECKING

from sealane.diag import Origin
from sealane.kinds.customer_gateway import CustomerGateway
from sealane.kinds.ipsec_connection import IpsecConnection, TunnelSpec
from sealane.kinds.transit_router import gateway_pool, reserved_blocks
from sealane.net import Address, Prefix
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


def check_tunnels(plan: "Plan", notes: Notes) -> None:
    """BGP of every tunnel with its customer gateway, tunnel prefixes and gateway addresses."""
    gateways = {one.name: one for one in plan.customer_gateways}
    for connection in plan.ipsec_connections:
        known = connection.at.knows("enable_tunnels_bgp", "route_entries")
        if known and not connection.enable_tunnels_bgp and not connection.route_entries:
            notes.warning("VCO-059", f"ipsec connection {connection.name}",
                          "has neither BGP nor route_entries: nothing is routed into its tunnels",
                          "set enable_tunnels_bgp, or add route_entries",
                          connection.at.origin)
        for index, tunnel in enumerate(connection.tunnels, 1):
            gateway = gateways.get(tunnel.customer_gateway)
            if connection.enable_tunnels_bgp and gateway is not None and tunnel.bgp is not None:
                _check_bgp(f"ipsec connection {connection.name} tunnels[{index}]", tunnel, gateway, notes)
    _check_cidr_reuse(plan, notes)
    _check_asns(plan, notes)
    if not notes.lost_parts:
        _check_room(plan, notes)
    _check_pinned(plan, notes)


def _check_bgp(subject: str, tunnel: TunnelSpec, gateway: CustomerGateway, notes: Notes) -> None:
    if tunnel.bgp is None:
        return
    if not gateway.at.knows("asn"):
        return
    if gateway.asn is None:
        notes.error("VCO-056", subject, f"speaks BGP, but customer gateway {gateway.name} has no asn", "add asn there",
                    tunnel.at.of("customer_gateway"), gateway.at.origin)
    elif gateway.asn == tunnel.bgp.local_asn and tunnel.bgp.at.knows("local_asn"):
        notes.error("VCO-057", subject, f"local_asn and the asn of {gateway.name} are both {gateway.asn}, expected two "
                    "different", "give cloud and site different AS numbers", tunnel.bgp.at.of("local_asn"),
                    gateway.at.of("asn"))


def _check_cidr_reuse(plan: "Plan", notes: Notes) -> None:
    seen: dict[Prefix, tuple[str, Origin]] = {}
    for connection in plan.ipsec_connections:
        for tunnel in connection.tunnels:
            if tunnel.bgp is None:
                continue
            prefix, place = tunnel.bgp.tunnel_cidr, tunnel.bgp.at.of("tunnel_cidr")
            if prefix in seen and seen[prefix][0] != connection.name:
                notes.error("VCO-055", f"ipsec connection {connection.name}", f"tunnel_cidr {prefix} is also used by "
                            f"{seen[prefix][0]}", "give each tunnel of a transit router its own /30", place,
                            seen[prefix][1])
            seen.setdefault(prefix, (connection.name, place))


def _check_asns(plan: "Plan", notes: Notes) -> None:
    """A site that speaks BGP to a border router and in tunnels must show one AS number, or its routes flap."""
    known = {one.asn for one in plan.customer_gateways}
    for vbr in plan.virtual_border_routers:
        for group in vbr.bgp_groups:
            if known and None not in known and group.peer_asn not in known:
                notes.warning("VCO-058", f"BGP group {group.name}", f"peer_asn is {group.peer_asn}, but the customer "
                              "gateways have " + ", ".join(map(str, sorted(one for one in known if one is not None))),
                              "use one AS number per site, or its routes flap", group.at.of("peer_asn"),
                              *(one.at.of("asn") for one in plan.customer_gateways))


def _check_room(plan: "Plan", notes: Notes) -> None:
    cidrs = [one.cidr for one in plan.transit_router.cidrs] if plan.transit_router is not None else []
    pinned = frozenset(address for one in plan.ipsec_connections for address in one.gateway_ip_addresses)
    pool = gateway_pool(cidrs, pinned)
    for connection in plan.ipsec_connections:
        unpinned = not connection.gateway_ip_addresses and connection.network_type == "private"
        if unpinned and next(pool, None) is None:
            have = ", ".join(map(str, cidrs)) or "none"
            notes.error("VCO-051", f"ipsec connection {connection.name}", "the transit router CIDRs have no two free "
                        f"gateway addresses left (they are: {have})", "add a CIDR to the transit router",
                        connection.at.origin)


def _check_pinned(plan: "Plan", notes: Notes) -> None:
    cidrs = [one.cidr for one in plan.transit_router.cidrs] if plan.transit_router is not None else []
    owners: dict[Address, IpsecConnection] = {}
    for connection in plan.ipsec_connections:
        subject, place = f"ipsec connection {connection.name}", connection.at.of("gateway_ip_addresses")
        for address in connection.gateway_ip_addresses:
            home = next((cidr for cidr in cidrs if address in cidr), None)
            if connection.network_type == "private" and home is None and not notes.lost_parts:
                notes.error("VCO-052", subject, f"gateway address {address} is in no transit router CIDR",
                            "choose one of " + (", ".join(map(str, cidrs)) or "a CIDR that you add"), place)
            elif home is not None and _is_kept(address, home):
                notes.error("VCO-053", subject, f"gateway address {address} is kept by the cloud: the first three /28 "
                            f"and the last address of {home}", f"choose {home[49]} or a later one", place)
            other = owners.setdefault(address, connection)
            if other is not connection:
                notes.error("VCO-054", subject, f"gateway address {address} is also that of {other.name}",
                            "give each tunnel its own", place, other.at.of("gateway_ip_addresses"))


def _is_kept(address: Address, cidr: Prefix) -> bool:
    return address == cidr.broadcast_address or any(address in block for block in reserved_blocks(cidr))
