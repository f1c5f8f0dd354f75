"""Recorded answers of programs, and the example as a network."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from sealane.app.load import load
from sealane.model import Network

ROOT = Path(__file__).parents[3]
REPLAY = ROOT / "tests" / "replay"


def recorded(path: str) -> str:
    return (REPLAY / path).read_text(encoding="utf-8")


def recorded_json(path: str) -> Any:
    return json.loads(recorded(path))


@cache
def example(name: str) -> Network:
    loaded = load(ROOT / "examples" / name / "plan.yaml")
    assert loaded.network is not None, loaded.findings
    return loaded.network
