"""Texts that are compared with what was agreed before."""

from collections.abc import Callable
from pathlib import Path

Agreed = Callable[[Path, str], None]
"""What the fixture ``agreed`` gives: compares a text with a file, or writes the file with ``--update-golden``."""
