"""Own types for identities, so that one cannot stand where another is meant."""

import re
from typing import NewType

NodeName = NewType("NodeName", str)
"""Name of a router, gateway device or host, unique in a Network."""

Asn = NewType("Asn", int)
"""A four-octet autonomous system number (RFC 6793)."""

_SHORT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


def is_short_name(text: str) -> bool:
    """True for names that fit namespaces, files and daemon symbols: lower case, digits, inner hyphens, at most 32."""
    return _SHORT_NAME.fullmatch(text) is not None
