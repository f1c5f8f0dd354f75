"""Starting bird and speaking with birdc."""

import time
from pathlib import Path

from sealane.diag import Fault
from sealane.host import Tag, alive, last_words, run, run_unchecked, spawn

_START_LIMIT_S = 5.0
_POLL_S = 0.01
ROLE = "bird"


def birdc(directory: Path, *words: str, timeout_s: float = 10) -> str:
    """What birdc answers.

    Raises:
        Fault: The daemon does not answer.
    """
    return run(["birdc", "-s", str(directory / "bird.ctl"), *words], timeout_s=timeout_s)


def check(config: Path) -> None:
    """Let bird parse a configuration.

    Raises:
        Fault: bird does not accept it.
    """
    run(["bird", "-p", "-c", str(config)])


def start(directory: Path, network: str, namespace: str) -> None:
    """Start bird in the foreground of its own session and wait until it answers.

    Raises:
        Fault: It ended or did not answer in time.
    """
    socket = directory / "bird.ctl"
    socket.unlink(missing_ok=True)
    log = directory / "bird.log"
    command = ["bird", "-f", "-c", str(directory / "bird.conf"), "-s", str(socket), "-P", str(directory / "bird.pid")]
    process = spawn(command, Tag(network, namespace, ROLE), log)
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        if not alive(process.pid):
            said = last_words(log, otherwise="it ended at once")
            raise Fault(f"start bird in {namespace}", said, f"look at {log}")
        if socket.exists() and run_unchecked(["birdc", "-s", str(socket), "show", "status"]).returncode == 0:
            return
        time.sleep(_POLL_S)
    raise Fault(f"start bird in {namespace}", f"no answer within {_START_LIMIT_S:g} s", f"look at {log}")


def flush_routes(namespace: str) -> None:
    """Remove what a killed bird left in the kernel."""
    run_unchecked(["ip", "-n", namespace, "route", "flush", "table", "all", "proto", "bird"])
