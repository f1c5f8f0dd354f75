"""Why tunnels come and go: the states that repeat, what moves the network from one to the next, and how long it takes.

The chain of a step that loses tunnels: a route appears while they are up, the look-up of a tunnel's outer packet
changes to it, the outer packet no longer arrives, the tunnel is lost, and with it the route.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.net import NodeName, dotted
from sealane.twin.converge import Converged
from sealane.twin.liveness import State
from sealane.twin.packet import Trip
from sealane.twin.session import Session
from sealane.verify.explain_route import Choice, RouteExplainer, route_text, source_text

RECONNECT_S = 2
"""BGP asks again after 1 to 2 s (``connect delay time 1``, ``connect retry time 2`` of the rehearsal's BIRD)."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A look-up of a tunnel's outer packet that another route answers in the next state.

    Args:
        tunnel: Whose outer packet it is.
        node: Who looks it up.
        address: What is looked up: the far end's outer address.
        before: The answer in the state before; None without a route.
        after: The answer now; None without a route.
        ends: Where the packet ends now and why.
        told_on: True on a transit router, which tells border routers what it has.
    """

    tunnel: str
    node: NodeName
    address: str
    before: Choice | None
    after: Choice | None
    ends: str
    told_on: bool = False

    @property
    def repair(self) -> str:
        """The route that keeps the look-up as it was before, whatever appears; empty when there was none before."""
        if self.before is None or not self.before.used or not self.before.used[0].route.next_hops:
            return ""
        hops = " and ".join(str(hop) for hop in self.before.used[0].route.next_hops)
        route = f"a route for {self.address}/32 in table {self.before.table} of {self.node}, to {hops}"
        return f"{route}, with a policy that withholds it from border routers" if self.told_on else route

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "tunnel": self.tunnel,
            "node": self.node,
            "address": self.address,
            "before": None if self.before is None else self.before.to_json(),
            "after": None if self.after is None else self.after.to_json(),
            "ends": self.ends,
            "repair": self.repair,
        }


@dataclass(frozen=True, slots=True)
class Phase:
    """One state of the cycle: the tunnels that are up in it, and what it makes of each tunnel next."""

    tunnels: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]
    turns: tuple[Turn, ...]

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "tunnels": list(self.tunnels),
            "gains": list(self.gained),
            "loses": list(self.lost),
            "because": [one.to_json() for one in self.turns],
        }


@dataclass(frozen=True, slots=True)
class Cycle:
    """States that repeat. ``period`` lists what one round waits for, in seconds; it is an estimate."""

    phases: tuple[Phase, ...]
    period: tuple[tuple[str, float], ...]

    @property
    def period_s(self) -> float:
        """The sum."""
        return sum(seconds for _, seconds in self.period)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        parts = [{"what": what, "seconds": seconds} for what, seconds in self.period]
        return {
            "phases": [one.to_json() for one in self.phases],
            "period_s": self.period_s if parts else None,
            "period": parts,
        }


def possible_states(converged: Converged) -> tuple[State, ...]:
    """The states to look at: those of the cycle or the one reached, then the others to stay in."""
    liveness = converged.liveness
    reached = liveness.cycle or (liveness.tunnels,)
    return (*reached, *(one for one in liveness.fixed_points if one not in reached))


def explain_cycle(converged: Converged) -> Cycle | None:
    """The cycle of a converged state; None when its tunnels come to rest."""
    cycle = converged.liveness.cycle
    if not cycle:
        return None
    phases = []
    for index, state in enumerate(cycle):
        before, after = cycle[index - 1], cycle[(index + 1) % len(cycle)]
        lost = tuple(sorted(state - after))
        turns = tuple(turn for name in lost for turn in _turns(converged, name, before, state))
        phases.append(Phase(tuple(sorted(state)), tuple(sorted(after - state)), lost, turns))
    return Cycle(tuple(phases), _period(converged))


def _turns(converged: Converged, name: str, before: State, now: State) -> Iterator[Turn]:
    """For each end of a tunnel, the first look-up on the way of its lost outer packet that changed."""
    twin = converged.twin
    pair = twin.pairs[name]
    walker = twin.walker(converged.failed, now)
    ends = [(pair.near_node, pair.near)]
    if pair.far_node is not None and pair.far is not None:
        ends.append((pair.far_node, pair.far))
    for node, end in ends:
        lost = next((trip for trip in walker.send_outer(pair, end, node) if not trip.delivered), None)
        if lost is not None:
            turn = _turn(converged, name, lost, before, now)
            if turn is not None:
                yield turn


def _turn(converged: Converged, name: str, lost: Trip, before: State, now: State) -> Turn | None:
    twin = converged.twin
    then = RouteExplainer(twin, twin.tables(converged.failed, before))
    here = RouteExplainer(twin, twin.tables(converged.failed, now))
    address = lost.packet.destination
    for hop in lost.hops:
        if not hop.table:
            continue
        old = then.tables.lookup(hop.node, hop.table, address)
        if old is None and hop.decision is None:
            continue
        if old is None or hop.decision is None or old.routes != hop.decision.routes:
            earlier = None if old is None else then.choice(hop.node, hop.table, old)
            later = None if hop.decision is None else here.choice(hop.node, hop.table, hop.decision)
            return Turn(name, hop.node, dotted(address), earlier, later, f"{lost.end}: {lost.hops[-1].note}",
                        twin.topology.nodes[hop.node].transit_router is not None)
    return None


def _period(converged: Converged) -> tuple[tuple[str, float], ...]:
    """The soonest that one of the flapping tunnels is given up, and the time to connect again."""
    waits = [one for name in sorted(converged.liveness.flapping) for one in _waits(converged, name)]
    if not waits:
        return ()
    return (min(waits, key=lambda one: one[1]), ("BGP connects again", RECONNECT_S))


def _waits(converged: Converged, name: str) -> Iterator[tuple[str, float]]:
    """What may notice that a tunnel is dead, and after how long."""
    pair = converged.twin.pairs[name]
    for end in (pair.near, pair.far):
        if end is not None and end.dpd is not None:
            yield f"dead peer detection of {name}", end.dpd.delay_s + end.dpd.timeout_s
    for session in converged.twin.sessions:
        if session.tunnel == name and session.far is not None and not session.problem:
            yield _session_wait(session, name)


def _session_wait(session: Session, name: str) -> tuple[str, float]:
    ends = [one.neighbor for one in (session.near, session.far) if one is not None and one.neighbor is not None]
    watched = [one.bfd for one in ends if one.bfd is not None]
    if len(ends) > 1 and len(watched) == len(ends):
        return f"BFD of {name}", max(one.interval_ms * one.multiplier for one in watched) / 1000
    # RFC 4271, 4.2: the session uses the lesser of both proposals; 0 means that nothing expires.
    holds = [one.hold_time_s for one in ends if one.hold_time_s] or [0]
    return f"BGP hold time of {name}, the lesser of both ends' proposals", float(min(holds))


def cycle_text(cycle: Cycle) -> Iterator[str]:
    """The cycle in words, one line each."""
    for number, phase in enumerate(cycle.phases, 1):
        yield f"{number}. up: {', '.join(phase.tunnels) or 'no tunnel'}"
        for turn in phase.turns:
            yield f"   {turn.node} looks up {turn.address}, the far end of {turn.tunnel}:"
            yield f"     before: {_choice_text(turn.before)}"
            yield f"     now:    {_choice_text(turn.after)}"
            source = source_text(turn.after.used[0]) if turn.after is not None and turn.after.used else ""
            if source:
                yield f"             told by {source}"
            yield f"     so the outer packet ends at {turn.ends}"
            if turn.repair:
                yield f"     repair: {turn.repair}"
        if phase.lost:
            yield f"   lost: {', '.join(phase.lost)}"
        if phase.gained:
            yield f"   outer packets arrive, so these come up: {', '.join(phase.gained)}"
    if cycle.period:
        parts = " + ".join(f"{seconds:g} s ({what})" for what, seconds in cycle.period)
        yield f"one round takes about {cycle.period_s:g} s: {parts}"


def _choice_text(choice: Choice | None) -> str:
    if choice is None or not choice.used:
        return "no route"
    more = f" and {len(choice.used) - 1} more" if len(choice.used) > 1 else ""
    return f"{choice.prefix}, {route_text(choice.used[0])}{more}"
