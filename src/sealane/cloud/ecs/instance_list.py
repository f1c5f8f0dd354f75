"""How instances are told."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.common import LARGEST_PAGE, group_ids, json_texts, like, listed, tag_items
from sealane.cloud.ecs.hardware import TYPES
from sealane.cloud.ecs.instances import instance_of
from sealane.cloud.ecs.interfaces import interface_id, mac
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.paging import by_age, matching, page
from sealane.cloud.tags import tagged
from sealane.cloud.times import minutes
from sealane.cloud.world import Transaction

_MIB = 1024
_SINCE, _UNTIL = "CreationStartTime", "CreationEndTime"
_NOT_HAD = ("InnerIpAddresses", "PublicIpAddresses", "EipAddresses", "RdmaIpAddresses")
"""Addresses of kinds that no instance here has: asked for one, the list is empty."""
_FIXED: Mapping[str, str] = {"InstanceNetworkType": "vpc", "IoOptimized": "True", "HpcClusterId": "", "LockReason": "",
                             "DeviceAvailable": "True"}
"""What all instances are, by parameter: asked for anything else, the list is empty."""
Told: TypeAlias = Callable[[Document], str]
_FILTERS: Mapping[str, Told] = {
    "Status": lambda one: one.status,
    "ZoneId": lambda one: one.text("ZoneId"),
    "ImageId": lambda one: one.text("ImageId"),
    "InstanceType": lambda one: one.text("InstanceType"),
    "InstanceTypeFamily": lambda one: TYPES[one.text("InstanceType")].family,
    "InstanceChargeType": lambda one: one.text("InstanceChargeType"),
    "KeyPairName": lambda one: one.text("KeyPairName"),
    "ResourceGroupId": lambda one: one.text("ResourceGroupId"),
}


@ECS.reads(
    "DescribeInstances",
    ignores=("AdditionalAttributes", "HttpEndpoint", "HttpPutResponseHopLimit", "HttpTokens", "InternetChargeType",
             "NeedSaleCycle"),
)
def describe_instances(call: Call, state: Transaction) -> Fields:
    """DescribeInstances."""
    items, fields = listed(call, tagged(call, _asked(call, state)))
    return {**fields, "Instances": {"Instance": [_item(one, state) for one in items]}}


def _asked(call: Call, state: Transaction) -> Iterable[Document]:
    if any(json_texts(call, one) for one in _NOT_HAD) or call.texts("Ipv6Address"):
        return ()
    if any(call.has(name) and call.text(name) not in ("", value) for name, value in _FIXED.items()):
        return ()
    found = _candidates(call, state)
    found = matching(found, json_texts(call, "PrivateIpAddresses"), "PrivateIpAddress")
    found = like(call, found, "InstanceName")
    if group := call.text("SecurityGroupId"):
        found = [one for one in found if group in group_ids(one)]
    wanted = {name: call.text(name) for name in _FILTERS if call.text(name)}
    found = (one for one in found if all(_FILTERS[name](one) == value for name, value in wanted.items()))
    return _in_time(call, found)


def _in_time(call: Call, found: Iterable[Document]) -> Iterable[Document]:
    """Created in the time, to the minute, that Filter says."""
    limits = {str(one.get("Key") or ""): str(one.get("Value") or "") for one in call.structs("Filter")}
    if unknown := limits.keys() - {_SINCE, _UNTIL}:
        raise CloudError("InvalidFilterKey.NotFound", f"Filter.Key {min(unknown)} must be {_SINCE} or {_UNTIL}.")
    since, until = limits.get(_SINCE, ""), limits.get(_UNTIL) or "9"
    return (one for one in found if since <= minutes(one.created_ms) <= until)


def _candidates(call: Call, state: Transaction) -> Iterable[Document]:
    """The caller's instances of the region, by id or in the vSwitch or VPC that is asked for."""
    if ids := json_texts(call, "InstanceIds"):
        found: Iterable[Document] = _named(call, state, ids)
    elif switch := call.text("VSwitchId"):
        parent = state.get(switch)
        switches: Sequence[str] = (switch,) if parent and call.text("VpcId") in ("", parent.parent) else ()
        found = (one for parent_id in switches for one in state.children(parent_id, "instance"))
    elif vpc := call.text("VpcId"):
        found = (one for parent in state.children(vpc, "vswitch") for one in state.children(parent.id, "instance"))
    else:
        found = state.of_kind(call.account, "instance")
    return (one for one in found if (one.account, one.region) == (call.account, call.region))


def _named(call: Call, state: Transaction, ids: Sequence[str]) -> Sequence[Document]:
    """Instances by their ids, oldest first; finding them takes as long however many there are."""
    found = []
    for one in (state.get(each) for each in dict.fromkeys(ids)):
        if one is not None and one.kind == "instance" and call.text("VSwitchId") in ("", one.parent):
            switch = state.get(one.parent)
            if switch is not None and call.text("VpcId") in ("", switch.parent):
                found.append(one)
    return sorted(found, key=by_age)


def _common(instance: Document, state: Transaction) -> dict[str, Json]:
    size = TYPES[instance.text("InstanceType")]
    switch = state.get(instance.parent)
    names = ("InstanceName", "HostName", "Description", "ImageId", "InstanceType", "ZoneId", "InstanceChargeType")
    return {
        **{key: instance.text(key) for key in names},
        "InstanceId": instance.id,
        "RegionId": instance.region,
        "Status": instance.status,
        "CreationTime": minutes(instance.created_ms),
        "ExpiredTime": "",
        "Cpu": size.cpu,
        "Memory": size.memory * _MIB,
        "InstanceNetworkType": "vpc",
        "InternetMaxBandwidthIn": 0,
        "InternetMaxBandwidthOut": 0,
        "SerialNumber": instance.id.removeprefix("i-"),
        "StoppedMode": instance.text("StoppedMode") or "Not-applicable",
        "SecurityGroupIds": {"SecurityGroupId": list(group_ids(instance))},
        "PublicIpAddress": {"IpAddress": []},
        "InnerIpAddress": {"IpAddress": []},
        "EipAddress": {"AllocationId": "", "IpAddress": "", "InternetChargeType": ""},
        "OperationLocks": {"LockReason": []},
        "VlanId": "",
        "VpcAttributes": {
            "VpcId": "" if switch is None else switch.parent,
            "VSwitchId": instance.parent,
            "PrivateIpAddress": {"IpAddress": [instance.text("PrivateIpAddress")]},
            "NatIpAddress": "",
        },
    }


def _item(instance: Document, state: Transaction) -> dict[str, Json]:
    size = TYPES[instance.text("InstanceType")]
    address = instance.text("PrivateIpAddress")
    return {
        **_common(instance, state),
        "IoOptimized": True,
        "InstanceTypeFamily": size.family,
        "StartTime": minutes(instance.created_ms),
        "KeyPairName": instance.text("KeyPairName"),
        "DeletionProtection": bool(instance.fields.get("DeletionProtection")),
        "DeviceAvailable": True,
        "OSType": "linux",
        "ResourceGroupId": instance.text("ResourceGroupId"),
        "SpotStrategy": "NoSpot",
        "GPUAmount": 0,
        "GPUSpec": "",
        "NetworkInterfaces": {"NetworkInterface": [{
            "NetworkInterfaceId": interface_id(instance),
            "MacAddress": mac(instance),
            "PrimaryIpAddress": address,
            "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
            "Type": "Primary",
        }]},
        "Tags": tag_items(instance),
    }


@ECS.reads("DescribeInstanceAttribute")
def describe_instance_attribute(call: Call, state: Transaction) -> Fields:
    """DescribeInstanceAttribute."""
    instance = instance_of(call, state, call.text("InstanceId"))
    return {**_common(instance, state), "IoOptimized": "optimized"}


@ECS.reads("DescribeInstanceStatus", ignores=("ClusterId",))
def describe_instance_status(call: Call, state: Transaction) -> Fields:
    """DescribeInstanceStatus."""
    found: Iterable[Document] = (one for one in state.of_kind(call.account, "instance") if one.region == call.region)
    zone = call.text("ZoneId")
    found = matching(matching(found, call.texts("InstanceId")), (zone,) if zone else (), "ZoneId")
    told = page(call, found, largest=LARGEST_PAGE)
    items: list[Json] = [{"InstanceId": one.id, "Status": one.status} for one in told.items]
    return {**told.fields, "InstanceStatuses": {"InstanceStatus": items}}
