"""What the benchmarks share: the machine, names of their own, timed runs of the program, and the report."""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sealane import __version__

ROOT = Path(__file__).parent.parent
SEALANE = Path(sys.executable).with_name("sealane")
PREFIX = "bench-"
QUIET_SHARE = 0.1
"""Most of the machine that others may use when a run begins."""


def arguments(text: str, runs: int) -> argparse.Namespace:
    """The command line: ``quick`` and ``runs``."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one small run, to see that it works")
    parser.add_argument("--runs", type=int, default=runs, help="runs of which the median is told")
    parser.add_argument("--patience", type=float, default=60, help="seconds to wait for a quiet machine")
    options, rest = parser.parse_known_args()
    options.rest = rest
    if options.quick:
        options.runs, options.patience = 1, 0
    return options


def version(*command: str) -> str:
    """First line that a program says of its version."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return next(iter((done.stdout + done.stderr).strip().splitlines()), "?")


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), "?")
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": os.cpu_count(),
        "processor": model,
        "memory_gib": round(pages / 2**30, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sealane": __version__,
        "commit": version("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"),
        "bird": version("bird", "--version"),
        "frr": version("/usr/lib/frr/bgpd", "--version"),
        "strongswan": version("dpkg-query", "-W", "-f", "${Version}", "charon-systemd"),
        "iproute2": version("ip", "-V"),
        "load_average": [round(one, 2) for one in os.getloadavg()],
    }


def _ticks() -> tuple[int, int]:
    """(busy, all) since the start, in clock ticks of all cores."""
    fields = [int(one) for one in Path("/proc/stat").read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def quiet(patience_s: float) -> dict[str, float]:
    """Wait until others leave the machine alone; how busy it was in the last second, and the load average."""
    deadline = time.monotonic() + patience_s
    while True:
        before = _ticks()
        time.sleep(1)
        after = _ticks()
        busy = (after[0] - before[0]) / max(1, after[1] - before[1])
        if busy < QUIET_SHARE or time.monotonic() > deadline:
            return {"busy_before": round(busy, 2), "load": round(os.getloadavg()[0], 2)}


def sealane(*words: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run the program, which may write its bytecode; the seconds it took and what it said."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.monotonic()
    done = subprocess.run([SEALANE, *words], capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    return time.monotonic() - start, done


def up_by_phase(plan: Path, *words: str) -> tuple[float, dict[str, float]]:
    """Seconds that ``sealane up`` took until the tunnels carried traffic, and the same by what it said it was doing."""
    start = last = time.monotonic()
    phase, phases = "start, read, observe", {}
    command = [SEALANE, "up", str(plan), *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        told = []
        for line in process.stderr or ():
            told.append(line)
            if line.startswith(("  making ", "  removing ")):
                now = time.monotonic()
                phases[phase] = phases.get(phase, 0) + now - last
                phase, last = line.split(" x ")[1].strip(), now
    end = time.monotonic()
    if process.returncode != 0:
        raise SystemExit(f"sealane up failed:\n{''.join(told)}")
    phases[phase if "--no-wait" in words else f"{phase}, wait for tunnels"] = end - last
    return end - start, phases


@contextmanager
def network(name: str) -> Iterator[str]:
    """A network name of ours, free before and after."""
    name = PREFIX + name
    sealane("down", "--name", name)
    try:
        yield name
    finally:
        sealane("down", "--name", name)


@contextmanager
def example(folder: str) -> Iterator[Path]:
    """A copy of an example's plan under a name of ours."""
    with network(folder) as name, TemporaryDirectory(prefix=PREFIX) as scratch:
        copy = Path(scratch, folder)
        shutil.copytree(ROOT / "examples" / folder, copy)
        plan = copy / "plan.yaml"
        plan.write_text(plan.read_text(encoding="utf-8").replace(f"\nname: {folder}\n", f"\nname: {name}\n"), "utf-8")
        yield plan


def median(values: Sequence[float]) -> float:
    """The median."""
    return statistics.median(values)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median with the least and the most."""
    return f"{median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def report(name: str, head: Sequence[str], rows: Sequence[Sequence[object]], data: dict[str, object]) -> None:
    """Print the table, then everything as JSON."""
    table = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for number, row in enumerate(table):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))
    print(json.dumps({"benchmark": name, "machine": machine(), **data}, indent=1))
