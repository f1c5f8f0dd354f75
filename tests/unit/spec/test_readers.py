from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.diag import Origin
from sealane.spec import (
    AsnText,
    Field,
    Flag,
    ListOf,
    Notes,
    Places,
    PrefixText,
    Record,
    Rule,
    Scalar,
    Spot,
    Text,
    Whole,
    did_you_mean,
    name_reader,
    parse,
)

HERE = Origin("f", 1)


def read(reader: object, text: str, *, plain: bool = True) -> tuple[object, list[str]]:
    notes = Notes()
    found = reader.read(Scalar(text, plain, HERE), Spot("thing", "key", notes))  # type: ignore[attr-defined]
    return found, [one.code for one in notes.findings()]


@given(st.integers(0, (1 << 32) - 1))
def test_two_part_as_numbers_are_the_same_as_plain_ones(number: int) -> None:
    plain, two_part = read(AsnText("X"), str(number)), read(AsnText("X"), f"{number >> 16}.{number & 0xFFFF}")
    assert plain == two_part
    assert plain == ((number, []) if number else (None, ["X"]))


@pytest.mark.parametrize("text", ["0", "4294967296", "-1", "65536.1", "1.65536", "1.2.3", "a", "1.", ".1", "65530x"])
def test_what_is_no_as_number_is_refused(text: str) -> None:
    assert read(AsnText("X"), text) == (None, ["X"])


def test_the_documented_two_part_number() -> None:
    assert read(AsnText("X"), "123.456")[0] == 8061384


@pytest.mark.parametrize(("text", "plain", "expected"), [
    ("5", True, (5, [])),
    ("5", False, (None, ["PLAN-014"])),
    ("0", True, (None, ["X"])),
    ("10", True, (None, ["X"])),
    ("-3", True, (None, ["X"])),
    ("0x5", True, (None, ["PLAN-014"])),
    ("5.0", True, (None, ["PLAN-014"])),
    ("٥", True, (None, ["PLAN-014"])),
    ("", True, (None, ["PLAN-012"])),
])
def test_whole_numbers_are_decimal_plain_and_in_range(text: str, plain: bool, expected: object) -> None:
    assert read(Whole(1, 9, "X"), text, plain=plain) == expected


def test_yes_and_off_are_no_truth_values() -> None:
    assert [read(Flag(), word)[0] for word in ("true", "false", "yes", "off", "1")] == [True, False, None, None, None]


@pytest.mark.parametrize(("text", "expected"), [
    ("10.0.0.0/8", (IPv4Network("10.0.0.0/8"), [])),
    ("10.0.0.1", (IPv4Network("10.0.0.1/32"), [])),
    ("10.0.0.0/255.0.0.0", (IPv4Network("10.0.0.0/8"), [])),
    ("10.0.0.1/8", (None, ["PLAN-016"])),
    ("10.0.0.0/33", (None, ["PLAN-016"])),
    ("2001:db8::/32", (None, ["PLAN-016"])),
    ("100.64.0.0/16", (None, ["R"])),
    ("100.0.0.0/8", (IPv4Network("100.0.0.0/8"), [])),
])
def test_prefixes_of_routes(text: str, expected: object) -> None:
    assert read(PrefixText(reserved_code="R", may_contain=True), text) == expected


def test_a_range_may_not_hold_a_reserved_one() -> None:
    assert read(PrefixText(reserved_code="R"), "100.0.0.0/8") == (None, ["R"])


@dataclass(frozen=True)
class Thing:
    name: str
    size: int
    width: int | None
    at: Places = field(compare=False)


def _check_sum(thing: Thing, spot: Spot) -> None:
    if thing.width is not None and thing.size + thing.width > 9:
        spot.error("SUM", "is too much", "take less", thing.at.of("width"))


THING: Record[Thing] = Record("thing", Thing, (
    Field("name", Text("a name"), "its name", required=True),
    Field("size", Whole(1, 9, "X"), "its size", default=3),
    Field("width", Whole(1, 9, "X"), "its width"),
), rules=(Rule(_check_sum, ("size", "width")),))


WIDE: Record[Thing] = replace(THING, fields=(*THING.fields[:2], replace(THING.fields[2], required=True)))
"""The same where nothing can stand in for the width."""


def things(text: str, record: Record[Thing] = THING) -> tuple[Any, Notes, list[str]]:
    mark, _ = parse(text, "f")
    assert mark is not None
    notes = Notes()
    found = ListOf(record).read(mark, Spot("plan", "things", notes))
    return found, notes, [f"{one.code}:{one.seen_at[0].line}" for one in notes.findings()]


def test_all_mistakes_are_told_at_once() -> None:
    _, _, told = things("- {name: a, size: 0}\n- {nane: b}\n- {size: 4}\n- 7\n- {name: , colour: red}\n")
    assert told == ["X:1", "PLAN-010:2", "PLAN-011:3", "PLAN-012:4", "PLAN-010:5", "PLAN-013:5"]


def test_a_thing_that_could_not_be_read_is_remembered_by_name() -> None:
    found, notes, _ = things("- {name: a, width: x}\n- {name: b, width: 1}\n", WIDE)
    assert [one.name for one in found] == ["b"]
    assert "a" in notes.broken
    assert notes.lost_parts
    assert not notes.is_unknown("a", ())
    assert notes.is_unknown("c", ("b",))


def test_a_field_that_has_a_default_does_not_cost_the_thing() -> None:
    found, notes, told = things("- {name: a, size: 0}\n- {name: b, sise: 4}\n")
    assert [(one.name, one.size, one.at.knows("size"), one.at.knows("name")) for one in found] == [
        ("a", 3, False, True), ("b", 3, False, True),
    ]
    assert (told, notes.lost_parts) == (["X:1", "PLAN-010:2"], True)


def test_a_rule_runs_when_all_that_it_needs_could_be_read() -> None:
    def told(text: str) -> list[str]:
        return things(text)[2]

    assert told("- {name: a, size: 2, width: 9}\n") == ["SUM:1"]
    assert told("- {name: [], size: 2, width: 9}\n") == ["PLAN-012:1", "SUM:1"]
    assert told("- {name: a, size: 0, width: 9}\n") == ["X:1"]
    assert told("- {name: a, sise: 2, width: 9}\n") == ["PLAN-010:1"]
    assert told("- {name: a, width: 9}\n") == ["SUM:1"]


@pytest.mark.parametrize("text", ["- {name: [], size: 2}\n", "- 7\n", "7\n", "- {nane: a}\n"])
def test_where_names_could_not_be_read_no_name_is_unknown(text: str) -> None:
    _, notes, _ = things(text)
    assert not notes.is_unknown("a", ("b",))


def test_a_mistyped_field_is_guessed() -> None:
    _, notes, _ = things("- {name: a, sise: 4}\n")
    assert notes.findings()[0].remedy == "did you mean size?"


def test_guesses_do_not_depend_on_order_or_case() -> None:
    assert did_you_mean("VSWITCH_1", ["vSwitch1", "vSwitch2"]) == did_you_mean("vswitch_1", ["vSwitch2", "vSwitch1"])
    assert did_you_mean("zzz", ["vSwitch1"]) is None


@pytest.mark.parametrize("letter_first", [True, False])
@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2Jb", "\x1b[2J", "\0", "a\x9b2J", "a\x7f"])
def test_a_name_has_nothing_that_a_terminal_obeys(name: str, *, letter_first: bool) -> None:
    reader = name_reader("X-001", letter_first=letter_first)
    assert read(reader, name, plain=False) == (None, ["X-001"])
    assert read(reader, "名 a", plain=False) == ("名 a", [])
