"""What of a device's configuration is in effect: the platform's own rules applied, so that every reader agrees.

Source: Cisco ASA 9.19 configuration guides on static routes, traffic zones, BFD and BGP.
"""

from collections.abc import Container, Iterator
from dataclasses import replace

from sealane.model.bgp import BgpNeighbor, BgpSpeaker
from sealane.model.node import Interface, InterfaceKind, Node, Platform, StaticRoute


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
    """As configured, but 1 where the sessions do not share a traffic zone.

    Without a zone an ASA balances over one interface only: with several tunnel interfaces the other paths are backups.
    """
    egress = [neighbor_interface(node, neighbor) for neighbor in speaker.neighbors if neighbor.activated]
    zones = {None if interface is None else interface.traffic_zone for interface in egress}
    distinct = {None if interface is None else interface.name for interface in egress}
    if len(distinct) <= 1 or (len(zones) == 1 and None not in zones):
        return speaker.maximum_paths
    return 1
