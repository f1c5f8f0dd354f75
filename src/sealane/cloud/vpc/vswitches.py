"""vSwitches."""

from collections.abc import Iterable, Iterator

from sealane.cloud.call import Call
from sealane.cloud.change import deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.regions import zones
from sealane.cloud.tags import tagged, tags
from sealane.cloud.texts import prefix, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import given, group_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import blocks, living
from sealane.cloud.world import Transaction
from sealane.net import Address, Prefix, contains, overlaps

SHORTEST, LONGEST = 16, 29
MOST_VSWITCHES = 150
RESERVED = 4
"""The first and the last three addresses are the cloud's."""
NO_VSWITCH = CloudError("InvalidVSwitchId.NotFound", "The specified vSwitch does not exist.", 404)


@VPC.writes("CreateVSwitch", ignores=("RegionId",),
            refuses=("Ipv6CidrBlock", "Ipv6CidrMask", "VpcIpv6CidrBlock", "CidrMask"))
def create_vswitch(call: Call, state: Transaction) -> Fields:
    """CreateVSwitch."""
    vpc = living(call, state)
    zone = call.text("ZoneId")
    if zone not in zones(vpc.region):
        raise CloudError("InvalidZoneId.NotFound", f"Zone {zone} is not in region {vpc.region}.", 404)
    if not call.has("CidrBlock"):
        raise CloudError("MissingParam.CidrOrCidrMask", "CidrBlock is mandatory for this action.")
    written = call.text("CidrBlock")
    block = prefix(written, CloudError("InvalidCidrBlock.Malformed", f"CidrBlock {written} is not a prefix."))
    if not SHORTEST <= block.prefixlen <= LONGEST:
        raise CloudError("InvalidCirdrBlock.MaskLength", f"CidrBlock {written} must be /{SHORTEST} to /{LONGEST}.")
    if not any(contains(one, block) for one in blocks(vpc)):
        raise CloudError("InvalidParameter", f"CidrBlock {written} is outside {', '.join(map(str, blocks(vpc)))} of "
                         "the VPC.")
    switches = tuple(state.children(vpc.id, "vswitch"))
    if len(switches) >= MOST_VSWITCHES:
        raise CloudError("QuotaExceeded.VSwitch", f"A VPC has at most {MOST_VSWITCHES} vSwitches.")
    if any(overlaps(block, Prefix(one.text("CidrBlock"))) for one in switches):
        raise CloudError("InvalidCidrBlock.Overlapped", f"CidrBlock {written} overlaps that of another vSwitch.")
    if any(contains(block, Prefix(route.text("DestinationCidrBlock"))) for route in _routes(vpc, state)):
        raise CloudError("RouteConflict.AlreadyExist", f"A route leads into {written} already.")
    made = state.put(Document(
        call.new_id("vsw", vpc.region), "vswitch", call.account, vpc.region, vpc.id, "Pending", created_ms=call.now_ms,
        fields={
            "VSwitchName": text(call, "VSwitchName", code="InvalidVSwitchName.Malformed"),
            "Description": text(call, "Description", least=2, most=256, code="InvalidVSwitchDiscription.Malformed"),
            "CidrBlock": str(block),
            "ZoneId": zone,
            "RouteTableId": "",
            "Tags": tags(call),
        },
    ))
    return {"VSwitchId": made.id}


def _routes(vpc: Document, state: Transaction) -> Iterator[Document]:
    for table in state.children(vpc.id, "route_table"):
        yield from state.children(table.id, "route_entry")


@VPC.reads("DescribeVSwitches", ignores=("DryRun",))
def describe_vswitches(call: Call, state: Transaction) -> Fields:
    """DescribeVSwitches."""
    foreign = call.text("VSwitchOwnerId", call.account) != call.account
    if foreign or any(call.flag(one, default=False) for one in ("IsDefault", "EnableIpv6")):
        return {**page(call, ()).fields, "VSwitches": {"VSwitch": []}}
    ids = tuple(one for one in call.text("VSwitchId").split(",") if one)
    found: Iterable[Document]
    if call.has("VpcId"):
        there = (one for one in state.children(call.text("VpcId"), "vswitch") if one.account == call.account)
        found = matching((one for one in there if call.region in ("", one.region)), ids)
    else:
        found = state.named(call.account, "vswitch", call.region, ids)
    if group := call.text("ResourceGroupId"):
        found = (one for one in found if group_of(one, state) == group)
    for name in ("VSwitchName", "ZoneId"):
        found = matching(found, (call.text(name),) if call.has(name) else (), name)
    if call.has("RouteTableId"):
        found = (one for one in found if _table_of(one, state) == call.text("RouteTableId"))
    told = page(call, tagged(call, found))
    return {**told.fields, "VSwitches": {"VSwitch": [_item(one, state) for one in told.items]}}


@VPC.reads("DescribeVSwitchAttributes", ignores=("DryRun", "RegionId"))
def describe_vswitch_attributes(call: Call, state: Transaction) -> Fields:
    """DescribeVSwitchAttributes."""
    switch = call.own(state, call.text("VSwitchId"), "vswitch", NO_VSWITCH)
    return _item(switch, state)


def _item(switch: Document, state: Transaction) -> dict[str, Json]:
    taken = sum(1 for kind in ("instance", "eni") for _ in state.children(switch.id, kind))
    return {
        **{key: switch.fields.get(key) or "" for key in ("VSwitchName", "Description", "CidrBlock", "ZoneId")},
        "VSwitchId": switch.id,
        "VpcId": switch.parent,
        "Status": switch.status,
        "CreationTime": seconds(switch.created_ms),
        "OwnerId": int(switch.account),
        "IsDefault": False,
        "EnabledIpv6": False,
        "ResourceGroupId": group_of(switch, state),
        "AvailableIpAddressCount": Prefix(switch.text("CidrBlock")).num_addresses - RESERVED - taken,
        "RouteTable": {
            "RouteTableId": _table_of(switch, state),
            "RouteTableType": "Custom" if switch.text("RouteTableId") else "System",
        },
        "Tags": {"Tag": switch.fields.get("Tags") or []},
    }


def _table_of(switch: Document, state: Transaction) -> str:
    """Id of the route table that it uses: one that it was associated with, or its VPC's system table."""
    tables = state.children(switch.parent, "route_table")
    system = (one.id for one in tables if one.text("RouteTableType") == "System")
    return switch.text("RouteTableId") or next(system, "")


@VPC.writes("ModifyVSwitchAttribute", ignores=("RegionId",),
            refuses=("EnableIPv6", "Ipv6CidrBlock", "Ipv6CidrMask", "VpcIpv6CidrBlock"))
def modify_vswitch_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVSwitchAttribute."""
    switch = call.own(state, call.text("VSwitchId"), "vswitch", NO_VSWITCH)
    check_living(switch)
    state.put(retold(switch, **given(
        VSwitchName=text(call, "VSwitchName", code="InvalidVSwitchName.Malformed"),
        Description=text(call, "Description", least=2, most=256, code="InvalidVSwitchDiscription.Malformed"),
    )))
    return {}


def check_living(switch: Document) -> None:
    """Refuse a vSwitch that is on its way out.

    Raises:
        CloudError: ``IncorrectVSwitchStatus``.
    """
    if switch.deleting:
        raise CloudError("IncorrectVSwitchStatus", f"{switch.id} is being deleted.")


@VPC.writes("DeleteVSwitch", ignores=("RegionId",))
def delete_vswitch(call: Call, state: Transaction) -> Fields:
    """DeleteVSwitch; refused while instances or interfaces of a transit router are in it."""
    switch = call.own(state, call.text("VSwitchId"), "vswitch", NO_VSWITCH)
    check_living(switch)
    if any(True for kind in ("instance", "eni") for _ in state.children(switch.id, kind)):
        raise CloudError("DependencyViolation", "Instances or network interfaces are still in the vSwitch.")
    if switch.text("RouteTableId"):
        raise CloudError("DependencyViolation.RouteTable", "The vSwitch is associated with a custom route table.")
    state.put(deleted(switch, "Pending"))
    return {}


def free_address(switch: Document, state: Transaction) -> Address | None:
    """The lowest address of a vSwitch that nobody has; None when all are taken."""
    block = Prefix(switch.text("CidrBlock"))
    taken = taken_addresses(switch, state)
    first, last = int(block.network_address) + 1, int(block.broadcast_address) - 2
    return next((Address(one) for one in range(first, last) if Address(one) not in taken), None)


def taken_addresses(switch: Document, state: Transaction) -> set[Address]:
    """The addresses that instances and interfaces have."""
    found = (one.text("PrivateIpAddress") for kind in ("instance", "eni") for one in state.children(switch.id, kind))
    return {Address(one) for one in found if one}
