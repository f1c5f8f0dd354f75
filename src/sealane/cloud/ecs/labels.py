"""What a new instance is given as a machine and is only kept, for those who read it back."""

import re
from collections.abc import Mapping

from sealane.cloud.call import Call
from sealane.cloud.document import Json
from sealane.cloud.error import CloudError

_CATEGORIES = ("cloud", "cloud_efficiency", "cloud_ssd", "cloud_essd", "cloud_auto", "cloud_essd_entry")
_SMALLEST_GIB, _LARGEST_GIB = 20, 2048
USUAL_DISK: Mapping[str, Json] = {"Category": "cloud_essd", "Size": 40, "PerformanceLevel": "PL1"}
_LONGEST_DATA = 32 * 1024
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*")


def system_disk(call: Call) -> dict[str, Json]:
    """The system disk that is asked for.

    Raises:
        CloudError: Its category is unknown, or its size out of bounds.
    """
    asked = call.params.get("SystemDisk")
    disk = asked if isinstance(asked, Mapping) else {}
    category = str(disk.get("Category") or USUAL_DISK["Category"])
    size = str(disk.get("Size") or USUAL_DISK["Size"])
    if category not in _CATEGORIES:
        raise CloudError("InvalidSystemDiskCategory.ValueNotSupported", f"SystemDisk.Category is {category}, expected "
                         f"one of {', '.join(_CATEGORIES)}.")
    if not size.isdecimal() or not _SMALLEST_GIB <= int(size) <= _LARGEST_GIB:
        raise CloudError("InvalidSystemDiskSize.ValueNotSupported", f"SystemDisk.Size must be {_SMALLEST_GIB} to "
                         f"{_LARGEST_GIB} GiB.")
    level = str(disk.get("PerformanceLevel") or ("PL1" if category == "cloud_essd" else ""))
    return {"Category": category, "Size": int(size), "PerformanceLevel": level,
            "DiskName": str(disk.get("DiskName") or ""), "Description": str(disk.get("Description") or "")}


def user_data(call: Call) -> dict[str, str]:
    """UserData among the secrets of an instance, for it often holds some; nothing is run with it.

    Raises:
        CloudError: It is not in base64, or too long.
    """
    text = call.text("UserData")
    if len(text) > _LONGEST_DATA:
        raise CloudError("InvalidUserData.SizeExceeded", f"UserData has more than {_LONGEST_DATA} characters.")
    if _BASE64.fullmatch(text) is None:
        raise CloudError("InvalidUserData.Base64FormatInvalid", "UserData is not in base64.")
    return {"UserData": text} if text else {}
