"""Names on the Linux side: namespaces, interfaces and table numbers from the names a plan uses.

Every name depends only on what it names and on its neighbours' names where they would collide, so that adding a thing
does not rename the others. Interface names have at most 15 characters (IFNAMSIZ less the terminator).
"""

import re
import zlib
from collections.abc import Iterable, Mapping

from sealane.net import NodeName

_LIMIT = 15
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")
_RESERVED = re.compile(r"-[0-9a-f]{5}$")

_IP_WORDS = frozenset({"up", "down", "br", "b", "dev", "via", "all", "any", "lo", "default", "to", "from", "src"})
"""Words that ip(8) reads as its own where an interface name stands."""

PREFIX = "sealane."
"""Every namespace of ours begins with it; names in a plan have no dots, so the parts stay apart."""


def slug(text: str) -> str:
    """Lower case letters, digits and single hyphens."""
    return _NOT_PLAIN.sub("-", text.lower()).strip("-") or "x"


def _checksum(text: str, digits: int) -> str:
    return f"{zlib.crc32(text.encode()):08x}"[-digits:]


def namespace(network: str, node: str) -> str:
    """Name of the namespace of a node."""
    return f"{PREFIX}{network}.{node}"


def node_directory(space: str) -> str:
    """Name of a namespace's directory in the network's run directory: short, since socket paths end at 107 bytes."""
    return space.rpartition(".")[2]


def network_prefix(network: str) -> str:
    """What all namespaces of a network, and of no other, begin with."""
    return f"{PREFIX}{network}."


def linux_names(names: Iterable[str]) -> Mapping[str, str]:
    """Interface names for model names of one namespace; equal for equal sets of names.

    A name that fits is kept as its slug. Others, and those that look as if they had a checksum already, as tunnels
    and shortened names do, are shortened and told apart by a checksum.
    """
    wanted = sorted(set(names))
    slugs = [slug(name) for name in wanted]
    result = {}
    for name, short in zip(wanted, slugs, strict=True):
        plain = len(short) <= _LIMIT and slugs.count(short) == 1 and not _RESERVED.search(short)
        plain = plain and short not in _IP_WORDS and not short.isdigit()
        result[name] = short if plain else f"{short[: _LIMIT - 6].rstrip('-')}-{_checksum(name, 5)}"
    return result


def tunnel_names(names: Iterable[str]) -> Mapping[str, str]:
    """Interface names for tunnels: ``ipsec``, the number the tunnel's name ends in, and a checksum of the name."""
    result = {}
    for name in names:
        digits = re.search(r"(\d{1,3})$", name)
        result[name] = f"ipsec{digits[1] if digits else ''}-{_checksum(name, 5)}"
    return result


_FIRST_TABLE = 100
_TABLES = 100_000
_TAKEN_TABLES = frozenset({220, 253, 254, 255})
"""Of charon, and the kernel's own (rt_tables)."""


def table_numbers(system: str, others: Iterable[str]) -> Mapping[str, int]:
    """Kernel table numbers: the system table is 100, custom ones follow from their names."""
    numbers = {system: _FIRST_TABLE}
    for name in sorted(set(others)):
        slot = _FIRST_TABLE + 1 + zlib.crc32(name.encode()) % _TABLES
        while slot in numbers.values() or slot in _TAKEN_TABLES:
            slot += 1
        numbers[name] = slot
    return numbers


def node_namespaces(network: str, nodes: Iterable[NodeName]) -> Mapping[NodeName, str]:
    """Namespaces of all nodes."""
    return {node: namespace(network, node) for node in nodes}
