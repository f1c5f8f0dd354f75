"""Transit routers."""

from collections.abc import Iterator
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.cbn.cidrs import add_cidr
from sealane.cloud.cbn.common import (
    cen_of,
    idle,
    made,
    named,
    renamed,
    router_in_region,
    router_of,
    routers_of,
    static_routes,
)
from sealane.cloud.cbn.maps import end_maps
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.regions import REGIONS
from sealane.cloud.tags import tagged, tags
from sealane.cloud.times import minutes
from sealane.cloud.world import Transaction

BUSY = "IncorrectStatus.TransitRouterInstance"


@CBN.writes("CreateTransitRouter", refuses=["SupportMulticast"])
def create_transit_router(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouter."""
    cen = cen_of(call, state)
    fields = {**named(call, "TransitRouterName", "TransitRouterDescription"), "Tags": tags(call)}
    router = born(call, state, cen, call.region, fields)
    for one in call.structs("TransitRouterCidrList"):
        add_cidr(replace(call, params=one), state, router)
    return {"TransitRouterId": router.id}


def born(call: Call, state: Transaction, cen: Document, region: str, fields: Fields) -> Document:
    """A new transit router with its system table.

    Raises:
        CloudError: The CEN has one in the region, is busy, or cannot have any.
    """
    if region not in REGIONS:
        raise CloudError("OperationUnsupported.RegionId", f"The region {region} is not known.")
    idle(cen, "Operation.Blocking")
    if cen.text("ProtectionLevel") == "FULL":
        raise CloudError("OperationUnsupported.CenFullLevel", f"The protection level of {cen.id} must be REDUCED.")
    if other := next(routers_of(state, cen.id, region), None):
        raise CloudError("InstanceExist.TransitRouterInstance", f"{cen.id} has {other.id} in {region}.")
    router = made(call, state, "transit_router", "tr", fields, region=region, parent=cen.id, status="Creating")
    table = {
        "TransitRouterRouteTableType": "System",
        "TransitRouterRouteTableName": "",
        "TransitRouterRouteTableDescription": "",
        "MultiRegionECMP": "disable",
        "Tags": [],
    }
    made(call, state, "tr_route_table", "vtb", table, region=region, parent=router.id, status="Creating")
    return router


@CBN.writes("UpdateTransitRouter")
def update_transit_router(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouter."""
    router = router_in_region(call, state)
    idle(router, "Operation.Blocking")
    state.put(retold(router, **renamed(call, "TransitRouterName", "TransitRouterDescription")))
    return {}


@CBN.writes("DeleteTransitRouter")
def delete_transit_router(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouter."""
    router = router_of(call, state)
    idle(router, BUSY)
    if attached := next(state.children(router.id, "tr_attachment"), None):
        raise CloudError(
            "InvalidOperation.AttachedChildInstanceExist",
            f"{attached.text('ResourceId')} is still attached to {router.id} by {attached.id}.",
        )
    tables = tuple(state.children(router.id, "tr_route_table"))
    if any(one.text("TransitRouterRouteTableType") == "Custom" for one in tables):
        raise CloudError("OperationFailed.DeleteTransitRouter", f"{router.id} still has custom route tables.")
    if any(static_routes(state, router.id)):
        raise CloudError("OperationFailed.DeleteTransitRouter", f"{router.id} still has static routes.")
    for table in tables:
        end_maps(state, router, table.id)
    state.put(deleted(router, "Deleting"))
    return {}


@CBN.reads("ListTransitRouters")
def list_transit_routers(call: Call, state: Transaction) -> Fields:
    """ListTransitRouters."""
    total = None
    name, status, kind = call.text("TransitRouterName"), call.text("Status"), call.text("Type")
    narrowed = ("CenId", "RegionId", "TransitRouterId", "TransitRouterName", "Status", "Type", "Tag", "FeatureFilter")
    if not any(call.has(one) for one in narrowed):
        total = state.count(call.account, "transit_router")
    multicast = {
        value for one in call.structs("FeatureFilter") if one.get("Key") == "Multicast" for value in _values(one)
    }
    found = (
        one
        for one in _candidates(call, state)
        if call.region in ("", one.region)
        and name in ("", one.text("TransitRouterName"))
        and status in ("", one.status)
        and kind in ("", "Enterprise")
        and (not multicast or "Disabled" in multicast)
    )
    part = page(call, tagged(call, found), total=total)
    return {**part.fields, "TransitRouters": [_told(one, state) for one in part.items]}


def _values(one: Fields) -> tuple[str, ...]:
    value = one.get("Value")
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()


def _candidates(call: Call, state: Transaction) -> Iterator[Document]:
    cen_id, router_id = call.text("CenId"), call.text("TransitRouterId")
    if cen_id:
        cen_of(call, state, "ParameterCenInstanceId")
    if router_id:
        found = state.get(router_id)
        mine = found is not None and (found.account, found.kind) == (call.account, "transit_router")
        return iter([found] if found is not None and mine and cen_id in ("", found.parent) else [])
    return routers_of(state, cen_id) if cen_id else state.of_kind(call.account, "transit_router")


def _told(router: Document, state: Transaction) -> Fields:
    return {
        "TransitRouterId": router.id,
        "TransitRouterName": router.text("TransitRouterName"),
        "TransitRouterDescription": router.text("TransitRouterDescription"),
        "CenId": router.parent,
        "RegionId": router.region,
        "Status": router.status,
        "Type": "Enterprise",
        "AliUid": router.account,
        "CreationTime": minutes(router.created_ms),
        "SupportMulticast": False,
        "TransitRouterCidrList": [
            {
                "TransitRouterCidrId": one.id,
                "Cidr": one.text("Cidr"),
                "Name": one.text("Name"),
                "Description": one.text("Description"),
                "PublishCidrRoute": one.fields.get("PublishCidrRoute"),
            }
            for one in state.children(router.id, "tr_cidr")
        ],
        "Tags": router.fields.get("Tags"),
    }
