"""What the HTTP side and the service behind it tell each other."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sealane.cloud import Fields
from sealane.net import Secret


@dataclass(frozen=True, slots=True)
class Key:
    """An access key.

    Args:
        id: AccessKeyId.
        secret: AccessKeySecret.
        account: The account that calls made with it belong to.
        user: Name of the account's user whose key it is; empty for the account itself.
        active: False for a key that was switched off.
        token: The security token that a temporary key is used with; None for a lasting key.
        expires_ms: Unix time in milliseconds from which a temporary key is refused; None for a lasting key.
    """

    id: str
    secret: Secret
    account: str
    user: str = ""
    active: bool = True
    token: Secret | None = None
    expires_ms: int | None = None


class Keys(Protocol):
    """Finds access keys; asked once for every call, on the event loop, so it must not block."""

    def find(self, access_key_id: str) -> Key | None:
        """The key of that id, of whatever account, switched off and expired ones included."""
        ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; ``user`` is empty for the account itself."""

    account: str
    access_key_id: str
    user: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One authenticated call, not yet decoded.

    Args:
        product: ``Vpc``, ``Cbn``, ``Ecs`` or ``Cms``.
        action: Such as ``CreateVpc``; the product has it.
        flat: Parameters of query and body by their flat names (``Tag.1.Key``), without those of the protocol.
        caller: Who calls.
        region: RegionId, or what the client's headers name instead; empty when neither is given.
        request_id: The RequestId that the answer will bear.
        client: Address of the client; empty when it is not known.
    """

    product: str
    action: str
    flat: Mapping[str, str] = field(repr=False)
    caller: Caller
    region: str
    request_id: str
    client: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that was refused before it became a call.

    Args:
        code: Why.
        key: The access key that it names; None when there is no such key.
        known: Whether it was signed with that key, and anew.
        product, action: What it wants; empty when that was not found out.
        request_id: The RequestId of the answer.
        client: Address of the client.
    """

    code: str
    key: Key | None
    known: bool
    product: str
    action: str
    request_id: str
    client: str


Watch: TypeAlias = Callable[[Refused], None]
"""Is told of refused requests, on the event loop, so it must not block."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: HTTP status and the body without RequestId, which is added."""

    status: int
    body: Fields


Dispatch: TypeAlias = Callable[[Request], Answer | Awaitable[Answer]]
"""Carries out a call; a refusal is raised as CloudError.

It is called on the event loop's thread, so two calls never run at once and documents need no lock. A read answers at
once. What waits for a disk or the network returns an awaitable instead, which other calls overtake: a dispatcher that
has to have writes one after another awaits a lock of its own in there. An awaitable is carried on when the client goes.
"""
