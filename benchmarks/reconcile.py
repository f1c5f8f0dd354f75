"""One changed route in a network of 10,000 objects: until what is desired of the host is known, and until it is so.

The use case (with its tunnels, its device and its promise) and 20 VPCs more, each with 24 vSwitches, 199 route entries,
a security group of 200 rules and an instance; the rest of the 10,000 are route entries of the transit router. The pure
part is measured beside the same made from nothing, the whole part by what `ip monitor route` tells.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import common

from sealane.app.controller import Controller, wait_until
from sealane.app.server.audit import Caller
from sealane.app.server.networks import Networks
from sealane.app.server.running import Server
from sealane.cloud import Document
from sealane.cloud.settle import settle
from sealane.lower import EspBackend, LowerOptions, lower, on_this_host
from sealane.memo import Memo
from sealane.plan import Resource, diff, differing_leaves

sys.path.insert(0, str(common.ROOT / "tests" / "unit" / "cloud"))
import use_case

TARGETS = {"whole": 100.0}
REGION = {"RegionId": use_case.REGION}
SWITCHES, ROUTES, RULES = 24, 200, 200
LIMIT_S = 300.0
REST_S = 0.6


@dataclass(frozen=True)
class Change:
    """A route that is made and removed again: by which calls, and where the kernel has it."""

    product: str
    create: str
    delete: str
    name: str
    node: str
    given: dict[str, str]


TRANSIT = Change(
    "Cbn", "CreateTransitRouterRouteEntry", "DeleteTransitRouterRouteEntry", "TransitRouterRouteEntryId", "tr-1",
    {"TransitRouterRouteTableId": "vtb-tr", "TransitRouterRouteEntryDestinationCidrBlock": "10.99.0.0/24",
     "TransitRouterRouteEntryNextHopType": "Attachment", "TransitRouterRouteEntryNextHopId": "tr-attach-b0"},
)
PRIVATE = Change(
    "Vpc", "CreateRouteEntry", "DeleteRouteEntry", "RouteEntryId", "vpc-b0",
    {"RouteTableId": "vtb-b0", "DestinationCidrBlock": "10.99.0.0/24", "NextHopType": "Attachment",
     "NextHopId": "tr-attach-b0"},
)
CHANGES = {"transit router route entry": TRANSIT, "VPC route entry": PRIVATE}


def documents(objects: int, vpcs: int) -> Iterator[Document]:
    """All of them, each after what it belongs to."""
    count = 0

    def add(one: str, kind: str, parent: str = "", status: str = "Active", **fields: object) -> Document:
        nonlocal count
        count += 1
        return Document(one, kind, use_case.ACCOUNT, use_case.REGION, parent, status, fields, settled=1)

    for one in use_case.documents():
        count += 1
        yield replace(one, sequence=0)
    for v in range(vpcs):
        vpc, table, group, attachment = f"vpc-b{v}", f"vtb-b{v}", f"sg-b{v}", f"tr-attach-b{v}"
        yield add(vpc, "vpc", "", "Available", CidrBlock=f"10.{100 + v}.0.0/16")
        for s in range(SWITCHES):
            yield add(f"vsw-b{v}-{s}", "vswitch", vpc, "Available", ZoneId=f"cn-hangzhou-{'hj'[s % 2]}",
                      CidrBlock=f"10.{100 + v}.{s}.0/24")
        yield add(table, "route_table", vpc, "Available", RouterType="VRouter", RouteTableType="System")
        for r in range(ROUTES - 1):
            yield add(f"rte-b{v}-{r}", "route_entry", table, "Available", NextHopType="Attachment",
                      DestinationCidrBlock=f"172.{20 + v % 10}.{r}.0/24", NextHopId=attachment)
        yield add(group, "security_group", vpc, "", SecurityGroupType="enterprise")
        for r in range(RULES):
            yield add(f"sgr-b{v}-{r}", "security_rule", group, "", Direction="ingress", IpProtocol="TCP",
                      PortRange=f"{1000 + r}/{1000 + r}", SourceCidrIp="192.168.0.0/16", Policy="accept", Priority=1)
        yield add(f"i-b{v}", "instance", f"vsw-b{v}-0", "Running", PrivateIpAddress=f"10.{100 + v}.0.10",
                  SecurityGroupIds=[group])
        zones = [{"ZoneId": f"cn-hangzhou-{'hj'[s]}", "VSwitchId": f"vsw-b{v}-{s}"} for s in (0, 1)]
        yield add(attachment, "tr_attachment", "tr-1", "Attached", ResourceType="VPC", ResourceId=vpc,
                  AutoPublishRouteEnabled=False, ZoneMappings=zones)
        yield add(f"assoc-b{v}", "tr_association", attachment, TransitRouterRouteTableId="vtb-tr")
        yield add(f"prop-b{v}", "tr_propagation", attachment, TransitRouterRouteTableId="vtb-tr")
    for r in range(objects - count):
        yield add(f"rte-tr-b{r}", "tr_route_entry", "vtb-tr",
                  TransitRouterRouteEntryDestinationCidrBlock=f"10.{r // 250}.{r % 250}.0/24",
                  TransitRouterRouteEntryNextHopType="Attachment",
                  TransitRouterRouteEntryNextHopId=f"tr-attach-b{r % vpcs}")


@contextmanager
def filled(objects: int, vpcs: int) -> Iterator[tuple[Server, Caller]]:
    """A server whose one account has the documents; its networks are taken down at the end."""
    with TemporaryDirectory(prefix=common.PREFIX) as state:
        server = Server(Path(state), esp="userspace", environment={})
        try:
            server.first_account()
            (account,) = server.identity.accounts()
            made = [replace(one, account=account) for one in documents(objects, vpcs)]
            server.service.change(lambda transaction: [transaction.put(one) for one in made])  # type: ignore[arg-type]
            yield server, Caller(account)
        finally:
            server.close()
            for name in tuple(server.reconciler.running):
                Controller(name).down()


def settled(server: Server) -> bool:
    """True when nothing waits for the network."""
    with server.service.view() as world:
        return not world.unsettled


def settle_all(server: Server) -> None:
    """As the reconciler does when the network has reached everything."""
    with server.service.view() as world:
        waiting = [world.get(one) for one in world.unsettled]
    server.service.change(lambda state: [settle(one, state) for one in waiting if one])  # type: ignore[arg-type]


def calls(server: Server, caller: Caller, change: Change) -> Iterator[tuple[str, Callable[[], object]]]:
    """Make the route, then remove it; what each call has done must be settled before the next."""
    made: dict[str, str] = {}

    def create() -> None:
        found = server.service.call(change.product, change.create, {**REGION, **change.given}, caller, "bench")
        with server.service.view() as world:
            made["id"] = str(found.get(change.name) or _newest(world, change))

    yield "create", create
    yield "delete", lambda: server.service.call(change.product, change.delete, {**REGION, change.name: made["id"]},
                                                caller, "bench")


def _newest(world: object, change: Change) -> str:
    entries = world.children(change.given["RouteTableId"], "route_entry")  # type: ignore[attr-defined]
    return [one.id for one in entries][-1]


def desired(networks: Networks, memo: Memo, server: Server, caller: Caller) -> tuple[Resource, ...]:
    """What the host should have, in the reconciler's way."""
    networks.turn()
    memo.turn()
    (one,) = networks.of(server.service.view, caller.account).values()
    if one.network is None:
        raise SystemExit("\n".join(map(str, one.findings)))
    network = on_this_host(one.network)
    digests = {(node.name, end.name): "x" for node in network.nodes for end in node.tunnel_ends}
    return lower(network, LowerOptions(EspBackend.USERSPACE, "/run/x", digests), memo).resources


def pure(objects: int, vpcs: int, runs: int) -> dict[str, list[float]]:
    """Milliseconds from a call's answer to the changes that the drivers are handed, and of the same from nothing."""
    found: dict[str, list[float]] = {}
    with filled(objects, vpcs) as (server, caller):
        networks, memo = Networks("bench", print), Memo()
        made = desired(networks, memo, server, caller)
        for _ in range(runs):
            for what, change in CHANGES.items():
                for verb, call in calls(server, caller, change):
                    call()
                    start = time.perf_counter()
                    wanted = desired(networks, memo, server, caller)
                    leaves = differing_leaves(wanted, made)
                    plan = None if leaves is None else diff(*leaves)
                    found.setdefault(f"{verb} a {what}", []).append((time.perf_counter() - start) * 1000)
                    if plan is None or len(plan.changes()) != 1:
                        raise SystemExit(f"{verb} a {what}: {plan}")
                    start = time.perf_counter()
                    anew = desired(Networks("bench", print), Memo(), server, caller)
                    if diff(anew, made) != plan:
                        raise SystemExit("what was remembered made another plan")
                    found.setdefault("from nothing", []).append((time.perf_counter() - start) * 1000)
                    made = wanted
                    settle_all(server)
    return found


class Monitor:
    """Tells when the kernel of a namespace has or has lost a route."""

    def __init__(self, namespace: str) -> None:
        command = ["stdbuf", "-oL", "ip", "-n", namespace, "-4", "monitor", "route"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._seen: list[tuple[float, str]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        time.sleep(0.2)

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._seen.append((time.perf_counter(), line))

    def when(self, words: str, since: float) -> float:
        """Seconds from ``since`` until a line that begins with the words."""
        def at() -> float | None:
            return next((when - since for when, line in self._seen if when > since and line.startswith(words)), None)

        if not wait_until(lambda: at() is not None, 20, interval_s=0.02):
            raise SystemExit(f"no line {words}")
        return at() or 0.0

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        self._thread.join()


def whole(objects: int, vpcs: int, runs: int) -> dict[str, list[float]]:
    """Milliseconds from a call to its answer, and from the answer to the kernel's route table."""
    found: dict[str, list[float]] = {}
    with filled(objects, vpcs) as (server, caller):
        start = time.perf_counter()
        server.start()
        if not wait_until(lambda: bool(server.reconciler.made()) and settled(server), LIMIT_S):
            raise SystemExit(f"the network is not up after {LIMIT_S:g} s: {server.reconciler.running}")
        found["network made"] = [(time.perf_counter() - start) * 1000]
        (name,) = server.reconciler.running
        for what, change in CHANGES.items():
            monitor = Monitor(f"sealane.{name}.{change.node}")
            try:
                for _ in range(runs):
                    for verb, call in calls(server, caller, change):
                        wait_until(lambda: settled(server), 20)
                        time.sleep(REST_S)
                        start = time.perf_counter()
                        call()
                        answered = time.perf_counter()
                        words = "10.99.0.0/24" if verb == "create" else "Deleted 10.99.0.0/24"
                        found.setdefault("answer", []).append((answered - start) * 1000)
                        found.setdefault(f"{verb} a {what}", []).append(monitor.when(words, answered) * 1000)
                        wait_until(lambda: settled(server), 20)
            finally:
                monitor.close()
    return found


def main() -> None:
    options = common.arguments(__doc__, runs=10)
    objects, vpcs = (600, 1) if options.quick else (int(options.rest[0]), 20) if options.rest else (10_000, 20)
    state = common.quiet(options.patience)
    parts = {"pure": pure(objects, vpcs, options.runs), "whole": whole(objects, vpcs, options.runs)}
    rows = [
        [f"{part}: {what}", common.spread(values, 1), f"{sorted(values)[int(len(values) * 0.95)]:.1f}",
         TARGETS.get(part, "") if " a " in what else "", state["load"]]
        for part, found in parts.items()
        for what, values in found.items()
    ]
    head = [f"{objects} objects", "median ms (range)", "of 20, 19 under", "target", "load"]
    common.report("reconcile", head, rows, {"parts": parts, **state})


if __name__ == "__main__":
    main()
