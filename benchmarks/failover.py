"""Longest gap of 8 UDP flows of 100 packets per second between a VPC and a site, when something fails.

The gateway example detects with BFD (100 ms x 3 at both ends), the other, an ASA, has none: its BGP holds for 6 s.
"""

import common

from sealane.app.controller import Controller, wait_until
from sealane.app.drill import drill, find_elements
from sealane.app.live import bring_up, load_or_reject
from sealane.app.status import carries

TARGET_MS = 400
HOLD_S = {"hangzhou-gateway": 2.0, "hangzhou": 9.0}
"""How long a failure lasts; longer than its detection."""
FAILURES = {
    "tunnel-1 black-holed": ("tunnel-1",),
    "charon of tunnel-1 killed, cloud end": ("charon:tr/tunnel-1",),
    "both tunnels black-holed": ("tunnel-1", "tunnel-2"),
}
READY_S = 40


def measure(folder: str, failures: dict[str, tuple[str, ...]], runs: int, patience_s: float) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {name: [] for name in failures}
    with common.example(folder) as plan:
        loaded = load_or_reject(plan)
        live, _ = bring_up(loaded, Controller(loaded.name))
        source, destination = live.host("ecs1"), live.host("client")
        for name, elements in failures.items():
            for _ in range(runs):
                if not wait_until(lambda: carries(live.observer), READY_S):
                    raise SystemExit(f"{folder}: the tunnels do not carry traffic before the drill")
                state = common.quiet(patience_s)
                result = drill(live, find_elements(live, elements), source, destination, hold_s=HOLD_S[folder])
                found[name].append({**state, **result.to_json()})
    return found


def main() -> None:
    options = common.arguments(__doc__, runs=5)
    rows, data = [], {}
    for folder in HOLD_S:
        failures = dict(list(FAILURES.items())[:1]) if options.quick else FAILURES
        data[folder] = measure(folder, failures, options.runs, options.patience)
        for name, runs in data[folder].items():
            gaps = [run["longest_gap_ms"] for run in runs]
            target = TARGET_MS if folder == "hangzhou-gateway" else ""
            hit = common.spread([run["flows_hit"] for run in runs], 0)
            clear = common.spread([run["clear_packets"] for run in runs], 0)
            recovered = common.spread([run["recovered_s"] or float("inf") for run in runs], 1)
            load = max(run["load"] for run in runs)
            rows.append([folder, name, common.spread(gaps, 0), target, hit, clear, recovered, load])
    head = ["example", "failure", "gap ms (range)", "target", "flows hit", "clear packets", "back after s", "load"]
    common.report("failover", head, rows, {"runs": data})


if __name__ == "__main__":
    main()
