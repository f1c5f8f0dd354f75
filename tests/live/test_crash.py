"""Whatever is killed, whenever: status says so, up mends it, down leaves nothing, and nothing foreign is touched."""

import json
import os
import random
import re
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest
from lab import (
    assert_encrypted,
    copy_plan,
    down,
    end,
    host_state,
    leftovers,
    name_of,
    network,
    ok,
    ok_json,
    pids,
    probe,
    processes,
    sealane,
    space,
    start,
    wait_for,
)

pytestmark = pytest.mark.live

_RANDOM = random.Random(20260514)
UP_DELAYS_S = (*sorted(round(_RANDOM.uniform(0, 1.2), 2) for _ in range(10)), 1.3, 1.5, 1.7)
DOWN_DELAYS_S = (0.35, 0.45, 0.55)


@pytest.fixture(scope="module", autouse=True)
def untouched_host():
    before = host_state()
    yield
    assert host_state() == before


@pytest.fixture
def plan(tmp_path, request):
    path = copy_plan(tmp_path, "crash")
    yield path
    ok("down", "--name", name_of(path))
    assert leftovers(name_of(path)) == []


@pytest.mark.parametrize(("number", "delay_s"), list(enumerate(UP_DELAYS_S)))
def test_up_killed(plan, number, delay_s):
    process = start("up", plan, "--no-wait")
    time.sleep(delay_s)
    end(process, signal.SIGKILL)
    _status_is_sensible(plan)
    if number % 3 == 1:
        ok("up", plan)
        assert_encrypted(plan)
        assert ok_json("up", plan)["changes"] == []
    down(plan)


def _status_is_sensible(plan: Path) -> None:
    listed = json.loads(ok("status", "--json"))
    mine = [one for one in listed if one["network"] == name_of(plan)]
    assert len(mine) <= 1
    for one in mine:
        whole = one["state"] == "up"
        assert whole or ("sealane up" in one["state"] and "sealane down" in one["state"])
    done = sealane("status", plan)
    assert done.returncode in {0, 1, 3}
    if done.returncode == 1:  # killed before it had written anything down
        assert "it is not up" in done.stderr
        assert "fix: " in done.stderr
    if done.returncode == 3 and "sealane up mends it" not in done.stdout:  # made, but not yet negotiated
        assert re.search(r"IKE|BGP|no route", done.stdout)


STAGES_S = (
    ("namespace", 0), ("namespace", 0.03), ("link", 0), ("link", 0.03), ("link", 0.07), ("address", 0), ("frr", 0.1),
    ("charon", 0), ("charon", 0.03), ("charon", 0.06), ("charon", 0.09), ("connection", 0), ("connection", 0.03),
)


@pytest.mark.parametrize(("kind", "delay_s"), STAGES_S)
def test_up_killed_in_the_midst_of_a_stage(plan, kind, delay_s):
    """However fast the machine is, something is half made here; a second kill falls upon the mending."""
    _kill_at(start("up", plan, "--no-wait"), kind, delay_s)
    _kill_at(start("up", plan, "--no-wait"), kind, delay_s / 2)
    ok("up", plan)
    assert_encrypted(plan)
    assert ok_json("up", plan)["changes"] == []
    down(plan)


def _kill_at(process: subprocess.Popen[str], kind: str, delay_s: float) -> None:
    """Kill a command that long after it told that it works on a kind, if it ever does."""
    for line in process.stderr or ():
        if line.rstrip().endswith(f" x {kind}"):
            time.sleep(delay_s)
            break
    end(process, signal.SIGKILL)


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


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with network(copy_plan(tmp_path_factory.mktemp("plan"), "kill")) as path:
        assert_encrypted(path)
        yield path


@pytest.mark.parametrize(
    ("role", "node", "kinds"),
    [
        ("charon", "tr-t1", {"charon", "connection"}),
        ("charon", "cgw-t2", {"charon", "connection"}),
        ("bird", "tr", {"bird"}),
        ("bird", "vbr", {"bird"}),
        ("bgpd", "cgw", {"frr"}),
        ("zebra", "cgw", {"frr"}),
    ],
)
def test_a_killed_daemon_is_mended_and_nothing_else(running, role, node, kinds):
    name = name_of(running)
    others = processes(name)
    victims = pids(name, role, node)
    assert len(victims) == 1, victims
    os.kill(victims[0], signal.SIGKILL)
    assert wait_for(lambda: victims[0] not in processes(name))
    done = sealane("status", running, "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["well"], bool(told["missing"])) == (3, False, True)
    changes = ok_json("up", running)["changes"]
    assert changes
    assert {change.split()[1] for change in changes} <= kinds | {"route"}, changes
    assert all(f"sealane.{name}.{node}" in change for change in changes), changes
    assert_encrypted(running)
    assert ok_json("up", running)["changes"] == []
    alive = processes(name)
    siblings = {pid for pid, tag in others.items() if tag.split(":")[1].startswith(f"sealane.{name}.{node}")}
    assert set(others) - siblings <= set(alive), "up restarted what was well"


@pytest.mark.parametrize(("role", "node"), [("charon", "tr-t1"), ("charon", "cgw-t1"), ("zebra", "cgw")])
@pytest.mark.parametrize("delay_s", [0, 0.1, 0.2])
def test_a_mending_up_that_is_killed_is_mended(running, role, node, delay_s):
    """The far end of a charon that was started anew still has its old SAs, and nobody is left who would know."""
    (victim,) = pids(name_of(running), role, node)
    os.kill(victim, signal.SIGKILL)
    assert wait_for(lambda: victim not in processes(name_of(running)))
    _kill_at(start("up", running, "--no-wait"), "connection" if role == "charon" else "frr", delay_s)
    ok("up", running)
    assert_encrypted(running)
    assert ok_json("up", running)["changes"] == []


def test_all_daemons_killed_at_once(running):
    for pid in processes(name_of(running)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not processes(name_of(running)))
    assert sealane("status", running).returncode == 3
    ok("up", running)
    assert_encrypted(running)


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
