"""Processes that outlive us, recognised by an environment variable that all their children inherit."""

import os
import resource
import shlex
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sealane.diag import Fault
from sealane.host.netns import entered, namespace_path
from sealane.host.run import ENVIRONMENT

_VARIABLE = b"SEALANE_PROCESS="
_TERM_GRACE_S = 2.0
_POLL_S = 0.01
_STARTED: list[subprocess.Popen[bytes]] = []
"""What this process started and may yet have to bury; those that ended are, whenever another is started."""


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """Whose a process is: network, namespace and role (``bird``, ``charon``, ``zebra``, ``capture@1234``).

    A role with a number is a measuring process, of use only while the command of that process number lives.
    """

    network: str
    namespace: str
    role: str

    @classmethod
    def of_command(cls, network: str, namespace: str, role: str) -> "Tag":
        """The tag of a process that belongs to the command that is running now."""
        return cls(network, namespace, f"{role}@{os.getpid()}")

    @property
    def is_orphan(self) -> bool:
        """True when the command it belonged to is gone."""
        _, _, owner = self.role.partition("@")
        return bool(owner) and not alive(int(owner))

    def __str__(self) -> str:
        return f"{self.network}:{self.namespace}:{self.role}"


def spawn(
    command: Sequence[str], tag: Tag, log: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process in its namespace and session, its output going to ``log`` (or nowhere).

    Raises:
        Fault: The program is missing or the namespace is gone.
    """
    leave_no_core()
    variables = _variables(tag, environment)
    descriptor = _open_log(log)
    _STARTED[:] = [one for one in _STARTED if one.poll() is None]
    try:
        with entered(tag.namespace or None):
            started = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                start_new_session=True,
                env=variables,
                cwd="/",
            )
        _STARTED.append(started)
        return started  # noqa: TRY300 - belongs to the namespace above
    except FileNotFoundError as error:
        raise Fault(f"start {command[0]}", "it is not installed", "run make setup") from error
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Start:
    """A process to be started; see ``spawn``."""

    command: Sequence[str]
    tag: Tag
    log: Path
    environment: Mapping[str, str]


def spawn_together(starts: Sequence[Start]) -> tuple[int, ...]:
    """Start processes, each in its namespace, all in one session of their own; their process ids.

    The scheduler gives every session a group (sched(7), autogroup). Processes that wake one another for each packet
    interrupt one another far more often when each has a group of its own: with two cores it takes a quarter of the
    throughput of ESP in user space.

    Raises:
        Fault: A program is missing.
    """
    leave_no_core()
    lines = []
    for one in starts:
        os.close(_open_log(one.log))
        variables = [f"{name}={value}" for name, value in _variables(one.tag, one.environment).items()]
        where = ["nsenter", f"--net={namespace_path(one.tag.namespace)}"] if one.tag.namespace else []
        started = shlex.join(["exec", "env", "-i", *variables, *where, *one.command])
        lines.append(f"{started} </dev/null >>{shlex.quote(str(one.log))} 2>&1 & echo $!")
    try:
        done = subprocess.run(
            ["sh"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False, start_new_session=True,
            cwd="/", env=_variables(None, None),
        )
    except FileNotFoundError as error:
        raise Fault("start daemons", "there is no sh", "run make setup") from error
    return tuple(int(line) for line in done.stdout.splitlines())


def leave_no_core() -> None:
    """Let neither this process nor those it starts leave their memory in a file when they crash: it holds keys."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _variables(tag: Tag | None, more: Mapping[str, str] | None) -> dict[str, str]:
    return {
        **ENVIRONMENT,
        **({} if tag is None else {"SEALANE_PROCESS": str(tag)}),
        **(more or {}),
    }


def _open_log(log: Path | None) -> int:
    return os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def find_processes(network: str) -> Mapping[int, Tag]:
    """All living processes of a network by pid; reading other users' processes needs root."""
    found = {}
    wanted = _VARIABLE + network.encode() + b":"
    for entry in os.listdir("/proc"):  # noqa: PTH208 - twice as fast as iterdir, and run often
        if not entry.isdigit():
            continue
        try:
            environment = Path("/proc", entry, "environ").read_bytes()
        except OSError:
            continue
        start = environment.find(wanted)
        if start < 0 or (start > 0 and environment[start - 1] != 0):
            continue
        value = environment[start + len(_VARIABLE) :].split(b"\0", 1)[0].decode(errors="replace")
        match value.split(":"):
            case [_, namespace, role] if alive(int(entry)):
                found[int(entry)] = Tag(network, namespace, role)
    return found


def find_placed(network: str) -> Mapping[int, Tag]:
    """Those processes of a network that are in the namespace of their tag as it is named now, and not stopped.

    A namespace that was deleted by name lives on with the processes in it; they serve nobody any more, and neither does
    one that was sent SIGSTOP.
    """
    homes: dict[str, int] = {}
    found = {}
    for pid, tag in find_processes(network).items():
        try:
            if tag.namespace not in homes:
                homes[tag.namespace] = namespace_path(tag.namespace).stat().st_ino
            placed = Path("/proc", str(pid), "ns", "net").stat().st_ino == homes[tag.namespace]
            if placed and _state(pid) != "T":
                found[pid] = tag
        except OSError:
            continue
    return found


def _state(pid: int) -> str:
    """Its letter (proc(5), "/proc/pid/stat"); the name before it may hold anything."""
    return Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[0]


def alive(pid: int) -> bool:
    """True while the process runs; a zombie does not, once the last of its threads, which holds its files, is gone."""
    try:
        return _state(pid) != "Z" or len(os.listdir(f"/proc/{pid}/task")) > 1  # noqa: PTH208 - see find_processes
    except (OSError, IndexError):
        return False


def stop(pids: Iterable[int], *, at_once: bool = False) -> None:
    """End processes: politely, then for good. Those already gone are no error."""
    waiting = [pid for pid in pids if _signal(pid, signal.SIGKILL if at_once else signal.SIGTERM)]
    waiting = _wait(waiting, _TERM_GRACE_S)
    for pid in waiting:
        _signal(pid, signal.SIGKILL)
    _wait(waiting, _TERM_GRACE_S)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _wait(pids: list[int], limit_s: float) -> list[int]:
    """Those of ``pids`` that still live after at most ``limit_s``."""
    deadline = time.monotonic() + limit_s
    while pids and time.monotonic() < deadline:
        pids = [pid for pid in pids if alive(pid)]
        if pids:
            time.sleep(_POLL_S)
    return pids
