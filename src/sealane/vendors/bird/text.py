"""How values become BIRD configuration text, so that no name or password can end a string, a comment or a statement.

Source: BIRD 2.0 User's Guide, chapter 3 ("Configuration"); conf/cf-lex.l of BIRD 2.0.12 for strings and symbols.
"""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from sealane.net import Address, Prefix, Secret

_PLAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_LINUX_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")
_IN_STRING = re.compile(r"[\x20\x21\x23-\x7e]{1,255}")
_INDENT = "    "
_SYMBOL_CHARACTERS = 63


def slug(name: str) -> str:
    """A part of a BIRD symbol for a name; different names give different slugs.

    Short names keep their spelling with ``_`` for ``-``; anything else keeps what is legible and gains a digest.
    Always used behind a prefix, since a bare word may be a keyword (``vpn`` is one).
    """
    if _PLAIN.fullmatch(name):
        return name.replace("-", "_")
    legible = re.sub(r"[^a-z0-9]+", "_", name.lower())[:20]
    return f"{legible}_X{sha256(name.encode()).hexdigest()[:8]}"


def pair_symbol(head: str, one: str, other: str) -> str:
    """A symbol for two names; the long ones keep their beginning and gain a digest (BIRD takes 63 characters)."""
    whole = f"{head}_{slug(one)}__{slug(other)}"
    if len(whole) <= _SYMBOL_CHARACTERS:
        return whole
    return f"{whole[:48]}_X{sha256(whole.encode()).hexdigest()[:8]}"


def comment(text: str) -> str:
    """One comment line; control characters cannot end it early."""
    return "# " + "".join(letter if letter.isprintable() else " " for letter in text)


def quoted(text: str) -> str:
    """A BIRD string.

    Raises:
        ValueError: The text holds a quote or a control character; BIRD strings know no escapes.
    """
    if not _IN_STRING.fullmatch(text):
        raise ValueError("BIRD strings hold 1 to 255 printable ASCII characters without a double quote")
    return f'"{text}"'


def linux_name(names: Mapping[str, str], interface: str) -> str:
    """The quoted Linux name of a model interface.

    Raises:
        KeyError: The mapping lacks the interface.
        ValueError: The Linux name is not one the kernel would take.
    """
    name = names[interface]
    if not _LINUX_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a Linux interface name")
    return quoted(name)


def password(key: Secret, *, redacted: bool) -> str:
    """The statement that sets a TCP MD5 key (RFC 2385), or a comment in its place."""
    if redacted:
        return "# password withheld"
    try:
        return f"password {quoted(key.reveal())};"
    except ValueError:
        raise ValueError("BGP key: BIRD takes 1 to 255 printable ASCII characters without a double quote") from None


def prefix_set(prefixes: Iterable[Prefix], suffix: str = "") -> str:
    """A BIRD prefix set in sorted order; ``suffix`` ``+`` takes more specific prefixes in."""
    return "[ " + ", ".join(f"{prefix}{suffix}" for prefix in sorted(set(prefixes))) + " ]"


def int_set(numbers: Iterable[int]) -> str:
    """A BIRD integer set in sorted order."""
    return "[ " + ", ".join(str(number) for number in sorted(set(numbers))) + " ]"


def pair_set(pairs: Iterable[tuple[int, int]]) -> str:
    """A BIRD set of standard communities (RFC 1997) in sorted order."""
    return "[ " + ", ".join(f"({high},{low})" for high, low in sorted(set(pairs))) + " ]"


def address_symbol(address: Address) -> str:
    """An address as a part of a symbol."""
    return str(address).replace(".", "_")


def block(head: str, body: Iterable[str], tail: str = "}") -> list[str]:
    """``head {``, the indented body, and the closing line."""
    return [f"{head} {{", *(f"{_INDENT}{line}" if line else line for line in body), tail]
