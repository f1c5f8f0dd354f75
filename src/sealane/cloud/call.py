"""The call of an operation, and the registry of operations."""

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.observed import Nothing, Observed
from sealane.cloud.quotas import Quotas
from sealane.cloud.refusal import refuse
from sealane.cloud.regions import REGIONS
from sealane.cloud.world import Transaction


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated and decoded call.

    Args:
        product: ``Vpc``, ``Cbn``, ``Ecs`` or ``Cms``.
        action: Such as ``CreateVpc``.
        params: Parameters by the cloud's names, decoded to their types by the operation's schema: flattened lists and
            structs are nested again, parameters that were left out are missing.
        account: The account of the caller, a 16-digit number.
        now_ms: Unix time in milliseconds.
        request_id: The RequestId of the answer.
        new_id: Makes a fresh id from a prefix such as ``vpc`` and the region.
        new_secret: Makes a random pre-shared key.
        observed: What the network is doing.
        quotas: How much there may be.
    """

    product: str
    action: str
    params: Fields
    account: str
    now_ms: int
    request_id: str
    new_id: Callable[[str, str], str]
    new_secret: Callable[[], str] = field(repr=False, default=lambda: "")
    observed: Observed = field(repr=False, default_factory=Nothing)
    quotas: Quotas = field(repr=False, default=Quotas())

    def has(self, name: str) -> bool:
        """True when the parameter was given."""
        return self.params.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """A boolean parameter."""
        value = self.params.get(name)
        return default if value is None else bool(value)

    def number(self, name: str, default: int) -> int:
        """An integer parameter."""
        value = self.params.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """A list parameter as texts; empty when it was left out."""
        value = self.params.get(name)
        return tuple(map(str, value)) if isinstance(value, list | tuple) else ()

    def structs(self, name: str) -> tuple[Fields, ...]:
        """A list of structs; empty when it was left out."""
        value = self.params.get(name)
        return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list | tuple) else ()

    @property
    def region(self) -> str:
        """RegionId."""
        return self.text("RegionId")

    def own(self, state: Transaction, document_id: str, kind: str, error: CloudError) -> Document:
        """The caller's document of that id and kind.

        Raises:
            CloudError: ``error``, when there is none, it is another account's, or of another kind.
        """
        found = state.get(document_id)
        if found is None or found.account != self.account or found.kind != kind:
            raise error
        return found


_REGIONAL = ("Vpc", "Ecs")
"""Products that have an address in each region, so that a region that is none is an error in every call."""

Handler: TypeAlias = Callable[[Call, Transaction], Fields]
"""Carries out an operation and returns the answer without RequestId."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a product.

    Args:
        product: Such as ``Vpc``.
        action: Such as ``CreateVpc``.
        handle: Carries it out; refuses what is refused first. ``inspect.unwrap`` gives the handler as it was written.
        writes: False for an operation that only reads: it needs neither a client token nor the audit log.
        ignores: Parameters that are accepted without effect, with dots for members of structs; a struct stands for all
            of its members. What is neither ignored nor refused must be implemented, see ``docs/openapi-coverage.md``.
        refuses: Parameters that nobody may give.
    """

    product: str
    action: str
    handle: Handler
    writes: bool
    ignores: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()


class _Register(Protocol):
    def __call__(self, handle: Handler) -> Handler: ...


class Registry:
    """The operations of a product, filled by decorators where the handlers stand."""

    def __init__(self, product: str) -> None:
        self.product = product
        self.operations: dict[str, Operation] = {}

    def reads(self, *actions: str, ignores: Iterable[str] = (), refuses: Iterable[str] = ()) -> _Register:
        """Register a handler that changes nothing; see Operation."""
        return self._register(actions, False, frozenset(ignores), frozenset(refuses))

    def writes(self, *actions: str, ignores: Iterable[str] = (), refuses: Iterable[str] = ()) -> _Register:
        """Register a handler that may change documents; see Operation."""
        return self._register(actions, True, frozenset(ignores), frozenset(refuses))

    def _register(
        self, actions: Iterable[str], writes: bool, ignores: frozenset[str], refuses: frozenset[str]
    ) -> _Register:
        if both := ignores & refuses:
            raise ValueError(f"{self.product} {', '.join(actions)}: {sorted(both)} both ignored and refused")

        def register(handle: Handler) -> Handler:
            guarded = _refusing(handle, tuple(sorted(refuses)))
            for action in actions:
                if action in self.operations:
                    raise ValueError(f"{self.product} {action} is registered twice")
                self.operations[action] = Operation(self.product, action, guarded, writes, ignores, refuses)
            return handle

        return register


def _refusing(handle: Handler, refuses: Iterable[str]) -> Handler:
    @functools.wraps(handle)
    def guarded(call: Call, state: Transaction) -> Fields:
        if call.product in _REGIONAL and call.has("RegionId") and call.region not in REGIONS:
            raise CloudError("InvalidRegionId.NotFound", "The specified RegionId does not exist.", 404)
        refuse(call.params, refuses)
        return handle(call, state)

    return guarded


__all__ = ["Call", "Handler", "Json", "Operation", "Registry"]
