"""A routing policy of a transit router table (CreateCenRouteMap)."""

from sealane.kinds.route_map.expand import route_map
from sealane.kinds.route_map.spec import ROUTE_MAP, RouteMapSpec

__all__ = ["ROUTE_MAP", "RouteMapSpec", "route_map"]
