"""Routes of attached instances that the transit router learns.

A VPC's vSwitches and a border router's routes are always told, which is why they need not be published and cannot be
withdrawn. The cloud publishes routes of a VPC to instances when asked to; this one publishes no other route of a VPC.
"""

from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import attachments_of, cen_of, one_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import is_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.world import Transaction

_TYPES = ("VPC", "VBR")


def _instance(call: Call, state: Transaction) -> Document:
    """The attached instance that a call names.

    Raises:
        CloudError: The CEN has none such.
    """
    cen = cen_of(call, state)
    kind, instance_id = one_of(call, "ChildInstanceType", _TYPES), call.text("ChildInstanceId")
    for attachment in attachments_of(state, cen.id):
        if (attachment.text("ResourceId"), attachment.text("ResourceType")) == (instance_id, kind):
            found = state.get(instance_id)
            if found is not None and found.region == call.text("ChildInstanceRegionId"):
                if is_busy(attachment):
                    raise CloudError(
                        "InvalidOperation.ChildInstanceStatus", f"{attachment.id} is {attachment.status}.", 409
                    )
                return found
    raise CloudError("Instance.NotExist", f"{instance_id} is not attached to {cen.id}.", 404)


def _routes(state: Transaction, instance: Document) -> Iterator[tuple[Fields, int]]:
    """Routes of an instance's tables as the answer has them, with a place in the order."""
    for table in state.children(instance.id, "route_table"):
        if instance.kind == "vpc" and table.text("RouteTableType") != "Custom":
            for switch in state.children(instance.id, "vswitch"):
                yield _told(table, switch.text("CidrBlock"), "local", "", "System", told=True), switch.sequence
        for entry in state.children(table.id, "route_entry"):
            yield _told(
                table, entry.text("DestinationCidrBlock"), entry.text("NextHopType"), entry.text("NextHopId"),
                "Custom", told=instance.kind == "vbr",
            ), entry.sequence  # fmt: skip


def _told(table: Document, prefix: str, kind: str, hop: str, route_type: str, *, told: bool) -> Fields:
    return {
        "ChildInstanceRouteTableId": table.id,
        "DestinationCidrBlock": prefix,
        "NextHopType": kind,
        "NextHopId": hop,
        "RouteType": route_type,
        "PublishStatus": "Published" if told else "NonPublished",
        "OperationalMode": False,
        "Conflicts": {"Conflict": []},
    }


def _named(call: Call, state: Transaction) -> Fields:
    """The route that a call names.

    Raises:
        CloudError: There is none.
    """
    instance = _instance(call, state)
    table_id, destination = call.text("ChildInstanceRouteTableId"), call.text("DestinationCidrBlock")
    for route, _ in _routes(state, instance):
        if (route["ChildInstanceRouteTableId"], route["DestinationCidrBlock"]) == (table_id, destination):
            return route
    raise CloudError("InvalidOperation.NotFoundRoute", f"{table_id} of {instance.id} has no route to {destination}.")


@CBN.writes("PublishRouteEntries")
def publish_route_entries(call: Call, state: Transaction) -> Fields:
    """PublishRouteEntries."""
    route = _named(call, state)
    if route["PublishStatus"] != "Published":
        raise CloudError(
            "InvalidOperation.UnsupportnexthopType",
            f"The route to {route['DestinationCidrBlock']} over {route['NextHopType']} cannot be published.",
        )
    return {}


@CBN.writes("WithdrawPublishedRouteEntries")
def withdraw_published_route_entries(call: Call, state: Transaction) -> Fields:
    """WithdrawPublishedRouteEntries."""
    route = _named(call, state)
    if route["PublishStatus"] != "Published":
        return {}
    raise CloudError(
        "InvalidOperation.UnsupportnexthopType",
        f"The route to {route['DestinationCidrBlock']} is always told and cannot be withdrawn.",
    )


@CBN.reads("DescribePublishedRouteEntries")
def describe_published_route_entries(call: Call, state: Transaction) -> Fields:
    """DescribePublishedRouteEntries."""
    table_id, destination = call.text("ChildInstanceRouteTableId"), call.text("DestinationCidrBlock")
    found = [
        route
        for route, _ in sorted(_routes(state, _instance(call, state)), key=_age)
        if table_id in ("", route["ChildInstanceRouteTableId"]) and destination in ("", route["DestinationCidrBlock"])
    ]
    part = page(call, found)
    return {**part.fields, "PublishedRouteEntries": {"PublishedRouteEntry": list(part.items)}}


def _age(row: tuple[Fields, int]) -> int:
    return row[1]
