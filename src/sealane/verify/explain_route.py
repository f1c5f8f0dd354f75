"""Why a table holds what it holds: the routes in use with where they began, the losers, what would match instead."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.net import MASKS, Cidr, NodeName, dotted
from sealane.twin.converge import Twin
from sealane.twin.route import Decision, NextHop, Protocol, Route
from sealane.twin.session import Session, Speaker
from sealane.twin.state import MAIN, Tables


@dataclass(frozen=True, slots=True)
class Source:
    """One node back on the way that a route was told."""

    node: str
    told_by: str
    origin: Origin | None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {"node": self.node, "told_by": self.told_by, "origin": origin_json(self.origin)}


@dataclass(frozen=True, slots=True)
class RouteNote:
    """One route; ``sources`` lead back to the node that made it, nearest first, and are empty on that node itself."""

    route: Route
    sources: tuple[Source, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        route = self.route
        path = None
        if route.path is not None:
            path = {
                "as_path": list(route.path.as_path),
                "local_pref": route.path.local_pref,
                "med": route.path.med,
                "communities": sorted(f"{high}:{low}" for high, low in route.path.communities),
            }
        return {
            "prefix": str(route.prefix),
            "protocol": route.protocol.value,
            "told_by": route.told_by,
            "origin": origin_json(route.origin),
            "next_hops": [hop_json(hop) for hop in route.next_hops],
            "path": path,
            "sources": [one.to_json() for one in self.sources],
        }


@dataclass(frozen=True, slots=True)
class LostNote:
    """A route that is not used; ``reason`` names the field that decided and both values."""

    note: RouteNote
    reason: str

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {**self.note.to_json(), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Choice:
    """What a table holds for one prefix.

    Args:
        table: The table.
        prefix: The prefix.
        used: The routes in use; several share the load.
        lost: The others, best first: the first is the runner-up.
        shorter: The routes of the next shorter prefix that covers the address looked up; empty when none does, or when
            no address was looked up.
    """

    table: str
    prefix: Cidr
    used: tuple[RouteNote, ...]
    lost: tuple[LostNote, ...]
    shorter: tuple[RouteNote, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "table": self.table,
            "prefix": str(self.prefix),
            "used": [one.to_json() for one in self.used],
            "lost": [one.to_json() for one in self.lost],
        }


class RouteExplainer:
    """Explains the tables of one converged state."""

    def __init__(self, twin: Twin, tables: Tables) -> None:
        self.twin = twin
        self.tables = tables
        self._sessions = {one.name: one for one in twin.sessions}

    def choice(self, node: NodeName, table: str, decision: Decision, address: int | None = None) -> Choice:
        """One decision; with the address that was looked up also what would match without it."""
        lost = [LostNote(self.note(node, one.route), one.describe()) for one in decision.losers]
        bgp = self.tables.nodes[node].bgp.get(decision.prefix)
        if bgp is not None and table in self.tables.nodes[node].tables and decision.best.session is not None:
            # BGP sends one choice into the table; its next best would follow there before any other protocol's.
            lost = [*(LostNote(self.note(node, one.route), one.describe()) for one in bgp.losers), *lost]
        used = tuple(self.note(node, route) for route in decision.routes)
        found = None if address is None else self._shorter(node, table, decision.prefix, address)
        shorter = () if found is None else tuple(self.note(node, route) for route in found.routes)
        return Choice(table, decision.prefix, used, tuple(lost), shorter)

    def note(self, node: NodeName, route: Route) -> RouteNote:
        """One route with its sources."""
        return RouteNote(route, tuple(self._sources(node, route)))

    def _shorter(self, node: NodeName, table: str, prefix: Cidr, address: int) -> Decision | None:
        held = self.tables.nodes[node].tables.get(table, {})
        shorter = (Cidr(address & MASKS[length], length) for length in reversed(range(prefix.length)))
        return next((held[one] for one in shorter if one in held), None)

    def _sources(self, node: NodeName, route: Route) -> Iterator[Source]:
        passed: set[tuple[NodeName, str]] = set()
        while route.session is not None and (node, route.session) not in passed:
            passed.add((node, route.session))
            session = self._sessions[route.session]
            _, teller = session.sides(node)
            told = self._told(session, teller, route.prefix)
            if told is None:
                return
            node, route = teller.node, told
            yield Source(node, route.told_by, route.origin)

    def _told(self, session: Session, teller: Speaker, prefix: Cidr) -> Route | None:
        """The teller's route behind what it tells: its best that does not lead back to the hearer."""
        state = self.tables.nodes[teller.node]
        router = self.twin.topology.nodes[teller.node].transit_router
        if router is not None and teller.attachment is not None:
            held = state.tables.get(router.attachment(teller.attachment).association or "", {})
        else:
            held = state.bgp or state.tables.get(MAIN, {})
        decision = held.get(prefix)
        if decision is None:
            return None
        for route in (*decision.routes, *(loser.route for loser in decision.losers)):
            if route.session != session.name and (teller.attachment is None or route.attachment != teller.attachment):
                return route
        return None


def origin_json(origin: Origin | None) -> dict[str, object] | None:
    """A place in a file; None where nothing was written down."""
    return None if origin is None else {"file": origin.file, "line": origin.line}


def hop_json(hop: NextHop) -> dict[str, object]:
    """A next hop."""
    return {"interface": hop.interface, "gateway": None if hop.gateway is None else dotted(hop.gateway)}


def route_text(note: RouteNote) -> str:
    """``static route (cgw.asa.cfg:88), to 10.0.0.1 over GigabitEthernet0/0``."""
    route = note.route
    place = "" if route.origin is None else f" ({route.origin})"
    hops = " and ".join(str(hop) for hop in route.next_hops)
    if not hops and route.protocol is Protocol.BGP:
        return f"{route.told_by}{place}, originated here"
    return f"{route.told_by}{place}, " + (f"to {hops}" if hops else "discards")


def source_text(note: RouteNote) -> str:
    """Where a told route began, in words; empty when the node made it itself."""
    return ", told by ".join(
        f"{one.node}: {one.told_by}" + ("" if one.origin is None else f" ({one.origin})") for one in note.sources
    )
