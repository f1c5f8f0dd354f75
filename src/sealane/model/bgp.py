"""BGP speakers and their neighbors (RFC 4271)."""

from dataclasses import dataclass

from sealane.diag import Origin
from sealane.net import Address, Asn, Prefix, Secret


@dataclass(frozen=True, slots=True)
class Bfd:
    """Bidirectional forwarding detection (RFC 5880): down after ``multiplier`` missed intervals."""

    interval_ms: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class BgpNeighbor:
    """One configured session.

    Args:
        address: The neighbor's address; the session is single hop unless ``multihop_ttl`` says otherwise.
        remote_asn: The AS expected from the neighbor.
        local_asn: The AS shown to this neighbor; None means the speaker's own.
        local_address: Source of the session; None lets the router choose.
        interface: The interface the neighbor is on, where the platform names it; None otherwise.
        keepalive_s: Proposed keepalive interval; hold time is the lesser of both ends' proposals.
        hold_time_s: Proposed hold time.
        bfd: None when BFD does not watch the session.
        multihop_ttl: None for a directly connected neighbor.
        activated: False leaves the session without the IPv4 address family.
        import_prefix_list, export_prefix_list: Names in the node's policy; None means no filter.
        import_route_map, export_route_map: Likewise.
        password: TCP MD5 key (RFC 2385) or None.
        password_masked: True when there is a key that the configuration hides (``*****``); ``password`` is then None.
    """

    address: Address
    remote_asn: Asn
    local_asn: Asn | None = None
    local_address: Address | None = None
    interface: str | None = None
    keepalive_s: int = 60
    hold_time_s: int = 180
    bfd: Bfd | None = None
    multihop_ttl: int | None = None
    activated: bool = True
    import_prefix_list: str | None = None
    export_prefix_list: str | None = None
    import_route_map: str | None = None
    export_route_map: str | None = None
    password: Secret | None = None
    password_masked: bool = False
    description: str = ""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class BgpNetwork:
    """A prefix originated when exactly it is in the routing table (``network`` of Cisco and FRR)."""

    prefix: Prefix
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class BgpSpeaker:
    """The BGP process of a node; ``maximum_paths`` 1 means no multipath."""

    asn: Asn
    router_id: Address | None
    neighbors: tuple[BgpNeighbor, ...] = ()
    networks: tuple[BgpNetwork, ...] = ()
    maximum_paths: int = 1
    origin: Origin | None = None
