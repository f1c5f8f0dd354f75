"""Alarms from the meters."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sealane.app.live import Live
from sealane.model import Mode
from sealane.vendors.nftables import MeterReading, slug

_INTERVAL_S = 0.25
"""Four looks a second, so that an alarm comes within one."""


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """Protected packets on a circuit since the last look.

    ``alarm`` is False for packets that were blocked, and for those that mode open allows.
    """

    at_s: float
    circuit: str
    protection: str
    direction: str
    packets: int
    kind: str
    alarm: bool

    def __str__(self) -> str:
        word = "ALARM" if self.alarm else "note"
        return (
            f"{self.at_s:8.2f} s {word}: {self.packets} packets {self.kind} on {self.circuit}, "
            f"protection {self.protection} {self.direction}"
        )

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def watch(live: Live, duration_s: float | None) -> Iterator[MeterEvent]:
    """Events as they come; None watches without end.

    Raises:
        Fault: The network is no longer there.
    """
    begun = time.monotonic()
    allowed = frozenset(slug(one.name) for one in live.network.protections if (live.mode or one.mode) is Mode.OPEN)
    last = dict(live.observer.meters())
    while duration_s is None or time.monotonic() - begun < duration_s:
        time.sleep(_INTERVAL_S)
        now = dict(live.observer.meters())
        for (circuit, port), reading in now.items():
            before = last.get((circuit, port))
            if before is not None:
                yield from _events(time.monotonic() - begun, f"{circuit} at {port.node}", before, reading, allowed)
        last = now


def _events(
    at_s: float, circuit: str, before: MeterReading, now: MeterReading, allowed: frozenset[str]
) -> Iterator[MeterEvent]:
    """Events of one port; ``allowed`` are the protections, by the meter's names, that may cross in clear."""
    for kind, old, new in (
        ("in clear", before.clear_by, now.clear_by),
        ("blocked before they left", before.blocked_by, now.blocked_by),
        ("refused on arrival", before.refused_by, now.refused_by),
    ):
        for (protection, direction), count in new.items():
            base = old.get((protection, direction))
            packets = count.packets - (base.packets if base is not None and base.packets <= count.packets else 0)
            if packets:
                alarm = kind == "in clear" and protection not in allowed
                yield MeterEvent(round(at_s, 2), circuit, protection, direction, packets, kind, alarm)
