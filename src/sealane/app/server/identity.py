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
from sealane.reconcile import Put, Remove, Store

ACCOUNTS, USERS, KEYS = "account", "user", "key"
OPERATOR = "operator"
"""The space that names the account which manages accounts; its number tells nothing of its age."""
ROOT = "root"
_DIGITS = 16
_TOLD_EXPIRED_MS = 24 * 3600 * 1000
"""How long a temporary key that has ended is remembered, so that its user is told so."""
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


class LastKey(Exception):  # noqa: N818 - an answer, not a fault
    """It is the only key of an account's root user that works: without it nobody could make another one."""


class Identity:
    """Who there is; may be asked and told from any thread.

    Who asks never waits: what is asked of is replaced whole, after it was made durable. Changes wait for each other,
    from what they look at to what they keep, so that none brings back what another has removed.

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
        self._policies: dict[str, tuple[User | None, tuple[Policy, ...]]] = {}
        self._operator = next((key for key, _ in store.read(OPERATOR)), None)

    @property
    def operator(self) -> str | None:
        """The account that manages accounts: the first that was made."""
        if self._operator is not None:
            return self._operator
        return next(iter(self._accounts)) if len(self._accounts) == 1 else None

    def accounts(self) -> Sequence[str]:
        """Ids of all accounts."""
        return tuple(self._accounts)

    def users(self, account: str) -> Sequence[User]:
        """An account's users, the root user not among them."""
        return tuple(one for one in list(self._users.values()) if one.account == account)

    def keys(self, account: str) -> Sequence[AccessKey]:
        """An account's keys."""
        return tuple(one for one in list(self._keys.values()) if one.account == account)

    def find(self, key_id: str) -> AccessKey | None:
        """The key of that id."""
        return self._keys.get(key_id)

    def allows(self, account: str, user: str, product: str, action: str) -> bool:
        """True for the root user, and for what the user's policies allow."""
        if user in ("", ROOT):
            return account in self._accounts
        found = self._users.get(f"{account}/{user}")
        if found is None:
            return False
        read_of, policies = self._policies.get(f"{account}/{user}", (None, ()))
        if read_of is not found:  # what was read of a former state of the user does not count
            policies = tuple(_policies(found))
            self._policies[f"{account}/{user}"] = found, policies
        return allows(policies, product, action)

    def add_account(self, name: str) -> tuple[str, AccessKey]:
        """A new account with a key of its root user."""
        with self._lock:
            account = str(secrets.randbelow(9 * 10 ** (_DIGITS - 1)) + 10 ** (_DIGITS - 1))
            key = new_key(account, ROOT)
            first = [] if self._accounts else [Put(OPERATOR, account, b"")]
            self._store.commit([Put(ACCOUNTS, account, name.encode()), self._put_key(key), *first])
            if first:
                self._operator = account
            self._accounts[account] = name
            self._keys[key.id] = key
        return account, key

    def remove_account(self, account: str) -> None:
        """Remove an account with its users and keys; its objects must be gone."""
        with self._lock:
            users = [key for key, one in self._users.items() if one.account == account]
            keys = [key for key, one in self._keys.items() if one.account == account]
            self._store.commit([Remove(ACCOUNTS, account), Remove(OPERATOR, account),
                                *(Remove(USERS, one) for one in users), *(Remove(KEYS, one) for one in keys)])
            self._operator = None if account == self._operator else self._operator
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
            with self._lock:
                self._store.commit([Put(USERS, key, json.dumps(asdict(user)).encode())])
                self._users[key] = user
        return tuple(findings)

    def remove_user(self, account: str, name: str) -> bool:
        """Remove a user with its keys; False when there is none."""
        key = f"{account}/{name}"
        with self._lock:
            if key not in self._users:
                return False
            keys = [one.id for one in self.keys(account) if one.user == name]
            self._store.commit([Remove(USERS, key), *(Remove(KEYS, one) for one in keys)])
            del self._users[key]
            self._policies.pop(key, None)
            for one in keys:
                self._keys.pop(one, None)
        return True

    def add_key(self, account: str, user: str, *, expires_ms: int | None = None, now_ms: int = 0) -> AccessKey:
        """A new key; one that expires comes with a security token. Keys that ended long before are forgotten.

        Raises:
            Fault: There is no such account or user.
        """
        with self._lock:
            if account not in self._accounts or (user != ROOT and f"{account}/{user}" not in self._users):
                raise Fault(f"make a key for {user} of {account}", "there is no such user", "make the user first")
            key = new_key(account, user)
            if expires_ms is not None:
                key = replace(key, token=Secret(_random(64)), expires_ms=expires_ms)
            ended = [one.id for one in self._keys.values()
                     if one.expires_ms is not None and one.expires_ms < now_ms - _TOLD_EXPIRED_MS]
            self._store.commit([self._put_key(key), *(Remove(KEYS, one) for one in ended)])
            self._keys[key.id] = key
            for one in ended:
                del self._keys[one]
        return key

    def set_active(self, key_id: str, *, active: bool) -> bool:
        """Switch a key on or off; False when there is none.

        Raises:
            LastKey: Nobody could come in for the account any longer.
        """
        with self._lock:
            key = self._keys.get(key_id)
            if key is None:
                return False
            if not active:
                self._see_another(key)
            changed = replace(key, active=active)
            self._store.commit([self._put_key(changed)])
            self._keys[key_id] = changed
        return True

    def remove_key(self, key_id: str) -> bool:
        """Remove a key; False when there is none.

        Raises:
            LastKey: As for ``set_active``.
        """
        with self._lock:
            key = self._keys.get(key_id)
            if key is None:
                return False
            self._see_another(key)
            self._store.commit([Remove(KEYS, key_id)])
            del self._keys[key_id]
        return True

    def _see_another(self, key: AccessKey) -> None:
        """See that the account's root user keeps a key that works."""
        if key.user == ROOT and _lasting(key) and not any(
            one.user == ROOT and _lasting(one) and one.id != key.id for one in self.keys(key.account)
        ):
            raise LastKey(key.id)

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


def _lasting(key: AccessKey) -> bool:
    return key.active and key.expires_ms is None


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
