"""A border router as a node."""

from sealane.kinds.vbr.spec import BgpGroup, BgpPeer, VirtualBorderRouterSpec
from sealane.model import (
    DEFAULT_VBR_ASN,
    Bfd,
    BgpNeighbor,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    TransitRoute,
    VirtualBorderRouter,
)
from sealane.net import InterfaceAddress, NodeName

CIRCUIT = "circuit"
TRANSIT = "tr"
KEEPALIVE_S, HOLD_TIME_S = 10, 30
"""What DescribeBgpPeers shows for a border router's sessions."""


def vbr_node(
    spec: VirtualBorderRouterSpec,
    name: NodeName,
    transfer: InterfaceAddress | None,
    transit_router: NodeName | None,
) -> Node:
    """The node; ``transfer`` is its address towards the transit router, None while it is not attached."""
    interfaces = [Interface(CIRCUIT, InterfaceKind.ETHERNET, (spec.local,), spec.mtu,
                            origin=spec.at.of("local_gateway_ip"))]
    if transfer is not None:
        interfaces.append(Interface(TRANSIT, InterfaceKind.ETHERNET, (transfer,)))
    neighbors = tuple(_neighbor(spec, group, peer) for group in spec.bgp_groups for peer in group.peers)
    routes = sorted(spec.route_entries, key=lambda route: route.destination_cidr_block)
    side = VirtualBorderRouter(
        circuit_interface=CIRCUIT,
        attachment_interface=TRANSIT if transfer is not None else None,
        transit_router=transit_router if transfer is not None else None,
        circuit_routes=tuple(TransitRoute(r.destination_cidr_block, CIRCUIT, r.at.origin) for r in routes),
        neighbors=tuple(sorted(neighbors, key=lambda neighbor: neighbor.address)),
        local_asn=min((group.local_asn for group in spec.bgp_groups), default=DEFAULT_VBR_ASN),
        peer_address=spec.peer_gateway_ip,
    )
    return Node(name, Platform.VBR, tuple(interfaces), vbr=side, label=spec.name, origin=spec.at.origin)


def _neighbor(spec: VirtualBorderRouterSpec, group: BgpGroup, peer: BgpPeer) -> BgpNeighbor:
    interval_ms = max(spec.min_tx_interval, spec.min_rx_interval)
    return BgpNeighbor(
        address=peer.peer_ip_address or spec.peer_gateway_ip,
        remote_asn=group.peer_asn,
        local_asn=group.local_asn,
        local_address=spec.local_gateway_ip,
        interface=CIRCUIT,
        keepalive_s=KEEPALIVE_S,
        hold_time_s=HOLD_TIME_S,
        bfd=Bfd(interval_ms, spec.detect_multiplier) if peer.enable_bfd else None,
        password=group.auth_key,
        description=group.name,
        origin=peer.at.origin,
    )
