"""Trying again what failed, less and less often."""

import time
from dataclasses import dataclass
from traceback import extract_tb

from sealane.app.rejected import Rejected
from sealane.diag import Fault

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0


@dataclass(slots=True)
class Trial:
    """How something goes that is tried until it succeeds.

    Args:
        failures: Attempts since the last success.
        retry_at_s: Monotonic time before which it is not tried again after a failure.
        reason: Why the last attempt failed; empty when it did not.
    """

    failures: int = 0
    retry_at_s: float = 0.0
    reason: str = ""

    def is_due(self) -> bool:
        """True when it may be tried."""
        return time.monotonic() >= self.retry_at_s

    def failed(self, error: Exception) -> float:
        """Note a failure; the seconds until it is tried again."""
        self.failures += 1
        self.reason = reason_of(error)
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(self.failures - 1, 10))
        self.retry_at_s = time.monotonic() + wait_s
        return wait_s

    def succeeded(self) -> None:
        """Forget the failures."""
        self.failures, self.retry_at_s, self.reason = 0, 0.0, ""


def reason_of(error: Exception) -> str:
    """What went wrong. Of what nobody expected only kind and place are told: its words might hold a secret."""
    if isinstance(error, Fault | Rejected | OSError):
        return str(error)
    frames = extract_tb(error.__traceback__)
    place = f" in {frames[-1].name} ({frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno})" if frames else ""
    return f"unexpected {type(error).__name__}{place}"
