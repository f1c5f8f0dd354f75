"""Network interfaces: the one of each instance, and those of transit routers in vSwitches."""

import ipaddress
from collections.abc import Iterable, Iterator

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.ecs.common import group_ids, listed, tag_items
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.interface_ids import instance_of, interface_of
from sealane.cloud.paging import matching
from sealane.cloud.tags import tagged
from sealane.cloud.times import seconds
from sealane.cloud.vpc.common import in_group
from sealane.cloud.world import Transaction

NO_INTERFACE = CloudError("InvalidEniId.NotFound", "The specified network interface does not exist.", 404)
_LOCAL_MAC = 0x02 << 40


def interface_id(instance: Document) -> str:
    """The id of an instance's interface; it goes with the instance."""
    return interface_of(instance.id)


def mac(document: Document) -> str:
    """A locally administered address of an interface, from its IPv4 address."""
    value = _LOCAL_MAC | int(ipaddress.IPv4Address(document.text("PrivateIpAddress")))
    return ":".join(f"{byte:02x}" for byte in value.to_bytes(6))


def instance_of_interface(call: Call, state: Transaction, eni: str) -> Document:
    """The instance whose interface it is.

    Raises:
        CloudError: ``InvalidEniId.NotFound``.
    """
    return call.own(state, instance_of(eni), "instance", NO_INTERFACE)


@ECS.reads("DescribeNetworkInterfaces")
def describe_network_interfaces(call: Call, state: Transaction) -> Fields:
    """DescribeNetworkInterfaces."""
    found = (one for one in _candidates(call, state) if one.region == call.region)
    items, fields = listed(call, _asked(call, tagged(call, in_group(call, found)), state))
    return {**fields, "NetworkInterfaceSets": {"NetworkInterfaceSet": [_item(one, state) for one in items]}}


def _candidates(call: Call, state: Transaction) -> Iterator[Document]:
    switch = call.text("VSwitchId")
    for kind in ("instance", "eni"):
        found = state.children(switch, kind) if switch else state.of_kind(call.account, kind)
        yield from (one for one in found if one.account == call.account)


def _asked(call: Call, found: Iterable[Document], state: Transaction) -> Iterator[Document]:
    ids, addresses = call.texts("NetworkInterfaceId"), set(call.texts("PrivateIpAddress"))
    instance, vpc, group = call.text("InstanceId"), call.text("VpcId"), call.text("SecurityGroupId")
    addresses |= {one for one in (call.text("PrimaryIpAddress"),) if one}
    name = call.text("NetworkInterfaceName")
    kept = matching(found, (name,) if name else (), "NetworkInterfaceName")
    if call.texts("Ipv6Address"):
        return
    for one in kept:
        item = _item(one, state)
        if (
            (not ids or item["NetworkInterfaceId"] in ids)
            and (not addresses or item["PrivateIpAddress"] in addresses)
            and (not instance or item["InstanceId"] == instance)
            and (not vpc or item["VpcId"] == vpc)
            and (not group or group in group_ids(one))
            and call.text("Type") in ("", item["Type"])
            and call.text("Status") in ("", item["Status"])
            and (not call.has("ServiceManaged") or call.flag("ServiceManaged", default=False) == item["ServiceManaged"])
        ):
            yield one


@ECS.reads("DescribeNetworkInterfaceAttribute", ignores=("Attribute", "Tag"))
def describe_network_interface_attribute(call: Call, state: Transaction) -> Fields:
    """DescribeNetworkInterfaceAttribute."""
    eni = call.text("NetworkInterfaceId")
    found = state.get(eni) or state.get(instance_of(eni))
    if found is None or found.account != call.account or found.kind not in {"eni", "instance"} or (
            found.region != call.region):
        raise NO_INTERFACE
    return _item(found, state)


def _item(document: Document, state: Transaction) -> dict[str, Json]:
    own = document.kind == "instance"
    switch = state.get(document.parent)
    owner = document.id if own else document.text("InstanceId")
    address = document.text("PrivateIpAddress")
    return {
        "NetworkInterfaceId": interface_id(document) if own else document.id,
        "NetworkInterfaceName": "" if own else document.text("NetworkInterfaceName"),
        "Description": "" if own else document.text("Description"),
        "Type": "Primary" if own else "Secondary",
        "Status": "InUse",
        "InstanceId": owner,
        "Attachment": {"InstanceId": owner, "DeviceIndex": 0} if own else {"InstanceId": owner},
        "MacAddress": mac(document),
        "PrivateIpAddress": address,
        "PrivateIpSets": {"PrivateIpSet": [{"PrivateIpAddress": address, "Primary": True}]},
        "SecurityGroupIds": {"SecurityGroupId": list(group_ids(document))},
        "ServiceManaged": not own,
        "VSwitchId": document.parent,
        "VpcId": "" if switch is None else switch.parent,
        "ZoneId": document.text("ZoneId"),
        "OwnerId": document.account,
        "CreationTime": seconds(document.created_ms),
        "DeleteOnRelease": own,
        "ResourceGroupId": document.text("ResourceGroupId"),
        "Tags": {"Tag": []} if own else tag_items(document),
    }
