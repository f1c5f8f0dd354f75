"""Options that all tests share."""

import gc
import re
import signal
from itertools import product
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from agreed_text import Agreed

# For programs with a planted error: the first example that fails is enough, and nothing is remembered of it.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None, print_blob=False,
                          deadline=None)

# How long an example takes says how busy the machine is; times are for benchmarks.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what runs in the background deaf to Ctrl-C, and so would be every program that
    # the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


_MARKS = ("live", "mutation", "beside")
_WORDS = {*_MARKS, "and", "or", "not"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file in which ``-m`` can select nothing; some import all that the official SDKs are made of."""
    wanted = config.option.markexpr
    if not wanted or not collection_path.match("test_*.py") or not set(re.findall(r"\w+", wanted)) <= _WORDS:
        return None
    text = collection_path.read_text(encoding="utf-8")
    whole = "".join(re.findall(r"^pytestmark = .*", text, re.MULTILINE))
    known = [{mark in whole, f"mark.{mark}" in text} for mark in _MARKS]  # all tests have it, none has, or some may
    selects = any(eval(wanted, {}, dict(zip(_MARKS, each, strict=True))) for each in product(*known))
    return None if selects else True


_OBJECTS_BEFORE_A_COLLECTION = 20_000


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking through several thousand tests again and again: they stay anyway."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BEFORE_A_COLLECTION)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected texts anew; read the difference")


@pytest.fixture
def agreed(request: pytest.FixtureRequest) -> Agreed:
    """Compares a text with the file that holds what was agreed, or writes that file when it is asked to."""

    def compare(golden: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, encoding="utf-8")
        assert golden.exists(), f"no {golden}: run pytest with --update-golden and read the difference"
        assert text == golden.read_text(encoding="utf-8")

    return compare
