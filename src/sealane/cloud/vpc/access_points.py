"""Where lines can be plugged in, and the service that one has to open before."""

import re

from sealane.cloud.call import Call
from sealane.cloud.document import Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.regions import REGIONS
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

_SITES = {"cn-hangzhou": ("xs-B", "jg-B")}
_OTHERWISE = ("A", "B")
_SITE = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")


def access_points(region: str) -> tuple[str, ...]:
    """Ids of a region's access points: two, so that lines can be apart; they are only labels."""
    return tuple(f"ap-{region}-{site}" for site in _SITES.get(region, _OTHERWISE))


def check_access_point(call: Call) -> None:
    """Refuse what cannot be an access point of the region; one that is not listed is a label as good as any.

    Raises:
        CloudError: ``ResourceNotFound.AccessPointId``.
    """
    wanted, start = call.text("AccessPointId"), f"ap-{call.region}-"
    if not wanted.startswith(start) or not _SITE.fullmatch(wanted.removeprefix(start)):
        raise CloudError("ResourceNotFound.AccessPointId", f"AccessPointId is {wanted}, expected one of "
                         f"{', '.join(access_points(call.region))} or another {start}...")


def location_of(access_point: str) -> str:
    """The place of an access point, in English."""
    region = next((one for one in REGIONS if access_point.startswith(f"ap-{one}-")), "")
    return f"{REGIONS[region][0]} {access_point.removeprefix(f'ap-{region}-')}" if region else ""


@VPC.reads("DescribeAccessPoints", ignores=("AcceptLanguage",))
def describe_access_points(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """DescribeAccessPoints: names are told in English."""
    found = page(call, access_points(call.region))
    return {**found.fields, "AccessPointSet": {"AccessPointType": [
        {
            "AccessPointId": one,
            "AttachedRegionNo": call.region,
            "Name": location_of(one),
            "Description": "",
            "Location": location_of(one),
            "HostOperator": "Other",
            "Status": "recommended",
            "Type": "VPC",
            "AccessPointFeatureModels": {"AccessPointFeatureModel": []},
        }
        for one in found.items
    ]}}


@VPC.writes("OpenPhysicalConnectionService")
def open_physical_connection_service(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """OpenPhysicalConnectionService: traffic costs nothing here, so it is open for every account."""
    return {}


@VPC.reads("GetPhysicalConnectionServiceStatus")
def get_physical_connection_service_status(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """GetPhysicalConnectionServiceStatus."""
    return {"Enabled": True}
