from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

from sealane.app.load import load
from sealane.app.status import carries, judged, sendings
from sealane.lower import EspBackend, LowerOptions, lower, on_this_host
from sealane.model import Circuit, Network, Node, Platform, Port, Segment
from sealane.net import NodeName, Prefix

ROOT = Path(__file__).parents[3]
SECOND_SITE = {
    "192.168.": "192.169.",
    "169.254.10.": "169.254.30.",
    "169.254.20.": "169.254.40.",
}
CLOUD = {Platform.TRANSIT_ROUTER, Platform.VBR, Platform.VPC}


@cache
def one_site() -> Network:
    loaded = load(ROOT / "examples" / "hangzhou-gateway" / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network


def two_sites() -> Network:
    """The example with its site a second time, under names that end in -b, behind tunnels 3 and 4."""
    network = one_site()
    site = [node for node in network.nodes if node.platform not in CLOUD and not node.name.startswith("ecs")]
    router = network.node("tr")
    ends = tuple(
        replace(
            end,
            name=f"{end.name}-b",
            interface=f"{end.interface}-b",
            local=end.local + 100,
            remote=end.remote + 65536,
        )
        for end in router.tunnel_ends
    )
    copies = tuple(_copy(node) for node in site)
    nodes = {node.name: node for node in (*network.nodes, *copies)}
    nodes[router.name] = replace(
        router,
        tunnel_ends=(*router.tunnel_ends, *ends),
        interfaces=(
            *router.interfaces,
            *(replace(one, name=f"{one.name}-b") for one in router.interfaces if "tunnel" in one.name),
        ),
    )
    segments = tuple(
        Segment(f"{one.name}-b", tuple(Port(NodeName(f"{port.node}-b"), port.interface) for port in one.ports))
        for one in network.segments
        if one.name.startswith("dc/")
    )
    protection = network.protections[0]
    other = replace(protection, name="b", site=(Prefix("192.169.20.0/24"),))
    circuit = network.circuits[0]
    return replace(
        network,
        nodes=tuple(nodes[name] for name in sorted(nodes)),
        segments=(*network.segments, *segments),
        circuits=(*network.circuits, Circuit("B", circuit.cloud, Port(NodeName("cgw-b"), "uplink"))),
        protections=(protection, other),
    )


def _copy(node: Node) -> Node:
    interfaces = tuple(
        replace(one, addresses=tuple(type(two)(str(two).replace("192.168.", "192.169.")) for two in one.addresses))
        for one in node.interfaces
    )
    ends = tuple(replace(end, local=end.local + 65536, remote=end.remote + 100) for end in node.tunnel_ends)
    return replace(node, name=NodeName(f"{node.name}-b"), interfaces=interfaces, tunnel_ends=ends)


def without(network: Network, *names: str) -> Network:
    return replace(
        network,
        nodes=tuple(node for node in network.nodes if node.name not in names),
        segments=tuple(one for one in network.segments if not any(port.node in names for port in one.ports)),
    )


def told(network: Network, whole: Network | None = None) -> dict[tuple[str, str], list[list[str]]]:
    return {
        (one.node, str(one.host)): [sorted(group) for group in one.tunnels]
        for one in sendings(network, whole or network)
    }


@dataclass
class Host:
    """An observer of a network on which everything is well, but for the next hops that are given."""

    network: Network
    whole: Network
    hops: Mapping[tuple[str, str], tuple[str, ...]]
    state: str = "INSTALLED"

    @property
    def lowered(self) -> object:
        return lower(self.network, LowerOptions(EspBackend.KERNEL, "/run/x"))

    def sa(self, one: object) -> object:
        del one
        return SimpleNamespace(child_state=self.state)

    def nexthops(self, node: str, table: int | None, address: str) -> tuple[str, ...]:
        del table
        return self.hops[node, address]


def hops_of(network: Network, whole: Network | None = None) -> dict[tuple[str, str], tuple[str, ...]]:
    """What the kernel would say if all were well."""
    ends = lower(network, LowerOptions(EspBackend.KERNEL, "/run/x")).ends
    return {
        (node, host): tuple(ends[node, name].interface for name in groups[0])
        for (node, host), groups in told(network, whole).items()
    }


NEAR = ["IPsecConnection/tunnel-1", "IPsecConnection/tunnel-2"]
OTHER = [f"{name}-b" for name in NEAR]


def test_one_site_is_sent_to_over_all_tunnels() -> None:
    found = told(one_site())
    assert found["tr", "192.168.20.6"] == [NEAR]
    assert {node for node, _ in found} == {"tr", "cgw"}
    assert {host for node, host in found if node == "cgw"} == {"172.16.10.225", "172.16.10.226"}


def test_each_of_two_sites_is_sent_to_over_the_tunnels_of_its_own_device() -> None:
    network = two_sites()
    assert len(network.tunnels()) == 4
    found = told(network)
    assert found["tr", "192.168.20.6"] == [NEAR]
    assert found["tr", "192.169.20.6"] == [OTHER]
    assert [len(group) for (node, _), groups in found.items() if node != "tr" for group in groups] == [2] * 4


def test_two_sites_carry_and_a_site_over_the_others_tunnels_or_over_too_few_or_the_circuit_does_not() -> None:
    network = two_sites()
    well = hops_of(network)
    key, other = ("tr", "192.168.20.6"), ("tr", "192.169.20.6")
    assert carries(Host(network, network, well))
    assert not carries(Host(network, network, {**well, key: well[other]}))
    assert not carries(Host(network, network, {**well, key: well[key] + well[other]}))
    assert not carries(Host(network, network, {**well, key: well[key][:1]}))
    assert not carries(Host(network, network, {**well, key: (*well[key], "vbr")}))
    assert not carries(Host(network, network, {**well, key: ()}))
    assert not carries(Host(network, network, well, state="CREATED"))


def test_without_hosts_at_both_ends_or_without_tunnels_nothing_is_judged_and_nothing_is_called_well() -> None:
    network = one_site()
    for one in (
        without(network, "client"),
        without(network, "ecs1", "ecs2"),
        replace(network, protections=()),
        replace(network, nodes=tuple(replace(node, tunnel_ends=()) for node in network.nodes)),
    ):
        host = Host(one, one, {})
        assert not judged(host)
        assert not carries(host)
    assert judged(Host(network, network, {}))


def test_of_a_site_beyond_a_real_line_only_the_clouds_end_is_judged() -> None:
    rehearsal = one_site()
    whole = replace(rehearsal, circuits=tuple(replace(one, real_interface="eth9") for one in rehearsal.circuits))
    here = on_this_host(whole)
    assert not here.has_node("cgw")
    assert here.tunnels()[0].far is None
    assert told(here, whole) == {("tr", "192.168.20.6"): [NEAR]}
    assert carries(Host(here, whole, hops_of(here, whole)))


def test_where_the_device_is_not_known_all_tunnels_of_one_connection_will_do() -> None:
    whole = one_site()
    blind = replace(
        whole,
        nodes=tuple(replace(node, tunnel_ends=()) if node.name == "cgw" else node for node in whole.nodes),
    )
    assert told(blind) == {("tr", "192.168.20.6"): [NEAR]}
