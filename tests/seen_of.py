"""What reading a network would show that is exactly as the twin computes it."""

from sealane.model import InterfaceKind
from sealane.twin.converge import Converged
from sealane.twin.element import Element, ElementKind
from sealane.twin.route import Protocol
from sealane.verify.seen import Seen, SeenEnd, SeenNode, SeenRoute


def seen_of(state: Converged) -> Seen:
    """A perfect reading of a state."""
    twin = state.twin
    situation = state.walker().situation
    gone = frozenset(name for name in state.tables.nodes if Element(ElementKind.NODE, name) in state.failed)
    ends: dict[str, dict[str, SeenEnd]] = {name: {} for name in state.tables.nodes}
    for name, pair in twin.pairs.items():
        up = name in state.liveness.tunnels
        end = SeenEnd("ESTABLISHED", "INSTALLED", up=True) if up else SeenEnd("CONNECTING", "NONE", up=False)
        ends[pair.near_node][pair.near.name] = end
        if pair.far_node is not None and pair.far is not None:
            ends[pair.far_node][pair.far.name] = end
    neighbors: dict[str, dict[int, str]] = {name: {} for name in state.tables.nodes}
    for one in twin.sessions:
        for here, peer in one.ends():
            address = int(here.neighbor.address) if here.neighbor is not None else next(
                found.address for found in twin.topology.connected[peer.node] if found.interface == peer.interface
            )
            neighbors[here.node][address] = "Established" if state.tables.sessions[one.name].up else "Active"
    nodes = {}
    for name, node in state.tables.nodes.items():
        tables = {
            table: {prefix: SeenRoute(frozenset(one.next_hops), frozenset(), one.best.protocol.value)
                    for prefix, one in decisions.items()}
            for table, decisions in node.tables.items()
        }
        daemon = {
            table: {prefix: frozenset(one.next_hops) for prefix, one in decisions.items()
                    if one.best.protocol is not Protocol.CONNECTED}
            for table, decisions in node.tables.items()
        }
        model = twin.topology.nodes[name]
        talks = model.transit_router is not None or model.vbr is not None or model in twin.network.devices()
        nodes[name] = SeenNode(
            tables, daemon if talks else None, neighbors[name],
            {one.name: situation.up(name, one.name) for one in model.interfaces
             if one.enabled and one.kind is not InterfaceKind.TUNNEL},
            ends[name],
        )
    return Seen({name: node for name, node in nodes.items() if name not in gone}, gone)
