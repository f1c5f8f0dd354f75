"""BGP and tables of all nodes come to rest, for given failures and tunnels that carry packets."""

from collections.abc import Callable, Iterable, Mapping

from sealane.model import Node, Platform
from sealane.net import NodeName
from sealane.twin.router_border import border_tables
from sealane.twin.router_device import device_tables
from sealane.twin.router_static import static_tables
from sealane.twin.router_transit import transit_tables
from sealane.twin.session import Session, session_failed
from sealane.twin.situation import Situation
from sealane.twin.state import NodeState, SessionState, Tables, Told

_ROUNDS = 64
"""More rounds than any network of ours has hops; BGP that still moves then does not come to rest."""

_Compute = Callable[[Situation, Node, Mapping[str, Told], Iterable[Session]], NodeState]
_ROUTERS: Mapping[Platform, _Compute] = {
    Platform.TRANSIT_ROUTER: transit_tables,
    Platform.VBR: border_tables,
    Platform.ASA: device_tables,
    Platform.GATEWAY: device_tables,
}


def settle(situation: Situation, sessions: tuple[Session, ...]) -> Tables:
    """Run rounds in which every router hears what all told in the round before, until nothing changes."""
    states = {one.name: _session_state(situation, one) for one in sessions}
    running = [one for one in sessions if states[one.name].up]
    nodes = situation.topology.nodes
    fixed = {
        name: static_tables(situation, node) for name, node in nodes.items() if node.platform not in _ROUTERS
    }
    speakers = {name: node for name, node in nodes.items() if node.platform in _ROUTERS}
    own = {name: [one for one in running if _involves(one, name)] for name in speakers}
    heard: dict[NodeName, dict[str, Told]] = {name: {} for name in speakers}
    computed: dict[NodeName, NodeState] = {}
    changed = set(speakers)
    settled = False
    for _ in range(_ROUNDS):
        for name in changed:
            node = speakers[name]
            computed[name] = _ROUTERS[node.platform](situation, node, heard[name], own[name])
        changed = set()
        for one in running:
            for teller, hearer in one.ends():
                told = computed[teller.node].told.get(one.name, {})
                if heard[hearer.node].get(one.name) != told:
                    heard[hearer.node][one.name] = told
                    changed.add(hearer.node)
        if not changed:
            settled = True
            break
    return Tables(situation.tunnels, {**fixed, **computed}, states, settled)


def _involves(session: Session, node: NodeName) -> bool:
    return any(teller.node == node for teller, _ in session.ends())


def _session_state(situation: Situation, session: Session) -> SessionState:
    """Up or the first reason why not. Neighbors are on one link or at the ends of one tunnel."""
    if session.problem or session.far is None:
        return SessionState(session.name, up=False, reason=session.problem)
    if session_failed(session, situation.failed):
        return SessionState(session.name, up=False, reason="the session has failed")
    if session.tunnel is not None and session.tunnel not in situation.tunnels:
        return SessionState(session.name, up=False, reason=f"tunnel {session.tunnel} carries nothing")
    for end in (session.near, session.far):
        if not situation.up(end.node, end.interface):
            return SessionState(session.name, up=False, reason=f"{end.interface} of {end.node} is down")
    return SessionState(session.name, up=True)
