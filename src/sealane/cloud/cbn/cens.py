"""CEN instances: the global objects that transit routers belong to."""

from collections.abc import Iterable, Mapping

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import (
    attachments_of,
    cen_of,
    idle,
    made,
    named,
    one_of,
    renamed,
    routers_of,
    static_routes,
)
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import deleted, is_busy, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import new_resource_group
from sealane.cloud.times import seconds
from sealane.cloud.world import Transaction

BUSY = "InvalidOperation.CenInstanceStatus"
_LEVELS = ("REDUCED", "FULL")
_MOST_FILTERS = 5


@CBN.writes("CreateCen")
def create_cen(call: Call, state: Transaction) -> Fields:
    """CreateCen."""
    fields = {
        **named(call, "Name", "Description"),
        "ProtectionLevel": one_of(call, "ProtectionLevel", _LEVELS, "REDUCED"),
        "Tags": tags(call),
    }
    return {"CenId": made(call, state, "cen", "cen", fields, region="", status="Creating").id}


@CBN.writes("ModifyCenAttribute")
def modify_cen_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyCenAttribute."""
    cen = cen_of(call, state)
    idle(cen, BUSY)
    fields = renamed(call, "Name", "Description")
    if level := one_of(call, "ProtectionLevel", _LEVELS):
        if level == "FULL" and any(routers_of(state, cen.id)):
            raise CloudError("OperationUnsupported.CenFullLevel", f"{cen.id} has transit routers, it must be REDUCED.")
        fields["ProtectionLevel"] = level
    state.put(retold(cen, **fields))
    return {}


@CBN.writes("DeleteCen")
def delete_cen(call: Call, state: Transaction) -> Fields:
    """DeleteCen: it takes transit routers along that have nothing attached and nothing made in them."""
    cen = cen_of(call, state)
    idle(cen, BUSY)
    routers = tuple(routers_of(state, cen.id))
    attached = next(attachments_of(state, cen.id), None)
    if attached is not None:
        raise CloudError(BUSY, f"{attached.text('ResourceId')} is still attached to {cen.id} by {attached.id}.")
    for router in routers:
        if any(static_routes(state, router.id)):
            raise CloudError("OperationFailed.DeleteCenWithRouteEntry", f"{router.id} still has static routes.")
        if any(_custom(state, router.id)):
            raise CloudError("OperationFailed.DeleteCenWithCustomRouteTable", f"{router.id} still has custom tables.")
        if is_busy(router) and not router.deleting:
            raise CloudError(BUSY, f"{router.id} is {router.status}, wait until that is done.")
    for router in routers:
        if not router.deleting:
            state.put(deleted(router, "Deleting"))
    for one in state.children(cen.id, "route_map"):
        if not one.deleting:
            state.put(deleted(one, "Deleting"))
    state.put(deleted(cen, "Deleting"))
    return {}


def _custom(state: Transaction, router_id: str) -> Iterable[Document]:
    tables = state.children(router_id, "tr_route_table")
    return (one for one in tables if one.text("TransitRouterRouteTableType") == "Custom")


@CBN.reads("DescribeCens")
def describe_cens(call: Call, state: Transaction) -> Fields:
    """DescribeCens."""
    filters = _filters(call)
    group = call.text("ResourceGroupId")
    found = state.of_kind(call.account, "cen")
    total = None
    if filters or group or call.has("Tag"):
        found = (
            one
            for one in found
            if all(_value(one, key) in values for key, values in filters) and group in ("", one.text("ResourceGroupId"))
        )
    else:
        total = state.count(call.account, "cen")
    part = page(call, tagged(call, found), total=total)
    return {**part.fields, "Cens": [_told(one) for one in part.items]}


_KEYS: Mapping[str, str] = {"CenId": "", "Name": "Name", "Status": "", "ProtectionLevel": "ProtectionLevel"}


def _filters(call: Call) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for one in call.structs("Filter"):
        values = one.get("Value")
        wanted = tuple(map(str, values)) if isinstance(values, list | tuple) else ()
        key = str(one.get("Key") or "")
        if key not in _KEYS:
            raise CloudError("InvalidParameter", f"Filter.Key is {key}, expected {' or '.join(_KEYS)}.")
        if len(wanted) > _MOST_FILTERS:
            raise CloudError("InvalidParameter", f"Filter {key} has {len(wanted)} values, at most {_MOST_FILTERS}.")
        found.append((key, wanted))
    if len(found) > _MOST_FILTERS:
        raise CloudError("InvalidParameter", f"{len(found)} filters are given, at most {_MOST_FILTERS} are allowed.")
    return tuple(found)


def _value(cen: Document, key: str) -> str:
    return {"CenId": cen.id, "Status": cen.status}.get(key) or cen.text(_KEYS[key])


def _told(cen: Document) -> Fields:
    return {
        "CenId": cen.id,
        "Name": cen.text("Name"),
        "Description": cen.text("Description"),
        "Status": cen.status,
        "ProtectionLevel": cen.text("ProtectionLevel"),
        "CreationTime": seconds(cen.created_ms),
        "CenBandwidthPackageIds": [],
        "ResourceGroupId": cen.text("ResourceGroupId"),
        "Tags": cen.fields.get("Tags"),
    }


@CBN.writes("MoveResourceGroup")
def move_resource_group(call: Call, state: Transaction) -> Fields:
    """MoveResourceGroup: of a CEN instance, the only thing of this product that is in one."""
    one_of(call, "ResourceType", ("cen", "Cen", "CEN"))
    resource = call.text("ResourceId")
    group = new_resource_group(call, "IllegalParam.ResourceGroupId")
    missing = CloudError("InvalidCenId.NotFound", f"The CEN instance {resource} is not found.")
    state.put(retold(call.own(state, resource, "cen", missing), ResourceGroupId=group))
    return {}
