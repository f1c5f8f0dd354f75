"""What is attached to a CEN, told by instance rather than by attachment, and the routes that lead there."""

from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import attachments_of, cen_of, listed, one_of, routers_of, system_table
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.cbn.route_list import routes
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.times import seconds
from sealane.cloud.world import Transaction

_TYPES = ("VPC", "VBR", "CCN", "VPN")


@CBN.reads("DescribeCenAttachedChildInstances")
def describe_cen_attached_child_instances(call: Call, state: Transaction) -> Fields:
    """DescribeCenAttachedChildInstances."""
    cen = cen_of(call, state)
    kind, region = one_of(call, "ChildInstanceType", _TYPES), call.text("ChildInstanceRegionId")
    found = (
        one
        for one in attachments_of(state, cen.id)
        if kind in ("", one.text("ResourceType")) and region in ("", one.region)
    )
    part = page(call, found)
    return {**part.fields, "ChildInstances": {"ChildInstance": [_told(one, cen.id) for one in part.items]}}


def _told(one: Document, cen_id: str) -> Fields:
    return {
        "CenId": cen_id,
        "ChildInstanceId": one.text("ResourceId"),
        "ChildInstanceType": one.text("ResourceType"),
        "ChildInstanceRegionId": one.region,
        "ChildInstanceOwnerId": one.account,
        "ChildInstanceAttachTime": seconds(one.created_ms),
        "Status": one.status,
    }


@CBN.reads("DescribeCenAttachedChildInstanceAttribute")
def describe_cen_attached_child_instance_attribute(call: Call, state: Transaction) -> Fields:
    """DescribeCenAttachedChildInstanceAttribute."""
    cen = cen_of(call, state)
    instance_id = call.text("ChildInstanceId")
    kind, region = one_of(call, "ChildInstanceType", _TYPES), call.text("ChildInstanceRegionId")
    for one in attachments_of(state, cen.id):
        found = state.get(instance_id)
        if one.text("ResourceId") == instance_id and (one.text("ResourceType"), one.region) == (kind, region):
            blocks: dict[str, Json] = {}
            if found is not None and found.kind == "vpc":
                blocks = {
                    "CidrBlock": found.text("CidrBlock"),
                    "SecondaryCidrBlocks": {
                        "secondaryCidrBlock": list(listed(found.fields.get("SecondaryCidrBlocks")))
                    },
                }
            name = found.text("VpcName") or found.text("Name") if found is not None else ""
            return {**_told(one, cen.id), "ChildInstanceName": name, "ChildInstanceAttributes": blocks}
    raise CloudError("Instance.NotExist", f"{instance_id} is not attached to {cen.id}.", 404)


@CBN.reads("DescribeCenRegionDomainRouteEntries")
def describe_cen_region_domain_route_entries(call: Call, state: Transaction) -> Fields:
    """DescribeCenRegionDomainRouteEntries: routes of the system table of the region's transit router."""
    cen = cen_of(call, state)
    status = call.text("Status")
    part = page(call, (row for row in _domain(call, state, cen) if status in ("", "All", row["Status"])))
    return {**part.fields, "CenRouteEntries": {"CenRouteEntry": list(part.items)}}


def _domain(call: Call, state: Transaction, cen: Document) -> Iterator[Fields]:
    for router in routers_of(state, cen.id, call.text("CenRegionId")):
        for row in routes(call, state, system_table(state, router.id)):
            path = row["PathAttributes"]
            yield {
                "DestinationCidrBlock": row["TransitRouterRouteEntryDestinationCidrBlock"],
                "NextHopInstanceId": row.get("TransitRouterRouteEntryNextHopResourceId"),
                "NextHopType": row.get("TransitRouterRouteEntryNextHopResourceType", "BlackHole"),
                "NextHopRegionId": router.region,
                "Status": row["TransitRouterRouteEntryStatus"],
                "Type": path["OriginRouteType"],  # type: ignore[index, call-overload]
                "Preference": path["Preference"],  # type: ignore[index, call-overload]
                "AsPaths": {"AsPath": path["AsPaths"]},  # type: ignore[index, call-overload]
            }
