"""A call is carried out once, whole, and durably; a refused one changes nothing."""

import json
import threading
from dataclasses import replace

import pytest

from sealane.app.server.audit import Caller, changes_of, masked, refusals_of
from sealane.app.server.documents import Documents
from sealane.app.server.service import Service
from sealane.cloud import CloudError, Document, Registry
from sealane.diag import Fault
from sealane.store import FakeStore

THINGS = Registry("Vpc")
ALICE = Caller("1000000000000001", "alice", "LTAI1")


@THINGS.writes("CreateThing")
def create_thing(call, state):
    made = state.put(Document(call.new_id("thing", "cn-hangzhou"), "thing", call.account, call.region,
                              fields={"Name": call.text("Name")}, secrets={"Psk": call.text("Psk")}))
    if call.text("Name") == "bad":
        raise CloudError("InvalidName", "Name bad is refused.")
    return {"ThingId": made.id}


@THINGS.reads("DescribeThings")
def describe_things(call, state):
    return {"Things": [one.id for one in state.of_kind(call.account, "thing")]}


@THINGS.reads("DescribeThingKeys")
def describe_thing_keys(call, state):
    return {"Things": [{"Options": {"Psk": one.secrets["Psk"], "Name": one.text("Name")}}
                       for one in state.of_kind(call.account, "thing")]}


class Plain:
    """Seals nothing."""

    def seal(self, secret, *where):
        return "/".join((*where, secret))

    def open(self, sealed, *where):
        assert sealed.startswith("/".join(where))
        return sealed.removeprefix("/".join((*where, "")))

    def seal_document(self, document):
        return document.encode()

    def open_document(self, value):
        return Document.decode(value)


class Asis:
    """No schemas: everything is text."""

    def decode(self, product, action, flat):
        return {key: value == "true" if key == "DryRun" else value for key, value in flat.items()}

    def shape(self, product, action, answer):
        return answer


class Clock:
    def __init__(self):
        self.ms = 1_000_000

    def now_ms(self):
        return self.ms


class Everyone:
    def allows(self, account, user, product, action):
        return user != "mallory" and (user != "auditor" or action.startswith("Describe"))


class Full(FakeStore):
    """A store whose disk is full."""

    def commit(self, changes):
        raise Fault("write the store", "no space left on device", "free some space")


def service(store, clock=None):
    return Service(store, Documents(Plain()), THINGS.operations.values(), codec=Asis(), clock=clock or Clock(),
                   authority=Everyone())


def call(made, action, caller=ALICE, **flat):
    return made.call("Vpc", action, flat, caller, "R-1")


def test_what_was_acknowledged_is_there_after_a_restart():
    store = FakeStore()
    made = call(service(store), "CreateThing", Name="a", Psk="geheim")
    again = service(store)
    assert call(again, "DescribeThings") == {"Things": [made["ThingId"]]}
    with again.view() as world:
        assert world.get(made["ThingId"]).secrets == {"Psk": "geheim"}


def test_keys_are_told_in_clear_only_to_those_who_could_set_others():
    made = service(FakeStore())
    call(made, "CreateThing", Name="a", Psk="geheim")
    auditor = replace(ALICE, user="auditor")
    told = [call(made, "DescribeThingKeys", caller) for caller in (ALICE, auditor)]
    assert told == [{"Things": [{"Options": {"Psk": psk, "Name": "a"}}]} for psk in ("geheim", "******")]


def test_a_refused_call_changes_nothing_and_is_not_remembered():
    store = FakeStore()
    made = service(store)
    with pytest.raises(CloudError):
        call(made, "CreateThing", Name="bad", ClientToken="t")
    assert call(made, "DescribeThings") == {"Things": []}
    assert list(store.read("document")) == list(store.read("token")) == []
    assert not made.changed.is_set()


def test_a_full_disk_changes_nothing():
    made = service(Full())
    with pytest.raises(Fault):
        call(made, "CreateThing", Name="a")
    assert call(made, "DescribeThings") == {"Things": []}


def test_a_client_token_gives_the_first_answer_again_also_after_a_restart():
    store, clock = FakeStore(), Clock()
    first = call(service(store, clock), "CreateThing", Name="a", ClientToken="t")
    again = service(store, clock)
    assert call(again, "CreateThing", Name="a", ClientToken="t") == first
    assert len(call(again, "DescribeThings")["Things"]) == 1
    with pytest.raises(CloudError, match="IdempotentParameterMismatch"):
        call(again, "CreateThing", Name="b", ClientToken="t")
    other = replace(ALICE, account="1000000000000002")
    assert call(again, "CreateThing", other, Name="b", ClientToken="t") != first
    clock.ms += 25 * 3600 * 1000
    assert call(again, "CreateThing", Name="b", ClientToken="t") != first


def test_old_client_tokens_go_without_a_new_one():
    store, clock = FakeStore(), Clock()
    made = service(store, clock)
    for one in range(600):
        call(made, "CreateThing", Name="a", ClientToken=f"{one}")
    made.forget()
    assert len(list(store.read("token"))) == 600
    clock.ms += 24 * 3600 * 1000
    made.forget()
    assert list(store.read("token")) == []
    assert made._tokens.old(clock.ms) == []


def test_a_dry_run_is_validated_and_changes_nothing():
    made = service(FakeStore())
    with pytest.raises(CloudError, match="DryRunOperation"):
        call(made, "CreateThing", Name="a", DryRun="true")
    with pytest.raises(CloudError, match="InvalidName"):
        call(made, "CreateThing", Name="bad", DryRun="true")
    assert call(made, "DescribeThings") == {"Things": []}


def test_accounts_do_not_see_each_other_and_a_user_without_right_nothing():
    made = service(FakeStore())
    call(made, "CreateThing", Name="a")
    assert call(made, "DescribeThings", replace(ALICE, account="1000000000000002")) == {"Things": []}
    with pytest.raises(CloudError, match=r"Forbidden\.RAM"):
        call(made, "DescribeThings", replace(ALICE, user="mallory"))
    with pytest.raises(CloudError, match=r"InvalidAction\.NotFound"):
        call(made, "DropThings")


def test_every_change_is_audited_without_secrets():
    store = FakeStore()
    made = service(store)
    call(made, "CreateThing", Name="a", Psk="geheim")
    call(made, "DescribeThings")
    (entry,) = store.log(changes_of(ALICE.account))
    told = json.loads(entry.value)
    assert (told["action"], told["user"], told["params"]) == ("CreateThing", "alice", {"Name": "a", "Psk": "******"})


def refusals(made, store, account=ALICE.account):
    made.audit.flush(counted=True)
    return [json.loads(one.value) for one in store.log(refusals_of(account))]


def test_every_refused_change_is_audited_with_its_code_and_without_secrets():
    store = FakeStore()
    made = service(store)
    mallory = replace(ALICE, user="mallory")
    for caller, code, more in ((mallory, "Forbidden.RAM", {}), (ALICE, "InvalidName", {"Name": "bad"}),
                               (ALICE, "DryRunOperation", {"DryRun": "true"}),
                               (ALICE, "IllegalParam.ClientToken", {"ClientToken": "t" * 65})):
        with pytest.raises(CloudError, match=code):
            call(made, "CreateThing", caller, **{"Name": "a", "Psk": "geheim", **more})
    with pytest.raises(CloudError, match=r"Forbidden\.RAM"):
        call(made, "DescribeThings", mallory)
    kept = refusals(made, store)
    assert [(one["refused"], one["user"], one["action"]) for one in kept] == [
        ("Forbidden.RAM", "mallory", "CreateThing"), ("InvalidName", "alice", "CreateThing"),
        ("DryRunOperation", "alice", "CreateThing"), ("IllegalParam.ClientToken", "alice", "CreateThing")]
    assert [one["params"]["Psk"] for one in kept] == ["******"] * 4
    assert "geheim" not in str(kept)
    assert store.log(changes_of(ALICE.account)) == ()


def test_a_change_that_the_disk_refused_is_audited_when_it_takes_something_again():
    store = FakeStore()
    made = service(store)
    store.refusal = Fault("write the store", "no space left on device", "free some space")
    with pytest.raises(Fault):
        call(made, "CreateThing", Name="a")
    store.refusal = None
    assert [one["refused"] for one in refusals(made, store)] == ["ServiceUnavailable"]


def test_a_number_is_never_given_twice():
    store = FakeStore()
    numbers = []
    for _ in range(3):
        made = service(store)
        kept, gone = (call(made, "CreateThing", Name="a")["ThingId"] for _ in range(2))
        with made.view() as world:
            numbers += [world.get(one).sequence for one in (kept, gone)]
        made.change(lambda state, gone=gone: state.remove(gone))
    assert len(set(numbers)) == len(numbers)
    assert numbers == sorted(numbers)


def test_masking_reaches_every_depth():
    shown = masked({"Tunnels": [{"TunnelIkeConfig": {"Psk": "x", "IkePfs": "group2"}}], "AuthKey": "x", "Name": "n",
                    "UserData": "x"})
    assert shown == {"Tunnels": [{"TunnelIkeConfig": {"Psk": "******", "IkePfs": "group2"}}], "AuthKey": "******",
                     "Name": "n", "UserData": "******"}


def test_many_callers_at_once_lose_nothing():
    store = FakeStore()
    made = service(store)

    def work():
        for _ in range(20):
            call(made, "CreateThing", Name="a")
            call(made, "DescribeThings")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(call(made, "DescribeThings")["Things"])) == len(list(store.read("document"))) == 80
