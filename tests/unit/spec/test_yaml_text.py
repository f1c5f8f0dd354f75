import pytest

from sealane.spec import Fields, Items, Mark, Scalar, parse
from sealane.spec.yaml_text import MAX_DEPTH, MAX_TEXT_CHARACTERS


def codes(text: str, sensitive: frozenset[str] = frozenset()) -> list[tuple[str, int]]:
    _, findings = parse(text, "f", sensitive)
    return [(one.code, one.seen_at[0].line) for one in findings]


def tree(text: str) -> Mark:
    mark, findings = parse(text, "f")
    assert mark is not None
    assert not findings
    return mark


def test_every_value_knows_its_line() -> None:
    mark = tree("a: 1\nb:\n  - x\n  - y: {z: 2}\n")
    assert isinstance(mark, Fields)
    assert mark.entries["b"].origin.line == 2
    items = mark.entries["b"].value
    assert isinstance(items, Items)
    assert [item.origin.line for item in items.items] == [3, 4]


def test_plain_words_stay_words() -> None:
    mark = tree("[off, yes, 0777, '1', 1:40, ~, 1_000]")
    assert isinstance(mark, Items)
    assert [(one.text, one.plain, one.is_null) for one in mark.items if isinstance(one, Scalar)] == [
        ("off", True, False), ("yes", True, False), ("0777", True, False), ("1", False, False),
        ("1:40", True, False), ("~", True, True), ("1_000", True, False),
    ]


@pytest.mark.parametrize(("text", "expected"), [
    ("", [("PLAN-002", 1)]),
    ("# only a remark\n", [("PLAN-002", 1)]),
    ("~", [("PLAN-002", 1)]),
    ("a: 1\n\tb: 2\n", [("PLAN-001", 2)]),
    ("a: [1, 2\nb: 3\n", [("PLAN-001", 2)]),
    ("a: 'open\n", [("PLAN-001", 2)]),
    ("a: \x00", [("PLAN-001", 1)]),
    ("\ud800", [("PLAN-001", 1)]),
    ("a: 1\nb: 2\na: 3\n", [("PLAN-003", 3)]),
    ("a: 1\n? [x]\n: 2\n", [("PLAN-005", 2)]),
    ("a: 1\n~: 2\n", [("PLAN-005", 2)]),
    ("a: 1\n---\nb: 2\n", [("PLAN-006", 2)]),
    ("a: !!python/object:os.system x\n", [("PLAN-004", 1)]),
    ("[" * 100_000, [("PLAN-006", 1)]),
    ("- " * 100_000, [("PLAN-006", 1)]),
    ("x" * (MAX_TEXT_CHARACTERS + 1), [("PLAN-006", 1)]),
])
def test_bad_text_is_a_finding_at_its_line(text: str, expected: list[tuple[str, int]]) -> None:
    assert codes(text) == expected


def test_a_bomb_of_aliases_is_refused_where_it_begins() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n"
                                      for n in range(20))
    assert codes(bomb) == [("PLAN-004", 1), ("PLAN-004", 2), ("PLAN-004", 2)]


def test_nesting_up_to_the_bound_is_read() -> None:
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f")[0] is not None


@pytest.mark.parametrize("text", ["psk: *hush", "psk: &hush", "psk: !hush x", "psk: {hush: 1, hush: 2}", "psk: [*hush]",
                                  "psk: %hush", "psk: @hush", "psk: 'hush\n", "? psk\n: {hush: , hush: }"])
def test_nothing_below_a_sensitive_key_is_told(text: str) -> None:
    _, findings = parse(text, "f", frozenset({"psk"}))
    assert "hush" not in "".join(map(str, findings))


def test_a_later_key_of_the_same_name_does_not_replace_the_first() -> None:
    mark, _ = parse("a: 1\na: 2\n", "f")
    assert isinstance(mark, Fields)
    assert isinstance(mark.entries["a"].value, Scalar)
    assert mark.entries["a"].value.text == "1"
