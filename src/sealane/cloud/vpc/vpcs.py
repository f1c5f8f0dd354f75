"""VPCs."""

from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, not_busy, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.tags import tagged, tags
from sealane.cloud.taken import taken
from sealane.cloud.texts import SERVICE_RANGE, UNUSABLE, prefix, resource_group, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import given, in_group
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.tables import new_table
from sealane.cloud.world import Transaction
from sealane.net import Prefix, contains, overlaps

DEFAULT_CIDR = "172.16.0.0/12"
SHORTEST, LONGEST = 8, 28
MOST_USER_CIDRS = 3
BUSY = CloudError("IncorrectStatus.Vpc", "The VPC is being changed.")
_HAD_BY_NONE = ("IsDefault", "EnableIpv6")
_IPV6 = ("EnableIpv6", "Ipv6CidrBlock", "Ipv6CidrMask", "Ipv6IpamPoolId", "Ipv6Isp")


def not_found() -> CloudError:
    """Of an id that is no VPC of the caller."""
    return CloudError("InvalidVpcId.NotFound", "The specified VPC does not exist.", 404)


@VPC.writes("CreateVpc", refuses=(*_IPV6, "Ipv4IpamPoolId", "Ipv4CidrMask", "EnableDnsHostname"))
def create_vpc(call: Call, state: Transaction) -> Fields:
    """CreateVpc."""
    block = usable_block("CidrBlock", call.text("CidrBlock", DEFAULT_CIDR))
    router = call.new_id("vrt", call.region)
    vpc = state.put(Document(
        call.new_id("vpc", call.region), "vpc", call.account, call.region, status="Pending", created_ms=call.now_ms,
        fields={
            "VpcName": text(call, "VpcName", code="InvalidVpcName.Malformed"),
            "Description": text(call, "Description", least=2, most=256, code="InvalidVpcDiscription.Malformed"),
            "CidrBlock": str(block),
            "VRouterId": router,
            "UserCidrs": _user_cidrs(call),
            "ResourceGroupId": resource_group(call),
            "Tags": tags(call),
        },
    ))
    table = state.put(new_table(call, vpc.id, router_type="VRouter", router_id=router, kind="System"))
    return {"VpcId": vpc.id, "VRouterId": router, "RouteTableId": table.id,
            "ResourceGroupId": vpc.text("ResourceGroupId")}


def usable_block(name: str, written: str) -> Prefix:
    """A block that a VPC may have.

    Raises:
        CloudError: It is no prefix, too large or too small, or where no VPC may be.
    """
    block = prefix(written, CloudError("InvalidParameter", f"{name} {written} is not a prefix."))
    if not SHORTEST <= block.prefixlen <= LONGEST:
        raise CloudError("IllegalParam.CidrBlockMask", f"{name} {written} must be /{SHORTEST} to /{LONGEST}.")
    if any(overlaps(block, one) for one in UNUSABLE):
        raise CloudError("OperationDenied.CidrInExcludeCidrs", f"{name} {written} must be outside "
                         f"{', '.join(map(str, UNUSABLE))}.")
    return block


def secondary_blocks(vpc: Document) -> tuple[str, ...]:
    """The blocks that it has beside the one it was made with, in the order in which they came."""
    found = vpc.fields.get("SecondaryCidrBlocks")
    return tuple(map(str, found)) if isinstance(found, list | tuple) else ()


def blocks(vpc: Document) -> tuple[Prefix, ...]:
    """All its blocks, the first one first."""
    return tuple(map(Prefix, (vpc.text("CidrBlock"), *secondary_blocks(vpc))))


def _user_cidrs(call: Call) -> list[Json]:
    users = [one.strip() for one in call.text("UserCidr").split(",") if one.strip()]
    if len(users) > MOST_USER_CIDRS:
        raise CloudError("InvalidUserCidr.Quota", f"UserCidr lists {len(users)}, {MOST_USER_CIDRS} at most.")
    blocks = [prefix(one, CloudError("InvalidParameter", f"UserCidr {one} is not a prefix.")) for one in users]
    for block in blocks:
        if overlaps(block, SERVICE_RANGE):
            raise CloudError("InvalidUserCidr.Malformed", f"UserCidr {block} overlaps {SERVICE_RANGE}.")
    return [str(block) for block in blocks]


@VPC.reads("DescribeVpcs", ignores=("DryRun",))
def describe_vpcs(call: Call, state: Transaction) -> Fields:
    """DescribeVpcs."""
    foreign = call.text("VpcOwnerId", call.account) != call.account
    if foreign or call.text("DhcpOptionsSetId") or any(call.flag(one, default=False) for one in _HAD_BY_NONE):
        return {**page(call, ()).fields, "Vpcs": {"Vpc": []}}
    ids = tuple(one for one in call.text("VpcId").split(",") if one)
    names = (call.text("VpcName"),) if call.has("VpcName") else ()
    here = in_group(call, state.named(call.account, "vpc", call.region, ids))
    found = page(call, tagged(call, matching(here, names, "VpcName")))
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
        **{key: vpc.fields.get(key) or "" for key in ("VpcName", "Description", "CidrBlock", "VRouterId",
                                                        "ResourceGroupId")},
        "VpcId": vpc.id,
        "RegionId": vpc.region,
        "Status": vpc.status,
        "CreationTime": seconds(vpc.created_ms),
        "OwnerId": int(vpc.account),
        "IsDefault": False,
        "EnabledIpv6": False,
        "CenStatus": "" if attachment is None else attachment.status,
        "VSwitchIds": {"VSwitchId": [one.id for one in state.children(vpc.id, "vswitch")]},
        "RouterTableIds": {"RouterTableIds": [one.id for one in state.children(vpc.id, "route_table")]},
        "UserCidrs": {"UserCidr": vpc.fields.get("UserCidrs") or []},
        "SecondaryCidrBlocks": {"SecondaryCidrBlock": list(secondary_blocks(vpc))},
        "NatGatewayIds": {"NatGatewayIds": []},
        "Tags": {"Tag": vpc.fields.get("Tags") or []},
    }


@VPC.writes("ModifyVpcAttribute", ignores=("RegionId",),
            refuses=("EnableDnsHostname", "EnableIPv6", "Ipv6CidrBlock", "Ipv6Isp"))
def modify_vpc_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVpcAttribute."""
    vpc = living(call, state)
    if call.text("CidrBlock", vpc.text("CidrBlock")) != vpc.text("CidrBlock"):
        vpc = _resized(call, vpc, state)
    state.put(retold(vpc, **given(
        VpcName=text(call, "VpcName", code="InvalidVpcName.Malformed"),
        Description=text(call, "Description", least=2, most=256, code="InvalidVpcDiscription.Malformed"),
    )))
    return {}


def _resized(call: Call, vpc: Document, state: Transaction) -> Document:
    not_busy(vpc, BUSY)
    block = usable_block("CidrBlock", call.text("CidrBlock"))
    check_apart(block, blocks(vpc)[1:], vpc, state)
    for switch in state.children(vpc.id, "vswitch"):
        if not any(contains(one, Prefix(switch.text("CidrBlock"))) for one in (block, *blocks(vpc)[1:])):
            raise CloudError("InvalidCidrBlock", f"vSwitch {switch.id} would lie outside {block} of the VPC.")
    return changed(vpc, "Pending", CidrBlock=str(block))


def check_apart(block: Prefix, others: Iterable[Prefix], vpc: Document, state: Transaction) -> None:
    """Refuse a block that overlaps others of its VPC, or what is taken in the CEN that the VPC is attached to.

    Raises:
        CloudError: ``InvalidCidrBlock.Overlapped``.
    """
    attachment = attachment_of(vpc, state)
    router = None if attachment is None else state.get(attachment.parent)
    routers = () if router is None else state.children(router.parent, "transit_router")
    for whose, range_ in (*(("VPC", one) for one in others), *taken(state, routers, vpc.account)):
        if overlaps(block, range_):
            raise CloudError("InvalidCidrBlock.Overlapped", f"{block} overlaps {range_} of the {whose}.")


def living(call: Call, state: Transaction) -> Document:
    """The VPC that VpcId names, which must not be on its way out.

    Raises:
        CloudError: ``InvalidVpcId.NotFound`` or ``IncorrectVpcStatus``.
    """
    vpc = call.own(state, call.text("VpcId"), "vpc", not_found())
    check_living(vpc)
    return vpc


def check_living(vpc: Document | None) -> None:
    """Refuse a VPC that is on its way out.

    Raises:
        CloudError: ``IncorrectVpcStatus``.
    """
    if vpc is None or vpc.deleting:
        raise CloudError("IncorrectVpcStatus", "The VPC is being deleted.")


@VPC.writes("DeleteVpc", ignores=("RegionId",))
def delete_vpc(call: Call, state: Transaction) -> Fields:
    """DeleteVpc; ForceDelete takes along route tables and security groups, as the console does, and no more."""
    vpc = living(call, state)
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
