"""Route tables of transit routers."""

from collections.abc import Iterator, Mapping

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import idle, made, members, named, one_of, renamed, router_of, table_of
from sealane.cloud.cbn.maps import end_maps
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion
from sealane.cloud.tags import tagged, tags
from sealane.cloud.times import minutes
from sealane.cloud.world import Transaction

MOST = 100


@CBN.writes("CreateTransitRouterRouteTable")
def create_transit_router_route_table(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterRouteTable."""
    router = router_of(call, state)
    idle(router, "Operation.Blocking")
    fields = {
        **named(call, "TransitRouterRouteTableName", "TransitRouterRouteTableDescription"),
        "TransitRouterRouteTableType": "Custom",
        "MultiRegionECMP": _ecmp(call) or "disable",
        "Tags": tags(call),
    }
    if sum(1 for _ in state.children(router.id, "tr_route_table")) >= MOST:
        raise CloudError("QuotaExceeded.TransitRouterRoutTable", f"{router.id} has {MOST} route tables, the most.")
    table = made(
        call, state, "tr_route_table", "vtb", fields, region=router.region, parent=router.id, status="Creating"
    )
    return {"TransitRouterRouteTableId": table.id}


def _ecmp(call: Call) -> str:
    """RouteTableOptions.MultiRegionECMP: between regions nothing is connected here, so it may not be enabled."""
    options = call.params.get("RouteTableOptions")
    value = str(options.get("MultiRegionECMP") or "") if isinstance(options, Mapping) else ""
    if value not in ("", "disable"):
        raise CloudError("OperationUnsupported.MultiRegionEcmp", f"MultiRegionECMP is {value}, expected disable.")
    return value


@CBN.writes("UpdateTransitRouterRouteTable")
def update_transit_router_route_table(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterRouteTable."""
    table = table_of(call, state)
    idle(table, "Operation.Blocking")
    _ecmp(call)
    state.put(retold(table, **renamed(call, "TransitRouterRouteTableName", "TransitRouterRouteTableDescription")))
    return {}


@CBN.writes("DeleteTransitRouterRouteTable")
def delete_transit_router_route_table(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterRouteTable: its route maps go with it."""
    table = table_of(call, state)
    if table.text("TransitRouterRouteTableType") == "System":
        raise CloudError("OperationFailed.DeleteSystemRouteTable", f"{table.id} is the system route table.")
    idle(table, "Operation.Blocking")
    guards = (
        (members(state, table.parent, "tr_association", table.id), "OperationFailed.DeleteRouteTableWithAssociation"),
        (members(state, table.parent, "tr_propagation", table.id), "OperationFailed.DeleteRouteTableWithPropagation"),
        (state.children(table.id, "tr_route_entry"), "OperationFailed.DeleteRouteTableWithRouteEntry"),
    )
    for found, code in guards:
        if one := next(found, None):
            raise CloudError(code, f"{table.id} still has {one.id}.")
    router = state.get(table.parent)
    if router is not None:
        end_maps(state, router, table.id)
    state.put(deleted(table, "Deleting"))
    return {}


@CBN.reads("ListTransitRouterRouteTables")
def list_transit_router_route_tables(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterRouteTables."""
    ids, names = call.texts("TransitRouterRouteTableIds"), call.texts("TransitRouterRouteTableNames")
    kind = one_of(call, "TransitRouterRouteTableType", ("System", "Custom"))
    status, ecmp = call.text("TransitRouterRouteTableStatus"), _ecmp(call)
    found = (
        one
        for one in _candidates(call, state, ids)
        if (not names or one.text("TransitRouterRouteTableName") in names)
        and kind in ("", one.text("TransitRouterRouteTableType"))
        and status in ("", one.status)
        and ecmp in ("", one.text("MultiRegionECMP"))
    )
    part = portion(call, tagged(call, found))
    return {**part.fields, "TransitRouterRouteTables": [_told(one) for one in part.items]}


def _candidates(call: Call, state: Transaction, ids: tuple[str, ...]) -> Iterator[Document]:
    router = router_of(call, state) if call.has("TransitRouterId") else None
    if ids:
        for one in dict.fromkeys(ids):
            found = state.get(one)
            mine = found is not None and (found.account, found.kind) == (call.account, "tr_route_table")
            if found is not None and mine and (router is None or found.parent == router.id):
                yield found
    elif router is not None:
        yield from state.children(router.id, "tr_route_table")
    else:
        yield from state.of_kind(call.account, "tr_route_table")


def _told(table: Document) -> Fields:
    return {
        "TransitRouterRouteTableId": table.id,
        "TransitRouterRouteTableName": table.text("TransitRouterRouteTableName"),
        "TransitRouterRouteTableDescription": table.text("TransitRouterRouteTableDescription"),
        "TransitRouterRouteTableType": table.text("TransitRouterRouteTableType"),
        "TransitRouterRouteTableStatus": table.status,
        "TransitRouterId": table.parent,
        "RegionId": table.region,
        "RouteTableOptions": {"MultiRegionECMP": table.text("MultiRegionECMP")},
        "CreateTime": minutes(table.created_ms),
        "Tags": table.fields.get("Tags"),
    }
