"""Further address blocks of a VPC beside the one it was made with.

The cloud's codes for blocks that cannot be are not published; they are taken from CreateVpc and CreateVSwitch.
"""

from sealane.cloud.call import Call
from sealane.cloud.change import changed, not_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import attachment_of, blocks, living, secondary_blocks, usable_block
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains, overlaps

MOST_SECONDARY_BLOCKS = 5
_BUSY = CloudError("IncorrectStatus.Vpc", "The VPC is being changed.")
_MISSING = CloudError("MissingParam.SecondaryCidrBlock", "SecondaryCidrBlock is mandatory for this action.")


@VPC.writes("AssociateVpcCidrBlock", ignores=("RegionId",),
            refuses=("IPv6CidrBlock", "IpamPoolId", "Ipv6CidrMask", "Ipv6Isp", "SecondaryCidrMask"))
def associate_vpc_cidr_block(call: Call, state: Transaction) -> Fields:
    """AssociateVpcCidrBlock, one after the other; the VPC is Pending until the network has it."""
    vpc = living(call, state)
    if call.text("IpVersion", "IPV4").upper() != "IPV4":
        raise CloudError("OperationUnsupported.IpVersion", f"IpVersion {call.text('IpVersion')} is not supported.")
    if not call.text("SecondaryCidrBlock"):
        raise _MISSING
    not_busy(vpc, _BUSY)
    block = usable_block("SecondaryCidrBlock", call.text("SecondaryCidrBlock"))
    if taken := next((one for one in blocks(vpc) if overlaps(one, block)), None):
        raise CloudError("InvalidCidrBlock.Overlapped", f"{block} overlaps {taken} of the VPC.")
    if taken := next((one for one in _of_transit_router(vpc, state) if overlaps(one, block)), None):
        raise CloudError("InvalidCidrBlock.Overlapped", f"{block} overlaps {taken} of the transit router.")
    there = secondary_blocks(vpc)
    if len(there) >= MOST_SECONDARY_BLOCKS:
        raise CloudError("QuotaExceeded.SecondaryCidrBlock", f"A VPC has at most {MOST_SECONDARY_BLOCKS} further "
                         "blocks.")
    state.put(changed(vpc, "Pending", SecondaryCidrBlocks=[*there, str(block)]))
    return {"CidrBlock": str(block), "IpVersion": "IPV4"}


def _of_transit_router(vpc: Document, state: Transaction) -> tuple[Prefix, ...]:
    attachment = attachment_of(vpc, state)
    router = "" if attachment is None else attachment.parent
    return tuple(Prefix(one.text("Cidr")) for one in state.children(router, "tr_cidr"))


@VPC.writes("UnassociateVpcCidrBlock", ignores=("RegionId",), refuses=("IPv6CidrBlock",))
def unassociate_vpc_cidr_block(call: Call, state: Transaction) -> Fields:
    """UnassociateVpcCidrBlock; refused while a vSwitch lies in it."""
    vpc, block = living(call, state), call.text("SecondaryCidrBlock")
    if not block:
        raise _MISSING
    there = secondary_blocks(vpc)
    if block not in there:
        raise CloudError("InvalidCidrBlock.NotFound", f"{vpc.id} has no secondary block {block}.", 404)
    not_busy(vpc, _BUSY)
    for switch in state.children(vpc.id, "vswitch"):
        if contains(Prefix(block), Prefix(switch.text("CidrBlock"))):
            raise CloudError("OperationFailed.CidrInUse", f"vSwitch {switch.id} lies in {block}.")
    state.put(changed(vpc, "Pending", SecondaryCidrBlocks=[one for one in there if one != block]))
    return {}
