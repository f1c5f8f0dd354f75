"""Accounts, their users and access keys, kept in the store; secrets are sealed there."""

import json
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from sealane.app.server.documents import Sealer
from sealane.app.server.policy import SYSTEM_POLICIES, Policy, allows, read_policy
from sealane.diag import Fault, Finding, Severity
from sealane.net import Secret
from sealane.reconcile import Change, Put, Remove, Store

ACCOUNTS, USERS, KEYS = "account", "user", "key"
ROOT = "root"
_DIGITS = 16
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True)
class User:
    """A user of an account: names of system policies, and policies of its own by name."""

    account: str
    name: str
    attached: tuple[str, ...] = ()
    policies: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key.

    Args:
        id: AccessKeyId.
        secret: AccessKeySecret.
        account, user: Whose it is.
        active: False when it was switched off.
        token: Security token of a temporary key.
        expires_ms: When a temporary key ends.
    """

    id: str
    secret: Secret
    account: str
    user: str = ROOT
    active: bool = True
    token: Secret | None = None
    expires_ms: int | None = None


class Identity:
    """Who there is; may be asked from any thread.

    Args:
        store: Where it is kept.
        sealer: For the secrets.
    """

    def __init__(self, store: Store, sealer: Sealer) -> None:
        self._store = store
        self._sealer = sealer
        self._lock = threading.Lock()
        self._accounts = {key: value.decode() for key, value in store.read(ACCOUNTS)}
        self._users = {key: _user(json.loads(value)) for key, value in store.read(USERS)}
        self._keys = {key: self._key(key, json.loads(value)) for key, value in store.read(KEYS)}
        self._policies: dict[str, tuple[Policy, ...]] = {}

    def accounts(self) -> Sequence[str]:
        """Ids of all accounts."""
        return tuple(self._accounts)

    def users(self, account: str) -> Sequence[User]:
        """An account's users, the root user not among them."""
        return tuple(one for one in self._users.values() if one.account == account)

    def keys(self, account: str) -> Sequence[AccessKey]:
        """An account's keys."""
        return tuple(one for one in self._keys.values() if one.account == account)

    def find(self, key_id: str) -> AccessKey | None:
        """The key of that id."""
        return self._keys.get(key_id)

    def allows(self, account: str, user: str, product: str, action: str) -> bool:
        """True for the root user, and for what the user's policies allow."""
        if user in ("", ROOT):
            return account in self._accounts
        key = f"{account}/{user}"
        if key not in self._policies:
            found = self._users.get(key)
            self._policies[key] = () if found is None else tuple(_policies(found))
        return allows(self._policies[key], product, action)

    def add_account(self, name: str) -> tuple[str, AccessKey]:
        """A new account with a key of its root user."""
        account = str(secrets.randbelow(9 * 10 ** (_DIGITS - 1)) + 10 ** (_DIGITS - 1))
        key = new_key(account, ROOT)
        self._keep([Put(ACCOUNTS, account, name.encode()), self._put_key(key)])
        self._accounts[account] = name
        self._keys[key.id] = key
        return account, key

    def remove_account(self, account: str) -> None:
        """Remove an account with its users and keys; its objects must be gone."""
        users = [key for key, one in self._users.items() if one.account == account]
        keys = [key for key, one in self._keys.items() if one.account == account]
        self._keep([Remove(ACCOUNTS, account), *(Remove(USERS, one) for one in users),
                    *(Remove(KEYS, one) for one in keys)])
        self._accounts.pop(account, None)
        for one in users:
            self._users.pop(one, None)
            self._policies.pop(one, None)
        for one in keys:
            self._keys.pop(one, None)

    def put_user(self, user: User) -> tuple[Finding, ...]:
        """Keep a user; nothing changes when a policy is wrong, and then the findings say what."""
        findings = [finding for name, document in user.policies.items() for finding in read_policy(name, document)[1]]
        findings += [
            Finding("POL-007", Severity.ERROR, f"user {user.name}", f"there is no policy {name}",
                    "use one of " + ", ".join(SYSTEM_POLICIES))
            for name in user.attached
            if name not in SYSTEM_POLICIES
        ]
        if not findings:
            key = f"{user.account}/{user.name}"
            self._keep([Put(USERS, key, json.dumps(asdict(user)).encode())])
            self._users[key] = user
            self._policies.pop(key, None)
        return tuple(findings)

    def remove_user(self, account: str, name: str) -> bool:
        """Remove a user with its keys; False when there is none."""
        key = f"{account}/{name}"
        if key not in self._users:
            return False
        keys = [one.id for one in self.keys(account) if one.user == name]
        self._keep([Remove(USERS, key), *(Remove(KEYS, one) for one in keys)])
        del self._users[key]
        self._policies.pop(key, None)
        for one in keys:
            self._keys.pop(one, None)
        return True

    def add_key(self, account: str, user: str, *, expires_ms: int | None = None) -> AccessKey:
        """A new key; one that expires comes with a security token.

        Raises:
            Fault: There is no such account or user.
        """
        if account not in self._accounts or (user != ROOT and f"{account}/{user}" not in self._users):
            raise Fault(f"make a key for {user} of {account}", "there is no such user", "make the user first")
        key = new_key(account, user)
        if expires_ms is not None:
            key = replace(key, token=Secret(_random(64)), expires_ms=expires_ms)
        self._keep([self._put_key(key)])
        self._keys[key.id] = key
        return key

    def set_active(self, key_id: str, *, active: bool) -> bool:
        """Switch a key on or off; False when there is none."""
        key = self._keys.get(key_id)
        if key is None:
            return False
        changed = replace(key, active=active)
        self._keep([self._put_key(changed)])
        self._keys[key_id] = changed
        return True

    def remove_key(self, key_id: str) -> bool:
        """Remove a key; False when there is none."""
        if key_id not in self._keys:
            return False
        self._keep([Remove(KEYS, key_id)])
        self._keys.pop(key_id, None)
        return True

    def _keep(self, changes: Sequence[Change]) -> None:
        with self._lock:
            self._store.commit(changes)

    def _put_key(self, key: AccessKey) -> Put:
        told = {
            "secret": self._sealer.seal(key.secret.reveal(), KEYS, key.id, "secret"),
            "token": None if key.token is None else self._sealer.seal(key.token.reveal(), KEYS, key.id, "token"),
            "account": key.account,
            "user": key.user,
            "active": key.active,
            "expires_ms": key.expires_ms,
        }
        return Put(KEYS, key.id, json.dumps(told).encode())

    def _key(self, key_id: str, told: Mapping[str, object]) -> AccessKey:
        token, expires = told["token"], told["expires_ms"]
        return AccessKey(
            key_id,
            Secret(self._sealer.open(str(told["secret"]), KEYS, key_id, "secret")),
            str(told["account"]),
            str(told["user"]),
            bool(told["active"]),
            None if token is None else Secret(self._sealer.open(str(token), KEYS, key_id, "token")),
            None if expires is None else int(str(expires)),
        )


def resealed_key(reseal: Callable[..., str], key_id: str, value: bytes) -> bytes:
    """A key as it is kept, with its secrets sealed anew by ``reseal(sealed, *where)``."""
    told = json.loads(value)
    for name in ("secret", "token"):
        if told[name] is not None:
            told[name] = reseal(told[name], KEYS, key_id, name)
    return json.dumps(told).encode()


def new_key(account: str, user: str) -> AccessKey:
    """A fresh key; nothing is kept."""
    return AccessKey("LTAI" + _random(20), Secret(_random(30)), account, user)


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _user(told: Mapping[str, object]) -> User:
    attached, policies = told["attached"], told["policies"]
    return User(
        str(told["account"]),
        str(told["name"]),
        tuple(map(str, attached)) if isinstance(attached, list) else (),
        policies if isinstance(policies, dict) else {},
    )


def _policies(user: User) -> Sequence[Policy]:
    own = (read_policy(name, document)[0] for name, document in user.policies.items())
    return (*(SYSTEM_POLICIES[name] for name in user.attached), *(one for one in own if one is not None))
