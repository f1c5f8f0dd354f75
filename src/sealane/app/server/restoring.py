"""Putting a backup in the place of a state."""

from sealane.store import restore

__all__ = ["restore"]
