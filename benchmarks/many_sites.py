"""One transit router and many sites: time until all next hops are in its kernel table, memory, down, and changes.

Every site has a circuit, a border router, two customer gateways and an IPsec connection of its own.
"""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import common
from spoke_plan import hosted_plan_text

from sealane.app.controller import wait_until
from sealane.app.flows import Flows
from sealane.app.live import attach, load_or_reject
from sealane.host import find_processes

TARGETS = {"all next hops in the kernel": 20.0, "down": 3.0, "PSS per site": 45.0}
DEFAULT_SITES = 25
LIMIT_S = 120.0
CALM_S = 1.0


def plan_text(name: str, sites: int) -> str:
    """A plan with that many sites; more do not change the others."""
    return hosted_plan_text(name, sites, instance=True, map_per_site=True)


def tunnel_hops(name: str, node: str = "tr") -> int:
    """Next hops into tunnels of all multipath routes to the sites' networks in the transit router's kernel table."""
    shown = ["ip", "-n", f"sealane.{name}.{node}", "-j", "route", "show", "table", "100"]
    done = subprocess.run(shown, capture_output=True, text=True, check=False)
    routes = json.loads(done.stdout or "[]") if done.returncode == 0 else []
    return sum(
        len([hop for hop in route.get("nexthops", ()) if hop["dev"].startswith("ipsec")])
        for route in routes
        if ".20.0/24" in route["dst"]
    )


def timed_hops(name: str, wanted: int, work: Callable[[], None]) -> tuple[float | None, float]:
    """Run some work; seconds until all next hops were there, and until the work was done."""
    start = time.monotonic()
    thread = threading.Thread(target=work)
    thread.start()
    ready = wait_until(lambda: tunnel_hops(name) >= wanted, LIMIT_S, interval_s=0.25)
    ready_s = time.monotonic() - start if ready else None
    thread.join()
    return ready_s, time.monotonic() - start


def memory_mb(name: str) -> dict[str, float]:
    """Memory of all our processes: resident, and with shared pages divided among those that share them."""
    totals = {"Rss": 0.0, "Pss": 0.0}
    for pid in find_processes(name):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            word, _, rest = line.partition(":")
            if word in totals:
                totals[word] += int(rest.split()[0]) * 1024 / 1e6
    return totals


def one_run(sites: int, patience_s: float) -> dict[str, object]:
    with common.network("many") as name, TemporaryDirectory(prefix=common.PREFIX) as scratch:
        plan = Path(scratch, "plan.yaml")
        plan.write_text(plan_text(name, sites), "utf-8")
        state = common.quiet(patience_s)
        found: dict[str, object] = {}

        def up() -> None:
            found["up_s"], found["phases"] = common.up_by_phase(plan, "--no-wait")

        found["all next hops in the kernel"], _ = timed_hops(name, 2 * sites, up)
        found["daemons"] = len(find_processes(name))
        found["memory_mb"] = memory_mb(name)
        time.sleep(CALM_S)
        found["up, nothing to change"], _ = common.up_by_phase(plan, "--no-wait")

        live = attach(load_or_reject(plan))
        with Flows(live, live.host("ecs1"), live.host("client1")) as flows:
            time.sleep(CALM_S)
            plan.write_text(plan_text(name, sites + 1), "utf-8")
            again: list[float] = []
            hops_s, _ = timed_hops(name, 2 * sites + 2, lambda: again.append(common.up_by_phase(plan, "--no-wait")[0]))
            time.sleep(CALM_S)
            measured = flows.finish()
        found["up, one site more"] = again[0]
        found["up, one site more, its next hops in the kernel"] = hops_s
        found["flows of another site"] = {
            "sent": measured.sent,
            "received": measured.received,
            "longest_gap_ms": measured.longest_gap_ms,
        }
        found["down"], _ = common.sealane("down", str(plan))
    return {**state, **found}


def main() -> None:
    options = common.arguments(__doc__, runs=3)
    sites = int(options.rest[0]) if options.rest else 2 if options.quick else DEFAULT_SITES
    runs = [one_run(sites, options.patience) for _ in range(options.runs)]
    load = max(run["load"] for run in runs)
    rows = []

    def row(what: str, values: list[float], digits: int = 2) -> None:
        rows.append([what, common.spread(values, digits), TARGETS.get(what, ""), load])

    for name in (
        "all next hops in the kernel",
        "up, nothing to change",
        "up, one site more",
        "up, one site more, its next hops in the kernel",
        "down",
    ):
        row(name, [run[name] or float("inf") for run in runs])
    row("lost packets of another site meanwhile", [_lost(run) for run in runs], 0)
    row("PSS per site", [run["memory_mb"]["Pss"] / sites for run in runs], 1)
    row("RSS per site", [run["memory_mb"]["Rss"] / sites for run in runs], 1)
    for phase in runs[0]["phases"]:
        row(f"phase {phase}", [run["phases"][phase] for run in runs])
    common.report("many_sites", [f"{sites} sites", "median s or MB (range)", "target", "load"], rows, {"runs": runs})


def _lost(run: dict[str, dict[str, int]]) -> int:
    flows = run["flows of another site"]
    return flows["sent"] - flows["received"]


if __name__ == "__main__":
    main()
