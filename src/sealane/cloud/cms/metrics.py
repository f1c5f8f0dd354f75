"""The metrics that are served, and which counters of the network they are made from."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

VPN, CIRCUIT = "acs_vpn", "acs_physical_connection"
NAMESPACES: Mapping[str, str] = {VPN: "IPsec connections and their tunnels", CIRCUIT: "Virtual border routers"}
PERIODS = (1, 15, 60, 300, 900, 3600)
"""In seconds."""
DEFAULT_PERIOD = 60
STATISTICS = ("Average", "Minimum", "Maximum")
_BITS_PER_BYTE = 8
CLASSES: Mapping[str, str] = {
    "ike": "negotiations of tunnels",
    "esp": "encrypted packets",
    "routing": "BGP and BFD",
    "other": "anything else in the clear",
    "clear_protected": "protected traffic in the clear",
    "blocked": "protected traffic in the clear that was stopped before the line",
    "refused": "protected traffic in the clear that came over the line and went no further",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A rate.

    Args:
        namespace: ``acs_vpn`` or ``acs_physical_connection``.
        name: MetricName.
        counter: What counts it, of a tunnel or of a border router.
        factor: Units of the metric in one of the counter.
        unit: As the cloud writes units.
        description: What it is.
        dimensions: Their names.
    """

    namespace: str
    name: str
    counter: str
    factor: int
    unit: str
    description: str
    dimensions: str


def _metrics() -> Iterator[Metric]:
    for (side, word, counted), (suffix, what, factor, unit) in itertools.product(
        (("rx", "received", "in"), ("tx", "sent", "out")),
        (("rate", "bytes", _BITS_PER_BYTE, "bit/s"), ("pkgs", "packets", 1, "Count/s")),
    ):
        told = f"{'Bits' if what == 'bytes' else 'Packets'} that the cloud {word} through tunnels, each second"
        yield Metric(VPN, f"net_{side}.{suffix}", f"{what}_{counted}", factor, unit, told,
                     "userId,instanceId,tunnelId")
    for name, told in CLASSES.items():
        for suffix, what, factor, unit in (("rate", "bytes", _BITS_PER_BYTE, "bit/s"),
                                           ("pkgs", "packets", 1, "Count/s")):
            yield Metric(CIRCUIT, f"vbr_{name}.{suffix}", f"{name}_{what}", factor, unit,
                         f"On the circuit each second: {told}", "userId,instanceId")


METRICS: Mapping[tuple[str, str], Metric] = {(one.namespace, one.name): one for one in _metrics()}
"""By namespace and name."""

__all__ = ["CIRCUIT", "DEFAULT_PERIOD", "METRICS", "NAMESPACES", "PERIODS", "STATISTICS", "VPN", "Metric"]
