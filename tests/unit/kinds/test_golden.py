from pathlib import Path

import pytest

from agreed_text import Agreed
from sealane.kinds import read_plan

ERRORS = Path(__file__).parents[2] / "golden" / "errors"
CASES = sorted(folder.parent.name for folder in ERRORS.glob("*/plan.yaml"))


@pytest.mark.parametrize("case", CASES)
def test_a_broken_plan_is_told_as_agreed(case: str, agreed: Agreed) -> None:
    _, findings = read_plan((ERRORS / case / "plan.yaml").read_text(encoding="utf-8"), "plan.yaml")
    told = "\n".join(map(str, findings)) + "\n"
    agreed(ERRORS / case / "expected.txt", told)


def test_no_key_is_in_any_expected_text() -> None:
    assert "never" not in (ERRORS / "hidden-key" / "expected.txt").read_text(encoding="utf-8")
