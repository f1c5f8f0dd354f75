"""Further address blocks of a VPC, which has the one it was made with."""

from sealane.cloud.call import Call
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import living
from sealane.cloud.world import Transaction

_OTHERS = ("IPv6CidrBlock", "IpamPoolId", "Ipv6CidrMask", "Ipv6Isp", "SecondaryCidrBlock", "SecondaryCidrMask")


@VPC.writes("AssociateVpcCidrBlock", ignores=("RegionId", "IpVersion"), refuses=_OTHERS)
def associate_vpc_cidr_block(call: Call, state: Transaction) -> Fields:
    """AssociateVpcCidrBlock: every block is refused."""
    living(call, state)
    raise CloudError("MissingParam.SecondaryCidrMask", "No block is given.")


@VPC.writes("UnassociateVpcCidrBlock", ignores=("RegionId", "IPv6CidrBlock"))
def unassociate_vpc_cidr_block(call: Call, state: Transaction) -> Fields:
    """UnassociateVpcCidrBlock: no VPC has one."""
    vpc, block = living(call, state), call.text("SecondaryCidrBlock")
    raise CloudError("InvalidCidrBlock.NotFound", f"{vpc.id} has no secondary block {block}.")
