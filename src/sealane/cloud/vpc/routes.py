"""Routes of the route tables of VPCs and border routers."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, is_busy, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.hops import HOP_INSTANCE
from sealane.cloud.interface_ids import instance_of
from sealane.cloud.paging import portion
from sealane.cloud.texts import SERVICE_RANGE, UNUSABLE, prefix, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import given
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.tables import NO_TABLE, propagates
from sealane.cloud.vpc.vpcs import check_living
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains

MOST_ROUTES = 200
_VBR_HOP, _VPC_HOP = "RouterInterface", "Attachment"
_INSTANCE_HOPS = ("Instance", "NetworkInterface")
_BUSY = CloudError("IncorrectRouteEntryStatus", "The route is being changed.")


@VPC.writes("CreateRouteEntry", ignores=("RegionId",), refuses=("NextHopList",))
def create_route_entry(call: Call, state: Transaction) -> Fields:
    """CreateRouteEntry, of a VPC to an attachment or an instance, or of a border router to its circuit."""
    table = call.own(state, call.text("RouteTableId"), "route_table", NO_TABLE)
    if table.deleting:
        raise CloudError("IncorrectRouteTableStatus", f"{table.id} is being deleted.")
    block = _destination(call)
    if any(contains(one, block) for one in UNUSABLE):
        raise CloudError("InvalidCidrBlock", f"{block} is in one of {', '.join(map(str, UNUSABLE))}, where no route "
                         "may lead.")
    routes = tuple(state.children(table.id, "route_entry"))
    if any(one.text("DestinationCidrBlock") == str(block) for one in routes):
        raise CloudError("InvalidCIDRBlock.Duplicate", f"The table has a route to {block} already.")
    if len(routes) >= MOST_ROUTES:
        raise CloudError("QuotaExceeded", f"A route table has at most {MOST_ROUTES} custom routes.")
    instance = ""
    if table.text("RouterType") == "VBR":
        _check_vbr(call, table, state)
    else:
        instance = _check_vpc(call, table, block, state)
    made = state.put(Document(
        call.new_id("rte", table.region), "route_entry", call.account, table.region, table.id, "Pending",
        created_ms=call.now_ms,
        fields={
            "DestinationCidrBlock": str(block),
            "NextHopType": call.text("NextHopType", _INSTANCE_HOPS[0]),
            "NextHopId": call.text("NextHopId"),
            **({HOP_INSTANCE: instance} if instance else {}),
            "RouteEntryName": text(call, "RouteEntryName", code="InvalidRouteEntryName.Malformed"),
            "Description": text(call, "Description", most=256, code="InvalidDescription.Malformed"),
        },
    ))
    return {"RouteEntryId": made.id}


def _destination(call: Call) -> Prefix:
    if not call.text("DestinationCidrBlock"):
        raise CloudError("MissingParameter", "DestinationCidrBlock is mandatory for this action.")
    written = call.text("DestinationCidrBlock")
    return prefix(written, CloudError("InvalidCidrBlock.Malformed", f"{written} is not a prefix."))


def _check_vbr(call: Call, table: Document, state: Transaction) -> None:
    vbr = state.get(table.parent)
    if vbr is None or vbr.status != "active":
        raise CloudError("InvalidVBRStatus", "The VBR is not active.")
    circuit = state.get(vbr.parent)
    if circuit is None or circuit.status != "Enabled":
        raise CloudError("InvalidPhysicalConnectionBusinessStatus", "The circuit of the VBR is not enabled.")
    if call.text("NextHopType") != _VBR_HOP or call.text("NextHopId") != vbr.text("VlanInterfaceId"):
        raise CloudError("InvalidNextHop.NotFound", f"The next hop of a VBR's route is of type {_VBR_HOP} and is its "
                         f"interface {vbr.text('VlanInterfaceId')}.")


def _check_vpc(call: Call, table: Document, block: Prefix, state: Transaction) -> str:
    """Check a route of a VPC; see ``_vpc_hop`` for what is returned."""
    instance = _vpc_hop(call, table, state)
    for switch in state.children(table.parent, "vswitch"):
        local = Prefix(switch.text("CidrBlock"))
        if contains(local, block):
            code = "InvalidCIDRBlock.Duplicate" if local == block else "InvalidCidrBlock"
            raise CloudError(code, f"{block} lies in vSwitch {switch.id}, which is local.")
    return instance


def _vpc_hop(call: Call, table: Document, state: Transaction) -> str:
    """The id of the instance that the route leads to; empty when it leads to the transit router."""
    check_living(state.get(table.parent))
    hop, instance = call.text("NextHopType", _INSTANCE_HOPS[0]), ""
    if hop in _INSTANCE_HOPS:
        instance = _instance_hop(call, table, hop, state)
    elif hop == _VPC_HOP:
        _check_attachment(call, table, state)
    else:
        raise CloudError("OperationUnsupported.NextHopType", f"NextHopType {hop} is not supported; routes of a VPC "
                         f"lead to an {_VPC_HOP}, an {' or a '.join(_INSTANCE_HOPS)}.")
    return instance


def _instance_hop(call: Call, table: Document, hop: str, state: Transaction) -> str:
    named = call.text("NextHopId")
    missing = CloudError("InvalidNextHop.NotFound", f"{named} is no {hop} of the VPC of {table.id}.")
    instance = call.own(state, named if hop == _INSTANCE_HOPS[0] else instance_of(named), "instance", missing)
    switch = state.get(instance.parent)
    if switch is None or switch.parent != table.parent:
        raise missing
    if instance.deleting:
        raise CloudError("IncorrectInstanceStatus", f"{instance.id} is being deleted.")
    return instance.id


def _check_attachment(call: Call, table: Document, state: Transaction) -> None:
    attachment = state.get(call.text("NextHopId"))
    if attachment is None or attachment.account != call.account or attachment.kind != "tr_attachment":
        raise CloudError("InvalidAttachment.NotFound", "The specified attachment does not exist.", 404)
    if attachment.text("ResourceId") != table.parent:
        raise CloudError("IllegalParam.AttachmentId", "The attachment is not that of this VPC.")
    if attachment.deleting or attachment.status == "Attaching":
        raise CloudError("IncorrectStatus.CenRelation", f"The attachment is {attachment.status}.")


@VPC.writes("ModifyRouteEntry", ignores=("RegionId",))
def modify_route_entry(call: Call, state: Transaction) -> Fields:
    """ModifyRouteEntry: name, description and, of a route of a VPC, the next hop."""
    route = _named(call, state)
    if route.deleting:
        raise _BUSY
    if call.text("NewNextHopType") and not call.text("NewNextHopId"):
        raise CloudError("MissingParameter", "NewNextHopType is given without NewNextHopId.")
    if call.text("NewNextHopId"):
        route = _rerouted(call, route, state)
    state.put(retold(route, **given(
        RouteEntryName=text(call, "RouteEntryName", code="InvalidRouteEntryName.Malformed"),
        Description=text(call, "Description", most=256, code="InvalidDescription.Malformed"),
    )))
    return {}


def _rerouted(call: Call, route: Document, state: Transaction) -> Document:
    if is_busy(route):
        raise _BUSY
    table = state.get(route.parent)
    if table is None or table.text("RouterType") == "VBR":
        raise CloudError("OperationUnsupported.NewNextHopId", "A route of a VBR leads to its own line only.")
    hop = {"NextHopType": call.text("NewNextHopType", _INSTANCE_HOPS[0]), "NextHopId": call.text("NewNextHopId")}
    instance = _vpc_hop(_like(call, hop), table, state)
    if hop == {key: route.text(key) for key in hop}:
        return route
    return changed(route, "Modifying", **hop, **{HOP_INSTANCE: instance})


@VPC.writes("DeleteRouteEntry", ignores=("RegionId",), refuses=("NextHopList",))
def delete_route_entry(call: Call, state: Transaction) -> Fields:
    """DeleteRouteEntry, by id or by table, destination and next hop; not while it is being made or changed."""
    if call.has("RouteEntryId") and call.has("DestinationCidrBlock"):
        raise CloudError("ParamExclusive.RouteEntryIdAndRouteTableIdOrDestCidrBlock",
                         "Give RouteEntryId, or RouteTableId and DestinationCidrBlock.")
    route = _named(call, state)
    if is_busy(route):
        raise _BUSY
    state.put(deleted(route, "Modifying"))
    return {}


def _named(call: Call, state: Transaction) -> Document:
    """The route that is named by id, or by table, destination and next hop.

    Raises:
        CloudError: There is none, or nobody made it.
    """
    managed = CloudError("OperationDenied.DeleteManagedRouteEntry", "The route is managed by the cloud.")
    if call.text("RouteEntryId"):
        route_id = call.text("RouteEntryId")
        if route_id.startswith(_SYSTEM):
            raise managed
        missing = CloudError("InvalidRouteEntryId.NotFound", "The specified RouteEntryId does not exist.")
        return call.own(state, route_id, "route_entry", missing)
    if not call.text("RouteTableId"):
        raise CloudError("MissingParameter", "Give RouteEntryId, or RouteTableId and DestinationCidrBlock.")
    table = call.own(state, call.text("RouteTableId"), "route_table", NO_TABLE)
    block, hop = str(_destination(call)), call.text("NextHopId")
    there = [one for one in routes_of(call, table, state) if one.text("DestinationCidrBlock") == block]
    made = (state.get(one.id) for one in there if hop in ("", one.text("NextHopId")))
    found = next((one for one in made if one is not None), None)
    if found is not None:
        return found
    if any(one.text("Type") != "Custom" for one in there):
        raise managed
    raise CloudError("InvalidRouteEntry.NotFound", "The specified route does not exist.")


@VPC.writes("CreateRouteEntries", ignores=("RegionId", "RouteEntries.IpVersion"))
def create_route_entries(call: Call, state: Transaction) -> Fields:
    """CreateRouteEntries: several at once, all or none."""
    made: list[str] = []
    for one in call.structs("RouteEntries"):
        params: dict[str, Json] = {
            "RegionId": call.region,
            "RouteTableId": one.get("RouteTableId"),
            "DestinationCidrBlock": one.get("DstCidrBlock"),
            "NextHopId": one.get("NextHop"),
            "NextHopType": one.get("NextHopType"),
            "RouteEntryName": one.get("Name"),
            "Description": one.get("Description"),
        }
        answer = create_route_entry(_like(call, params), state)
        made.append(str(answer["RouteEntryId"]))
    return {"RouteEntryIds": made, "SuccessCount": len(made), "FailedCount": 0}


@VPC.writes("DeleteRouteEntries", ignores=("RegionId",))
def delete_route_entries(call: Call, state: Transaction) -> Fields:
    """DeleteRouteEntries: several at once, all or none."""
    found = call.structs("RouteEntries")
    for one in found:
        params: dict[str, Json] = {"RegionId": call.region}
        if one.get("RouteEntryId"):
            params["RouteEntryId"] = one["RouteEntryId"]
        else:
            params |= {"RouteTableId": one.get("RouteTableId"), "DestinationCidrBlock": one.get("DstCidrBlock"),
                       "NextHopId": one.get("NextHop")}
        delete_route_entry(_like(call, params), state)
    return {"SuccessCount": len(found), "FailedCount": 0}


def _like(call: Call, params: Fields) -> Call:
    return replace(call, params={key: value for key, value in params.items() if value is not None})


_SYSTEM = "rte-system-"
"""Ids of routes that nobody made: they are told, not kept."""


@VPC.reads("DescribeRouteEntryList")
def describe_route_entry_list(call: Call, state: Transaction) -> Fields:
    """DescribeRouteEntryList: routes that were made, those that come with the router, and those it learned."""
    table = call.own(state, call.text("RouteTableId"), "route_table", NO_TABLE)
    found = (one for one in routes_of(call, table, state) if _asked(call, one))
    told = portion(call, found, size=10, name="MaxResult")
    return {
        "RouteEntrys": {"RouteEntry": [_item(one, table, state) for one in told.items]},
        "NextToken": told.fields.get("NextToken", ""),
        "TotalCount": told.fields["TotalCount"],
    }


def _asked(call: Call, route: Document) -> bool:
    blocks = [*call.texts("DestCidrBlockList"), *filter(None, [call.text("DestinationCidrBlock")])]
    if blocks and route.text("DestinationCidrBlock") not in blocks:
        return False
    wanted = {"NextHopId": call.text("NextHopId"), "NextHopType": call.text("NextHopType"),
              "RouteEntryName": call.text("RouteEntryName"), "Type": call.text("RouteEntryType"),
              "ServiceType": call.text("ServiceType")}
    if any(value and value != route.text(field) for field, value in wanted.items()):
        return False
    if call.has("IpVersion") and call.text("IpVersion").lower() != "ipv4":
        return False
    return not call.has("RouteEntryId") or call.text("RouteEntryId") == route.id


def routes_of(call: Call, table: Document, state: Transaction) -> Iterator[Document]:
    """Every route as if it were a document; learned ones come after the others, in order of their numbers."""
    custom: Iterable[Document] = state.children(table.id, "route_entry")
    yield from (retold(one, Type="Custom", Origin="CustomCreate") for one in custom)
    learned = _vbr_routes(call, table) if table.text("RouterType") == "VBR" else _vpc_routes(call, table, state)
    yield from (
        Document(f"{_SYSTEM}{table.id}-{number}", "route_entry", table.account, table.region, table.id, "Available",
                 fields, created_ms=table.created_ms, settled=1, sequence=_AFTER_ALL + number)
        for number, fields in enumerate(learned)
    )


_AFTER_ALL = 1 << 60


def _vpc_routes(call: Call, table: Document, state: Transaction) -> Iterator[Fields]:
    for switch in state.children(table.parent, "vswitch"):
        yield {"DestinationCidrBlock": switch.text("CidrBlock"), "Type": "System", "Origin": "SystemCreate",
               "NextHopType": "local", "NextHopId": ""}
    yield {"DestinationCidrBlock": str(SERVICE_RANGE), "Type": "System", "Origin": "SystemCreate",
           "NextHopType": "service", "NextHopId": ""}
    for one in state.of_kind(call.account, "tr_attachment"):
        published = one.fields.get("AutoPublishRouteEnabled") and propagates(table)
        if one.text("ResourceId") == table.parent and published:
            for route in call.observed.learned(table.parent):
                yield {"DestinationCidrBlock": route.prefix, "Type": "CEN", "Origin": "RoutePropagation",
                       "NextHopType": _VPC_HOP, "NextHopId": one.id, "ServiceType": "TR"}


def _vbr_routes(call: Call, table: Document) -> Iterator[Fields]:
    for route in call.observed.learned(table.parent):
        yield {"DestinationCidrBlock": route.prefix, "Type": route.source, "Origin": "RoutePropagation",
               "NextHopType": _VPC_HOP if route.source == "CEN" else _VBR_HOP, "NextHopId": "",
               "ServiceType": "TR" if route.source == "CEN" else ""}


def hop_of(route: Document, table: Document, state: Transaction) -> dict[str, Json]:
    """The next hop of a route as it is told."""
    hop: dict[str, Json] = {"NextHopType": route.text("NextHopType"), "NextHopId": route.text("NextHopId")}
    vbr = state.get(table.parent)
    if route.text("NextHopType") == _VBR_HOP and vbr is not None and vbr.kind == "vbr":
        hop |= {"NextHopRegionId": table.region, "Enabled": 1, "Weight": 0, "NextHopId": vbr.text("VlanInterfaceId"),
                "NextHopRelatedInfo": {"InstanceId": vbr.parent, "InstanceType": "PCONN", "RegionId": table.region}}
    return hop


def _item(route: Document, table: Document, state: Transaction) -> Fields:
    return {
        **{key: route.text(key) for key in ("DestinationCidrBlock", "Type", "Origin", "RouteEntryName", "Description",
                                            "ServiceType")},
        "RouteEntryId": route.id,
        "RouteTableId": table.id,
        "Status": route.status,
        "IpVersion": "ipv4",
        "GmtModified": seconds(route.created_ms),
        "NextHops": {"NextHop": [hop_of(route, table, state)]},
    }


