"""Limits on what clients may send, and how often."""

from collections.abc import Callable
from dataclasses import dataclass

from sealane.cloud import CloudError


@dataclass(frozen=True, slots=True)
class Rate:
    """A token bucket: it holds ``burst`` tokens and regains ``per_s`` of them each second."""

    per_s: float
    burst: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What is allowed. The defaults are far above what the SDKs send and what one process can serve.

    Args:
        body_bytes: Size of a body.
        head_bytes: Size of request line and headers.
        parameters: Number of parameters in query and body together.
        list_length: Highest index in a flat name.
        key_rate: Calls of one access key; None for no limit.
        action_rate: Calls of one action by one access key; None for no limit.
        connections: Open connections.
        head_timeout_s: Time from opening a connection, or from the first byte of a later request, to the last header.
        body_timeout_s: Time from the last header to the end of the body.
        keep_alive_s: Time that a connection may be idle between requests.
        window_s: How far a client's clock may differ from ours; 15 minutes is the cloud's.
        nonces_per_key: Nonces that are remembered of one access key; when there are more, the window shrinks for it.
    """

    body_bytes: int = 1 << 20
    head_bytes: int = 64 << 10
    parameters: int = 5_000
    list_length: int = 1_000
    key_rate: Rate | None = Rate(5_000, 10_000)
    action_rate: Rate | None = Rate(5_000, 10_000)
    connections: int = 1_000
    head_timeout_s: float = 10
    body_timeout_s: float = 30
    keep_alive_s: int = 75
    window_s: int = 900
    nonces_per_key: int = 100_000


class Throttle:
    """Counts the calls of access keys.

    Args:
        limits: The rates.
        monotonic: Seconds of a clock that does not jump.
    """

    _SWEEP_AT = 10_000  # buckets; full ones are forgotten then, which changes nothing for anybody

    def __init__(self, limits: Limits, monotonic: Callable[[], float]) -> None:
        self._limits = limits
        self._monotonic = monotonic
        self._buckets: dict[tuple[str, str], tuple[Rate, float, float]] = {}
        self._sweep_at = self._SWEEP_AT

    def spend(self, access_key_id: str, action: str) -> None:
        """Count one call.

        Raises:
            CloudError: There were too many of them.
        """
        now = self._monotonic()
        if not self._take((access_key_id, ""), self._limits.key_rate, now):
            raise CloudError("Throttling.User", "Request was denied due to user flow control.")
        if not self._take((access_key_id, action), self._limits.action_rate, now):
            raise CloudError("Throttling.Api", f"Request was denied due to api flow control: {action}.", 503)

    def _take(self, name: tuple[str, str], rate: Rate | None, now: float) -> bool:
        if rate is None:
            return True
        _, tokens, since = self._buckets.get(name, (rate, rate.burst, now))
        tokens = min(rate.burst, tokens + (now - since) * rate.per_s)
        enough = tokens >= 1
        self._buckets[name] = rate, tokens - 1 if enough else tokens, now
        if len(self._buckets) > self._sweep_at:
            self._sweep(now)
        return enough

    def _sweep(self, now: float) -> None:
        self._buckets = {
            name: (rate, tokens, since)
            for name, (rate, tokens, since) in self._buckets.items()
            if tokens + (now - since) * rate.per_s < rate.burst
        }
        self._sweep_at = max(self._SWEEP_AT, 2 * len(self._buckets))  # never a sweep for every call
