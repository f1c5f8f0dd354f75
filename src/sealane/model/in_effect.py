"""What of a device's configuration is in effect: the platform's own rules applied, so that every reader agrees.

Source: Cisco ASA 9.19 configuration guides on static routes, traffic zones, BFD and BGP.
"""

from collections.abc import Container, Iterator
from dataclasses import replace
from itertools import combinations

from sealane.model.bgp import BgpNeighbor, BgpSpeaker
from sealane.model.node import Interface, InterfaceKind, Node, Platform, StaticRoute

_LOCAL_PREFERENCE = 100


def in_effect(node: Node) -> Node:
    """The node as its platform lets it work; the same value for platforms without rules of their own.

    On an ASA: a second static of equal distance through another interface is refused, filters that are not defined let
    everything through, multipath needs one traffic zone, and tunnel interfaces have no BFD.
    """
    if node.platform is not Platform.ASA:
        return node
    speaker = None if node.bgp is None else _speaker(node, node.bgp)
    return replace(node, static_routes=tuple(_accepted(node)), bgp=speaker)


def neighbor_interface(node: Node, neighbor: BgpNeighbor) -> Interface | None:
    """The interface that a session's neighbor is connected to: the one named, else by its prefix; None without one."""
    if neighbor.interface is not None:
        return node.interface(neighbor.interface)
    for interface in node.interfaces:
        if any(neighbor.address in address.network for address in interface.addresses):
            return interface
    return None


def _accepted(node: Node) -> Iterator[StaticRoute]:
    """One interface or traffic zone per prefix and distance (``possible conflict with existing routes``)."""
    taken: dict[tuple[object, int], str] = {}
    for route in node.static_routes:
        if not route.discard:
            group = _zone_or_self(node, route.interface)
            if taken.setdefault((route.prefix, route.distance), group) != group:
                continue
        yield route


def _zone_or_self(node: Node, interface: str | None) -> str:
    if interface is None:
        return ""
    zone = next((found.traffic_zone for found in node.interfaces if found.name == interface), None)
    return f"interface {interface}" if zone is None else f"zone {zone}"


def _speaker(node: Node, speaker: BgpSpeaker) -> BgpSpeaker:
    lists = {found.name for found in node.prefix_lists}
    maps = {found.name for found in node.route_maps}
    neighbors = tuple(
        replace(
            neighbor,
            bfd=None if _on_tunnel(node, neighbor) else neighbor.bfd,
            import_prefix_list=_defined(neighbor.import_prefix_list, lists),
            export_prefix_list=_defined(neighbor.export_prefix_list, lists),
            import_route_map=_defined(neighbor.import_route_map, maps),
            export_route_map=_defined(neighbor.export_route_map, maps),
        )
        for neighbor in speaker.neighbors
    )
    return replace(speaker, neighbors=neighbors, maximum_paths=_maximum_paths(node, speaker))


def _defined(name: str | None, known: Container[object]) -> str | None:
    return name if name in known else None


def _on_tunnel(node: Node, neighbor: BgpNeighbor) -> bool:
    interface = neighbor_interface(node, neighbor)
    return interface is not None and interface.kind is InterfaceKind.TUNNEL


def _maximum_paths(node: Node, speaker: BgpSpeaker) -> int:
    """As configured, but 1 where equally good paths may come by sessions that do not share a traffic zone.

    Without a zone an ASA balances over one interface only: with several tunnel interfaces the other paths are backups.
    Sessions whose routes never get the same local preference do not compete, such as tunnels and a border router.
    """
    active = [neighbor for neighbor in speaker.neighbors if neighbor.activated]
    for one, other in combinations(active, 2):
        compete = _local_preferences(node, one) & _local_preferences(node, other)
        if compete and not _balanced(node, one, other):
            return 1
    return speaker.maximum_paths


def _balanced(node: Node, one: BgpNeighbor, other: BgpNeighbor) -> bool:
    """True when equally good paths by both sessions are used at once."""
    here, there = neighbor_interface(node, one), neighbor_interface(node, other)
    if here is None or there is None:
        return here is there
    return here.name == there.name or (here.traffic_zone is not None and here.traffic_zone == there.traffic_zone)


def _local_preferences(node: Node, neighbor: BgpNeighbor) -> frozenset[int]:
    """Every local preference that a route learned by a session may get; without a map the platform's default."""
    found = next((one for one in node.route_maps if one.name == neighbor.import_route_map), None)
    if found is None:
        return frozenset({_LOCAL_PREFERENCE})
    chosen = (one.set_local_pref for one in found.entries if one.permit)
    return frozenset(_LOCAL_PREFERENCE if one is None else one for one in chosen)
