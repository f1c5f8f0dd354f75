"""Whichever daemon is killed: status says so, and up mends it and nothing else."""

import json
import os
import signal
from contextlib import suppress

import pytest
from killing import kill_at, unchanged_host
from lab import (
    assert_encrypted,
    copy_plan,
    name_of,
    network,
    ok,
    ok_json,
    pids,
    processes,
    sealane,
    start,
    wait_for,
)

pytestmark = [pytest.mark.live, pytest.mark.beside]


@pytest.fixture(scope="module", autouse=True)
def untouched_host():
    with unchanged_host():
        yield


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
    kill_at(start("up", running, "--no-wait"), "connection" if role == "charon" else "frr", delay_s)
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
