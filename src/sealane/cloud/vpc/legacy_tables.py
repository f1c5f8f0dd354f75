"""Route tables together with their routes, as older clients ask for them."""

from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import group_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.routes import hop_of, routes_of
from sealane.cloud.vpc.tables import vswitches_of
from sealane.cloud.world import Transaction


@VPC.reads("DescribeRouteTables")
def describe_route_tables(call: Call, state: Transaction) -> Fields:
    """DescribeRouteTables: the tables that are named or of a router, with their routes, those of a Type if it is given.

    Routers are those of VPCs unless RouterType says otherwise.
    """
    if not any(call.text(name) for name in ("VRouterId", "RouteTableId", "RouterId", "RouteTableName")):
        raise CloudError("MissingParameter", "Give VRouterId, RouterId, RouteTableId or RouteTableName.")
    if call.text("VRouterId") and call.text("RouterId"):
        raise CloudError("InvalidParameter", "VRouterId and RouterId exclude each other.")
    group, kind = call.text("ResourceGroupId"), call.text("RouterType")
    if call.text("RouterId") and not kind:
        kind = "VRouter"
    found: Iterable[Document] = (
        one for one in state.of_kind(call.account, "route_table")
        if call.region in ("", one.region) and kind in ("", one.text("RouterType"))
        and group in ("", group_of(one, state))
    )
    found = matching(found, _given(call, "RouteTableId"))
    found = matching(found, _given(call, "RouteTableName"), "RouteTableName")
    found = matching(found, _given(call, "VRouterId") or _given(call, "RouterId"), "RouterId")
    told = page(call, found)
    return {**told.fields, "RouteTables": {"RouteTable": [_item(call, one, state) for one in told.items]}}


def _given(call: Call, name: str) -> tuple[str, ...]:
    return (call.text(name),) if call.text(name) else ()


def _item(call: Call, table: Document, state: Transaction) -> Fields:
    kind = call.text("Type")
    routes: list[Json] = [
        _route(one, table, state) for one in routes_of(call, table, state) if kind in ("", one.text("Type"))
    ]
    return {
        "RouteTableId": table.id,
        "RouteTableType": table.text("RouteTableType"),
        "VRouterId": table.text("RouterId"),
        "Status": table.status,
        "CreationTime": seconds(table.created_ms),
        "ResourceGroupId": group_of(table, state),
        "VSwitchIds": {"VSwitchId": [one.id for one in vswitches_of(table, state)]},
        "RouteEntrys": {"RouteEntry": routes},
    }


def _route(route: Document, table: Document, state: Transaction) -> Fields:
    hop = hop_of(route, table, state)
    return {
        "RouteEntryId": route.id,
        "RouteEntryName": route.text("RouteEntryName"),
        "Description": route.text("Description"),
        "RouteTableId": table.id,
        "DestinationCidrBlock": route.text("DestinationCidrBlock"),
        "Type": route.text("Type"),
        "Status": route.status,
        "NextHopType": hop["NextHopType"],
        "InstanceId": hop["NextHopId"],
        "NextHops": {"NextHop": [
            {key: hop[key] for key in ("NextHopId", "NextHopType", "Enabled", "Weight") if key in hop}]},
    }
