"""The twin of a running network: it forwards by the tables that were read instead of those it would compute."""

from collections.abc import Mapping

from sealane.model import Network
from sealane.net import Cidr, NodeName
from sealane.twin.converge import Converged, TunnelState, Twin
from sealane.twin.element import NOTHING, Failures
from sealane.twin.liveness import Liveness, Stability, State
from sealane.twin.route import Decision, Protocol, Route
from sealane.twin.situation import Situation
from sealane.twin.state import NodeState, SessionState, Tables
from sealane.verify.seen import Meaning, Seen, SeenRoute, meaning, tunnel_ends

_PROTOCOLS = {"kernel": Protocol.CONNECTED, "bird": Protocol.BGP, "bgp": Protocol.BGP}


class RunningTwin(Twin):
    """Answers every question for the state that was read, whatever failures it is asked with.

    Nodes that were not read, such as a device beyond a real line, are taken as the model has them.

    Args:
        network: What should be running.
        seen: What was read of it.
    """

    computed = False

    def __init__(self, network: Network, seen: Seen) -> None:
        super().__init__(network)
        self.seen = seen
        plain = Twin(network)
        self.meaning: Meaning = meaning(plain, seen)
        known = self.meaning
        expected = plain.converge(known.outside())
        self.tunnels: State = known.tunnels | (known.unread & expected.liveness.tunnels)
        computed = plain.tables(known.failed | known.silent(), self.tunnels)
        self._situation = plain.walker(known.failed | known.silent(), self.tunnels).situation
        self._running = _tables(computed, seen, known)

    def converge(self, failed: Failures = NOTHING) -> Converged:
        """The state that was read: at rest, as far as one look can tell."""
        liveness = Liveness(Stability.STABLE, self.tunnels, (), (self.tunnels,), proved=True)
        tunnels = {name: self._as_read(name) for name in self.pairs}
        return Converged(self, failed, liveness, self._running, tunnels)

    def _settle(self, failed: Failures, tunnels: State) -> tuple[Situation, Tables]:
        del failed, tunnels
        return self._situation, self._running

    def _as_read(self, name: str) -> TunnelState:
        """A tunnel with the ways of its own packets, which may be lost although its SAs stand."""
        obstacle, outer = self._obstacle(self.walker(NOTHING, self.tunnels), NOTHING, name)
        carries = name in self.tunnels
        return TunnelState(name, carries, obstacle if carries else self._why_down(name) or obstacle, outer)

    def _why_down(self, name: str) -> str:
        states = [
            f"{node}: IKE {end.ike_state}, child SA {end.child_state}" + ("" if end.up else ", interface down")
            for node, end in tunnel_ends(self, self.seen, name)
        ]
        return "; ".join(states)


def seen_prefixes(seen: Seen) -> tuple[Cidr, ...]:
    """Every prefix in a table that was read: packets that only these tell apart have to be told apart."""
    found = {prefix for node in seen.nodes.values() for table in node.tables.values() for prefix in table}
    return tuple(sorted(found))


def _tables(computed: Tables, seen: Seen, known: Meaning) -> Tables:
    nodes = {name: _node(name, state, seen) for name, state in computed.nodes.items()}
    sessions = dict(computed.sessions)
    for name, one in known.sessions.items():
        down = [f"{state} at {node}" for node, state in one.ends if not one.up]
        sessions[name] = SessionState(name, up=one.up, reason=" and ".join(down))
    return Tables(computed.tunnels, nodes, sessions, computed.settled)


def _node(name: NodeName, state: NodeState, seen: Seen) -> NodeState:
    if name in seen.gone:
        return NodeState(name, {table: {} for table in state.tables})
    node = seen.nodes.get(name)
    if node is None:
        return state
    tables = {
        table: _decisions(node.tables.get(table, {}), computed) for table, computed in state.tables.items()
    }
    return NodeState(name, tables, state.bgp, state.told, state.withheld, state.published)


def _decisions(routes: Mapping[Cidr, SeenRoute], computed: Mapping[Cidr, Decision]) -> Mapping[Cidr, Decision]:
    """The kernel's routes; where the twin has the same, with its reasons."""
    return {prefix: _decision(prefix, route, computed.get(prefix)) for prefix, route in routes.items()}


def _decision(prefix: Cidr, seen: SeenRoute, computed: Decision | None) -> Decision:
    if computed is not None and seen.hops == frozenset(computed.next_hops):
        return computed
    hops = tuple(sorted(seen.hops, key=lambda one: (one.interface, -1 if one.gateway is None else one.gateway)))
    protocol = _PROTOCOLS.get(seen.protocol, Protocol.STATIC)
    return Decision(prefix, (Route(prefix, protocol, hops, (), f"kernel route of protocol {seen.protocol or 'none'}"),))
