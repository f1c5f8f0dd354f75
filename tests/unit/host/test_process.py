import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from sealane.diag import Fault
from sealane.host import (
    Start,
    Tag,
    alive,
    find_placed,
    find_processes,
    run,
    run_unchecked,
    spawn,
    spawn_together,
    stop,
)

NETWORK = f"unit-{os.getpid()}"
DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""


@contextmanager
def sleeping(tag: str | None) -> Iterator[subprocess.Popen[bytes]]:
    environment = {"PATH": os.environ["PATH"], **({} if tag is None else {"SEALANE_PROCESS": tag})}
    process = subprocess.Popen(["sleep", "60"], env=environment)
    try:
        deadline = time.monotonic() + 5
        while b"sleep" not in Path(f"/proc/{process.pid}/cmdline").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.005)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as found:
        yield found


def test_only_processes_with_the_networks_tag_are_found(stack: ExitStack) -> None:
    ours = stack.enter_context(sleeping(f"{NETWORK}:space:bird"))
    for other in (None, f"{NETWORK}-x:space:bird", f"x{NETWORK}:space:bird", f"{NETWORK}:space", f"{NETWORK}:a:b:c"):
        stack.enter_context(sleeping(other))
    assert find_processes(NETWORK) == {ours.pid: Tag(NETWORK, "space", "bird")}


def test_the_tag_counts_only_as_a_variable_of_its_own(stack: ExitStack) -> None:
    process = subprocess.Popen(["sleep", "60"], env={"OTHER": f"SEALANE_PROCESS={NETWORK}:space:bird"})
    stack.callback(process.wait)
    stack.callback(process.kill)
    assert process.pid not in find_processes(NETWORK)


def test_a_child_is_found_by_the_tag_it_inherits(stack: ExitStack) -> None:
    process = spawn(["sh", "-c", "sleep 60 & wait"], Tag(NETWORK, "", "charon"))
    stack.callback(process.wait)
    stack.callback(lambda: stop(find_processes(NETWORK), at_once=True))
    deadline = time.monotonic() + 5
    while len(find_processes(NETWORK)) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert set(find_processes(NETWORK).values()) == {Tag(NETWORK, "", "charon")}
    assert len(find_processes(NETWORK)) == 2


def test_stop_ends_what_it_is_given_and_nothing_else(stack: ExitStack) -> None:
    one = stack.enter_context(sleeping(f"{NETWORK}:a:bird"))
    two = stack.enter_context(sleeping(f"{NETWORK}:b:bird"))
    stop([one.pid])
    assert not alive(one.pid)
    assert alive(two.pid)
    assert list(find_processes(NETWORK)) == [two.pid]


def test_a_process_that_ignores_asking_is_ended_all_the_same(
    stack: ExitStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("sealane.host.process._TERM_GRACE_S", 0.2)
    ready = tmp_path / "ready"
    process = spawn([sys.executable, "-c", DEAF, str(ready)], Tag(NETWORK, "", "bird"))
    stack.callback(process.wait)
    stack.callback(process.kill)
    deadline = time.monotonic() + 5
    while not ready.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    stop([process.pid])
    assert not alive(process.pid)


def test_processes_started_together_share_a_session_that_is_not_ours(tmp_path: Path) -> None:
    """The scheduler's group goes with the session, and a signal to our terminal must not reach them."""
    network = f"together-{os.getpid()}"
    starts = [
        Start(["sleep", "60"], Tag(network, "", role), tmp_path / f"a '{role}'", {"WORD": "two words"})
        for role in ("one", "other")
    ]
    pids = spawn_together(starts)
    try:
        deadline = time.monotonic() + 10
        while len(found := find_processes(network)) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert {pid: tag.role for pid, tag in found.items()} == dict(zip(pids, ("one", "other"), strict=True))
        (session,) = {os.getsid(pid) for pid in pids}
        assert session != os.getsid(0)
        assert b"WORD=two words\0" in Path(f"/proc/{pids[0]}/environ").read_bytes()
        assert all(one.log.exists() for one in starts)
    finally:
        stop(pids)
    assert not any(alive(pid) for pid in pids)


def test_stopping_what_is_gone_is_no_error() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    stop([process.pid])
    stop([])


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen(["true"])
    deadline = time.monotonic() + 5
    while alive(process.pid) and time.monotonic() < deadline:
        time.sleep(0.005)
    assert Path(f"/proc/{process.pid}").exists()
    assert not alive(process.pid)
    process.wait()


def test_a_spawned_process_writes_to_its_log_and_does_not_share_our_session(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = spawn(["sh", "-c", "echo out; echo err >&2; ps -o sid= -p $$"], Tag(NETWORK, "", "x"), log)
    process.wait(timeout=5)
    out, err, session = log.read_text().split()
    assert (out, err) == ("out", "err")
    assert int(session) == process.pid
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_program_that_is_not_there_is_a_fault_with_a_remedy() -> None:
    with pytest.raises(Fault, match="it is not installed") as caught:
        spawn(["no-such-program"], Tag(NETWORK, "", "x"))
    assert caught.value.remedy == "run make setup"
    with pytest.raises(Fault, match="no-such-program is not installed"):
        run(["no-such-program"])


def test_a_failing_program_is_a_fault_with_its_answer() -> None:
    with pytest.raises(Fault, match=r"sh -c .*: it went wrong"):
        run(["sh", "-c", "echo it went wrong >&2; exit 3"])
    with pytest.raises(Fault, match="exit status 3"):
        run(["sh", "-c", "exit 3"])
    assert run_unchecked(["sh", "-c", "exit 3"]).returncode == 3


def test_a_program_that_takes_too_long_is_a_fault() -> None:
    with pytest.raises(Fault, match=r"no answer within 0\.1 s"):
        run(["sleep", "5"], timeout_s=0.1)


def test_standard_input_reaches_the_program_and_its_language_is_plain() -> None:
    assert run(["cat"], text="x\n") == "x\n"
    assert run(["sh", "-c", "echo $LC_ALL $MORE"], environment={"MORE": "more"}) == "C more\n"


def test_programs_do_not_get_what_our_environment_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALANE_SEALING_KEY", "secret-one")
    monkeypatch.setenv("ANY_OTHER", "secret-two")
    told = run(["env"], environment={"MORE": "x"})
    assert "secret" not in told
    assert "MORE=x" in told.splitlines()


@pytest.mark.parametrize("together", [True, False])
def test_what_holds_keys_leaves_no_memory_in_a_file(*, together: bool, stack: ExitStack, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    stack.callback(resource.setrlimit, resource.RLIMIT_CORE, limits)
    resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    tag = Tag(NETWORK, "", "core")
    if together:
        (pid,) = spawn_together([Start(["sleep", "60"], tag, tmp_path / "log", {})])
    else:
        process = spawn(["sleep", "60"], tag)
        stack.callback(process.wait)
        pid = process.pid
    stack.callback(stop, [pid], at_once=True)
    told = Path(f"/proc/{pid}/limits").read_text().splitlines()
    assert [line.split()[4] for line in told if line.startswith("Max core file size")] == ["0"]


def test_a_process_that_was_stopped_serves_nobody(stack: ExitStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sealane.host.process.namespace_path", lambda _: Path("/proc/self/ns/net"))
    daemon = stack.enter_context(sleeping(f"{NETWORK}:here:bird"))
    assert daemon.pid in find_placed(NETWORK)
    daemon.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, daemon.pid, os.WSTOPPED)
    assert daemon.pid not in find_placed(NETWORK)
    assert daemon.pid in find_processes(NETWORK), "or nobody would end it"
