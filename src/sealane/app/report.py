"""The status of a network as one value."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sealane.app.controller import make_plan_for, networks_present
from sealane.app.host_check import check_root
from sealane.app.live import attach, load_or_reject
from sealane.app.runstate import RunDirectory
from sealane.app.status import TunnelStatus
from sealane.host import find_processes, list_namespaces
from sealane.lower import network_prefix
from sealane.vendors.nftables import MeterReading


@dataclass(frozen=True, slots=True)
class Report:
    """What a network looks like now.

    ``missing`` lists what ``sealane up`` would change: empty when everything is as configured. ``meters`` are by
    ``circuit at node``.
    """

    network: str
    stage: str
    mode: str | None
    esp: str
    tunnels: tuple[TunnelStatus, ...]
    meters: Mapping[str, MeterReading]
    missing: tuple[str, ...]

    @property
    def well(self) -> bool:
        """True when nothing is missing and, at a stage that has tunnels, all of them are up."""
        return not self.missing and all(not tunnel.reason for tunnel in self.tunnels)

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "network": self.network,
            "stage": self.stage,
            "mode": self.mode,
            "esp": self.esp,
            "well": self.well,
            "tunnels": [tunnel.to_json() for tunnel in self.tunnels],
            "meters": {name: meter_json(reading) for name, reading in self.meters.items()},
            "missing": list(self.missing),
        }


def meter_json(reading: MeterReading) -> dict[str, object]:
    """A meter as plain values."""
    plain = ("esp", "ike", "routing", "other", "clear_protected", "blocked", "refused")
    counts = {name: getattr(reading, name) for name in plain}
    by = {
        kind: {f"{name} {direction}": count.packets for (name, direction), count in values.items()}
        for kind, values in (("clear_by", reading.clear_by), ("blocked_by", reading.blocked_by))
    }
    totals = {name: {"packets": count.packets, "bytes": count.bytes} for name, count in counts.items()}
    return {**totals, **by}


def report(path: Path) -> Report:
    """The status of the network of a plan.

    Raises:
        Rejected: The plan has errors.
        Fault: It is not up, or this needs root.
    """
    check_root()
    live = attach(load_or_reject(path))
    missing = make_plan_for(live.lowered, live.drivers).describe()
    filters_there = not any(line.startswith(("create filter", "create namespace")) for line in missing)
    meters = live.observer.meters() if filters_there else {}
    return Report(
        live.network.name,
        live.stage,
        None if live.mode is None else live.mode.value,
        live.controller.esp().value,
        live.observer.tunnels(),
        {f"{circuit} at {port.node}": reading for (circuit, port), reading in meters.items()},
        missing,
    )


def summaries() -> list[dict[str, object]]:
    """Every network of which anything is on this host."""
    found: list[dict[str, object]] = []
    for name in networks_present():
        record = RunDirectory(name).record()
        spaces, processes = list_namespaces(network_prefix(name)), find_processes(name)
        whole = record is not None and record.complete and bool(spaces)
        found.append(
            {
                "network": name,
                "state": "up" if whole else "incomplete: run sealane up again, or sealane down",
                "stage": record.stage if record else "unknown",
                "mode": record.mode if record else None,
                "esp": record.esp if record else "unknown",
                "plan": record.plan if record else "unknown",
                "namespaces": len(spaces),
                "processes": len(processes),
            }
        )
    return found
