"""What is signed, and signatures. Pure functions of values that were decoded before.

Source: the cloud's description of request signatures, versions 3 and 1.0 (RPC), as the Python SDK computes them.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from sealane.api.openapi.wire import Wire
from sealane.net import Secret

ALGORITHM_V3 = "ACS3-HMAC-SHA256"


def encode(text: str) -> str:
    """Percent-encoding by RFC 3986: all but letters, digits and ``-_.~``."""
    return quote(text, safe="~")


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Sorted by name; a value is there even when it is empty."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in sorted(parameters.items()))


def to_sign_v3(wire: Wire, query: Mapping[str, str], signed: Sequence[str]) -> str:
    """The string to sign of version 3.

    Args:
        wire: The request.
        query: Its query, decoded: the wire is form-encoded, with ``+`` for a space, and what is signed is not.
        signed: Names of the signed headers in the order in which the client lists them.

    The digest is that of the body which came, whatever the client's header says it is: a changed body does not verify.
    """
    lines = [f"{name}:{','.join(sorted(one.strip() for one in wire.headers.get(name, ())))}\n" for name in signed]
    canonical = "\n".join(
        (
            wire.method,
            wire.path,
            canonical_query(query),
            "".join(lines),
            ";".join(signed),
            hashlib.sha256(wire.body).hexdigest(),
        )
    )
    return f"{ALGORITHM_V3}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


def sign_v3(to_sign: str, secret: Secret) -> str:
    """HMAC-SHA256 with the secret itself, in hex."""
    return hmac.new(secret.reveal().encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def to_sign_v1(method: str, parameters: Mapping[str, str]) -> str:
    """The string to sign of version 1.0; ``parameters`` of query and body without Signature."""
    return f"{method}&%2F&{encode(canonical_query(parameters))}"


def sign_v1(to_sign: str, secret: Secret) -> str:
    """HMAC-SHA1 with the secret and an ampersand, in base64."""
    key = f"{secret.reveal()}&".encode()
    return base64.b64encode(hmac.new(key, to_sign.encode(), hashlib.sha1).digest()).decode()


def same(one: str, other: str) -> bool:
    """Equality in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
