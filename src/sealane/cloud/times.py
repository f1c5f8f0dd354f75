"""Times as the cloud writes them; every product has a form of its own."""

from datetime import UTC, datetime


def seconds(unix_ms: int) -> str:
    """``2026-01-31T12:00:00Z``."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def minutes(unix_ms: int) -> str:
    """``2026-01-31T12:00Z``."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ")
