"""BGP and tables of all nodes come to rest, for given failures and tunnels that carry packets."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sealane.model import Node, Platform
from sealane.net import NodeName
from sealane.twin.memory import COLD, Memory
from sealane.twin.router_border import border_tables
from sealane.twin.router_device import device_tables
from sealane.twin.router_static import static_tables, vpc_tables
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
    Platform.VPC: vpc_tables,
}
_DEVICES = frozenset({Platform.ASA, Platform.GATEWAY})


def settle(
    situation: Situation,
    sessions: tuple[Session, ...],
    order: Sequence[NodeName] = (),
    history: Memory = COLD,
) -> Tables:
    """Run rounds until nothing changes.

    Args:
        situation: Failures and tunnels.
        sessions: All sessions.
        order: Routers in the order in which they act in a round, each hearing what those before it tell; those left out
            do not act. Empty: all at once, hearing what was told in the round before.
        history: The rules by which devices keep what was there first, and whose news arrive first.
    """
    states = {one.name: _session_state(situation, one) for one in sessions}
    running = [one for one in sessions if states[one.name].up]
    nodes = situation.topology.nodes
    fixed = {
        name: static_tables(situation, node) for name, node in nodes.items() if not _speaks(node)
    }
    speakers = {name: node for name, node in nodes.items() if _speaks(node)}
    own = {name: [one for one in running if _involves(one, name)] for name in speakers}
    heard: dict[NodeName, dict[str, Told]] = {name: {} for name in speakers}
    computed: dict[NodeName, NodeState] = {}
    changed = set(speakers)
    turns = [{name} for name in order] or [set(speakers)]
    for _ in range(_ROUNDS):
        for turn in turns:
            acting = changed & turn
            for name in acting:
                memory = replace(history, before=computed.get(name))
                computed[name] = _compute(situation, speakers[name], heard[name], own[name], memory)
            changed -= acting
            changed.update(_deliver(running, acting, computed, heard))
        if not changed:
            break
    return Tables(situation.tunnels, {**fixed, **computed}, states, settled=not changed)


def _compute(
    situation: Situation, node: Node, heard: Mapping[str, Told], own: Iterable[Session], memory: Memory
) -> NodeState:
    if node.platform in _ROUTERS:
        return _ROUTERS[node.platform](situation, node, heard, own)
    return device_tables(situation, node, heard, own, memory)


def _deliver(
    running: Iterable[Session],
    tellers: Container[NodeName],
    computed: Mapping[NodeName, NodeState],
    heard: Mapping[NodeName, dict[str, Told]],
) -> Iterator[NodeName]:
    """Let some routers tell what they computed; who hears something new."""
    for one in running:
        for teller, hearer in one.ends():
            if teller.node in tellers:
                told = computed[teller.node].told.get(one.name, {})
                if heard[hearer.node].get(one.name) != told:
                    heard[hearer.node][one.name] = told
                    yield hearer.node


def acting_routers(situation: Situation) -> tuple[NodeName, ...]:
    """The routers whose tables may depend on what others tell, by name."""
    return tuple(sorted(name for name, node in situation.topology.nodes.items() if _speaks(node)))


def _speaks(node: Node) -> bool:
    return node.runs_bird or node.platform in _DEVICES


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
