"""The world and its transactions obey the laws of a map that is changed as a whole."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.cloud import Document, Transaction, World

IDS = st.sampled_from([f"x-{number}" for number in range(6)])
KINDS = st.sampled_from(["vpc", "vswitch"])
PARENTS = st.sampled_from(["", "x-0", "x-1"])
PUTS = st.builds(
    lambda one, kind, parent, settled, region: Document(one, kind, "1", region, parent, settled=settled),
    IDS, KINDS, PARENTS, st.sampled_from([0, 1]), st.sampled_from(["r", "s"]),
)
STEPS = st.lists(st.one_of(PUTS, IDS), max_size=12)


def apply(transaction: Transaction, model: dict[str, Document], steps: list[Document | str]) -> None:
    ever = dict(model)
    for step in steps:
        if isinstance(step, str):
            transaction.remove(step)
            model.pop(step, None)
        else:
            former = model.get(step.id) or ever.get(step.id)
            kept = replace(former, settled=step.settled) if former else step
            model[step.id] = ever[step.id] = transaction.put(kept)


def view(state: World | Transaction) -> dict[str, list[str]]:
    seen = {kind: sorted(one.id for one in state.of_kind("1", kind)) for kind in ("vpc", "vswitch")}
    return seen | {parent: sorted(one.id for one in state.children(parent)) for parent in ("x-0", "x-1")}


def expected(model: dict[str, Document]) -> dict[str, list[str]]:
    seen = {kind: sorted(one.id for one in model.values() if one.kind == kind) for kind in ("vpc", "vswitch")}
    return seen | {
        parent: sorted(one.id for one in model.values() if one.parent == parent) for parent in ("x-0", "x-1")
    }


@given(STEPS, STEPS)
def test_a_transaction_shows_the_world_with_its_changes_and_changes_it_only_when_adopted(first, second):
    model: dict[str, Document] = {}
    world = World()
    transaction = Transaction(world)
    apply(transaction, model, first)
    assert view(transaction) == expected(model)
    assert view(world) == expected({})
    world.adopt(transaction.changes)
    before = dict(model)
    later = Transaction(world)
    apply(later, model, second)
    assert view(later) == expected(model)
    assert view(world) == expected(before)
    assert later.count("1", "vpc") == len(expected(model)["vpc"])
    world.adopt(later.changes)
    assert view(world) == expected(model)
    assert world.unsettled == {one.id for one in model.values() if one.settled < one.generation}


@given(STEPS, STEPS, st.lists(st.sampled_from([*(f"x-{number}" for number in range(6)), "none"]), min_size=1))
def test_what_is_of_a_region_and_what_is_named_is_what_going_through_all_of_it_finds(first, second, ids):
    model: dict[str, Document] = {}
    world = World()
    for steps in (first, second):
        transaction = Transaction(world)
        apply(transaction, model, steps)
        for state in (transaction, Transaction(world)):
            for kind in ("vpc", "vswitch"):
                for region in ("r", "s", ""):
                    there = [one for one in state.of_kind("1", kind) if region in ("", one.region)]
                    found = state.in_region("1", kind, region)
                    assert (list(found), len(found)) == (there, len(there))
                    assert list(state.named("1", kind, region, ())) == there
                    named = sorted((one for one in there if one.id in ids), key=lambda one: one.sequence)
                    assert list(state.named("1", kind, region, ids)) == named
                    assert not list(state.named("2", kind, region, ids))
        world.adopt(transaction.changes)
    assert [one.sequence for one in world.everything()] == [model[one.id].sequence for one in world.everything()]
    assert len({one.sequence for one in model.values()}) == len(model)


@given(STEPS)
def test_a_world_read_back_from_its_documents_is_the_same(steps):
    world = World()
    transaction = Transaction(world)
    apply(transaction, {}, steps)
    world.adopt(transaction.changes)
    again = World(Document.decode(one.encode()) for one in world.everything())
    assert [one.id for one in again.everything()] == sorted(
        (one.id for one in world.everything()), key=lambda one: world.get(one).sequence
    )
    assert {one: again.get(one) for one in ("x-0", "x-3")} == {one: world.get(one) for one in ("x-0", "x-3")}
    assert view(again) == view(world)
    assert again.sequence == max((one.sequence for one in world.everything()), default=0)


def test_documents_come_in_the_order_of_their_creation():
    world = World()
    for one in ("b", "a", "c"):
        transaction = Transaction(world)
        transaction.put(Document(one, "vpc", "1", "r"))
        world.adopt(transaction.changes)
    transaction = Transaction(world)
    transaction.put(replace(world.get("a"), status="Available"))
    transaction.put(Document("d", "vpc", "1", "r"))
    assert [one.id for one in transaction.of_kind("1", "vpc")] == ["b", "a", "c", "d"]
    assert [one.status for one in transaction.of_kind("1", "vpc")] == ["", "Available", "", ""]


def test_secrets_do_not_show():
    assert "geheim" not in repr(Document("x", "vco", "1", "r", secrets={"Psk": "geheim"}))


def test_a_document_stays_where_and_what_it_is():
    transaction = Transaction(World())
    transaction.put(Document("x", "vpc", "1", "r"))
    for change in ({"kind": "vswitch"}, {"account": "2"}, {"region": "s"}, {"parent": "y"}):
        with pytest.raises(ValueError, match="cannot become"):
            transaction.put(replace(transaction.get("x"), **change))
