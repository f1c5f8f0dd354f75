"""Cases in which a live network and the twin once differed, made small."""

from fidelity.case import Case
from fidelity.generate import Event
from fidelity.small import Border, Connection, Device, Small, Static
from sealane.twin.element import Element, ElementKind

_LINK, _NODE, _CIRCUIT = ElementKind.LINK, ElementKind.NODE, ElementKind.CIRCUIT
_TWO = (Border("vbr1", "d1", bgp=True), Border("vbr2", "d1", bgp=True, asn=65100))

REGRESSIONS = (
    # Inside an AS a device leaves the next hop as it is: the other one does not reach it, or over a static only.
    Case(
        "ibgp",
        Small(
            (Border("vbr1", "d1", bgp=True), Border("vbr2", "d2")),
            (
                Device("d1", lan=1, networks=("192.168.50.0/24",)),
                Device("d2", lan=2, beside=("d1",)),
            ),
        ),
        (Event(Element(_CIRCUIT, "vbr1-line")), Event(Element(_CIRCUIT, "vbr1-line"), fails=False)),
    ),
    Case(
        "ibgp2",
        Small(
            (Border("vbr1", "d1", bgp=True), Border("vbr2", "d2")),
            (
                Device("d1", lan=1),
                Device("d2", lan=2, statics=(Static("10.0.1.0/30", "lan:d1"),), beside=("d1",)),
            ),
        ),
        (Event(Element(_LINK, "lan")), Event(Element(_LINK, "lan"), fails=False)),
    ),
    # Statics that differ in their distance only: staticd took the last one.
    Case(
        "statics",
        Small(
            (Border("vbr1", "d1"), Border("vbr2", "d1")),
            (
                Device(
                    "d1",
                    statics=(
                        Static("172.16.0.0/16", "vbr1", 2),
                        Static("172.16.0.0/16", "vbr2"),
                        Static("172.16.0.0/16", "vbr2", 21),
                    ),
                ),
            ),
        ),
        (Event(Element(_CIRCUIT, "vbr2-line")),),
    ),
    # Whoever hears first of two border routers that each prefer what the other tells keeps to it.
    Case(
        "mutual",
        Small(_TWO, (Device("d1"),)),
        (Event(Element(_LINK, "vbr1")), Event(Element(_LINK, "vbr1"), fails=False)),
    ),
    # A device that has failed is mended while the far end of its link is down.
    Case(
        "mended",
        Small(
            (Border("vbr1", "d1", lines=("192.168.0.0/16",)),),
            (Device("d1", statics=(Static("172.16.0.0/16", "vbr1"),)),),
        ),
        (Event(Element(_NODE, "vpc")), Event(None, restart="d1"), Event(Element(_NODE, "vpc"), fails=False)),
    ),
    # Of two statics to one hop, one of them out of an interface that the hop is not on: staticd told zebra of neither.
    Case(
        "odd",
        Small(
            (Border("vbr1", "d1"),),
            (
                Device(
                    "d1", lan=1,
                    statics=(
                        Static("192.168.21.0/24", "odd:vbr1", 2), Static("192.168.21.0/24", "vbr1", 2, named=False),
                        Static("192.168.20.0/24", "odd:vbr1"), Static("192.168.20.0/24", "vbr1", 30),
                    ),
                ),
            ),
        ),
        (Event(Element(_CIRCUIT, "vbr1-line")), Event(Element(_CIRCUIT, "vbr1-line"), fails=False)),
    ),
    # The discard of a killed zebra was left in the kernel, and the next one sometimes took it for a nearer static.
    Case(
        "restart",
        Small(
            (Border("vbr1", "d1", bgp=True, lines=("192.168.0.0/16",)),),
            (
                Device(
                    "d1", lan=1,
                    statics=(Static("10.10.10.11/32", "vbr1"), Static("172.16.10.0/24", "discard", 30)),
                    networks=("192.168.50.0/24",),
                ),
            ),
            (Connection("d1", tunnels=1),),
        ),
        (Event(None, restart="d1"), Event(None, restart="tr")),
    ),
)
