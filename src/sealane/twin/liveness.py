"""Which tunnels carry packets: a fixed point, since tunnels depend on routes and routes on tunnels.

The step F takes the tunnels that carry packets, lets BGP and tables settle, and asks of every tunnel whether its ends
agree and its own packets reach the other end in both directions, never inside a tunnel. A state that F leaves alone is
one the network can stay in. F is not monotone: a tunnel that comes up may bring a route that swallows its own packets,
so that there may be no such state, or several.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

State = frozenset[str]
Step = Callable[[State], State]
Tried = dict[State, dict[State, State]]
"""By group of tunnels that may depend on one another, what F makes of each of its states."""

LARGEST_ENUMERATED = 8
"""Tunnels in one component up to which every state is tried; beyond that the verdict is simulated, not proved."""
_LARGEST_ORDERED = 4
"""Tunnels up to which every order of single changes is followed too."""
_LONGEST = 256


class Stability(StrEnum):
    """What becomes of the tunnels when nothing else changes."""

    STABLE = "stable"
    """One state to stay in, and a cold start reaches it."""
    BISTABLE = "bistable"
    """Several states to stay in: history decides."""
    OSCILLATING = "oscillating"
    """A cold start enters a cycle, and there is no state to stay in."""
    STABLE_UNREACHED = "stable but unreached"
    """There is a state to stay in, but a cold start enters a cycle."""
    ORDER_DEPENDENT = "order-dependent"
    """Some orders of events come to rest, others do not."""


@dataclass(frozen=True, slots=True)
class Liveness:
    """Verdict on the tunnels of a network.

    Args:
        stability: See Stability.
        tunnels: The tunnels that carry packets: of the state reached from a cold start, or those that carry in every
            state of the cycle.
        cycle: States that repeat from a cold start, the first being the one with the fewest tunnels; empty at rest.
        fixed_points: All states to stay in; only those found, when ``proved`` is False.
        proved: True when every state was tried.
        flapping: Tunnels that are up in some states of the cycle and down in others.
    """

    stability: Stability
    tunnels: State
    cycle: tuple[State, ...]
    fixed_points: tuple[State, ...]
    proved: bool

    @property
    def flapping(self) -> State:
        """Tunnels that come and go."""
        if not self.cycle:
            return frozenset()
        return frozenset().union(*self.cycle) - frozenset(self.cycle[0]).intersection(*self.cycle)


def solve(tunnels: Iterable[str], step: Step, coupled: Iterable[frozenset[str]]) -> Liveness:
    """Find every state to stay in, and what a cold start does.

    Args:
        tunnels: All tunnels.
        step: F.
        coupled: Groups of tunnels that may depend on one another; a tunnel in no group depends on none.
    """
    everything = frozenset(tunnels)
    groups = tuple(group & everything for group in coupled if group & everything)
    cache: dict[State, State] = {}

    def cached(state: State) -> State:
        if state not in cache:
            cache[state] = step(state)
        return cache[state]

    trail, cycle = follow(frozenset(), cached)
    if not groups:
        return _at_rest(trail, cycle, cached)
    largest = max(len(group) for group in groups)
    free = everything.difference(*groups)
    base = trail[-1] & free if not cycle else cycle[0].intersection(*cycle) & free
    if largest > LARGEST_ENUMERATED:
        return _simulated(everything, trail, cycle, cached)
    tried = _tried(groups, base, cached)
    return _verdict(trail, cycle, _fixed_points(tried, base), tried)


def follow(start: State, step: Step) -> tuple[list[State], tuple[State, ...]]:
    """States passed from a start, and the cycle entered, beginning with its smallest state; empty at rest."""
    seen: dict[State, int] = {}
    trail: list[State] = []
    state = start
    while state not in seen and len(trail) < _LONGEST:
        seen[state] = len(trail)
        trail.append(state)
        state = step(state)
    cycle = trail[seen.get(state, len(trail) - 1) :]
    if len(cycle) == 1:
        return trail, ()
    first = min(range(len(cycle)), key=lambda index: (len(cycle[index]), sorted(cycle[index])))
    return trail, tuple(cycle[first:] + cycle[:first])


def _at_rest(trail: list[State], cycle: tuple[State, ...], step: Step) -> Liveness:
    """No tunnel depends on another: one step decides."""
    del cycle, trail
    final = step(step(frozenset()))
    return Liveness(Stability.STABLE, final, (), (final,), proved=True)


def _tried(groups: tuple[State, ...], base: State, step: Step) -> Tried:
    """F of every state of every group.

    What F makes of a group depends on that group and on the tunnels in no group alone, so that one step tries a state
    of each group at once.
    """
    members = [sorted(group) for group in groups]
    found: Tried = {group: {} for group in groups}
    for number in range(1 << max(map(len, members))):
        chosen = [_subset(names, number) for names in members]
        after = step(base.union(*(one for one in chosen if one is not None)))
        for group, state in zip(groups, chosen, strict=True):
            if state is not None:
                found[group][state] = after & group
    return found


def _subset(names: Sequence[str], number: int) -> State | None:
    """The names at the set bits of a number; None beyond the last subset."""
    if number >= 1 << len(names):
        return None
    return frozenset(one for place, one in enumerate(names) if number >> place & 1)


def _fixed_points(tried: Tried, base: State) -> tuple[State, ...]:
    """Every state to stay in."""
    found: list[State] = [base]
    for after in tried.values():
        kept = [chosen for chosen, following in after.items() if following == chosen]
        found = [state | chosen for state in found for chosen in kept]
    return tuple(sorted(found, key=lambda one: (len(one), sorted(one))))


def _verdict(trail: list[State], cycle: tuple[State, ...], fixed: tuple[State, ...], tried: Tried) -> Liveness:
    small = [group for group in tried if len(group) <= _LARGEST_ORDERED]
    if cycle:
        always = cycle[0].intersection(*cycle)
        if not fixed:
            stability = Stability.OSCILLATING
        elif small and all(_some_order_rests(tried[group]) for group in small):
            stability = Stability.ORDER_DEPENDENT
        else:
            stability = Stability.STABLE_UNREACHED
        return Liveness(stability, always, cycle, fixed, proved=True)
    final = trail[-1]
    stability = Stability.STABLE if len(fixed) <= 1 else Stability.BISTABLE
    if stability is Stability.STABLE and not all(_all_orders_rest(tried[group], final & group) for group in small):
        stability = Stability.ORDER_DEPENDENT
    return Liveness(stability, final, (), fixed, proved=True)


def _simulated(everything: State, trail: list[State], cycle: tuple[State, ...], step: Step) -> Liveness:
    """Too many to try every state: a cold start, and a start with everything up."""
    warm, warm_cycle = follow(everything, step)
    rests = {one[-1] for one, loop in ((trail, cycle), (warm, warm_cycle)) if not loop}
    fixed = tuple(sorted(rests, key=lambda one: (len(one), sorted(one))))
    if cycle:
        stability = Stability.STABLE_UNREACHED if fixed else Stability.OSCILLATING
        return Liveness(stability, cycle[0].intersection(*cycle), cycle, fixed, proved=False)
    stability = Stability.BISTABLE if len(fixed) > 1 or warm_cycle else Stability.STABLE
    return Liveness(stability, trail[-1], (), fixed, proved=False)


def _singly(after: Mapping[State, State]) -> dict[State, list[State]]:
    """From a group at rest on nothing: every state reached when one tunnel at a time follows F, with its successors."""
    found: dict[State, list[State]] = {}
    waiting: list[State] = [frozenset()]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found[state] = [state ^ {one} for one in sorted(after[state] ^ state)]
            waiting += found[state]
    return found


def _some_order_rests(after: Mapping[State, State]) -> bool:
    return any(not following for following in _singly(after).values())


def _all_orders_rest(tried: Mapping[State, State], final: State) -> bool:
    """True when no order of single changes from a cold start goes on for ever or rests elsewhere."""
    after = _singly(tried)
    if any(not follows and state != final for state, follows in after.items()):
        return False
    done: set[State] = set()
    while True:
        resting = {state for state, follows in after.items() if state not in done and done.issuperset(follows)}
        if not resting:
            return len(done) == len(after)
        done |= resting
