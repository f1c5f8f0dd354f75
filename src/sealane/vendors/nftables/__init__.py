"""nftables rulesets: the meter, guards, and the filters of devices and hosts, as text for ``nft -f -``."""

from sealane.vendors.nftables.group import GROUP_TABLE, security_group
from sealane.vendors.nftables.meter import (
    METER_TABLE,
    Count,
    MeterReading,
    Meters,
    meter,
    meter_table_of,
    read_meter,
)
from sealane.vendors.nftables.paths import DRILL_TABLE, GUARD_TABLE, MSS_TABLE, drill, guard, mss_clamp
from sealane.vendors.nftables.stateful import STATEFUL_TABLE, stateful_device
from sealane.vendors.nftables.text import slug

__all__ = [
    "DRILL_TABLE",
    "GROUP_TABLE",
    "GUARD_TABLE",
    "METER_TABLE",
    "MSS_TABLE",
    "STATEFUL_TABLE",
    "Count",
    "MeterReading",
    "Meters",
    "drill",
    "guard",
    "meter",
    "meter_table_of",
    "mss_clamp",
    "read_meter",
    "security_group",
    "slug",
    "stateful_device",
]
