"""How values become FRR configuration words, so that no name or description can start a new line or command.

Source: FRR 8.4 user guide, "Basic Config Commands"; a line is cut at blanks and ends at the newline.
"""

import re
from collections.abc import Mapping
from hashlib import sha256

from sealane.net import Secret

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}")
_LINUX_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,14}")
_KEY = re.compile(r"[\x21-\x7e]{1,80}")
_DESCRIPTION_CHARACTERS = 80


def word(name: str) -> str:
    """A name as one word; kept when it is one already, else what is legible with a digest."""
    if _WORD.fullmatch(name):
        return name
    legible = re.sub(r"[^A-Za-z0-9]+", "-", name)[:20].strip("-")
    return f"n-{legible}-{sha256(name.encode()).hexdigest()[:8]}"


def line(text: str) -> str:
    """Free text at the end of a line (RFC 20 printable only); what follows a bar FRR takes for a filter of answers."""
    return re.sub(r"[^\x20-\x7e]", " ", text.replace("|", "/")).strip()[:_DESCRIPTION_CHARACTERS]


def linux_name(names: Mapping[str, str], interface: str) -> str:
    """The Linux name of a model interface.

    Raises:
        KeyError: The mapping lacks the interface.
        ValueError: The Linux name is not one the kernel would take.
    """
    name = names[interface]
    if not _LINUX_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a Linux interface name")
    return name


def key(secret: Secret) -> str:
    """A TCP MD5 key (RFC 2385).

    Raises:
        ValueError: FRR takes no blanks in it and at most 80 characters.
    """
    value = secret.reveal()
    if not _KEY.fullmatch(value):
        raise ValueError("BGP key: FRR takes 1 to 80 printable ASCII characters without blanks")
    return value
