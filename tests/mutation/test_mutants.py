"""Each planted error is noticed by some test; what a suite lets pass, it does not test."""

import pytest
from mutant import Check, Mutant, workshop
from mutants import MUTANTS

pytestmark = pytest.mark.mutation


@pytest.fixture(scope="module")
def check(request):
    """Runs the mutants of the selected tests, all in turn from the first test on."""
    chosen = [item.callspec.params["mutant"] for item in request.session.items
              if item.path == request.path and hasattr(item, "callspec")]
    with workshop() as folder:
        check = Check(folder, [one for one in chosen if not one.rotten()])
        yield check
        check.close()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[one.name for one in MUTANTS])
def test_the_suite_kills(mutant: Mutant, check: Check) -> None:
    assert not mutant.rotten()
    verdict = check.verdicts[mutant.name].result()
    assert not verdict.trouble
    assert verdict.killed_by, f"nothing in {', '.join(mutant.tests)} notices that {mutant.name}"


def test_without_a_mutant_they_pass(check: Check) -> None:
    verdict = check.sound.result()
    assert (verdict.killed_by, verdict.trouble) == ("", "")


def test_names_are_unique() -> None:
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
