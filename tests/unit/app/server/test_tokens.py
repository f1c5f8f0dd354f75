"""A token gives the first answer again, tells nothing to who reads the store, and is forgotten in time."""

import hashlib
import json
from collections import OrderedDict

import pytest

from sealane.app.server import tokens
from sealane.app.server.tokens import SECRETS, TOKENS, Tokens, resealed_secret, resealed_token
from sealane.cloud import CloudError
from sealane.diag import Fault
from sealane.reconcile import Put
from sealane.store import FakeStore, Sealer
from sealane.store.keys import new_key

HOUR_MS = 3600 * 1000
PARAMS = {"ClientToken": "t", "Name": "a", "Tunnels": [{"Psk": "hunter2"}]}
ANSWER = {"ConnectionId": "vco-1", "Tunnels": [{"Psk": "hunter2"}]}
KEY = "1000000000000001/Vpc/ModifyTunnelAttribute/t"


@pytest.fixture
def sealer():
    return Sealer((new_key(),))


def use(made, store, key=KEY, *, params=PARAMS, answer=ANSWER, at_ms=0):
    """As the service does."""
    digest = made.digest(params)
    known = made.find(key, digest, at_ms)
    if known is not None:
        return known
    done = made.use(key, digest, answer, at_ms)
    store.commit(list(done.changes))
    made.adopt(done)
    return None


def plain_digest(params):
    told = {key: value for key, value in params.items() if key != "ClientToken"}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def kept(store):
    return b"\n".join(value for space in (TOKENS, SECRETS) for _, value in store.read(space)).decode()


def assert_idempotent(store, sealer):
    made = Tokens(store, sealer)
    assert use(made, store, answer={"other": 1}) == ANSWER
    with pytest.raises(CloudError, match="IdempotentParameterMismatch"):
        use(made, store, params={**PARAMS, "Name": "b"})


def test_who_reads_the_store_can_neither_read_nor_guess_a_key(sealer):
    store = FakeStore()
    use(Tokens(store, sealer), store)
    assert "hunter2" not in kept(store)
    assert plain_digest(PARAMS) not in kept(store), "it would tell whether a guess is right"
    other = FakeStore()
    use(Tokens(other, sealer), other)
    digests = [json.loads(dict(one.read(TOKENS))[KEY])["digest"] for one in (store, other)]
    assert digests[0] != digests[1], "not even two states of one key can be compared"
    assert_idempotent(store, sealer)


def test_tokens_of_a_former_version_hold_and_are_sealed_at_once(sealer):
    store = FakeStore()
    former = {"digest": plain_digest(PARAMS), "answer": ANSWER, "at_ms": 0}
    others = [Put(TOKENS, f"1000000000000002/Vpc/CreateVpc/{one}", json.dumps(former).encode()) for one in range(1100)]
    store.commit([Put(TOKENS, KEY, json.dumps(former).encode()), *others])
    Tokens(store, sealer)
    assert "hunter2" not in kept(store)
    assert plain_digest(PARAMS) not in kept(store)
    assert len(list(store.read(TOKENS))) == 1101
    assert_idempotent(store, sealer)


def test_tokens_hold_when_the_sealing_key_is_changed(sealer):
    store = FakeStore()
    use(Tokens(store, sealer), store)
    former = {"digest": "x", "answer": {}, "at_ms": 0}
    store.commit([Put(TOKENS, "1/Vpc/CreateVpc/old", json.dumps(former).encode())])
    both = Sealer((new_key(), *sealer.keys))
    for space, reseal in ((TOKENS, resealed_token), (SECRETS, resealed_secret)):
        store.commit([Put(space, key, reseal(both.reseal, key, value)) for key, value in store.read(space)])
    assert_idempotent(store, Sealer(both.keys[:1]))


def test_of_each_account_only_so_many_are_remembered(sealer, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 5)
    store = FakeStore()
    made = Tokens(store, sealer)
    use(made, store, "2/Vpc/CreateVpc/other")
    for one in range(12):
        use(made, store, f"1/Vpc/CreateVpc/{one:02}", at_ms=one)
    left = [f"1/Vpc/CreateVpc/{one:02}" for one in range(7, 12)]
    assert [key for key, _ in store.read(TOKENS)] == [*left, "2/Vpc/CreateVpc/other"]
    again = Tokens(store, sealer)
    assert [use(one, store, left[0], at_ms=12) for one in (made, again)] == [ANSWER, ANSWER]
    assert use(again, store, "1/Vpc/CreateVpc/00", at_ms=12) is None


def test_what_is_old_goes_and_what_is_used_anew_is_young(sealer):
    store = FakeStore()
    made = Tokens(store, sealer)
    use(made, store, "1/a/b/first", at_ms=0)
    use(made, store, "1/a/b/second", at_ms=2)
    assert use(made, store, "1/a/b/first", at_ms=24 * HOUR_MS) is None, "after a day it is carried out anew"
    assert made.old(24 * HOUR_MS + 1) == []
    assert made.old(24 * HOUR_MS + 2) == ["1/a/b/second"]
    use(made, store, "1/a/b/third", at_ms=24 * HOUR_MS + 2)
    assert [key for key, _ in store.read(TOKENS)] == ["1/a/b/first", "1/a/b/third"]


def test_a_use_that_could_not_be_kept_forgets_nothing(sealer):
    store = FakeStore()
    made = Tokens(store, sealer)
    use(made, store)
    store.refusal = Fault("write the store", "no space left on device", "free some space")
    with pytest.raises(Fault):
        use(made, store, "1000000000000001/Vpc/CreateVpc/u", at_ms=25 * HOUR_MS)
    assert made.old(25 * HOUR_MS) == [KEY]


def test_a_use_costs_the_same_however_many_are_remembered(sealer):
    """What is forgotten is at the front, and going there must not mean to go over what was forgotten before."""

    class Counting(OrderedDict):
        looks = 0

        def items(self):
            for one in super().items():
                Counting.looks += 1
                yield one

    store = FakeStore()
    made = Tokens(store, sealer)
    for one in range(3000):
        use(made, store, f"1/a/b/{one}", at_ms=one)
    made._used["1"] = Counting(made._used["1"].items())
    for one in range(3000, 3100):
        use(made, store, f"1/a/b/{one}", at_ms=24 * HOUR_MS + one - 3000)
    assert Counting.looks <= 100 * 9
    assert len(made._used["1"]) == 3000
