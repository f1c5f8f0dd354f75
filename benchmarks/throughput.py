"""TCP through the tunnels of a network of ours, and of the same daemons set up by hand, taken in turns."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import common
from by_hand import by_hand

from sealane.app.live import attach, load_or_reject
from sealane.app.probe import counts_between, read_meters

TARGET_RATIO = 0.95
CONNECTIONS = (1, 8)
SERVER = "172.16.10.225"
START_S = 0.3
WARM_UP_S = 1
TRIES = 4


def in_space(space: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", space, *words]


def measure(prefix: str, seconds: int) -> dict[str, float]:
    """Mbit/s from the client to the server by number of connections; the first second does not count."""
    found = {}
    for number in CONNECTIONS:
        with subprocess.Popen(in_space(f"{prefix}ecs1", "iperf3", "-s", "-1"), stdout=subprocess.DEVNULL) as server:
            time.sleep(START_S)
            command = ["iperf3", "-c", SERVER, "-t", str(seconds), "-O", str(WARM_UP_S), "-P", str(number), "-J"]
            done = subprocess.run(
                in_space(f"{prefix}client", *command), capture_output=True, text=True, check=False, timeout=seconds + 20
            )
            server.kill()
        answer = json.loads(done.stdout or "{}")
        if "error" in answer or "end" not in answer:
            raise SystemExit(f"iperf3: {answer.get('error', done.stderr)}")
        found[str(number)] = answer["end"]["sum_received"]["bits_per_second"] / 1e6
    return found


@contextmanager
def ours() -> Iterator[tuple[str, object]]:
    """The example, carrying traffic; what its namespaces' names begin with, and the network."""
    with common.example("hangzhou-gateway") as plan:
        common.up_by_phase(plan)
        live = attach(load_or_reject(plan))
        yield f"sealane.{live.network.name}.", live


def main() -> None:
    options = common.arguments(__doc__, runs=5)
    seconds = 2 if options.quick else 5
    runs: dict[str, list[dict[str, object]]] = {"sealane": [], "by hand": []}
    mtu = 0
    for _ in range(options.runs):
        with ours() as (prefix, live):
            mtu = min(end.mtu_bytes for end in live.lowered.ends.values())
            state = common.quiet(options.patience)
            for _ in range(TRIES):  # BFD may starve while both cores are busy, and then nothing is encrypted
                before = read_meters(live)
                figures = measure(prefix, seconds)
                after = read_meters(live)
                counts = [counts_between(before[name], after[name]) for name in after]
                clear = sum(one.clear_protected for one in counts)
                if not clear:
                    break
            runs["sealane"].append({**state, "mbit_per_s": figures, "clear_packets": clear})
        with by_hand(mtu) as prefix:
            state = common.quiet(options.patience)
            runs["by hand"].append({**state, "mbit_per_s": measure(prefix, seconds)})
    rows = []
    ratios = {}
    for number in map(str, CONNECTIONS):
        figures = {who: [run["mbit_per_s"][number] for run in found] for who, found in runs.items()}
        ratios[number] = common.median(figures["sealane"]) / common.median(figures["by hand"])
        each = [one / other for one, other in zip(figures["sealane"], figures["by hand"], strict=True)]
        load = max(run["load"] for found in runs.values() for run in found)
        cells = [common.spread(figures[who], 0) for who in runs]
        rows.append([number, *cells, f"{ratios[number]:.3f}", common.spread(each, 3), TARGET_RATIO, load])
    rows.append(["clear packets", sum(run["clear_packets"] for run in runs["sealane"]), "", "", "", 0, ""])
    head = ["connections", "sealane Mbit/s", "by hand Mbit/s", "ratio", "ratio of pairs", "target", "load"]
    common.report("throughput", head, rows, {"inner_mtu": mtu, "seconds": seconds, "ratio": ratios, "runs": runs})


if __name__ == "__main__":
    main()
