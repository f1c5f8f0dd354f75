"""Route maps: policies by which a table learns (RegionIn) and tells (RegionOut) routes."""

from collections.abc import Iterator
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import cen_of, idle, made, routers_of, system_table
from sealane.cloud.cbn.map_rules import checked
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import changed, deleted, is_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction

UNSUPPORTED = ("SourceRouteTableIds", "DestinationRouteTableIds")
SYSTEM_PRIORITY = 5000
SYSTEM_TYPES = ("VBR", "CCN", "VPN")
"""Between these the system's policy stops routes."""
_SYSTEM_ID = "cenrmap-system-"


@CBN.writes("CreateCenRouteMap", refuses=UNSUPPORTED)
def create_cen_route_map(call: Call, state: Transaction) -> Fields:
    """CreateCenRouteMap."""
    cen = cen_of(call, state)
    idle(cen, "Operation.Blocking")
    region, direction = call.text("CenRegionId"), call.text("TransmitDirection")
    router = next(routers_of(state, cen.id, region), None)
    if router is None:
        raise CloudError("InvalidTransitRouterId.NotFound", f"{cen.id} has no transit router in {region}.")
    idle(router, "Operation.Blocking")
    table = _table(call, state, router)
    rules = checked(call, direction, region)
    place = {"CenRegionId": region, "TransitRouterRouteTableId": table.id, "TransmitDirection": direction}
    if other := _same_place(state, cen, place, rules["Priority"]):
        raise CloudError("Forbidden.CenRouteMapExist", f"{other.id} has priority {rules['Priority']} there.")
    one = made(call, state, "route_map", "cenrmap", {**rules, **place}, region=region, parent=cen.id, status="Creating")
    return {"RouteMapId": one.id}


def _table(call: Call, state: Transaction, router: Document) -> Document:
    table_id = call.text("TransitRouterRouteTableId")
    if not table_id:
        return system_table(state, router.id)
    code = "InvalidTransitRouterRouteTableId.NotFound"
    missing = CloudError(code, f"The route table {table_id} of {router.id} is not found.")
    table = call.own(state, table_id, "tr_route_table", missing)
    if table.parent != router.id:
        raise missing
    idle(table, "Operation.Blocking")
    return table


def _same_place(state: Transaction, cen: Document, place: Fields, priority: object, but: str = "") -> Document | None:
    """Another route map with that priority in the same region, table and direction."""
    wanted = {**place, "Priority": priority}
    for one in state.children(cen.id, "route_map"):
        if one.id != but and all(one.fields.get(key) == value for key, value in wanted.items()):
            return one
    return None


@CBN.writes("ModifyCenRouteMap", refuses=UNSUPPORTED)
def modify_cen_route_map(call: Call, state: Transaction) -> Fields:
    """ModifyCenRouteMap: everything is as this call says, but table and direction stay."""
    cen, one = _existing(call, state)
    idle(one, "Operation.Blocking")
    place = {key: one.fields[key] for key in ("CenRegionId", "TransitRouterRouteTableId", "TransmitDirection")}
    rules = checked(call, str(place["TransmitDirection"]), str(place["CenRegionId"]))
    if other := _same_place(state, cen, place, rules["Priority"], one.id):
        raise CloudError("InvalidOperation.CenRouteMapExist", f"{other.id} has priority {rules['Priority']} there.")
    if {**rules, **place} == one.fields:
        raise CloudError("InvalidOperation.NoEffictiveAction", f"{one.id} is as this call wants it.")
    state.put(replace(changed(one, "Modifying"), fields={**rules, **place}))
    return {}


@CBN.writes("DeleteCenRouteMap")
def delete_cen_route_map(call: Call, state: Transaction) -> Fields:
    """DeleteCenRouteMap."""
    _, one = _existing(call, state)
    idle(one, "IncorrectStatus.RouteMap")
    state.put(deleted(one, "Deleting"))
    return {}


def _existing(call: Call, state: Transaction) -> tuple[Document, Document]:
    cen = cen_of(call, state)
    map_id, region = call.text("RouteMapId"), call.text("CenRegionId")
    if map_id.startswith(_SYSTEM_ID):
        raise CloudError("InvalidParameter", f"{map_id} is the system's, it can be neither changed nor deleted.")
    missing = CloudError("InvalidRouteMapId.NotFound", f"The route map {map_id} is not found in {cen.id} {region}.")
    one = call.own(state, map_id, "route_map", missing)
    if one.parent != cen.id or one.text("CenRegionId") != region:
        raise missing
    return cen, one


def end_maps(state: Transaction, router: Document, table_id: str) -> None:
    """Begin to delete the route maps of a table that goes."""
    for one in tuple(state.children(router.parent, "route_map")):
        if one.text("TransitRouterRouteTableId") == table_id and not one.deleting:
            state.put(deleted(one, "Deleting"))


def system_maps(state: Transaction, cen: Document) -> Iterator[tuple[str, str, str]]:
    """Id, region and table of the system's policies: one in every table, once an IPsec connection is attached."""
    for router in routers_of(state, cen.id):
        attached = state.children(router.id, "tr_attachment")
        if any(
            one.text("ResourceType") == "VPN" and not (is_busy(one) and one.status == "Attaching") for one in attached
        ):
            for table in state.children(router.id, "tr_route_table"):
                yield f"{_SYSTEM_ID}{table.id.partition('-')[2]}", router.region, table.id
