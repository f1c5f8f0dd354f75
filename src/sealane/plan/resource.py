"""Resources: what a network is made of on a Linux host, as values.

A resource has a key, by which desired and observed are matched, and a payload, by which they are compared.
"""

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """Kinds of resources in the order in which they are made; they are unmade in reverse."""

    NAMESPACE = "namespace"
    LINK = "link"
    ADDRESS = "address"
    FILTER = "filter"
    RULE = "rule"
    ROUTE = "route"
    BIRD = "bird"
    FRR = "frr"
    CHARON = "charon"
    CONNECTION = "connection"


RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """Identity of a resource: its kind, the network namespace it is in, and its name there."""

    kind: Kind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.namespace}/{self.name}" if self.name else f"{self.kind.value} {self.namespace}"


@dataclass(frozen=True, slots=True)
class NamespaceSpec:
    """A network namespace; ``forwarding`` makes it a router, ``whole`` tells that its making was not cut short."""

    forwarding: bool
    whole: bool = field(default=True, repr=False)


@dataclass(frozen=True, slots=True)
class CableSpec:
    """A veth pair, owned by the resource of its first end.

    ``master`` and ``peer_master`` name the bridge each end is plugged into, or None.
    """

    peer_namespace: str
    peer_name: str
    mtu_bytes: int
    master: str | None = None
    peer_master: str | None = None


@dataclass(frozen=True, slots=True)
class BridgeSpec:
    """A bridge: a switch, or, without ports, an interface that only holds addresses."""

    mtu_bytes: int


@dataclass(frozen=True, slots=True)
class RealPortSpec:
    """An interface of the host moved into the namespace, optionally through an 802.1Q subinterface."""

    host_interface: str
    vlan: int
    mtu_bytes: int


@dataclass(frozen=True, slots=True)
class XfrmSpec:
    """A kernel XFRM interface; ``if_id`` ties it to the SAs of its tunnel."""

    if_id: int
    mtu_bytes: int


@dataclass(frozen=True, slots=True)
class AddressSpec:
    """An address ``a.b.c.d/len`` on an interface; the key's name is ``interface address``."""

    interface: str
    address: str


@dataclass(frozen=True, slots=True)
class FilterSpec:
    """One nftables table: the text that defines it, compared by its digest.

    nft prints a table differently from how it was written, so ``text`` is empty when observed.
    """

    digest: str
    text: str = field(default="", compare=False, repr=False)

    @classmethod
    def of(cls, text: str) -> "FilterSpec":
        """The payload for a text."""
        return cls(hashlib.sha256(text.encode()).hexdigest()[:16], text)


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A routing rule; ``interface`` and ``source`` None match all packets. ``table`` None means unreachable."""

    priority: int
    interface: str | None
    table: int | None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """A route of ours; the key's name is ``table prefix``.

    Args:
        table: Kernel table number.
        prefix: Destination.
        via: Next hop address or None for a directly connected one.
        interface: Egress interface, or None where ``via`` decides.
        onlink: True when ``via`` needs no connected prefix.
        discard: True drops what the route matches; there is neither ``via`` nor ``interface`` then.
    """

    table: int
    prefix: str
    via: str | None
    interface: str | None
    onlink: bool = False
    discard: bool = False


@dataclass(frozen=True, slots=True)
class BirdSpec:
    """A BIRD instance with its whole configuration, BGP passwords included."""

    config: str


@dataclass(frozen=True, slots=True)
class FrrSpec:
    """An FRR instance (zebra, staticd, bfdd, bgpd) with its integrated configuration."""

    config: str


@dataclass(frozen=True, slots=True)
class TunSpec:
    """The TUN of a user-space charon, placed in the router's namespace."""

    namespace: str
    name: str
    mtu_bytes: int
    address: str | None


@dataclass(frozen=True, slots=True)
class CharonSpec:
    """A charon instance.

    Args:
        config: Its strongswan.conf.
        tun: The TUN of ESP in user space; None means kernel ESP.
    """

    config: str
    tun: TunSpec | None


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """One IKE connection with one child, as loaded over vici.

    ``settings`` is a nested mapping frozen as text (JSON with sorted keys); ``psk_digest`` changes when the key
    changes. The key itself is not part of a resource: it is handed over when the connection is loaded. ``next_hop`` is
    that of the endpoint's default route, which is there only while the connection is loaded, so that charon cannot
    refuse a peer it does not know yet; None, in a namespace that is not charon's alone, leaves routes as they are.
    """

    settings: str
    psk_name: str
    psk_digest: str
    initiate: bool
    next_hop: str | None = None


Payload = (
    NamespaceSpec
    | CableSpec
    | BridgeSpec
    | RealPortSpec
    | XfrmSpec
    | AddressSpec
    | FilterSpec
    | RuleSpec
    | RouteSpec
    | BirdSpec
    | FrrSpec
    | CharonSpec
    | ConnectionSpec
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing that should exist or was observed."""

    key: Key
    payload: Payload
