from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane import kinds
from sealane.app.load import Loaded, load

ROOT = Path(__file__).parents[3]
PLAN = (ROOT / "examples" / "hangzhou-gateway" / "plan.yaml").read_text(encoding="utf-8")


def plan_with(folder: Path, psk: str) -> Path:
    """The example with the first tunnel's key from elsewhere."""
    path = folder / "plan.yaml"
    path.write_text(PLAN.replace("psk: {generate: true}", f"psk: {psk}", 1), encoding="utf-8")
    return path


def codes(loaded: Loaded) -> list[str]:
    return [finding.code for finding in loaded.findings]


@pytest.mark.parametrize("key", ["", "two words", 'quo"te', "schl\u00fcssel", "bell\a", "x" * 101, "line\nbreak"])
def test_a_key_from_a_file_obeys_the_rule_of_the_plan(tmp_path: Path, key: str) -> None:
    (tmp_path / "key").write_text(f"{key}\n", encoding="utf-8")
    loaded = load(plan_with(tmp_path, "{file: key}"), live=True)
    assert codes(loaded) == ["KEY-002"]
    assert loaded.network is None
    assert not key or key not in str(loaded.findings[0])


@pytest.mark.parametrize("key", ["two words", 'quo"te', "schl\u00fcssel", "x" * 101, " leading"])
def test_a_key_from_the_environment_obeys_the_rule_of_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("SEALANE_TEST_KEY", key)
    loaded = load(plan_with(tmp_path, "{env: SEALANE_TEST_KEY}"), live=True)
    assert codes(loaded) == ["KEY-002"]
    assert key not in str(loaded.findings[0])


def test_good_keys_are_taken_and_a_missing_one_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("x" * 100 + "\n", encoding="utf-8")
    assert codes(load(plan_with(tmp_path, "{file: key}"), live=True)) == []
    monkeypatch.delenv("SEALANE_TEST_KEY", raising=False)
    path = plan_with(tmp_path, "{env: SEALANE_TEST_KEY}")
    assert codes(load(path, live=True)) == ["KEY-001"]
    monkeypatch.setenv("SEALANE_TEST_KEY", "!#~azAZ09")
    assert codes(load(path, live=True)) == []


@given(
    st.text(st.sampled_from('!~aZ09" \x1f\x7f\u00fc'), max_size=12)
    | st.integers(0, 120).map("k".__mul__)
    | st.text(max_size=4)
)
def test_the_rule_is_one_to_a_hundred_printable_ascii_characters_without_space_and_double_quote(text: str) -> None:
    good = 1 <= len(text) <= 100 and all("!" <= one <= "~" and one != '"' for one in text)
    assert (kinds.PSK.problem(text) is None) == good
