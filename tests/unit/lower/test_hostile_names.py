"""Whatever things are called in a plan, no word of a command on the host is more than a word."""

import re
from dataclasses import astuple
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sealane.app.load import load
from sealane.lower import EspBackend, LowerOptions, lower
from sealane.plan import BirdSpec, CharonSpec, ConnectionSpec, FilterSpec, FrrSpec

EXAMPLE = Path(__file__).parents[3] / "examples" / "hangzhou-gateway" / "plan.yaml"
PLAN = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
WORD = re.compile(r"[A-Za-z0-9_.:/@-]+( [A-Za-z0-9_.:/@-]+)*")
"""Keys of rules and addresses have several; ip(8) in a batch and nft(8) take each for one."""
TEXTS = (BirdSpec, CharonSpec, ConnectionSpec, FilterSpec, FrrSpec)


def names(value: Any) -> set[str]:
    """All names that a plan gives."""
    match value:
        case dict():
            own = {value["name"]} if isinstance(value.get("name"), str) else set()
            return own.union(*map(names, value.values()))
        case list():
            return set().union(*map(names, value))
    return set()


NAMES = names({key: value for key, value in PLAN.items() if key != "name"})


def renamed(value: Any, more: str) -> Any:
    """The plan with something added to every name, wherever it stands."""
    match value:
        case dict():
            return {renamed(key, more) if key in NAMES else key: renamed(one, more) for key, one in value.items()}
        case list():
            return [renamed(one, more) for one in value]
        case str() if value in NAMES:
            return f"{value}{more}"
    return value


ACCEPTED = ('"; ip link del lo #', "路")
hostile = st.text(st.sampled_from("\"'`#;{}$()|&<>\\ \t*?!~%=,路\u202e\u2028x"), min_size=1, max_size=8)


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(hostile)
@example(ACCEPTED[0])
@example(ACCEPTED[1])
@example("\\\nlink del lo")
def test_words_of_commands_stay_words(tmp_path: Path, more: str) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump({**renamed(PLAN, more), "name": PLAN["name"]}, allow_unicode=True), encoding="utf-8")
    loaded = load(path)
    if loaded.network is None:
        assert loaded.findings, "it is refused with a reason"
        assert more not in ACCEPTED
        return
    for resource in lower(loaded.network, LowerOptions(EspBackend.USERSPACE, "/run/x")).resources:
        told = () if isinstance(resource.payload, TEXTS) else astuple(resource.payload)
        for text in (resource.key.namespace, resource.key.name, *told):
            assert not isinstance(text, str) or not text or WORD.fullmatch(text), resource
