"""New instances."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Json
from sealane.cloud.document import Fields as Answer
from sealane.cloud.ecs.groups import group_of
from sealane.cloud.ecs.hardware import IMAGE, IMAGE_FAMILY, TYPES, is_image
from sealane.cloud.ecs.labels import system_disk, user_data
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.tags import tags
from sealane.cloud.texts import address, resource_group, text
from sealane.cloud.vpc.vswitches import NO_VSWITCH, taken_addresses
from sealane.cloud.world import Transaction
from sealane.net import Address, Prefix

MOST_AT_ONCE = 100
MOST_GROUPS = 5
TOO_MANY_GROUPS = CloudError("InstanceSecurityGroupLimitExceed", f"An instance can be in at most {MOST_GROUPS} "
                             "security groups.", 403)
INCONSISTENT = CloudError("OperationDenied.InconsistentNetwork", "The specified security group and vSwitch are not in "
                          "the same VPC.", 403)
_ORDERED = re.compile(r"\[(\d{0,6}),(\d?)\]")
_IGNORED = (
    "Affinity", "Arn", "AutoRenew", "AutoRenewPeriod", "CreditSpecification", "DataDisk", "DedicatedHostId",
    "DeploymentSetGroupNo", "DeploymentSetId", "HibernationOptions", "HpcClusterId", "HttpEndpoint",
    "HttpPutResponseHopLimit", "HttpTokens", "InternetChargeType", "InternetMaxBandwidthIn", "IoOptimized",
    "ManagedHostId", "Password", "PasswordInherit", "Period", "PeriodUnit", "PrivatePoolOptions",
    "SecurityEnhancementStrategy", "SpotDuration", "SpotInterruptionBehavior", "SpotPriceLimit",
    "SpotStrategy", "StorageSetId", "StorageSetPartitionNumber", "SystemDisk.StorageClusterId", "Tenancy",
)


@ECS.writes(
    "RunInstances",
    ignores=(*_IGNORED, *(f"SystemDisk.{one}" for one in (
        "AutoSnapshotPolicyId", "BurstingEnabled", "EncryptAlgorithm", "Encrypted", "KMSKeyId", "ProvisionedIops",
    )), "AutoPay", "ClockOptions", "CpuOptions", "ImageOptions", "Isp", "NetworkInterfaceQueueNumber",
             "NetworkOptions", "PrivateDnsNameOptions", "SchedulerOptions", "SecurityOptions"),
    refuses=("AutoReleaseTime", "Ipv6Address", "LaunchTemplateId", "LaunchTemplateName", "LaunchTemplateVersion",
             "NetworkInterface"),
)
def run_instances(call: Call, state: Transaction) -> Answer:
    """RunInstances: between MinAmount and Amount instances, as many as the vSwitch has addresses for."""
    amount = call.number("Amount", 1)
    least = call.number("MinAmount", amount)
    if not 1 <= least <= amount <= MOST_AT_ONCE:
        raise CloudError("InvalidParameter.Amount", f"Amount must be 1 to {MOST_AT_ONCE} and MinAmount at most Amount.")
    if call.number("Ipv6AddressCount", 0) > 0:
        raise CloudError("OperationUnsupported.Ipv6AddressCount", "The parameter Ipv6AddressCount is not supported.")
    switch, fields = _checked(call, state)
    addresses = _addresses(call, switch, state, amount)
    if len(addresses) < least:
        raise CloudError("QuotaExceeded.PrivateIpAddress", f"{switch.id} has {len(addresses)} free addresses, "
                         f"{least} are needed.", 403)
    suffix = call.flag("UniqueSuffix", default=False)
    hosts = call.texts("HostNames")
    ids: list[Json] = []
    for index, one in enumerate(addresses):
        names = {name: _numbered(str(fields[name]), index, suffix=suffix and len(addresses) > 1)
                 for name in ("InstanceName", "HostName")}
        if index < len(hosts):
            names["HostName"] = hosts[index]
        ids.append(_put(call, state, switch, {**fields, **names, "PrivateIpAddress": str(one)}, "Pending"))
    return {"InstanceIdSets": {"InstanceIdSet": ids}, "OrderId": "", "TradePrice": 0.0}


@ECS.writes("CreateInstance", ignores=(*_IGNORED, "ClusterId", "NodeControllerId", "UseAdditionalService", "VlanId"),
            refuses=("InnerIpAddress",))
def create_instance(call: Call, state: Transaction) -> Answer:
    """CreateInstance: one that is stopped until it is started."""
    switch, fields = _checked(call, state)
    addresses = _addresses(call, switch, state, 1)
    if not addresses:
        raise CloudError("QuotaExceeded.PrivateIpAddress", f"{switch.id} has no free address.", 403)
    made = _put(call, state, switch, {**fields, "PrivateIpAddress": str(addresses[0])}, "Stopped")
    return {"InstanceId": made, "OrderId": "", "TradePrice": 0.0}


def _put(call: Call, state: Transaction, switch: Document, fields: Answer, status: str) -> str:
    new = call.new_id("i", switch.region)
    named = {**fields, "InstanceName": fields["InstanceName"] or new, "HostName": fields["HostName"] or new}
    state.put(Document(new, "instance", call.account, switch.region, switch.id, status, fields=named,
                       secrets=user_data(call), created_ms=call.now_ms))
    return new


def _checked(call: Call, state: Transaction) -> tuple[Document, dict[str, Json]]:
    """The vSwitch, and the fields that all of the instances share."""
    if call.number("InternetMaxBandwidthOut", 0) > 0:
        raise CloudError("OperationUnsupported.InternetMaxBandwidthOut", "Instances have no public address here: "
                         "InternetMaxBandwidthOut must be 0.")
    image = _image(call)
    kind = _mandatory(call, "InstanceType")
    if kind not in TYPES:
        raise CloudError("InvalidInstanceType.ValueNotSupported", f"InstanceType {kind} is none of those that "
                         "DescribeInstanceTypes tells.", 403)
    switch = call.own(state, _mandatory(call, "VSwitchId"), "vswitch", NO_VSWITCH)
    if switch.region != call.region:
        raise NO_VSWITCH
    if switch.deleting or switch.status != "Available":
        raise CloudError("IncorrectVSwitchStatus", f"The vSwitch is {switch.status}, expected Available.")
    if call.text("ZoneId") not in ("", switch.text("ZoneId")):
        raise CloudError("InvalidParameter.Conflict", f"ZoneId {call.text('ZoneId')} is not that of {switch.id}.")
    return switch, {
        "InstanceName": text(call, "InstanceName", least=2, letter_first=True,
                             code="InvalidInstanceName.Malformed") or "",
        "HostName": text(call, "HostName", least=2, most=64, code="InvalidHostName.Malformed") or "",
        "Description": text(call, "Description", least=2, most=256, code="InvalidDescription.Malformed") or "",
        "ImageId": image,
        "InstanceType": kind,
        "ZoneId": switch.text("ZoneId"),
        "SecurityGroupIds": list(_groups(call, state, switch)),
        "DeletionProtection": call.flag("DeletionProtection", default=False),
        "InstanceChargeType": call.text("InstanceChargeType", "PostPaid"),
        "KeyPairName": call.text("KeyPairName"),
        "RamRoleName": call.text("RamRoleName"),
        "ResourceGroupId": resource_group(call),
        "SystemDisk": system_disk(call),
        "Tags": tags(call),
    }


def _mandatory(call: Call, name: str) -> str:
    if not call.text(name):
        raise CloudError("MissingParameter", f"{name} is mandatory for this action.")
    return call.text(name)


def _image(call: Call) -> str:
    if call.text("ImageFamily") == IMAGE_FAMILY and not call.has("ImageId"):
        return IMAGE
    image = _mandatory(call, "ImageId")
    if not is_image(image):
        raise CloudError("InvalidImageId.NotFound", f"The specified ImageId {image} does not exist.", 404)
    return image


def _groups(call: Call, state: Transaction, switch: Document) -> Sequence[str]:
    given = tuple(dict.fromkeys(one for one in (call.text("SecurityGroupId"), *call.texts("SecurityGroupIds")) if one))
    if not given:
        raise CloudError("MissingParameter", "SecurityGroupId is mandatory for this action.")
    check_groups(call, state, switch, given)
    return given


def check_groups(call: Call, state: Transaction, switch: Document, given: Sequence[str]) -> None:
    """Refuse security groups that an instance in a vSwitch cannot be in.

    Raises:
        CloudError: One does not exist or is of another VPC, or they are too many.
    """
    if any(group_of(call, state, one).parent != switch.parent for one in given):
        raise INCONSISTENT
    if len(given) > MOST_GROUPS:
        raise TOO_MANY_GROUPS


def _addresses(call: Call, switch: Document, state: Transaction, amount: int) -> Sequence[Address]:
    """Free addresses, at most as many as are wanted: consecutive ones from PrivateIpAddress on when it is given."""
    taken = taken_addresses(switch, state)
    if not call.text("PrivateIpAddress"):
        return tuple(islice((one for one in _usable(switch) if one not in taken), amount))
    written = call.text("PrivateIpAddress")
    first = address(written, CloudError("InvalidPrivateIpAddress.Malformed", f"PrivateIpAddress {written} is not an "
                                        "IPv4 address."))
    found = tuple(Address(int(first) + index) for index in range(amount))
    block = Prefix(switch.text("CidrBlock"))
    low, high = int(block.network_address) + 1, int(block.broadcast_address) - 3
    if not low <= int(first) <= int(found[-1]) <= high:
        raise CloudError("InvalidPrivateIpAddress", f"PrivateIpAddress {written} must be {Address(low)} to "
                         f"{Address(high)}, for all of the instances.")
    if double := [one for one in found if one in taken]:
        raise CloudError("InvalidPrivateIpAddress.Duplicated", f"PrivateIpAddress {double[0]} is taken.")
    return found


def _usable(switch: Document) -> Iterator[Address]:
    block = Prefix(switch.text("CidrBlock"))
    return (Address(one) for one in range(int(block.network_address) + 1, int(block.broadcast_address) - 2))


def _numbered(name: str, index: int, *, suffix: bool) -> str:
    """A name of one among many: ``host-[3,4]`` makes host-0003, host-0004, ...; a suffix makes name001, name002, ..."""
    found = _ORDERED.search(name)
    if found is None:
        return f"{name}{index + 1:03}" if suffix and name else name
    first, digits = int(found[1] or 0), int(found[2] or 3)
    return f"{name[:found.start()]}{first + index:0{digits}}{name[found.end():]}"


__all__ = ["INCONSISTENT", "MOST_GROUPS", "TOO_MANY_GROUPS", "check_groups"]
