"""Documents become a network that carries packets inside ESP, follow changes, heal, and vanish."""

import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.app.controller import Controller, networks_present, wait_until
from sealane.app.server.documents import Documents
from sealane.app.server.observation import Observation
from sealane.app.server.reconciler import Reconciler
from sealane.app.server.service import Service
from sealane.cloud import Document, Transaction
from sealane.net import Address, NodeName
from sealane.store import FakeStore
from sealane.twin.converge import Twin
from sealane.twin.packet import Fate, Packet

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "cloud"))
import use_case

pytestmark = [pytest.mark.live, pytest.mark.beside]
PREFIX = "t9x"


class Plain:
    """Seals nothing."""

    def seal(self, secret, *where):
        return "/".join((*where, secret))

    def open(self, sealed, *where):
        assert sealed.startswith("/".join(where))
        return sealed.removeprefix("/".join((*where, "")))

    def seal_document(self, document):
        return document.encode()

    def open_document(self, value):
        return Document.decode(value)


@pytest.fixture
def events():
    return []


@pytest.fixture
def server(events, tmp_path):
    service = Service(FakeStore(), Documents(Plain()), (), codec=None, clock=None, authority=None)
    reconciler = Reconciler(service, PREFIX, lambda: [use_case.ACCOUNT], tmp_path, tell=events.append)
    yield service, reconciler
    reconciler.close()
    for name in networks_present():
        if name.startswith(PREFIX):
            Controller(name).down()


def create(service):
    def work(state: Transaction):
        for one in use_case.documents():
            state.put(replace(one, settled=0))

    service.change(work)


def unsettled(service):
    with service.view() as world:
        return set(world.unsettled)


def pings(name, count=20):
    done = subprocess.run(
        ["ip", "netns", "exec", f"sealane.{name}.i-1", "ping", "-c", str(count), "-i", "0.05", "-W", "1",
         "192.168.20.6"],
        capture_output=True, text=True, check=False,
    )
    return f"{count} received" in done.stdout


def test_the_use_case_by_documents_is_encrypted_follows_changes_heals_and_goes(server, events, monkeypatch):
    service, reconciler = server
    create(service)
    reconciler.reconcile(reads_host=True)
    assert unsettled(service) == set()
    (name,) = reconciler.made()
    watch = Observation(reconciler.made, lambda: int(time.time() * 1000), tell=lambda _: None)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        watch.read()
        if all(watch.tunnel(one).bgp_up for one in ("tun-1", "tun-2")) and len(watch.table("vtb-tr")) == 10:
            break
        time.sleep(0.2)

    table = {(one.prefix, one.attachment, one.source) for one in watch.table("vtb-tr") if one.status == "Active"}
    assert table == {
        *((f"172.16.{one}0.0/24", "tr-attach-vpc", "System") for one in (1, 2, 3)),
        ("192.168.0.0/16", "tr-attach-vbr", "Custom"),
        *((f"192.168.{one}.0/24", "tr-attach-vpn", "BGP") for one in (10, 20, 40)),
        ("192.168.10.136/32", "tr-attach-vbr", "Static"),
        ("192.168.40.159/32", "tr-attach-vbr", "Static"),
        ("10.10.10.0/24", "", "BlackHole"),
    }
    assert {one.prefix for one in watch.learned("vbr-1")} == {"10.10.10.0/24", "172.16.10.0/24", "172.16.20.0/24",
                                                                "172.16.30.0/24"}
    told = {one.prefix for one in watch.vco_routes("vco-1") if one.source == "CEN"}
    assert told == {"172.16.10.0/24", "172.16.20.0/24", "172.16.30.0/24", "192.168.10.136/32", "192.168.40.159/32"}
    log = watch.log("vco-1", "tun-1", 0, 1 << 60)
    assert any("CHILD_SA" in one.text for one in log)
    assert not any("geheim" in one.text for one in log)

    before = watch.latest("vbr-1")
    assert pings(name)
    watch.read()
    grown = {key: value - before[key] for key, value in watch.latest("vbr-1").items()}
    assert grown["esp_packets"] >= 40
    assert grown["clear_protected_packets"] == 0

    policy = {"CenRegionId": use_case.REGION, "TransitRouterRouteTableId": "vtb-tr", "TransmitDirection": "RegionIn"}
    kept_out = {**policy, "Priority": 10, "MapResult": "Deny", "DestinationCidrBlocks": ["192.168.40.0/24"]}
    marked = {**policy, "Priority": 20, "MapResult": "Permit", "DestinationCidrBlocks": ["192.168.10.0/24"],
              "OperateCommunitySet": ["65501:1"], "CommunityOperateMode": "Additive"}
    for one, fields in (("cenrmap-2", kept_out), ("cenrmap-3", marked)):
        made = Document(one, "route_map", use_case.ACCOUNT, use_case.REGION, "cen-1", "Creating", fields)
        service.change(lambda state, made=made: state.put(made))
    reconciler.reconcile(reads_host=False)
    watch.read()
    by_prefix = {one.prefix: one for one in watch.table("vtb-tr") if one.attachment == "tr-attach-vpn"}
    assert (by_prefix["192.168.40.0/24"].status, by_prefix["192.168.10.0/24"].status) == ("Prohibited", "Active")
    assert list(by_prefix["192.168.10.0/24"].communities) == ["65501:1"]
    assert len(watch.table("vtb-tr")) == 10
    service.change(lambda state: [state.remove(one) for one in ("cenrmap-2", "cenrmap-3")])
    reconciler.reconcile(reads_host=False)
    watch.read()
    assert {one.status for one in watch.table("vtb-tr")} == {"Active"}

    subprocess.run(["ip", "-n", f"sealane.{name}.vpc-1", "route", "del", "192.168.0.0/16"], check=True)
    assert not pings(name, 1)
    reconciler.reconcile(reads_host=True)
    assert pings(name, 1)
    assert [one.kind for one in events] == ["applied", "applied", "applied", "repaired"]

    def changed_by_hand(what, *command):
        """Found and repaired, and everything is encrypted again."""
        subprocess.run(command, check=True)
        reconciler.reconcile(reads_host=True)
        assert [one.kind for one in events[4:]] == ["repaired"], what
        assert what in events.pop().text
        assert wait_until(lambda: pings(name, 1), 20), what

    meter = ("ip", "netns", "exec", f"sealane.{name}.vbr-1", "nft", "flush", "table", "inet", "sealane_meter")
    changed_by_hand("filter", *meter)
    changed_by_hand("route", "ip", "-n", f"sealane.{name}.vpc-1", "route", "replace", "blackhole", "192.168.0.0/16",
                    "proto", "bird")
    (tun,) = (one.interface for one in reconciler.made()[name].lowered.ends.values() if one.end.name == "vco-1/tunnel-1"
              and one.node.name == "tr-1")
    changed_by_hand("charon", "ip", "-n", f"sealane.{name}.tr-1", "link", "set", "dev", tun, "down")
    changed_by_hand("charon", "ip", "-n", f"sealane.{name}.tr-1", "address", "flush", "dev", tun)
    changed_by_hand("namespace", "ip", "netns", "del", f"sealane.{name}.vbr-1")

    def routed(node, table):
        shown = ["ip", "-n", f"sealane.{name}.{node}", "route", "show", "table", str(table), "10.99.0.0/16"]
        return bool(subprocess.run(shown, capture_output=True, text=True, check=True).stdout)

    def wanted(*, deleting):
        with service.view() as world:
            one, other = world.get("rte-vpc-0"), world.get("rte-tr-1")
        field = "TransitRouterRouteEntryDestinationCidrBlock"
        new = {"id": "rte-new-1", "fields": {**one.fields, "DestinationCidrBlock": "10.99.0.0/16"}}, {
            "id": "rte-new-2", "fields": {**other.fields, field: "10.99.0.0/16"}}
        service.change(lambda state: [state.put(replace(from_one, **fields, sequence=state.get(fields["id"]).sequence
                                                        if deleting else 0, deleting=deleting, settled=0))
                                      for from_one, fields in zip((one, other), new, strict=True)])
        with monkeypatch.context() as patched:
            patched.setattr("sealane.app.controller.make_plan", lambda *_: pytest.fail("the host was read"))
            reconciler.reconcile(reads_host=False)
        assert wait_until(lambda: routed("vpc-1", "main") is routed("tr-1", 100) is not deleting, 2)

    wanted(deleting=False)
    wanted(deleting=True)
    assert unsettled(service) == set()
    assert [one.kind for one in events[4:]] == ["applied", "applied"]
    reconciler.reconcile(reads_host=True)
    assert len(events) == 6, "what was made without reading the host is not what reading it finds"

    service.change(lambda state: [state.put(replace(one, deleting=True, generation=2))
                                  for one in tuple(state._world.everything())])
    reconciler.reconcile(reads_host=False)
    with service.view() as world:
        assert len(world) == 0
    assert not any(one.startswith(PREFIX) for one in networks_present())


def counted(name, node, counter):
    """A counter of the kernel's IP layer in a node's namespace."""
    shown = subprocess.run(["ip", "netns", "exec", f"sealane.{name}.{node}", "cat", "/proc/net/snmp"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    names, values = (line.split()[1:] for line in shown if line.startswith("Ip:"))
    return int(dict(zip(names, values, strict=True))[counter])


def sent(name, destination, count=3):
    """How many of the packets that an instance in a secondary block sends are answered."""
    done = subprocess.run(["ip", "netns", "exec", f"sealane.{name}.i-2", "ping", "-c", str(count), "-i", "0.05", "-W",
                           "1", destination], capture_output=True, text=True, check=False)
    return int(re.search(r"(\d+) received", done.stdout)[1])


def test_routes_to_instances_and_secondary_blocks_carry_as_the_twin_says(server):
    service, reconciler = server

    def put(one, kind, parent="", status="Available", **fields):
        service.change(lambda state: state.put(replace(
            state.get(one) or Document(one, kind, use_case.ACCOUNT, use_case.REGION, parent), status=status,
            fields=fields, settled=0)))

    put("vpc-1", "vpc", CidrBlock="172.16.0.0/16", SecondaryCidrBlocks=["10.30.0.0/16"])
    for number, block in ((1, "172.16.10"), (2, "10.30.1")):
        put(f"vsw-{number}", "vswitch", "vpc-1", CidrBlock=f"{block}.0/24", ZoneId=f"{use_case.REGION}-h")
        put(f"i-{number}", "instance", f"vsw-{number}", "Running", PrivateIpAddress=f"{block}.5")
    put("vtb-1", "route_table", "vpc-1", RouterType="VRouter")
    put("rte-1", "route_entry", "vtb-1", DestinationCidrBlock="10.9.0.0/16", NextHopType="Instance", NextHopId="i-1",
        HopInstanceId="i-1")
    reconciler.reconcile(reads_host=True)
    assert unsettled(service) == set()
    (name,) = reconciler.made()
    assert wait_until(lambda: sent(name, "172.16.10.5", 1) == 1, 5)
    before = counted(name, "i-1", "InAddrErrors")
    assert sent(name, "10.9.0.1") == 0
    assert counted(name, "i-1", "InAddrErrors") == before + 3, "they came to the instance, which forwards nothing"
    walker = Twin(reconciler.made()[name].network).converge().walker()
    (trip,) = walker.send(Packet(int(Address("10.30.1.5")), int(Address("10.9.0.1")), 1, 0, 8), NodeName("i-2"))
    assert (trip.fate, trip.hops[-1].node) == (Fate.UNANSWERED, "i-1")

    put("i-1", "instance", "vsw-1", "Stopped", PrivateIpAddress="172.16.10.5")
    reconciler.reconcile(reads_host=False)
    routes = subprocess.run(["ip", "-n", f"sealane.{name}.vpc-1", "route", "show", "10.9.0.0/16"],
                            capture_output=True, text=True, check=True).stdout
    assert routes.split()[0] in {"blackhole", "unreachable"}


def test_one_objects_fault_does_not_stop_the_others(server, events):
    service, reconciler = server
    create(service)
    service.change(lambda state: state.put(replace(state.get("cenrmap-1"), id="cenrmap-2", sequence=0, fields={
        **state.get("cenrmap-1").fields, "Priority": 41, "NextPriority": 7, "MapResult": "Permit"})))
    reconciler.reconcile(reads_host=True)
    assert {one.subject for one in events if one.kind == "refused"} == {"cenrmap-2"}
    assert len(reconciler.made()) == 1
    assert "i-1" not in unsettled(service)
