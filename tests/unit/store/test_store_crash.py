"""What was acknowledged is there after a crash, and nothing is there in part.

``SEALANE_STORE_KILLS`` sets how often it is tried.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from store_crash_child import PARTS

from sealane.store import SqliteStore

KILLS = int(os.environ.get("SEALANE_STORE_KILLS", "8"))
CHILD = Path(__file__).with_name("store_crash_child.py")


def killed(directory: Path, delay_s: float, planted: str, *, opening: bool) -> dict[int, int]:
    """Let a child commit and kill it; the number of the last batch of each thread that it told as acknowledged.

    The delay counts from its first acknowledgement, or from before it opens the store.
    """
    with subprocess.Popen([sys.executable, CHILD, directory, planted], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"0\n"
        told = b"" if opening else child.stdout.readline()
        time.sleep(delay_s)
        child.send_signal(signal.SIGKILL)
        told += child.stdout.read()
    assert child.returncode == -signal.SIGKILL
    lines = [line.split() for line in told.decode().splitlines()]
    return {int(thread): int(number) for thread, number in lines}


def examine(directory: Path, acknowledged: dict[int, int]) -> None:
    store = SqliteStore(directory)
    parts: dict[tuple[int, int], set[str]] = defaultdict(set)
    for key, value in store.read("parts"):
        thread, number, part = key.split("/")
        assert len(value) == 300
        parts[int(thread), int(number)].add(part)
    logged = {(int(one.value), one.at_ms) for one in store.log("log")}
    newest = [tuple(map(int, key.split("/"))) for key, _ in store.read("newest")]
    store.close()
    for batch, found in parts.items():
        assert len(found) == PARTS, f"batch {batch} is there in part"
    assert logged == set(parts)
    assert sorted(newest) == [(one, max(n for t, n in parts if t == one)) for one in sorted({t for t, _ in parts})]
    for thread, number in newest:
        assert all((thread, one) in parts for one in range(1, number)), f"thread {thread} has a gap"
    for thread, number in acknowledged.items():
        for one in range(1, number + 1):
            assert (thread, one) in parts, f"batch {thread}/{one} was acknowledged and is gone"


def run(directory: Path, kills: int, planted: str = "nothing") -> int:
    chance = random.Random(os.environ.get("SEALANE_STORE_SEED", "1"))
    acknowledged: dict[int, int] = {}
    for number in range(kills):
        acknowledged |= killed(directory, chance.random() * 0.03, planted, opening=number % 4 == 3)
        examine(directory, acknowledged)
    return sum(acknowledged.values())


def test_what_was_acknowledged_is_there_whole_after_a_kill(tmp_path: Path) -> None:
    assert run(tmp_path / "state", KILLS) > 0


@pytest.mark.parametrize(("planted", "told"), [("split", "in part"), ("acknowledged-before", "is gone")])
def test_notices_a_planted_mistake(tmp_path: Path, planted: str, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        run(tmp_path / "state", 60, planted)
