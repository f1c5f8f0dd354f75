"""A transit router and its VBRs on BIRD, a device on FRR, over plain links: the cloud's routing rules hold live."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sealane.model import (
    Attachment,
    AttachmentKind,
    Bfd,
    BgpNeighbor,
    BgpNetwork,
    BgpSpeaker,
    Interface,
    InterfaceKind,
    MapDirection,
    MatchMode,
    Network,
    Node,
    Platform,
    Port,
    PrefixList,
    PrefixListEntry,
    RouteType,
    Segment,
    StaticRoute,
    TransitCidr,
    TransitRoute,
    TransitRouteMap,
    TransitRouter,
    TransitTable,
    VirtualBorderRouter,
)
from sealane.net import Address, Asn, InterfaceAddress, NodeName, Prefix, Secret
from sealane.vendors.bird import render_transit_router, render_vbr
from sealane.vendors.frr import render_device

pytestmark = [pytest.mark.live, pytest.mark.beside]

MAIN, LAB = 100, 101
TABLES = {"main": MAIN, "lab": LAB}
WATCH = Bfd(100, 3)
FRR_DAEMONS = ("zebra", "staticd", "bfdd", "bgpd")

# (node, interface, address) of both ends of every link
LINKS = (
    (("tr", "vpc", "100.64.1.1/30"), ("vpc", "tr", "100.64.1.2/30")),
    (("tr", "vpclab", "100.64.1.5/30"), ("vpclab", "tr", "100.64.1.6/30")),
    (("tr", "vbr", "100.64.0.1/30"), ("vbr", "tr", "100.64.0.2/30")),
    (("tr", "vbr2", "100.64.0.5/30"), ("vbr2", "tr", "100.64.0.6/30")),
    (("tr", "ipsec1", "169.254.10.1/30"), ("cgw", "ipsec1", "169.254.10.2/30")),
    (("tr", "ipsec2", "169.254.20.1/30"), ("cgw", "ipsec2", "169.254.20.2/30")),
    (("vbr", "ec", "10.0.0.1/30"), ("cgw", "ec", "10.0.0.2/30")),
    (("vbr2", "ec", "10.0.1.1/30"), ("cgw", "ec2", "10.0.1.2/30")),
)


def prefixes(*texts: str) -> tuple[Prefix, ...]:
    return tuple(Prefix(text) for text in texts)


def node(name: str, platform: Platform, **more: object) -> Node:
    interfaces = tuple(
        Interface(
            interface, InterfaceKind.TUNNEL if interface.startswith("ipsec") else InterfaceKind.ETHERNET,
            (InterfaceAddress(address),),
        )
        for link in LINKS for owner, interface, address in link if owner == name
    )
    return Node(NodeName(name), platform, interfaces=interfaces, **more)  # type: ignore[arg-type]


def tunnel_neighbor(address: str, interface: str) -> BgpNeighbor:
    return BgpNeighbor(
        Address(address), Asn(65530), local_asn=Asn(65534), interface=interface, keepalive_s=3, hold_time_s=9,
        bfd=WATCH, password=Secret("k3y!"),
    )


DENY_40 = TransitRouteMap(
    "underlay", "main", MapDirection.REGION_OUT, 40, permit=False, destination_instances=("vbr-1",),
    prefixes=prefixes("192.168.10.136/32", "192.168.40.0/24"), prefix_mode=MatchMode.COMPLETE,
)
PERMIT_50 = TransitRouteMap(
    "transit", "main", MapDirection.REGION_OUT, 50, permit=True, source_kinds=(AttachmentKind.VPN,),
    destination_kinds=(AttachmentKind.VBR,), prefixes=prefixes("192.168.20.0/24"),
    set_communities=((65534, 77),), prepend=(Asn(65000),),
)


def transit_router(*, routes: tuple[TransitRoute, ...] = (), maps: tuple[TransitRouteMap, ...] = (DENY_40,)) -> Node:
    vpn, vbr, vpc = AttachmentKind.VPN, AttachmentKind.VBR, AttachmentKind.VPC
    return node("tr", Platform.TRANSIT_ROUTER, transit_router=TransitRouter(
        "cn-hangzhou",
        cidrs=(TransitCidr(Prefix("10.10.10.0/24"), publish=True),),
        tables=(
            TransitTable("main", system=True, routes=(
                TransitRoute(Prefix("192.168.10.136/32"), "vbr"),
                TransitRoute(Prefix("192.168.40.159/32"), "vbr"),
                TransitRoute(Prefix("192.168.31.0/24"), "vpn"),
                *routes,
            )),
            TransitTable("lab", system=False),
        ),
        attachments=(
            Attachment("vpc", vpc, "vpc-1", NodeName("vpc"), ("vpc",), "main", ("main", "lab"), auto_publish=True,
                       prefixes=prefixes("172.16.10.0/24")),
            Attachment("vpc-lab", vpc, "vpc-2", NodeName("vpclab"), ("vpclab",), "lab", ("lab",), auto_publish=True,
                       prefixes=prefixes("172.17.10.0/24")),
            Attachment("vbr", vbr, "vbr-1", NodeName("vbr"), ("vbr",), "main", ("main",), auto_publish=True),
            Attachment("vbr-2", vbr, "vbr-2", NodeName("vbr2"), ("vbr2",), None, ("main", "lab"), auto_publish=True),
            Attachment(
                "vpn", vpn, "vco-1", None, ("ipsec1", "ipsec2"), "main", ("main",), auto_publish=True,
                neighbors=(tunnel_neighbor("169.254.10.2", "ipsec1"), tunnel_neighbor("169.254.20.2", "ipsec2")),
            ),
        ),
        route_maps=maps,
    ))


def border(name: str, far: str, statics: tuple[str, ...], neighbors: tuple[BgpNeighbor, ...]) -> Node:
    return node(name, Platform.VBR, vbr=VirtualBorderRouter(
        "ec", "tr", NodeName("tr"), tuple(TransitRoute(prefix, "ec") for prefix in prefixes(*statics)), neighbors,
    ))


def device() -> Node:
    lan = ("192.168.20.0/24", "192.168.30.0/24", "192.168.31.0/24", "192.168.32.0/24")
    tunnels = tuple(
        BgpNeighbor(Address(peer), Asn(65534), keepalive_s=3, hold_time_s=9, bfd=WATCH, password=Secret("k3y!"))
        for peer in ("169.254.10.1", "169.254.20.1")
    )
    circuit = BgpNeighbor(
        Address("10.0.0.1"), Asn(45104), keepalive_s=3, hold_time_s=9, export_prefix_list="circuit only",
    )
    return node(
        "cgw", Platform.GATEWAY,
        static_routes=tuple(StaticRoute(prefix, None, discard=True, distance=250) for prefix in prefixes(*lan)),
        prefix_lists=(
            PrefixList("circuit only", (PrefixListEntry(5, permit=True, prefix=Prefix("192.168.32.0/24")),)),
        ),
        bgp=BgpSpeaker(
            Asn(65530), Address("10.0.0.2"), (*tunnels, circuit),
            networks=tuple(BgpNetwork(prefix) for prefix in prefixes(*lan, "192.168.99.0/24")), maximum_paths=4,
        ),
    )


def network(router: Node) -> Network:
    # 192.168.32.0/24: BGP on vbr and static on vbr2; 192.168.30.0/24: static on vbr and BGP over the tunnels
    cpe = BgpNeighbor(Address("10.0.0.2"), Asn(65530), keepalive_s=3, hold_time_s=9)
    nodes = (
        device(), router, border("vbr", "cgw", ("192.168.0.0/16", "192.168.30.0/24"), (cpe,)),
        border("vbr2", "cgw", ("192.168.32.0/24", "192.168.33.0/24"), ()),
        node("vpc", Platform.VPC), node("vpclab", Platform.VPC),
    )
    segments = tuple(
        Segment(f"{one[0]}-{one[1]}", (Port(NodeName(one[0]), one[1]), Port(NodeName(other[0]), other[1])))
        for one, other in LINKS
    )
    return Network("live", tuple(sorted(nodes, key=lambda found: found.name)), segments, (), ())


class Lab:
    """Namespaces, daemons and what they answer."""

    def __init__(self) -> None:
        self.suffix = f"{os.getpid():x}"
        self.directory = Path(tempfile.mkdtemp(prefix="slt-"))
        self.directory.chmod(0o755)
        self.spaces = sorted({owner for link in LINKS for owner, _, _ in link})
        self.birds: dict[str, subprocess.Popen[bytes]] = {}
        self.configured = network(transit_router())

    def space(self, name: str) -> str:
        return f"slt-{name}-{self.suffix}"

    def run(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
        return done.stdout

    def within(self, name: str, *words: str) -> str:
        return self.run("ip", "netns", "exec", self.space(name), *words)

    def start(self) -> None:
        for name in self.spaces:
            self.run("ip", "netns", "add", self.space(name))
            for key, value in (
                ("net.ipv4.conf.all.rp_filter", 0), ("net.ipv4.conf.default.rp_filter", 0), ("net.ipv4.ip_forward", 1),
            ):
                self.within(name, "sysctl", "-qw", f"{key}={value}")
            self.run("ip", "-n", self.space(name), "link", "set", "lo", "up")
        for (one, one_port, _), (other, other_port, _) in LINKS:
            self.run(
                "ip", "-n", self.space(one), "link", "add", one_port, "type", "veth",
                "peer", "name", other_port, "netns", self.space(other),
            )
        for link in LINKS:
            for owner, interface, address in link:
                self.run("ip", "-n", self.space(owner), "addr", "add", address, "dev", interface)
                self.run("ip", "-n", self.space(owner), "link", "set", interface, "up")
        for name in ("tr", "vbr", "vbr2"):
            self.start_bird(name)
        self.start_frr()

    def bird_config(self, name: str) -> Path:
        found = self.configured.node(name)
        names = {interface.name: interface.name for interface in found.interfaces}
        if found.transit_router is not None:
            text = render_transit_router(self.configured, found, names, TABLES)
        else:
            text = render_vbr(self.configured, found, names, 254)
        path = self.directory / f"{name}.conf"
        path.write_text(text)
        return path

    def start_bird(self, name: str) -> None:
        command = ["bird", "-f", "-c", str(self.bird_config(name)), "-s", str(self.directory / f"{name}.ctl")]
        with (self.directory / f"{name}.log").open("wb") as log:
            self.birds[name] = subprocess.Popen(["ip", "netns", "exec", self.space(name), *command], stderr=log)

    def start_frr(self) -> None:
        private = self.directory / "frr"
        private.mkdir()
        shutil.chown(private, "frr", "frr")
        for daemon in FRR_DAEMONS:
            (private / f"{daemon}.conf").touch()
            shutil.chown(private / f"{daemon}.conf", "frr", "frr")
            extra = {"zebra": ["-s", "8388608"], "bfdd": ["--bfdctl", str(private / "bfdd.sock")]}.get(daemon, [])
            self.within(
                "cgw", f"/usr/lib/frr/{daemon}", "-d", "-z", str(private / "zserv.api"), "--vty_socket", str(private),
                "-i", str(private / f"{daemon}.pid"), "-f", str(private / f"{daemon}.conf"), "-P", "0",
                "--log", f"file:{private / daemon}.log", *extra,
            )
        found = self.configured.node("cgw")
        config = private / "frr.conf"
        config.write_text(render_device(found, {interface.name: interface.name for interface in found.interfaces}))
        self.run("vtysh", "--vty_socket", str(private), "-f", str(config))

    def stop(self) -> None:
        for process in self.birds.values():
            process.kill()
            process.wait()
        for daemon in FRR_DAEMONS:
            with suppress(OSError, ValueError):
                os.kill(int((self.directory / "frr" / f"{daemon}.pid").read_text()), signal.SIGKILL)
        for name in self.spaces:
            subprocess.run(["ip", "netns", "delete", self.space(name)], capture_output=True, check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def birdc(self, name: str, *words: str) -> str:
        return self.run("birdc", "-s", str(self.directory / f"{name}.ctl"), *words)

    def vtysh(self, command: str) -> dict[str, object]:
        answer = self.run("vtysh", "--vty_socket", str(self.directory / "frr"), "-c", command)
        return json.loads(answer)  # type: ignore[no-any-return]

    def reconfigure(self, router: Node) -> None:
        self.configured = network(router)
        answer = self.birdc("tr", "configure", f'"{self.bird_config("tr")}"')
        assert "Reconfigured" in answer or "Reconfiguration in progress" in answer, answer

    def routes(self, name: str, table: int = 254) -> dict[str, list[str]]:
        """Prefix -> sorted next hops (address or interface), of routes that BIRD wrote."""
        answer = self.run("ip", "-j", "-n", self.space(name), "route", "show", "table", str(table), "proto", "bird")
        found: dict[str, list[str]] = {}
        for route in json.loads(answer):
            prefix = route["dst"] if "/" in route["dst"] else f"{route['dst']}/32"
            hops = route.get("nexthops", [route])
            found[prefix] = sorted(hop.get("gateway") or hop.get("dev") or route["type"] for hop in hops)
        return found

    def announced(self, neighbor: str) -> set[str]:
        """Prefixes the device has from a neighbor."""
        answer = self.vtysh("show bgp ipv4 unicast json")
        routes = answer["routes"]
        assert isinstance(routes, dict)
        return {prefix for prefix, paths in routes.items() if any(path["peerId"] == neighbor for path in paths)}

    def established(self) -> dict[str, tuple[str, int]]:
        """Session of the device -> its state and how often it was established."""
        answer = self.vtysh("show bgp neighbors json")
        return {
            peer: (found["bgpState"], found["connectionsEstablished"])
            for peer, found in answer.items() if isinstance(found, dict)
        }


def eventually(check: Callable[[], bool], what: Callable[[], object], seconds: float = 45) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    made = Lab()
    try:
        made.start()
        eventually(
            lambda: [state for state, _ in made.established().values()] == ["Established"] * 3, made.established,
        )
        eventually(lambda: "192.168.32.0/24" in made.routes("tr", MAIN), lambda: made.routes("tr", MAIN))
        shared = "192.168.20.0/24"
        eventually(lambda: len(made.routes("tr", MAIN).get(shared, ())) == 2, lambda: made.routes("tr", MAIN))
        eventually(lambda: "172.16.10.0/24" in made.routes("vbr"), lambda: made.routes("vbr"))
        eventually(lambda: "10.10.10.0/24" in made.announced("10.0.0.1"), lambda: made.announced("10.0.0.1"))
        yield made
    finally:
        made.stop()


@pytest.fixture(autouse=True)
def _as_designed(lab: Lab) -> Iterator[None]:
    yield
    if lab.configured != network(transit_router()):
        lab.reconfigure(transit_router())


def test_a_table_learns_what_propagates_to_it_and_nothing_else(lab: Lab) -> None:
    assert lab.routes("tr", LAB) == {
        "172.16.10.0/24": ["100.64.1.2"],
        "172.17.10.0/24": ["100.64.1.6"],
        "192.168.32.0/24": ["100.64.0.6"],
        "192.168.33.0/24": ["100.64.0.6"],
    }
    assert "172.17.10.0/24" not in lab.routes("tr", MAIN)


def test_two_vpn_neighbors_share_the_load(lab: Lab) -> None:
    assert lab.routes("tr", MAIN)["192.168.20.0/24"] == ["169.254.10.2", "169.254.20.2"]


def test_own_routes_beat_vbr_and_vbr_beats_vpn(lab: Lab) -> None:
    routes = lab.routes("tr", MAIN)
    assert routes["192.168.31.0/24"] == ["ipsec1", "ipsec2"]
    assert routes["192.168.30.0/24"] == ["100.64.0.2"]
    assert routes["192.168.32.0/24"] == ["100.64.0.2"], "BGP on one VBR before static on another"


def test_the_cidr_is_a_black_hole_told_to_vbr_only(lab: Lab) -> None:
    assert lab.routes("tr", MAIN)["10.10.10.0/24"] == ["blackhole"]
    assert "10.10.10.0/24" not in lab.routes("tr", LAB), "no VPN attachment propagates there"
    assert lab.routes("vbr")["10.10.10.0/24"] == ["100.64.0.1"]
    assert "10.10.10.0/24" not in lab.announced("169.254.10.1")


def test_policy_40_denies_exact_prefixes_towards_one_vbr(lab: Lab) -> None:
    assert "192.168.10.136/32" not in lab.routes("vbr")
    assert "192.168.40.159/32" in lab.routes("vbr"), "Complete does not match inside a prefix"
    assert "192.168.10.136/32" in lab.announced("169.254.10.1"), "the policy names the VBR only"


def test_policy_5000_keeps_vbr_and_vpn_apart_until_a_user_permits(lab: Lab) -> None:
    assert "192.168.0.0/16" in lab.routes("tr", MAIN)
    assert "192.168.0.0/16" not in lab.announced("169.254.10.1")
    assert "192.168.33.0/24" not in lab.routes("vbr")
    open_map = replace(PERMIT_50, source_kinds=(AttachmentKind.VBR,), prefixes=prefixes("192.168.33.0/24"))
    lab.reconfigure(transit_router(maps=(DENY_40, open_map)))
    eventually(lambda: "192.168.33.0/24" in lab.routes("vbr"), lambda: lab.routes("vbr"))
    path = lab.birdc("vbr", "show", "route", "192.168.33.0/24", "table", "rt_vbr", "all")
    assert "(65534,77)" in path
    assert "BGP.as_path: 65000" in path


def test_a_denied_best_route_is_not_replaced_by_a_standby(lab: Lab) -> None:
    prefix = "192.168.31.0/24"
    eventually(lambda: prefix in lab.routes("vbr"), lambda: lab.routes("vbr"))
    deny = replace(DENY_40, name="own", priority=45, prefixes=prefixes(prefix), route_types=(RouteType.CUSTOM,))
    permit = replace(PERMIT_50, prefixes=prefixes(prefix))
    lab.reconfigure(transit_router(maps=(DENY_40, deny, permit)))
    eventually(lambda: prefix not in lab.routes("vbr"), lambda: lab.routes("vbr"))
    assert "169.254.10.2" in lab.birdc("tr", "show", "route", prefix, "table", "tr_main")


def test_region_in_keeps_a_route_from_the_table(lab: Lab) -> None:
    deny = replace(
        DENY_40, direction=MapDirection.REGION_IN, destination_instances=(), source_instances=("vco-1",),
        prefixes=prefixes("192.168.0.0/16"), prefix_mode=MatchMode.INCLUDE, as_numbers=(Asn(65530),),
    )
    lab.reconfigure(transit_router(maps=(deny,)))
    eventually(lambda: "192.168.20.0/24" not in lab.routes("tr", MAIN), lambda: lab.routes("tr", MAIN))
    assert lab.routes("tr", MAIN)["192.168.32.0/24"] == ["100.64.0.2"], "another instance's route stays"


def test_no_association_publishes_nothing(lab: Lab) -> None:
    assert set(lab.routes("vbr2")) == {"192.168.32.0/24", "192.168.33.0/24"}


def test_reconfiguring_flaps_no_session(lab: Lab) -> None:
    before = lab.established()
    assert all(state == "Established" for state, _ in before.values())
    lab.reconfigure(transit_router(routes=(TransitRoute(Prefix("203.0.113.0/24"), "vbr"),), maps=()))
    eventually(lambda: "192.168.10.136/32" in lab.routes("vbr"), lambda: lab.routes("vbr"))
    eventually(lambda: "203.0.113.0/24" in lab.announced("169.254.20.1"), lambda: lab.announced("169.254.20.1"))
    lab.reconfigure(transit_router())
    eventually(lambda: "203.0.113.0/24" not in lab.announced("169.254.20.1"), lambda: lab.announced("169.254.20.1"))
    eventually(lambda: "192.168.10.136/32" not in lab.routes("vbr"), lambda: lab.routes("vbr"))
    assert lab.established() == before


def test_marks_stay_inside(lab: Lab) -> None:
    for peer in ("10.0.0.1", "169.254.10.1"):
        prefix = "172.16.10.0/24"
        assert prefix in lab.announced(peer)
    answer = lab.vtysh("show bgp ipv4 unicast 172.16.10.0/24 json")
    assert "largeCommunity" not in json.dumps(answer)


def test_a_device_announces_only_what_is_in_its_table(lab: Lab) -> None:
    routes = lab.birdc("tr", "show", "route", "table", "att_vpn")
    assert "192.168.20.0/24" in routes
    assert "192.168.99.0/24" not in routes


def test_a_dead_circuit_takes_its_routes_away(lab: Lab) -> None:
    lab.run("ip", "-n", lab.space("cgw"), "link", "set", "ec2", "down")
    try:
        eventually(lambda: lab.routes("vbr2") == {}, lambda: lab.routes("vbr2"))
        eventually(lambda: "192.168.33.0/24" not in lab.routes("tr", MAIN), lambda: lab.routes("tr", MAIN))
    finally:
        lab.run("ip", "-n", lab.space("cgw"), "link", "set", "ec2", "up")
    eventually(lambda: "192.168.33.0/24" in lab.routes("tr", MAIN), lambda: lab.routes("tr", MAIN))


def test_a_dead_tunnel_leaves_the_other(lab: Lab) -> None:
    lab.run("ip", "-n", lab.space("cgw"), "link", "set", "ipsec1", "down")
    started = time.monotonic()
    try:
        eventually(lambda: lab.routes("tr", MAIN)["192.168.20.0/24"] != [], lambda: lab.routes("tr", MAIN))
        eventually(lambda: "169.254.10.2" not in lab.birdc("tr", "show", "route", "table", "att_vpn"), lambda: "")
        assert time.monotonic() - started < 5, "BFD, not the hold time, found it"
        eventually(lambda: lab.routes("tr", MAIN)["192.168.31.0/24"] == ["ipsec2"], lambda: lab.routes("tr", MAIN))
        assert lab.routes("tr", MAIN)["192.168.20.0/24"] == ["169.254.20.2"]
    finally:
        lab.run("ip", "-n", lab.space("cgw"), "link", "set", "ipsec1", "up")
    eventually(lambda: all(state == "Established" for state, _ in lab.established().values()), lab.established)
    eventually(lambda: len(lab.routes("tr", MAIN)["192.168.20.0/24"]) == 2, lambda: lab.routes("tr", MAIN))


def test_two_connections_share_the_load_until_a_preference_decides(lab: Lab) -> None:
    """Runs last: the second connection's session starts anew."""
    node = transit_router()
    router = node.transit_router
    assert router is not None
    *others, vpn = router.attachments
    split = (
        *others,
        replace(vpn, interfaces=vpn.interfaces[:1], neighbors=vpn.neighbors[:1]),
        replace(vpn, name="vpn-b", instance="vco-2", interfaces=vpn.interfaces[1:], neighbors=vpn.neighbors[1:]),
    )
    later = TransitRouteMap(
        "later", "main", MapDirection.REGION_IN, 60, permit=True, source_instances=("vco-2",), set_preference=80,
    )
    shared = "192.168.20.0/24"
    both = ["169.254.10.2", "169.254.20.2"]

    def become(*maps: TransitRouteMap) -> None:
        lab.reconfigure(replace(node, transit_router=replace(router, attachments=split, route_maps=maps)))

    become(DENY_40)
    eventually(lambda: lab.routes("tr", MAIN).get(shared) == both, lambda: lab.routes("tr", MAIN))
    become(DENY_40, later)
    eventually(lambda: lab.routes("tr", MAIN).get(shared) == both[:1], lambda: lab.routes("tr", MAIN))
    become(DENY_40, replace(later, set_preference=None, prepend=(Asn(65530),), source_instances=("vco-1",)))
    eventually(lambda: lab.routes("tr", MAIN).get(shared) == both[1:], lambda: lab.routes("tr", MAIN))
    become(DENY_40, replace(later, set_preference=50))
    eventually(lambda: lab.routes("tr", MAIN).get(shared) == both, lambda: lab.routes("tr", MAIN))
