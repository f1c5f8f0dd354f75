"""Route tables of a running network beside the twin's."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sealane.diag import Finding, Origin, Severity
from sealane.model import Node, Platform
from sealane.net import Cidr
from sealane.twin.converge import Twin
from sealane.twin.element import Failures
from sealane.twin.liveness import State
from sealane.twin.profile import HISTORY_RULES
from sealane.twin.route import Decision, Protocol
from sealane.twin.state import MAIN, Tables
from sealane.verify.seen import Hops, Seen, SeenNode, SeenRoute, hops_text

_KEEPING = frozenset({Platform.VPC, Platform.ROUTER, Platform.HOST})
"""Nodes whose own routes are the kernel's: they stay when their interface loses its carrier, live and in the twin."""


def compare_routes(twin: Twin, failed: Failures, tunnels: State, seen: Seen) -> tuple[Finding, ...]:
    """Differences of every table that was read.

    Where devices keep what was there first, BGP may come to rest in other ways too that are as right; the one that
    differs least counts then, and that it is another one is told.
    """
    found = tuple(_differences(twin, twin.tables(failed, tunnels), seen))
    if not found:
        return ()
    others = (tuple(_differences(twin, one, seen)) for one in twin.rests(failed, tunnels, HISTORY_RULES))
    nearest = min(others, key=len, default=found)
    if len(nearest) >= len(found):
        return found
    return (*nearest, _elsewhere(twin, len(found) - len(nearest)))


def _elsewhere(twin: Twin, routes: int) -> Finding:
    rules = ", ".join(one.name for one in HISTORY_RULES)
    return Finding(
        "SEEN-010",
        Severity.INFO,
        f"BGP of {twin.network.name}",
        f"rests otherwise than after a cold start, in {routes} routes: what was there first stays ({rules})",
        "nothing to mend: either is right; restart the BGP daemons for the other one",
    )


def _differences(twin: Twin, tables: Tables, seen: Seen) -> Iterator[Finding]:
    for name, state in tables.nodes.items():
        node = seen.nodes.get(name)
        if node is not None:
            for table, decisions in state.tables.items():
                yield from _Table(twin.topology.nodes[name], table, decisions).findings(node)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as the twin has it.

    Args:
        node, name: Whose and which.
        decisions: The twin's.
    """

    node: Node
    name: str
    decisions: Mapping[Cidr, Decision]

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
        told = None if daemon is None else daemon.get(prefix)
        if there == wanted:
            if daemon is None or told == wanted or self._not_the_daemons(decision, told):
                return None
            return self._daemon(prefix, wanted, told, decision)
        says = "" if daemon is None else f", its BGP daemon {hops_text(told)}"
        problem = f"the kernel has {hops_text(there)}{_by(route)}{says}; the twin has {hops_text(wanted)}"
        code = "SEEN-006" if there is None else "SEEN-007" if wanted is None else "SEEN-008"
        remedy = self._remedy(
            prefix, code, changed=daemon is not None and told == wanted, own=daemon is not None and told == there
        )
        return Finding(code, Severity.ERROR, self._subject(prefix), problem, remedy, _places(decision))

    def _usable(self, route: SeenRoute | None) -> Hops | None:
        """The next hops that count; None for a route that only stands there, since its interface has no carrier."""
        if route is None or not route.hops or self.node.platform in _KEEPING:
            return None if route is None else route.hops
        return (route.hops - route.lost) or None

    def _not_the_daemons(self, decision: Decision | None, told: Hops | None) -> bool:
        kernels = {Protocol.CONNECTED, Protocol.STATIC} if self.node.publisher is not None else {Protocol.CONNECTED}
        return told is None and decision is not None and decision.best.protocol in kernels

    def _daemon(self, prefix: Cidr, wanted: Hops | None, told: Hops | None, decision: Decision | None) -> Finding:
        problem = f"its BGP daemon has {hops_text(told)}; the kernel and the twin have {hops_text(wanted)}"
        remedy = "the kernel follows its daemon within seconds: look again; else sealane up PLAN"
        return Finding("SEEN-009", Severity.ERROR, self._subject(prefix), problem, remedy, _places(decision))

    def _remedy(self, prefix: Cidr, code: str, *, changed: bool, own: bool) -> str:
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
