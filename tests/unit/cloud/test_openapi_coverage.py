import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from coverage_sample.handlers import VPC, nothing

from sealane.cloud import Registry
from sealane.cloud.schema import PRODUCTS, Schema, actions

SCRIPT = Path(__file__).parents[3] / "scripts/generate-openapi-coverage"


@pytest.fixture(scope="module")
def script():
    return runpy.run_path(str(SCRIPT))


@pytest.fixture(scope="module")
def account(script):
    def account(operation, *names):
        return script["row"](operation, Schema(dict.fromkeys(names, "str"), {}), script["Code"]("coverage_sample"))

    return account


CREATE = VPC.operations["CreateVpc"]
READ = ("InText", "InConstant", "InTable", "InHelper", "InReexported", "InAliased", "InFormatted", "InDefault")
NOT_READ = (
    "InAnswer",
    "InStore",
    "InUnused",
    "InDocstring",
    "InModuleDocstring",
    "InFString",
    "InDocument",
    "InFields",
)


@pytest.mark.parametrize("name", READ)
def test_what_the_code_of_a_handler_reads_is_implemented(account, name):
    made = account(CREATE, name, "InIgnores", "InRefuses")
    assert made.implemented == [name]
    assert made.problems == []


@pytest.mark.parametrize("name", [*NOT_READ, "Nowhere", "create", "intext"])
def test_what_it_only_answers_or_mentions_is_unaccounted_for(account, name):
    made = account(CREATE, name, "InIgnores", "InRefuses")
    assert made.implemented == []
    assert [f"{name} is neither read by coverage_sample.handlers.create" in one for one in made.problems] == [True]


def test_marks_are_told_and_must_name_parameters(account):
    made = account(CREATE, "InIgnores", "InRefuses")
    assert (made.ignored, made.refused, made.problems) == (["InIgnores"], ["InRefuses"], [])
    made = account(CREATE, "InText")
    assert made.problems == [
        "Vpc CreateVpc has no parameter InIgnores, which its handler is to ignore",
        "Vpc CreateVpc has no parameter InRefuses, which its handler is to refuse",
    ]


def test_members_of_structs_are_accounted_for_one_by_one(script):
    registry = Registry("Vpc")
    registry.writes("CreateVpc", ignores=["Ignored", "InStruct.Third"])(CREATE.handle.__wrapped__)
    request = {
        "InStruct": [{"Member": "str", "Other": "int", "Third": "str", "Fourth": "str"}],
        "Ignored": {"A": "str"},
    }
    made = script["row"](registry.operations["CreateVpc"], Schema(request, {}), script["Code"]("coverage_sample"))
    assert made.implemented == ["InStruct.Member", "InStruct.Other"]
    assert made.ignored == ["InStruct.Third", "Ignored.A"]
    assert [one.split()[2] for one in made.problems] == ["InStruct.Fourth"]


def test_a_region_that_is_not_read_is_ignored(account):
    assert account(CREATE, "RegionId", "InIgnores", "InRefuses").implemented == ["RegionId"]
    registry = Registry("Vpc")
    registry.reads("DescribeVpcs")(nothing)
    assert account(registry.operations["DescribeVpcs"], "RegionId").ignored == ["RegionId"]


def test_a_struct_stands_for_its_members_only_when_all_are_there(script):
    every = ["Tag.Key", "Tag.Value", "TagX", "Name"]
    assert script["short"](["Tag.Key", "Tag.Value"], every) == "`Tag`"
    assert script["short"](["Tag.Value", "Name"], every) == "`Name`, `Tag.Value`"
    assert script["short"]([], every) == "-"


def test_an_operation_is_served_or_told_not_to_be(script):
    registry = Registry("Vpc")
    registry.writes("CreateVpc", ignores=script["schema"]("Vpc", "CreateVpc").request)(nothing)
    registry.writes("CreateNothing")(nothing)
    text, problems = script["page"]({"Vpc": registry}, script["Code"]())
    assert problems == ["Vpc CreateNothing is not in operations.txt"]
    assert f"1 of {len(actions('Vpc'))} operations are served" in text
    for product in PRODUCTS:
        part = text.partition(f"## {product} ")[2].partition("## ")[0]
        for action in actions(product):
            before, _, after = part.partition("Not served:")
            assert f"`{action}`" in (before if action == "CreateVpc" else after)


@pytest.mark.parametrize("argument", ["--check", "--write"])
def test_a_parameter_that_is_unaccounted_for_fails(script, monkeypatch, tmp_path, capsys, argument):
    registry = Registry("Vpc")
    registry.writes("DeleteVpc")(nothing)
    spaces = script["main"].__globals__
    monkeypatch.setitem(spaces, "registries", lambda: {"Vpc": registry})
    monkeypatch.setitem(spaces, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(sys, "argv", ["generate-openapi-coverage", argument])
    (tmp_path / "page.md").write_text(script["page"]({"Vpc": registry}, script["Code"]())[0])
    assert script["main"]() == 1
    assert "Vpc DeleteVpc: VpcId is neither read by coverage_sample.handlers.nothing" in capsys.readouterr().err


def test_a_page_that_is_not_current_fails_the_check(script, monkeypatch, tmp_path):
    monkeypatch.setitem(script["main"].__globals__, "registries", dict)
    monkeypatch.setitem(script["main"].__globals__, "PAGE", tmp_path / "page.md")
    for argument, result in (("--check", 1), ("--write", 0), ("--check", 0)):
        monkeypatch.setattr(sys, "argv", ["generate-openapi-coverage", argument])
        assert script["main"]() == result


def test_the_page_is_current_and_no_parameter_is_unaccounted_for():
    done = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
