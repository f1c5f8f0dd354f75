"""Options that all tests share."""

import signal

import pytest
from hypothesis import Phase, settings

# For programs with a planted error: the first example that fails is enough, and nothing is remembered of it.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None, print_blob=False)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell without job control starts what runs in the background deaf to Ctrl-C, and so would be every program that
    # the tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected texts anew; read the difference")
