"""Plants one error in a copy of the program and runs the tests that should notice."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src"
_LONGEST_S = 60
"""A program that goes on for ever is wrong too."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One planted error.

    Args:
        name: What the program does wrong, as a statement.
        file: Place below ``src/sealane``.
        old: What stands there, exactly once.
        new: What is put there.
        tests: Tests that notice it, likeliest first; paths below ``tests``, with ``::`` for one test.
    """

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def rotten(self) -> str:
        """Why it can no longer be planted; empty when it can."""
        found = (SOURCES / "sealane" / self.file).read_text(encoding="utf-8").count(self.old)
        return "" if found == 1 else f"{self.file} has {found} places, not one, that say {self.old!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run.

    Args:
        killed_by: The first test that failed; empty when none did.
        trouble: What went wrong instead of a test; empty when the run says something.
        seconds: How long it took.
    """

    killed_by: str
    trouble: str
    seconds: float


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A folder with a copy of the program, compiled, to copy from."""
    with TemporaryDirectory(prefix="sealane-mutation-") as name:
        shutil.copytree(SOURCES / "sealane", Path(name) / "whole" / "sealane")
        subprocess.run([sys.executable, "-m", "compileall", "-q", Path(name) / "whole"], check=True)
        yield Path(name)


@dataclass(eq=False, slots=True)
class _Watcher:
    """A plugin that keeps what went wrong."""

    failed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            (self.failed if report.when == "call" else self.broken).append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.broken.append(str(report.longrepr)[-2000:])


def _give_up(number: int, frame: object) -> None:
    raise TimeoutError(f"still running after {_LONGEST_S} s")


def run(folder: Path, tests: Iterable[str], mutant: Mutant | None = None) -> Verdict:
    """Run tests until the first fails, with a mutant in the copy or (None) without; call it in a process of its own."""
    began = time.monotonic()
    with TemporaryDirectory(dir=folder) as name:
        copy, watcher, said = Path(name), _Watcher(), StringIO()
        shutil.copytree(folder / "whole" / "sealane", copy / "sealane")
        if mutant is not None:
            place = copy / "sealane" / mutant.file
            place.write_text(place.read_text(encoding="utf-8").replace(mutant.old, mutant.new), encoding="utf-8")
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(copy / "hypothesis")
        signal.signal(signal.SIGALRM, _give_up)
        signal.alarm(_LONGEST_S if mutant else 0)
        # The fork server has imported hypothesis already.
        words = ["-x", "--tb=no", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider",
                 "-p", "no:xdist", "--hypothesis-seed=1",
                 "--hypothesis-profile=mutation", f"--rootdir={ROOT}"]  # fmt: skip
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main([*words, *(str(ROOT / "tests" / one) for one in tests)], plugins=[watcher])
        signal.alarm(0)
        assert Path(sys.modules["sealane"].__file__ or "").is_relative_to(copy), "not the copy was tested"
    usual = code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    strange = "" if usual else f"{code!r}: {said.getvalue()[-2000:]}"
    trouble = "; ".join([*watcher.broken, *filter(None, [strange])])
    return Verdict(next(iter(watcher.failed), ""), trouble, time.monotonic() - began)


class Check:
    """Runs mutants on all processors; a test that fails without any is no evidence."""

    def __init__(self, folder: Path, mutants: Iterable[Mutant]) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["pytest", "hypothesis", "yaml"])
        self._pool = ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1)
        wanted = tuple(mutants)
        tests = tuple(dict.fromkeys(test for one in wanted for test in one.tests))
        self.sound: Future[Verdict] = self._pool.submit(run, folder, tests)
        self.verdicts = {one.name: self._pool.submit(run, folder, one.tests, one) for one in wanted}

    def close(self) -> None:
        """Start none that waits."""
        self._pool.shutdown(cancel_futures=True)
