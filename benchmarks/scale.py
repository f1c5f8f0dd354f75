"""The twin at scale: generated hub-and-spoke networks, engine only and end to end from files.

Every measurement runs in a process of its own. ``cpu`` is processor time, which other work on the machine hardly
changes; ``wall`` is what a clock shows.
"""

import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import common
import spoke_plan

PREFIXES, SITES = 100, 10_000
EVENTS, EDITS = 4000, 30
BATFISH = {"seconds": 58.4, "mb": 8600}
"""Batfish v2025.07.07, 400 sites of this shape, two cores of an AMD EPYC: reading 45 s, one dataplane, warm, 13.4 s."""


class Clock:
    """Named times of one process."""

    def __init__(self) -> None:
        self.found: dict[str, object] = {}

    def time(self, name: str, work: Callable[[], object], runs: int = 1) -> object:
        """Run some work; the median of processor and clock time is kept."""
        cpu, wall, answer = [], [], None
        for _ in range(runs):
            before = time.process_time(), time.perf_counter()
            answer = work()
            cpu.append(time.process_time() - before[0])
            wall.append(time.perf_counter() - before[1])
        self.found[name] = {"cpu": common.median(cpu), "wall": common.median(wall)}
        return answer

    def told(self) -> str:
        """As JSON, with the most memory that the process held."""
        self.found["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        return json.dumps(self.found)


def from_plan(path: Path) -> str:
    """One converged state of a plan, its reading included."""
    from sealane.app.load import load
    from sealane.twin.columns import build, evaluate, extract

    clock = Clock()
    loaded = clock.time("read", lambda: load(path))
    facts = clock.time("extract", lambda: extract(loaded.network)).facts
    columns = clock.time("build", lambda: build(facts))
    clock.time("state", lambda: evaluate(columns))
    clock.found["routes"] = len(facts.route_table)
    return clock.told()


def from_columns(path: Path) -> str:
    """The same from columnar JSON, and the state again."""
    from sealane.twin.columns import Facts, build, evaluate

    clock = Clock()
    facts = clock.time("read", lambda: Facts.loads(path.read_text(encoding="utf-8")))
    columns = clock.time("build", lambda: build(facts))
    clock.time("first state", lambda: evaluate(columns))
    clock.time("state", lambda: evaluate(columns), 5)
    clock.found["routes"] = len(facts.route_table)
    return clock.told()


def failures(path: Path) -> str:
    """All single failures, then all pairs."""
    from sealane.twin.columns import Facts, build, prove_columns

    clock = Clock()
    columns = build(Facts.loads(path.read_text(encoding="utf-8")))
    for most, name in ((1, "all single failures"), (2, "all pairs")):
        proofs = clock.time(name, lambda most=most: prove_columns(columns, most))
        clock.found[f"{name}: states"] = proofs.states
        clock.found[f"{name}: evaluated"] = proofs.evaluated
        clock.found[f"{name}: broken"] = {one.property.value: [one.sets, one.broken] for one in proofs.proofs}
    return clock.told()


def changes(path: Path) -> str:
    """Events and edits."""
    from sealane.twin.columns import Element, ElementKind, Facts, Live, build

    clock = Clock()
    facts = Facts.loads(path.read_text(encoding="utf-8"))
    columns = build(facts)
    live = Live(columns)
    rng = random.Random(1)
    for name in ("first", "again"):
        rng.seed(1)
        cpu, wall = [], []
        for number in range(EVENTS):
            element = Element(ElementKind.TUNNEL, rng.randrange(len(facts.tunnels)))
            before = time.thread_time(), time.perf_counter()
            live.set(element, up=bool(number % 3 == 2))
            cpu.append(time.thread_time() - before[0])
            wall.append(time.perf_counter() - before[1])
        clock.found[f"tunnel event, {name}"] = {
            "cpu p50": sorted(cpu)[EVENTS // 2], "cpu p99": sorted(cpu)[EVENTS * 99 // 100],
            "wall p50": sorted(wall)[EVENTS // 2], "wall p99": sorted(wall)[EVENTS * 99 // 100],
        }
    edits(clock, columns, rng)
    return clock.told()


def edits(clock: Clock, columns: object, rng: random.Random) -> None:
    """A route, a policy and a site, each many times, one after the other on the same network."""
    from sealane.twin.columns import Condition, Edit, Edited, Entry, Hop, Need, Tunnel, cloud_rank, device_rank

    facts = columns.facts
    edited = clock.time("edit, made ready", lambda: Edited(columns))

    def route() -> Edit:
        n = rng.randrange(len(facts.route_table))
        prefix = int(facts.route_address[n]), int(facts.route_length[n])
        return Edit(removed=((int(facts.route_table[n]), prefix),))

    def policy() -> Edit:
        """A border router hears of its site's outer addresses, which makes a loop of them."""
        border = rng.randrange(len(facts.borders))
        attached = Condition(border=border, needs=Need.BORDER | Need.LINK)
        entry = Entry(1 + border, cloud_rank(100), (Hop.UPLINK, -1, -1), attached)
        return Edit(added=tuple(((int(facts.tunnel_far[n]), 32), entry) for n in (2 * border, 2 * border + 1)))

    def site() -> Edit:
        borders, site, tunnel = (len(one) for one in (edited.facts.borders, edited.facts.sites, edited.facts.tunnels))
        base, near, device = (80 << 24) + (site - len(facts.sites) << 16), (100 << 24) + (1 << 20), 2 + borders + site
        line = Condition(border=borders, needs=Need.CIRCUIT | Need.BORDER)
        behind = [(base + 16 * k, 28) for k in range(1, PREFIXES + 1)]
        added = [
            ((base, 16), Entry(1 + borders, cloud_rank(300), (Hop.CIRCUIT, borders, site),
                               Condition(border=borders, needs=Need.CIRCUIT, site=site))),
            ((base, 16), Entry(0, cloud_rank(550), (Hop.BORDER, borders, -1), line)),
            ((100 << 24, 8), Entry(1 + borders, cloud_rank(100), (Hop.UPLINK, -1, -1))),
        ]
        for n in (tunnel, tunnel + 1):
            over, session = (Hop.TUNNEL, n, site), Condition(tunnel=n, session=True)
            added += [
                ((base + 256 + n - tunnel, 32), Entry(0, cloud_rank(1000), (Hop.BORDER, borders, -1), line)),
                ((near + n, 32), Entry(device, device_rank(1), (Hop.LINE, borders, -1), line)),
                *((one, Entry(0, cloud_rank(400, 1, 50), over, session)) for one in behind),
            ]
        added += [(one, Entry(device, 1, (Hop.SITE, -1, -1))) for one in behind]
        tunnels = tuple(Tunnel(f"new-{n}", site, near + n, base + 256 + n - tunnel) for n in (tunnel, tunnel + 1))
        return Edit(added=tuple(added), sites=(f"new-{site}",), borders=(f"new-{borders}",), tunnels=tunnels)

    for name, make in (("route", route), ("policy", policy), ("site", site)):
        cpu, wall, told = [], [], 0
        for _ in range(EDITS):
            edit = make()
            before = time.process_time(), time.perf_counter()
            told += len(edited.apply(edit))
            cpu.append(time.process_time() - before[0])
            wall.append(time.perf_counter() - before[1])
        clock.found[name] = {"cpu": common.median(cpu), "cpu most": max(cpu), "wall": common.median(wall),
                             "wall most": max(wall), "differences": told}


def proof(path: Path) -> str:
    """All properties of a plan under all single failures, site by site."""
    from sealane.app.load import load
    from sealane.verify.prove import prove

    clock = Clock()
    network = clock.time("read", lambda: load(path)).network
    found = clock.time("prove", lambda: prove(network, 1))
    clock.found |= {"elements": found.elements, "flows": found.flows, "scope": found.scope}
    return clock.told()


CHILDREN = {"plan": from_plan, "proof": proof, "columns": from_columns, "failures": failures, "changes": changes}


def child(work: str, path: Path) -> dict[str, object]:
    """Run one of these in a process of its own; what it told, and its whole time."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, __file__, work, str(path)], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout), "process": {"cpu": cpu, "wall": time.perf_counter() - start}}


def write(folder: Path, sites: int, prefixes: int) -> Path:
    """Columnar JSON of a generated network; every site has its own border router."""
    path = folder / f"{sites}-{prefixes}.json"
    code = ("import sys; from pathlib import Path; from sealane.twin.columns import generate; "
            "n, p = int(sys.argv[1]), int(sys.argv[2]); "
            "Path(sys.argv[3]).write_text(generate(n, 2, p, borders=n).dumps(), 'utf-8')")
    subprocess.run([sys.executable, "-c", code, str(sites), str(prefixes), str(path)], check=True)
    return path


def row(what: str, time_: dict[str, float], target: object = "", more: str = "") -> list[object]:
    return [what, f"{time_['cpu']:.4g}", f"{time_['wall']:.4g}", target, more]


def main() -> None:
    if len(sys.argv) > 2 and sys.argv[1] in CHILDREN:
        print(CHILDREN[sys.argv[1]](Path(sys.argv[2])))
        return
    options = common.arguments(__doc__, runs=3)
    sites, small = (200, 40) if options.quick else (SITES, 400)
    rows: list[list[object]] = []
    with TemporaryDirectory(prefix=common.PREFIX) as scratch:
        folder = Path(scratch)
        state = common.quiet(options.patience)
        plan = folder / "plan.yaml"
        plan.write_text(spoke_plan.plan_text("scale", small, 10), "utf-8")
        plans = [child("plan", plan) for _ in range(options.runs)]
        middle = sorted(plans, key=lambda one: one["process"]["cpu"])[len(plans) // 2]
        memory = f"{middle['mb']:.0f} MB"
        rows.append(row(f"{small} sites, from plan.yaml, whole process", middle["process"], 2.9, memory))
        rows += [row(f"  {name}", middle[name]) for name in ("read", "extract", "build", "state")]
        columns = child("columns", write(folder, small, 10))
        rows.append(row(f"{small} sites, from columnar JSON, whole process", columns["process"], 2.9,
                        f"{columns['mb']:.0f} MB"))
        rows.append(row("  engine only: one state again", columns["state"]))
        path = write(folder, sites, PREFIXES)
        large = child("columns", path)
        load = {key: large["read"][key] + large["build"][key] for key in ("cpu", "wall")}
        rows.append(row(f"{sites} sites, {large['routes']} routes: load", load, 5.0, f"{large['mb']:.0f} MB"))
        rows.append(row("  one state", large["state"], 0.3))
        failed = child("failures", path)
        for name, target in (("all single failures", 2.0), ("all pairs", 10.0)):
            told, done = failed[f"{name}: states"], failed[f"{name}: evaluated"]
            more = f"{told} states by {done} evaluations, {failed['mb']:.0f} MB"
            rows.append(row(f"  {name}", failed[name], target, more))
        changed = child("changes", path)
        for name in ("first", "again"):
            found = changed[f"tunnel event, {name}"]
            for part, target in (("p50", ""), ("p99", 0.001)):
                took = {key: found[f"{key} {part}"] for key in ("cpu", "wall")}
                rows.append(row(f"  tunnel event, {name} time there, {part}", took, target))
        rows += [row(f"  changed {name}", changed[name], 0.1, f"most {changed[name]['cpu most']:.3g} cpu")
                 for name in ("route", "policy", "site")]
        curve = {}
        for part in (1, 2, 4, 8):
            one = child("columns", write(folder, sites * part // 10, PREFIXES))
            curve[one["routes"]] = one
            rows.append(row(f"{one['routes']} routes: read and build", {
                key: one["read"][key] + one["build"][key] for key in ("cpu", "wall")}))
            each = f"{one['state']['cpu'] / one['routes'] * 1e9:.0f} ns a route"
            rows.append(row("  one state", one["state"], "", each))
        proofs = {}
        for number in (50, 100, 200, small):
            plan.write_text(spoke_plan.plan_text("scale", number, 4), "utf-8")
            proofs[number] = one = child("proof", plan)
            more = f"{one['elements']} elements, {one['flows']} flows, {one['mb']:.0f} MB"
            rows.append(row(f"proof of {number} sites, all single failures, whole process", one["process"], "", more))
            rows += [row(f"  {name}", one[name]) for name in ("read", "prove")]
    common.report("scale", ["what", "cpu s", "wall s", "target s", ""], rows, {
        **state, "plan": plans, "columns": columns, "large": large, "failures": failed, "changes": changed,
        "curve": curve, "proofs": proofs, "batfish": BATFISH})


if __name__ == "__main__":
    main()
