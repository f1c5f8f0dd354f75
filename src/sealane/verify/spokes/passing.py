"""Whether a site may tell the cloud what it heard from there: its claims would not be all that it can bring."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from sealane.model import BgpNeighbor, Node
from sealane.net import Asn, Cidr
from sealane.twin.policy import DevicePolicy
from sealane.twin.route import Path
from sealane.verify.spokes.belong import CORE, Belonging
from sealane.verify.spokes.claims import Claims


def passes_on(belong: Belonging, claims: Claims, told_apart: Mapping[int, AbstractSet[Cidr]]) -> str:
    """Why a site may pass on what is another's or the cloud's; empty when none may.

    What a device hears over tunnels has the transit router's AS number, which takes no path with it. So a site whose
    devices talk over tunnels only, with one AS number of the transit router other than their own, passes nothing on.
    Any other must filter on the way out what is not its own.
    """
    speakers: dict[int, list[Node]] = defaultdict(list)
    for node in belong.network.devices():
        if node.bgp is not None:
            speakers[belong.nodes[node.name]].append(node)
    shown = _shown(belong)
    for spoke, nodes in speakers.items():
        if spoke == CORE or _hears_by_tunnels_only(nodes, shown):
            continue
        others = (prefixes for other, prefixes in told_apart.items() if other != spoke)
        foreign = {prefix for prefixes in others for prefix in prefixes if claims.owner(prefix) != spoke}
        for node in nodes:
            policy = DevicePolicy(node)
            for neighbor in () if node.bgp is None else node.bgp.neighbors:
                if any(_tells(policy, neighbor, prefix) for prefix in foreign):
                    return f"{node.name} may tell {neighbor.address} what it heard of others"
    return ""


def _shown(belong: Belonging) -> dict[int, Asn | None]:
    """By the transit router's address in a tunnel, the AS number that it shows there."""
    inside = {one.interface: int(one.inside.ip) for one in belong.hub.tunnel_ends if one.inside is not None}
    own = None if belong.hub.bgp is None else belong.hub.bgp.asn
    return {
        inside[neighbor.interface]: neighbor.local_asn or own
        for attachment in belong.router.attachments for neighbor in attachment.neighbors
        if neighbor.interface in inside
    }


def _hears_by_tunnels_only(nodes: list[Node], shown: dict[int, Asn | None]) -> bool:
    numbers = {shown.get(int(one.address)) for node in nodes for one in _neighbors(node)}
    own = {node.bgp.asn for node in nodes if node.bgp is not None}
    own |= {one.local_asn for node in nodes for one in _neighbors(node) if one.local_asn is not None}
    return None not in numbers and len(numbers) <= 1 and not numbers & own


def _neighbors(node: Node) -> Iterator[BgpNeighbor]:
    yield from () if node.bgp is None else node.bgp.neighbors


def _tells(policy: DevicePolicy, neighbor: BgpNeighbor, prefix: Cidr) -> bool:
    found = policy.apply(prefix, Path(), neighbor.export_prefix_list, neighbor.export_route_map)
    return found is not None
