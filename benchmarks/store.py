"""Commits a second with real syncs, from one thread and from several; opening, reading, backup.

Each commit puts one document of about 1 kB and appends 200 bytes to a log, as a mutating call does. "bare sync" is what
the disk allows: 4 kB appended to a file and synced, nothing else.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from common import arguments, quiet, report, spread

from sealane.reconcile import Append, Put
from sealane.store import SqliteStore

VALUE, LINE = os.urandom(1000), os.urandom(200)


def for_a_while(seconds: float, threads: int, act: Callable[[int, int], object]) -> tuple[float, float]:
    """Times a second that threads did it, and the 99th percentile of how long it took in milliseconds."""
    took: list[list[float]] = [[] for _ in range(threads)]
    start = time.monotonic()

    def work(thread: int) -> None:
        number = 0
        while (begin := time.monotonic()) < start + seconds:
            act(thread, number)
            took[thread].append(time.monotonic() - begin)
            number += 1

    workers = [threading.Thread(target=work, args=(one,)) for one in range(threads)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    every = sorted(one for some in took for one in some)
    return len(every) / (time.monotonic() - start), every[int(len(every) * 0.99)] * 1000


def bare_sync(folder: Path, seconds: float) -> float:
    """Syncs a second of the disk itself."""
    descriptor = os.open(folder / "bare", os.O_WRONLY | os.O_CREAT, 0o600)
    page = os.urandom(4096)
    try:
        return for_a_while(seconds, 1, lambda *_: (os.write(descriptor, page), os.fdatasync(descriptor)))[0]
    finally:
        os.close(descriptor)


def commits(folder: Path, seconds: float, threads: int) -> tuple[float, float]:
    """Commits a second into a store that has 1,000 documents."""
    store = SqliteStore(folder / f"{threads}")
    store.commit([Put("documents", f"vpc-{one:06}", VALUE) for one in range(1000)])

    def commit(thread: int, number: int) -> None:
        key = f"vpc-{(thread * 7919 + number * 31) % 1000:06}"
        store.commit([Put("documents", key, VALUE), Append("audit", number, LINE)])

    try:
        return for_a_while(seconds, threads, commit)
    finally:
        store.close()
        shutil.rmtree(folder / f"{threads}")


def sizes(folder: Path, documents: int) -> dict[str, float]:
    """Seconds of opening, reading and backing up so many documents."""
    store = SqliteStore(folder / "large")
    for begin in range(0, documents, 1000):
        store.commit([Put("documents", f"vpc-{one:06}", VALUE) for one in range(begin, begin + 1000)])
    store.close()
    marks = [time.monotonic()]
    store = SqliteStore(folder / "large")
    marks.append(time.monotonic())
    assert sum(1 for _ in store.read("documents")) == documents
    marks.append(time.monotonic())
    store.backup(folder / "backup")
    marks.append(time.monotonic())
    store.close()
    (folder / "backup").unlink()
    shutil.rmtree(folder / "large")
    names = ("open", "read", "backup")
    return {name: after - before for name, before, after in zip(names, marks, marks[1:], strict=False)}


def main() -> None:
    options = arguments(__doc__ or "", runs=3)
    seconds = 0.3 if options.quick else 3.0
    rows, data = [], []
    with tempfile.TemporaryDirectory(prefix="bench-store-", dir=next(iter(options.rest), None)) as scratch:
        folder = Path(scratch)
        for run in range(options.runs):
            state = quiet(options.patience)
            found = {"bare": bare_sync(folder, seconds)}
            for threads in (1, 8):
                found[f"commits_{threads}"], found[f"p99_ms_{threads}"] = commits(folder, seconds, threads)
            data.append({"run": run, **state, **found})
        for name, label in (
            ("bare", "bare syncs a second"),
            ("commits_1", "commits a second, one thread"),
            ("p99_ms_1", "  99th percentile, ms"),
            ("commits_8", "commits a second, 8 threads"),
            ("p99_ms_8", "  99th percentile, ms"),
        ):
            rows.append((label, spread([one[name] for one in data], 1)))
        for documents in (1000,) if options.quick else (10_000, 100_000):
            large = [sizes(folder, documents) for _ in range(options.runs)]
            data.append({"documents": documents, "runs": large})
            rows += [(f"{name} {documents:,} documents, s", spread([one[name] for one in large])) for name in large[0]]
    report("store", ("what", f"median of {options.runs}"), rows, {"runs": data})


if __name__ == "__main__":
    main()
