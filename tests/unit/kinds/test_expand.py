import zlib
from itertools import pairwise

import pytest
from corruptions import CORE_ROUTE, EXAMPLES, GATEWAY, MAP, TR_ROUTE, VPC, VPC_ROUTE
from spoke_plan import hosted_plan_text

from sealane.kinds import expand, read_plan
from sealane.kinds.transit_router import MAX_TRANSFERS, gateway_pool, transfers
from sealane.model import Bfd, Network, StaticRoute
from sealane.net import Address, Prefix


def network(text: str = GATEWAY) -> Network:
    plan, findings = read_plan(text, "p")
    assert plan is not None
    assert plan.sound, findings
    found, _ = expand(plan, {})
    assert found is not None
    return found


def table(routes: tuple[StaticRoute, ...]) -> list[tuple[str, str, str | None, int]]:
    return [(str(one.prefix), "discard" if one.discard else str(one.next_hop), one.interface, one.distance)
            for one in routes]


def test_a_gateway_has_a_route_for_everything_it_must_reach_or_tell() -> None:
    device = network().node("cgw")
    assert table(device.static_routes) == [
        ("192.168.0.0/16", "discard", None, 1),
        ("192.168.20.0/24", "192.168.50.216", None, 1),
        ("10.10.10.49/32", "10.0.0.1", "uplink", 1),
        ("10.10.10.50/32", "10.0.0.1", "uplink", 1),
        ("172.16.0.0/16", "10.0.0.1", "uplink", 30),
        ("192.168.10.0/24", "discard", None, 254),
        ("192.168.40.0/24", "discard", None, 254),
    ]
    assert device.bgp is not None
    assert (device.bgp.asn, device.bgp.maximum_paths) == (65530, 16)
    assert [str(one.prefix) for one in device.bgp.networks] == ["192.168.10.0/24", "192.168.20.0/24", "192.168.40.0/24"]


def test_an_advertised_prefix_follows_the_site_route_that_covers_it_unless_that_discards() -> None:
    anchored = GATEWAY.replace("advertise: [", "advertise: [192.168.30.0/24, ")
    device = network(anchored).node("cgw")
    assert ("192.168.30.0/24", "discard", None, 254) in table(device.static_routes)
    device = network(anchored.replace("192.168.0.0/16, next_hop: discard", "192.168.0.0/16, next_hop: 192.168.50.216"))
    assert ("192.168.30.0/24", "192.168.50.216", None, 1) in table(device.node("cgw").static_routes)


def test_a_router_discards_what_it_is_told_to() -> None:
    told = CORE_ROUTE + "          - {destination: 192.168.0.0/16, next_hop: discard}\n"
    assert table(network(GATEWAY.replace(CORE_ROUTE, told)).node("core-router").static_routes) == [
        ("0.0.0.0/0", "192.168.50.215", None, 1),
        ("192.168.0.0/16", "discard", None, 1),
    ]


TWO_CIRCUITS = (EXAMPLES / "load-balancing" / "plan.yaml").read_text(encoding="utf-8")
ASA_DEVICE = """      platform: cisco-asa
      config: cgw.asa.cfg
      ports:
        GigabitEthernet0/0: {circuit: Circuit1}
        GigabitEthernet0/1: {circuit: Circuit2}
        GigabitEthernet0/2: {network: core}
"""
GATEWAY_DEVICE = """      platform: gateway
      ports:
        one: {circuit: Circuit1}
        two: {circuit: Circuit2}
        lan: {network: core, address: 192.168.50.215}
      advertise: [192.168.20.0/24]
      routes:
        - {destination: 192.168.20.0/24, next_hop: 192.168.50.216}
"""


def gateway_ways(text: str) -> dict[str, tuple[str, str | None]]:
    assert ASA_DEVICE in text
    device = network(text.replace(ASA_DEVICE, GATEWAY_DEVICE)).node("cgw")
    return {prefix: (hop, port) for prefix, hop, port, _ in table(device.static_routes) if prefix.startswith("10.10.")}


def test_a_gateway_on_two_circuits_sends_each_tunnel_where_the_cloud_does() -> None:
    first, second = ("10.0.0.1", "one"), ("10.0.1.1", "two")
    gateways = [f"10.10.10.{number}/32" for number in (49, 50, 51, 52)]
    assert gateway_ways(TWO_CIRCUITS) == dict(zip(gateways, (first, first, second, second), strict=True))
    longer = "  route_entries:\n    - {destination_cidr_block: 192.168.10.137/32, next_hop: VBR2-Attachment}\n"
    shorter = TWO_CIRCUITS.replace("192.168.10.137/32, next", "192.168.10.0/24, next")
    moved = shorter.replace("\ncustomer_gateways:", f"{longer}\ncustomer_gateways:")
    assert gateway_ways(moved) == dict(zip(gateways, (first, second, second, second), strict=True))


def test_an_advertised_prefix_that_nothing_covers_is_anchored() -> None:
    device = network(GATEWAY.replace("advertise: [", "advertise: [10.77.0.0/16, ")).node("cgw")
    assert ("10.77.0.0/16", "discard", None, 254) in table(device.static_routes)


def test_both_ends_propose_the_same_and_name_each_other() -> None:
    for pair in network().tunnels():
        assert pair.far is not None
        assert (pair.near.ike, pair.near.esp, pair.near.dpd) == (pair.far.ike, pair.far.esp, pair.far.dpd)
        assert pair.near.ike.prf == pair.near.ike.integrity
        assert pair.near.esp.pfs_group == 14
        assert (pair.near.local_id, pair.near.remote_id) == (pair.far.remote_id, pair.far.local_id)
        assert (pair.near.initiates, pair.far.initiates) == (False, True)
        assert pair.far.source_interface in {"lo1", "lo2"}


def test_pfs_can_be_disabled() -> None:
    end = network(GATEWAY.replace("ipsec_pfs: group14", "ipsec_pfs: disabled")).node("tr").tunnel_ends[0]
    assert end.esp.pfs_group is None


def test_the_cloud_has_its_address_in_a_vswitch_third_from_the_end() -> None:
    found = network()
    assert str(found.node("vpc").interface("vSwitch1").addresses[0]) == "172.16.10.253/24"
    assert table(found.node("ecs1").static_routes) == [("0.0.0.0/0", "172.16.10.253", "eth0", 1)]


def test_the_transit_router_is_first_on_every_link_and_next_hop_of_the_vpc() -> None:
    found = network()
    for attachment, peer in (("VPC-Attachment", "vpc"), ("VBR-Attachment", "vbr")):
        here = found.node("tr").interface(attachment).addresses[0]
        there = found.node(peer).interface("tr").addresses[0]
        assert here.network == there.network
        assert (here.ip, there.ip) == (here.network[1], here.network[2])
    hop = found.node("tr").interface("VPC-Attachment").addresses[0].ip
    assert {route.next_hop for route in found.node("vpc").static_routes} == {hop}


def test_a_route_of_a_vpc_may_lead_to_an_instance_or_nowhere() -> None:
    more = (
        "      - {destination_cidr_block: 10.7.0.0/16, next_hop_type: Instance, next_hop: ECS1}\n"
        "      - {destination_cidr_block: 10.8.0.0/16, next_hop: BlackHole}\n"
    )
    known = table(network(GATEWAY.replace(VPC_ROUTE, VPC_ROUTE + more)).node("vpc").static_routes)
    assert known[1:3] == [("10.7.0.0/16", "172.16.10.225", "vSwitch1", 1), ("10.8.0.0/16", "discard", None, 1)]
    unknown = more.replace("ECS1", "VPC-Attachment")
    _, findings = read_plan(GATEWAY.replace(VPC_ROUTE, VPC_ROUTE + unknown), "p")
    assert [one.code for one in findings] == ["PLAN-030"]


def test_what_lies_in_a_secondary_block_of_a_vpc_is_the_clouds() -> None:
    moved = GATEWAY.replace(VPC, VPC + "    secondary_cidr_blocks: [10.30.0.0/16]\n").replace(
        "cidr_block: 172.16.30.0/24", "cidr_block: 10.30.1.0/24")
    found = network(moved)
    attached = next(one for one in found.node("tr").transit_router.attachments if one.name == "VPC-Attachment")
    assert list(map(str, attached.prefixes)) == ["10.30.1.0/24", "172.16.10.0/24", "172.16.20.0/24"]
    assert str(found.node("vpc").interface("vSwitch3").addresses[0]) == "10.30.1.253/24"
    assert ("10.30.0.0/16", "10.0.0.1", "uplink", 30) in table(found.node("cgw").static_routes)
    protected = moved.replace("cloud: [172.16.0.0/16]", "cloud: [10.30.0.0/16]")
    assert protected != moved
    assert str(network(protected).protections[0].cloud[0]) == "10.30.0.0/16"
    for taken, code in (("192.168.20.0/24", "PLAN-032"), ("10.10.10.0/24", "TR-020"), ("10.0.0.0/24", "VBR-030")):
        _, findings = read_plan(moved.replace("[10.30.0.0/16]", f"[10.30.0.0/16, {taken}]"), "p")
        assert code in {one.code for one in findings}, taken


def test_security_rules_are_in_deciding_order() -> None:
    first = "          - {direction: ingress, ip_protocol: ICMP, source_cidr_ip: 192.168.0.0/16}\n"
    extra = (
        "          - {ip_protocol: ALL, source_cidr_ip: 10.0.0.1, priority: 2}\n"
        "          - {ip_protocol: TCP, source_cidr_ip: 10.0.0.2, policy: drop, port_range: 22/23}\n"
        "          - {direction: egress, ip_protocol: GRE, dest_cidr_ip: 10.0.0.3, policy: drop}\n"
    )
    group = network(GATEWAY.replace(first, extra + first)).node("ecs1").security_group
    assert group is not None
    drop, last = group.inbound[0], group.inbound[-1]
    assert (drop.permit, drop.protocol, str(drop.source)) == (False, 6, "10.0.0.2/32")
    assert drop.destination_ports is not None
    assert (drop.destination_ports.first, drop.destination_ports.last) == (22, 23)
    assert (last.permit, last.protocol, str(last.source)) == (True, None, "10.0.0.1/32")
    assert [(one.permit, one.protocol, str(one.destination)) for one in group.outbound] == [(False, 47, "10.0.0.3/32")]


def test_a_black_hole_and_an_attachment_are_told_apart() -> None:
    more = TR_ROUTE.replace("192.168.10.136/32, next_hop: VBR-Attachment", "10.99.0.0/16, next_hop: BlackHole")
    router = network(GATEWAY.replace(TR_ROUTE, TR_ROUTE + more)).node("tr").transit_router
    assert router is not None
    assert [(str(one.prefix), one.attachment) for one in router.tables[0].routes] == [
        ("10.99.0.0/16", None), ("192.168.10.136/32", "VBR-Attachment"), ("192.168.40.159/32", "VBR-Attachment")]


def test_route_maps_keep_their_sense() -> None:
    more = "  - {priority: 5, transmit_direction: RegionOut, map_result: Permit, preference: 10}\n"
    router = network(GATEWAY.replace(MAP, more + MAP)).node("tr").transit_router
    assert router is not None
    assert [(one.priority, one.permit, one.set_preference, one.destination_instances, one.prefix_mode.value)
            for one in router.route_maps] == [(5, True, 10, (), "Include"), (40, False, None, ("VBR",), "Complete")]


def test_two_names_on_one_place_are_told_apart_in_any_order() -> None:
    seen: dict[int, str] = {}
    for number in range(100_000):
        name = f"attachment-{number}"
        place = zlib.crc32(name.encode()) % MAX_TRANSFERS
        if place in seen:
            break
        seen[place] = name
    pair = [seen[place], name]
    assert transfers(pair) == transfers(reversed(pair))
    one, other = transfers(pair).values()
    assert one.peer.network != other.peer.network


def test_gateway_addresses_come_in_pairs_behind_the_reserved_blocks() -> None:
    pairs = list(gateway_pool([Prefix("10.10.10.0/24")], frozenset({Address("10.10.10.52")})))
    assert [str(one) for one in pairs[0]] == ["10.10.10.49", "10.10.10.50"]
    assert [str(one) for one in pairs[1]] == ["10.10.10.53", "10.10.10.54"]
    assert max(second for _, second in pairs) < Address("10.10.10.255")
    assert all(int(later[0]) > int(earlier[1]) for earlier, later in pairwise(pairs))


def test_vbr_bgp_has_bfd_from_the_border_router() -> None:
    anchor = "    peering_subnet_mask: 255.255.255.252\n"
    group = ("    min_rx_interval: 300\n    min_tx_interval: 200\n    detect_multiplier: 5\n    bgp_groups:\n"
             "      - {name: group, peer_asn: 65530, peers: [{enable_bfd: true}]}\n")
    vbr = network(GATEWAY.replace(anchor, anchor + group)).node("vbr").vbr
    assert vbr is not None
    (one,) = vbr.neighbors
    assert (str(one.address), str(one.local_address), one.remote_asn, one.local_asn) == (
        "10.0.0.2", "10.0.0.1", 65530, 45104)
    assert one.bfd is not None
    assert (one.bfd.interval_ms, one.bfd.multiplier) == (300, 5)


@pytest.mark.parametrize(("sites", "off", "interval_ms"), [(20, 0, 100), (21, 0, 1000), (25, 5, 100), (25, 4, 1000)])
def test_with_many_sessions_that_have_it_automatic_bfd_is_slower(sites: int, off: int, interval_ms: int) -> None:
    text = hosted_plan_text("many", sites)
    assert text.count("bfd: off") == sites
    assert bfd_in(text.replace("bfd: off", "bfd: auto", sites - off)) == {Bfd(interval_ms, 3)}


def bfd_in(text: str) -> set[Bfd]:
    return {end.bfd for node in network(text).nodes
            for end in (node.bgp.neighbors if node.bgp is not None else ()) if end.bfd is not None}


def test_what_has_no_bgp_is_no_session() -> None:
    text = hosted_plan_text("many", 21).replace("bfd: off", "bfd: auto")
    text = text.replace("enable_tunnels_bgp: true", "enable_tunnels_bgp: false", 1)
    assert bfd_in(text) == {Bfd(100, 3)}
