"""What a route carries inside a cloud router beyond its BGP attributes, and how it ranks.

Inside one BIRD the marks are custom attributes (BIRD 2.0 User's Guide, 3.2 "attribute"), which no BGP session sends.
Between a VBR and its transit router, where BGP is the carrier, the type of a route travels as a large community
(RFC 8092) that is removed on arrival and never leaves towards a customer.
"""

from hashlib import sha256

from sealane.model import Attachment, AttachmentKind, RouteType

DEFAULT_PREFERENCE = 50
"""User preference of a route that no policy touched (1-100, smaller is better)."""

OWN_PREFERENCE = 1000
"""BIRD preference of a custom route of a transit router table; above everything learned."""

WIRE_ASN = 4294967294
"""Global administrator of the large communities between VBR and transit router; the last private ASN (RFC 6996)."""

KIND = {AttachmentKind.VPC: 1, AttachmentKind.VBR: 2, AttachmentKind.VPN: 3}
"""Value of ``sl_kind``; 0 means the route is the transit router's own."""

TYPE = {RouteType.SYSTEM: 1, RouteType.CUSTOM: 2, RouteType.BGP: 3}
"""Value of ``sl_type``."""

_RANK = {
    (AttachmentKind.VPC, False): 800,
    (AttachmentKind.VBR, True): 600,
    (AttachmentKind.VBR, False): 550,
    (AttachmentKind.VPN, True): 400,
    (AttachmentKind.VPN, False): 350,
}


def preference(kind: AttachmentKind, *, bgp: bool) -> int:
    """BIRD preference of a learned route: link type first, then BGP before static.

    The cloud states link type and, for VBR, BGP before static ("route priority"); VPC routes win by a hidden local
    preference. BGP before destination-based routes of the same VPN kind is our choice. Bands leave room below for
    DEFAULT_PREFERENCE arithmetic on routes that have no BGP decision of their own.
    """
    return _RANK[kind, bgp]


def source_id(attachment: Attachment) -> int:
    """Value of ``sl_source``."""
    return source_id_of(attachment.name)


def source_id_of(attachment: str) -> int:
    """``sl_source`` of an attachment's name: from that alone, so that adding one changes no other filter."""
    return int.from_bytes(sha256(attachment.encode()).digest()[:4]) & 0x7FFFFFFF or 1


def wire_mark(route_type: RouteType) -> str:
    """The large community that carries a route type between VBR and transit router."""
    return f"({WIRE_ASN},1,{TYPE[route_type]})"


STRIP_WIRE_MARKS = f"bgp_large_community.delete([({WIRE_ASN},*,*)]);"

DECLARATIONS = (
    "attribute int sl_source;",
    "attribute int sl_kind;",
    "attribute int sl_type;",
    "attribute int sl_permit_vbr;",
)
