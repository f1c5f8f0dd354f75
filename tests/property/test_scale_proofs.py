"""Proofs by the twin at scale say what a survey says of drawn hub-and-spoke networks, and a planted error shows."""

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import spokes
from sealane.app.load import load
from sealane.model import Mode
from sealane.twin.columns import NotCovered, extract
from sealane.verify import prove as proving
from sealane.verify import scale, scale_judge
from sealane.verify.prove import prove
from sealane.verify.prove_survey import prove_survey
from sealane.verify.survey import Survey
from sealane.verify.violation import Verdict

JUDGED = ("encrypted", "fail-closed", "no-recursion", "overlap", "mtu")
SEEDS = (0, 1, 2, 3, 4, 5, 6, 15, 18, 36)
"""Drawn ones of every verdict; one in which tunnels may rest in several states."""


class _Known(Survey):
    """A survey of the failures that the twin at scale models."""

    def failure_sets(self):
        known = extract(self.network).sites
        return (one for one in super().failure_sets() if all(known.element(part) is not None for part in one))


def drawn(seed):
    choose = random.Random(seed).choice
    network = spokes.vary(spokes.spokes(1), choose)
    mode = choose(tuple(Mode))
    return replace(network, protections=tuple(replace(one, mode=mode) for one in network.protections))


def words(seed):
    """By property the words of both; None when the network is not modelled."""
    network = drawn(seed)
    try:
        found = scale.prove_at_scale(network, 1, JUDGED)
    except NotCovered:
        return None
    general = prove_survey(_Known(network, 1), JUDGED)
    return {name: (found.judgement(name).verdict, general.judgement(name).verdict) for name in JUDGED}


@cache
def sound(seed):
    """The words without any planted error."""
    return words(seed) or {}


def differing(told):
    """Properties of which they say different things; what is not covered in either is no contradiction."""
    return {name: both for name, both in told.items() if len({*both} - {Verdict.NOT_COVERED}) > 1}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_survey_and_the_twin_at_scale_say_the_same(seed):
    assert not differing(sound(seed))


def test_most_is_said_by_both():
    told = [both for seed in SEEDS for both in sound(seed).values()]
    assert sum(Verdict.NOT_COVERED in both for both in told) <= len(told) / 8
    assert {one for both in told for one in both} >= {Verdict.PROVED, Verdict.DECLARED, Verdict.VIOLATED}


@pytest.mark.parametrize("wrong", [0, int(scale_judge.Fate.LEAKED)])
def test_a_planted_error_shows(wrong, monkeypatch):
    monkeypatch.setattr(scale_judge, "_CLEAR", wrong)
    assert any(differing(words(seed) or {}) for seed in SEEDS)


def test_a_clear_packet_that_the_general_twin_does_not_have_is_not_shown(monkeypatch):
    monkeypatch.setattr(scale_judge, "_CLEAR", int(scale_judge.Fate.ENCRYPTED))
    with pytest.raises(NotCovered, match="shows no packet in clear"):
        scale.prove_at_scale(spokes.spokes(1), 0, JUDGED)


def test_pairs_of_failures_are_those_of_one_group():
    found = scale.prove_at_scale(spokes.spokes(2), 2, ("fail-closed",))
    (judged,) = found.judgements
    assert judged.verdict is Verdict.DECLARED
    assert found.scenarios == 1 + found.elements * (found.elements + 1) // 2
    shown = {one for violation in judged.violations for one in violation.failures}
    assert ("tunnel:Connection1/tunnel-1", "tunnel:Connection1/tunnel-2") in shown
    assert ("connection:Connection2",) in shown


def test_more_failures_than_two_are_not_covered():
    with pytest.raises(NotCovered, match="more than two"):
        scale.prove_at_scale(spokes.spokes(1), 3)


def test_what_the_twin_at_scale_does_not_model_is_surveyed_with_the_reason(monkeypatch):
    monkeypatch.setattr(proving, "_LARGEST_SURVEYED", 0)
    monkeypatch.setattr(proving, "_ALWAYS_SURVEYED", 0)
    network = load(Path(__file__).parents[2] / "examples" / "hangzhou" / "plan.yaml").network
    found = prove(network, 0, ("encrypted",))
    assert found.judgement("encrypted").verdict is Verdict.PROVED
    assert found.scope[0].startswith("not proved site by site: it has less than two sites")
    assert found.scope[1].startswith("not proved with the twin at scale")
    assert "filters packets" in found.scope[1]
