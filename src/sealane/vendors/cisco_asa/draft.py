"""What the text says so far: mutable records that commands fill in, before any reference is resolved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sealane.diag import Finding, Origin, Severity
from sealane.model import (
    Bfd,
    Encryption,
    FilterRule,
    Integrity,
    InterfaceKind,
    PrefixListEntry,
)
from sealane.net import Address, Asn, InterfaceAddress, Prefix, Secret

_SHOWN = 10
"""Names in a message."""


@dataclass(slots=True)
class InterfaceDraft:
    """An interface block; the tunnel fields stay None on other interfaces."""

    name: str
    kind: InterfaceKind
    origin: Origin
    nameif: str | None = None
    security_level: int | None = None
    address: InterfaceAddress | None = None
    enabled: bool = True
    zone: str | None = None
    zone_at: Origin | None = None
    bfd: Bfd | None = None
    tunnel_source: str | None = None
    tunnel_destination: Address | None = None
    tunnel_mode: str | None = None
    tunnel_profile: str | None = None
    tunnel_at: Origin | None = None


@dataclass(slots=True)
class AccessListDraft:
    """``access-list``: rules without their places, each with its place; and the same rules, to find one at once."""

    entries: list[tuple[FilterRule, Origin]] = field(default_factory=list)
    known: set[FilterRule] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class RouteDraft:
    """A static route; ``nameif`` None discards."""

    nameif: str | None
    prefix: Prefix
    next_hop: Address | None
    distance: int
    origin: Origin


@dataclass(slots=True)
class Ikev2PolicyDraft:
    """``crypto ikev2 policy``; an empty tuple was not stated."""

    priority: int
    origin: Origin
    encryption: tuple[Encryption, ...] = ()
    integrity: tuple[Integrity, ...] = ()
    prf: tuple[Integrity, ...] = ()
    groups: tuple[int, ...] = ()
    lifetime_s: int = 86400


@dataclass(slots=True)
class IpsecProposalDraft:
    """``crypto ipsec ikev2 ipsec-proposal``."""

    name: str
    origin: Origin
    encryption: tuple[Encryption, ...] = ()
    integrity: tuple[Integrity, ...] = ()


@dataclass(slots=True)
class ProfileDraft:
    """``crypto ipsec profile``; ``lifetime_kb`` None is unlimited, ``identity`` None is the address."""

    name: str
    origin: Origin
    proposals: tuple[str, ...] = ()
    pfs_group: int | None = None
    lifetime_s: int = 28800
    lifetime_kb: int | None = 4608000
    identity: str | None = None
    responder_only: bool = False


@dataclass(slots=True)
class GroupPolicyDraft:
    """``group-policy``; ``protocols`` None allows all."""

    name: str
    origin: Origin
    protocols: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A pre-shared key; ``secret`` None is masked in the text."""

    secret: Secret | None
    origin: Origin


@dataclass(slots=True)
class TunnelGroupDraft:
    """``tunnel-group``; ``threshold_s`` None switches keepalives off. The defaults are the platform's."""

    name: str
    origin: Origin
    group_policy: str | None = None
    group_policy_at: Origin | None = None
    local_key: KeyDraft | None = None
    remote_key: KeyDraft | None = None
    threshold_s: int | None = 10
    retry_s: int = 2


@dataclass(slots=True)
class RouteMapEntryDraft:
    """One numbered entry of a route map."""

    seq: int
    permit: bool
    origin: Origin
    prefix_lists: tuple[str, ...] = ()
    local_pref: int | None = None
    med: int | None = None
    prepend: tuple[Asn, ...] = ()
    next_hop: Address | None = None


@dataclass(slots=True)
class NeighborDraft:
    """A BGP neighbor.

    ``filters`` maps kind and direction, as in ``("route-map", "in")``, to a name and its place; ``bfd_at`` is where BFD
    was asked for; a masked password is None and has a place.
    """

    address: Address
    origin: Origin
    remote_asn: Asn | None = None
    local_asn: Asn | None = None
    keepalive_s: int | None = None
    hold_time_s: int | None = None
    multihop_ttl: int | None = None
    activated: bool = True
    description: str = ""
    password: Secret | None = None
    password_at: Origin | None = None
    bfd_at: Origin | None = None
    filters: dict[tuple[str, str], tuple[str, Origin]] = field(default_factory=dict)


@dataclass(slots=True)
class BgpDraft:
    """``router bgp``."""

    asn: Asn
    origin: Origin
    router_id: Address | None = None
    maximum_paths: int = 1
    keepalive_s: int = 60
    hold_time_s: int = 180
    neighbors: dict[Address, NeighborDraft] = field(default_factory=dict)
    networks: dict[Prefix, Origin] = field(default_factory=dict)


@dataclass(slots=True)
class FirewallDraft:
    """System-wide behaviour; the defaults are the platform's."""

    same_security_inter: bool = False
    inspected: set[str] = field(default_factory=set)
    permit_vpn: bool = True
    tcp_mss_bytes: int | None = 1380
    has_nat: bool = False


@dataclass(slots=True)
class Draft:
    """Everything read so far, where reading stands (``at``), and which block each sub-mode fills."""

    at: Origin
    hide: Callable[[str], str]
    interfaces: dict[str, InterfaceDraft] = field(default_factory=dict)
    zones: dict[str, Origin] = field(default_factory=dict)
    routes: dict[tuple[str | None, Prefix], dict[tuple[Address | None, int], RouteDraft]] = field(default_factory=dict)
    """By nameif and prefix, then by next hop and distance."""
    access_lists: dict[str, AccessListDraft] = field(default_factory=dict)
    access_groups: dict[str, tuple[str, Origin]] = field(default_factory=dict)
    mtus: dict[str, tuple[int, Origin]] = field(default_factory=dict)
    policies: dict[int, Ikev2PolicyDraft] = field(default_factory=dict)
    ikev2_enabled: dict[str, Origin] = field(default_factory=dict)
    proposals: dict[str, IpsecProposalDraft] = field(default_factory=dict)
    profiles: dict[str, ProfileDraft] = field(default_factory=dict)
    group_policies: dict[str, GroupPolicyDraft] = field(default_factory=dict)
    tunnel_groups: dict[str, TunnelGroupDraft] = field(default_factory=dict)
    prefix_lists: dict[str, dict[int, PrefixListEntry]] = field(default_factory=dict)
    route_maps: dict[str, dict[int, RouteMapEntryDraft]] = field(default_factory=dict)
    bgp: BgpDraft | None = None
    firewall: FirewallDraft = field(default_factory=FirewallDraft)
    findings: list[Finding] = field(default_factory=list)

    interface: InterfaceDraft | None = None
    policy: Ikev2PolicyDraft | None = None
    proposal: IpsecProposalDraft | None = None
    profile: ProfileDraft | None = None
    group_policy: GroupPolicyDraft | None = None
    tunnel_group: TunnelGroupDraft | None = None
    route_map_entry: RouteMapEntryDraft | None = None
    policy_map: str = ""

    def report(
        self,
        code: str,
        severity: Severity,
        subject: str,
        problem: str,
        remedy: str,
        *places: Origin,
    ) -> None:
        """Add a finding; without places it is about the present line."""
        self.findings.append(Finding(code, severity, subject, problem, remedy, places or (self.at,)))

    def error(self, code: str, subject: str, problem: str, remedy: str, *places: Origin) -> None:
        """Add an error; without places it is about the present line."""
        self.report(code, Severity.ERROR, subject, problem, remedy, *places)

    def warning(self, code: str, subject: str, problem: str, remedy: str, *places: Origin) -> None:
        """Add a warning; without places it is about the present line."""
        self.report(code, Severity.WARNING, subject, problem, remedy, *places)

    def prefix(self, network: Address, mask: Address, subject: str) -> Prefix:
        """The prefix of a network and a valid mask; host bits are reported and cleared."""
        prefix = Prefix((int(network) & int(mask), int(mask).bit_count()))
        if prefix.network_address != network:
            self.error(
                "ASA-010",
                subject,
                f"{network} {mask} has bits set outside the mask; expected the network {prefix.network_address} {mask}",
                f"write {prefix.network_address} {mask}; it was read so",
            )
        return prefix


def some(names: Iterable[str], none: str) -> str:
    """Names for a message: as many as help, since there may be thousands of names and of messages."""
    found = [*names]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more if found else none
