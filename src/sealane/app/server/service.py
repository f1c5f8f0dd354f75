"""What is done with a call: decode, authorise, carry out in a transaction, make durable, answer."""

import secrets
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from sealane.app.server.audit import Audit, Caller, Refusal, masked
from sealane.app.server.documents import Documents
from sealane.app.server.tokens import TOKENS, Tokens
from sealane.cloud import Call, CloudError, Document, Fields, Operation, Transaction, World
from sealane.cloud.observed import Nothing, Observed
from sealane.cloud.quotas import Quotas
from sealane.diag import Fault
from sealane.reconcile import Change, Put, Remove, Store

NUMBERS = "number"
"""The space of the highest sequence that was given to a document which is gone: no other one may get it again."""
_HIGHEST = "document"
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 10
_LONGEST_TOKEN = 64
_KEY_CHARACTERS = 16
_UNAVAILABLE = ("InternalError", "ServiceUnavailable")
"""Codes of what nobody expected, and of a fault."""
_DRY_RUN = "Request validation has been passed with DryRun flag set."


class Clock(Protocol):
    """Wall clock."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        ...


class Codec(Protocol):
    """The schemas of operations."""

    def decode(self, product: str, action: str, flat: Mapping[str, str]) -> Fields:
        """Flat parameters nested and typed.

        Raises:
            CloudError: A required one is missing, or one is not of its type.
        """
        ...

    def shape(self, product: str, action: str, answer: Fields) -> Fields:
        """An answer as the operation's schema has it."""
        ...


class Authority(Protocol):
    """Says who may do what."""

    def allows(self, account: str, user: str, product: str, action: str) -> bool:
        """True when a policy of the user allows the action and none denies it."""
        ...


class Service:
    """The control plane without its HTTP side; may be called from several threads.

    Writers wait for each other until what they did is on disk; readers wait only while the world changes in memory.

    Args:
        store: Where everything is kept; opened.
        documents: Reads and writes documents there, with their secrets sealed.
        operations: By (product, action).
        codec: Knows the operations' schemas.
        clock: For ages and time stamps.
        authority: Says who may do what.
        quotas: How much accounts may have.
    """

    def __init__(
        self,
        store: Store,
        documents: Documents,
        operations: Iterable[Operation],
        *,
        codec: Codec,
        clock: Clock,
        authority: Authority,
        quotas: Quotas = Quotas(),  # noqa: B008 - immutable
    ) -> None:
        self._store = store
        self._documents = documents
        self._operations = {(one.product, one.action): one for one in operations}
        self._codec = codec
        self._clock = clock
        self._authority = authority
        self._quotas = quotas
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._numbered = int(dict(store.read(NUMBERS)).get(_HIGHEST, b"0"))
        self._world = World(documents.load(store), self._numbered)
        self._tokens = Tokens(store, documents.sealer)
        self.audit = Audit(store, self._now_ms)
        self.observed: Observed = Nothing()
        self.changed = threading.Event()
        """Set whenever documents changed."""

    def _now_ms(self) -> int:
        return self._clock.now_ms()

    def serves(self, product: str, action: str) -> bool:
        """True for an operation that is served."""
        return (product, action) in self._operations

    def writes(self, product: str, action: str) -> bool:
        """True for an operation that may change documents, and so waits for the disk."""
        return self._operation(product, action).writes

    def call(self, product: str, action: str, flat: Mapping[str, str], caller: Caller, request_id: str) -> Fields:
        """Carry out one authenticated call; the answer is without RequestId.

        Raises:
            CloudError: It is refused, in the cloud's words.
            Fault: It could not be made durable; nothing changed.
        """
        operation = self._operation(product, action)
        if operation.writes:
            return self._write(operation, flat, caller, request_id)
        call = self._allowed(operation, flat, caller, request_id)
        with self._reading:
            found = operation.handle(call, Transaction(self._world))
        answer = self._codec.shape(product, action, found)
        return answer if self._may_see_keys(caller) else masked(answer)

    def _allowed(self, operation: Operation, flat: Mapping[str, str], caller: Caller, request_id: str) -> Call:
        """The decoded call, when its caller may make it."""
        product, action = operation.product, operation.action
        if not self._authority.allows(caller.account, caller.user, product, action):
            raise CloudError("Forbidden.RAM", f"User {caller.user} is not authorized to {action} of {product}.", 403)
        params = self._codec.decode(product, action, flat)
        return Call(product, action, params, caller.account, self._clock.now_ms(), request_id, new_id, new_key,
                    self.observed, self._quotas)

    def _may_see_keys(self, caller: Caller) -> bool:
        """Pre-shared keys are told in clear, as the cloud does, to whoever could set others."""
        return self._authority.allows(caller.account, caller.user, *_SETS_KEYS)

    @contextmanager
    def view(self) -> Iterator[World]:
        """The world, which does not change inside the block; keep it short."""
        with self._reading:
            yield self._world

    def change(self, work: Callable[[Transaction], None]) -> None:
        """Change documents on the server's own account, durably.

        Raises:
            Fault: They could not be kept; nothing changed.
        """
        with self._writing:
            state = Transaction(self._world)
            with self._reading:
                work(state)
            self._keep(state, ())

    def forget(self) -> None:
        """Forget client tokens that are too old to matter.

        Raises:
            Fault: It could not be kept; it is tried again the next time.
        """
        while True:
            with self._writing:
                old = self._tokens.old(self._clock.now_ms())
                if not old:
                    return
                self._store.commit([Remove(TOKENS, one) for one in old])
                self._tokens.forget(old)

    def _operation(self, product: str, action: str) -> Operation:
        operation = self._operations.get((product, action))
        if operation is None:
            raise CloudError("InvalidAction.NotFound", f"The action {action} of {product} is not served.", 404)
        return operation

    def _write(self, operation: Operation, flat: Mapping[str, str], caller: Caller, request_id: str) -> Fields:
        """Carry out what may change something; that it was refused is kept too."""
        try:
            return self._carry_out(operation, self._allowed(operation, flat, caller, request_id), caller)
        except Exception as error:
            code = error.code if isinstance(error, CloudError) else _UNAVAILABLE[isinstance(error, Fault)]
            refusal = Refusal(code, caller, known=True, product=operation.product, action=operation.action,
                              request_id=request_id)
            self.audit.refused(refusal, self._understood(operation, flat))
            raise

    def _understood(self, operation: Operation, flat: Mapping[str, str]) -> Fields | None:
        """The parameters of a call, when they are in the form that they should be in."""
        try:
            return self._codec.decode(operation.product, operation.action, flat)
        except CloudError:
            return None

    def _carry_out(self, operation: Operation, call: Call, caller: Caller) -> Fields:
        token = call.text("ClientToken")
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            raise CloudError("IllegalParam.ClientToken", "ClientToken must be at most 64 ASCII characters.")
        key = f"{call.account}/{call.product}/{call.action}/{token}" if token else ""
        with self._writing:
            digest = self._tokens.digest(call.params) if key else ""
            given = self._tokens.find(key, digest, call.now_ms) if key else None
            if given is not None:
                return given
            state = Transaction(self._world)
            with self._reading:
                found = operation.handle(call, state)
            if call.flag("DryRun", default=False):
                raise CloudError("DryRunOperation", _DRY_RUN)
            answer = self._codec.shape(call.product, call.action, found)
            extra: list[Change] = [self.audit.done(caller, call.product, call.action, call.request_id, call.params)]
            use = self._tokens.use(key, digest, answer, call.now_ms) if key else None
            self._keep(state, extra if use is None else [*extra, *use.changes])
            if use is not None:
                self._tokens.adopt(use)
        return answer

    def _keep(self, state: Transaction, extra: Sequence[Change]) -> None:
        """Make changes durable, then visible."""
        changes = state.changes
        if not changes and not extra:
            return
        gone = max((one.sequence for one in map(self._world.get, _removed(changes)) if one is not None), default=0)
        numbered = self._numbered if gone <= self._numbered else self._world.sequence
        kept = [Put(NUMBERS, _HIGHEST, str(numbered).encode())] if numbered != self._numbered else []
        self._store.commit([*(self._documents.change(one) for one in changes), *kept, *extra])
        self._numbered = numbered
        if changes:
            with self._reading:
                self._world.adopt(changes)
            self.changed.set()


def _removed(changes: Iterable[Document | str]) -> Iterator[str]:
    return (one for one in changes if isinstance(one, str))


def new_id(prefix: str, region: str) -> str:
    """A fresh id such as ``vpc-hz0123456789``."""
    hint = region.rpartition("-")[2][:2] if region else "cn"
    return f"{prefix}-{hint}" + "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))


def new_key() -> str:
    """A pre-shared key of 16 letters and digits, as the cloud makes them."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_KEY_CHARACTERS))


def new_request_id() -> str:
    """A RequestId."""
    return str(uuid.uuid4()).upper()


_SETS_KEYS = ("Vpc", "ModifyTunnelAttribute")
