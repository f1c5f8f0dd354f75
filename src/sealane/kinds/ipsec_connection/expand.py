"""The two ends of a connection's tunnels, and the BGP session over each."""

from dataclasses import dataclass

from sealane.kinds.ipsec_connection.spec import IpsecConnection, TunnelSpec
from sealane.model import Bfd, BgpNeighbor, Dpd, TunnelEnd
from sealane.net import Address, Asn, InterfaceAddress, Secret


def tunnel_name(connection: str, index: int) -> str:
    """Name of a tunnel in the whole network, ``index`` counting from 1."""
    return f"{connection}/tunnel-{index}"


@dataclass(frozen=True, slots=True)
class TunnelPath:
    """A tunnel with everything resolved that lies outside its connection.

    Args:
        connection: The connection.
        index: Number of the tunnel, from 1.
        gateway: Its outer address in the cloud.
        customer: Its outer address at the site.
        customer_asn: The device's AS; None without BGP.
        table: The transit router table that routes the outer packets.
        psk: The key; None when it is not known.
        password: TCP MD5 key of the BGP session.
        bfd: BFD of the session; None without.
    """

    connection: IpsecConnection
    index: int
    gateway: Address
    customer: Address
    customer_asn: Asn | None
    table: str | None
    psk: Secret | None
    password: Secret | None
    bfd: Bfd | None

    @property
    def tunnel(self) -> TunnelSpec:
        """The tunnel as written."""
        return self.connection.tunnels[self.index - 1]

    @property
    def name(self) -> str:
        """The tunnel's name."""
        return tunnel_name(self.connection.name, self.index)


def cloud_end(path: TunnelPath) -> TunnelEnd:
    """The end on the transit router; it waits for the device unless EffectImmediately is set."""
    tunnel = path.tunnel
    origin = tunnel.at.origin
    return TunnelEnd(
        name=path.name,
        interface=path.name,
        inside=_inside(tunnel, at_cloud=True),
        local=path.gateway,
        source_interface=None,
        remote=path.customer,
        ike=tunnel.ike.proposal(origin),
        esp=tunnel.ipsec.proposal(origin),
        local_id=tunnel.ike.local_id or str(path.gateway),
        remote_id=tunnel.ike.remote_id or str(path.customer),
        psk=path.psk,
        dpd=_dpd(path),
        initiates=path.connection.effect_immediately,
        table=path.table,
        origin=origin,
    )


def device_end(path: TunnelPath, number: int, source_interface: str) -> TunnelEnd:
    """The mirrored end on a device of our own stack; it starts the negotiation. ``number`` names the interface."""
    tunnel = path.tunnel
    origin = tunnel.at.origin
    return TunnelEnd(
        name=f"Tunnel{number}",
        interface=f"Tunnel{number}",
        inside=_inside(tunnel, at_cloud=False),
        local=path.customer,
        source_interface=source_interface,
        remote=path.gateway,
        ike=tunnel.ike.proposal(origin),
        esp=tunnel.ipsec.proposal(origin),
        local_id=tunnel.ike.remote_id or str(path.customer),
        remote_id=tunnel.ike.local_id or str(path.gateway),
        psk=path.psk,
        dpd=_dpd(path),
        initiates=True,
        origin=origin,
    )


def neighbor(path: TunnelPath, interface: str, *, at_cloud: bool) -> BgpNeighbor | None:
    """The BGP session as one end configures it; None when the connection has no BGP."""
    bgp = path.tunnel.bgp
    if not path.connection.enable_tunnels_bgp or bgp is None or path.customer_asn is None:
        return None
    own, other = (bgp.local, bgp.peer) if at_cloud else (bgp.peer, bgp.local)
    return BgpNeighbor(
        address=other,
        remote_asn=path.customer_asn if at_cloud else bgp.local_asn,
        local_asn=bgp.local_asn if at_cloud else None,
        local_address=own,
        interface=interface,
        keepalive_s=path.connection.timers.keepalive_s,
        hold_time_s=path.connection.timers.hold_time_s,
        bfd=path.bfd,
        password=path.password,
        description=path.name,
        origin=bgp.at.origin,
    )


def _inside(tunnel: TunnelSpec, *, at_cloud: bool) -> InterfaceAddress | None:
    if tunnel.bgp is None:
        return None
    own = tunnel.bgp.local if at_cloud else tunnel.bgp.peer
    return InterfaceAddress((int(own), tunnel.bgp.tunnel_cidr.prefixlen))


def _dpd(path: TunnelPath) -> Dpd | None:
    timers = path.connection.timers
    return Dpd(timers.dpd_delay_s, timers.dpd_timeout_s) if path.tunnel.enable_dpd else None
