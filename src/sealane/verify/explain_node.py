"""One node: its tables with reasons, its sessions and tunnels, what it tells to whom and what it withholds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.model import Node
from sealane.net import NodeName, dotted
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import Failures
from sealane.twin.liveness import Stability, State
from sealane.twin.session import Session
from sealane.twin.state import NodeState, Told, Withheld
from sealane.verify.explain_cycle import Cycle, explain_cycle, possible_states
from sealane.verify.explain_route import Choice, RouteExplainer, origin_json


@dataclass(frozen=True, slots=True)
class SessionNote:
    """A BGP session of the node; ``peer`` None when nobody answers."""

    name: str
    peer: str | None
    peer_address: str | None
    peer_asn: int | None
    up: bool
    reason: str
    origin: Origin | None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "name": self.name,
            "peer": self.peer,
            "peer_address": self.peer_address,
            "peer_asn": self.peer_asn,
            "up": self.up,
            "reason": self.reason,
            "origin": origin_json(self.origin),
        }


@dataclass(frozen=True, slots=True)
class TunnelNote:
    """A tunnel that ends on the node; ``comes_and_goes`` when no state keeps it."""

    name: str
    carries: bool
    comes_and_goes: bool
    reason: str
    origin: Origin | None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "name": self.name,
            "carries": self.carries,
            "comes_and_goes": self.comes_and_goes,
            "reason": self.reason,
            "origin": origin_json(self.origin),
        }


@dataclass(frozen=True, slots=True)
class NodeRoutes:
    """A node while given tunnels are up.

    Args:
        up: Those tunnels of the whole network.
        tables: What each table holds, by prefix: routes in use (the FIB) and losers (the rest of the RIB).
        bgp: What BGP chose among its own paths; devices only.
        told: By session or, without one, attachment.
        withheld: What is not told, to whom and why.
    """

    up: tuple[str, ...]
    tables: Mapping[str, tuple[Choice, ...]]
    bgp: tuple[Choice, ...]
    told: Mapping[str, Told]
    withheld: tuple[Withheld, ...]
    sessions: tuple[SessionNote, ...]
    tunnels: tuple[TunnelNote, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "tunnels_up": list(self.up),
            "tables": {name: [one.to_json() for one in found] for name, found in self.tables.items()},
            "bgp": [one.to_json() for one in self.bgp],
            "told": {name: [str(prefix) for prefix in sorted(told)] for name, told in self.told.items()},
            "withheld": [
                {"prefix": str(one.prefix), "to": one.to, "reason": one.reason} for one in self.withheld
            ],
            "sessions": [one.to_json() for one in self.sessions],
            "tunnels": [one.to_json() for one in self.tunnels],
        }


@dataclass(frozen=True, slots=True)
class NodeExplained:
    """A node in every state that the network may be in; ``settled`` False when BGP does not come to rest."""

    node: Node
    failed: tuple[str, ...]
    stability: Stability
    cycle: Cycle | None
    states: tuple[NodeRoutes, ...]
    settled: bool

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "node": self.node.name,
            "label": self.node.label,
            "platform": self.node.platform.value,
            "failed": list(self.failed),
            "stability": self.stability.value,
            "cycle": None if self.cycle is None else self.cycle.to_json(),
            "settled": self.settled,
            "states": [one.to_json() for one in self.states],
        }


def explain_node(twin: Twin, name: NodeName, failed: Failures, table: str | None = None) -> NodeExplained:
    """A node of the network, as it is in effect; ``table`` None shows all of its tables."""
    converged = twin.converge(failed)
    possible = possible_states(converged)
    return NodeExplained(
        twin.topology.nodes[name],
        tuple(sorted(str(one) for one in failed)),
        converged.liveness.stability,
        explain_cycle(converged),
        tuple(_routes(twin, converged, name, state, table) for state in possible),
        all(twin.tables(failed, state).settled for state in possible),
    )


def tables_of(node: Node) -> tuple[str, ...]:
    """The names of a node's tables."""
    return ("main",) if node.transit_router is None else tuple(one.name for one in node.transit_router.tables)


def _routes(twin: Twin, converged: Converged, name: NodeName, state: State, table: str | None) -> NodeRoutes:
    tables = twin.tables(converged.failed, state)
    explainer = RouteExplainer(twin, tables)
    found = tables.nodes[name]
    shown = {
        one: tuple(explainer.choice(name, one, decision) for _, decision in sorted(held.items()))
        for one, held in sorted(found.tables.items())
        if table in (None, one)
    }
    bgp = tuple(explainer.choice(name, "BGP", decision) for _, decision in sorted(found.bgp.items()))
    mine = [one for one in twin.sessions if name in {end.node for end in (one.near, one.far) if end is not None}]
    sessions = tuple(_session(one, name, tables.sessions[one.name].up, tables.sessions[one.name].reason)
                     for one in mine)
    return NodeRoutes(
        tuple(sorted(state)), shown, bgp, _told(found), _sorted(found.withheld), sessions,
        tuple(_tunnels(twin, converged, name, state)),
    )


def _told(found: NodeState) -> Mapping[str, Told]:
    return dict(sorted([*found.told.items(), *found.published.items()]))


def _sorted(withheld: tuple[Withheld, ...]) -> tuple[Withheld, ...]:
    return tuple(sorted(dict.fromkeys(withheld), key=lambda one: (one.to, one.prefix)))


def _session(session: Session, name: NodeName, up: bool, reason: str) -> SessionNote:
    if session.far is None:
        wanted = session.near.neighbor
        address = None if wanted is None else str(wanted.address)
        asn = None if wanted is None else wanted.remote_asn
        return SessionNote(session.name, None, address, asn, up, reason, session.origin)
    own, peer = session.sides(name)
    origin = session.origin if own.neighbor is None else own.neighbor.origin
    address = dotted(peer.address) if peer.address else None
    return SessionNote(session.name, peer.node, address, peer.asn, up, reason, origin)


def _tunnels(twin: Twin, converged: Converged, name: NodeName, state: State) -> Iterator[TunnelNote]:
    for pair in twin.pairs.values():
        ends = [(pair.near_node, pair.near), (pair.far_node, pair.far)]
        for node, end in ends:
            if node == name and end is not None:
                flapping = pair.name in converged.liveness.flapping
                up = pair.name in state
                reason = "" if up and not flapping else converged.tunnels[pair.name].reason
                yield TunnelNote(pair.name, up, flapping, reason, end.origin)
