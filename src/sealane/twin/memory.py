"""What a device keeps because it was there first.

The twin's own answer is that of a cold start; this leads to the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sealane.net import Cidr
from sealane.twin.profile import (
    DEVICE_BGP,
    EBGP_DISTANCE,
    EQUAL_DISTANCE,
    IBGP_DISTANCE,
    NETWORK_BESIDE_BGP,
    OLDEST_PATH,
    HistoryRule,
)
from sealane.twin.route import Decision, Protocol, Route, beside
from sealane.twin.state import MAIN, NodeState

_BEFORE_AGE = 6
"""Fields of a device's BGP rank that are compared before the age of paths."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a device has seen.

    Args:
        before: Its state in the round before; None in its first.
        rules: Which rules of history it follows.
        first: The session whose news arrived first, of those that arrived in one round.
    """

    before: NodeState | None = None
    rules: frozenset[HistoryRule] = frozenset()
    first: str | None = None

    def originates(self, prefix: Cidr, heard: Mapping[Cidr, list[Route]], local: Mapping[Cidr, list[Route]]) -> bool:
        """False for a ``network`` statement that does not count, since the table has the prefix from BGP.

        Args:
            prefix: Of the statement.
            heard: Paths from neighbors.
            local: Connected and static routes.
        """
        if NETWORK_BESIDE_BGP not in self.rules or prefix not in heard:
            return True
        distance = IBGP_DISTANCE if all(one.rank[5] == 1 for one in heard[prefix]) else EBGP_DISTANCE
        if any(one.rank[0] < distance for one in local[prefix]):
            return True
        held = None if self.before is None else self.before.tables[MAIN].get(prefix)
        return held is not None and held.best.session is None

    def best_path(self, decision: Decision) -> Decision:
        """With the external path that was best before at the head, when nothing but its age speaks against it."""
        best = decision.best
        if OLDEST_PATH not in self.rules or best.session is None or best.rank[5] == 1:
            return decision
        held = None if self.before is None else self.before.bgp.get(decision.prefix)
        routes = (*decision.routes, *(one.route for one in decision.losers))
        equal = {one.session: one for one in routes if _differ_in_age(one, best)}
        oldest = equal.get(held.best.session if held is not None else None) or equal.get(self.first)
        if oldest is None:
            return decision
        kept = (oldest, *(one for one in decision.routes if one is not oldest))[: len(decision.routes)]
        return Decision(decision.prefix, kept, tuple(one for one in decision.losers if one.route is not oldest))

    def best_route(self, decision: Decision) -> Decision:
        """With the protocol that held the prefix before, at equal distance; in a first round that is BGP's."""
        held = None if self.before is None else self.before.tables[MAIN].get(decision.prefix)
        first = Protocol.BGP if held is None else held.best.protocol
        if EQUAL_DISTANCE not in self.rules or decision.best.protocol is first:
            return decision
        rivals = [
            one.route for one in decision.losers
            if one.route.rank[0] == decision.best.rank[0] and one.route.protocol is first
        ]
        if not rivals:
            return decision
        rest = tuple(one for one in decision.losers if one.route not in rivals)
        return Decision(decision.prefix, tuple(rivals), rest)


def _differ_in_age(one: Route, other: Route) -> bool:
    """True when nothing that is compared before the age of two paths tells them apart."""
    own, rival = beside(DEVICE_BGP, one, other), beside(DEVICE_BGP, other, one)
    return own[:_BEFORE_AGE] == rival[:_BEFORE_AGE]


COLD: Final = Memory()
"""A device that has just started."""
