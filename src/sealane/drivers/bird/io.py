"""Starting bird and speaking with it, as birdc does."""

import re
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from sealane.diag import Fault
from sealane.host import Tag, alive, last_words, run, run_unchecked, spawn

_START_LIMIT_S = 5.0
_POLL_S = 0.01
ROLE = "bird"


def birdc(directory: Path, *words: str, timeout_s: float = 10) -> str:
    """What bird answers, as birdc would show it; no program is started for it, as many routers are asked every second.

    Raises:
        Fault: The daemon does not answer.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        with connection:
            connection.connect(str(directory / "bird.ctl"))
            with connection.makefile("rw", encoding="utf-8", errors="replace", newline="\n") as lines:
                shown = [*_answer(lines)]
                lines.write(" ".join(words) + "\n")
                lines.flush()
                shown += _answer(lines)
    except OSError as error:
        raise Fault(f"ask bird in {directory.parent.name}", error.strerror or "no answer in time",
                    f"look at {directory / 'bird.log'}; sealane up starts it again") from None
    return "\n".join(shown) + "\n"


_CODED = re.compile(r"\d{4}[ -]")
_SAYS_NOTHING, _LENGTH, _LAST = "0000", 4, " "


def _answer(lines: Iterable[str]) -> Iterator[str]:
    """The text of one answer (BIRD 2, Remote control).

    Each line has a code or continues the one before; the last has a blank after its code.
    """
    for line in lines:
        text = line.rstrip("\n")
        if not _CODED.match(text):
            yield text.removeprefix(" ")
            continue
        if not text.startswith(_SAYS_NOTHING):
            yield text[_LENGTH + 1 :]
        if text[_LENGTH] == _LAST:
            return
    raise ConnectionResetError(0, "it ended in the midst of its answer")


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
    control = directory / "bird.ctl"
    control.unlink(missing_ok=True)
    log = directory / "bird.log"
    command = ["bird", "-f", "-c", str(directory / "bird.conf"), "-s", str(control), "-P", str(directory / "bird.pid")]
    process = spawn(command, Tag(network, namespace, ROLE), log)
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        if not alive(process.pid):
            said = last_words(log, otherwise="it ended at once")
            raise Fault(f"start bird in {namespace}", said, f"look at {log}")
        if control.exists() and _answers(directory):
            return
        time.sleep(_POLL_S)
    raise Fault(f"start bird in {namespace}", f"no answer within {_START_LIMIT_S:g} s", f"look at {log}")


def _answers(directory: Path) -> bool:
    try:
        birdc(directory, "show", "status")
    except Fault:
        return False
    return True


def flush_routes(namespace: str) -> None:
    """Remove what a killed bird left in the kernel."""
    run_unchecked(["ip", "-n", namespace, "route", "flush", "table", "all", "proto", "bird"])
