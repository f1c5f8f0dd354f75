"""How long proofs take from the shell: the use case under every single failure and every two, and two circuits.

Run: ``python benchmarks/prove.py``. Needs no root. Prints the best and the median of the
runs, wall clock, and the least processor time, which a busy machine disturbs less.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
SEALANE = Path(sys.executable).with_name("sealane")
RUNS = 7
CASES = (("hangzhou", 0), ("hangzhou", 1), ("hangzhou", 2), ("load-balancing", 1), ("load-balancing", 2))


def processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(*words: str) -> tuple[float, float, str]:
    """Wall clock and processor time in seconds, and what it printed."""
    before, start = processor(), time.perf_counter()
    done = subprocess.run([SEALANE, *words], capture_output=True, text=True, check=False, cwd=ROOT)
    return time.perf_counter() - start, processor() - before, done.stdout


def main() -> None:
    start = min(timed("--version")[0] for _ in range(RUNS))
    print(f"the program's start alone: {start:.3f} s")
    print(f"{'plan':<16}{'failed':>7}{'cases':>7}{'flows':>7}{'walks':>7}{'best s':>9}{'median s':>10}{'CPU s':>8}")
    for name, failures in CASES:
        words = ("prove", f"examples/{name}/plan.yaml", "--failures", str(failures))
        answer = json.loads(timed(*words, "--json")[2])
        runs = [timed(*words) for _ in range(RUNS)]
        times = [run[0] for run in runs]
        counts = "".join(f"{answer[key]:>7}" for key in ("scenarios", "flows", "walks"))
        least = min(run[1] for run in runs)
        print(f"{name:<16}{failures:>7}{counts}{min(times):>9.3f}{statistics.median(times):>10.3f}{least:>8.3f}")


if __name__ == "__main__":
    main()
