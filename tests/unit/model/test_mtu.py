from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.model import Encryption, EspProposal, Integrity, inner_mtu, tcp_mss

CBC, GCM = Encryption.AES128, Encryption.AES256_GCM
AEAD = (Encryption.AES128_GCM, Encryption.AES192_GCM, Encryption.AES256_GCM)


def esp(*encryption: Encryption, integrity: tuple[Integrity, ...]) -> EspProposal:
    return EspProposal(encryption, integrity, pfs_group=14, lifetime_s=3600)


# Inner MTU and MSS for a 1500-byte path: "Best practices for a customer gateway device", AWS Site-to-Site VPN.
PUBLISHED = (
    (CBC, Integrity.SHA1, False, 1438, 1398),
    (CBC, Integrity.SHA1, True, 1422, 1382),
    (CBC, Integrity.SHA256, False, 1438, 1398),
    (CBC, Integrity.SHA256, True, 1422, 1382),
    (CBC, Integrity.SHA384, False, 1422, 1382),
    (CBC, Integrity.SHA384, True, 1422, 1382),
    (CBC, Integrity.SHA512, False, 1422, 1382),
    (CBC, Integrity.SHA512, True, 1406, 1366),
    (GCM, Integrity.NONE, False, 1446, 1406),
    (GCM, Integrity.NONE, True, 1438, 1398),
)


@pytest.mark.parametrize(("encryption", "integrity", "udp", "mtu", "mss"), PUBLISHED)
def test_the_inner_mtu_is_what_is_published(
    encryption: Encryption, integrity: Integrity, udp: bool, mtu: int, mss: int
) -> None:
    found = inner_mtu(1500, esp(encryption, integrity=(integrity,)), udp_encapsulated=udp)
    assert (found, tcp_mss(found)) == (mtu, mss)


IV = {"aes": 16, "gcm": 8, "des": 8, "3des": 8, "null": 0}
BLOCK = {"aes": 16, "gcm": 4, "des": 8, "3des": 8, "null": 4}
ICV = {"md5": 12, "sha1": 12, "sha256": 16, "sha384": 24, "sha512": 32, "none": 16}


def outer_size(inner: int, encryption: Encryption, integrity: Integrity, *, udp: bool) -> int:
    """Size of the packet, put together as RFC 4303, section 2 draws it."""
    word = "gcm" if "gcm" in encryption else "aes" if encryption.startswith("aes") else encryption.value
    encrypted = inner + 2
    while encrypted % BLOCK[word]:
        encrypted += 1
    return 20 + (8 if udp else 0) + 8 + IV[word] + encrypted + ICV[integrity.value]


algorithms = st.sampled_from(
    [pair for pair in product(Encryption, Integrity) if (pair[0] in AEAD) == (pair[1] is Integrity.NONE)]
)


@given(st.integers(576, 9216), algorithms, st.booleans())
def test_a_packet_of_the_inner_mtu_fits_and_one_byte_more_does_not(
    outer: int, pair: tuple[Encryption, Integrity], udp: bool
) -> None:
    mtu = inner_mtu(outer, esp(pair[0], integrity=(pair[1],)), udp_encapsulated=udp)
    assert outer_size(mtu, *pair, udp=udp) <= outer
    assert outer_size(mtu + 1, *pair, udp=udp) > outer


def test_of_several_algorithms_the_most_expensive_counts_in_any_order() -> None:
    offered = (Integrity.SHA1, Integrity.SHA512)
    for integrity in (offered, offered[::-1]):
        assert inner_mtu(1500, esp(CBC, integrity=integrity), udp_encapsulated=False) == 1422
    assert inner_mtu(1500, esp(GCM, CBC, integrity=(Integrity.SHA1,)), udp_encapsulated=False) == 1438
