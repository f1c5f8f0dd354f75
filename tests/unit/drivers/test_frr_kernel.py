"""What the FRR driver takes out of the kernel."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from sealane.drivers.frr import io
from sealane.drivers.linux import ROUTE_PROTOCOL

pytestmark = pytest.mark.live

BGP, STATIC, ZEBRA = 186, 196, 11
"""FRR 8.4, zebra/rt_netlink.h."""


def ip(*words: str) -> str:
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.fixture
def space() -> Iterator[str]:
    name = f"slt-frr-{os.getpid():x}"
    ip("netns", "add", name)
    try:
        yield name
    finally:
        ip("netns", "del", name)


def test_what_a_killed_zebra_left_is_removed_and_nothing_else(space: str) -> None:
    kept = (ROUTE_PROTOCOL, 4)
    ip("-n", space, "link", "set", "dev", "lo", "up")
    for number, protocol in enumerate((BGP, STATIC, ZEBRA, *kept)):
        proto = ("proto", str(protocol), "metric", "20")
        ip("-n", space, "route", "add", "blackhole", f"10.{number}.0.0/16", *proto)
        ip("-n", space, "route", "add", f"10.{number}.1.0/24", "dev", "lo", "table", "77", *proto)
    io.flush_routes(space)
    left = json.loads(ip("-N", "-j", "-n", space, "route", "show", "table", "all"))
    assert {int(one["protocol"]) for one in left if one["dst"].startswith("10.")} == set(kept)
    assert len([one for one in left if one["dst"].startswith("10.")]) == 2 * len(kept)
