"""What the twin computes: tables, sessions and tunnels of every node."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane.net import Cidr, NodeName, PrefixMap
from sealane.twin.route import Decision, Path

MAIN = "main"
"""The only table of nodes that are not transit routers."""

Told = Mapping[Cidr, Path]
"""What one end of a session tells the other."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A best route that is not told to a neighbor or attachment, and why."""

    prefix: Cidr
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class NodeState:
    """Tables of one node.

    Args:
        tables: Decisions by table name and prefix: the RIB; the routes in use of each are the FIB.
        bgp: What BGP chose among its own paths before the RIB compared it with other protocols; devices only.
        told: By session name, what this node tells.
        withheld: Best routes it does not tell, with the reason.
        published: By VPC attachment of a transit router: what it is told.
    """

    name: NodeName
    tables: Mapping[str, Mapping[Cidr, Decision]]
    bgp: Mapping[Cidr, Decision] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    withheld: tuple[Withheld, ...] = ()
    published: Mapping[str, Told] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionState:
    """Whether a session is up; ``reason`` says why it is not."""

    name: str
    up: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tables:
    """Converged tables for a given set of tunnels that carry packets.

    Args:
        tunnels: Those tunnels, by name.
        nodes: By node name.
        sessions: By session name.
        settled: False when BGP itself did not come to rest while all routers act at once; then the tables are those of
            the last round. There may be states to rest in all the same: ``Twin.rests``.
    """

    tunnels: frozenset[str]
    nodes: Mapping[NodeName, NodeState]
    sessions: Mapping[str, SessionState]
    settled: bool = True
    _maps: dict[tuple[NodeName, str], PrefixMap[Decision]] = field(default_factory=dict, repr=False, compare=False)

    def lookup(self, node: NodeName, table: str, address: int) -> Decision | None:
        """Longest match in a table; None without a route."""
        key = (node, table)
        found = self._maps.get(key)
        if found is None:
            found = self._maps[key] = PrefixMap(self.nodes[node].tables.get(table, {}))
        return found.longest(address)
