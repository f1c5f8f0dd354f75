"""Whether a tunnel carries packets depends on tunnels of its own group only, and groups may be tried side by side."""

import random
from functools import cache

import pytest

import spokes
from fidelity.generate import draw
from fidelity.small import build
from sealane.model import Network
from sealane.twin import coupling
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING, elements
from sealane.twin.liveness import State, solve

SMALL = (1, 8, 36, 40, 112)
"""Numbers of small networks; the planted error shows in the last three."""
SPOKES = (3, 5)


@cache
def networks() -> tuple[Network, ...]:
    found = [build(draw(number, tunnels=True)) for number in SMALL]
    for number in SPOKES:
        choose = random.Random(number).choice
        found.append(spokes.vary(spokes.spokes(3), choose))
    return tuple(found)


def depends_on_others(network: Network) -> bool:
    """True when a tunnel comes or goes with one that is not of its group."""
    rng, twin = random.Random(1), Twin(network)
    names = sorted(twin.pairs)

    def some() -> State:
        return frozenset(one for one in names if rng.random() < 0.5)

    for failed in (NOTHING, *(frozenset({one}) for one in rng.sample(elements(network), 3))):
        for one, other in ((some(), some()) for _ in range(3)):
            for name in names:
                group = next((group for group in twin._coupled if name in group), frozenset())
                mixed = (one & group) | (other - group)
                if (name in twin._step(failed, one)) != (name in twin._step(failed, mixed)):
                    return True
    return False


def test_a_tunnel_depends_on_its_group_only():
    assert not any(depends_on_others(network) for network in networks())


def test_the_law_notices_when_what_the_cloud_tells_is_left_out(monkeypatch):
    monkeypatch.setattr(coupling, "_towards", lambda _: frozenset())
    assert any(depends_on_others(network) for network in networks())


def test_sites_with_one_circuit_are_apart():
    names = [{name.split("/")[0] for name in group} for group in Twin(spokes.spokes(3))._coupled]
    assert all(len(group) == 1 for group in names)


@pytest.mark.parametrize("seed", range(20))
def test_groups_tried_side_by_side_have_the_verdict_of_all_tried_together(seed):
    """Independent groups in one call against the product of all states in one group."""
    rng = random.Random(seed)
    groups = [frozenset({"a1", "a2"}), frozenset({"b1", "b2"}), frozenset({"c1"})]
    table = {
        group: {state: frozenset(one for one in group if rng.random() < 0.5) for state in _subsets(group)}
        for group in groups
    }

    def step(state: State) -> State:
        return frozenset({"free"}).union(*(table[group][state & group] for group in groups))

    everything = frozenset({"free"}).union(*groups)
    apart = solve(everything, step, groups)
    together = solve(everything, step, [frozenset().union(*groups)])
    assert (apart.tunnels, apart.cycle, apart.fixed_points) == (
        together.tunnels, together.cycle, together.fixed_points)


def _subsets(group: State) -> list[State]:
    names = sorted(group)
    return [frozenset(name for place, name in enumerate(names) if number >> place & 1)
            for number in range(1 << len(names))]
