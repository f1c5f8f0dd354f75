from dataclasses import replace

import pytest
from sample_networks import ASA_NAMES, asa, gateway, neighbor

from sealane.model import Node, PrefixList, PrefixListEntry, RouteMap, RouteMapEntry, StaticRoute
from sealane.net import Address, InterfaceAddress, Prefix, Secret
from sealane.vendors.frr import render_device

HOSTILE = "x\nrouter bgp 1\r\n no bgp network import-check\x0b end"


def lines(node: Node) -> list[str]:
    return render_device(node, ASA_NAMES).splitlines()


def reversed_everywhere(node: Node) -> Node:
    assert node.bgp is not None
    return replace(
        node,
        static_routes=node.static_routes[::-1],
        prefix_lists=tuple(replace(one, entries=one.entries[::-1]) for one in node.prefix_lists[::-1]),
        route_maps=tuple(replace(one, entries=one.entries[::-1]) for one in node.route_maps[::-1]),
        bgp=replace(node.bgp, neighbors=node.bgp.neighbors[::-1], networks=node.bgp.networks[::-1]),
    )


@pytest.mark.parametrize("node", [asa(), gateway()], ids=lambda node: str(node.platform))
def test_order_means_nothing(node: Node) -> None:
    assert lines(node) == lines(reversed_everywhere(node))


def test_an_asa_keeps_one_path_until_its_tunnels_share_a_zone() -> None:
    alone = asa()
    assert alone.bgp is not None
    two = replace(alone.bgp, neighbors=alone.bgp.neighbors[:2])
    assert "  maximum-paths 1" in lines(replace(alone, bgp=two))
    assert "  maximum-paths 5" in lines(replace(asa(zone="vpn"), bgp=two))
    assert "  maximum-paths 4" in lines(gateway())


def test_an_asa_runs_no_bfd_on_tunnels() -> None:
    assert not [line for line in lines(asa()) if "bfd" in line]
    assert " neighbor 169.254.10.1 bfd profile every-300ms-x3" in lines(gateway())


def test_networks_are_announced_only_from_the_table() -> None:
    for node in (asa(), gateway()):
        assert " bgp network import-check" in lines(node)
        assert not [line for line in lines(node) if "no bgp network import-check" in line]


def test_a_neighbor_not_activated_has_no_family() -> None:
    text = lines(asa())
    assert " neighbor 169.254.30.1 remote-as 65534" in text
    assert "  neighbor 169.254.30.1 activate" not in text


def test_an_asa_ignores_a_filter_that_is_not_defined_and_frr_does_not() -> None:
    node = gateway()
    assert node.bgp is not None
    assert not [line for line in lines(asa()) if "UNKNOWN" in line]
    unknown = replace(node.bgp, neighbors=(neighbor("169.254.20.1", 65534, import_prefix_list="UNKNOWN"),))
    assert "  neighbor 169.254.20.1 prefix-list UNKNOWN in" in lines(replace(node, bgp=unknown))


def test_an_asa_keeps_the_first_of_two_equal_statics_on_different_interfaces() -> None:
    def route(hop: str, interface: str, distance: int = 1) -> StaticRoute:
        return StaticRoute(Prefix("172.31.0.0/16"), Address(hop), interface, distance=distance)

    routes = (
        route("10.0.0.1", "GigabitEthernet0/0"), route("169.254.10.1", "Tunnel1"),
        route("169.254.20.1", "Tunnel2", 30),
    )
    text = [line for line in lines(replace(asa(), static_routes=routes)) if line.startswith("ip route")]
    assert text == ["ip route 172.31.0.0/16 10.0.0.1 ec", "ip route 172.31.0.0/16 169.254.20.1 ipsec2 30"]
    assert len([line for line in lines(replace(gateway(), static_routes=routes)) if line.startswith("ip route")]) == 3


def test_hostile_names_add_no_line() -> None:
    node = gateway()
    assert node.bgp is not None
    entry = RouteMapEntry(10, permit=True, match_prefix_lists=(HOSTILE,))
    one = neighbor(
        "169.254.10.1", 65534, description=HOSTILE, import_prefix_list=HOSTILE, export_route_map=HOSTILE,
    )
    plain = replace(one, description="d", import_prefix_list="p", export_route_map="r")

    def with_names(name: str, session: object) -> Node:
        return replace(
            node, name=name,
            prefix_lists=(PrefixList(name, (PrefixListEntry(5, permit=True, prefix=Prefix("10.0.0.0/8")),)),),
            route_maps=(RouteMap(name, (replace(entry, match_prefix_lists=(name,)),)),),
            bgp=replace(node.bgp, neighbors=(session,)),  # type: ignore[type-var]
        )

    hostile = lines(with_names(HOSTILE, one))
    assert len(hostile) == len(lines(with_names("p", plain)))
    assert [line for line in hostile if line.startswith("router bgp")] == ["router bgp 65530"]


@pytest.mark.parametrize("key", ["two words", "a\nend", "", "x" * 81])
def test_a_key_that_frr_cannot_hold_is_refused_without_showing_it(key: str) -> None:
    node = gateway()
    assert node.bgp is not None
    session = neighbor("169.254.10.1", 65534, password=Secret(key))
    with pytest.raises(ValueError, match="BGP key") as caught:
        lines(replace(node, bgp=replace(node.bgp, neighbors=(session,))))
    assert not key or key not in str(caught.value)


def test_a_redacted_text_has_no_key() -> None:
    assert "s3cret!" in render_device(gateway(), ASA_NAMES)
    assert "s3cret!" not in render_device(gateway(), ASA_NAMES, redacted=True)


def routes(*statics: StaticRoute) -> list[str]:
    return [line for line in lines(replace(gateway(), static_routes=statics)) if line.startswith("ip route")]


def test_of_statics_that_differ_in_their_distance_the_nearest_is_written() -> None:
    route = StaticRoute(Prefix("192.0.2.0/24"), Address("10.0.0.1"), "GigabitEthernet0/0", distance=21)
    written = routes(route, replace(route, distance=2), replace(route, distance=5))
    assert written == ["ip route 192.0.2.0/24 10.0.0.1 ec 2"]


def test_a_static_out_of_an_interface_that_its_next_hop_is_not_on_is_not_written() -> None:
    odd = StaticRoute(Prefix("192.0.2.0/24"), Address("10.0.0.1"), "Tunnel1")
    beside = StaticRoute(Prefix("192.0.2.0/24"), Address("10.0.0.1"), None)
    assert routes(odd, beside) == ["ip route 192.0.2.0/24 10.0.0.1 ec"]
    assert routes(odd, replace(beside, next_hop=Address("203.0.113.1"))) == []


def test_a_static_whose_next_hop_is_on_two_interfaces_names_none() -> None:
    node = gateway()
    again = tuple(
        replace(one, addresses=(*one.addresses, InterfaceAddress("10.0.0.6/24"))) if one.name == "Tunnel1" else one
        for one in node.interfaces
    )
    static = StaticRoute(Prefix("192.0.2.0/24"), Address("10.0.0.1"), None)
    text = lines(replace(node, interfaces=again, static_routes=(static,)))
    assert "ip route 192.0.2.0/24 10.0.0.1" in text
