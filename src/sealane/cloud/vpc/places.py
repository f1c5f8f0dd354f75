"""Regions and their zones."""

from sealane.cloud.call import Call
from sealane.cloud.document import Fields
from sealane.cloud.regions import REGIONS, zones
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

_ZONE = "AvailabilityZone"


@VPC.reads("DescribeRegions", ignores=("AcceptLanguage", "ProductType"))
def describe_regions(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """DescribeRegions: in English, and without endpoints, since all regions are served at the one that was called."""
    return {"Regions": {"Region": [
        {"RegionId": region, "LocalName": name} for region, (name, _) in REGIONS.items()]}}


@VPC.reads("DescribeZones", ignores=("AcceptLanguage",))
def describe_zones(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """DescribeZones: in English; there are no edge zones."""
    found = zones(call.region) if call.text("ZoneType", _ZONE) == _ZONE else ()
    return {"Zones": {"Zone": [
        {"ZoneId": zone, "ZoneType": _ZONE, "LocalName": f"{REGIONS[call.region][0]} Zone {zone[-1].upper()}"}
        for zone in found
    ]}}
