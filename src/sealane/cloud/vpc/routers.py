"""The router that every VPC comes with."""

from sealane.cloud.call import Call
from sealane.cloud.change import retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.texts import text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import given, in_region
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction


@VPC.reads("DescribeVRouters")
def describe_vrouters(call: Call, state: Transaction) -> Fields:
    """DescribeVRouters."""
    here = in_region(call, state.of_kind(call.account, "vpc"))
    ids = tuple(one for one in call.text("VRouterId").split(",") if one)
    found = page(call, matching(here, ids, "VRouterId"))
    return {**found.fields, "VRouters": {"VRouter": [_item(one, state) for one in found.items]}}


def _item(vpc: Document, state: Transaction) -> Fields:
    return {
        "VRouterId": vpc.text("VRouterId"),
        "VRouterName": vpc.text("VRouterName"),
        "Description": vpc.text("VRouterDescription"),
        "VpcId": vpc.id,
        "RegionId": vpc.region,
        "CreationTime": seconds(vpc.created_ms),
        "RouteTableIds": {"RouteTableId": [one.id for one in state.children(vpc.id, "route_table")]},
    }


@VPC.writes("ModifyVRouterAttribute", ignores=("RegionId",))
def modify_vrouter_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVRouterAttribute."""
    wanted = call.text("VRouterId")
    vpc = next((one for one in state.of_kind(call.account, "vpc") if one.text("VRouterId") == wanted), None)
    if vpc is None:
        raise CloudError("InvalidVRouterId.NotFound", "The specified vRouter does not exist.", 404)
    state.put(retold(vpc, **given(
        VRouterName=text(call, "VRouterName", least=2, code="InvalidVRouterName.Malformed"),
        VRouterDescription=text(call, "Description", least=2, most=256, code="InvalidVRouterDescription.Malformed"),
    )))
    return {}
