"""IPv4 addresses and prefixes: the standard library's types under the field's names."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

_BITS = 32
_REMEMBERED = 4096
"""Texts whose addresses are remembered: a plan and its devices write the same ones again and again."""

Address = IPv4Address
Prefix = IPv4Network
InterfaceAddress = IPv4Interface
"""An address together with the prefix it is connected to, as in ``10.0.0.1/30``."""


@lru_cache(_REMEMBERED)
def parse_address(text: str) -> Address | None:
    """Read ``192.0.2.1``; None when the text is not an IPv4 address."""
    try:
        return IPv4Address(text)
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def parse_prefix(text: str) -> Prefix | None:
    """Read ``192.0.2.0/24`` (mask length or dotted mask); None when malformed or host bits are set."""
    try:
        return IPv4Network(text, strict=True)
    except ValueError:
        return None


@lru_cache(_REMEMBERED)
def parse_interface_address(text: str) -> InterfaceAddress | None:
    """Read ``192.0.2.1/24`` (mask length or dotted mask); None when malformed."""
    try:
        return IPv4Interface(text)
    except ValueError:
        return None


def host_prefix(address: Address) -> Prefix:
    """The /32 of one address."""
    return IPv4Network((int(address), 32))


def in_order(prefix: Prefix) -> tuple[int, int]:
    """A key by which prefixes sort as by themselves, only much faster."""
    return int(prefix.network_address), prefix.prefixlen


def contains(outer: Prefix, inner: Prefix) -> bool:
    """True when every address of ``inner`` is in ``outer`` (equal prefixes included)."""
    return outer.prefixlen <= inner.prefixlen and overlaps(outer, inner)


def overlaps(one: Prefix, other: Prefix) -> bool:
    """True when the two prefixes share at least one address."""
    shorter = min(one.prefixlen, other.prefixlen)
    return (int(one.network_address) ^ int(other.network_address)) >> (_BITS - shorter) == 0
