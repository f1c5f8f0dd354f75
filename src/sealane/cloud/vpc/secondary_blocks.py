"""Further address blocks of a VPC beside the one it was made with.

The cloud's codes for blocks that cannot be are not published; they are taken from CreateVpc and CreateVSwitch.
"""

from sealane.cloud.call import Call
from sealane.cloud.change import changed, not_busy
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import BUSY, blocks, check_apart, living, secondary_blocks, usable_block
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains

MOST_SECONDARY_BLOCKS = 5
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
    not_busy(vpc, BUSY)
    block = usable_block("SecondaryCidrBlock", call.text("SecondaryCidrBlock"))
    check_apart(block, blocks(vpc), vpc, state)
    there = secondary_blocks(vpc)
    if len(there) >= MOST_SECONDARY_BLOCKS:
        raise CloudError("QuotaExceeded.SecondaryCidrBlock", f"A VPC has at most {MOST_SECONDARY_BLOCKS} further "
                         "blocks.")
    state.put(changed(vpc, "Pending", SecondaryCidrBlocks=[*there, str(block)]))
    return {"CidrBlock": str(block), "IpVersion": "IPV4"}


@VPC.writes("UnassociateVpcCidrBlock", ignores=("RegionId",), refuses=("IPv6CidrBlock",))
def unassociate_vpc_cidr_block(call: Call, state: Transaction) -> Fields:
    """UnassociateVpcCidrBlock; refused while a vSwitch lies in it."""
    vpc, block = living(call, state), call.text("SecondaryCidrBlock")
    if not block:
        raise _MISSING
    there = secondary_blocks(vpc)
    if block not in there:
        raise CloudError("InvalidCidrBlock.NotFound", f"{vpc.id} has no secondary block {block}.", 404)
    not_busy(vpc, BUSY)
    for switch in state.children(vpc.id, "vswitch"):
        if contains(Prefix(block), Prefix(switch.text("CidrBlock"))):
            raise CloudError("OperationFailed.CidrInUse", f"vSwitch {switch.id} lies in {block}.")
    state.put(changed(vpc, "Pending", SecondaryCidrBlocks=[one for one in there if one != block]))
    return {}
