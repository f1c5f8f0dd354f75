import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CODE = re.compile(r'"([A-Z]+-[0-9]{3})"')


def test_every_finding_of_a_run_is_documented_and_every_documented_one_exists() -> None:
    rooms = ("app", "lower", "drivers", "host", "cli", "reconcile", "api")
    source = {
        code
        for room in rooms
        for file in (ROOT / "src" / "sealane" / room).rglob("*.py")
        for code in CODE.findall(file.read_text(encoding="utf-8"))
    }
    text = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8").split("## Findings of a run")[1]
    assert set(re.findall(r"^\| ([A-Z]+-[0-9]{3}) \|", text, re.MULTILINE)) == source
