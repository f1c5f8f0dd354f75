from dataclasses import fields
from functools import partial
from pathlib import Path

import pytest
from corruptions import ALL, ASA, Corruption

from agreed_text import Agreed
from sealane.diag import Finding
from sealane.kinds import expand, read_plan
from sealane.spec import Rule, Spot

GOLDEN = Path(__file__).parents[2] / "golden" / "errors"
FILE = "plan.yaml"


class _Only:
    """A thing of which no other fields can be had than those that a rule names."""

    def __init__(self, thing: object, named: tuple[str, ...]) -> None:
        self._thing, self._named = thing, named

    def __getattr__(self, key: str) -> object:
        if key in {one.name for one in fields(self._thing)}:  # type: ignore[arg-type]
            assert key in (*self._named, "at"), f"a rule of {type(self._thing).__name__} looks at {key}"
            return getattr(self._thing, key)
        found = getattr(type(self._thing), key)
        return found.fget(self) if isinstance(found, property) else partial(found, self)


@pytest.fixture(autouse=True)
def _rules_name_what_they_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Rule.run

    def watched(self: Rule[object], thing: object, unread: frozenset[str], spot: Spot) -> None:
        run(self, _Only(thing, (*self.needs, *self.takes)), unread, spot)

    monkeypatch.setattr(Rule, "run", watched)


def findings(case: Corruption) -> tuple[Finding, ...]:
    plan, found = read_plan(case.text(), FILE)
    if plan is not None and plan.sound and case.base != ASA:
        network, more = expand(plan, {})
        assert network is not None
        found = (*found, *more)
    return found


@pytest.mark.parametrize("case", ALL, ids=[f"{case.code}-{index}" for index, case in enumerate(ALL)])
def test_one_mistake_yields_one_code_at_its_line(case: Corruption) -> None:
    found = findings(case)
    assert {one.code for one in found} == {case.code}, "\n".join(map(str, found))
    assert found[0].seen_at[0].file == FILE
    assert case.line() in {one.seen_at[0].line for one in found}, "\n".join(map(str, found))


def test_the_message_of_every_code_is_as_agreed(agreed: Agreed) -> None:
    told = "\n".join(str(one) for case in ALL for one in findings(case)) + "\n"
    agreed(GOLDEN / "every-code" / "expected.txt", told)
