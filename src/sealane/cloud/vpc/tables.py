"""Route tables of VPCs and border routers."""

from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import given, group_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

NO_TABLE = CloudError("InvalidRouteTableId.NotFound", "The specified route table does not exist.", 404)
MOST_TABLES = 10


def new_table(call: Call, parent: str, *, router_type: str, router_id: str, kind: str) -> Document:
    """A route table; System ones come with their router."""
    return Document(
        call.new_id("vtb", call.region), "route_table", call.account, call.region, parent, "Pending",
        created_ms=call.now_ms,
        fields={"RouterType": router_type, "RouterId": router_id, "RouteTableType": kind, "VSwitchIds": [],
                "RouteTableName": "", "Description": "", "Tags": []},
    )


@VPC.reads("DescribeRouteTableList")
def describe_route_table_list(call: Call, state: Transaction) -> Fields:
    """DescribeRouteTableList."""
    group = call.text("ResourceGroupId")
    found: Iterable[Document] = state.named(call.account, "route_table", call.region, _given(call, "RouteTableId"))
    if group:
        found = (one for one in found if group_of(one, state) == group)
    for name in ("RouteTableName", "RouteTableType", "RouterId", "RouterType"):
        found = matching(found, _given(call, name), name)
    if call.has("VpcId"):
        found = (one for one in found if one.parent == call.text("VpcId"))
    told = page(call, tagged(call, found))
    return {**told.fields, "RouterTableList": {"RouterTableListType": [_item(one, state) for one in told.items]}}


def _given(call: Call, name: str) -> tuple[str, ...]:
    return (call.text(name),) if call.has(name) else ()


def _item(table: Document, state: Transaction) -> dict[str, Json]:
    return {
        **{key: table.fields.get(key) or "" for key in ("RouteTableName", "Description", "RouteTableType", "RouterId",
                                                       "RouterType")},
        "RouteTableId": table.id,
        "VpcId": table.parent if table.text("RouterType") == "VRouter" else "",
        "Status": table.status,
        "CreationTime": seconds(table.created_ms),
        "AssociateType": "VSwitch",
        "OwnerId": int(table.account),
        "ResourceGroupId": group_of(table, state),
        "RoutePropagationEnable": propagates(table),
        "VSwitchIds": {"VSwitchId": [one.id for one in vswitches_of(table, state)]},
        "GatewayIds": {"GatewayIds": []},
        "Tags": {"Tag": table.fields.get("Tags") or []},
    }


def propagates(table: Document) -> bool:
    """True while a VPC's table takes the routes that a transit router publishes to the VPC."""
    return table.fields.get("RoutePropagationEnable") is not False


def vswitches_of(table: Document, state: Transaction) -> Iterable[Document]:
    """The vSwitches that use a VPC's table: those bound to it, or for the system table those bound to no other."""
    if table.text("RouterType") != "VRouter":
        return ()
    bound = {one.id: one.text("RouteTableId") for one in state.children(table.parent, "vswitch")}
    system = table.text("RouteTableType") == "System"
    return (one for one in state.children(table.parent, "vswitch")
            if bound[one.id] == table.id or (system and not bound[one.id]))


@VPC.writes("CreateRouteTable")
def create_route_table(call: Call, state: Transaction) -> Fields:
    """CreateRouteTable: a custom table of a VPC."""
    if call.text("AssociateType", "VSwitch") != "VSwitch":
        raise CloudError("OperationUnsupported.AssociateType", "Only tables for vSwitches are supported.")
    vpc = call.own(state, call.text("VpcId"), "vpc",
                   CloudError("InvalidVpcId.NotFound", "The specified VPC does not exist.", 404))
    if vpc.deleting:
        raise CloudError("IncorrectVpcStatus", "The VPC is being deleted.")
    if sum(1 for _ in state.children(vpc.id, "route_table")) >= MOST_TABLES:
        raise CloudError("QuotaExceeded.RouteTable", f"A VPC has at most {MOST_TABLES} route tables.")
    table = new_table(call, vpc.id, router_type="VRouter", router_id=vpc.text("VRouterId"), kind="Custom")
    made = state.put(retold(
        table,
        RouteTableName=text(call, "RouteTableName", code="InvalidRouteTableName.Malformed"),
        Description=text(call, "Description", least=2, most=256, code="InvalidDescription.Malformed"),
        Tags=tags(call),
    ))
    return {"RouteTableId": made.id}


@VPC.writes("ModifyRouteTableAttributes", ignores=("RegionId",))
def modify_route_table(call: Call, state: Transaction) -> Fields:
    """ModifyRouteTableAttributes."""
    table = _living(call, state)
    state.put(retold(table, **given(
        RouteTableName=text(call, "RouteTableName", code="InvalidRouteTableName.Malformed"),
        Description=text(call, "Description", least=2, most=256, code="InvalidDescription.Malformed"),
        RoutePropagationEnable=call.flag("RoutePropagationEnable", default=propagates(table)),
    )))
    return {}


def _living(call: Call, state: Transaction) -> Document:
    table = call.own(state, call.text("RouteTableId"), "route_table", NO_TABLE)
    if table.deleting:
        raise CloudError("IncorrectRouteTableStatus", f"{table.id} is being deleted.")
    return table


def _switch(call: Call, state: Transaction) -> Document:
    switch = call.own(state, call.text("VSwitchId"), "vswitch",
                      CloudError("InvalidVSwitchId.NotFound", "The specified vSwitch does not exist.", 404))
    if switch.deleting:
        raise CloudError("IncorrectVSwitchStatus", f"{switch.id} is being deleted.")
    return switch


@VPC.writes("AssociateRouteTable", ignores=("RegionId",))
def associate_route_table(call: Call, state: Transaction) -> Fields:
    """AssociateRouteTable: a vSwitch uses a custom table."""
    table, switch = _living(call, state), _switch(call, state)
    if switch.parent != table.parent:
        raise CloudError("InvalidRouteTableId.NotMatch", "Table and vSwitch are of different VPCs.")
    if table.text("RouteTableType") != "Custom":
        raise CloudError("OperationDenied.SystemRouteTable", "vSwitches without a custom table use the system table.")
    if switch.text("RouteTableId"):
        raise CloudError("OperationDenied.AlreadyAssociated", "The vSwitch has a custom table already.")
    state.put(changed(switch, "Pending", RouteTableId=table.id))
    return {}


@VPC.writes("UnassociateRouteTable", ignores=("RegionId",))
def unassociate_route_table(call: Call, state: Transaction) -> Fields:
    """UnassociateRouteTable: the vSwitch uses the system table again."""
    table, switch = _living(call, state), _switch(call, state)
    if switch.text("RouteTableId") != table.id:
        raise CloudError("OperationDenied.NotAssociated", "The vSwitch does not use that table.")
    state.put(changed(switch, "Pending", RouteTableId=""))
    return {}


@VPC.writes("DeleteRouteTable", ignores=("RegionId",))
def delete_route_table(call: Call, state: Transaction) -> Fields:
    """DeleteRouteTable, with the routes in it."""
    table = _living(call, state)
    if table.text("RouteTableType") != "Custom":
        raise CloudError("OperationDenied.SystemRouteTable", "A system route table goes with its router only.")
    if any(True for _ in vswitches_of(table, state)):
        raise CloudError("DependencyViolation.VSwitch", "vSwitches still use the route table.")
    state.put(deleted(table, "Deleting"))
    return {}
