"""An up that is killed, whenever: status says so, another mends it, and down leaves nothing."""

import json
import random
import re
import signal
import time
from pathlib import Path

import pytest
from killing import kill_at, taken_down, unchanged_host
from lab import assert_encrypted, copy_plan, down, end, name_of, ok, ok_json, sealane, start

pytestmark = [pytest.mark.live, pytest.mark.beside]

_RANDOM = random.Random(20260514)
UP_DELAYS_S = (*sorted(round(_RANDOM.uniform(0, 1.2), 2) for _ in range(10)), 1.3, 1.5, 1.7)


@pytest.fixture(scope="module", autouse=True)
def untouched_host():
    with unchanged_host():
        yield


@pytest.fixture
def plan(tmp_path):
    with taken_down(copy_plan(tmp_path, "crash")) as path:
        yield path


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
    kill_at(start("up", plan, "--no-wait"), kind, delay_s)
    kill_at(start("up", plan, "--no-wait"), kind, delay_s / 2)
    ok("up", plan)
    assert_encrypted(plan)
    assert ok_json("up", plan)["changes"] == []
    down(plan)
