"""Prefixes as pairs of numbers, for the engines that look up many of them."""

from collections.abc import Mapping
from typing import Generic, NamedTuple, Self, TypeVar

from sealane.net.address import Address, Prefix

_BITS = 32
MASKS = tuple((0xFFFFFFFF << (_BITS - length)) & 0xFFFFFFFF for length in range(_BITS + 1))
"""Network mask by prefix length."""


class Cidr(NamedTuple):
    """An IPv4 prefix: first address as a number, and length. Sorts like a routing table is printed."""

    address: int
    length: int

    @classmethod
    def of(cls, prefix: Prefix) -> Self:
        """The same prefix."""
        return cls(int(prefix.network_address), prefix.prefixlen)

    @classmethod
    def host(cls, address: int) -> Self:
        """The /32 of an address."""
        return cls(address, _BITS)

    def covers(self, address: int) -> bool:
        """True when the address is in the prefix."""
        return address & MASKS[self.length] == self.address

    def contains(self, other: "Cidr") -> bool:
        """True when every address of the other prefix is in this one (equal prefixes included)."""
        return other.length >= self.length and other.address & MASKS[self.length] == self.address

    @property
    def last(self) -> int:
        """The last address."""
        return self.address | (~MASKS[self.length] & 0xFFFFFFFF)

    def to_prefix(self) -> Prefix:
        """The standard library's value."""
        return Prefix((self.address, self.length))

    def __str__(self) -> str:
        return f"{dotted(self.address)}/{self.length}"


def dotted(address: int) -> str:
    """``192.0.2.1``."""
    return str(Address(address))


V = TypeVar("V")


class PrefixMap(Generic[V]):
    """Values by prefix with longest-prefix look-up: one dictionary, asked once per length that occurs."""

    __slots__ = ("_entries", "_lengths")

    def __init__(self, entries: Mapping[Cidr, V]) -> None:
        self._entries = entries
        self._lengths = sorted({cidr.length for cidr in entries}, reverse=True)

    def longest(self, address: int) -> V | None:
        """The value of the longest prefix that covers the address; None without one."""
        for length in self._lengths:
            found = self._entries.get(Cidr(address & MASKS[length], length))
            if found is not None:
                return found
        return None

    def entries(self) -> Mapping[Cidr, V]:
        """All values by prefix."""
        return self._entries
