"""A server that runs: the store, the service over it, and the threads that make and watch the networks."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sealane.app.server.documents import DOCUMENTS, Documents
from sealane.app.server.events import Events, give_to_owners
from sealane.app.server.housekeeping import Bounds, Housekeeper
from sealane.app.server.identity import KEYS, Identity, resealed_key
from sealane.app.server.observation import Observation
from sealane.app.server.ports import give_to_host
from sealane.app.server.reconciler import Reconciler
from sealane.app.server.service import Service
from sealane.app.server.tokens import SECRETS, TOKENS, resealed_secret, resealed_token
from sealane.cloud import Fields
from sealane.cloud.operations import operations
from sealane.cloud.quotas import Quotas
from sealane.cloud.schema import decode, shape
from sealane.host import leave_no_core, write_private
from sealane.host.files import make_private_directory
from sealane.reconcile import Put, Store
from sealane.store import Nonces, Sealer, SqliteStore, open_sealer, reseal_documents, rotate

_SERVER = "server"
_PREFIX = "prefix"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
CREDENTIALS = "credentials"
BACKUPS = "backups"


class WallClock:
    """The host's clock."""

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return time.time_ns() // 1_000_000


class Schemas:
    """The schemas made from the SDKs."""

    def decode(self, product: str, action: str, flat: Mapping[str, str]) -> Fields:
        """See Codec."""
        return decode(product, action, flat)

    def shape(self, product: str, action: str, answer: Fields) -> Fields:
        """See Codec."""
        return shape(product, action, answer)


class Server:
    """Opens a state directory and makes its networks so, until closed.

    Args:
        directory: The state directory; made when it is not there.
        esp: See Controller.
        key_file: File of the sealing key that an operator keeps; None for the environment or the directory's own.
        environment: May hold the sealing key.
        new_key: True seals everything with a fresh key first, which only the directory's own file can keep.
        bounds: How much of the logs is kept; None for the defaults.
        quotas: How much accounts may have.

    Raises:
        Fault: The directory is in use, damaged or sealed with another key.
    """

    def __init__(
        self,
        directory: Path,
        *,
        esp: str = "auto",
        key_file: Path | None = None,
        environment: Mapping[str, str],
        new_key: bool = False,
        bounds: Bounds | None = None,
        quotas: Quotas = Quotas(),  # noqa: B008 - immutable
    ) -> None:
        leave_no_core()
        self.directory = directory
        self.store: Store = SqliteStore(directory)
        try:
            spaces: Mapping[str, Callable[[Sealer, str, bytes], bytes]] = {
                DOCUMENTS: reseal_documents,
                KEYS: lambda sealer, key, value: resealed_key(sealer.reseal, key, value),
                TOKENS: lambda sealer, key, value: resealed_token(sealer.reseal, key, value),
                SECRETS: lambda sealer, key, value: resealed_secret(sealer.reseal, key, value),
            }
            sealer = open_sealer(self.store, directory, spaces, key_file=key_file, environment=environment)
            if new_key:
                sealer = rotate(self.store, directory, spaces, environment=environment)
            clock = WallClock()
            self.identity = Identity(self.store, sealer)
            self.nonces = Nonces(directory, clock.now_ms(), fresh=not self.identity.accounts())
            self.events = Events(self.store, clock.now_ms)
            self.service = Service(self.store, Documents(sealer), operations(), codec=Schemas(), clock=clock,
                                   authority=self.identity, quotas=quotas)
            self.service.change(give_to_host(self.identity.accounts()))
            prefix = self._prefix()
            with self.service.view() as world:
                give_to_owners(self.store, world, prefix)
            self.reconciler = Reconciler(self.service, prefix, self.identity.accounts, directory, esp=esp,
                                         tell=self.events.tell)
        except BaseException:
            self.store.close()
            raise
        self.observation = Observation(self.reconciler.made, clock.now_ms, tell=self.events.tell)
        self.service.observed = self.observation
        self._housekeeper = Housekeeper(self.store, bounds or Bounds(), clock.now_ms, self.events.tell,
                                        others=self.service.forget)
        self._threads = (
            threading.Thread(target=self.reconciler.run, name="reconciler"),
            threading.Thread(target=self.observation.run, name="observation"),
            threading.Thread(target=self._housekeeper.run, name="housekeeping"),
            threading.Thread(target=self.service.audit.run, name="audit"),
        )

    def first_account(self) -> Path | None:
        """Make the first account of a new state; the file with its access key, None when there was an account."""
        if self.identity.accounts():
            return None
        account, key = self.identity.add_account("default")
        path = self.directory / CREDENTIALS
        write_private(path, f"account={account}\nALIBABA_CLOUD_ACCESS_KEY_ID={key.id}\n"
                      f"ALIBABA_CLOUD_ACCESS_KEY_SECRET={key.secret.reveal()}\n")
        return path

    def backup(self) -> Path:
        """Copy the state, while it is in use, into a new file; the secrets in it are sealed, the key is not in it.

        Raises:
            Fault: The file system refused.
        """
        folder = self.directory / BACKUPS
        make_private_directory(folder)
        path = folder / f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}.db"
        self.store.backup(path)
        return path

    def start(self) -> None:
        """Begin to make and watch the networks."""
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop; the networks go on without us."""
        self.reconciler.stop()
        self.observation.stop()
        self._housekeeper.stop()
        self.service.audit.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self.reconciler.close()
        self.nonces.close()
        self.store.close()

    def _prefix(self) -> str:
        """What the names of this state's networks begin with: four letters that no other state is likely to have."""
        kept = dict(self.store.read(_SERVER)).get(_PREFIX)
        if kept is not None:
            return kept.decode()
        prefix = "".join(secrets.choice(_LETTERS) for _ in range(4))
        self.store.commit([Put(_SERVER, _PREFIX, prefix.encode())])
        return prefix
