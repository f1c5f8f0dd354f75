"""IPsec tunnels as each end configures them: IKE (RFC 7296), ESP (RFC 4303), route based."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Origin
from sealane.net import Address, InterfaceAddress, Secret


class Encryption(StrEnum):
    """Ciphers by their common names; the number is the key length in bits."""

    AES128 = "aes128"
    AES192 = "aes192"
    AES256 = "aes256"
    AES128_GCM = "aes128gcm16"
    AES192_GCM = "aes192gcm16"
    AES256_GCM = "aes256gcm16"
    DES = "des"
    DES3 = "3des"
    NULL = "null"


class Integrity(StrEnum):
    """Integrity and pseudo-random functions; NONE with an AEAD cipher."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class IkeProposal:
    """What one end offers for the IKE SA; each tuple lists the accepted values, best first."""

    version: int
    encryption: tuple[Encryption, ...]
    integrity: tuple[Integrity, ...]
    prf: tuple[Integrity, ...]
    dh_groups: tuple[int, ...]
    lifetime_s: int
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class EspProposal:
    """What one end offers for the child SA.

    ``pfs_group`` None means no own exchange at rekey. ``lifetime_s`` is local to each end (IKEv2 does not negotiate
    it); ``lifetime_kb`` None means no volume limit.
    """

    encryption: tuple[Encryption, ...]
    integrity: tuple[Integrity, ...]
    pfs_group: int | None
    lifetime_s: int
    lifetime_kb: int | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Dpd:
    """Dead peer detection: a probe after ``delay_s`` of silence, dead after ``timeout_s`` more without an answer."""

    delay_s: int
    timeout_s: int


@dataclass(frozen=True, slots=True)
class TunnelEnd:
    """One end of a route-based tunnel: a tunnel interface on a node and how its outer packets are made.

    Args:
        name: Name of the tunnel at this end, unique in the node (``tunnel-1`` at the cloud, ``Tunnel1`` on a device).
        interface: Name of the tunnel interface in the node.
        inside: Address on the tunnel interface; None when the tunnel carries no address.
        local: Outer source address.
        source_interface: Interface of the node that owns ``local``; None at the cloud, where the gateway owns it.
        remote: Outer destination address.
        ike, esp: The proposals of this end.
        local_id, remote_id: IKE identities.
        psk: The pre-shared key; None when present on the device but masked (``*****``).
        dpd: None when dead peer detection is off.
        initiates: True when this end starts the negotiation.
        mtu_bytes: Inner MTU; None means computed from the proposal and the path (see model.mtu).
        mss_bytes: TCP MSS clamp; None means inner MTU less 40.
        table: Routing table in which the outer packets are looked up; None means the node's only table.
    """

    name: str
    interface: str
    inside: InterfaceAddress | None
    local: Address
    source_interface: str | None
    remote: Address
    ike: IkeProposal
    esp: EspProposal
    local_id: str
    remote_id: str
    psk: Secret | None
    dpd: Dpd | None
    initiates: bool
    mtu_bytes: int | None = None
    mss_bytes: int | None = None
    table: str | None = None
    origin: Origin | None = None
