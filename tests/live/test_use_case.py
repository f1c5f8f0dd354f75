"""The use case, stage by stage, and the demo as a user runs it: what crosses the wire and what stands in the tables."""

import json
import struct
import subprocess
from pathlib import Path

import pytest
from lab import (
    RUN,
    SEALANE,
    copy_plan,
    environment,
    host_state,
    ip,
    leftovers,
    live,
    name_of,
    network,
    ok,
    ok_json,
    probe,
    routes,
    sealane,
    space,
    wait_for,
)

from sealane.app.status import carries
from sealane.app.walk import STAGE_IDS

pytestmark = pytest.mark.live

LAN = ("192.168.10.0/24", "192.168.20.0/24", "192.168.40.0/24")
VSWITCHES = ("172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24")
OUTER = ("192.168.10.136", "192.168.40.159")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """One network for all stages, in the order of the tests below."""
    with network(copy_plan(tmp_path_factory.mktemp("plan"), "stages"), "--until", "plain") as path:
        yield path


def test_plain_is_clear_in_both_directions(plan):
    assert wait_for(lambda: probe(plan, count=1)["received"] == 1)
    for source, destination in (("ecs1", "client"), ("client", "ecs1")):
        found = probe(plan, source, destination, count=5)
        assert (found["verdict"], found["received"]) == ("clear", 5)
        assert found["captured"]["Circuit"]["clear_protected"] == 10
        assert found["circuits"]["Circuit"]["clear_protected"] == 10
        assert found["circuits"]["Circuit"]["esp"] == 0
    assert ok_json("status", plan)["tunnels"] == []
    assert set(routes(space(plan, "tr"), "100")) == {*VSWITCHES, "192.168.0.0/16"}


def test_tunnels_without_routes_leave_everything_clear(plan):
    ok("up", plan, "--until", "tunnels-up")
    assert wait_for(
        lambda: all(one.child_state == "INSTALLED" for one in live(plan).observer.tunnels())
    ), [one.to_json() for one in live(plan).observer.tunnels()]
    found = probe(plan, count=5)
    assert found["verdict"] == "clear"
    assert found["captured"]["Circuit"]["clear_protected"] == 10
    for tunnel in live(plan).observer.tunnels():
        assert tunnel.ike_state == "ESTABLISHED"
        assert "AES_CBC-128" in tunnel.child_proposal
        assert tunnel.bgp_state != "Established"


def test_without_host_routes_the_tunnels_swallow_themselves(plan):
    ok("up", plan, "--until", "bgp-without-host-routes")
    reasons: dict[str, str] = {}

    def recursing() -> bool:
        for tunnel in live(plan).observer.tunnels():
            if "underlay recursion" in tunnel.reason:
                reasons.setdefault(tunnel.name, tunnel.reason)
        return len(reasons) == 2

    assert wait_for(recursing), [one.to_json() for one in live(plan).observer.tunnels()]
    assert any(OUTER[0] in reason for reason in reasons.values())
    assert any(OUTER[1] in reason for reason in reasons.values())


def test_the_whole_plan_is_encrypted_over_both_tunnels(plan):
    ok("up", plan)
    assert wait_for(lambda: carries(live(plan).observer))
    before = {one.name: one for one in live(plan).observer.tunnels()}
    for source, destination in (("ecs1", "client"), ("client", "ecs1"), ("ecs2", "client"), ("client", "ecs2")):
        found = probe(plan, source, destination, count=20)
        assert (found["verdict"], found["lost"]) == ("encrypted", 0)
        assert found["captured"]["Circuit"]["clear_protected"] == 0
        assert found["circuits"]["Circuit"]["clear_protected"] == 0
        assert found["circuits"]["Circuit"]["esp"] >= 40
        assert found["capture_dropped"] == 0
    from sealane.app.flows import Flows  # many flows, so that ECMP must use both

    net = live(plan)
    with Flows(net, net.host("ecs1"), net.host("client")) as flows:
        wait_for(lambda: False, 1)
        result = flows.finish()
    assert result.received == result.sent
    for tunnel in net.observer.tunnels():
        assert tunnel.reason == ""
        assert tunnel.packets_out > before[tunnel.name].packets_out + 20
        assert tunnel.packets_in > before[tunnel.name].packets_in + 20


def test_tables_are_exactly_the_expected(plan):
    tr = routes(space(plan, "tr"), "100")
    tunnels = frozenset(one["ifname"] for one in _links(plan, "tr") if one["ifname"].startswith("ipsec"))
    assert len(tunnels) == 2
    assert tr == {
        **dict.fromkeys(VSWITCHES, frozenset({"vpc-attachment"})),
        "192.168.0.0/16": frozenset({"vbr-attachment"}),
        **dict.fromkeys(LAN, tunnels),
        **dict.fromkeys(OUTER, frozenset({"vbr-attachment"})),
        "10.10.10.0/24": frozenset({"blackhole"}),
    }
    vbr = _learned(plan, "vbr")
    assert vbr == {
        **dict.fromkeys(VSWITCHES, frozenset({"tr"})),
        "192.168.0.0/16": frozenset({"circuit"}),
        "10.10.10.0/24": frozenset({"tr"}),
    }
    device_tunnels = frozenset(one["ifname"] for one in _links(plan, "cgw") if one["ifname"].startswith("ipsec"))
    device = _learned(plan, "cgw")
    assert {one: device.pop(one) for one in VSWITCHES} == dict.fromkeys(VSWITCHES, device_tunnels)
    assert {one: device.pop(one) for one in ("10.10.10.49", "10.10.10.50", "172.16.0.0/16")} == dict.fromkeys(
        ("10.10.10.49", "10.10.10.50", "172.16.0.0/16"), frozenset({"vbr"})
    )
    assert {one: device.pop(one) for one in ("192.168.0.0/16", "192.168.20.0/24")} == dict.fromkeys(
        ("192.168.0.0/16", "192.168.20.0/24"), frozenset({"private"})
    )
    assert set(device) == {"192.168.10.0/24", "192.168.40.0/24", *OUTER}


def _links(plan: Path, node: str) -> list[dict]:
    return ip(space(plan, node), "link")


def _learned(plan: Path, node: str) -> dict[str, frozenset[str]]:
    """All routes of the main table but the kernel's connected ones."""
    connected = {one["dst"] for one in ip(space(plan, node), "route", "show", "proto", "kernel")}
    return {dst: hops for dst, hops in routes(space(plan, node), "main").items() if dst not in connected}


def test_a_route_made_or_removed_by_hand_is_found_with_the_packets_that_it_hits(plan):
    proved = ok_json("prove", plan, "--live")
    assert (proved["verdict"], proved["agrees"], proved["failed"]) == ("proved", True, [])
    transit = ["ip", "-n", space(plan, "tr"), "route"]
    border = next(one["gateway"] for one in ip(space(plan, "tr"), "route", "show", "table", "100")
                  if one["dst"] == "192.168.0.0/16")
    stray = ["192.168.20.6/32", "via", border, "dev", "vbr-attachment", "table", "100"]
    subprocess.run([*transit, "add", *stray], check=True)
    found = _drift(plan)
    assert {"SEEN-007", "SEEN-011"} == set(found["codes"])
    assert any("192.168.20.6: are clear over Circuit" in one for one in found["texts"])
    assert "encrypted" in found["violated"]
    assert probe(plan)["verdict"] in {"clear", "mixed"}, "the wire agrees"
    subprocess.run([*transit, "del", *stray], check=True)
    for _ in range(3):  # BIRD puts its own routes back within ten seconds
        subprocess.run([*transit, "del", f"{OUTER[0]}/32", "table", "100"], check=False)
        found = _drift(plan)
        if "SEEN-006" in found["codes"]:
            break
    assert any(f"route {OUTER[0]}/32 of TR" in one and "the kernel has nothing" in one for one in found["texts"])
    assert {"no-blackhole", "no-recursion"} <= set(found["violated"])
    assert wait_for(lambda: sealane("prove", plan, "--live").returncode == 0)
    assert wait_for(lambda: carries(live(plan).observer))


def _drift(plan: Path) -> dict[str, list[str]]:
    done = sealane("prove", plan, "--live", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["verdict"], found["agrees"]) == (3, "violated", False) or not found["differences"]
    return {
        "codes": [one["code"] for one in found["differences"] if one["severity"] == "error"],
        "texts": [f"{one['subject']}: {one['problem']}" for one in found["differences"]],
        "violated": [one["property"] for one in found["properties"] if one["verdict"] == "violated"],
    }


def test_keys_are_where_only_root_and_charon_see_them(plan):
    folder = RUN / name_of(plan)
    store = folder / "keys.json"
    assert store.stat().st_mode & 0o777 == 0o600
    keys = [key.encode() for name, key in json.loads(store.read_text()).items() if "tunnel" in name]
    assert len(keys) == 2
    assert _files_with(keys, folder, but=store) == []
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
    assert not any(key in line for key in keys for line in lines)
    said = ok("status", plan, "--json") + ok("status", plan) + ok("up", plan, "--json")
    assert not any(key.decode() in said for key in keys)


def _readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def _files_with(keys: list[bytes], folder: Path, but: Path | None = None) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path != but]
    assert files
    return [str(path) for path in files if any(key in path.read_bytes() for key in keys)]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo as a user runs it, kept up at the end so that its keys can be read."""
    before = host_state()
    folder = tmp_path_factory.mktemp("demo")
    plan = copy_plan(folder, "demo")
    evidence = folder / "evidence"
    command = [SEALANE, "demo", str(plan), "--evidence", str(evidence), "--pings", "200", "--json", "--keep-up"]
    try:
        for _ in range(2):  # timings may fail beside other work on this machine
            sealane("down", plan)
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=400, env=environment(), cwd=folder, check=False
            )
            if done.returncode != 3:
                break
        yield done, evidence, plan
    finally:
        ok("down", plan)
        assert leftovers(name_of(plan)) == []
    assert host_state() == before


def test_demo_shows_every_stage(demo):
    done, _, _ = demo
    failed = [
        (stage["id"], check) for stage in json.loads(done.stdout)["stages"] for check in stage["checks"]
        if not check["ok"]
    ]
    assert failed == []
    assert (done.returncode, done.stderr) == (0, "")
    assert [stage["id"] for stage in json.loads(done.stdout)["stages"]] == list(STAGE_IDS)


def test_demo_evidence_is_complete(demo):
    done, evidence, _ = demo
    stored = json.loads((evidence / "evidence.json").read_text())
    assert stored["stages"] == json.loads(done.stdout)["stages"]
    for stage in stored["stages"]:
        assert stage["ok"] is True
        assert stage["duration_s"] > 0
        assert stage["pings"]["sent"] >= stage["pings"]["received"] >= 0
        assert set(stage["circuit"]) == {"esp", "ike", "routing", "clear_protected", "other"}
        assert isinstance(stage["findings"], list)
        for tunnel in stage["tunnels"]:
            assert {"name", "ike_state", "child_state", "bgp_state", "bytes_in", "bytes_out"} <= set(tunnel)
        assert stage["files"]
        for file in stage["files"]:
            assert (evidence / file).stat().st_size >= 24
            assert (evidence / file).read_bytes()[:4] in {struct.pack("<I", 0xA1B2C3D4), struct.pack("<I", 0xA1B23C4D)}
    stages = {stage["id"]: stage for stage in stored["stages"]}
    assert stages["plain"]["tunnels"] == []
    assert stages["tunnels-up"]["captured"]["ike"] >= stages["tunnels-up"]["circuit"]["ike"] >= 8
    assert len(stages["encrypted"]["tunnels"]) == 2
    assert stages["encrypted"]["pings"] == {"sent": 400, "received": 400}
    assert stages["encrypted"]["circuit"]["clear_protected"] == 0
    for name in ("tunnel-1-down", "tunnel-2-down", "both-down-open", "both-down-required"):
        assert isinstance(stages[name]["longest_gap_ms"], int)
    assert stages["both-down-open"]["circuit"]["clear_protected"] > 0
    assert stages["both-down-required"]["circuit"]["clear_protected"] == 0
    assert any("underlay recursion" in str(one) for one in stages["bgp-without-host-routes"]["findings"])
    assert sorted(path.name for path in evidence.iterdir() if path.suffix != ".pcap") == [
        "configurations", "evidence.json",
    ]
    assert list((evidence / "configurations").iterdir())


VERDICTS = {
    "plain": "clear", "tunnels-up": "clear", "encrypted": "encrypted", "tunnel-1-down": "encrypted",
    "tunnel-2-down": "encrypted", "both-down-open": "clear", "both-down-required": "unanswered",
}
"""The twin's, for pings between the VPC and the site; the stage's checks hold them against what was measured."""


def test_the_twin_has_the_verdict_of_every_stage_and_differs_nowhere(demo):
    _, evidence, _ = demo
    stages = {one["id"]: one for one in json.loads((evidence / "evidence.json").read_text())["stages"]}
    twins = {name: stage["facts"]["twin"] for name, stage in stages.items() if "twin" in stage["facts"]}
    assert {name: twins[name]["verdict"] for name in VERDICTS} == VERDICTS
    assert all(one["differences"] == [] for name, one in twins.items() if name != "bgp-without-host-routes")
    assert "loop" in "".join(twins["no-route-policy"]["tunnels_down"].values())
    moving = twins["bgp-without-host-routes"]
    assert moving["stability"] == "oscillating"
    assert [address in "".join(moving["repair"]) for address in OUTER] == [True, True]
    assert {tuple(one) for one in moving["cycle"]} <= {tuple(one) for one in moving["states_seen"]}
    assert len(stages["as-published"]["facts"]["layers"]) == 7


def test_demo_tells_no_key(demo):
    done, evidence, plan = demo
    folder = RUN / name_of(plan)
    stored = json.loads((folder / "keys.json").read_text())
    keys = [key.encode() for key in stored.values()]
    assert len(keys) >= 2
    assert _files_with(keys, evidence) == []
    assert _files_with(keys, folder, but=folder / "keys.json") == []
    assert not any(key.decode() in done.stdout + done.stderr for key in keys)
    assert (folder / "keys.json").stat().st_mode & 0o077 == 0


def test_demo_leaves_its_network_well_when_kept_up(demo):
    _, _, plan = demo
    assert ok_json("status", plan)["well"] is True
    assert probe(plan)["verdict"] == "encrypted"
