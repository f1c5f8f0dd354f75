"""What is written about plans agrees with what reads them."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import jsonschema
import pytest
import yaml
from corruptions import ALL
from plan_document import MARKER, fields_section
from test_devices import DEFECTS

from sealane.kinds import plan_schema

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "src" / "sealane"
SCHEMA = SOURCE / "kinds" / "plan.schema.json"
CODE = re.compile(r'"([A-Z]+-[0-9]{3})"')
KINDS = ("customer_gateway", "ipsec_connection", "physical_connection", "protection", "route_map", "site",
         "transit_router", "vbr", "vpc")


def codes_in_source() -> set[str]:
    files = [*(SOURCE / "kinds").rglob("*.py"), *(SOURCE / "spec").rglob("*.py")]
    return {code for file in files for code in CODE.findall(file.read_text(encoding="utf-8"))}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([A-Z]+-[0-9]{3}) \| (error|warning) \|", text, re.MULTILINE)
    assert len({code for code, _ in rows}) == len(rows)
    assert {code for code, _ in rows} == codes_in_source()


def test_every_code_is_made_by_a_test() -> None:
    made = {case.code for case in ALL} | set(DEFECTS) | {"SITE-020", "PLAN-040"}
    assert made == codes_in_source()


def test_the_schema_file_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text = json.dumps(plan_schema(), indent=2) + "\n"
    if request.config.getoption("--update-golden", default=False):
        SCHEMA.write_text(text, encoding="utf-8")
    assert SCHEMA.read_text(encoding="utf-8") == text


@cache
def schema_of_a_plan() -> jsonschema.Draft202012Validator:
    schema = plan_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/plan.yaml")), ids=lambda path: path.parent.name)
def test_the_examples_fit_the_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    schema_of_a_plan().validate(yaml.safe_load(text))
    assert text.startswith("# yaml-language-server: $schema=../../src/sealane/kinds/plan.schema.json\n")


def test_every_field_of_the_schema_is_described() -> None:
    bare = [where for where, schema in _objects(plan_schema(), "plan") if not schema.get("description")]
    assert not bare


def _objects(schema: object, where: str) -> list[tuple[str, dict[str, object]]]:
    found: list[tuple[str, dict[str, object]]] = []
    if isinstance(schema, dict):
        properties = schema.get("properties", {})
        assert isinstance(properties, dict)
        if "oneOf" not in str(where):
            found += [(f"{where}.{key}", value) for key, value in properties.items()]
        for key, value in properties.items():
            found += _objects(value, f"{where}.{key}")
        found += _objects(schema.get("items"), f"{where}[]")
    return found


def imports_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_knows_no_other_kind(kind: str) -> None:
    for file in (SOURCE / "kinds" / kind).rglob("*.py"):
        ours = {name for name in imports_of(file) if name.startswith("sealane.kinds")}
        assert all(name.startswith(f"sealane.kinds.{kind}") for name in ours), file


def test_every_kind_has_the_same_files() -> None:
    assert {one.name for one in (SOURCE / "kinds").iterdir() if (one / "spec.py").exists()} == set(KINDS)
    for kind in KINDS:
        assert {"__init__.py", "spec.py", "expand.py", "README.md"} <= {
            one.name for one in (SOURCE / "kinds" / kind).iterdir()}


def test_the_plan_document_lists_every_field(request: pytest.FixtureRequest) -> None:
    document = ROOT / "docs" / "plan.md"
    head, marker, told = document.read_text(encoding="utf-8").partition(MARKER)
    assert marker
    if request.config.getoption("--update-golden", default=False):
        told = "\n" + fields_section(plan_schema())
        document.write_text(head + marker + told, encoding="utf-8")
    assert told == "\n" + fields_section(plan_schema())
