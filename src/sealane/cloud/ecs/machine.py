"""What an instance would have as a machine: labels that are kept for provisioning tools, which read them back."""

from collections.abc import Callable, Iterable, Mapping

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.common import LARGEST_PAGE, json_texts, listed
from sealane.cloud.ecs.instances import instance_of
from sealane.cloud.ecs.labels import USUAL_DISK
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.paging import matching, page
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import in_group
from sealane.cloud.world import Transaction

_ANY = ("", "all", "All")

def _disk_id(instance: Document) -> str:
    return "d-" + instance.id.removeprefix("i-")


def _disk(instance: Document) -> Mapping[str, Json]:
    told = instance.fields.get("SystemDisk")
    return told if isinstance(told, Mapping) else USUAL_DISK



_ASKED: Mapping[str, Callable[[Document], object]] = {
    "InstanceId": lambda one: one.id,
    "ZoneId": lambda one: one.text("ZoneId"),
    "Category": lambda one: _disk(one)["Category"],
    "DiskName": lambda one: _disk(one).get("DiskName", ""),
    "DiskType": lambda _: "system",
    "Status": lambda _: "In_use",
}


@ECS.reads(
    "DescribeDisks",
    ignores=("AdditionalAttributes", "AutoSnapshotPolicyId", "DeleteAutoSnapshot", "DeleteWithInstance",
             "DiskChargeType", "DryRun", "EnableAutoSnapshot", "EnableAutomatedSnapshotPolicy", "EnableShared",
             "Encrypted", "Filter", "KMSKeyId", "LockReason", "MultiAttach", "PerformanceLevel", "Portable",
             "SnapshotId", "Tag"),
)
def describe_disks(call: Call, state: Transaction) -> Fields:
    """DescribeDisks: each instance has its system disk and no other."""
    found: Iterable[Document] = (one for one in state.of_kind(call.account, "instance") if one.region == call.region)
    wanted = {name: call.text(name) for name in _ASKED if call.text(name) not in _ANY}
    found = [one for one in found if all(_ASKED[name](one) == value for name, value in wanted.items())]
    if ids := json_texts(call, "DiskIds"):
        found = [one for one in found if _disk_id(one) in ids]
    items, fields = listed(call, in_group(call, found))
    return {**fields, "Disks": {"Disk": [_item(one) for one in items]}}


def _item(instance: Document) -> dict[str, Json]:
    made = seconds(instance.created_ms)
    at: dict[str, Json] = {"InstanceId": instance.id, "Device": "/dev/xvda", "AttachedTime": made}
    return {
        **_disk(instance),
        **at,
        "DiskId": _disk_id(instance),
        "Type": "system",
        "Status": "In_use",
        "ImageId": instance.text("ImageId"),
        "RegionId": instance.region,
        "ResourceGroupId": instance.text("ResourceGroupId"),
        "ZoneId": instance.text("ZoneId"),
        "CreationTime": made,
        "DiskChargeType": instance.text("InstanceChargeType"),
        "DeleteWithInstance": True,
        "Encrypted": False,
        "Portable": False,
        "MultiAttach": "Disabled",
        "BurstingEnabled": False,
        "Attachments": {"Attachment": [at]},
        "MountInstances": {"MountInstance": []},
        "OperationLocks": {"OperationLock": []},
        "Tags": {"Tag": []},
    }


@ECS.reads("DescribeUserData")
def describe_user_data(call: Call, state: Transaction) -> Fields:
    """DescribeUserData."""
    instance = instance_of(call, state, call.text("InstanceId"))
    return {"InstanceId": instance.id, "RegionId": instance.region, "UserData": instance.secrets.get("UserData", "")}


@ECS.reads("DescribeInstanceRamRole")
def describe_instance_ram_role(call: Call, state: Transaction) -> Fields:
    """DescribeInstanceRamRole: instances that were launched with a role; a role is no more than a name here.

    What the cloud says of an unknown id is not published; it is what it says of one elsewhere.
    """
    ids, role = json_texts(call, "InstanceIds"), call.text("RamRoleName")
    if not ids and not role:
        raise CloudError("MissingParameter", "Give InstanceIds or RamRoleName.")
    asked = [instance_of(call, state, one) for one in ids]
    there = [one for one in state.of_kind(call.account, "instance") if role and one.text("RamRoleName") == role]
    if role and not there:
        raise CloudError("InvalidRamRole.NotFound", f"The RAM role {role} does not exist.", 404)
    here = asked or [one for one in there if one.region == call.region]
    told = page(call, [one for one in here if one.text("RamRoleName") and role in ("", one.text("RamRoleName"))])
    return {"RegionId": call.region, "TotalCount": told.total, "InstanceRamRoleSets": {"InstanceRamRoleSet": [
        {"InstanceId": one.id, "RamRoleName": one.text("RamRoleName")} for one in told.items
    ]}}


@ECS.reads("DescribeInstanceMaintenanceAttributes")
def describe_instance_maintenance_attributes(call: Call, state: Transaction) -> Fields:
    """DescribeInstanceMaintenanceAttributes: nobody maintains the host of an instance."""
    found = (one for one in state.of_kind(call.account, "instance") if one.region == call.region)
    told = page(call, matching(found, call.texts("InstanceId")), largest=LARGEST_PAGE)
    action: Json = {"Value": "Reboot", "DefaultValue": "Reboot", "SupportedValues": {"SupportedValue": ["Reboot"]}}
    return {**told.fields, "MaintenanceAttributes": {"MaintenanceAttribute": [
        {"InstanceId": one.id, "ActionOnMaintenance": action, "NotifyOnMaintenance": False,
         "MaintenanceWindows": {"MaintenanceWindow": []}} for one in told.items
    ]}}


@ECS.reads("DescribeInstanceAttachmentAttributes")
def describe_instance_attachment_attributes(call: Call, state: Transaction) -> Fields:
    """DescribeInstanceAttachmentAttributes: there are no private pools."""
    found = (one for one in state.of_kind(call.account, "instance") if one.region == call.region)
    told = page(call, matching(found, json_texts(call, "InstanceIds")), largest=LARGEST_PAGE)
    return {**told.fields, "Instances": {"Instance": [
        {"InstanceId": one.id, "PrivatePoolOptionsId": "", "PrivatePoolOptionsMatchCriteria": ""} for one in told.items
    ]}}
