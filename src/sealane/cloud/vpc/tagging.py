"""Tags and resource groups of everything in the product."""

from collections.abc import Mapping

from sealane.cloud import tags
from sealane.cloud.call import Call
from sealane.cloud.change import retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.texts import new_resource_group
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

EXPRESS_CONNECT: Mapping[str, str] = {"PHYSICALCONNECTION": "physical_connection", "VIRTUALBORDERROUTER": "vbr"}
KINDS: Mapping[str, str] = {
    "VPC": "vpc",
    "VSWITCH": "vswitch",
    "ROUTETABLE": "route_table",
    "CUSTOMERGATEWAY": "customer_gateway",
    "VPNCONNECTION": "vpn_attachment",
    "VPNATTACHMENT": "vpn_attachment",
    **EXPRESS_CONNECT,
}
_GROUPED = {"VPC": "vpc", **EXPRESS_CONNECT}


def _fits(document: Document, resource_type: str) -> bool:
    """A border router's route table is no ROUTETABLE."""
    return resource_type != "ROUTETABLE" or document.text("RouterType") == "VRouter"


@VPC.writes("TagResources", ignores=("RegionId",))
def tag_resources(call: Call, state: Transaction) -> Fields:
    """TagResources."""
    return tags.tag_resources(call, state, KINDS, fits=_fits)


@VPC.writes("UnTagResources", ignores=("RegionId",))
def untag_resources(call: Call, state: Transaction) -> Fields:
    """UnTagResources."""
    return tags.untag_resources(call, state, KINDS, fits=_fits)


@VPC.reads("ListTagResources", ignores=("RegionId",))
def list_tag_resources(call: Call, state: Transaction) -> Fields:
    """ListTagResources."""
    return tags.list_tag_resources(call, state, KINDS, fits=_fits)


@VPC.writes("TagResourcesForExpressConnect", ignores=("RegionId",))
def tag_resources_for_express_connect(call: Call, state: Transaction) -> Fields:
    """TagResourcesForExpressConnect."""
    return tags.tag_resources(call, state, EXPRESS_CONNECT)


@VPC.writes("UntagResourcesForExpressConnect", ignores=("RegionId",))
def untag_resources_for_express_connect(call: Call, state: Transaction) -> Fields:
    """UntagResourcesForExpressConnect."""
    return tags.untag_resources(call, state, EXPRESS_CONNECT)


@VPC.reads("ListTagResourcesForExpressConnect", ignores=("RegionId",))
def list_tag_resources_for_express_connect(call: Call, state: Transaction) -> Fields:
    """ListTagResourcesForExpressConnect."""
    return tags.list_tag_resources(call, state, EXPRESS_CONNECT)


@VPC.writes("MoveResourceGroup", ignores=("RegionId",))
def move_resource_group(call: Call, state: Transaction) -> Fields:
    """MoveResourceGroup; vSwitches and route tables go with their VPC."""
    kind = _GROUPED.get(call.text("ResourceType").upper())
    if kind is None:
        raise CloudError("InvalidResourceType.NotFound", f"ResourceType {call.text('ResourceType')!r} is none of "
                         f"{', '.join(_GROUPED)}.", 404)
    group = new_resource_group(call)
    missing = CloudError("InvalidInstanceIds.NotFound", "The resource is not found.", 404)
    state.put(retold(call.own(state, call.text("ResourceId"), kind, missing), ResourceGroupId=group))
    return {}
