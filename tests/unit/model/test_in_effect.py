from dataclasses import replace

import pytest

from sealane.model import (
    Bfd,
    BgpNeighbor,
    BgpSpeaker,
    Interface,
    InterfaceKind,
    Node,
    Platform,
    RouteMap,
    RouteMapEntry,
    in_effect,
)
from sealane.net import Address, Asn, InterfaceAddress, NodeName

TUNNELS = ("169.254.10.1", "169.254.20.1")
BORDER = "10.0.0.1"


def session(address: str, route_map: str | None = None) -> BgpNeighbor:
    return BgpNeighbor(Address(address), Asn(65534), import_route_map=route_map, bfd=Bfd(500, 3))


def asa(*neighbors: BgpNeighbor, zone: str | None = "tunnels") -> Node:
    """An ASA on a circuit with two tunnels; the route map ``far`` sets one local preference, ``near`` two others."""
    interfaces = [Interface("circuit", InterfaceKind.ETHERNET, (InterfaceAddress("10.0.0.2/30"),))]
    for number, address in enumerate(TUNNELS, 1):
        inside = InterfaceAddress((int(Address(address)) + 1, 30))
        interfaces.append(Interface(f"Tunnel{number}", InterfaceKind.TUNNEL, (inside,), traffic_zone=zone))
    maps = (
        RouteMap("far", (RouteMapEntry(10, permit=True, set_local_pref=50),)),
        RouteMap(
            "near",
            (
                RouteMapEntry(10, permit=True),
                RouteMapEntry(15, permit=False, set_local_pref=50),
                RouteMapEntry(20, permit=True, set_local_pref=200),
            ),
        ),
    )
    speaker = BgpSpeaker(Asn(65530), None, neighbors, maximum_paths=4)
    return Node(NodeName("cgw"), Platform.ASA, tuple(interfaces), bgp=speaker, route_maps=maps)


def paths(node: Node) -> int:
    found = in_effect(node).bgp
    assert found is not None
    return found.maximum_paths


@pytest.mark.parametrize(
    ("zone", "of_tunnels", "of_border", "expected"),
    [
        ("tunnels", None, "far", 4),
        ("tunnels", "near", "far", 4),
        (None, "near", "far", 1),
        ("tunnels", None, None, 1),
        ("tunnels", "near", None, 1),
        ("tunnels", "far", "far", 1),
        ("tunnels", None, "not-defined", 1),
    ],
)
def test_a_border_router_beside_tunnels_allows_several_paths_when_it_never_ties(zone, of_tunnels, of_border, expected):
    tunnels = [session(address, of_tunnels) for address in TUNNELS]
    assert paths(asa(*tunnels, session(BORDER, of_border), zone=zone)) == expected


def test_a_session_that_is_not_active_competes_with_nobody():
    silent = replace(session(BORDER), activated=False)
    assert paths(asa(*map(session, TUNNELS), silent)) == 4


def test_bfd_stays_on_the_circuit_and_not_on_tunnels():
    found = in_effect(asa(session(TUNNELS[0]), session(BORDER))).bgp
    assert found is not None
    assert [one.bfd for one in found.neighbors] == [None, Bfd(500, 3)]


def test_other_platforms_are_as_configured():
    node = replace(asa(*map(session, TUNNELS), session(BORDER), zone=None), platform=Platform.GATEWAY)
    assert in_effect(node) is node
