"""How each platform ranks and treats routes, as data; every entry names its source.

Nothing here decides by itself: the routers in this room read it. What these tables say is tested against BIRD, FRR and
the kernel by the fidelity tests; that the cloud and the vendors' boxes do the same is taken from their documents.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, order=True)
class HistoryRule:
    """Where what came first decides: an explained difference between the twin, which starts cold, and a live network.

    Args:
        name: What the fidelity tests count it as.
        statement: Who keeps what.
        sources: Where that is stated or seen.
    """

    name: str
    statement: str
    sources: tuple[str, ...]


MUTUAL_PREFERENCE: Final = HistoryRule(
    "mutual preference",
    "Two routers each prefer what the other tells, and tell it only while they do not: who hears first keeps to it.",
    ("RFC 4264, section 3", "live with BIRD 2.0.12 and FRR 8.4"),
)
OLDEST_PATH: Final = HistoryRule(
    "oldest path",
    "A device keeps the external path it uses before one that is equal but for router id and address. The twin takes "
    "the smaller address.",
    ("FRR 8.4, bgp_route.c, bgp_path_info_cmp step 10", "Cisco BGP best path selection, step 10", "RFC 5004"),
)
EQUAL_DISTANCE: Final = HistoryRule(
    "equal distance",
    "Of a static route and BGP at one distance a device keeps what is in the table. The twin takes the static.",
    ("FRR 8.4, zebra_rib.c, rib_choose_best", "live with FRR 8.4; an ASA takes the static always"),
)
NETWORK_BESIDE_BGP: Final = HistoryRule(
    "network beside BGP",
    "A device announces a prefix that it has as a static of greater distance than BGP's, and hears it too. Announced, "
    "its own path stands before the heard one; heard, the static is not in the table and the statement does not count. "
    "In the twin the static came first.",
    ("FRR 8.4, bgp_nht.c (import check)", "live with FRR 8.4"),
)
HISTORY_RULES: Final = (MUTUAL_PREFERENCE, OLDEST_PATH, EQUAL_DISTANCE, NETWORK_BESIDE_BGP)

SHARED_WAYS: Final = HistoryRule(
    "shared ways",
    "Of several equal routes a tunnel's own packets take one, by a hash of their addresses and a seed of the host. "
    "Where some lead nowhere the twin has the tunnel down; live it is up when the hash finds one that arrives.",
    ("Linux 6.18, net/ipv4/route.c, fib_multipath_hash", "live with Linux 6.18"),
)
"""No history, and not among the rules above: chance decides."""

STATIC_ONLY: Final = Profile(
    "static routing", ("administrative distance",), 1, ("Linux: one route per prefix; connected by the kernel",)
)
PUBLISHED_DISTANCE: Final = 200
"""What a transit router publishes to a VPC comes after the VPC's own routes (Vpc 2016-04-28, route entries)."""

SYSTEM_POLICY_KINDS: Final = (AttachmentKind.VBR, AttachmentKind.VPN)
"""RegionOut policy 5000: routes of these link types are not published to these link types (routing policy overview)."""

STATEFUL_PLATFORMS: Final = frozenset({Platform.ASA})
"""Flows are pinned to interfaces, and an address of the box answers on its own port only (ASA 9.19 guides)."""

NESTED_TUNNELS: Final = False
"""A tunnel's outer packets never enter a tunnel: the data plane's guard drops them (dead-loop rule of the kernel)."""

CONTRIBUTED_TYPE: Final = {AttachmentKind.VPC: RouteType.SYSTEM, AttachmentKind.VPN: RouteType.CUSTOM}
"""Type of the routes that an attachment contributes without BGP."""
