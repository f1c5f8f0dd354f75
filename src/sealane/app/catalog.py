"""The explicit lists: a new vendor or driver is one line here."""

from collections.abc import Callable, Mapping

from sealane.model import DeviceReading
from sealane.net import NodeName
from sealane.vendors import cisco_asa

DeviceReader = Callable[[str, str, NodeName], DeviceReading]
"""From text, file name and node name to what was read."""

DEVICE_READERS: Mapping[str, DeviceReader] = {
    "cisco-asa": cisco_asa.read,
}
