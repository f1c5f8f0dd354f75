"""Nodes with connected and static routes only: hosts, routers of sites, VPCs."""

from sealane.model import Node
from sealane.net import Cidr
from sealane.twin.profile import STATIC_ONLY
from sealane.twin.route import NextHop, Protocol, Route, decide
from sealane.twin.situation import Situation, group_by_prefix
from sealane.twin.state import MAIN, NodeState


def static_tables(situation: Situation, node: Node) -> NodeState:
    """Tables of a node without routing daemon.

    Linux keeps a static route while its interface has lost its carrier; packets are lost on the link then.
    """
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
    tables = {prefix: decide(STATIC_ONLY, found) for prefix, found in group_by_prefix(routes).items()}
    return NodeState(node.name, {MAIN: tables})


def _interface_towards(situation: Situation, node: Node, gateway: int) -> str | None:
    found = [one for one in situation.topology.connected[node.name] if one.cidr.covers(gateway)]
    return max(found, key=lambda one: one.cidr.length).interface if found else None
