"""Routes of BIRD's tables of a transit router, in the cloud's words. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from sealane.cloud.observed import SeenRoute
from sealane.drivers.bird import TableRoute
from sealane.vendors.bird import source_id_of

_SYSTEM_TYPE, _STATIC_TYPE, _BGP_TYPE = 1, 2, 3
_OWN = "own_"
_CIDR = "cidr_"
_NEUTRAL_PREFERENCE = 50


def seen_routes(routes: Sequence[TableRoute], attachments: Mapping[str, str]) -> Iterator[SeenRoute]:
    """Routes of a transit router's table; what differs in the tunnel only is told once.

    Args:
        routes: All routes of the table.
        attachments: Names of attachments by Linux interface.
    """
    best = {route.prefix: route for route in routes if route.chosen}
    told: set[tuple[str, str, str]] = set()
    for route in routes:
        attachment = next((attachments[hop] for hop, _ in route.hops if hop in attachments), "")
        key = (route.prefix, attachment, source_of(route))
        if key in told:
            continue
        told.add(key)
        first = best.get(route.prefix, route)
        equal = (route.preference, len(route.as_path), route.med) == (first.preference, len(first.as_path), first.med)
        yield _seen(route, attachment, "Active" if route.chosen or equal else "Standby")


def prohibited_routes(
    learned: Mapping[str, Sequence[TableRoute]], kept: Sequence[SeenRoute]
) -> Iterator[SeenRoute]:
    """What attachments told and a policy kept out of the table.

    Args:
        learned: The routes of the tables of the attachments that the table learns from, by attachment.
        kept: The table's routes.
    """
    told = {(one.prefix, one.attachment, one.source) for one in kept}
    for attachment, routes in learned.items():
        own = source_id_of(attachment)
        for route in routes:
            key = (route.prefix, attachment, source_of(route))
            if route.own.get("sl_source") == own and key not in told:
                told.add(key)
                yield _seen(route, attachment, "Prohibited")


def _seen(route: TableRoute, attachment: str, status: str) -> SeenRoute:
    return SeenRoute(
        route.prefix,
        attachment,
        source_of(route),
        status,
        route.as_path,
        _NEUTRAL_PREFERENCE if route.med is None else route.med,
        bool(route.own.get("sl_permit_vbr")),
        tuple(f"{high}:{low}" for high, low in route.communities),
    )


def source_of(route: TableRoute) -> str:
    """What a route is, as in SeenRoute."""
    if route.protocol.startswith(_CIDR):
        return "BlackHole"
    if route.protocol.startswith(_OWN):
        return "Static"
    kinds = {_SYSTEM_TYPE: "System", _STATIC_TYPE: "Custom", _BGP_TYPE: "BGP"}
    return kinds.get(route.own.get("sl_type", 0), "Custom")


__all__ = ["prohibited_routes", "seen_routes", "source_of"]
