"""The part of a network that some spokes make with the core: what is about other spokes is left out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Generic, TypeVar

from sealane.model import (
    AccessList,
    Circuit,
    FilterRule,
    MapDirection,
    Network,
    Node,
    Protection,
    SecurityGroup,
    Segment,
    TransitRouteMap,
)
from sealane.net import Prefix
from sealane.verify.spokes.belong import CORE, Spokes
from sealane.verify.spokes.frame import Frame

T = TypeVar("T")


class _Dealt(Generic[T]):
    """Things by the spokes that they belong to, of which any one is enough."""

    def __init__(self, owned: Iterable[tuple[T, Iterable[int]]]) -> None:
        self._of: dict[int, list[tuple[int, T]]] = defaultdict(list)
        for place, (thing, spokes) in enumerate(owned):
            for spoke in spokes:
                self._of[spoke].append((place, thing))

    def of(self, spokes: Spokes) -> tuple[T, ...]:
        """Those of the core and of some spokes, in their order."""
        found = {place: thing for spoke in (CORE, *spokes) for place, thing in self._of.get(spoke, ())}
        return tuple(found[place] for place in sorted(found))


class Cutter:
    """Cuts parts out of one network."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        belong, network, hub = frame.belong, frame.network, frame.belong.hub
        of_node = belong.nodes
        self._nodes = _Dealt((one, (of_node.get(one.name, CORE),)) for one in network.nodes)
        self._segments: _Dealt[Segment] = _Dealt((one, (belong.of_ports(one.ports),)) for one in network.segments)
        self._circuits: _Dealt[Circuit] = _Dealt((one, (of_node[one.cloud.node],)) for one in network.circuits)
        self._protections = [
            (one, _Dealt((prefix, frame.about(prefix)) for prefix in one.site)) for one in network.protections
        ]
        self._interfaces = _Dealt((one, (belong.interfaces.get(one.name, CORE),)) for one in hub.interfaces)
        self._ends = _Dealt((one, (belong.tunnels[one.name],)) for one in hub.tunnel_ends)
        attachments, router = belong.attachments, belong.router
        self._attachments = _Dealt((one, (attachments[one.name],)) for one in router.attachments)
        self._tables = [
            (table, _Dealt((route, (attachments.get(route.attachment or "", CORE)
                                    if attachments.get(route.attachment or "", CORE) != CORE
                                    else frame.owner(route.prefix),)) for route in table.routes))
            for table in router.tables
        ]
        instances: dict[str, set[int]] = defaultdict(set)
        for one in router.attachments:
            instances[one.instance].add(attachments[one.name])
        self._maps = [_Map(one, frame, instances) for one in router.route_maps]
        self._core = {node.name: _Core(node, frame) for node in network.nodes if of_node.get(node.name, CORE) == CORE}

    def cut(self, spokes: Spokes) -> Network:
        """The part of some spokes."""
        nodes = tuple(self._node(one, spokes) for one in self._nodes.of(spokes))
        return Network(self._frame.network.name, nodes, self._segments.of(spokes), self._circuits.of(spokes),
                       tuple(self._kept(spokes)))

    def _node(self, node: Node, spokes: Spokes) -> Node:
        core = self._core.get(node.name)
        if core is None:
            return node
        node = core.of(spokes)
        if node.name != self._frame.belong.hub.name:
            return node
        router = replace(
            self._frame.belong.router,
            attachments=self._attachments.of(spokes),
            tables=tuple(replace(table, routes=routes.of(spokes)) for table, routes in self._tables),
            route_maps=tuple(one for found in self._maps if (one := found.of(spokes)) is not None),
        )
        return replace(node, interfaces=self._interfaces.of(spokes), tunnel_ends=self._ends.of(spokes),
                       transit_router=router)

    def _kept(self, spokes: Spokes) -> Iterator[Protection]:
        for one, prefixes in self._protections:
            site = prefixes.of(spokes)
            if site:
                yield one if len(site) == len(one.site) else replace(one, site=site)


class _Core:
    """A node of the core, whose routes and rules for spokes' prefixes are the spokes'."""

    def __init__(self, node: Node, frame: Frame) -> None:
        self._node = node
        self._statics = _Dealt((one, (frame.owner(one.prefix),)) for one in node.static_routes)
        self._lists = [(one, _dealt_rules(one.rules, frame)) for one in node.access_lists]
        group = node.security_group
        self._group = None if group is None else (
            group, _dealt_rules(group.inbound, frame), _dealt_rules(group.outbound, frame))

    def of(self, spokes: Spokes) -> Node:
        lists: tuple[AccessList, ...] = tuple(replace(one, rules=rules.of(spokes)) for one, rules in self._lists)
        group: SecurityGroup | None = None
        if self._group is not None:
            whole, inbound, outbound = self._group
            group = replace(whole, inbound=inbound.of(spokes), outbound=outbound.of(spokes))
        return replace(self._node, static_routes=self._statics.of(spokes), access_lists=lists, security_group=group)


def _dealt_rules(rules: Iterable[FilterRule], frame: Frame) -> _Dealt[FilterRule]:
    """A rule between prefixes of two spokes matters where both are; it is with either, and does no harm there."""
    return _Dealt((one, _about(frame, one)) for one in rules)


def _about(frame: Frame, rule: FilterRule) -> set[int]:
    found = {frame.owner(one) for one in (rule.source, rule.destination) if one is not None}
    return found - {CORE} or {CORE}


class _Map:
    """A routing policy without what it says of spokes that are not there."""

    def __init__(self, one: TransitRouteMap, frame: Frame, instances: dict[str, set[int]]) -> None:
        self._map = one
        self._prefixes: _Dealt[Prefix] = _Dealt((prefix, (frame.owner(prefix),)) for prefix in one.prefixes)
        self._sources = _Dealt((name, instances.get(name, {CORE})) for name in one.source_instances)
        self._destinations = _Dealt((name, instances.get(name, {CORE})) for name in one.destination_instances)

    def of(self, spokes: Spokes) -> TransitRouteMap | None:
        """None when it is about nothing that is there."""
        one = self._map
        prefixes = self._prefixes.of(spokes)
        sources, destinations = self._sources.of(spokes), self._destinations.of(spokes)
        gone = [
            bool(one.prefixes) and not prefixes,
            bool(one.source_instances) and not sources and not one.source_instances_reverse,
            bool(one.destination_instances) and not destinations and not one.destination_instances_reverse
            and one.direction is MapDirection.REGION_OUT,
        ]
        if any(gone):
            return None
        return replace(
            one, prefixes=prefixes, source_instances=sources, destination_instances=destinations,
            source_instances_reverse=one.source_instances_reverse and bool(sources),
            destination_instances_reverse=one.destination_instances_reverse and bool(destinations),
        )
