"""Addresses that the transit router hands out: transfer links and gateway addresses of private connections."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sealane.net import Address, InterfaceAddress, Prefix

TRANSFER_RANGE = Prefix("100.64.0.0/10")
"""Shared address space (RFC 6598) that the cloud keeps for itself; no plan may use it."""
_TRANSFER_LENGTH = 30
MAX_TRANSFERS = 1 << (_TRANSFER_LENGTH - TRANSFER_RANGE.prefixlen)

_RESERVED_BLOCKS = 3
_RESERVED_LENGTH = 28


@dataclass(frozen=True, slots=True)
class Transfer:
    """The two ends of a link between the transit router and an attached node."""

    transit_router: InterfaceAddress
    peer: InterfaceAddress


def transfers(names: Iterable[str]) -> Mapping[str, Transfer]:
    """A /30 for each attachment name.

    The place follows from the name alone, so that another attachment moves nothing; two names on one place are told
    apart by probing on, in order of name.
    """
    taken: set[int] = set()
    links = {}
    for name in sorted(names):
        slot = zlib.crc32(name.encode()) % MAX_TRANSFERS
        while slot in taken:
            slot = (slot + 1) % MAX_TRANSFERS
        taken.add(slot)
        base = int(TRANSFER_RANGE.network_address) + slot * 4
        links[name] = Transfer(InterfaceAddress((base + 1, _TRANSFER_LENGTH)),
                               InterfaceAddress((base + 2, _TRANSFER_LENGTH)))
    return links


def reserved_blocks(cidr: Prefix) -> tuple[Prefix, ...]:
    """The three blocks that the cloud keeps when the first private connection comes (ListTransitRouterCidrAllocation).

    Observed: in 10.10.10.0/24 the first connection has .49 and .50, the first hosts of the fourth /28.
    """
    base = int(cidr.network_address)
    return tuple(Prefix((base + index * 16, _RESERVED_LENGTH)) for index in range(_RESERVED_BLOCKS))


def gateway_pool(cidrs: Sequence[Prefix], pinned: frozenset[Address]) -> Iterator[tuple[Address, Address]]:
    """Pairs of consecutive gateway addresses, in order of CIDR and address, around the pinned ones."""
    for cidr in cidrs:
        first = int(cidr.network_address) + _RESERVED_BLOCKS * 16 + 1
        last = int(cidr.broadcast_address) - 1
        for number in range(first, last, 2):
            pair = Address(number), Address(number + 1)
            if pinned.isdisjoint(pair):
                yield pair
