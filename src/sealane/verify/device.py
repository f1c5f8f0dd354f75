"""A firewall's configuration judged against the network it joins: the known mistakes, each with its consequence.

Codes ``DEV-D1`` to ``DEV-D16`` are mistakes that walk-throughs make and that leave traffic in clear or drop it;
``DEV-D10``, a document in place of device input, is found by the reader as ``ASA-D10``. ``DEV-1xx`` are disagreements
between the two ends. ``docs/vendors/cisco-asa.md`` has the table. Remedies are command lines of the device's language,
Cisco ASA.
"""

from collections.abc import Callable, Iterator

from sealane.diag import Finding, sort_findings
from sealane.model import DeviceReading, Network
from sealane.verify.device_border import BORDER
from sealane.verify.device_case import Case, make_case
from sealane.verify.device_ends import check_ends, check_firewall, check_paths
from sealane.verify.device_fallback import FALLBACK
from sealane.verify.device_flows import FLOWS
from sealane.verify.device_sessions import SESSIONS
from sealane.verify.device_strength import STRENGTH
from sealane.verify.device_underlay import UNDERLAY

Check = Callable[[Case], Iterator[Finding]]

_CHECKS: tuple[Check, ...] = (
    *UNDERLAY,
    *SESSIONS,
    *BORDER,
    *FALLBACK,
    *FLOWS,
    *STRENGTH,
    check_ends,
    check_paths,
    check_firewall,
)


def check_device(reading: DeviceReading, network: Network) -> tuple[Finding, ...]:
    """Compare a device with the cloud side of the network.

    Args:
        reading: The device as read; its lines place the findings.
        network: Supplies border routers, transit routers' tunnel ends and BGP sessions, and protections. Whether it
            holds the device itself does not matter, except that its circuits say on which port the device meets them.

    Returns:
        Findings, errors first. For a sound device only information remains: DEV-D8 (a clear fallback exists and the
        plan allows it), DEV-D13 (that fallback reaches further than the tunnels), DEV-D15 and DEV-D16.
    """
    case = make_case(reading, network)
    return sort_findings(found for check in _CHECKS for found in check(case))
