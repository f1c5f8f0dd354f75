from hypothesis import given
from hypothesis import strategies as st

from sealane.reconcile import Turns
from sealane.reconcile.turns import TIMES


@given(count=st.integers(0, 200), rounds=st.integers(1, 3))
def test_everything_has_its_turn_as_often_as_anything_else(count: int, rounds: int) -> None:
    turns, seen = Turns(), dict.fromkeys(range(count), 0)
    for _ in range(rounds * TIMES):
        due = turns.next(range(count))
        assert len(due) == -(-count // TIMES)
        for one in due:
            seen[one] += 1
    assert not seen or min(seen.values()) >= rounds
    assert not seen or max(seen.values()) - min(seen.values()) <= 1


@given(changes=st.lists(st.frozensets(st.integers(0, 9)), max_size=30))
def test_what_stays_is_not_kept_waiting_by_what_comes_and_goes(changes: list[frozenset[int]]) -> None:
    turns, waited = Turns(), 0
    for others in changes:
        due = turns.next({*others, 99})
        assert due <= {*others, 99}
        waited = 0 if 99 in due else waited + 1
        assert waited <= 10
