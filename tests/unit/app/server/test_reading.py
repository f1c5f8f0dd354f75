"""What runs is asked only for what may have changed since it was asked last."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from sealane.app.load import load
from sealane.app.server import reading
from sealane.app.server.reading import Made, Reading
from sealane.cloud.to_plan import Piece
from sealane.diag import Fault
from sealane.lower import EspBackend, LowerOptions, lower

ROOT = Path(__file__).parents[4]
RECORDED = ROOT / "tests" / "replay" / "bird"
UP = "\n\n".join((RECORDED / f"protocols-{one}.txt").read_text(encoding="utf-8") for one in ("established", "border"))
TABLE = """Table {0}:
10.{1}.0.0/16        unicast [transit 02:44:38.464] * (100) [AS65501i]
\tvia 100.77.165.74 on eth9
\tType: BGP univ
"""


class Bird:
    """Answers as it did when it was recorded; counts what it is asked for."""

    def __init__(self):
        self.asked = Counter()
        self.protocols = UP
        self.number = 1
        self.silent = False

    def answer(self, _, *words):
        if words == ("show", "protocols", "all"):
            if not self.protocols:
                raise Fault("ask BIRD", "no answer", "")
            return self.protocols
        self.asked[" ".join(words)] += 1
        if self.silent:
            raise Fault("ask BIRD", "no answer", "")
        return TABLE.format(words[3], self.number)


@pytest.fixture
def bird():
    return Bird()


@pytest.fixture
def one(bird, monkeypatch):
    loaded = load(ROOT / "examples" / "hangzhou" / "plan.yaml")
    lowered = lower(loaded.network, LowerOptions(EspBackend.USERSPACE, "/run/x"))
    drivers = SimpleNamespace(bird=SimpleNamespace(directory=lambda space: space), strongswan=None)
    monkeypatch.setattr(reading, "birdc", bird.answer)
    found = Reading(Made(loaded.network, lowered, drivers, Piece("", {}), "100"))
    monkeypatch.setattr(found, "_meters_now", dict)
    monkeypatch.setattr(found._observer, "near_ends", lambda _: ())
    return found


def numbers(snapshot):
    """Of every table the number that BIRD had when it was read."""
    tables = {**snapshot.tables, **snapshot.vco_routes, **snapshot.learned}
    return {key: int(row.prefix.split(".")[1]) for key, rows in tables.items() for row in rows}


def test_tables_are_read_again_only_when_bird_tells_of_a_change(one, bird):
    assert set(numbers(one.snapshot()).values()) == {1}
    bird.number = 2
    assert sorted(numbers(one.snapshot()).values()) == [1, 1, 2], "one table is read all the same"
    bird.number = 3
    bird.protocols = re.sub(r"(updates:\s+)\d+", r"\g<1>77", UP)
    assert set(numbers(one.snapshot()).values()) == {3}


def test_each_table_is_read_in_the_end_even_if_bird_tells_of_no_change(one, bird):
    one.snapshot()
    asked = set(bird.asked)
    for bird.number in (2, 3, 4):
        bird.asked.clear()
        last = one.snapshot()
    assert sorted(numbers(last).values()) == [2, 3, 4]
    assert set(bird.asked) < asked


def test_a_bird_that_does_not_answer_has_no_routes_and_is_not_waited_for_again(one, bird):
    one.snapshot()
    bird.asked.clear()
    bird.protocols, told = "", bird.protocols
    assert numbers(one.snapshot()) == {}
    assert not bird.asked
    bird.protocols = told.replace("02:44:37", "02:55:00")
    bird.number = 2
    assert set(numbers(one.snapshot()).values()) == {2}


def test_of_a_table_that_no_protocol_tells_of_nothing_is_taken_to_be_as_it_was(one, bird):
    bird.protocols = "BIRD 2.0.12 ready.\n"
    for bird.number in (1, 2, 3):
        assert set(numbers(one.snapshot()).values()) == {bird.number}


def test_a_meter_that_does_not_answer_keeps_what_it_said_and_has_no_point(one, monkeypatch):
    said = [{("vbr-1", "x"): 1.0, ("vbr-2", "x"): 2.0}, {("vbr-2", "x"): 3.0}]
    monkeypatch.setattr(one, "_meters_now", lambda: said.pop(0))
    one.snapshot()
    one._meters_due_s = 0.0
    last = one.snapshot()
    assert last.metered == {("vbr-1", "x"): 1.0, ("vbr-2", "x"): 3.0}
    assert last.metered_now == {("vbr-2", "x"): 3.0}


def test_one_question_without_an_answer_is_no_empty_table(one, bird):
    before = numbers(one.snapshot())
    bird.number, bird.silent = 2, True
    bird.protocols = re.sub(r"(updates:\s+)\d+", r"\g<1>77", UP)
    assert numbers(one.snapshot()) == before
    bird.silent = False
    assert set(numbers(one.snapshot()).values()) == {2}, "asked again at once"


def test_meters_take_no_more_than_their_share_of_the_time(monkeypatch, one):
    monkeypatch.undo()
    now_s, read = [100.0], []

    def meters():
        read.append(now_s[0])
        now_s[0] += 3.0
        return {("vbr-1", "esp_bytes"): 1.0}

    monkeypatch.setattr(reading.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(one, "_meters_now", meters)
    for _ in range(70):
        assert bool(one._meters_due()) == (read[-1] == now_s[0] - 3.0)
        now_s[0] += 1.0
    assert [late - early for early, late in pairwise(read)] == [30.0] * (len(read) - 1)
    assert len(read) >= 3
