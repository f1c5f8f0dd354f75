"""Laws of the twin at scale: what pruning and increments leave out makes no difference; planted errors show."""

import importlib
import random
from functools import cache

import numpy as np
import pytest

from drawn_facts import drawn_facts, smallest_failures
from sealane.twin.columns import Facts, NotCovered, build, elements, evaluate, generate
from sealane.twin.columns.live import Live
from sealane.twin.columns.prove import prove_columns

blocks, failures, parts, prove = (
    importlib.import_module(f"sealane.twin.columns.{name}") for name in ("blocks", "failures", "parts", "prove"))

SEEDS = tuple(range(8))
MOST_ELEMENTS = 14


@cache
def drawn(seed: int):
    """Facts that can be evaluated, and what trying all pairs of failures tells."""
    rng = random.Random(seed)
    while True:
        facts = drawn_facts(rng)
        if len(elements(facts)) > MOST_ELEMENTS:
            continue
        try:
            return facts, smallest_failures(build(facts), 2)
        except NotCovered:
            continue


def proved(facts: Facts) -> dict:
    found = prove_columns(build(facts), 2, examples=10**6)
    for one in found.proofs:
        assert one.broken == len(one.examples)
        assert one.sets == len({example.failed for example in one.examples})
    return {one.property: {(e.failed, e.prefix, e.site, e.verdict) for e in one.examples} for one in found.proofs}


def events_agree(seed: int) -> bool:
    """True when a walk through failures keeps the same state, bit for bit, as evaluation from scratch."""
    facts, _ = drawn(seed)
    columns, rng = build(facts), random.Random(seed)
    live, down = Live(columns), set()
    for _ in range(10):
        element = rng.choice(elements(facts))
        down ^= {element}
        try:
            live.set(element, up=element not in down)
            if not live.state.same(evaluate(columns, down)):
                return False
        except NotCovered:
            return True
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_superposed_failures_are_all_failures(seed):
    facts, expected = drawn(seed)
    assert proved(facts) == expected


@pytest.mark.parametrize("seed", SEEDS)
def test_events_lead_to_the_state_from_scratch(seed):
    assert events_agree(seed)


_OLD = {"mentions": blocks._Mentions.__init__, "roles": failures._roles, "parts": parts.Parts.affected}


def _no_pairs(self, facts, rows):
    _OLD["mentions"](self, facts, rows)
    self.pairs = [one[:0] for one in self.pairs]
    self.site_pairs = [one[:0] for one in self.site_pairs]


def _one_role_short(*arguments, **wide):
    return list(_OLD["roles"](*arguments, **wide))[:-1]


PLANTED = {
    "blocks are not joined": (blocks._Mentions, "__init__", _no_pairs),
    "the last role never fails": (failures, "_roles", _one_role_short),
    "sites and border routers never fail together": (failures, "combinations", lambda *_: iter(())),
    "no pair is less than another": (prove, "concerned", lambda _c, told, *, cells: np.zeros(
        len(told.state.outward if cells else told.state.inward), np.bool_)),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_in_the_pruning_shows(name, monkeypatch):
    target, attribute, wrong = PLANTED[name]
    expected = [(drawn(seed)) for seed in SEEDS]
    monkeypatch.setattr(target, attribute, wrong)
    assert any(proved(facts) != told for facts, told in expected)


def test_an_event_that_looks_at_too_little_shows(monkeypatch):
    for seed in SEEDS:
        drawn(seed)

    def narrow(self, element):
        part = _OLD["parts"](self, element)
        return parts.part_of(self.columns, part.rows.rows[:-1], part.tunnels.tunnels, part.classes, part.cells)

    monkeypatch.setattr(parts.Parts, "affected", narrow)
    assert not all(map(events_agree, SEEDS))


def test_facts_survive_their_text():
    facts = generate(3, 2, 4, borders=2)
    again = Facts.loads(facts.dumps())
    assert again.dumps() == facts.dumps()
    assert evaluate(build(again)).same(evaluate(build(facts)))


@pytest.mark.parametrize("text", ["[]", '{"format": 2}'])
def test_facts_of_another_format_are_refused(text):
    with pytest.raises(ValueError, match="format 1"):
        Facts.loads(text)


def test_many_sites_are_proved_without_trying_pairs_across_them():
    found = prove_columns(build(generate(20, 2, 3, borders=20)), 2, examples=10**6)
    assert found.evaluated == 1 + 8 + 28
    assert found.states == 1 + 160 + 160 * 159 // 2
    assert [one.holds for one in found.proofs] == [False, True, False, True]
    # The tunnels' own addresses are always reached in clear; all else only without both tunnels of a site.
    encrypted = found.of(prove.Property.ENCRYPTED)
    assert {one.prefix.length for one in encrypted.examples if not one.failed} == {32}
    sets = {tuple(element.kind for element in one.failed) for one in encrypted.examples if one.failed}
    assert sets == {("session", "session"), ("session", "tunnel"), ("tunnel", "tunnel")}
    assert {one.site for one in encrypted.examples} == {None, *range(20)}
