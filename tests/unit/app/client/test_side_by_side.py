"""What does not need one another is made side by side: never before what it needs, whatever becomes of others."""

import pytest
from fake import Fake, willing
from spoke_plan import hosted_plan_text

from sealane.app.client import work
from sealane.app.client.session import Refused, Session, until
from sealane.app.client.together import Task, together
from sealane.diag import Fault

PAUSES_OF_A_ROW = 25
"""Most for all rows of a plan, however many sites it has; circuits come beside."""


@pytest.fixture
def plan(tmp_path):
    def written(sites):
        path = tmp_path / "plan.yaml"
        path.write_text(hosted_plan_text("spokes", sites, instance=True, map_per_site=True))
        return path

    return written


@pytest.mark.parametrize("destroy", [False, True])
def test_nothing_is_asked_for_before_what_it_needs_is_there(plan, destroy):
    """Whatever is asked too early the cloud refuses, also more than 5 circuits that are not enabled."""
    fake, path = Fake(slow=True), plan(7)
    fake.apply(path)
    assert fake.refusals == []
    if destroy:
        fake.apply(path, destroy=True)
        assert set(fake.refusals) <= {"Forbidden.VirtualBorderRouterNotFound"}
        assert fake.cloud.snapshot() == {}


def test_the_second_time_changes_nothing(plan):
    fake, path = Fake(slow=True), plan(3)
    assert fake.apply(path)
    assert fake.apply(path) == ()
    assert fake.actions == []


def test_more_sites_are_not_waited_for_longer(plan):
    waited = {}
    for sites in (1, 5):
        fake = Fake(slow=True)
        fake.apply(plan(sites))
        waited[sites] = fake.now
    assert waited[1] == waited[5] <= PAUSES_OF_A_ROW


def test_what_is_refused_leaves_the_others_of_its_row_done_and_the_next_run_goes_on(plan):
    fake, path, told = Fake(slow=True), plan(4), []
    session, changes = fake.changes(path)
    fake.refuses = lambda action, params: "Wrong" if params.get("VbrId") == second(fake, "vbr") and action.startswith(
        "CreateTransitRouterVbr") else ""
    with pytest.raises(Fault, match=r"attachment VBR-Attachment2: Wrong") as caught:
        work.apply(session, changes, told.append)
    made = {one.thing.key for one in told}
    assert {("attachment", f"VBR-Attachment{n}") for n in (1, 3, 4)} <= made
    assert not {kind for kind, _ in made} & {"association", "route", "customer gateway", "IPsec connection", "site"}
    assert f"{len(told)} of {len(changes)} changes were made" in str(caught.value)
    missing = {one.thing.key for one in changes} - made
    fake.refuses = willing
    assert {one.thing.key for one in fake.apply(path)} == missing
    assert fake.changes(path)[1] == ()


def second(fake, kind):
    found = [one for one in fake.cloud.world.everything() if one.kind == kind]
    return found[1].id if len(found) > 1 else None


def test_every_refusal_of_a_row_is_told(plan):
    fake, path = Fake(), plan(8)
    fake.refuses = lambda action, _: "QuotaExceeded" if action == "CreateVpnAttachment" else ""
    with pytest.raises(Fault) as caught:
        fake.apply(path)
    for n in range(1, 6):
        assert f"IPsec connection Connection{n}: QuotaExceeded" in str(caught.value)
    assert "and 3 more" in str(caught.value)


@pytest.mark.parametrize("calls", [3, 14, 17, 23, 31, 44, 60, 75])
def test_killed_at_any_time_the_next_run_goes_on(plan, calls):
    """In the midst of 7 circuits too, of which as many as may be are ordered and not yet enabled."""
    fake, path = Fake(slow=True), plan(7)
    left = calls

    def killed(action, _):
        nonlocal left
        left -= action.startswith(("Create", "Confirm", "Enable", "Associate"))
        if left < 0:
            raise KeyboardInterrupt
        return ""

    fake.refuses = killed
    with pytest.raises(KeyboardInterrupt):
        fake.apply(path)
    fake.refuses = willing
    fake.apply(path)
    assert "QuotaExceeded.freePconnPerAP" not in fake.refusals
    assert fake.changes(path)[1] == ()


def test_a_circuit_that_is_not_enabled_is_shown_to_be_changed(plan):
    fake, path = Fake(), plan(2)
    fake.apply(path)
    fake.cloud.put(second(fake, "physical_connection"), "physical_connection", status="Confirmed")
    (change,) = fake.changes(path)[1]
    assert [*change.fields()] == [("Status", "Confirmed", "Enabled")]
    assert fake.apply(path) == (change,)
    assert fake.actions == ["EnablePhysicalConnection"]


def test_a_circuit_that_has_ended_is_ordered_again(plan):
    fake, path = Fake(), plan(2)
    fake.apply(path)
    ended = second(fake, "physical_connection")
    fake.cloud.put(ended, "physical_connection", status="Terminated")
    (line,) = [one for one in fake.apply(path) if one.thing.key[0] == "circuit"]
    assert line.sign == "-/+"
    assert fake.cloud.world.get(ended) is None
    assert fake.changes(path)[1] == ()


def test_circuits_that_were_begun_are_finished_before_more_are_ordered(plan):
    fake, path = Fake(slow=True), plan(7)
    fake.apply(path)
    lines = [one for one in fake.cloud.world.everything() if one.kind == "physical_connection"]
    for one in lines[2:]:
        fake.cloud.put(one.id, one.kind, status="Allocated")
    for one in lines[:2]:
        for inner in (one, *fake.cloud.world.children(one.id)):
            fake.cloud.drop(inner.id)
    changes = fake.apply(path)
    assert [one.sign for one in changes if one.thing.key[0] == "circuit"] == ["~"] * 5 + ["+"] * 2
    assert "QuotaExceeded.freePconnPerAP" not in fake.refusals


class Clock:
    now = 0.0

    def sleep(self, seconds):
        self.now += seconds


def tasks(clock, ready_at, done, peak=None):
    under_way = set()

    def steps(name, at):
        under_way.add(name)
        if peak is not None:
            peak.append(len(under_way))
        yield until(name, lambda: "up" if clock.now >= at else "down", "up")
        under_way.discard(name)

    return [Task(name, steps(name, at), lambda name=name: done.append(name)) for name, at in ready_at.items()]


def session(clock):
    return Session(None, "cn-hangzhou", "plan", limit_s=10, pause_s=1, sleep=clock.sleep, now_s=lambda: clock.now)


def test_no_more_are_under_way_than_may_be_and_nobody_waits_for_the_slow():
    clock, done, peak = Clock(), [], []
    assert together(session(clock), tasks(clock, {"a": 9, "b": 0, "c": 0, "d": 0, "e": 3}, done, peak), 2) == []
    assert max(peak) == 2
    assert done[:3] == ["b", "c", "d"]
    assert sorted(done) == ["a", "b", "c", "d", "e"]


def test_what_is_under_way_when_one_gets_stuck_is_given_its_time():
    clock, done = Clock(), []
    (late,) = together(session(clock), tasks(clock, {"a": 1000, "b": 15, "c": 8, "d": 0}, done), 3)
    assert (late.operation, late.answer) == ("wait for a to become up", "it is down")
    assert done == ["c", "d", "b"]


def test_nothing_more_is_begun_when_one_got_stuck():
    clock, done = Clock(), []
    late = together(session(clock), tasks(clock, {"a": 1000, "b": 1000, "c": 0}, done), 2)
    assert {one.operation for one in late} == {"wait for a to become up", "wait for b to become up"}
    assert done == []


def test_a_crowd_is_looked_at_once_for_each_pause():
    clock, done = Clock(), []
    assert together(session(clock), tasks(clock, {str(number): 3 for number in range(200)}, done), 1000) == []
    assert (len(done), clock.now) == (200, 3)


def test_a_cloud_that_does_not_answer_ends_it_at_once():
    clock, asked = Clock(), []

    def silent(name):
        asked.append(name)
        raise Fault("call", "no route to host", "look")
        yield

    with pytest.raises(Fault, match="no route"):
        together(session(clock), [Task(name, silent(name), list) for name in "abc"], 10)
    assert asked == ["a"]


def test_a_refused_look_is_one_things_failure():
    clock, done = Clock(), []

    def forbidden():
        yield until("x", lambda: (_ for _ in ()).throw(Refused("Forbidden", "no")), "up")

    found = together(session(clock), [Task("x", forbidden(), list), *tasks(clock, {"a": 2}, done)], 10)
    assert [one.operation for one in found] == ["x"]
    assert done == ["a"]
