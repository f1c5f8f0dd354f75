"""Whatever is killed, interrupted or cut short: down leaves nothing, and nothing foreign is touched."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest
from killing import taken_down, unchanged_host
from lab import (
    assert_encrypted,
    copy_plan,
    down,
    end,
    leftovers,
    name_of,
    ok,
    ok_json,
    probe,
    sealane,
    space,
    start,
    wait_for,
)

pytestmark = [pytest.mark.live, pytest.mark.beside]
DOWN_DELAYS_S = (0.35, 0.45, 0.55)


@pytest.fixture(scope="module", autouse=True)
def untouched_host():
    with unchanged_host():
        yield


@pytest.fixture
def plan(tmp_path):
    with taken_down(copy_plan(tmp_path, "crash")) as path:
        yield path


def test_down_killed_then_down(plan):
    for delay_s in DOWN_DELAYS_S:
        ok("up", plan, "--no-wait")
        process = start("down", plan)
        time.sleep(delay_s)
        end(process, signal.SIGKILL)
        ok("status", "--json")
        down(plan)


def test_down_killed_then_up(plan):
    ok("up", plan, "--no-wait")
    process = start("down", plan)
    time.sleep(DOWN_DELAYS_S[1])
    end(process, signal.SIGKILL)
    ok("up", plan)
    assert_encrypted(plan)


def _started(*words: object) -> subprocess.Popen[str]:
    """A command that has begun to work on the network of its plan."""
    process = start(*words)
    lock = Path("/run/sealane", f".{name_of(Path(str(words[1])))}.lock")
    assert wait_for(lock.exists), end(process, signal.SIGKILL)
    return process


def test_interrupted_up(plan):
    for delay_s in (0.1, 0.5):
        process = _started("up", plan)
        time.sleep(delay_s)
        _, said = end(process, signal.SIGINT)
        assert process.returncode == 130, (delay_s, said)
        assert "interrupted" in said
        assert "sealane down" in said
        down(plan)


@pytest.mark.parametrize("delay_s", [1.0, 5.5])
def test_interrupted_demo(plan, tmp_path, delay_s):
    process = _started("demo", plan, "--evidence", tmp_path / "evidence", "--pings", "50")
    time.sleep(delay_s)
    _, said = end(process, signal.SIGINT)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert leftovers(name_of(plan)) == []


@pytest.mark.parametrize("size_kib", [8, 32, 64, 100])
def test_full_disk(plan, size_kib):
    root = Path(tempfile.mkdtemp(prefix="lv"))  # short, since sockets' paths must be
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_kib}k", "sealane-test", str(root)], check=True)
    env = {"SEALANE_RUN": str(root)}
    try:
        done = sealane("up", plan, "--no-wait", env=env)
        assert done.returncode == 1, done.stdout
        assert "No space left on device" in done.stderr
        assert "fix: " in done.stderr
        assert sealane("status", plan, env=env).returncode in {1, 3}
        ok("down", plan, env=env)
        assert leftovers(name_of(plan), root) == []
        assert list(root.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)
        root.rmdir()


def test_nothing_foreign_is_touched(plan):
    """Namespaces and processes that only look like ours stay; so does what a stranger runs inside one of ours."""
    name = name_of(plan)
    stranger, neighbor = f"live-{os.getpid()}-foreign", f"sealane.{name}2.tr"
    ok("up", plan)
    running: list[subprocess.Popen[bytes]] = []
    try:
        for one in (stranger, neighbor):
            subprocess.run(["ip", "netns", "add", one], check=True)
            rules = "table inet foreign { chain c { type filter hook input priority 0; }; }"
            subprocess.run(["ip", "netns", "exec", one, "nft", rules], check=True)
        plain = {"PATH": os.environ["PATH"]}
        tagged = {**plain, "SEALANE_PROCESS": f"{name}2:{neighbor}:bird"}
        for where, env in ((stranger, plain), (neighbor, tagged), (space(plan, "client"), plain)):
            running.append(subprocess.Popen(["ip", "netns", "exec", where, "sleep", "120"], env=env))
        time.sleep(0.2)
        assert ok_json("up", plan)["changes"] == []
        assert probe(plan)["verdict"] == "encrypted"
        down(plan)
        assert [one.poll() for one in running] == [None, None, None]
        for one in (stranger, neighbor):
            command = ["ip", "netns", "exec", one, "nft", "list", "tables"]
            shown = subprocess.run(command, capture_output=True, check=True)
            assert b"foreign" in shown.stdout
    finally:
        for process in running:
            process.kill()
            process.wait()
        for one in (stranger, neighbor):
            subprocess.run(["ip", "netns", "del", one], check=False)


def test_two_commands_at_once_one_is_told_to_wait(plan):
    first = _started("up", plan, "--no-wait")
    os.kill(first.pid, signal.SIGSTOP)  # it cannot be done before the second has looked
    second = sealane("up", plan, "--no-wait")
    os.kill(first.pid, signal.SIGCONT)
    out, err = first.communicate(timeout=60)
    assert (first.returncode, "Traceback" in err) == (0, False), (out, err)
    assert second.returncode == 1
    assert "another command" in second.stderr
    ok("up", plan)
    assert_encrypted(plan)
