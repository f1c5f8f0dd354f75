"""VPCs."""

from sealane.cloud.call import Call
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import UNUSABLE, prefix, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.tables import new_table
from sealane.cloud.world import Transaction
from sealane.net import overlaps

DEFAULT_CIDR = "172.16.0.0/12"
SHORTEST, LONGEST = 8, 28
MOST_USER_CIDRS = 3
_IPV6 = ("EnableIpv6", "Ipv6CidrBlock", "Ipv6CidrMask", "Ipv6IpamPoolId", "Ipv6Isp")


def not_found() -> CloudError:
    """Of an id that is no VPC of the caller."""
    return CloudError("InvalidVpcId.NotFound", "The specified VPC does not exist.", 404)


@VPC.writes("CreateVpc", ignores=("ResourceGroupId",),
            refuses=(*_IPV6, "Ipv4IpamPoolId", "Ipv4CidrMask", "EnableDnsHostname"))
def create_vpc(call: Call, state: Transaction) -> Fields:
    """CreateVpc."""
    written = call.text("CidrBlock", DEFAULT_CIDR)
    block = prefix(written, CloudError("InvalidCidrBlock.Malformed", f"CidrBlock {written} is not a prefix."))
    if not SHORTEST <= block.prefixlen <= LONGEST or any(overlaps(block, one) for one in UNUSABLE):
        raise CloudError("OperationDenied.CidrInExcludeCidrs", f"CidrBlock {written} must be /{SHORTEST} to "
                         f"/{LONGEST} and outside " + ", ".join(map(str, UNUSABLE)) + ".")
    users = [one for one in call.text("UserCidr").split(",") if one]
    if len(users) > MOST_USER_CIDRS:
        raise CloudError("InvalidUserCidr.QuotaExceeded", f"UserCidr lists {len(users)}, {MOST_USER_CIDRS} at most.")
    for one in users:
        prefix(one, CloudError("InvalidUserCidr.Malformed", f"UserCidr {one} is not a prefix."))
    router = call.new_id("vrt", call.region)
    vpc = state.put(Document(
        call.new_id("vpc", call.region), "vpc", call.account, call.region, status="Pending", created_ms=call.now_ms,
        fields={
            "VpcName": text(call, "VpcName", code="InvalidVpcName.Malformed"),
            "Description": text(call, "Description", least=2, most=256, code="InvalidVpcDiscription.Malformed"),
            "CidrBlock": str(block),
            "VRouterId": router,
            "UserCidrs": users,
            "Tags": tags(call),
        },
    ))
    table = state.put(new_table(call, vpc.id, router_type="VRouter", router_id=router, kind="System"))
    return {"VpcId": vpc.id, "VRouterId": router, "RouteTableId": table.id, "ResourceGroupId": ""}


@VPC.reads("DescribeVpcs", ignores=("ResourceGroupId", "VpcOwnerId", "DhcpOptionsSetId", "DryRun", "EnableIpv6"))
def describe_vpcs(call: Call, state: Transaction) -> Fields:
    """DescribeVpcs."""
    if call.flag("IsDefault", default=False):
        return {**page(call, ()).fields, "Vpcs": {"Vpc": []}}
    ids = tuple(one for one in call.text("VpcId").split(",") if one)
    names = (call.text("VpcName"),) if call.has("VpcName") else ()
    everything = state.of_kind(call.account, "vpc")
    here = (one for one in everything if one.region == call.region)
    found = page(call, tagged(call, matching(matching(here, ids), names, "VpcName")))
    return {**found.fields, "Vpcs": {"Vpc": [_item(one, state) for one in found.items]}}


@VPC.reads("DescribeVpcAttribute", ignores=("DryRun", "IsDefault"))
def describe_vpc_attribute(call: Call, state: Transaction) -> Fields:
    """DescribeVpcAttribute."""
    vpc = call.own(state, call.text("VpcId"), "vpc", not_found())
    item = {key: value for key, value in _item(vpc, state).items() if key not in {"RouterTableIds", "CenStatus"}}
    item.pop("NatGatewayIds", None)
    attachment = attachment_of(vpc, state)
    cens: list[Json] = []
    if attachment is not None:
        owner = int(call.account)
        cens.append({"CenId": attachment.text("CenId"), "CenOwnerId": owner, "CenStatus": attachment.status})
    return {
        **item,
        "ClassicLinkEnabled": False,
        "AssociatedCens": {"AssociatedCen": cens},
        "CloudResources": {"CloudResourceSetType": [
            {"ResourceType": word, "ResourceCount": sum(1 for _ in state.children(vpc.id, kind))}
            for word, kind in (("VSwitch", "vswitch"), ("RouteTable", "route_table"))
        ]},
    }


def attachment_of(resource: Document, state: Transaction) -> Document | None:
    """What attaches an instance to a transit router."""
    found = state.of_kind(resource.account, "tr_attachment")
    return next((one for one in found if one.text("ResourceId") == resource.id), None)


def _item(vpc: Document, state: Transaction) -> dict[str, Json]:
    attachment = attachment_of(vpc, state)
    return {
        **{key: vpc.fields.get(key) or "" for key in ("VpcName", "Description", "CidrBlock", "VRouterId")},
        "VpcId": vpc.id,
        "RegionId": vpc.region,
        "Status": vpc.status,
        "CreationTime": seconds(vpc.created_ms),
        "OwnerId": int(vpc.account),
        "IsDefault": False,
        "EnabledIpv6": False,
        "ResourceGroupId": "",
        "CenStatus": "" if attachment is None else attachment.status,
        "VSwitchIds": {"VSwitchId": [one.id for one in state.children(vpc.id, "vswitch")]},
        "RouterTableIds": {"RouterTableIds": [one.id for one in state.children(vpc.id, "route_table")]},
        "UserCidrs": {"UserCidr": vpc.fields.get("UserCidrs") or []},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": []},
        "NatGatewayIds": {"NatGatewayIds": []},
        "Tags": {"Tag": vpc.fields.get("Tags") or []},
    }


@VPC.writes("ModifyVpcAttribute", ignores=("RegionId",),
            refuses=("CidrBlock", "EnableDnsHostname", "EnableIPv6", "Ipv6CidrBlock", "Ipv6Isp"))
def modify_vpc_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVpcAttribute."""
    vpc = call.own(state, call.text("VpcId"), "vpc", not_found())
    given = {
        "VpcName": text(call, "VpcName", code="InvalidVpcName.Malformed"),
        "Description": text(call, "Description", least=2, most=256, code="InvalidVpcDiscription.Malformed"),
    }
    state.put(retold(vpc, **{key: value for key, value in given.items() if value is not None}))
    return {}


@VPC.writes("DeleteVpc", ignores=("RegionId",))
def delete_vpc(call: Call, state: Transaction) -> Fields:
    """DeleteVpc; ForceDelete takes along route tables and security groups, as the console does, and no more."""
    vpc = call.own(state, call.text("VpcId"), "vpc", not_found())
    force = call.flag("ForceDelete", default=False)
    if any(True for _ in state.children(vpc.id, "vswitch")):
        raise CloudError("DependencyViolation.VSwitch", "The VPC still has vSwitches.")
    if attachment_of(vpc, state) is not None:
        raise CloudError("DependencyViolation.TransitRouter", "The VPC is attached to a transit router.")
    if not force:
        if any(True for _ in state.children(vpc.id, "security_group")):
            raise CloudError("DependencyViolation.SecurityGroup", "The VPC still has security groups.")
        tables = tuple(state.children(vpc.id, "route_table"))
        if any(one.text("RouteTableType") == "Custom" for one in tables):
            raise CloudError("DependencyViolation.RouteTable", "The VPC still has custom route tables.")
        if any(True for one in tables for _ in state.children(one.id, "route_entry")):
            raise CloudError("DependencyViolation.RouteEntry", "The VPC still has custom routes.")
    state.put(deleted(vpc, "Pending"))
    return {}
