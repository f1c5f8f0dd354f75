"""What is remembered, and for how long."""

import gc

import pytest

from sealane.memo import Memo


class Thing:
    pass


class Counted:
    def __init__(self, value="made"):
        self.times = 0
        self.value = value

    def __call__(self):
        self.times += 1
        return self.value


def test_the_same_thing_is_worked_on_once_and_an_equal_one_anew():
    memo, work, thing = Memo(), Counted(), [1]
    assert memo.get("a", (thing,), work) == memo.get("a", (thing,), work) == "made"
    assert work.times == 1
    memo.get("a", ([1],), work)
    memo.get("b", (thing,), work)
    assert work.times == 3


def test_what_two_rounds_did_not_ask_for_is_forgotten_with_what_it_needed():
    memo, inner, thing, part = Memo(), Counted(), Thing(), Thing()

    def outer():
        return memo.get("inner", (part,), inner)

    memo.get("outer", (thing,), outer)
    for _ in range(3):
        memo.turn()
        memo.get("outer", (thing,), outer)
    memo.get("inner", (part,), inner)
    assert inner.times == 1
    memo.turn()
    memo.turn()
    gc.collect()
    assert memo.size == 0


def test_a_part_lives_on_with_whatever_else_asks_for_it():
    memo, inner, part = Memo(), Counted(), Thing()
    for _ in range(3):
        memo.get("outer", (Thing(),), lambda: memo.get("inner", (part,), inner))
        memo.turn()
    assert inner.times == 1


def test_what_must_not_be_kept_is_not_but_its_parts_are():
    memo, inner, work, thing = Memo(), Counted(), Counted(), Thing()
    for _ in range(2):
        memo.get("outer", (thing,), lambda: (work(), memo.get("inner", (thing,), inner)), lambda: False)
        memo.turn()
    assert (work.times, inner.times) == (2, 1)


def test_a_failure_is_not_remembered():
    memo, thing = Memo(), Thing()

    def fails():
        raise KeyError("x")

    with pytest.raises(KeyError):
        memo.get("a", (thing,), fails)
    assert memo.get("a", (thing,), Counted()) == "made"
