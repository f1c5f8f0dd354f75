"""Users may do what their policies allow and nothing denies; keys survive a restart, sealed."""

import threading

import pytest
from test_service import Plain

from sealane.app.server import identity
from sealane.app.server.identity import OPERATOR, ROOT, Identity, LastKey, User
from sealane.app.server.policy import SYSTEM_POLICIES, allows, read_policy
from sealane.diag import Fault
from sealane.reconcile import Remove
from sealane.store import FakeStore


def policy(*statements):
    return {"Version": "1", "Statement": [{"Resource": "*", **one} for one in statements]}


@pytest.mark.parametrize(
    ("names", "product", "action", "expected"),
    [
        (["ReadOnlyAccess"], "Vpc", "DescribeVpcs", True),
        (["ReadOnlyAccess"], "Vpc", "CreateVpc", False),
        (["AliyunCENFullAccess"], "Cbn", "CreateCen", True),
        (["AliyunCENFullAccess"], "Vpc", "CreateVpc", False),
        (["AliyunVPCReadOnlyAccess", "AliyunCENFullAccess"], "Vpc", "DeleteVpc", False),
        (["AdministratorAccess"], "Cms", "DescribeMetricList", True),
        ([], "Vpc", "DescribeVpcs", False),
    ],
)
def test_system_policies_allow_what_their_names_say(names, product, action, expected):
    assert allows([SYSTEM_POLICIES[name] for name in names], product, action) is expected


def test_a_denial_wins_whatever_allows():
    made, findings = read_policy("p", policy({"Effect": "Deny", "Action": "vpc:Delete*"}))
    assert not findings
    both = [SYSTEM_POLICIES["AdministratorAccess"], made]
    assert not allows(both, "Vpc", "DeleteVpc")
    assert allows(both, "Vpc", "CreateVpc")


def test_everything_wrong_with_a_policy_is_told_at_once():
    _, findings = read_policy("p", {"Version": "1", "Statement": [
        {"Effect": "Permit", "Action": ["vpc:*", "s3:GetObject"], "Resource": "acs:vpc:*:*:vpc/1"},
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {}},
        "all",
    ]})
    assert [one.code for one in findings] == ["POL-003", "POL-004", "POL-006", "POL-005", "POL-002"]
    assert [one.code for one in read_policy("p", [])[1]] == ["POL-001"]
    assert [one.code for one in read_policy("p", {"Version": "1"})[1]] == ["POL-002"]


def test_accounts_users_and_keys_survive_a_restart():
    store = FakeStore()
    made = Identity(store, Plain())
    account, root = made.add_account("lab")
    assert not made.put_user(User(account, "reader", ("ReadOnlyAccess",)))
    key = made.add_key(account, "reader")
    passing = made.add_key(account, ROOT, expires_ms=5)
    assert made.set_active(key.id, active=False)
    again = Identity(store, Plain())
    assert again.accounts() == (account,)
    assert again.find(root.id) == root
    assert again.find(key.id).active is False
    assert (again.find(passing.id).token.reveal(), again.find(passing.id).expires_ms) == (passing.token.reveal(), 5)
    assert again.allows(account, "reader", "Vpc", "DescribeVpcs")
    assert not again.allows(account, "reader", "Vpc", "CreateVpc")
    assert again.allows(account, ROOT, "Vpc", "CreateVpc")
    assert root.secret.reveal() not in repr(root)


def test_a_changed_policy_counts_at_once():
    made = Identity(FakeStore(), Plain())
    account, _ = made.add_account("lab")
    made.put_user(User(account, "u", ("AdministratorAccess",)))
    assert made.allows(account, "u", "Vpc", "CreateVpc")
    made.put_user(User(account, "u", (), {"p": policy({"Effect": "Allow", "Action": "vpc:Describe*"})}))
    assert not made.allows(account, "u", "Vpc", "CreateVpc")
    assert made.remove_user(account, "u")
    assert not made.allows(account, "u", "Vpc", "DescribeVpcs")


def test_a_wrong_policy_leaves_the_user_as_it_was():
    made = Identity(FakeStore(), Plain())
    account, _ = made.add_account("lab")
    made.put_user(User(account, "u", ("AdministratorAccess",)))
    findings = made.put_user(User(account, "u", ("NoSuchAccess",), {"p": {}}))
    assert {one.code for one in findings} == {"POL-001", "POL-007"}
    assert made.allows(account, "u", "Vpc", "CreateVpc")


def test_what_is_removed_takes_its_keys_along():
    store = FakeStore()
    made = Identity(store, Plain())
    account, root = made.add_account("lab")
    made.put_user(User(account, "u"))
    key = made.add_key(account, "u")
    assert made.remove_user(account, "u")
    assert made.find(key.id) is None
    assert not made.remove_user(account, "u")
    with pytest.raises(Fault):
        made.add_key(account, "u")
    made.remove_account(account)
    assert (made.accounts(), made.find(root.id)) == ((), None)
    assert Identity(store, Plain()).find(root.id) is None


def test_the_first_account_manages_accounts_whatever_the_numbers_and_restarts():
    store = FakeStore()
    made = Identity(store, Plain())
    account, _ = made.add_account("first")
    for _ in range(8):  # numbers are random, and the store gives the smallest one first
        made.add_account("other")
    assert made.operator == Identity(store, Plain()).operator == account


def test_no_account_manages_accounts_when_it_is_not_known_which():
    store = FakeStore()
    made = Identity(store, Plain())
    account, _ = made.add_account("first")
    store.commit([Remove(OPERATOR, account)])
    assert Identity(store, Plain()).operator == account
    made.add_account("other")
    assert Identity(store, Plain()).operator is None


class Crossing(FakeStore):
    """Lets something else happen just before a commit is made."""

    meanwhile = None

    def commit(self, changes):
        if self.meanwhile is not None:
            work, self.meanwhile = self.meanwhile, None
            thread = threading.Thread(target=work)
            thread.start()
            thread.join(0.05)
        super().commit(changes)


def test_a_key_that_is_removed_while_it_is_switched_stays_removed():
    store = Crossing()
    made = Identity(store, Plain())
    account, _ = made.add_account("lab")
    key = made.add_key(account, ROOT)
    done = threading.Event()
    store.meanwhile = lambda: (made.remove_key(key.id), done.set())
    made.set_active(key.id, active=False)
    assert done.wait(5)
    assert made.find(key.id) is None
    assert Identity(store, Plain()).find(key.id) is None


def test_a_policy_that_was_being_read_when_it_changed_does_not_stay(monkeypatch):
    made = Identity(FakeStore(), Plain())
    account, _ = made.add_account("lab")
    made.put_user(User(account, "u", ("AdministratorAccess",)))
    read = identity._policies

    def slowly(user):
        monkeypatch.setattr(identity, "_policies", read)
        found = read(user)
        made.put_user(User(account, "u", ("ReadOnlyAccess",)))
        return found

    monkeypatch.setattr(identity, "_policies", slowly)
    made.allows(account, "u", "Vpc", "CreateVpc")
    assert not made.allows(account, "u", "Vpc", "CreateVpc")


def test_the_last_key_that_works_cannot_be_taken_from_the_root_user():
    made = Identity(FakeStore(), Plain())
    account, only = made.add_account("lab")
    made.add_key(account, ROOT, expires_ms=5)
    for refused in (lambda: made.remove_key(only.id), lambda: made.set_active(only.id, active=False)):
        with pytest.raises(LastKey):
            refused()
    other = made.add_key(account, ROOT)
    assert made.set_active(only.id, active=False)
    assert made.remove_key(only.id)
    with pytest.raises(LastKey):
        made.remove_key(other.id)


def test_temporary_keys_are_forgotten_a_day_after_their_end():
    made = Identity(FakeStore(), Plain())
    account, _ = made.add_account("lab")
    old = made.add_key(account, ROOT, expires_ms=1000)
    day_ms = 24 * 3600 * 1000
    young = made.add_key(account, ROOT, expires_ms=2000, now_ms=day_ms)
    assert made.find(old.id) is not None
    made.add_key(account, ROOT, now_ms=day_ms + 1500)
    assert (made.find(old.id), made.find(young.id)) == (None, young)
