"""Changing a network that carries traffic: only the difference is applied, and 8 UDP flows lose nothing."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import (
    RUN,
    assert_encrypted,
    copy_plan,
    down,
    edit,
    host_state,
    ip,
    live,
    name_of,
    network,
    ok,
    ok_json,
    processes,
    routes,
    sealane,
    space,
    wait_for,
)

from sealane.app.compare import compare_live, intended
from sealane.app.flows import Flows, FlowsResult
from sealane.app.status import carries
from sealane.twin.converge import Twin

pytestmark = pytest.mark.live

ENTRY = "    - {destination_cidr_block: 192.168.40.159/32, next_hop: VBR-Attachment}\n"
HOST = "        private_ip_address: 172.16.10.226\n        security_group: app\n"
VPC = "        vpc: VPC\n"
TO_SITE = "      - {destination_cidr_block: 192.168.0.0/16, next_hop: VPC-Attachment}\n"
STATIC = "route private 192.168.0.0 255.255.0.0 192.168.50.216 1\n"


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    before = host_state()
    with network(copy_plan(tmp_path_factory.mktemp("plan"), "change")) as path:
        assert_encrypted(path)
        yield path
    assert host_state() == before


def flows_during(plan: Path, work: Callable[[], object]) -> FlowsResult:
    """8 flows of 100 packets a second around some work."""
    net = live(plan)
    with Flows(net, net.host("ecs1"), net.host("client")) as flows:
        time.sleep(0.4)
        work()
        time.sleep(0.8)
        return flows.finish()


def lossless(plan: Path, work: Callable[[], object], again: Callable[[], object] | None = None) -> None:
    """The work loses no packet; a second chance, since two cores and others' work can lose one by themselves."""
    assert wait_for(lambda: carries(live(plan).observer))
    result = flows_during(plan, work)
    if result.received != result.sent:
        result = flows_during(plan, again or work)
    assert (result.sent - result.received, result.longest_gap_ms, result.flows) == (0, 0, 8)


@contextmanager
def edited(path: Path, *edits: tuple[str, str]) -> Iterator[None]:
    before = path.read_text()
    edit(path, *edits)
    try:
        yield
    finally:
        path.write_text(before)


def changed(plan: Path, file: str, old: str, new: str) -> list[str]:
    """Change one file under flows, and back under flows; what the change changed on the host."""
    path = plan.with_name(file)
    found: list[str] = []
    with edited(path, (old, new)):
        lossless(plan, lambda: found.extend(ok_json("up", plan)["changes"]))
        assert ok_json("up", plan)["changes"] == []
    return found


def test_up_again_changes_nothing(plan):
    running = processes(name_of(plan))
    lossless(plan, lambda: ok_json("up", plan)["changes"] == [] or pytest.fail("changes"))
    assert processes(name_of(plan)) == running


def test_route_entry_is_added_and_taken_back(plan):
    more = ENTRY + "    - {destination_cidr_block: 10.77.0.0/16, next_hop: VPC-Attachment}\n"
    assert changed(plan, "plan.yaml", ENTRY, more) == [f"update bird {space(plan, 'tr')}"]
    assert routes(space(plan, "tr"), "100")["10.77.0.0/16"] == {"vpc-attachment"}
    lossless(plan, lambda: ok("up", plan))
    assert "10.77.0.0/16" not in routes(space(plan, "tr"), "100")


def test_route_map_is_changed(plan):
    old = "    destination_cidr_blocks: [192.168.10.136/32, 192.168.40.159/32]\n"
    new = "    destination_cidr_blocks: [192.168.10.136/32, 192.168.40.159/32, 172.16.30.0/24]\n"
    assert "172.16.30.0/24" in routes(space(plan, "vbr"), "main")
    assert changed(plan, "plan.yaml", old, new) == [f"update bird {space(plan, 'tr')}"]
    assert wait_for(lambda: "172.16.30.0/24" not in routes(space(plan, "vbr"), "main"))
    lossless(plan, lambda: ok("up", plan))
    assert wait_for(lambda: "172.16.30.0/24" in routes(space(plan, "vbr"), "main"))


def test_host_is_added(plan):
    more = f"{HOST}      - name: ECS3\n        vswitch: vSwitch1\n        private_ip_address: 172.16.10.227\n"
    found = changed(plan, "plan.yaml", HOST, more + "        security_group: app\n")
    mine = {space(plan, "ecs3")}
    assert f"create namespace {space(plan, 'ecs3')}" in found
    others = [one for one in found if not any(name in one for name in mine)]
    assert all("sw-vpc-vswitch1" in one or one == f"update filter {space(plan, 'vpc')}" for one in others), found
    assert not [one for one in found if one.startswith("delete")], found
    done = subprocess.run(
        ["ip", "netns", "exec", space(plan, "ecs3"), "ping", "-nqc3", "-i.05", "192.168.20.6"], check=False,
        capture_output=True, text=True,
    )
    assert "3 received" in done.stdout
    lossless(plan, lambda: ok("up", plan))
    assert not Path("/run/netns", space(plan, "ecs3")).exists()


def test_device_static_is_added(plan):
    more = f"{STATIC}route private 10.99.0.0 255.255.0.0 192.168.50.216 1\n"
    assert changed(plan, "cgw.asa.cfg", STATIC, more) == [f"update frr {space(plan, 'cgw')}"]
    assert routes(space(plan, "cgw"), "main")["10.99.0.0/16"] == {"private"}
    lossless(plan, lambda: ok("up", plan))
    assert "10.99.0.0/16" not in routes(space(plan, "cgw"), "main")


def test_mode_is_switched(plan):
    for mode in ("required", "open", "monitor", "open"):
        found: list[str] = []
        lossless(plan, lambda mode=mode, found=found: found.extend(ok_json("up", plan, "--mode", mode)["changes"]))
        assert all(one.startswith("update filter ") for one in found), found
        assert ok_json("status", plan)["mode"] == mode
        if mode == "required":
            assert sorted(one.split()[2].split("/")[0] for one in found) == [space(plan, "cgw"), space(plan, "vbr")]
    ok("up", plan)


def test_required_is_not_lost_by_an_edit(plan):
    """The difference is told before it is applied; what would make required packets clear needs to be allowed."""
    def kept() -> tuple[str, str]:
        command = ["ip", "netns", "exec", space(plan, "vbr"), "nft", "-s", "list", "table", "inet", "sealane_meter"]
        meter = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return meter, (RUN / name_of(plan) / "record.json").read_text()

    with edited(plan, ("    mode: open\n", "    mode: required\n")):
        found = ok_json("up", plan)
        assert [one["name"] for one in found["difference"]["protections"]] == ["dc-vpc"]
        assert not found["difference"]["worse"]
        assert ok_json("up", plan)["difference"] is None
    before = kept()
    done = sealane("up", plan)
    assert done.returncode == 3
    assert "  dc-vpc: mode required -> open\n" in done.stdout
    assert "error CLEAR-001 protection dc-vpc: " in done.stderr
    assert done.stderr.endswith("sealane: nothing was changed\n")
    assert json.loads(sealane("up", plan, "--json").stdout)["refused"]
    ok("drill", plan, "tunnel-1", "--hold", "1")  # what mends afterwards leaves the edit alone
    assert kept() == before
    assert ok_json("up", plan, "--allow-clear")["difference"]["worse"]
    assert kept() != before


@pytest.mark.parametrize("words", [("tunnel-1",), ("tunnel-2", "--ike")])
def test_rekey_loses_nothing(plan, words):
    lossless(plan, lambda: [ok("rekey", plan, *words), time.sleep(1)])


@pytest.mark.parametrize("at", ["cloud", "device"])
def test_restart_loses_nothing(plan, at):
    before = processes(name_of(plan))
    lossless(plan, lambda: ok("restart", plan, "tunnel-1", "--at", at, "--json"))
    new = {tag for pid, tag in processes(name_of(plan)).items() if pid not in before}
    node = "tr" if at == "cloud" else "cgw"
    assert any(re.search(rf"\.{node}-t1-[0-9a-f]+:charon$", tag) for tag in new), new
    assert all(f".{node}-t1-" in tag for tag in new), new


def test_unknown_tunnel_is_refused_with_the_known_ones(plan):
    for verb in ("rekey", "restart"):
        done = sealane(verb, plan, "tunnel-9")
        assert done.returncode == 1
        assert "IPsecConnection/tunnel-1" in done.stderr


def test_two_networks_with_the_same_addresses(plan, tmp_path):
    with network(copy_plan(tmp_path, "beside")) as other:
        assert_encrypted(other)
        assert_encrypted(plan)
        keys = [(RUN / name_of(one) / "keys.json").read_text() for one in (plan, other)]
        assert keys[0] != keys[1]
        listed = {one["network"]: one["state"] for one in ok_json("status")}
        assert listed[name_of(plan)] == listed[name_of(other)] == "up"
        running = processes(name_of(plan))
        lossless(plan, lambda: down(other), lambda: [ok("up", other), down(other)])
        assert processes(name_of(plan)) == running
        assert ok_json("up", plan)["changes"] == []


def test_without_any_sealane_process_it_forwards_and_fails_over(plan):
    """Nothing of ours but daemons runs after up; a tunnel dies by a stranger's hand, and the daemons see to it."""
    name = name_of(plan)
    roles = {tag.rsplit(":", 1)[1] for tag in processes(name).values()}
    assert roles == {"bird", "zebra", "staticd", "bfdd", "bgpd", "charon"}
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _there(path)]
    assert not [line for line in lines if b"python" in line and str(plan).encode() in line]
    tunnels = frozenset(one["ifname"] for one in ip(space(plan, "tr"), "link") if one["ifname"].startswith("ipsec"))
    assert routes(space(plan, "tr"), "100")["192.168.20.0/24"] == tunnels
    hole = "table inet stranger { chain c { type filter hook prerouting priority -250; ip saddr 10.10.10.49 drop; "
    hole += "ip daddr 10.10.10.49 drop; }; }"
    try:
        _nft(space(plan, "vbr"), hole)
        assert wait_for(lambda: len(routes(space(plan, "tr"), "100").get("192.168.20.0/24", ())) == 1)
        assert wait_for(lambda: len(routes(space(plan, "cgw"), "main").get("172.16.10.0/24", ())) == 1)
        assert _ping(plan, 20) == 20
        assert {one["ifname"] for one in ip(None, "link")}.isdisjoint(tunnels)
    finally:
        _nft(space(plan, "vbr"), "delete table inet stranger")
    assert wait_for(lambda: routes(space(plan, "tr"), "100")["192.168.20.0/24"] == tunnels, 60)
    assert _ping(plan, 20) == 20
    assert_encrypted(plan)


def _there(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError:
        return False
    return True


def _nft(where: str, text: str) -> None:
    subprocess.run(["ip", "netns", "exec", where, "nft", "-f", "-"], input=text, text=True, check=True)


def _ping(plan: Path, count: int) -> int:
    command = ["ip", "netns", "exec", space(plan, "ecs1"), "ping", "-nqc", str(count), "-i.02", "192.168.20.6"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"(\d+) received", done.stdout)
    return int(found[1]) if found else 0


@pytest.fixture
def port():
    """A veth pair: one end for the plan, the other in a stranger's namespace, where a device would be."""
    near, far, where = f"lv{os.getpid() % 10**6}a", f"lv{os.getpid() % 10**6}b", f"live-{os.getpid()}-far"
    try:
        subprocess.run(["ip", "netns", "add", where], check=True)
        subprocess.run(["ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", where], check=True)
        subprocess.run(["ip", "-n", where, "addr", "add", "10.0.0.2/30", "dev", far], check=True)
        subprocess.run(["ip", "-n", where, "link", "set", far, "up"], check=True)
        yield near, where
    finally:
        subprocess.run(["ip", "link", "del", near], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", where], check=False)


def test_real_port_is_taken_and_given_back(tmp_path, port):
    interface, far = port
    plan = copy_plan(tmp_path, "real", ("port: {rehearsal: true}", f"port: {{interface: {interface}}}"))
    text = re.sub(r"(?s)\nsites:\n.*?\nprotections:", "\nprotections:", plan.read_text())
    plan.write_text(text)
    before = host_state()
    with network(plan, "--no-wait"):
        assert interface not in {one["ifname"] for one in ip(None, "link")}
        command = ["ip", "netns", "exec", far, "ping", "-nqc3", "-i.1", "10.0.0.1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "3 received" in done.stdout
        assert ok_json("up", plan, "--no-wait")["changes"] == []
    after = host_state()
    assert _without_state(after) == _without_state(before)


def _without_state(state: dict) -> dict:
    """A port that was away has lost its running state, which its owner sets."""
    links = [
        {key: one.get(key) for key in ("ifname", "address", "mtu", "ifalias", "link_type")}
        for one in state["ip -j link"]
    ]
    return {**state, "ip -j link": links}


def test_missing_real_port_is_a_clear_fault(tmp_path):
    plan = copy_plan(tmp_path, "noport", ("port: {rehearsal: true}", "port: {interface: nosuchport0}"))
    plan.write_text(re.sub(r"(?s)\nsites:\n.*?\nprotections:", "\nprotections:", plan.read_text()))
    done = sealane("up", plan, "--no-wait")
    assert done.returncode == 1
    assert "nosuchport0" in done.stderr
    assert "fix: " in done.stderr
    down(plan)


def test_longest_names_still_make_paths_that_sockets_take(tmp_path):
    """32 characters for the network and for each node: the paths of the daemons' sockets end at 107 bytes."""
    plan = copy_plan(tmp_path, "long")
    plan.write_text(plan.read_text().replace(f"name: {name_of(plan)}", f"name: live-{os.getpid()}-".ljust(32, "n")))
    router, border = "T" + "r" * 31, "V" + "b" * 31
    edit(plan, ("      name: cgw\n", f"      name: {'c' * 32}\n"))
    edit(plan, ("transit_router:\n  name: TR\n", f"transit_router:\n  name: {router}\n"))
    edit(plan, ("  - name: VBR\n    physical", f"  - name: {border}\n    physical"))
    edit(plan, ("        vbr: VBR\n", f"        vbr: {border}\n"))
    edit(plan, ("destination_instances: [VBR]", f"destination_instances: [{border}]"))
    with network(plan):
        assert_encrypted(plan)
        assert ok_json("up", plan)["changes"] == []


def test_a_vpc_takes_the_routes_that_are_published_to_it(plan):
    vpc, site = space(plan, "vpc"), "192.168.0.0/16"
    before = processes(name_of(plan))
    with edited(plan, (VPC, f"{VPC}        auto_publish_route_enabled: true\n")):
        lossless(plan, lambda: ok("up", plan))
        assert wait_for(lambda: routes(vpc, "main").get("192.168.20.0/24") == {"tr"})
        assert len(processes(name_of(plan))) == len(before) + 1
        assert len(kept_by(vpc, site)) == 1
        assert kept_by(vpc, site) != ["bird"]
        with edited(plan, (TO_SITE, "")):
            lossless(plan, lambda: ok("up", plan))
            assert wait_for(lambda: kept_by(vpc, site) == ["bird"])
            running = live(plan)
            compared = compare_live(running, Twin(intended(running)))
            assert compared.agrees, compared.findings
            assert_encrypted(plan)
    lossless(plan, lambda: ok("up", plan))
    assert processes(name_of(plan)) == before
    assert routes(vpc, "main").keys().isdisjoint({"192.168.20.0/24", "192.168.10.136/32"})


def kept_by(namespace: str, prefix: str) -> list[str]:
    """Who has routes to a prefix in the main table."""
    return [str(one["protocol"]) for one in ip(namespace, "route", "show", "exact", prefix)]
