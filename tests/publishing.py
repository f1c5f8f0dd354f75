"""Drawn networks whose VPCs take routes exactly where their attachment publishes them, as a plan makes them."""

from dataclasses import replace

from sealane.model import AttachmentKind, Network, Node, Platform, Port, Publisher
from sealane.net import NodeName


def with_publishers(network: Network) -> Network:
    """The network with ``publisher`` set or taken away by what the attachments of its VPCs say."""
    found = {one: publisher for node in network.nodes for one, publisher in _of_router(network, node)}
    return replace(network, nodes=tuple(
        replace(node, publisher=found.get(node.name)) if node.platform is Platform.VPC else node
        for node in network.nodes
    ))


def with_published_vpcs(network: Network) -> Network:
    """The network with VPCs that have no routes but those which the transit router publishes."""
    def change(node: Node) -> Node:
        router = node.transit_router
        if router is None:
            return replace(node, static_routes=()) if node.platform is Platform.VPC else node
        attachments = tuple(
            replace(one, auto_publish=True) if one.kind is AttachmentKind.VPC else one for one in router.attachments
        )
        return replace(node, transit_router=replace(router, attachments=attachments))

    return with_publishers(replace(network, nodes=tuple(map(change, network.nodes))))


def _of_router(network: Network, node: Node) -> list[tuple[NodeName, Publisher]]:
    router = node.transit_router
    return [
        (one.peer, Publisher(node.name, _port_of(network, one.peer, Port(node.name, one.interfaces[0])),
                             node.interface(one.interfaces[0]).addresses[0].ip))
        for one in (() if router is None else router.attachments)
        if one.kind is AttachmentKind.VPC and one.auto_publish and one.peer is not None and network.has_node(one.peer)
    ]


def _port_of(network: Network, peer: NodeName, port: Port) -> str:
    link = next(one for one in network.segments if port in one.ports)
    return next(other.interface for other in link.ports if other.node == peer)
