"""Attachments of VPCs, with an interface of the transit router in a vSwitch of each zone."""

from collections.abc import Iterable, Mapping

from sealane.cloud.call import Call
from sealane.cloud.cbn.attachments import VPC, attach, detach, existing, listing, resource_of, target, update
from sealane.cloud.cbn.common import idle
from sealane.cloud.cbn.overlaps import check_apart
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import changed, is_busy, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.times import seconds
from sealane.cloud.vpc.vswitches import free_address
from sealane.cloud.world import Transaction

MOST_ZONES = 10
_OPTIONS = "TransitRouterVPCAttachmentOptions"


@CBN.writes("CreateTransitRouterVpcAttachment")
def create_transit_router_vpc_attachment(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterVpcAttachment: alone it carries nothing, it has neither association nor propagation."""
    vpc = resource_of(call, state, VPC, call.text("VpcId"), call.text("VpcOwnerId"))
    options = _options(call)
    router = target(call, state)
    if vpc.status != "Available" or is_busy(vpc):
        raise CloudError("IncorrectStatus.VpcResource", f"{vpc.id} is {vpc.status}, wait until it is Available.")
    wanted = _mappings(state, vpc, call.structs("ZoneMappings"))
    check_apart(state, vpc, router.parent)
    one = attach(call, state, VPC, router, vpc, ZoneMappings=[], TransitRouterVPCAttachmentOptions=options)
    state.put(retold(one, ZoneMappings=_interfaces(call, state, one, wanted)))
    return {"TransitRouterAttachmentId": one.id}


def _options(call: Call) -> dict[str, str]:
    given = call.params.get("TransitRouterVPCAttachmentOptions")
    options = {"ipv6Support": "disable"}
    options |= {str(key): str(value) for key, value in given.items()} if isinstance(given, Mapping) else {}
    for key, value in options.items():
        if value not in {"disable", "enable"}:
            raise CloudError("InvalidParameter", f"{_OPTIONS}.{key} is {value}, expected enable or disable.")
        if value == "enable":
            raise CloudError(f"OperationUnsupported.{_OPTIONS}", f"{_OPTIONS}.{key} is not supported.")
    return options


def _mappings(state: Transaction, vpc: Document, given: Iterable[Fields]) -> list[tuple[str, Document]]:
    """Zones with their vSwitches.

    Raises:
        CloudError: A zone or vSwitch is unknown, named twice, or they do not go together.
    """
    found: list[tuple[str, Document]] = []
    for one in given:
        zone, switch_id = str(one.get("ZoneId") or ""), str(one.get("VSwitchId") or "")
        switch = state.get(switch_id)
        if switch is None or (switch.account, switch.kind) != (vpc.account, "vswitch"):
            raise CloudError("InvalidVSwitchId.NotFound", f"The vSwitch {switch_id} is not found.", 404)
        if switch.parent != vpc.id:
            raise CloudError("IllegalParam.VSwitchId", f"{switch_id} is not a vSwitch of {vpc.id}.")
        if not zone.startswith(vpc.region):
            raise CloudError("IllegalParam.ZoneId", f"{zone} is not a zone of {vpc.region}.")
        if switch.text("ZoneId") != zone:
            raise CloudError("IllegalParam.ZoneMappings", f"{switch_id} is in {switch.text('ZoneId')}, not in {zone}.")
        if any(zone == other for other, _ in found):
            raise CloudError("Duplicated.ZoneMapping", f"The zone {zone} is mapped twice.")
        if is_busy(switch):
            raise CloudError("IncorrectStatus.VpcSwitch", f"{switch_id} is {switch.status}.", 409)
        found.append((zone, switch))
    if not 1 <= len(found) <= MOST_ZONES:
        raise CloudError("IllegalParam.ZoneMappings", f"{len(found)} zones are mapped, 1 to {MOST_ZONES} are allowed.")
    return found


def _interfaces(
    call: Call, state: Transaction, attachment: Document, wanted: Iterable[tuple[str, Document]]
) -> list[dict[str, str]]:
    """Put an interface into each vSwitch; mappings with their ids.

    Raises:
        CloudError: A vSwitch has no address left.
    """
    mappings = []
    for zone, switch in wanted:
        address = free_address(switch, state)
        if address is None:
            raise CloudError("InsufficientIpAddr.vsw", f"{switch.id} has no address left.")
        eni = call.new_id("eni", switch.region)
        state.put(
            Document(
                eni,
                "eni",
                call.account,
                switch.region,
                switch.id,
                "InUse",
                {
                    "NetworkInterfaceId": eni,
                    "NetworkInterfaceName": "",
                    "Description": f"Interface of {attachment.id}",
                    "VSwitchId": switch.id,
                    "VpcId": switch.parent,
                    "ZoneId": zone,
                    "PrivateIpAddress": str(address),
                    "Type": "Secondary",
                    "ServiceManaged": True,
                    "InstanceId": attachment.id,
                    "CreationTime": seconds(call.now_ms),
                    "SecurityGroupIds": [],
                    "Tags": [],
                },
                created_ms=call.now_ms,
                settled=1,
            )
        )
        mappings.append({"ZoneId": zone, "VSwitchId": switch.id, "NetworkInterfaceId": eni})
    return mappings


@CBN.writes("UpdateTransitRouterVpcAttachmentAttribute")
def update_transit_router_vpc_attachment_attribute(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterVpcAttachmentAttribute."""
    return update(call, state, VPC, {_OPTIONS: _options(call)} if call.has(_OPTIONS) else None)


@CBN.writes("UpdateTransitRouterVpcAttachmentZones")
def update_transit_router_vpc_attachment_zones(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterVpcAttachmentZones: interfaces that go, go when the network has let go of them."""
    one = existing(call, state, VPC)
    idle(one, "Operation.Blocking")
    vpc = state.get(one.text("ResourceId"))
    added, removed = call.structs("AddZoneMappings"), call.structs("RemoveZoneMappings")
    if vpc is None or not (added or removed):
        raise CloudError("IllegalParam.ZoneMappings", "Neither AddZoneMappings nor RemoveZoneMappings is given.")
    kept = {str(mapping["ZoneId"]): mapping for mapping in mappings_of(one)}
    for mapping in removed:
        zone = str(mapping.get("ZoneId") or "")
        if zone not in kept or kept[zone].get("VSwitchId") != mapping.get("VSwitchId"):
            raise CloudError("IllegalParam.ZoneMappings", f"{zone} with {mapping.get('VSwitchId')} is not mapped.")
        del kept[zone]
    wanted = _mappings(state, vpc, [*kept.values(), *added])[len(kept) :]
    state.put(changed(one, "Modifying", ZoneMappings=[*kept.values(), *_interfaces(call, state, one, wanted)]))
    return {}


def mappings_of(attachment: Document) -> tuple[Fields, ...]:
    """Zones, vSwitches and interfaces of an attachment."""
    found = attachment.fields.get("ZoneMappings")
    return tuple(one for one in found if isinstance(one, Mapping)) if isinstance(found, list | tuple) else ()


@CBN.writes("DeleteTransitRouterVpcAttachment")
def delete_transit_router_vpc_attachment(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterVpcAttachment."""
    detach(call, state, VPC)
    return {}


@CBN.reads("ListTransitRouterVpcAttachments")
def list_transit_router_vpc_attachments(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterVpcAttachments."""
    return listing(
        call,
        state,
        VPC,
        _told,
        Status=call.text("Status"),
        ResourceId=call.text("VpcId"),
        OrderType=call.text("OrderType"),
    )


def _told(one: Document) -> Fields:
    return {
        "VpcId": one.text("ResourceId"),
        "VpcOwnerId": one.account,
        "VpcRegionId": one.region,
        "ChargeType": "POSTPAY",
        "ZoneMappings": list(mappings_of(one)),
        "TransitRouterVPCAttachmentOptions": one.fields.get("TransitRouterVPCAttachmentOptions"),
    }
