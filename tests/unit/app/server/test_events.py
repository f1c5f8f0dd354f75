"""Events belong to somebody, and stay that one's when what they are about is gone and its name is given again."""

import json

from sealane.app.server.events import EVENTS, Event, Events, give_to_owners
from sealane.cloud import Document, World
from sealane.reconcile import Append
from sealane.store import FakeStore

ALICE, BOB = "1000000000000001", "1000000000000002"


def told(store, account):
    return [(one.at_ms, one.event.subject) for one in Events(store, lambda: 0).read([account], limit=10_000)]


def test_who_gets_a_name_next_does_not_see_what_happened_before():
    store = FakeStore()
    events = Events(store, lambda: 7)
    events.tell(Event("n1", "removed", "nothing of it is left", ALICE))
    events.tell(Event("n1", "applied", "1 changes", BOB))
    assert [one.event.kind for one in events.read([ALICE])] == ["removed"]
    assert [one.event.kind for one in events.read([BOB])] == ["applied"]
    assert [one.event.kind for one in events.read([ALICE, BOB, ""], limit=1)] == ["applied"]


def test_a_failure_that_goes_on_is_kept_once_a_minute_however_many_others_there_are():
    store, now = FakeStore(), [0]
    events = Events(store, lambda: now[0])
    for one in range(61):
        now[0] = one * 1000
        events.tell(Event("n1", "failed", f"no route; tried again in {one} s", ALICE))
    assert told(store, ALICE) == [(60_000, "n1"), (0, "n1")]


def test_events_of_a_former_version_go_to_the_owners_of_what_they_are_about():
    store = FakeStore()
    lines = [(10, "vpc-1"), (20, "n1"), (20, "n2"), (99, "n2"), (30, "vpc-gone"), (30, "n9")] * 300
    store.commit([
        Append(EVENTS, at_ms, json.dumps({"subject": subject, "kind": "applied", "text": "t"}).encode())
        for at_ms, subject in lines
    ])
    world = World([Document("vpc-1", "vpc", ALICE, "r", sequence=1, created_ms=5),
                   Document("vpc-2", "vpc", BOB, "r", sequence=2, created_ms=50)])
    give_to_owners(store, world, "n")
    assert store.log_size(EVENTS) == 0
    assert set(told(store, ALICE)) == {(10, "vpc-1"), (20, "n1")}
    assert set(told(store, BOB)) == {(99, "n2")}, "what is older is about a network that is gone"
    assert set(told(store, "")) == {(20, "n2"), (30, "vpc-gone"), (30, "n9")}
    assert sum(map(store.log_size, store.logs())) == len(lines)
    give_to_owners(store, world, "n")
    assert sum(map(store.log_size, store.logs())) == len(lines)
