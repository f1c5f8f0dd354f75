"""AS paths, routing policies and tables of the cloud: what the twin decides, and that the checker decides the same."""

from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from agreement import agree
from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.model import (
    AttachmentKind,
    MapDirection,
    MatchMode,
    Network,
    Node,
    Platform,
    RouteMap,
    RouteMapEntry,
    TransitRoute,
    TransitRouteMap,
    TransitTable,
)
from sealane.net import Asn, Cidr, NodeName, Prefix
from sealane.twin.converge import Twin
from sealane.twin.packet import ping
from sealane.twin.route import Route
from sealane.vendors.cisco_asa import read

EXAMPLES = Path(__file__).parents[3] / "examples"
BORDER, FIRST, SECOND = "10.0.0.1", "169.254.10.1", "169.254.20.1"
CLIENTS, VPC = Prefix("192.168.20.0/24"), Prefix("172.16.10.0/24")
OUTER = Prefix("192.168.10.136/32")
CLOUD_AS, TUNNEL_AS, OTHER_AS = Asn(45104), Asn(65534), Asn(65001)


@cache
def example(name: str, stage: str = "encrypted") -> Network:
    network = load(EXAMPLES / name / "plan.yaml").network
    assert network is not None
    return STAGES[stage](network)


def prepending(way: str, neighbors: tuple[str, ...], asn: Asn, name: str = "bgp-on-vbr") -> Network:
    """The device prepends an AS number in one direction; there is no other filter."""
    network = example(name)
    device = network.node("cgw")
    longer = RouteMap("longer", (RouteMapEntry(10, permit=True, set_as_path_prepend=(asn,)),))
    plain = {f"{side}_{kind}": None for side in ("import", "export") for kind in ("route_map", "prefix_list")}
    found = tuple(
        replace(one, **(plain | {f"{way}_route_map": "longer" if str(one.address) in neighbors else None}))
        for one in device.bgp.neighbors
    )
    changed = replace(device, route_maps=(*device.route_maps, longer), bgp=replace(device.bgp, neighbors=found))
    return replace(network, nodes=tuple(changed if one is device else one for one in network.nodes))


def used(network: Network, node: str, prefix: Prefix) -> tuple[Route, ...]:
    states = Twin(network).converge().tables.nodes[NodeName(node)].tables
    (table,) = states.values()
    decision = table.get(Cidr.of(prefix))
    return () if decision is None else decision.routes


@pytest.mark.parametrize(
    ("node", "name", "neighbors", "own"),
    [("tr", "hangzhou", (FIRST, SECOND), TUNNEL_AS), ("vbr", "bgp-on-vbr", (BORDER,), CLOUD_AS)],
)
def test_no_router_of_the_cloud_takes_a_path_with_its_own_as(node, name, neighbors, own):
    def taken(asn):
        routes = used(prepending("export", neighbors, asn, name), node, CLIENTS)
        return [one for one in routes if one.path is not None and asn in one.path.as_path]

    assert taken(own) == []
    assert taken(OTHER_AS)


def test_the_shorter_as_path_wins_at_a_device_and_at_a_transit_router():
    both = used(example("hangzhou"), "cgw", VPC)
    assert [len(one.next_hops) for one in both] == [2]
    (told,) = used(prepending("import", (FIRST,), OTHER_AS, "hangzhou"), "cgw", VPC)
    assert [one.interface for one in told.next_hops] == ["Tunnel2"]
    assert len(used(example("hangzhou"), "tr", CLIENTS)) == 2
    (heard,) = used(prepending("export", (SECOND,), OTHER_AS, "hangzhou"), "tr", CLIENTS)
    assert heard.session == "IPsecConnection/tunnel-1"


def with_router(network: Network, change) -> Network:
    return replace(network, nodes=tuple(
        one if one.transit_router is None else replace(one, transit_router=change(one.transit_router))
        for one in network.nodes
    ))


@pytest.mark.parametrize("mode", MatchMode)
@pytest.mark.parametrize("way", MapDirection)
def test_a_routing_policy_matches_what_it_names_and_nothing_else(way, mode):
    """Prefixes exactly or with those inside; sources and receivers by instance or by kind, reversed or not."""
    network = example("hangzhou")
    (router,) = (one.transit_router for one in network.of_platform(Platform.TRANSIT_ROUTER))
    names = {one.kind: one.instance for one in router.attachments}
    vpc, vpn = names[AttachmentKind.VPC], names[AttachmentKind.VPN]
    out = way is MapDirection.REGION_OUT
    sources = ((None, False, ()), (vpn, False, ()), (vpn, True, ()), (vpc, False, (AttachmentKind.VPN,)))
    for prefix, (instance, reverse, kinds) in product(("172.16.0.0/16", "192.168.20.0/24"), sources):
        one = TransitRouteMap(
            "drawn", "system", way, 10, permit=False, prefixes=(Prefix(prefix),), prefix_mode=mode,
            source_instances=() if instance is None else (instance,), source_instances_reverse=reverse,
            destination_kinds=kinds if out else (),
        )  # fmt: skip
        agree(with_router(network, lambda router, one=one: replace(router, route_maps=(*router.route_maps, one))),
              frozenset(), shapes=())


@pytest.mark.parametrize("kind", AttachmentKind)
def test_a_packet_is_looked_up_in_the_table_of_the_attachment_it_comes_from(kind):
    """An attachment associated with an empty table gets nowhere."""
    def change(router):
        tables = (*router.tables, TransitTable("empty", system=False))
        return replace(router, tables=tables, attachments=tuple(
            replace(one, association="empty") if one.kind is kind else one for one in router.attachments
        ))

    network = with_router(example("hangzhou"), change)
    walker = Twin(network).converge().walker()
    client, instance = (int(network.node(one).interfaces[0].addresses[0].ip) for one in ("client", "ecs1"))
    ends = {str(one.end) for one in walker.send(ping(instance, client), NodeName("ecs1"))}
    assert ("tr" in ends) is (kind is AttachmentKind.VPC)
    agree(network, frozenset(), shapes=((1, 0, 8),))


def test_a_border_router_prefers_its_customer_to_the_transit_router_and_its_custom_routes_to_both():
    """A device that hands on what it heard over the tunnels draws the VPC's packets back; a black hole stands first."""
    network = example("bgp-on-vbr")
    text = (EXAMPLES / "bgp-on-vbr" / "cgw.transit.asa.cfg").read_text()
    transit = with_node(network, read(text, "cgw", NodeName("cgw")).node)
    assert [one.circuit_side for one in used(transit, "vbr", VPC)] == [True]
    agree(transit, frozenset(), shapes=())
    border = network.node("vbr")
    hole = replace(border, vbr=replace(border.vbr, circuit_routes=(TransitRoute(OUTER, None),)))
    assert [one.next_hops for one in used(with_node(network, hole), "vbr", OUTER)] == [()]
    assert [len(one.next_hops) for one in used(network, "vbr", OUTER)] == [1]
    agree(with_node(network, hole), frozenset(), shapes=())


def with_node(network: Network, node: Node) -> Network:
    """The network with a node of that name in its place."""
    return replace(network, nodes=tuple(node if one.name == node.name else one for one in network.nodes))


def test_an_attachment_is_not_told_what_it_has_the_better_route_for():
    network = example("bgp-on-vbr")
    text = (EXAMPLES / "bgp-on-vbr" / "cgw.transit.asa.cfg").read_text()
    transit = with_router(
        with_node(network, read(text, "cgw", NodeName("cgw")).node),
        lambda router: replace(
            router, attachments=tuple(replace(one, auto_publish=True) for one in router.attachments)
        ),
    )
    state = Twin(transit).converge().tables.nodes[NodeName("tr")]
    for to, prefix in (("VPC-Attachment", VPC), ("VBR-Attachment", CLIENTS)):
        (reason,) = (one.reason for one in state.withheld if (one.to, one.prefix) == (to, Cidr.of(prefix)))
        assert reason == "the attachment has the better route itself"
    assert Cidr.of(VPC) not in state.published["VPC-Attachment"]
    assert Cidr.of(CLIENTS) in state.published["VPC-Attachment"]
