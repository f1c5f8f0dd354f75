"""How values become nftables text, so that no name can end a string or a statement.

Source: nft(8) 1.0.6, "LEXICAL CONVENTIONS"; identifiers begin with a letter, then letters, digits and ``_``.
"""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from ipaddress import collapse_addresses

from sealane.net import Address, Prefix

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LINUX_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")


def slug(name: str) -> str:
    """A part of an nftables identifier for a name; different names give different slugs.

    Short names keep their spelling with ``_`` for ``-``; anything else keeps what is legible and gains a digest.
    """
    if _PLAIN.fullmatch(name):
        return name.replace("-", "_")
    legible = re.sub(r"[^a-z0-9]+", "_", name.lower())[:20]
    return f"{legible}_X{sha256(name.encode()).hexdigest()[:8]}"


def linux_name(name: str) -> str:
    """A quoted Linux interface name.

    Raises:
        ValueError: It is not one the kernel would take; a ``*`` would be a pattern.
    """
    if not _LINUX_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a Linux interface name")
    return f'"{name}"'


def linux_names(names: Iterable[str]) -> str:
    """An anonymous set of interface names in sorted order."""
    return "{ " + ", ".join(linux_name(name) for name in sorted(set(names))) + " }"


def prefix_set(prefixes: Iterable[Prefix]) -> str:
    """An anonymous set of prefixes; overlapping ones are merged, since nft refuses conflicting intervals."""
    return "{ " + ", ".join(str(prefix) for prefix in collapse_addresses(prefixes)) + " }"


def address_set(addresses: Iterable[Address]) -> str:
    """An anonymous set of addresses in sorted order."""
    return "{ " + ", ".join(str(address) for address in sorted(set(addresses))) + " }"


def table(name: str, body: Sequence[str]) -> str:
    """A complete ruleset for one table of ours that gives the same result however often it is fed to ``nft -f -``.

    Declaring before deleting keeps the deletion from failing when the table is absent; the file is one transaction.
    An empty body removes the table.
    """
    head = [f"table inet {name}", f"delete table inet {name}"]
    if body:
        head.extend([f"table inet {name} {{", *(f"    {line}" for line in body), "}"])
    return "\n".join(head) + "\n"


def chain(name: str, hook: str | None, rules: Iterable[str]) -> list[str]:
    """A chain; ``hook`` None for one that others jump to."""
    head = [] if hook is None else [f"    {hook}"]
    return [f"chain {name} {{", *head, *(f"    {rule}" for rule in rules), "}"]
