"""Calls of Sealane's server beside those of moto's server (EC2), in one run, with 10, 1,000 and 10,000 subnets.

A subnet is a vSwitch here and a subnet there, up to 100 of them in a VPC, made in bulk before the clock starts. The
official SDKs call, and a bare HTTP client whose requests were signed before the clock starts, so that the clients' own
time does not hide the servers'. moto keeps everything in memory, Sealane answers a create when it is on disk; moto does
not page these lists and answers all of them. Sealane's reconciler does not run: moto has nothing like it.
"""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from urllib.parse import urlencode
from uuid import uuid4

import common

SIZES = (10, 1_000, 10_000)
IN_A_VPC = 100
REGION, ZONE, ACCOUNT = "cn-hangzhou", "cn-hangzhou-h", "123456789012"
EC2_REGION, EC2_ZONE = "us-east-1", "us-east-1a"
START_S = 120.0
FRESH = "10.255.0.0/16"
"""The block of the VPC in which subnets are made while the clock runs."""


def blocks(count: int) -> Iterator[tuple[int, str]]:
    """Number of the VPC and block of each subnet."""
    for number in range(count):
        vpc, place = divmod(number, IN_A_VPC)
        yield vpc, f"10.{vpc}.{place}.0/24"


def serve_sealane(count: int, port: int, state: Path) -> None:
    """Fill a server, without the threads that make networks, and let it answer."""
    from sealane.api.serve import Listener
    from sealane.app.server.running import Server
    from sealane.cloud import Document, Transaction

    server = Server(state, environment={})
    server.first_account()
    (account,) = server.identity.accounts()

    def fill(transaction: Transaction) -> None:
        def add(one: str, kind: str, parent: str = "", **fields: object) -> None:
            transaction.put(Document(one, kind, account, REGION, parent, "Available", fields, settled=1))

        for vpc in [*range(-(-count // IN_A_VPC)), "fresh"]:
            add(f"vpc-{vpc}", "vpc", CidrBlock=FRESH if vpc == "fresh" else f"10.{vpc}.0.0/16")
            add(f"vtb-{vpc}", "route_table", f"vpc-{vpc}", RouterType="VRouter", RouteTableType="System")
        for number, (vpc, block) in enumerate(blocks(count)):
            add(f"vsw-{number}", "vswitch", f"vpc-{vpc}", CidrBlock=block, ZoneId=ZONE)

    server.service.change(fill)
    Listener(server, "127.0.0.1", port, None).run()


def serve_moto(count: int, port: int, state: Path) -> None:
    """Fill moto's EC2 and let it answer; the ids go into a file."""
    from moto.backends import get_backend
    from moto.server import main as moto_server

    ec2 = get_backend("ec2")[ACCOUNT][EC2_REGION]
    vpcs = [ec2.create_vpc(f"10.{vpc}.0.0/16").id for vpc in range(-(-count // IN_A_VPC))]
    vpcs.append(ec2.create_vpc(FRESH).id)
    look = ec2.describe_subnets
    ec2.describe_subnets = lambda *_, **__: ()  # it looks through all subnets for overlaps, which takes minutes
    made = [ec2.create_subnet(vpcs[vpc], block, availability_zone=EC2_ZONE).id for vpc, block in blocks(count)]
    ec2.describe_subnets = look
    (state / "ids").write_text(" ".join([vpcs[-1], *made]), encoding="utf-8")
    moto_server(["-H", "127.0.0.1", "-p", str(port)])


class Sealane:
    """Sealane's side: its calls by the SDK, and as signed requests."""

    name, serve = "sealane", "--serve-sealane"

    def __init__(self, port: int, state: Path, count: int) -> None:
        from alibabacloud_tea_openapi.models import Config
        from alibabacloud_vpc20160428 import models
        from alibabacloud_vpc20160428.client import Client

        told = dict(line.split("=", 1) for line in (state / "credentials").read_text("utf-8").split())
        self._key = told["ALIBABA_CLOUD_ACCESS_KEY_ID"], told["ALIBABA_CLOUD_ACCESS_KEY_SECRET"]
        self._host, self._models = f"127.0.0.1:{port}", models
        self._client = Client(Config(endpoint=self._host, protocol="http", access_key_id=self._key[0],
                                     access_key_secret=self._key[1], region_id=REGION))
        self._one = f"vsw-{count // 2}"

    def describe(self) -> int:
        """One subnet by id."""
        asked = self._models.DescribeVSwitchesRequest(region_id=REGION, v_switch_id=self._one)
        return len(self._client.describe_vswitches(asked).body.v_switches.v_switch)

    def page(self) -> int:
        """The first ten."""
        asked = self._models.DescribeVSwitchesRequest(region_id=REGION, page_size=10)
        return len(self._client.describe_vswitches(asked).body.v_switches.v_switch)

    def appear(self, block: str) -> None:
        """Make one and ask for it until it is told."""
        asked = self._models.CreateVSwitchRequest(region_id=REGION, zone_id=ZONE, vpc_id="vpc-fresh", cidr_block=block)
        made = self._client.create_vswitch(asked).body.v_switch_id
        wanted = self._models.DescribeVSwitchesRequest(region_id=REGION, v_switch_id=made)
        while not self._client.describe_vswitches(wanted).body.v_switches.v_switch:
            pass

    def request(self, action: str, **params: str) -> tuple[str, bytes, dict[str, str]]:
        """A signed request: target, body, headers."""
        from alibabacloud_tea_openapi.utils import Utils

        query = {"RegionId": REGION, **params}
        headers = {
            "host": self._host, "x-acs-action": action, "x-acs-version": "2016-04-28",
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "x-acs-signature-nonce": str(uuid4()),
            "x-acs-content-sha256": sha256(b"").hexdigest(), "accept": "application/json",
        }
        asked = SimpleNamespace(method="POST", pathname="/", query=query, headers=headers)
        headers["authorization"] = Utils.get_authorization(
            asked, "ACS3-HMAC-SHA256", headers["x-acs-content-sha256"], *self._key)
        return f"/?{urlencode(query)}", b"", headers

    def describes(self) -> tuple[str, bytes, dict[str, str]]:
        """As ``describe``."""
        return self.request("DescribeVSwitches", VSwitchId=self._one)

    def pages(self) -> tuple[str, bytes, dict[str, str]]:
        """As ``page``."""
        return self.request("DescribeVSwitches", PageSize="10")

    def creates(self, block: str) -> tuple[str, bytes, dict[str, str]]:
        """The first half of ``appear``."""
        return self.request("CreateVSwitch", ZoneId=ZONE, VpcId="vpc-fresh", CidrBlock=block)

    def looks_for(self, block: str) -> tuple[str, bytes, dict[str, str]]:
        """The second half: the VPC's subnets, since the id is not known beforehand."""
        del block
        return self.request("DescribeVSwitches", VpcId="vpc-fresh", PageSize="50")


class Moto:
    """moto's side, likewise."""

    name, serve = "moto", "--serve-moto"

    def __init__(self, port: int, state: Path, count: int) -> None:
        import boto3
        from botocore.credentials import Credentials

        self._fresh, *made = (state / "ids").read_text("utf-8").split()
        self._one, self._url = made[count // 2], f"http://127.0.0.1:{port}"
        self._credentials = Credentials("key", "secret")
        self._client = boto3.client("ec2", region_name=EC2_REGION, endpoint_url=self._url, aws_access_key_id="key",
                                    aws_secret_access_key="secret")

    def describe(self) -> int:
        """One subnet by id."""
        return len(self._client.describe_subnets(SubnetIds=[self._one])["Subnets"])

    def page(self) -> int:
        """The first ten; moto answers all."""
        return len(self._client.describe_subnets(MaxResults=10)["Subnets"])

    def appear(self, block: str) -> None:
        """Make one and ask for it until it is told."""
        made = self._client.create_subnet(VpcId=self._fresh, CidrBlock=block, AvailabilityZone=EC2_ZONE)
        while not self._client.describe_subnets(SubnetIds=[made["Subnet"]["SubnetId"]])["Subnets"]:
            pass

    def request(self, action: str, **params: str) -> tuple[str, bytes, dict[str, str]]:
        """A signed request: target, body, headers."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        body = urlencode({"Action": action, "Version": "2016-11-15", **params})
        asked = AWSRequest("POST", f"{self._url}/", {"content-type": "application/x-www-form-urlencoded"}, body)
        SigV4Auth(self._credentials, "ec2", EC2_REGION).add_auth(asked)
        return "/", body.encode(), dict(asked.headers.items())

    def describes(self) -> tuple[str, bytes, dict[str, str]]:
        """As ``describe``."""
        return self.request("DescribeSubnets", **{"SubnetId.1": self._one})

    def pages(self) -> tuple[str, bytes, dict[str, str]]:
        """As ``page``."""
        return self.request("DescribeSubnets", MaxResults="10")

    def creates(self, block: str) -> tuple[str, bytes, dict[str, str]]:
        """The first half of ``appear``."""
        return self.request("CreateSubnet", VpcId=self._fresh, CidrBlock=block, AvailabilityZone=EC2_ZONE)

    def looks_for(self, block: str) -> tuple[str, bytes, dict[str, str]]:
        """The second half, by the VPC as Sealane's."""
        del block
        return self.request("DescribeSubnets", **{"Filter.1.Name": "vpc-id", "Filter.1.Value.1": self._fresh})


@contextmanager
def running(side: type[Sealane | Moto], count: int) -> Iterator[tuple[Sealane | Moto, int]]:
    """A filled server in a process of its own, and its port."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with TemporaryDirectory(prefix=common.PREFIX) as state:
        log = Path(state, "log")
        with log.open("wb") as output:
            words = [sys.executable, __file__, side.serve, str(count), str(port), state]
            process = subprocess.Popen(words, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + START_S
            while True:
                with socket.socket() as one:
                    if one.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"{side.name} does not listen:\n{log.read_text('utf-8')}")
                time.sleep(0.05)
            yield side(port, Path(state), count), port
        finally:
            process.kill()
            process.wait()


def bare(port: int) -> Callable[[tuple[str, bytes, dict[str, str]]], bytes]:
    """Sends signed requests over one connection, or over a new one each where the server ends it."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(request: tuple[str, bytes, dict[str, str]]) -> bytes:
        target, body, headers = request
        connection.request("POST", target, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(text.decode())
        return text

    return send


def timed(work: Sequence[Callable[[], object]], most_s: float) -> list[float]:
    """Milliseconds of each, of those begun within a time."""
    taken: list[float] = []
    end = time.monotonic() + most_s
    for one in work:
        start = time.perf_counter()
        one()
        taken.append((time.perf_counter() - start) * 1000)
        if time.monotonic() > end:
            break
    return taken


def measured(side: Sealane | Moto, port: int, calls: int, most_s: float) -> dict[str, list[float]]:
    """Milliseconds of each call, by client and kind."""
    send = bare(port)

    def appear(pair: tuple[tuple[str, bytes, dict[str, str]], ...], block: str) -> None:
        send(pair[0])
        while block.encode() not in send(pair[1]):
            pass

    made = max(2, min(40, calls // 10))  # both clients together stay below the 50 of a page
    sets = [[f"10.255.{10 + which * 20 + number}.0/24" for number in range(min(made, 20))] for which in (0, 1)]
    pairs = [((side.creates(block), side.looks_for(block)), block) for block in sets[0]]
    work: dict[str, list[Callable[[], object]]] = {
        "bare: one by id": [partial(send, side.describes()) for _ in range(calls)],
        "bare: first ten": [partial(send, side.pages()) for _ in range(calls)],
        "bare: create to visible": [partial(appear, *one) for one in pairs],
        "SDK: one by id": [side.describe] * calls,
        "SDK: first ten": [side.page] * calls,
        "SDK: create to visible": [partial(side.appear, block) for block in sets[1]],
    }
    send(side.describes())
    side.describe()
    return {what: timed(some, most_s) for what, some in work.items()}


def main() -> None:
    options = common.arguments(__doc__, runs=300)
    if options.rest and options.rest[0].startswith("--serve"):
        count, port, state = int(options.rest[1]), int(options.rest[2]), Path(options.rest[3])
        return serve_sealane(count, port, state) if options.rest[0] == Sealane.serve else serve_moto(count, port, state)
    calls = 20 if options.quick else options.runs
    state = common.quiet(options.patience)
    rows, data = [], {}
    for count in SIZES[:1] if options.quick else SIZES:
        found = {}
        for side in (Sealane, Moto):
            with running(side, count) as (one, port):
                found[side.name] = measured(one, port, calls, most_s=4)
        for what, ours in found["sealane"].items():
            mine, theirs = common.median(ours), common.median(found["moto"][what])
            rows.append([count, what, f"{theirs / mine:.1f}", common.spread(ours), common.spread(found["moto"][what]),
                         f"{1000 / mine:.0f}", f"{1000 / theirs:.0f}"])
        data[str(count)] = found
    head = ["subnets", "call", "ratio", "Sealane, ms", "moto, ms", "Sealane, a second", "moto, a second"]
    return common.report("cloud", head, rows, {"moto": _moto(), "by size": data, **state})


def _moto() -> str:
    from importlib.metadata import version

    return version("moto")


if __name__ == "__main__":
    main()
