"""Route tables of a running network beside the twin's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sealane.diag import Finding, Origin, Severity
from sealane.model import Node, Platform
from sealane.net import Cidr, NodeName
from sealane.twin.converge import Twin
from sealane.twin.profile import EBGP_DISTANCE
from sealane.twin.route import Decision, Protocol, Route
from sealane.twin.state import MAIN, NodeState, Tables
from sealane.verify.seen import Hops, Seen, SeenNode, SeenRoute, hops_text

_KEEPING = frozenset({Platform.VPC, Platform.ROUTER, Platform.HOST})
"""Nodes without a routing daemon: routes stay when their interface loses its carrier, live and in the twin."""
_COMPARED_RANK = 6
"""Fields of a path's rank before those that only break ties: see ``profile.DEVICE_BGP``."""


def compare_routes(twin: Twin, tables: Tables, seen: Seen) -> Iterator[Finding]:
    """Differences of every table that was read."""
    history = _history(twin, tables)
    for name, state in tables.nodes.items():
        node = seen.nodes.get(name)
        if node is None:
            continue
        for table, decisions in state.tables.items():
            choices = _choices(state) if table == MAIN else {}
            yield from _Table(twin.topology.nodes[name], table, decisions, choices, history).findings(node)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as the twin has it.

    Args:
        node, name: Whose and which.
        decisions: The twin's.
        choices: By prefix, other answers that are as right: which one holds depends on what was there first.
        history: Prefixes whose routes depend on that elsewhere too, each with the reason.
    """

    node: Node
    name: str
    decisions: Mapping[Cidr, Decision]
    choices: Mapping[Cidr, frozenset[Hops]]
    history: Mapping[Cidr, str]

    def findings(self, node: SeenNode) -> Iterator[Finding]:
        kernel = node.tables.get(self.name, {})
        daemon = None if node.daemon is None else node.daemon.get(self.name, {})
        for prefix in sorted({*self.decisions, *kernel, *(daemon or ())}):
            found = self._difference(prefix, kernel.get(prefix), daemon)
            if found is not None:
                yield found

    def _difference(
        self, prefix: Cidr, route: SeenRoute | None, daemon: Mapping[Cidr, Hops] | None
    ) -> Finding | None:
        decision = self.decisions.get(prefix)
        wanted = None if decision is None else frozenset(decision.next_hops)
        there = self._usable(route)
        right = {wanted, *self.choices.get(prefix, ())}
        told = None if daemon is None else daemon.get(prefix)
        if there in right:
            if daemon is None or told in right or self._not_the_daemons(decision, told):
                return None
            return self._daemon(prefix, wanted, told, decision)
        says = "" if daemon is None else f", its BGP daemon {hops_text(told)}"
        problem = f"the kernel has {hops_text(there)}{_by(route)}{says}; the twin has {hops_text(wanted)}"
        own = daemon is not None and told == there
        return self._finding(prefix, there, wanted, problem, decision, changed=told in right, own=own)

    def _usable(self, route: SeenRoute | None) -> Hops | None:
        """The next hops that count; None for a route that only stands there, since its interface has no carrier."""
        if route is None or not route.hops or self.node.platform in _KEEPING:
            return None if route is None else route.hops
        return (route.hops - route.lost) or None

    @staticmethod
    def _not_the_daemons(decision: Decision | None, told: Hops | None) -> bool:
        return told is None and decision is not None and decision.best.protocol is Protocol.CONNECTED

    def _daemon(self, prefix: Cidr, wanted: Hops | None, told: Hops | None, decision: Decision | None) -> Finding:
        problem = f"its BGP daemon has {hops_text(told)}; the kernel and the twin have {hops_text(wanted)}"
        remedy = "the kernel follows its daemon within seconds: look again; else sealane up PLAN"
        return Finding("SEEN-009", Severity.ERROR, self._subject(prefix), problem, remedy, _places(decision))

    def _finding(
        self, prefix: Cidr, there: Hops | None, wanted: Hops | None, problem: str, decision: Decision | None,
        *, changed: bool, own: bool,
    ) -> Finding:
        reason = self.history.get(prefix)
        if reason is not None:
            return Finding("SEEN-010", Severity.INFO, self._subject(prefix), f"{problem}; {reason}",
                           "nothing to mend: both are right", _places(decision))
        code = "SEEN-006" if there is None else "SEEN-007" if wanted is None else "SEEN-008"
        remedy = self._remedy(prefix, code, changed, own)
        return Finding(code, Severity.ERROR, self._subject(prefix), problem, remedy, _places(decision))

    def _remedy(self, prefix: Cidr, code: str, changed: bool, own: bool) -> str:
        """``changed``: the daemon agrees with the twin; ``own``: with the kernel."""
        place = f"namespace of {self.node.name}, table {self.name}"
        if changed and code != "SEEN-007":
            return "somebody changed the kernel's table: its daemon puts it right within seconds"
        if own:
            return "its daemon decided so: look again, since routes may be on the move; else report it"
        if code == "SEEN-007":
            return f"remove it by hand (ip route del {prefix}, {place}), or put it in the plan"
        return f"somebody changed the table ({place}): sealane up PLAN puts back what is the plan's"

    def _subject(self, prefix: Cidr) -> str:
        table = "" if self.name == MAIN else f", table {self.name}"
        return f"route {prefix} of {self.node.label or self.node.name}{table}"


def _by(route: SeenRoute | None) -> str:
    return "" if route is None or not route.protocol else f" (protocol {route.protocol})"


def _places(decision: Decision | None) -> tuple[Origin, ...]:
    origin = None if decision is None else decision.best.origin
    return () if origin is None else (origin,)


def _choices(state: NodeState) -> Mapping[Cidr, frozenset[Hops]]:
    """Answers of a device that are as right as the twin's, by prefix: the route that was there first stays.

    Between external paths that are equal but for router id and address it keeps the one in use (FRR 8.4,
    bgp_path_info_cmp; Cisco likewise); between a static and a BGP route of one distance zebra does.
    """
    found = {}
    for prefix, decision in state.bgp.items():
        ways = set(_tied(decision))
        local = state.tables[MAIN].get(prefix)
        if local is None:
            continue
        rivals = (*local.routes, *(one.route for one in local.losers))
        statics = [one for one in rivals if one.protocol is Protocol.STATIC]
        if statics and statics[0].rank[0] == EBGP_DISTANCE and len(rivals) > len(statics):
            ways |= {_hops(statics), *(_hops([one]) for one in rivals if one not in statics)}
        if ways:
            found[prefix] = frozenset(ways)
    return found


def _tied(decision: Decision) -> Iterator[Hops]:
    """Next hops of every path that is as good as the best one but for its age; none without such a path."""
    best = decision.best.rank[:_COMPARED_RANK]
    tied = [one.route for one in decision.losers if one.route.rank[:_COMPARED_RANK] == best]
    if tied and len(decision.routes) == 1:
        yield from (_hops([one]) for one in (decision.best, *tied))


def _history(twin: Twin, tables: Tables) -> Mapping[Cidr, str]:
    """Prefixes for which what came first decides what a device tells others, with the reason."""
    found = {}
    for name, state in tables.nodes.items():
        for prefix, decision in state.bgp.items():
            if list(_tied(decision)):
                found[prefix] = f"{name} keeps the older of two equal paths"
            elif _announced_beside(twin, name, state, prefix, decision):
                found[prefix] = f"{name} announces what it also hears and has as a static of greater distance only"
    return found


def _announced_beside(twin: Twin, name: NodeName, state: NodeState, prefix: Cidr, decision: Decision) -> bool:
    speaker = twin.topology.nodes[name].bgp
    if speaker is None or all(Cidr.of(one.prefix) != prefix for one in speaker.networks):
        return False
    paths = (decision.best, *(one.route for one in decision.losers))
    local = state.tables[MAIN].get(prefix)
    return any(one.session is not None for one in paths) and (local is None or local.best.rank[0] >= EBGP_DISTANCE)


def _hops(routes: Iterable[Route]) -> Hops:
    return frozenset(hop for one in routes for hop in one.next_hops)
