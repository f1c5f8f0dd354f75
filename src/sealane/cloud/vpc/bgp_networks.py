"""BGP networks: prefixes that a border router tells the site, in a topology that there is no more."""

from sealane.cloud.call import Call
from sealane.cloud.change import deleted
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.texts import prefix
from sealane.cloud.vpc.bgp_groups import NO_ROUTER, router_of
from sealane.cloud.vpc.border_routers import vbr_of
from sealane.cloud.vpc.common import in_region
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import not_found
from sealane.cloud.world import Transaction

_MALFORMED = "InvalidDestCidrBlock.Malformed"


@VPC.writes("AddBgpNetwork")
def add_bgp_network(call: Call, state: Transaction) -> Fields:
    """AddBgpNetwork: refused, since it needs a router interface between a border router and a VPC.

    A border router that is attached to a transit router tells the site its routes without being asked to.
    """
    vbr = router_of(call, state)
    prefix(call.text("DstCidrBlock"), CloudError(_MALFORMED, f"{call.text('DstCidrBlock')} is not a prefix."))
    if call.text("VpcId"):
        call.own(state, call.text("VpcId"), "vpc", not_found())
    raise CloudError("OperationFailed.NoActiveRouterInterface", f"{vbr.id} has no router interface to a VPC; attached "
                     "to a transit router it tells the site the routes of that by itself.")


@VPC.writes("DeleteBgpNetwork")
def delete_bgp_network(call: Call, state: Transaction) -> Fields:
    """DeleteBgpNetwork."""
    vbr = vbr_of(call, state, call.text("RouterId"), NO_ROUTER)
    block = prefix(call.text("DstCidrBlock"), CloudError(_MALFORMED, f"{call.text('DstCidrBlock')} is not a prefix."))
    for one in state.children(vbr.id, "bgp_network"):
        if one.text("DstCidrBlock") == str(block) and not one.deleting:
            state.put(deleted(one, "Deleting"))
            return {}
    raise CloudError("InvalidParams.NotFound", f"{vbr.id} has no BGP network {block}.")


@VPC.reads("DescribeBgpNetworks")
def describe_bgp_networks(call: Call, state: Transaction) -> Fields:
    """DescribeBgpNetworks."""
    router = call.text("RouterId")
    here = in_region(call, state.of_kind(call.account, "bgp_network"))
    found = page(call, (one for one in here if router in ("", one.parent)))
    return {**found.fields, "BgpNetworks": {"BgpNetwork": [
        {"DstCidrBlock": one.text("DstCidrBlock"), "RouterId": one.parent, "VpcId": one.text("VpcId"),
         "Status": one.status}
        for one in found.items
    ]}}
