"""What is on offer: the service, regions and zones."""

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import one_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.regions import REGIONS, zones
from sealane.cloud.world import Transaction


@CBN.writes("OpenTransitRouterService")
def open_transit_router_service(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """OpenTransitRouterService: it is open for every account, so there is nothing to order."""
    return {}


@CBN.reads("CheckTransitRouterService")
def check_transit_router_service(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """CheckTransitRouterService."""
    return {"Enabled": True}


@CBN.reads("ListTransitRouterAvailableResource", refuses=["SupportMulticast"])
def list_transit_router_available_resource(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """ListTransitRouterAvailableResource: an attachment may use every zone of the region."""
    found = list(zones(call.region))
    if not found:
        raise CloudError("InvalidRegionId.NotFound", f"The region {call.region} is not known.", 404)
    return {"AvailableZones": found, "MasterZones": found, "SlaveZones": found, "SupportMulticast": False}


@CBN.reads("DescribeChildInstanceRegions", ignores=["AcceptLanguage"])
def describe_child_instance_regions(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """DescribeChildInstanceRegions: names of regions are told in English."""
    one_of(call, "ProductType", ("VPC", "VBR", "CCN"))
    regions = [{"RegionId": region, "LocalName": name} for region, (name, _) in REGIONS.items()]
    return {"Regions": {"Region": regions}}
