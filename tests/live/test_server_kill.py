"""A server that is killed at any moment loses nothing that it acknowledged, and the networks follow its documents."""

import os
import random
import signal
import subprocess
import threading
import time

import pytest
from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client

from server_process import SEALANE, Served

pytestmark = [pytest.mark.live, pytest.mark.beside]
KILLS = int(os.environ.get("SEALANE_KILLS", "6"))
MOST_VPCS = 4
REGION = "cn-hangzhou"


class Server(Served):
    """Killed at any moment, and asked by the official SDK."""

    def kill(self):
        self.end(signal.SIGKILL)

    def client(self):
        key_id, secret = self.key
        return Client(Config(
            endpoint=self.endpoint, protocol="http", region_id=REGION, access_key_id=key_id, access_key_secret=secret,
            read_timeout=20000, connect_timeout=2000,
        ))


class Load:
    """Makes and removes VPCs with a vSwitch until the server is gone; knows what was acknowledged."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.there: dict[str, str] = {}
        self.unsure: set[str] = set()
        self.going: dict[str, str] = {}
        """Those that a call to remove may have reached, though they may be told until the network let go of them."""
        self.number = 0

    def work(self, client):
        try:
            for vpc in self.going.values():
                self.finish(client, vpc)
            while True:
                self.step(client)
        except Exception:  # noqa: BLE001 - the server was killed
            return

    def step(self, client):
        if len(self.there) >= MOST_VPCS or (self.there and self.random.random() < 0.3):
            self.remove(client, self.random.choice(sorted(self.there)))
        else:
            self.create(client)

    def create(self, client):
        self.number += 1
        name = f"vpc-{self.number}"
        self.unsure.add(name)
        made = client.create_vpc(models.CreateVpcRequest(
            region_id=REGION, vpc_name=name, cidr_block="10.0.0.0/16", client_token=name)).body
        self.there[name] = made.vpc_id
        self.unsure.discard(name)
        client.create_vswitch(models.CreateVSwitchRequest(
            region_id=REGION, vpc_id=made.vpc_id, cidr_block="10.0.1.0/24", zone_id=f"{REGION}-h"))

    def remove(self, client, name):
        self.going[name] = self.there.pop(name)
        self.finish(client, self.going[name])

    def finish(self, client, vpc):
        switches = client.describe_vswitches(models.DescribeVSwitchesRequest(vpc_id=vpc, page_size=50)).body
        for one in switches.v_switches.v_switch:
            client.delete_vswitch(models.DeleteVSwitchRequest(v_switch_id=one.v_switch_id))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if not client.describe_vswitches(models.DescribeVSwitchesRequest(vpc_id=vpc)).body.total_count:
                break
            time.sleep(0.05)
        if client.describe_vpcs(models.DescribeVpcsRequest(region_id=REGION, vpc_id=vpc)).body.total_count:
            client.delete_vpc(models.DeleteVpcRequest(region_id=REGION, vpc_id=vpc))

    def check(self, client):
        """After a restart: what was acknowledged is there, nothing unknown is, and nothing is half made."""
        found = client.describe_vpcs(models.DescribeVpcsRequest(region_id=REGION, page_size=50)).body.vpcs.vpc
        names = {one.vpc_name: one.vpc_id for one in found}
        assert len(names) == len(found), "made twice"
        assert self.there.keys() <= names.keys()
        assert names.keys() <= self.there.keys() | self.unsure | self.going.keys()
        assert all(names[name] == vpc for name, vpc in self.there.items())
        for one in found:
            tables = client.describe_route_table_list(models.DescribeRouteTableListRequest(
                region_id=REGION, vpc_id=one.vpc_id)).body
            assert tables.total_count == 1, f"{one.vpc_id} has no route table"
        self.going = {name: vpc for name, vpc in self.going.items() if name in names}
        self.there = {name: vpc for name, vpc in names.items() if name not in self.going}
        self.unsure = set()


@pytest.fixture
def server(tmp_path):
    one = Server(tmp_path / "state")
    yield one
    one.clean()


def test_a_killed_server_loses_nothing_and_the_networks_follow(server):
    load = Load(7)
    for _ in range(KILLS):
        server.start()
        client = server.client()
        load.check(client)
        thread = threading.Thread(target=load.work, args=(client,))
        thread.start()
        time.sleep(load.random.uniform(0.02, 0.9))
        server.kill()
        thread.join(30)
        assert not thread.is_alive()
    mine = f"sealane.{server.prefix()}"
    server.start()
    client = server.client()
    load.check(client)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = client.describe_vpcs(models.DescribeVpcsRequest(region_id=REGION, page_size=50)).body.vpcs.vpc
        with_switch = [one.vpc_id for one in found if one.v_switch_ids.v_switch_id]
        up = {one.split()[0].rpartition(".")[2] for one in namespaces(".vpc-ha") if one.startswith(mine)}
        if all(one.status == "Available" for one in found) and up == set(with_switch):
            break
        time.sleep(0.2)
    assert {one.status for one in found} <= {"Available"}
    assert up == set(with_switch)


def test_a_second_server_on_the_same_state_refuses(server):
    server.start()
    second = subprocess.run(
        [SEALANE, "serve", "--listen", "127.0.0.1:0", "--state", server.state],
        capture_output=True, text=True, check=False, timeout=60,
    )
    assert second.returncode == 1
    assert str(server.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    server.client().describe_vpcs(models.DescribeVpcsRequest(region_id=REGION))


def test_a_server_that_is_told_to_end_leaves_the_networks_and_takes_them_up_again(server):
    server.start()
    load = Load(1)
    load.create(server.client())
    (vpc,) = load.there.values()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not namespaces(vpc):
        time.sleep(0.05)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(30) == 0
    assert namespaces(vpc)
    server.process.stderr.close()
    server.start()
    load.check(server.client())
    load.remove(server.client(), "vpc-1")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and namespaces(vpc):
        time.sleep(0.05)
    assert not namespaces(vpc)


def namespaces(word):
    shown = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout
    return [line for line in shown.splitlines() if word in line]
