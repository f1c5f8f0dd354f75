"""Logs are bounded by age and number, and nothing that is within the bounds goes."""

import threading
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from sealane.app.server.housekeeping import Bound, Bounds, Housekeeper
from sealane.diag import Fault
from sealane.reconcile import Append
from sealane.store import FakeStore

DAY_MS = 24 * 3600 * 1000
START_MS = 500 * DAY_MS


class Clocks:
    """A wall clock and one that does not jump."""

    def __init__(self):
        self.ms = START_MS
        self.s = 0.0

    def pass_days(self, days):
        self.ms += days * DAY_MS
        self.s += days * 24 * 3600.0


def housekeeper(store, clocks, events, bounds=None, **more):
    return Housekeeper(store, bounds or Bounds(), lambda: clocks.ms, events.append, monotonic=lambda: clocks.s, **more)


def fill(store, space, *days):
    store.commit([Append(space, START_MS + day * DAY_MS, b"") for day in days])


def days(store, space):
    return [(one.at_ms - START_MS) // DAY_MS for one in store.log(space)]


@given(ages=st.lists(st.integers(0, 30), max_size=25), kept=st.integers(1, 10), entries=st.integers(1, 10))
def test_of_every_log_exactly_what_is_within_both_bounds_stays(ages, kept, entries):
    store, clocks = FakeStore(), Clocks()
    bounds = Bounds(audit=Bound(kept, entries), events=Bound(2 * kept, 2 * entries))
    for space in ("audit", "audit/1", "event/1", "other"):
        fill(store, space, *(-age for age in ages))
    housekeeper(store, clocks, [], bounds).tidy()
    newest = sorted(-age for age in ages)
    for space in ("audit", "audit/1"):
        assert days(store, space) == [one for one in newest if -one <= kept][-entries:]
    assert days(store, "event/1") == [one for one in newest if -one <= 2 * kept][-2 * entries:]
    assert days(store, "other") == newest, "it is none of its business"


def test_many_go_in_portions_that_let_commits_through(monkeypatch):
    store, clocks = FakeStore(), Clocks()
    fill(store, "audit/1", *([-500] * 1201), 0)
    portions = []
    trim = store.trim

    def noted(space, before_ms, **bounds):
        portions.append(bounds["most"])
        trim(space, before_ms, **bounds)

    monkeypatch.setattr(store, "trim", noted)
    housekeeper(store, clocks, []).tidy()
    assert days(store, "audit/1") == [0]
    assert portions == [500, 500, 500]


def test_an_audit_log_that_loses_what_is_not_old_yet_is_told():
    store, clocks, events = FakeStore(), Clocks(), []
    fill(store, "audit/1", *range(-20, 1))
    fill(store, "event/1", *range(-20, 1))
    keeper = housekeeper(store, clocks, events, Bounds(Bound(400, 10), Bound(90, 10)))
    keeper.tidy()
    fill(store, "audit/1", 0)
    keeper.tidy()
    assert [one.subject for one in events] == ["audit log of 1"], "once a day, and only of an audit log"
    assert days(store, "audit/1") == [*range(-8, 1), 0]


def test_a_clock_that_jumps_forward_erases_nothing():
    store, clocks, events = FakeStore(), Clocks(), []
    fill(store, "audit/1", *range(-20, 1))
    keeper = housekeeper(store, clocks, events)
    clocks.ms += 3650 * DAY_MS
    keeper.tidy()
    assert days(store, "audit/1") == [*range(-20, 1)]
    assert "clock" in events[0].text
    clocks.ms -= 3650 * DAY_MS
    clocks.pass_days(390)
    keeper.tidy()
    assert days(store, "audit/1") == [*range(-10, 1)], "time that passed counts"


def test_it_goes_on_after_a_refusal_and_tells_it():
    store, clocks, events = FakeStore(), Clocks(), []
    fill(store, "audit/1", -500, 0)
    store.refusal = Fault("write the store", "no space left on device", "free some space")
    told = threading.Event()
    more = SimpleNamespace(calls=0)

    def others():
        more.calls += 1
        if more.calls == 3:
            store.refusal = None
        if more.calls == 4:
            told.set()

    keeper = housekeeper(store, clocks, events, others=others, interval_s=0.001)
    thread = threading.Thread(target=keeper.run)
    thread.start()
    try:
        assert told.wait(10)
    finally:
        keeper.stop()
        thread.join(10)
    assert days(store, "audit/1") == [0]
    assert "no space left" in events[0].text
