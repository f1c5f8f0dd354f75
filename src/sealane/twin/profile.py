"""How each platform ranks and treats routes, as data; every entry names its source.

Nothing here decides by itself: the routers in this room read it. What these tables say is tested against BIRD, FRR and
the kernel by the fidelity tests; that the cloud and the vendors' boxes do the same is taken from their documents.
"""

from typing import Final

from sealane.model import AttachmentKind, Platform, RouteType
from sealane.twin.route import Profile

TRANSIT_ROUTER: Final = Profile(
    "transit router",
    ("preference", "AS path length", "user preference", "internal"),
    4,
    (
        "Cbn 2017-09-12, route priority: link type VBR before VPN, BGP before static, AS path, user preference",
        "D-ECMP: equal routes share the load, up to 16 attachments",
        "BIRD 2.0 User's Guide, 6.3 (path selection) and 6.6 (merge paths)",
    ),
)

OWN_PREFERENCE: Final = 1000
"""Custom routes of a transit router table: above everything learned (inference, see alibaba route ranking)."""
CIDR_PREFERENCE: Final = OWN_PREFERENCE - 1
"""Published CIDR: below a custom route for the same prefix, above everything learned."""
DEFAULT_USER_PREFERENCE: Final = 50
"""Preference of a route that no RegionIn policy set one for (1-100, smaller is better)."""

LEARNED_PREFERENCE: Final = {
    (AttachmentKind.VPC, False): 800,
    (AttachmentKind.VBR, True): 600,
    (AttachmentKind.VBR, False): 550,
    (AttachmentKind.VPN, True): 400,
    (AttachmentKind.VPN, False): 350,
}
"""By link type, and whether BGP told it: VPC routes have a hidden local preference, VBR stands before VPN, BGP before
static (route priority); BGP before destination-based routes of a VPN attachment is our choice."""

VBR: Final = Profile(
    "VBR",
    ("preference", "AS path length", "MED", "internal"),
    4,
    ("Vpc 2016-04-28: custom routes of a VBR before learned ones", "BIRD 2.0 User's Guide, 6.3"),
)
VBR_CUSTOM_PREFERENCE: Final = 300
VBR_CUSTOMER_PREFERENCE: Final = 200
VBR_TRANSIT_PREFERENCE: Final = 100

DEVICE: Final = Profile(
    "device",
    ("administrative distance", "protocol"),
    2,
    ("Cisco ASA 9.19: connected 0, static 1 or as written, eBGP 20", "FRR 8.4 user guide, zebra: distances"),
)
CONNECTED_DISTANCE: Final = 0
STATIC_PLACE: Final = 1
BGP_PLACE: Final = 2
"""Second field: no load is shared between protocols. At equal distance zebra keeps what was there first, which is the
static route after a cold start; an ASA prefers it always."""
EBGP_DISTANCE: Final = 20
IBGP_DISTANCE: Final = 200
UNUSABLE_DISTANCE: Final = 255
"""A route of this distance is never installed (FRR 8.4, zebra_rib.c, and Cisco)."""

DEVICE_BGP: Final = Profile(
    "BGP of a device",
    ("weight", "local preference", "locally originated", "AS path length", "MED", "internal", "router id", "neighbor"),
    6,
    ("FRR 8.4 user guide, BGP route selection, with bestpath as-path multipath-relax", "RFC 4271, 9.1.2"),
)
NETWORK_WEIGHT: Final = 32768
"""Weight of what the speaker itself originates (FRR, Cisco)."""

STATIC_ONLY: Final = Profile(
    "static routing", ("administrative distance",), 1, ("Linux: one route per prefix; connected by the kernel",)
)

SYSTEM_POLICY_KINDS: Final = (AttachmentKind.VBR, AttachmentKind.VPN)
"""RegionOut policy 5000: routes of these link types are not published to these link types (routing policy overview)."""

STATEFUL_PLATFORMS: Final = frozenset({Platform.ASA})
"""Flows are pinned to interfaces, and an address of the box answers on its own port only (ASA 9.19 guides)."""

NESTED_TUNNELS: Final = False
"""A tunnel's outer packets never enter a tunnel: the data plane's guard drops them (dead-loop rule of the kernel)."""

CONTRIBUTED_TYPE: Final = {AttachmentKind.VPC: RouteType.SYSTEM, AttachmentKind.VPN: RouteType.CUSTOM}
"""Type of the routes that an attachment contributes without BGP."""
