"""Whatever goes wrong with one thing is told, tried again less often, and in the way of no other thing."""

import threading
import time
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pytest

from sealane.app.server import networks, observation, reconciler
from sealane.app.server.documents import Documents
from sealane.app.server.observation import Observation
from sealane.app.server.reconciler import Reconciler
from sealane.app.server.service import Service
from sealane.cloud import Document
from sealane.diag import Fault
from sealane.lower import Lowered
from sealane.plan import Plan
from sealane.reconcile import Interrupted
from sealane.store import FakeStore

ALICE, BOB = "1000000000000001", "1000000000000002"


class Plain:
    """Seals nothing."""

    def seal_document(self, document):
        return document.encode()

    def open_document(self, value):
        return Document.decode(value)


class Hands:
    """Stands for the controller: notes what it is asked for, and raises what it is told to."""

    def __init__(self):
        self.asked = []
        self.errors = {}
        self.while_reading = lambda: None
        self.foreign = ()
        self.read_s = 0.0

    def __call__(self, name, esp="auto"):
        hands = self

        class Controller:
            foreign = hands.foreign
            read_s = hands.read_s

            def apply(self, network, *, interrupted=lambda: False, **_):
                hands.while_reading()
                if interrupted():
                    hands.asked.append(("interrupted", name))
                    raise Interrupted
                return self._do("apply")

            def follow(self, network, former, **_):
                return self._do("follow")

            def down(self):
                self._do("down")
                return True

            def _do(self, what):
                hands.asked.append((what, name))
                if name in hands.errors:
                    raise hands.errors[name]
                return Plan(()), Lowered((), {}, {}, ()), None

        return Controller()


@pytest.fixture
def hands(monkeypatch):
    made = Hands()
    monkeypatch.setattr(reconciler, "Controller", made)
    monkeypatch.setattr(reconciler, "networks_present", lambda: ("n99", "other"))
    return made


@pytest.fixture
def events():
    return []


@pytest.fixture
def service():
    made = Service(FakeStore(), Documents(Plain()), (), codec=None, clock=None, authority=None)
    add(made, *vpc("1", ALICE), *vpc("2", BOB))
    return made


@pytest.fixture
def looked_after(service, hands, events, tmp_path):
    return Reconciler(service, "n", lambda: [ALICE, BOB], tmp_path, tell=events.append, interval_s=60, gather_s=30)


def vpc(number, account):
    yield Document(f"vpc-{number}", "vpc", account, "cn-hangzhou", status="Pending",
                   fields={"CidrBlock": f"10.{number}.0.0/16"})
    yield Document(f"vsw-{number}", "vswitch", account, "cn-hangzhou", f"vpc-{number}", "Pending",
                   fields={"CidrBlock": f"10.{number}.0.0/24", "ZoneId": "cn-hangzhou-h"})


def add(service, *documents):
    service.change(lambda state: [state.put(one) for one in documents])


def status(service, *names):
    with service.view() as world:
        return [world.get(one).status for one in names]


def failing(monkeypatch, module, name, of, error):
    """Let a function of a module raise for the arguments that ``of`` is true for."""
    known = getattr(module, name)

    def fails(*arguments, **named):
        if of(*arguments):
            raise error
        return known(*arguments, **named)

    monkeypatch.setattr(module, name, fails)


def again(looked_after):
    """As if the waits after failures were over."""
    for trial in (*looked_after._trials.values(), *(one.trial for one in looked_after.running.values())):
        trial.retry_at_s = 0.0


def test_what_nothing_wants_any_more_goes_and_the_rest_settles(service, looked_after, hands):
    looked_after.reconcile(reads_host=True)
    assert hands.asked == [("down", "n99"), ("apply", "n1"), ("apply", "n3")]
    assert status(service, "vpc-1", "vsw-1", "vpc-2", "vsw-2") == ["Available"] * 4


def test_an_object_that_cannot_settle_is_told_and_tried_again_and_the_others_settle(
    service, looked_after, hands, events, monkeypatch
):
    failing(monkeypatch, reconciler, "settle", lambda one, _: one.id == "vsw-1", KeyError("geheim"))
    looked_after.reconcile(reads_host=True)
    assert status(service, "vpc-1", "vsw-1", "vpc-2", "vsw-2") == ["Available", "Pending", "Available", "Available"]
    (told,) = (one for one in events if one.kind == "failed")
    assert told.subject == "vsw-1"
    assert "KeyError" in told.text
    assert "geheim" not in told.text
    monkeypatch.undo()
    monkeypatch.setattr(reconciler, "Controller", hands)
    looked_after.reconcile(reads_host=False)
    assert status(service, "vsw-1") == ["Pending"], "it is tried again at once"
    again(looked_after)
    looked_after.reconcile(reads_host=False)
    assert status(service, "vsw-1") == ["Available"]
    assert looked_after._trials == {}


def test_what_no_network_can_carry_is_told_until_it_is_mended_and_is_not_busy(service, looked_after, events):
    outside = Document("vsw-3", "vswitch", ALICE, "cn-hangzhou", "vpc-1", "Pending",
                       fields={"CidrBlock": "10.99.0.0/24", "ZoneId": "cn-hangzhou-h"})
    add(service, outside)
    looked_after.reconcile(reads_host=True)
    assert status(service, "vpc-1", "vsw-1", "vpc-2", "vsw-2", "vsw-3") == ["Available"] * 5
    (told,) = (one for one in events if one.kind == "refused")
    assert (told.subject, dict(looked_after.refused(ALICE)), dict(looked_after.refused(BOB))) == (
        "vsw-3", {"vsw-3": told.text}, {})
    add(service, replace(outside, fields={**outside.fields, "CidrBlock": "10.1.7.0/24"}, generation=2))
    looked_after.reconcile(reads_host=False)
    assert status(service, "vsw-3") == ["Available"]
    assert not looked_after.refused(ALICE)


def test_what_no_network_can_carry_goes_when_it_is_deleted(service, looked_after):
    add(service, Document("vsw-3", "vswitch", ALICE, "cn-hangzhou", "vpc-1", "Pending",
                          fields={"CidrBlock": "10.99.0.0/24", "ZoneId": "cn-hangzhou-h"}))
    looked_after.reconcile(reads_host=True)
    service.change(lambda state: state.put(replace(state.get("vsw-3"), deleting=True, generation=2)))
    looked_after.reconcile(reads_host=False)
    with service.view() as world:
        assert world.get("vsw-3") is None


def test_a_network_that_cannot_be_made_is_tried_less_and_less_often_and_the_others_are_made(
    service, looked_after, hands, events
):
    hands.errors["n1"] = KeyError("x")
    looked_after.reconcile(reads_host=True)
    assert status(service, "vpc-1", "vsw-1", "vpc-2", "vsw-2") == ["Pending", "Pending", "Available", "Available"]
    again(looked_after)
    looked_after.reconcile(reads_host=False)
    waits = [float(one.text.split("again in ")[1].split()[0]) for one in events if one.subject == "n1"]
    assert waits == [0.5, 1.0]
    assert looked_after.running["n1"].trial.reason.startswith("unexpected KeyError in _do (test_reconciler.py:")
    del hands.errors["n1"]
    again(looked_after)
    looked_after.reconcile(reads_host=False)
    assert status(service, "vpc-1", "vsw-1") == ["Available", "Available"]


def test_a_network_that_cannot_be_expanded_is_in_the_way_of_no_other(
    service, looked_after, hands, events, monkeypatch
):
    looked_after.reconcile(reads_host=True)
    failing(monkeypatch, networks, "expand", lambda carried, _: carried.name == "n1", ZeroDivisionError())
    add(service, *vpc("3", ALICE))
    hands.asked.clear()
    looked_after.reconcile(reads_host=False)
    assert hands.asked == [("down", "n99"), ("apply", "n5")]
    assert status(service, "vpc-3") == ["Available"]
    assert [one.subject for one in events if one.kind == "failed"] == ["n1"]


def test_of_an_account_that_cannot_be_looked_at_nothing_is_removed_or_settled(
    service, looked_after, hands, events, monkeypatch
):
    looked_after.reconcile(reads_host=True)
    add(service, *vpc("3", ALICE), *vpc("4", BOB))
    hands.asked.clear()
    failing(monkeypatch, networks, "carried_networks", lambda _, accounts, *__: ALICE in accounts, KeyError("x"))
    looked_after.reconcile(reads_host=False)
    assert hands.asked == [("apply", "n7")]
    assert status(service, "vpc-3", "vpc-4") == ["Pending", "Available"]
    assert [one.subject for one in events if one.kind == "failed"] == [ALICE]


def test_a_store_that_takes_nothing_is_tried_again(service, looked_after, events, monkeypatch):
    def full(_):
        raise Fault("write the store", "no space left on device", "free some space")

    monkeypatch.setattr(service._store, "commit", full)
    looked_after.reconcile(reads_host=True)
    assert status(service, "vpc-1") == ["Pending"]
    assert [(one.subject, one.kind) for one in events if one.kind == "failed"] == [("reconciler", "failed")]
    monkeypatch.undo()
    again(looked_after)
    looked_after.reconcile(reads_host=False)
    assert status(service, "vpc-1") == ["Available"]


def test_reading_the_host_makes_way_for_a_change_and_is_no_failure(service, looked_after, hands, events):
    looked_after.reconcile(reads_host=True)
    looked_after.reconcile(reads_host=False)
    service.changed.clear()
    hands.asked.clear()
    hands.while_reading = lambda: service.changed.is_set() or add(service, *vpc("3", ALICE))
    looked_after.reconcile(reads_host=True, interruptible=True)
    assert hands.asked == [("down", "n99"), ("interrupted", "n1"), ("interrupted", "n3")]
    assert [one for one in events if one.kind == "failed"] == []
    hands.asked.clear()
    hands.while_reading = lambda: None
    looked_after.reconcile(reads_host=False)
    assert hands.asked == [("down", "n99"), ("apply", "n5")]


def test_in_the_loop_a_change_goes_before_the_host_which_is_read_all_the_same(service, looked_after, hands):
    looked_after._interval_s, looked_after._gather_s = 0.2, 0.0
    seen = []
    known = looked_after.reconcile

    def noted(*, reads_host, interruptible):
        seen.append(reads_host)
        known(reads_host=reads_host, interruptible=interruptible)

    looked_after.reconcile = noted
    thread = threading.Thread(target=looked_after.run)
    thread.start()
    try:
        deadline = time.monotonic() + 3
        number = 10
        while time.monotonic() < deadline and seen.count(True) < 3:
            add(service, *vpc(str(number), ALICE))
            number += 1
            time.sleep(0.01)
    finally:
        looked_after.stop()
        thread.join(10)
    assert seen.count(True) >= 3, "changes that come all the time keep the host from being read"
    assert seen.count(False) > seen.count(True)


def test_the_loop_outlives_anything_and_lets_the_first_change_after_a_rest_not_wait(
    service, looked_after, events, monkeypatch
):
    known, calls, done = looked_after.reconcile, [], threading.Event()

    def once_broken(*, reads_host, interruptible):
        calls.append(reads_host)
        if len(calls) == 1:
            raise RuntimeError("geheim")
        known(reads_host=reads_host, interruptible=interruptible)
        done.set()

    monkeypatch.setattr(looked_after, "reconcile", once_broken)
    thread = threading.Thread(target=looked_after.run)
    begun = time.monotonic()
    thread.start()
    try:
        assert done.wait(10)
        assert calls[:2] == [True, True], "after something unexpected the host is read"
        assert 0.5 <= time.monotonic() - begun < 5, "it waits after a failure, and not for changes to gather"
        assert [(one.subject, "geheim" in one.text) for one in events if one.kind == "failed"] == [
            ("reconciler", False)]
    finally:
        looked_after.stop()
        thread.join(10)
    assert not thread.is_alive()


def test_what_lasts_is_set_aside_whenever_there_is_twice_as_much(service, looked_after, monkeypatch):
    times = []
    monkeypatch.setattr(reconciler.gc, "freeze", lambda: times.append(len(service._world)))
    for number in range(1, 11):
        add(service, *(Document(f"cgw-{number}-{one}", "customer_gateway", ALICE, "r") for one in range(500)))
        looked_after._set_aside()
    assert times == [1004, 2504]


def test_a_network_that_cannot_be_read_keeps_no_other_from_being_seen(events):
    odd = {"odd": SimpleNamespace(account=ALICE), "odder": SimpleNamespace(account=BOB)}
    seen = Observation(lambda: odd, lambda: 1, tell=events.append)
    seen.read()
    seen.read()
    assert not seen.tunnel("tun-1").bgp_up
    assert [(one.subject, one.kind, one.account) for one in events] == [
        ("odd", "failed", ALICE), ("odder", "failed", BOB)], "each told once, to its owner"
    assert "AttributeError" in events[0].text


def test_what_the_host_refuses_while_watching_is_told_when_it_goes_on(events, monkeypatch):
    def busy(_):
        raise Fault("read the network", "it is being changed", "wait")

    monkeypatch.setattr(observation, "Reading", busy)
    seen = Observation(lambda: {"n1": SimpleNamespace(account=ALICE)}, lambda: 1, tell=events.append)
    for _ in range(4):
        seen.read()
    assert events == []
    seen.read()
    assert [one.subject for one in events] == ["n1"]
    assert "it is being changed" in events[0].text


def test_what_somebody_else_added_is_told_when_it_comes_and_when_it_goes(service, looked_after, hands, events):
    def told():
        looked_after.reconcile(reads_host=True)
        return [(one.subject, one.text) for one in events if one.kind == "foreign"]

    assert told() == []
    hands.foreign = ("route 10.0.0.0/8 dev x in n", *(f"table inet t{number} in n" for number in range(9)))
    assert len(told()) == 2, "both networks"
    subject, text = told()[0]
    assert subject == "n1"
    assert text.startswith("10 things not of this network, left alone: route 10.0.0.0/8 dev x in n; table inet t0 ")
    assert text.endswith("; table inet t3 in n")
    assert len(told()) == 2, "once"
    hands.foreign = ()
    assert told()[2:] == [(name, "nothing foreign is in this network any more") for name in ("n1", "n3")]


def test_what_a_drill_makes_fail_is_not_repaired_before_it_ends(service, looked_after, hands):
    looked_after.reconcile(reads_host=True)
    name = next(iter(looked_after.made()))
    hands.asked.clear()
    with looked_after.left_alone(name), looked_after.left_alone(name):
        looked_after.reconcile(reads_host=True)
        assert ("apply", name) not in hands.asked
        assert hands.asked, "other networks are looked after"
    looked_after.reconcile(reads_host=True)
    assert ("apply", name) in hands.asked


def test_watching_outlives_anything_and_tells_it(events):
    rounds, done = [], threading.Event()

    def made():
        rounds.append(1)
        if len(rounds) > 3:
            done.set()
        raise KeyError("geheim")

    seen = Observation(made, lambda: 1, tell=events.append, interval_s=0.001)
    thread = threading.Thread(target=seen.run)
    thread.start()
    try:
        assert done.wait(10), "the thread ended"
    finally:
        seen.stop()
        thread.join(10)
    assert [(one.subject, one.kind, "geheim" in one.text) for one in events] == [("observation", "failed", False)]


def test_calls_are_answered_while_a_long_text_is_read(service, looked_after, monkeypatch):
    """Reading a device's text may take seconds; who only asks must not wait for it."""
    answered = []

    def looks():
        with service.view() as world:
            answered.append(len(world))

    def slow(carried, memo):
        thread = threading.Thread(target=looks, daemon=True)
        thread.start()
        thread.join(5 if not answered else 0)
        return known(carried, memo)

    known = networks.expand
    monkeypatch.setattr(networks, "expand", slow)
    looked_after.reconcile(reads_host=True)
    assert answered[:1] == [4]


def test_reading_rests_twice_as_long_as_it_took_and_what_is_made_takes_nothing_from_it(
    service, looked_after, hands, events, monkeypatch
):
    at, now_s = [], [100.0]
    looked_after._interval_s = 5.0
    monkeypatch.setattr(reconciler.time, "monotonic", lambda: now_s[0])
    reads = looked_after.reconcile

    def reconcile(*, reads_host, interruptible):
        at.append((now_s[0], reads_host))
        looked_after._memory.deaf = "Operation not permitted"
        hands.read_s = {0: 0.5, 1: 10.0, 2: 500.0}.get(len(at) - 1, 0.5)  # of each of two networks
        now_s[0] += 1000.0 if len(at) == 1 else 0.0  # the first time they are made
        reads(reads_host=reads_host, interruptible=interruptible)
        if len(at) == 5:
            looked_after.stop()

    def wait(seconds):
        now_s[0] += max(0.0, seconds)
        return False

    monkeypatch.setattr(looked_after, "reconcile", reconcile)
    monkeypatch.setattr(service.changed, "wait", wait)
    looked_after.run()
    assert all(reads_host for _, reads_host in at)
    assert [one.kind for one in events if one.subject == "reconciler"] == ["failed"]
    begun = [one for one, _ in at]
    assert [round(late - early) for early, late in pairwise(begun)] == [1005, 40, 60, 5]


def test_that_the_kernel_tells_of_no_changes_is_told_once_until_it_does(looked_after, events):
    for deaf in ("", "Operation not permitted", "Operation not permitted", "", "Too many open files"):
        looked_after._memory.deaf = deaf
        looked_after._tell_deaf()
    assert [(one.kind, one.account) for one in events] == [("failed", "")] * 2
    assert "(Operation not permitted)" in events[0].text
    assert "CAP_NET_BROADCAST" in events[0].text


def test_what_meters_said_earlier_is_no_point_of_now(monkeypatch):
    now, fresh = [0], [True]
    reading = SimpleNamespace(logs=dict, snapshot=lambda: observation.Snapshot(
        counters={("tun-1", "bytes_in"): 1.0}, metered={("vbr-1", "esp_bytes"): 2.0},
        metered_now={("vbr-1", "esp_bytes"): 2.0} if fresh[0] else {}))
    monkeypatch.setattr(observation, "Reading", lambda _: reading)
    seen = Observation(lambda: {"n1": SimpleNamespace(account=ALICE)}, lambda: now[0], tell=print)
    for now[0], fresh[0] in ((0, True), (1000, False), (2000, False), (3000, True)):
        seen.read()
    assert [one.at_ms for one in seen.metric("esp_bytes", "vbr-1", 0, 9000)] == [0, 3000]
    assert [one.at_ms for one in seen.metric("bytes_in", "tun-1", 0, 9000)] == [0, 1000, 2000, 3000]
    fresh[0] = False
    seen.read()
    assert seen.latest("vbr-1") == {"esp_bytes": 2.0}


def test_points_of_what_is_gone_are_forgotten_after_an_hour(monkeypatch):
    now, counters = [0], {("vbr-1", "esp_bytes"): 1.0, ("vbr-2", "esp_bytes"): 1.0}
    reading = SimpleNamespace(logs=dict, snapshot=lambda: observation.Snapshot(counters=dict(counters)))
    monkeypatch.setattr(observation, "Reading", lambda _: reading)
    seen = Observation(lambda: {"n1": SimpleNamespace(account=ALICE)}, lambda: now[0], tell=print)
    seen.read()
    del counters["vbr-2", "esp_bytes"]
    told = {}
    for hours in (0.9, 1.8):
        now[0] = int(hours * 3_600_000)
        seen.read()
        told[hours] = [len(seen.metric("esp_bytes", one, 0, now[0])) for one in ("vbr-1", "vbr-2")]
    assert told == {0.9: [2, 1], 1.8: [3, 0]}
