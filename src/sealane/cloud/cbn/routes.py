"""Static routes of a transit router's tables."""

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import idle, made, named, renamed, table_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction
from sealane.net import Prefix, parse_prefix

MOST = 10_000
"""Static routes of a table."""
BUSY = "Operation.Blocking"
_DESTINATION = "TransitRouterRouteEntryDestinationCidrBlock"
_TYPE = "TransitRouterRouteEntryNextHopType"
_NEXT_HOP = "TransitRouterRouteEntryNextHopId"
_NAME = "TransitRouterRouteEntryName"
_DESCRIPTION = "TransitRouterRouteEntryDescription"
_UNKNOWN = "IllegalParam.TransitRouterRouteEntryId"


@CBN.writes("CreateTransitRouterRouteEntry")
def create_transit_router_route_entry(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterRouteEntry."""
    table = table_of(call, state)
    idle(table, BUSY)
    prefix = _prefix(call.text(_DESTINATION))
    fields = {
        _DESTINATION: str(prefix),
        _TYPE: call.text(_TYPE),
        _NEXT_HOP: _next_hop(call, state, table),
        **named(call, _NAME, _DESCRIPTION),
    }
    count = 0
    for other in state.children(table.id, "tr_route_entry"):
        count += 1
        if other.text(_DESTINATION) == str(prefix):
            raise _twice(other, fields[_NEXT_HOP])
    if count >= MOST:
        raise CloudError("QuotaExceeded.TransitRouterRoutEntry", f"{table.id} has {MOST} static routes, the most.")
    one = made(call, state, "tr_route_entry", "rte", fields, region=table.region, parent=table.id, status="Creating")
    return {"TransitRouterRouteEntryId": one.id}


def _prefix(text: str) -> Prefix:
    prefix = parse_prefix(text) if "/" in text else None
    if prefix is None:
        raise CloudError("IllegalParam.TransitRouterDestinationCidrBlock", f"{text} is no IPv4 network.")
    return prefix


def _next_hop(call: Call, state: Transaction, table: Document) -> str:
    kind, hop = call.text(_TYPE), call.text(_NEXT_HOP)
    if kind == "BlackHole":
        if hop:
            raise CloudError("ParamExclusive.NextHopTypeBlackHoleAndNextHopId", f"A black hole leads nowhere, {hop}?")
        return ""
    if kind != "Attachment":
        raise CloudError("InvalidParameter", f"{_TYPE} is {kind}, expected Attachment or BlackHole.")
    if not hop:
        raise CloudError("MissingParam.TransitRouterRouteEntryNextHopId", "A route over an attachment needs its id.")
    missing = CloudError("InvalidTransitRouterRouteEntryNextHopId.NotFound", f"The attachment {hop} is not found.")
    attachment = call.own(state, hop, "tr_attachment", missing)
    if attachment.parent != table.parent:
        raise missing
    idle(attachment, BUSY)
    return hop


def _twice(other: Document, next_hop: object) -> CloudError:
    if other.deleting:
        return CloudError(BUSY, f"{other.id} with this destination is Deleting, wait until that is done.")
    code = "OperationFailed.CreateRouteEntryWithSameDestinationCidrBlock"
    if other.text(_NEXT_HOP) == next_hop:
        code = "InstanceExist.TransitRouterRouteEntry"
    return CloudError(code, f"{other.id} has this destination.")


@CBN.writes("UpdateTransitRouterRouteEntry")
def update_transit_router_route_entry(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterRouteEntry."""
    one = _by_id(call, state)
    idle(one, BUSY)
    state.put(retold(one, **renamed(call, _NAME, _DESCRIPTION)))
    return {}


@CBN.writes("DeleteTransitRouterRouteEntry")
def delete_transit_router_route_entry(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterRouteEntry: by id, or by table, destination and next hop."""
    if call.has("TransitRouterRouteEntryId"):
        one = _by_id(call, state)
    elif call.has("TransitRouterRouteTableId") and call.has(_DESTINATION) and call.has(_TYPE):
        one = _by_value(call, state)
    else:
        raise CloudError(
            "MissingParam.TransitRouterRouteEntryId",
            f"Give TransitRouterRouteEntryId, or TransitRouterRouteTableId, {_DESTINATION} and {_TYPE}.",
        )
    idle(one, BUSY)
    state.put(deleted(one, "Deleting"))
    return {}


def _by_id(call: Call, state: Transaction) -> Document:
    entry_id = call.text("TransitRouterRouteEntryId")
    return call.own(state, entry_id, "tr_route_entry", CloudError(_UNKNOWN, f"The route {entry_id} is not found."))


def _by_value(call: Call, state: Transaction) -> Document:
    table = table_of(call, state)
    destination, wanted = str(_prefix(call.text(_DESTINATION))), (call.text(_TYPE), call.text(_NEXT_HOP))
    for one in state.children(table.id, "tr_route_entry"):
        if one.text(_DESTINATION) == destination and (one.text(_TYPE), one.text(_NEXT_HOP)) == wanted:
            return one
    if any(seen.prefix == destination and seen.source != "Static" for seen in call.observed.table(table.id)):
        raise CloudError(
            "OperationFailed.DeleteTransitRouterRouteEntry",
            f"{destination} was learned, only static routes can be deleted.",
        )
    raise CloudError(_UNKNOWN, f"{table.id} has no static route to {destination} over {' '.join(wanted)}.")
