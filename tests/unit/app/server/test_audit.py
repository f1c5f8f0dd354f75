"""What was refused is kept or counted, without secrets, and bounded whatever anybody sends."""

import json
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.app.server.audit import Audit, Caller, Refusal, changes_of, masked, refusals_of
from sealane.diag import Fault
from sealane.store import FakeStore

ALICE = Caller("1000000000000001", "alice", "LTAI1")
MINE = Refusal("Forbidden.RAM", ALICE, known=True, product="Vpc", action="CreateVpc", request_id="R-1")
FORGED = replace(MINE, code="SignatureDoesNotMatch", known=False, client="192.0.2.1")


class Seconds:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def store():
    return FakeStore()


def audit(store, clock=None):
    return Audit(store, lambda: 7, clock or Seconds())


def told(store, account):
    return [json.loads(one.value) for one in store.log(refusals_of(account))]


def test_a_refusal_is_in_the_log_of_its_account_with_code_and_without_secrets(store):
    made = audit(store)
    made.refused(MINE, {"Name": "a", "Psk": "hunter2", "IkeConfig": '{"Psk": "hunter2", "IkePfs": "group2"}',
                        "IpsecConfig": "{'Psk': 'hunter2'"})
    made.flush()
    (entry,) = told(store, ALICE.account)
    assert (entry["account"], entry["user"], entry["key_id"]) == (ALICE.account, ALICE.user, ALICE.key_id)
    assert (entry["refused"], entry["product"], entry["action"], entry["request_id"]) == (
        "Forbidden.RAM", "Vpc", "CreateVpc", "R-1")
    assert "hunter2" not in str(entry)
    assert (entry["params"]["Name"], json.loads(entry["params"]["IkeConfig"])["IkePfs"]) == ("a", "group2")
    assert store.log(changes_of(ALICE.account)) == (), "it crowds out nothing of what was done"


@given(secret=st.text("xyz", min_size=6, max_size=9), deep=st.integers(0, 4), text=st.booleans())
def test_a_secret_is_masked_at_any_depth_also_in_texts(secret, deep, text):
    value = {"AuthKey": secret, "Name": "n"}
    for _ in range(deep):
        value = {"A": [json.dumps(value) if text else value]}
    assert secret not in json.dumps(masked(value, texts=True))
    assert "n" in json.dumps(masked(value, texts=True))


@pytest.mark.parametrize("text", [
    '"{\\"Psk\\":\\"hunter2\\"}"', '\ufeff{"Psk":"hunter2"}', "Psk=hunter2", '"Psk=hunter2"', "{'Psk': 'hunter2'",
    '["[\\"psk hunter2\\"]"]',
])
def test_a_secret_in_a_text_that_a_client_got_wrong_is_masked(text):
    assert "hunter2" not in str(masked({"IkeConfig": text}, texts=True))


def test_what_is_called_with_too_much_is_kept_by_its_length(store):
    made = audit(store)
    store.commit([made.done(ALICE, "Ecs", "ModifyInstanceAttribute", "R-1", {"CreditSpecification": "x" * 100_000})])
    (entry,) = [json.loads(one.value) for one in store.log(changes_of(ALICE.account))]
    assert entry["params"] == "100027 characters"


def test_what_a_stranger_is_refused_is_in_no_accounts_log(store):
    made = audit(store)
    made.refused(FORGED)
    made.flush()
    assert told(store, ALICE.account) == []
    (entry,) = told(store, "")
    assert (entry["key_id"], entry["refused"], entry["known"], entry["client"]) == (
        "LTAI1", "SignatureDoesNotMatch", False, "192.0.2.1")


def test_a_flood_is_counted_and_nothing_of_it_is_lost(store):
    clock = Seconds()
    made = audit(store, clock)
    for number in range(10_000):
        made.refused(replace(FORGED, request_id=f"R-{number}", client=f"192.0.2.{number % 256}"))
        made.refused(replace(FORGED, code="InvalidAccessKeyId.NotFound", caller=Caller("", "", "")))
        made.refused(replace(MINE, request_id=f"R-{number}"), {"Name": "a" * 1000})
    made.flush()
    clock.s = 61.0
    made.flush()
    for whose, number, most in (("", 20_000, 22), (ALICE.account, 10_000, 61)):
        entries = told(store, whose)
        assert len(entries) <= most
        assert sum(one.get("count", 1) for one in entries) == number
    clock.s = 122.0
    made.refused(MINE)
    made.flush()
    assert told(store, ALICE.account)[-1]["request_id"] == "R-1", "the next minute is as the first"


def test_others_are_kept_one_by_one_while_one_floods(store):
    made = audit(store)
    for _ in range(1000):
        made.refused(MINE)
        made.refused(FORGED)
    bob = Caller("1000000000000002", "bob", "LTAI2")
    made.refused(replace(MINE, caller=bob, request_id="R-bob"))
    made.flush()
    assert [one["request_id"] for one in told(store, bob.account)] == ["R-bob"]


def test_long_parameters_of_a_refused_call_are_not_kept(store):
    made = audit(store)
    made.refused(MINE, {"Name": "a" * 100_000})
    made.flush()
    assert len(store.log(refusals_of(ALICE.account))[0].value) < 1000


def test_what_a_full_disk_did_not_take_is_written_later_and_at_the_end(store):
    made = audit(store)
    thread = threading.Thread(target=made.run)
    store.refusal = Fault("write the store", "no space left on device", "free some space")
    made.refused(MINE)
    with pytest.raises(Fault):
        made.flush()
    store.refusal = None
    thread.start()
    for _ in range(100):
        made.refused(FORGED)
    made.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(told(store, ALICE.account)) == 1
    assert sum(one.get("count", 1) for one in told(store, "")) == 100
