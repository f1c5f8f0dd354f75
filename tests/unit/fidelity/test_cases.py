"""Drawn cases: equal numbers give equal ones, they can be written down, and every smaller one can be run."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fidelity import case as cases
from fidelity import generate, small
from fidelity import shrink as shrinking
from fidelity.campaign import Campaign, Settings
from fidelity.case import Case, seeded
from fidelity.run import Outcome
from fidelity.shrink import smaller
from fidelity.source import written
from sealane import model, net
from sealane.twin import element
from sealane.twin.converge import Twin

MODULES = (model, net, element, small, generate, cases)
NAMES = {name: value for module in MODULES for name, value in vars(module).items()}


@pytest.mark.parametrize("number", range(6))
def test_a_case_is_written_as_python_that_makes_it(number: int) -> None:
    case = seeded(number, 10)
    assert case == seeded(number, 10)
    assert case.events[:3] == seeded(number, 3).events
    assert eval(written(case), dict(NAMES)) == case  # our own text


@pytest.mark.parametrize("number", range(2))
def test_every_smaller_case_can_be_run(number: int) -> None:
    case = seeded(number, 4)
    found = list(smaller(case))
    assert case not in found
    assert any(len(one.events) < len(case.events) for one in found)
    assert any(one.small != case.small for one in found)
    for one in found[:: max(1, len(found) // 10)]:
        Twin(small.build(one.small)).converge()


def test_shrinking_ends_at_what_makes_the_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    def attempt(case: Case) -> Outcome:
        """Differs when a device announces something and any event happens."""
        differs = bool(case.events) and any(one.networks for one in case.small.devices)
        return Outcome(case, events=1, found=("something",) if differs else ())

    monkeypatch.setattr(shrinking, "attempt", attempt)
    monkeypatch.setattr(shrinking, "ProcessPoolExecutor", ThreadPoolExecutor)
    case = next(one for one in (seeded(number, 10) for number in range(40)) if attempt(one).found)
    found = shrinking.shrink(case, 2000, 50)
    assert len(found.case.events) == 1
    assert [len(one.networks) for one in found.case.small.devices] == [1]
    assert not found.case.small.maps
    assert found.found == ("something",)


def test_a_record_holds_the_last_result_of_every_case(tmp_path) -> None:
    record = tmp_path / "record"
    campaign = Campaign(Settings(record=record))
    case = seeded(1, 1)
    campaign._keep(Outcome(case, found=("a",), states=1))
    campaign._keep(Outcome(case, events=1, states=2, entries=30, explained=Counter({"oldest path": 1})))
    other = Outcome(replace(case, title="t9"), error="broke")
    first, *others = campaign.summary([other])
    assert first.startswith("2 networks, 1 events, 2 states and 30 routes, sessions and tunnels compared; ")
    assert first.endswith("1 broke")
    assert others == ["  explained: oldest path: 1 states"]
