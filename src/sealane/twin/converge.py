"""From a Network and failed elements to the converged state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, permutations
from typing import ClassVar

from sealane.model import Network, TunnelPair
from sealane.net import NodeName
from sealane.twin.control import acting_routers, settle
from sealane.twin.coupling import coupled_tunnels
from sealane.twin.element import NOTHING, Element, ElementKind, Failures, connection_of
from sealane.twin.forward import Walker
from sealane.twin.liveness import Liveness, State, solve
from sealane.twin.memory import Memory
from sealane.twin.negotiation import disagreement
from sealane.twin.packet import Trip
from sealane.twin.profile import OLDEST_PATH, HistoryRule
from sealane.twin.session import sessions
from sealane.twin.situation import Situation
from sealane.twin.state import NodeState, Tables
from sealane.twin.topology import Topology

_MOST_ORDERS = 120
"""Orders of five routers."""


@dataclass(frozen=True, slots=True)
class TunnelState:
    """One tunnel.

    Args:
        name: Its name in the plan.
        carries: True when it carries packets.
        reason: Why not, or why it comes and goes; empty when it carries.
        outer: The ways of its own packets, from both ends.
    """

    name: str
    carries: bool
    reason: str
    outer: tuple[Trip, ...] = ()


@dataclass(frozen=True, slots=True)
class Converged:
    """The state of a network under given failures.

    ``tables`` belong to ``liveness.tunnels``: while tunnels come and go, to those that stay.
    """

    twin: "Twin"
    failed: Failures
    liveness: Liveness
    tables: Tables
    tunnels: Mapping[str, TunnelState]

    def walker(self, *, refuse: bool = True) -> Walker:
        """Sends packets through this state; see Walker."""
        return self.twin.walker(self.failed, self.liveness.tunnels, refuse=refuse)


class Twin:
    """Computes states of one network and remembers what it computed.

    ``computed`` is False in a subclass whose tables are not this engine's.
    """

    computed: ClassVar[bool] = True

    def __init__(self, network: Network) -> None:
        self.network = network
        self.topology = Topology(network)
        self.sessions = sessions(self.topology)
        self.pairs: Mapping[str, TunnelPair] = {pair.name: pair for pair in network.tunnels()}
        self._disagreements = {name: disagreement(pair) for name, pair in self.pairs.items()}
        self._coupled = coupled_tunnels(self.topology, self.pairs)
        self._tunnel_of: dict[tuple[NodeName, str], str] = {}
        for name, pair in self.pairs.items():
            self._tunnel_of[pair.near_node, pair.near.interface] = name
            if pair.far_node is not None and pair.far is not None:
                self._tunnel_of[pair.far_node, pair.far.interface] = name
        self._rests: dict[tuple[Failures, State, frozenset[HistoryRule]], tuple[Tables, ...]] = {}
        self._settled: dict[tuple[Failures, State], tuple[Situation, Tables]] = {}

    def converge(self, failed: Failures = NOTHING) -> Converged:
        """The state that a cold start of the network leads to while these elements have failed."""
        liveness = solve(self.pairs, lambda state: self._step(failed, state), self._coupled)
        tunnels = {name: self._tunnel(failed, liveness, name) for name in self.pairs}
        return Converged(self, failed, liveness, self.tables(failed, liveness.tunnels), tunnels)

    def tables(self, failed: Failures, tunnels: State) -> Tables:
        """Tables while exactly these tunnels carry packets."""
        return self._settle(failed, tunnels)[1]

    def rests(self, failed: Failures, tunnels: State, rules: Iterable[HistoryRule] = ()) -> tuple[Tables, ...]:
        """States that BGP comes to rest in while exactly these tunnels carry packets, by who acts first.

        Args:
            failed: Failed elements.
            tunnels: Those tunnels.
            rules: By which devices keep what was there first; see HISTORY_RULES.

        Returns:
            What orders in which routers act one after another lead to from nothing, of up to 120 orders; empty when
            none comes to rest. ``tables`` is among them when it is settled and no rules are given.
        """
        key = (failed, tunnels, frozenset(rules))
        if key not in self._rests:
            self._rests[key] = tuple(self._find_rests(*key))
        return self._rests[key]

    def _find_rests(self, failed: Failures, tunnels: State, rules: frozenset[HistoryRule]) -> Iterator[Tables]:
        situation, _ = self._settle(failed, tunnels)
        found: list[Mapping[NodeName, NodeState]] = []
        told = [one.name for one in self.sessions if OLDEST_PATH in rules and one.near.neighbor is not None]
        for order in islice(permutations(acting_routers(situation)), _MOST_ORDERS):
            for first in (None, *told):
                one = settle(situation, self.sessions, order, Memory(None, rules, first))
                if one.settled and one.nodes not in found:
                    found.append(one.nodes)
                    yield one

    def walker(self, failed: Failures, tunnels: State, *, refuse: bool = True, judge: bool = True) -> Walker:
        """Sends packets through the tables of given tunnels; see Walker."""
        situation, tables = self._settle(failed, tunnels)
        return Walker(situation, tables, self.pairs, refuse=refuse, judge=judge)

    def _settle(self, failed: Failures, tunnels: State) -> tuple[Situation, Tables]:
        key = (failed, tunnels)
        found = self._settled.get(key)
        if found is None:
            situation = Situation(self.topology, failed, tunnels, self._tunnel_of)
            found = self._settled[key] = (situation, settle(situation, self.sessions))
        return found

    def _step(self, failed: Failures, tunnels: State) -> State:
        walker = self.walker(failed, tunnels)
        return frozenset(name for name in self.pairs if not self._obstacle(walker, failed, name)[0])

    def _obstacle(self, walker: Walker, failed: Failures, name: str) -> tuple[str, tuple[Trip, ...]]:
        """Why a tunnel carries nothing, with the ways of its own packets; empty when it carries."""
        pair = self.pairs[name]
        for element in (Element(ElementKind.TUNNEL, name), Element(ElementKind.CONNECTION, connection_of(name))):
            if element in failed:
                return f"{element} has failed", ()
        for node in (pair.near_node, pair.far_node):
            if node is not None and Element(ElementKind.NODE, node) in failed:
                return f"{node} has failed", ()
        if self._disagreements[name] or pair.far is None or pair.far_node is None:
            return self._disagreements[name], ()
        for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)):
            if not self._enabled(node, end.interface):
                return f"{end.interface} of {node} is shut down", ()
        trips = (
            *walker.send_outer(pair, pair.near, pair.near_node),
            *walker.send_outer(pair, pair.far, pair.far_node),
        )
        lost = next((trip for trip in trips if not trip.delivered), None)
        if lost is None:
            return "", trips
        return f"its own packet {lost.packet} ends at {lost.end}: {lost.hops[-1].note}", trips

    def may_stay(self, failed: Failures, tables: Tables, *, chance: bool = True) -> bool:
        """True when the tunnels that carry packets go on to do so over these tables, and the others not to.

        Args:
            failed: Failed elements.
            tables: Of ``tables`` or ``rests``; tunnels may rest otherwise than in ``converge`` where BGP does.
            chance: A tunnel may carry when some of its own packets' several ways arrive; see SHARED_WAYS.
        """
        situation, _ = self._settle(failed, tables.tunnels)
        walker = Walker(situation, tables, self.pairs)
        for name in self.pairs:
            reason, trips = self._obstacle(walker, failed, name)
            if name not in tables.tunnels and not reason:
                return False
            if name in tables.tunnels and reason and not (chance and _some_way(trips)):
                return False
        return True

    def _enabled(self, node: NodeName, interface: str) -> bool:
        found = self.topology.interfaces.get((node, interface))
        return found is not None and found.enabled

    def _tunnel(self, failed: Failures, liveness: Liveness, name: str) -> TunnelState:
        carries = name in liveness.tunnels
        if name in liveness.flapping:
            return self._flapping(failed, liveness, name)
        reason, trips = self._obstacle(self.walker(failed, liveness.tunnels), failed, name)
        return TunnelState(name, carries, "" if carries else reason, trips)

    def _flapping(self, failed: Failures, liveness: Liveness, name: str) -> TunnelState:
        """Why a tunnel comes and goes: what hinders it in that state of the cycle in which it is up."""
        for state in liveness.cycle:
            if name in state:
                reason, trips = self._obstacle(self.walker(failed, state), failed, name)
                if reason:
                    return TunnelState(name, carries=False, reason=f"comes and goes: while it is up, {reason}",
                                       outer=trips)
        return TunnelState(name, carries=False, reason="comes and goes with other tunnels")


def _some_way(trips: Iterable[Trip]) -> bool:
    """True when some of a tunnel's own packets arrive from each of its ends."""
    arriving = {trip.packet for trip in trips if trip.delivered}
    return bool(arriving) and all(trip.packet in arriving for trip in trips)
