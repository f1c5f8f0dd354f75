"""Where the server keeps its state: one file of SQLite in a private directory, secrets in it sealed.

It knows keys, bytes and spaces; what they mean is the business of those who keep them. Only ``app`` names it.
"""

from sealane.store.fake import FakeStore, Kept
from sealane.store.sqlite import SqliteStore

__all__ = ["FakeStore", "Kept", "SqliteStore"]
