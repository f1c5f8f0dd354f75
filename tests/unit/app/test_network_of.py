import json
from dataclasses import asdict
from pathlib import Path

import pytest

from sealane.app.controller import network_of, networks_of
from sealane.app.runstate import RunRecord
from sealane.diag import Fault

ROOT = Path(__file__).parents[3]
PLAN = (ROOT / "examples" / "hangzhou-gateway" / "plan.yaml").read_text(encoding="utf-8")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN.replace("name: hangzhou-gateway", "name: rv-new", 1), encoding="utf-8")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "run"


def bring_up(root: Path, name: str, plan: Path) -> None:
    folder = root / name
    folder.mkdir(parents=True)
    record = RunRecord(name, str(plan.resolve()), "encrypted", None, "kernel", complete=True)
    (folder / "record.json").write_text(json.dumps(asdict(record)), encoding="utf-8")


def test_nothing_is_up_and_the_plan_says_its_name(plan: Path, root: Path) -> None:
    assert network_of(plan, root) == "rv-new"


def test_a_plan_that_was_renamed_means_what_was_brought_up_from_it(plan: Path, root: Path) -> None:
    bring_up(root, "rv-old", plan)
    assert network_of(plan, root) == "rv-old"


def test_the_current_name_goes_first_when_both_are_up_from_the_plan(plan: Path, root: Path) -> None:
    bring_up(root, "rv-old", plan)
    bring_up(root, "rv-new", plan)
    assert network_of(plan, root) == "rv-new"
    assert networks_of(plan, root) == ("rv-new", "rv-old")


def test_two_old_names_are_told_and_none_is_chosen(plan: Path, root: Path) -> None:
    bring_up(root, "rv-one", plan)
    bring_up(root, "rv-two", plan)
    with pytest.raises(Fault, match="networks rv-one and rv-two were brought up from this plan") as fault:
        network_of(plan, root)
    assert "--name" in str(fault.value)


def test_the_current_name_of_another_plan_and_an_old_name_of_this_one_are_both_told(plan: Path, root: Path) -> None:
    bring_up(root, "rv-old", plan)
    bring_up(root, "rv-new", plan.with_name("other.yaml"))
    with pytest.raises(Fault, match="network rv-old was brought up from this plan; rv-new, which it names now"):
        network_of(plan, root)


def test_of_a_plan_that_is_gone_what_was_brought_up_from_it_is_still_known(plan: Path, root: Path) -> None:
    bring_up(root, "rv-old", plan)
    plan.unlink()
    assert network_of(plan, root) == "rv-old"


def test_of_a_plan_that_is_gone_and_was_never_up_nothing_is_known(plan: Path, root: Path) -> None:
    plan.unlink()
    with pytest.raises(Fault, match="cannot be read"):
        network_of(plan, root)
