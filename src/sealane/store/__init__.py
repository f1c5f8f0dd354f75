"""Where the server keeps its state: one file of SQLite in a private directory, secrets in it sealed.

It knows keys, bytes and spaces; what they mean is the business of those who keep them. Only ``app`` names it.
"""

from sealane.store.fake import FakeStore, Kept
from sealane.store.nonces import Nonces
from sealane.store.restore import restore
from sealane.store.rotation import Reseal, open_sealer, reseal_documents, rotate
from sealane.store.seal import Sealer
from sealane.store.sqlite import SqliteStore

__all__ = [
    "FakeStore",
    "Kept",
    "Nonces",
    "Reseal",
    "Sealer",
    "SqliteStore",
    "open_sealer",
    "reseal_documents",
    "restore",
    "rotate",
]
