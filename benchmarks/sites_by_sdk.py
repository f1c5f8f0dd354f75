"""Many sites made through the official SDK at a running server, until every tunnel's next hop is in the kernel.

A plan is applied as `sealane apply` does. The server is a process of its own with its reconciler, and with the quotas
raised that end before 100 sites. At the end some sites are probed, and the plan is compared once more.
"""

import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import common
from many_sites import memory_mb, plan_text, tunnel_hops

from sealane.app.client import work
from sealane.app.client.changes import Change
from sealane.app.client.sdk import access_key, endpoint
from sealane.app.client.session import Session
from sealane.app.controller import Controller, networks_present, wait_until
from sealane.host import find_processes

DEFAULT_SITES = 100
LIMIT_S = 240.0
PARTS = 4


def serve(port: int, state: Path) -> None:
    """A server as `sealane serve` runs it with --quota."""
    import os

    from sealane.api.serve import Listener
    from sealane.app.server.running import Server
    from sealane.cloud.quotas import Quotas

    server = Server(state, environment=os.environ, quotas=Quotas(400, 200, 1000, 200))
    try:
        server.first_account()
        listener = Listener(server, "127.0.0.1", port, None)
        server.start()
        listener.run()
    finally:
        server.close()


@contextmanager
def served() -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """A running server; what it made is taken down at the end."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    before = set(networks_present())
    with TemporaryDirectory(prefix=common.PREFIX) as scratch:
        state = Path(scratch)
        process = subprocess.Popen([sys.executable, __file__, "--serve", str(port), scratch],
                                   stdout=subprocess.DEVNULL)

        def listens() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", port)) == 0

        try:
            if not wait_until(listens, 30):
                raise SystemExit("the server does not listen")
            yield process, port, state
        finally:
            process.terminate()
            process.wait(60)
            for name in set(networks_present()) - before:
                Controller(name).down()


def pss_mb(pid: int) -> float:
    """Memory of one process."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def processor_s(pid: int) -> tuple[float, float]:
    """Processor time of one process, and of the programs that it ran to their end."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / 100, sum(map(int, fields[13:15])) / 100


def one_run(sites: int, patience_s: float) -> dict[str, object]:
    state = common.quiet(patience_s)
    before = set(networks_present())
    with served() as (server, port, folder):
        plan = folder / "plan.yaml"
        plan.write_text(plan_text("bench-sdk", sites), "utf-8")
        place, key = endpoint(f"http://127.0.0.1:{port}"), access_key(folder / "credentials")
        wish = work.read_wish(plan, ours=True)
        session = work.connect(place, key, wish.plan)
        session.limit_s = LIMIT_S
        changes = work.plan_changes(session, wish)
        first = start = last = time.monotonic()
        by_kind: dict[str, list[float]] = defaultdict(list)

        def tell(one: Change) -> None:
            nonlocal last
            now = time.monotonic()
            by_kind[one.thing.key[0]].append(now - last)
            last = now

        work.apply(session, changes, tell)
        settled = time.monotonic() - start
        (name,) = set(networks_present()) - before
        (router,) = (one["Id"] for (kind, _), one in session.ids.items() if kind == "transit router")
        hops = wait_until(lambda: tunnel_hops(name, router) >= 2 * sites, LIMIT_S)
        hops_s = time.monotonic() - start
        own_s, programs_s = processor_s(server.pid)
        client_s = time.process_time()
        verdicts = {n: probe(session, n) for n in sorted({1, (sites + 1) // 2, sites})}
        start = time.monotonic()
        left = work.plan_changes(work.connect(place, key, wish.plan), wish)
        return {
            **state, "objects": len(changes), "calls answered": last - first, "settled": settled,
            "next hops": hops_s if hops else None, "probes": verdicts,
            "compared again": time.monotonic() - start, "left to change": len(left),
            "client, processor time": client_s, "server, processor time": own_s, "its programs": programs_s,
            "server, MB": pss_mb(server.pid),
            "daemons": len(find_processes(name)), "daemons, MB": memory_mb(name)["Pss"],
            "by kind": {kind: {"count": len(taken), "seconds": round(sum(taken), 2),
                               "ms each, by quarter": quarters(taken)} for kind, taken in by_kind.items()},
        }


def probe(session: Session, site: int) -> str:
    """The verdict on five pings from the cloud to a site."""
    asked = {"source": "ECS1", "destination": f"client{site}", "count": 5}
    told = session.native("POST", "/probes", asked) if session.native is not None else {}
    return str(told.get("verdict"))


def quarters(taken: list[float]) -> list[float]:
    """Mean milliseconds of the first, second, third and last quarter."""
    size = max(1, len(taken) // PARTS)
    return [round(sum(taken[at : at + size]) / size * 1000, 1) for at in range(0, size * PARTS, size)
            if at < len(taken)]


def main() -> None:
    options = common.arguments(__doc__, runs=1)
    if options.rest and options.rest[0] == "--serve":
        return serve(int(options.rest[1]), Path(options.rest[2]))
    sites = int(options.rest[0]) if options.rest else 2 if options.quick else DEFAULT_SITES
    runs = [one_run(sites, options.patience) for _ in range(options.runs)]
    told = ("calls answered", "settled", "next hops", "compared again", "client, processor time",
            "server, processor time", "its programs", "server, MB", "daemons, MB")
    rows = [[what, common.spread([run[what] or float("inf") for run in runs]), runs[0]["load"]] for what in told]
    return common.report("sites_by_sdk", [f"{sites} sites", "s or MB, median (range)", "load"], rows, {"runs": runs})


if __name__ == "__main__":
    main()
