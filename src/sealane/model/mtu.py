"""Inner MTU and TCP MSS of an ESP tunnel (RFC 4303, RFC 3948, RFC 6040 leave the arithmetic to us)."""

from sealane.model.ipsec import Encryption, EspProposal, Integrity

_IV_BYTES = {
    Encryption.AES128: 16, Encryption.AES192: 16, Encryption.AES256: 16,
    Encryption.AES128_GCM: 8, Encryption.AES192_GCM: 8, Encryption.AES256_GCM: 8,
    Encryption.DES: 8, Encryption.DES3: 8, Encryption.NULL: 0,
}
_BLOCK_BYTES = {
    Encryption.AES128: 16, Encryption.AES192: 16, Encryption.AES256: 16,
    Encryption.AES128_GCM: 4, Encryption.AES192_GCM: 4, Encryption.AES256_GCM: 4,
    Encryption.DES: 8, Encryption.DES3: 8, Encryption.NULL: 4,
}
_ICV_BYTES = {
    Integrity.MD5: 12, Integrity.SHA1: 12, Integrity.SHA256: 16, Integrity.SHA384: 24, Integrity.SHA512: 32,
    Integrity.NONE: 16,
}

USERSPACE_MAX_INNER_BYTES = 1400
"""charon's kernel-libipsec reads its TUN with a fixed buffer of this size; larger packets vanish."""

_OUTER_IPV4_BYTES = 20
_UDP_BYTES = 8
_ESP_HEADER_BYTES = 8
_ESP_TRAILER_BYTES = 2
_TCP_IPV4_HEADERS_BYTES = 40


def inner_mtu(outer_mtu_bytes: int, esp: EspProposal, *, udp_encapsulated: bool) -> int:
    """Largest inner packet that leaves as one outer packet of at most ``outer_mtu_bytes``.

    With several algorithms offered the most expensive combination counts, since any may be chosen. For a proposal of
    the cloud's defaults on a 1500-byte path this is 1438, or 1422 inside UDP, which agrees with the table that AWS
    publishes for its VPN.
    """
    return min(
        _inner(outer_mtu_bytes, encryption, integrity, udp_encapsulated=udp_encapsulated)
        for encryption in esp.encryption
        for integrity in (esp.integrity or (Integrity.NONE,))
    )


def _inner(outer: int, encryption: Encryption, integrity: Integrity, *, udp_encapsulated: bool) -> int:
    fixed = _OUTER_IPV4_BYTES + (_UDP_BYTES if udp_encapsulated else 0) + _ESP_HEADER_BYTES
    room = outer - fixed - _IV_BYTES[encryption] - _ICV_BYTES[integrity]
    block = _BLOCK_BYTES[encryption]
    return room // block * block - _ESP_TRAILER_BYTES


def tcp_mss(inner_mtu_bytes: int) -> int:
    """Largest TCP segment without options that fits the inner MTU."""
    return inner_mtu_bytes - _TCP_IPV4_HEADERS_BYTES
