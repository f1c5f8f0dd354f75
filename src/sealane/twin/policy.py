"""Route policies applied to one route: prefix lists and route maps of devices, routing policies of transit routers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sealane.model import (
    Attachment,
    AttachmentKind,
    MapDirection,
    MatchMode,
    Node,
    PrefixList,
    RouteMap,
    RouteType,
    TransitRouteMap,
    TransitRouter,
)
from sealane.net import Cidr
from sealane.twin.profile import DEFAULT_USER_PREFERENCE, LEARNED_PREFERENCE, SYSTEM_POLICY_KINDS
from sealane.twin.route import Path, Route

_SYSTEM_POLICY = "system policy 5000"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a policy makes of a route.

    Args:
        route: As it goes on; None when denied.
        denied_by: The policy that denied it.
        final: A policy permitted it, so that later ones are not asked.
    """

    route: Route | None
    denied_by: str = ""
    final: bool = False


def prefix_list_permits(one: PrefixList, prefix: Cidr) -> bool:
    """First matching entry decides; none means deny. ``ge`` and ``le`` as Cisco and FRR read them."""
    for entry in sorted(one.entries, key=lambda found: found.seq):
        listed = Cidr.of(entry.prefix)
        low = listed.length if entry.ge is None else entry.ge
        high = entry.le if entry.le is not None else (listed.length if entry.ge is None else 32)
        if low <= prefix.length <= high and listed.contains(prefix):
            return entry.permit
    return False


class DevicePolicy:
    """Prefix lists and route maps of one device by name; a name without definition denies (FRR)."""

    def __init__(self, node: Node) -> None:
        self._lists: Mapping[str, PrefixList] = {found.name: found for found in node.prefix_lists}
        self._maps: Mapping[str, RouteMap] = {found.name: found for found in node.route_maps}

    def apply(self, prefix: Cidr, path: Path, list_name: str | None, map_name: str | None) -> Path | None:
        """The path as it goes on; None when it is denied."""
        if list_name is not None:
            found = self._lists.get(list_name)
            if found is None or not prefix_list_permits(found, prefix):
                return None
        return path if map_name is None else self._route_map(self._maps.get(map_name), prefix, path)

    def _route_map(self, one: RouteMap | None, prefix: Cidr, path: Path) -> Path | None:
        for entry in () if one is None else sorted(one.entries, key=lambda found: found.seq):
            lists = [self._lists.get(name) for name in entry.match_prefix_lists]
            if lists and not any(found is not None and prefix_list_permits(found, prefix) for found in lists):
                continue
            if not entry.permit:
                return None
            return replace(
                path,
                local_pref=path.local_pref if entry.set_local_pref is None else entry.set_local_pref,
                med=path.med if entry.set_med is None else entry.set_med,
                as_path=(*entry.set_as_path_prepend, *path.as_path),
            )
        return None


class TransitPolicy:
    """Routing policies of one transit router."""

    def __init__(self, router: TransitRouter) -> None:
        self._instances: Mapping[str, tuple[str, ...]] = _names_by_instance(router.attachments)
        self._maps: dict[tuple[str, MapDirection], list[TransitRouteMap]] = {}
        for one in sorted(router.route_maps, key=lambda found: (found.priority, found.name)):
            self._maps.setdefault((one.table, one.direction), []).append(one)

    def learn(self, table: str, route: Route) -> Judgement:
        """RegionIn of a table."""
        return self._run(self._maps.get((table, MapDirection.REGION_IN), ()), route, None)

    def publish(self, table: str, route: Route, receiver: Attachment) -> Judgement:
        """RegionOut of a table towards an attachment, the built-in policy last."""
        judged = self._run(self._maps.get((table, MapDirection.REGION_OUT), ()), route, receiver)
        if judged.route is None or judged.final:
            return judged
        if route.link_type in SYSTEM_POLICY_KINDS and receiver.kind in SYSTEM_POLICY_KINDS:
            return Judgement(None, _SYSTEM_POLICY)
        return judged

    def audience(self, table: str, receiver: Attachment) -> tuple[bool, ...]:
        """For each RegionOut policy of a table whether it is about an attachment; equal ones are treated alike."""
        return tuple(self._receives(one, receiver) for one in self._maps.get((table, MapDirection.REGION_OUT), ()))

    def _run(self, maps: Sequence[TransitRouteMap], route: Route, receiver: Attachment | None) -> Judgement:
        at = 0
        for one in maps:
            if one.priority < at or not self._matches(one, route, receiver):
                continue
            if not one.permit:
                return Judgement(None, f"routing policy {one.name} (priority {one.priority})")
            route = _act(one, route)
            if one.next_priority is None:
                return Judgement(route, final=True)
            at = one.next_priority
        return Judgement(route)

    def _matches(self, one: TransitRouteMap, route: Route, receiver: Attachment | None) -> bool:
        if one.source_instances and not self._among(
            route.attachment, one.source_instances, reverse=one.source_instances_reverse
        ):
            return False
        if one.source_kinds and route.link_type not in one.source_kinds:
            return False
        if one.route_types and route.route_type not in one.route_types:
            return False
        if one.prefixes and not _prefix_matches(one, route.prefix):
            return False
        path = route.path or Path()
        if one.as_numbers and not _as_matches(one, path.as_path):
            return False
        if one.communities and not _community_matches(one, path.communities):
            return False
        return receiver is None or self._receives(one, receiver)

    def _receives(self, one: TransitRouteMap, receiver: Attachment) -> bool:
        if one.destination_instances and not self._among(
            receiver.name, one.destination_instances, reverse=one.destination_instances_reverse
        ):
            return False
        return not one.destination_kinds or receiver.kind in one.destination_kinds

    def _among(self, attachment: str | None, wanted: Sequence[str], *, reverse: bool) -> bool:
        names = {name for instance in wanted for name in self._instances.get(instance, ())}
        return (attachment in names) is not reverse


def _names_by_instance(attachments: Iterable[Attachment]) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in attachments:
        found[one.instance] = (*found.get(one.instance, ()), one.name)
    return found


def _prefix_matches(one: TransitRouteMap, prefix: Cidr) -> bool:
    listed = [Cidr.of(found) for found in one.prefixes]
    if one.prefix_mode is MatchMode.COMPLETE:
        return prefix in listed
    return any(found.contains(prefix) for found in listed)


def _as_matches(one: TransitRouteMap, as_path: tuple[int, ...]) -> bool:
    if one.as_mode is MatchMode.INCLUDE:
        return bool(set(one.as_numbers) & set(as_path))
    return tuple(one.as_numbers) == as_path


def _community_matches(one: TransitRouteMap, communities: frozenset[tuple[int, int]]) -> bool:
    wanted = frozenset(one.communities)
    return bool(wanted & communities) if one.community_mode is MatchMode.INCLUDE else wanted == communities


def _act(one: TransitRouteMap, route: Route) -> Route:
    path = route.path or Path()
    communities = path.communities
    if one.set_communities:
        communities = frozenset(one.set_communities) | (frozenset() if one.communities_replace else communities)
    path = replace(path, communities=communities, as_path=(*one.prepend, *path.as_path))
    rank = list(route.rank)
    if one.direction is MapDirection.REGION_IN:
        if route.session is not None:
            rank[1] = len(path.as_path)
        if one.set_preference is not None:
            rank = _preferred(route, rank, one.set_preference)
    return replace(route, path=path, rank=tuple(rank))


def _preferred(route: Route, rank: list[int], value: int) -> list[int]:
    """The user's preference: compared after the AS path for BGP, part of the preference of another route."""
    if route.session is not None:
        rank[2] = value
    if route.link_type in (AttachmentKind.VPC, AttachmentKind.VPN) and route.route_type is not RouteType.BGP:
        rank[0] = -(LEARNED_PREFERENCE[route.link_type, False] + DEFAULT_USER_PREFERENCE - value)
    return rank
