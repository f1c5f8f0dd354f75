"""Remembers what was computed from values that do not change. Imports nothing of ours."""

from sealane.memo.memo import Memo

__all__ = ["Memo"]
