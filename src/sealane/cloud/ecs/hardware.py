"""Instance types and the image, which are labels here: an instance is a host of the network and no machine."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

IMAGE = "aliyun_3_x64_20G_alibase_20240528.vhd"
IMAGE_FAMILY = "acs:alibaba_cloud_linux_3_2104_lts_x64"
_IMAGE_ID = re.compile(r"m-[0-9a-z]{8,}|[a-z]+[0-9a-z]*_[0-9A-Za-z_.\-]+")


@dataclass(frozen=True, slots=True)
class InstanceType:
    """A size of instances; ``memory`` in GiB."""

    id: str
    family: str
    cpu: int
    memory: int


_SIZES = {"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32}
_MEMORY_OF_CPU = {"c": 2, "g": 4, "r": 8}
_SMALL = (("ecs.t5-lc1m1.small", 1, 1), ("ecs.t6-c1m1.large", 2, 2), ("ecs.t6-c1m2.large", 2, 4),
          ("ecs.e-c1m1.large", 2, 2), ("ecs.e-c1m2.large", 2, 4))


def _types() -> Mapping[str, InstanceType]:
    found = [InstanceType(one, one.partition("-")[0], cpu, memory) for one, cpu, memory in _SMALL]
    for generation in ("6", "7", "8i"):
        for letter, ratio in _MEMORY_OF_CPU.items():
            family = f"ecs.{letter}{generation}"
            found += [InstanceType(f"{family}.{size}", family, cpu, cpu * ratio) for size, cpu in _SIZES.items()]
    return {one.id: one for one in found}


TYPES: Mapping[str, InstanceType] = _types()


def is_image(image: str) -> bool:
    """True for the ids of public and custom images; what is in them does not matter here."""
    return _IMAGE_ID.fullmatch(image) is not None


__all__ = ["IMAGE", "IMAGE_FAMILY", "TYPES", "InstanceType", "is_image"]
