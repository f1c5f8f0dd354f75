"""Options that all tests share."""

import pytest
from hypothesis import Phase, settings

# For programs with a planted error: the first example that fails is enough, and nothing is remembered of it.
settings.register_profile("mutation", phases=[Phase.explicit, Phase.generate], database=None, print_blob=False)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected texts anew; read the difference")
