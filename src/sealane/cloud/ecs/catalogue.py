"""What there is to choose from: regions, zones, instance types, the image."""

from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.document import Fields, Json
from sealane.cloud.ecs.common import LARGEST_PAGE
from sealane.cloud.ecs.hardware import IMAGE, IMAGE_FAMILY, TYPES, InstanceType
from sealane.cloud.ecs.registry import ECS
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page, portion_by
from sealane.cloud.regions import REGIONS, zones
from sealane.cloud.world import Transaction

_DISK, _SMALLEST_DISK, _LARGEST_DISK = "cloud_essd", 20, 32768
_GENERATION = "ecs-5"
_IMAGE: Mapping[str, str] = {
    "ImageId": IMAGE,
    "ImageName": IMAGE,
    "ImageFamily": IMAGE_FAMILY,
    "ImageOwnerAlias": "system",
    "Architecture": "x86_64",
    "OSType": "linux",
    "Status": "Available",
}


@ECS.reads("DescribeRegions", ignores=("AcceptLanguage", "InstanceChargeType", "ResourceType"))
def describe_regions(_call: Call, _state: Transaction) -> Fields:
    """DescribeRegions."""
    return {"Regions": {"Region": [
        {"RegionId": one, "LocalName": name, "RegionEndpoint": f"ecs.{one}.aliyuncs.com", "Status": "available"}
        for one, (name, _) in REGIONS.items()
    ]}}


@ECS.reads("DescribeZones", ignores=("AcceptLanguage", "InstanceChargeType", "SpotStrategy", "Verbose"))
def describe_zones(call: Call, _state: Transaction) -> Fields:
    """DescribeZones: every zone has everything."""
    families: list[Json] = [*dict.fromkeys(one.family for one in TYPES.values())]
    return {"Zones": {"Zone": [
        {
            "ZoneId": zone,
            "LocalName": f"{REGIONS[call.region][0]} Zone {zone[-1].upper()}",
            "ZoneType": "AvailabilityZone",
            "AvailableResourceCreation": {"ResourceTypes": ["VSwitch", "IoOptimized", "Instance", "Disk"]},
            "AvailableDiskCategories": {"DiskCategories": [_DISK]},
            "AvailableInstanceTypes": {"InstanceTypes": list(TYPES)},
            "AvailableResources": {"ResourcesInfo": [{
                "IoOptimized": True,
                "SystemDiskCategories": {"supportedSystemDiskCategory": [_DISK]},
                "DataDiskCategories": {"supportedDataDiskCategory": [_DISK]},
                "InstanceGenerations": {"supportedInstanceGeneration": [_GENERATION]},
                "InstanceTypeFamilies": {"supportedInstanceTypeFamily": families},
                "InstanceTypes": {"supportedInstanceType": list(TYPES)},
                "NetworkTypes": {"supportedNetworkCategory": ["vpc"]},
            }]},
        }
        for zone in zones(call.region)
    ]}}


@ECS.reads("DescribeInstanceTypeFamilies")
def describe_instance_type_families(call: Call, _state: Transaction) -> Fields:
    """DescribeInstanceTypeFamilies."""
    asked = call.text("Generation") in ("", _GENERATION)
    return {"InstanceTypeFamilies": {"InstanceTypeFamily": [
        {"InstanceTypeFamilyId": one, "Generation": _GENERATION}
        for one in dict.fromkeys(each.family for each in TYPES.values())
        if asked
    ]}}


@ECS.reads(
    "DescribeInstanceTypes",
    ignores=(
        "AdditionalAttributes", "GPUSpec", "GpuSpecs", "InstanceCategories", "InstanceCategory", "InstanceFamilyLevel",
        "LocalStorageCategories", "LocalStorageCategory", "MaximumCpuSpeedFrequency", "MaximumCpuTurboFrequency",
        "MaximumGPUAmount", "MinimumBaselineCredit", "MinimumCpuSpeedFrequency", "MinimumCpuTurboFrequency",
        "MinimumDiskQuantity", "MinimumEniIpv6AddressQuantity", "MinimumEniPrivateIpAddressQuantity",
        "MinimumEniQuantity", "MinimumEriQuantity", "MinimumInitialCredit", "MinimumInstanceBandwidthRx",
        "MinimumInstanceBandwidthTx", "MinimumInstancePpsRx", "MinimumInstancePpsTx", "MinimumLocalStorageAmount",
        "MinimumLocalStorageCapacity", "MinimumPrimaryEniQueueNumber", "MinimumQueuePairNumber",
        "MinimumSecondaryEniQueueNumber", "NvmeSupport", "PhysicalProcessorModel", "PhysicalProcessorModels",
    ),
)
def describe_instance_types(call: Call, _state: Transaction) -> Fields:
    """DescribeInstanceTypes: by name, family, architecture, processors and memory."""
    told = portion_by(call, (one for one in TYPES.values() if _is_asked(call, one)), lambda one: one.id,
                      size=LARGEST_PAGE, largest=LARGEST_PAGE)
    return {"NextToken": told.fields.get("NextToken", ""), "InstanceTypes": {"InstanceType": [
        {
            "InstanceTypeId": one.id,
            "InstanceTypeFamily": one.family,
            "CpuCoreCount": one.cpu,
            "MemorySize": float(one.memory),
            "CpuArchitecture": "X86",
            "EniQuantity": 1,
            "EniPrivateIpAddressQuantity": 1,
            "GPUAmount": 0,
            "LocalStorageCategory": "",
        }
        for one in told.items
    ]}}


def _is_asked(call: Call, one: InstanceType) -> bool:
    names = call.texts("InstanceTypes")
    families = (*call.texts("InstanceTypeFamilies"), *(each for each in (call.text("InstanceTypeFamily"),) if each))
    architectures = (*call.texts("CpuArchitectures"),
                     *(each for each in (call.text("CpuArchitecture"),) if each))
    return (
        (not names or one.id in names)
        and (not families or one.family in families)
        and (not architectures or "X86" in architectures)
        and call.number("MinimumGPUAmount", 0) == 0
        and call.number("MinimumCpuCoreCount", 0) <= one.cpu <= call.number("MaximumCpuCoreCount", one.cpu)
        and _size(call, "MinimumMemorySize", 0) <= one.memory <= _size(call, "MaximumMemorySize", one.memory)
    )


def _size(call: Call, name: str, default: float) -> float:
    return float(call.text(name) or default)


@ECS.reads(
    "DescribeImages",
    ignores=("ActionType", "Filter", "ImageOwnerId", "InstanceType", "IsSupportCloudinit", "IsSupportIoOptimized",
             "ResourceGroupId", "ShowExpired", "Tag", "Usable", "Usage"),
)
def describe_images(call: Call, _state: Transaction) -> Fields:
    """DescribeImages: there is one; the ids of other public and custom images are taken as labels."""
    wanted = {name: call.text(name) for name in _IMAGE if call.text(name)}
    is_asked = all(_IMAGE[name] in value.split(",") for name, value in wanted.items())
    is_asked = is_asked and call.flag("IsPublic", default=True)
    is_asked = is_asked and not call.text("SnapshotId")
    told = page(call, (_IMAGE,) if is_asked else (), largest=LARGEST_PAGE)
    return {**told.fields, "RegionId": call.region, "Images": {"Image": [
        {**one, "IsPublic": True, "Size": _SMALLEST_DISK, "Platform": "Aliyun", "Usage": "instance", "Progress": "100%",
         "OSName": "Alibaba Cloud Linux 3", "IsSupportIoOptimized": True, "Usable": True}
        for one in told.items
    ]}}


@ECS.reads(
    "DescribeAvailableResource",
    ignores=("DataDiskCategory", "DedicatedHostId", "InstanceChargeType", "IoOptimized", "NetworkCategory",
             "ResourceType", "Scope", "SpotDuration", "SpotStrategy", "SystemDiskCategory"),
)
def describe_available_resource(call: Call, _state: Transaction) -> Fields:
    """DescribeAvailableResource: everything is available in every zone."""
    wanted = call.text("DestinationResource")
    resources = _resources(call, wanted)
    asked = [one for one in zones(call.region) if call.text("ZoneId") in ("", one)]
    status: dict[str, Json] = {"Status": "Available", "StatusCategory": "WithStock"}
    found: Json = {"AvailableResource": [
        {"Type": wanted, "SupportedResources": {"SupportedResource": [{**one, **status} for one in resources]}}
    ] if resources else []}
    return {"AvailableZones": {"AvailableZone": [
        {"RegionId": call.region, "ZoneId": one, **status, "AvailableResources": found} for one in asked
    ]}}


def _resources(call: Call, wanted: str) -> list[dict[str, Json]]:
    match wanted:
        case "InstanceType":
            cores, memory, name = call.number("Cores", 0), _size(call, "Memory", 0), call.text("InstanceType")
            return [{"Value": one.id} for one in TYPES.values()
                    if cores in (0, one.cpu) and memory in (0, one.memory) and name in ("", one.id)]
        case "SystemDisk" | "DataDisk":
            return [{"Value": _DISK, "Min": _SMALLEST_DISK, "Max": _LARGEST_DISK, "Unit": "GiB"}]
        case "IoOptimized":
            return [{"Value": "optimized"}]
        case "Network":
            return [{"Value": "vpc"}]
        case "Zone" | "ddh":
            return []
    raise CloudError("InvalidDestinationResource", f"DestinationResource {wanted} must be Zone, IoOptimized, "
                     "InstanceType, Network, ddh, SystemDisk or DataDisk.")
