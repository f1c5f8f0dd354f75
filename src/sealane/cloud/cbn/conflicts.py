"""Routes of other instances with the same destination as those of an attached instance."""

from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import one_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.world import Transaction


@CBN.reads("DescribeRouteConflict")
def describe_route_conflict(call: Call, state: Transaction) -> Fields:
    """DescribeRouteConflict: in the tables that learn from it, routes that lost to its own or won over them."""
    found = page(call, _conflicts(call, state, _attachment(call, state)))
    return {**found.fields, "RouteConflicts": {"RouteConflict": list(found.items)}}


def _attachment(call: Call, state: Transaction) -> Document:
    kind, instance_id = one_of(call, "ChildInstanceType", ("VPC", "VBR", "CCN")), call.text("ChildInstanceId")
    for one in state.of_kind(call.account, "tr_attachment"):
        here = one.text("ResourceType") == kind and one.region == call.text("ChildInstanceRegionId")
        if here and one.text("ResourceId") == instance_id:
            table = state.get(call.text("ChildInstanceRouteTableId"))
            if table is None or table.parent != instance_id:
                raise CloudError("InvalidOperation.NotFoundRoute", f"{instance_id} has no such route table.")
            return one
    raise CloudError("Instance.NotExist", f"{instance_id} is not attached.", 404)


def _conflicts(call: Call, state: Transaction, attachment: Document) -> Iterator[Fields]:
    destination = call.text("DestinationCidrBlock")
    for propagation in state.children(attachment.id, "tr_propagation"):
        routes = call.observed.table(propagation.text("TransitRouterRouteTableId"))
        own = {one.prefix: one.status for one in routes if one.attachment == attachment.id}
        for one in routes:
            other = state.get(one.attachment)
            if other is None or other.id == attachment.id or destination not in ("", one.prefix):
                continue
            if "Rejected" in (one.status, own.get(one.prefix)) and one.prefix in own:
                yield {
                    "DestinationCidrBlock": one.prefix,
                    "InstanceId": other.text("ResourceId"),
                    "InstanceType": other.text("ResourceType"),
                    "RegionId": other.region,
                    "Status": one.status,
                }


__all__ = ["describe_route_conflict"]
