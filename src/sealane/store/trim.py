"""What a store is asked besides the changes of its callers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trim:
    """Forget the entries of a log before a time."""

    space: str
    before_ms: int
