"""Users may do what their policies allow and nothing denies; keys survive a restart, sealed."""

import pytest
from test_service import Plain

from sealane.app.server.identity import ROOT, Identity, User
from sealane.app.server.policy import SYSTEM_POLICIES, allows, read_policy
from sealane.diag import Fault
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
