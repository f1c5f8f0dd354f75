"""Nodes with connected and static routes: hosts, routers of sites, and VPCs, which may take published routes too."""

from collections.abc import Iterable, Iterator, Mapping

from sealane.model import Node
from sealane.net import Cidr
from sealane.twin.profile import PUBLISHED_DISTANCE, STATIC_ONLY
from sealane.twin.route import NextHop, Protocol, Route, decide
from sealane.twin.session import Session
from sealane.twin.situation import Situation, group_by_prefix
from sealane.twin.state import MAIN, NodeState, Told


def static_tables(situation: Situation, node: Node) -> NodeState:
    """Tables of a node without routing daemon.

    Linux keeps a static route while its interface has lost its carrier; packets are lost on the link then.
    """
    return _state(node, _own(situation, node))


def vpc_tables(situation: Situation, node: Node, heard: Mapping[str, Told], sessions: Iterable[Session]) -> NodeState:
    """Tables of a VPC that takes the routes of a transit router; arguments as for a device. It tells nothing."""
    own = _own(situation, node)
    if not situation.alive(node.name):
        return _state(node, own)
    names = {one.name for one in sessions}
    return _state(node, [*own, *_published(node, {name: told for name, told in heard.items() if name in names})])


def _state(node: Node, routes: list[Route]) -> NodeState:
    tables = {prefix: decide(STATIC_ONLY, found) for prefix, found in group_by_prefix(routes).items()}
    return NodeState(node.name, {MAIN: tables})


def _published(node: Node, heard: Mapping[str, Told]) -> Iterator[Route]:
    publisher = node.publisher
    if publisher is None:
        return
    hops = (NextHop(publisher.interface, int(publisher.address)),)
    for session, told in heard.items():
        for prefix, path in told.items():
            yield Route(
                prefix, Protocol.BGP, hops, (PUBLISHED_DISTANCE,), f"published by {publisher.transit_router}", None,
                path, session,
            )


def _own(situation: Situation, node: Node) -> list[Route]:
    routes = [
        Route(
            one.cidr, Protocol.CONNECTED, (NextHop(one.interface),), (0,), f"connected on {one.interface}",
            situation.topology.interfaces[node.name, one.interface].origin,
        )
        for one in situation.topology.connected[node.name]
    ]
    for one in node.static_routes:
        hops: tuple[NextHop, ...] = ()
        if not one.discard and one.next_hop is not None:
            gateway = int(one.next_hop)
            interface = one.interface or _interface_towards(situation, node, gateway)
            if interface is None:
                continue
            hops = (NextHop(interface, gateway),)
        routes.append(
            Route(Cidr.of(one.prefix), Protocol.STATIC, hops, (one.distance,), "static route", one.origin)
        )
    return routes


def _interface_towards(situation: Situation, node: Node, gateway: int) -> str | None:
    found = [one for one in situation.topology.connected[node.name] if one.cidr.covers(gateway)]
    return max(found, key=lambda one: one.cidr.length).interface if found else None
