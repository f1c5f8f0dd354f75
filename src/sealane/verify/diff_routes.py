"""What changes in tables, tunnels and sessions between two networks, in the state without failures.

Routes are compared by what they do: protocol, teller, next hops, attributes. Where they are written is no difference,
since a line that is added moves all others. Losers are compared with nothing; they only tell why a winner won.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sealane.net import Cidr, NodeName
from sealane.twin.converge import Converged, Twin
from sealane.twin.route import Decision, Route
from sealane.verify.explain_route import Choice, RouteExplainer


class Turn(StrEnum):
    """What becomes of a prefix in a table."""

    NEW = "new"
    """There was no route."""
    GONE = "gone"
    """There is no route any more."""
    MOVED = "moved"
    """Packets go elsewhere."""
    RETOLD = "retold"
    """Packets go where they went; whom the route comes from, or its attributes, are not the same."""


@dataclass(frozen=True, slots=True)
class RouteChange:
    """One prefix in one table of one node.

    Args:
        node: The node.
        table: The table.
        prefix: The prefix.
        before: The decision before; None without a route.
        after: The decision afterwards; None without a route.
        why: Why the old winner does not win any more, or the new one did not before.
    """

    node: NodeName
    table: str
    prefix: Cidr
    before: Choice | None
    after: Choice | None
    why: str

    @property
    def turn(self) -> Turn:
        """See Turn."""
        if self.before is None:
            return Turn.NEW
        if self.after is None:
            return Turn.GONE
        return Turn.RETOLD if _hops(self.before) == _hops(self.after) else Turn.MOVED

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "node": self.node,
            "table": self.table,
            "prefix": str(self.prefix),
            "change": self.turn.value,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class UpDown:
    """A tunnel or session before and afterwards: ``up``, why it is down, or ``-`` when there is none."""

    kind: str
    name: str
    before: str
    after: str

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"kind": self.kind, "name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True)
class RouteDifference:
    """What changes in the state without failures.

    Args:
        nodes_new: Nodes that only the new network has; their tables are not listed.
        nodes_gone: Nodes that only the old network had.
        stability: Verdict on the tunnels before and afterwards.
        links: Tunnels and sessions that are not as they were.
        routes: By node, table and prefix.
        settled: False when BGP does not come to rest in one of the networks; the tables are those of its last round.
    """

    nodes_new: tuple[NodeName, ...]
    nodes_gone: tuple[NodeName, ...]
    stability: tuple[str, str]
    links: tuple[UpDown, ...]
    routes: tuple[RouteChange, ...]
    settled: bool

    def __bool__(self) -> bool:
        moved = self.stability[0] != self.stability[1]
        return bool(self.nodes_new or self.nodes_gone or moved or self.links or self.routes)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "nodes_new": list(self.nodes_new),
            "nodes_gone": list(self.nodes_gone),
            "stability": list(self.stability),
            "links": [one.to_json() for one in self.links],
            "tables": [one.to_json() for one in self.routes],
            "settled": self.settled,
        }


def diff_routes(old: Twin, new: Twin) -> RouteDifference:
    """Compare two networks in the state without failures."""
    before, after = old.converge(), new.converge()
    mine, yours = before.tables.nodes, after.tables.nodes
    return RouteDifference(
        tuple(sorted(yours.keys() - mine.keys())),
        tuple(sorted(mine.keys() - yours.keys())),
        (before.liveness.stability.value, after.liveness.stability.value),
        tuple(_links(before, after)),
        tuple(_routes(before, after)),
        before.tables.settled and after.tables.settled,
    )


def _links(before: Converged, after: Converged) -> Iterator[UpDown]:
    yield from _up_down("tunnel", _tunnels(before), _tunnels(after))
    yield from _up_down("session", _sessions(before), _sessions(after))


def _tunnels(state: Converged) -> Mapping[str, str]:
    return {name: one.reason or "up" for name, one in state.tunnels.items()}


def _sessions(state: Converged) -> Mapping[str, str]:
    """A session over a tunnel follows its tunnel, which is told already."""
    down = {name for name, one in state.tunnels.items() if not one.carries}
    return {
        name: "up" if one.up or name in down else one.reason or "down" for name, one in state.tables.sessions.items()
    }


def _up_down(kind: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[UpDown]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, "-"), after.get(name, "-")
        if old != new:
            yield UpDown(kind, name, old, new)


def _routes(before: Converged, after: Converged) -> Iterator[RouteChange]:
    old, new = RouteExplainer(before.twin, before.tables), RouteExplainer(after.twin, after.tables)
    for node in sorted(before.tables.nodes.keys() & after.tables.nodes.keys()):
        mine, yours = before.tables.nodes[node].tables, after.tables.nodes[node].tables
        for table in sorted(mine.keys() | yours.keys()):
            here, there = mine.get(table, {}), yours.get(table, {})
            for prefix in sorted(here.keys() | there.keys()):
                was, becomes = here.get(prefix), there.get(prefix)
                if _does(was) != _does(becomes):
                    yield RouteChange(
                        node,
                        table,
                        prefix,
                        None if was is None else old.choice(node, table, was),
                        None if becomes is None else new.choice(node, table, becomes),
                        _why(was, becomes),
                    )


def _does(decision: Decision | None) -> object:
    """What routes in use do, whatever the order and the lines they are written in."""
    return None if decision is None else frozenset(map(_key, decision.routes))


def _key(route: Route) -> object:
    return route.protocol, route.told_by, route.next_hops, route.path


def _why(before: Decision | None, after: Decision | None) -> str:
    """Where one winner is still there as a loser, the field that decides; the same text for the way back."""
    if before is None or after is None:
        return ""
    lost = [one for one in after.losers if _key(one.route) in map(_key, before.routes)]
    if lost:
        return f"{before.best.told_by} loses by {lost[0].describe()}"
    won = [one for one in before.losers if _key(one.route) in map(_key, after.routes)]
    if won:
        return f"{after.best.told_by} lost by {won[0].describe()}"
    return ""


def _hops(choice: Choice) -> object:
    return {hop for note in choice.used for hop in note.route.next_hops}


