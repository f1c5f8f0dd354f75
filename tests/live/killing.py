"""What tests share that kill commands and daemons."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab import end, host_state, leftovers, name_of, ok


@contextmanager
def unchanged_host() -> Iterator[None]:
    """The host is afterwards as it was, but for networks."""
    before = host_state()
    yield
    assert host_state() == before


@contextmanager
def taken_down(plan: Path) -> Iterator[Path]:
    """Nothing of a plan's network is left afterwards, whatever there was of it."""
    yield plan
    ok("down", "--name", name_of(plan))
    assert leftovers(name_of(plan)) == []


def kill_at(process: subprocess.Popen[str], kind: str, delay_s: float) -> None:
    """Kill a command that long after it told that it works on a kind, if it ever does."""
    for line in process.stderr or ():
        if line.rstrip().endswith(f" x {kind}"):
            time.sleep(delay_s)
            break
    end(process, signal.SIGKILL)
