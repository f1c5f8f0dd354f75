"""A document gets its lasting state only for the generation that the network has reached."""

from dataclasses import replace

import pytest

from sealane.cloud import Document, Transaction, World
from sealane.cloud.settle import TRANSITIONS, settle


def transaction(*documents: Document) -> Transaction:
    world = World()
    first = Transaction(world)
    for one in documents:
        first.put(one)
    world.adopt(first.changes)
    return Transaction(world)


STEPS = [(kind, before, after) for kind, steps in TRANSITIONS.items() for before, after in steps.items()]


@pytest.mark.parametrize(("kind", "before", "after"), STEPS)
def test_a_transitional_state_is_followed_by_its_lasting_one(kind, before, after):
    one = Document("x", kind, "1", "r", status=before)
    state = transaction(one)
    settle(one, state)
    assert (state.get("x").status, state.get("x").settled) == (after, 1)
    assert after not in TRANSITIONS[kind], "a lasting state that passes is none"


def test_a_change_made_meanwhile_settles_later():
    one = Document("x", "vpc", "1", "r", status="Pending")
    state = transaction(replace(one, generation=2))
    settle(one, state)
    assert (state.get("x").status, state.get("x").settled) == ("Pending", 0)


def test_what_was_deleted_meanwhile_is_not_given_a_state():
    one = Document("x", "vpc", "1", "r", status="Pending")
    state = transaction(replace(one, deleting=True))
    settle(one, state)
    assert state.get("x").settled == 0


def test_what_is_gone_takes_along_what_belongs_to_it():
    one = Document("x", "vbr", "1", "r", status="deleting", deleting=True)
    state = transaction(one, Document("y", "route_table", "1", "r", "x"), Document("z", "route_entry", "1", "r", "y"))
    settle(one, state)
    assert [state.get(name) for name in "xyz"] == [None, None, None]
