"""The list of route maps, with the system's own among them."""

from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import cen_of
from sealane.cloud.cbn.maps import SYSTEM_PRIORITY, SYSTEM_TYPES, system_maps
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.document import Document, Fields
from sealane.cloud.paging import page
from sealane.cloud.world import Transaction

_WRAPPED: Mapping[str, str] = {
    "SourceInstanceIds": "SourceInstanceId",
    "SourceRegionIds": "SourceRegionId",
    "SourceRouteTableIds": "SourceRouteTableId",
    "SourceChildInstanceTypes": "SourceChildInstanceType",
    "DestinationInstanceIds": "DestinationInstanceId",
    "DestinationRegionIds": "DestinationRegionId",
    "DestinationRouteTableIds": "DestinationRouteTableId",
    "DestinationChildInstanceTypes": "DestinationChildInstanceType",
    "DestinationCidrBlocks": "DestinationCidrBlock",
    "RouteTypes": "RouteType",
    "MatchAsns": "MatchAsn",
    "MatchCommunitySet": "MatchCommunity",
    "OperateCommunitySet": "OperateCommunity",
    "PrependAsPath": "AsPath",
}
"""Lists, and what the answer calls their members."""


@CBN.reads("DescribeCenRouteMaps")
def describe_cen_route_maps(call: Call, state: Transaction) -> Fields:
    """DescribeCenRouteMaps."""
    cen = cen_of(call, state)
    wanted = {
        "RouteMapId": call.text("RouteMapId"),
        "CenRegionId": call.text("CenRegionId"),
        "TransitRouterRouteTableId": call.text("TransitRouterRouteTableId"),
        "TransmitDirection": call.text("TransmitDirection"),
    }
    rows = [_told(one) for one in state.children(cen.id, "route_map")]
    rows += [_system(cen, *one) for one in system_maps(state, cen)]
    part = page(call, (row for row in rows if all(value in ("", row[key]) for key, value in wanted.items())))
    return {**part.fields, "RouteMaps": list(part.items)}


def _told(one: Document) -> Fields:
    return {
        **one.fields,
        **{key: {member: one.fields.get(key) or []} for key, member in _WRAPPED.items()},
        "RouteMapId": one.id,
        "CenId": one.parent,
        "Status": one.status,
    }


def _system(cen: Document, map_id: str, region: str, table_id: str) -> Fields:
    return {
        **{key: {member: []} for key, member in _WRAPPED.items()},
        "RouteMapId": map_id,
        "CenId": cen.id,
        "CenRegionId": region,
        "TransitRouterRouteTableId": table_id,
        "TransmitDirection": "RegionOut",
        "Priority": SYSTEM_PRIORITY,
        "MapResult": "Deny",
        "Status": "Active",
        "SourceChildInstanceTypes": {"SourceChildInstanceType": list(SYSTEM_TYPES)},
        "DestinationChildInstanceTypes": {"DestinationChildInstanceType": list(SYSTEM_TYPES)},
        "SourceInstanceIdsReverseMatch": False,
        "DestinationInstanceIdsReverseMatch": False,
    }
