"""Random small networks, live, agree with the twin; those that once did not are among them."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor

import pytest

from fidelity.campaign import attempt, clear
from fidelity.case import Case, seeded
from fidelity.regressions import REGRESSIONS
from fidelity.run import Outcome

pytestmark = [pytest.mark.live, pytest.mark.beside]

SEEDS = (1, 3, 5, 7, 8, 9, 13)
"""With one and two tunnels, one and two devices, BGP and statics on border routers, several tables, a zone."""
EVENTS = 3
CASES = (*REGRESSIONS, *(seeded(number, EVENTS) for number in SEEDS))
PREFIX = f"fidci{os.getpid()}"


@pytest.fixture(scope="module")
def outcomes() -> Iterator[Mapping[str, Outcome]]:
    """All at a time: what takes long is waiting."""
    try:
        with ProcessPoolExecutor(len(CASES)) as pool:
            yield {one.case.title: one for one in pool.map(attempt, CASES, [PREFIX] * len(CASES))}
    finally:
        clear(PREFIX)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_live_network_is_as_the_twin_says(case: Case, outcomes: Mapping[str, Outcome]) -> None:
    found = outcomes[case.title]
    assert not found.error, found.error
    assert not found.found, (found.history, found.found)
    assert found.states + sum(found.skipped.values()) == 1 + len(case.events)


def test_what_happened_is_enough_to_tell_something(outcomes: Mapping[str, Outcome]) -> None:
    assert sum(one.states for one in outcomes.values()) >= 3 * len(CASES)
    assert sum(one.entries for one in outcomes.values()) >= 50 * len(CASES)
