"""The twin at scale and the general twin say the same of drawn hub-and-spoke networks, and planted errors show."""

import importlib
import random
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import spokes
from sealane.app.load import load
from sealane.twin.columns import Columns, Condition, Extracted, NotCovered, build, evaluate, extract
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.policy import Judgement


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"sealane.twin.columns.{name}")


settle, evaluation, extraction, device = (
    _module(name) for name in ("settle", "evaluate", "extract", "extract_device"))

EXAMPLES = Path(__file__).parents[2] / "examples"

# Drawn ones in which at least one of the planted errors shows, and a few more.
DRAWN = (
    (0, "link:VBR-Attachment1"), (3, "bgp:Connection1/tunnel-1"), (44, "circuit:Circuit2"),
    (37, "node:vbr1 tunnel:Connection2/tunnel-2"), (21, "node:cgw1"), (37, "bgp:Connection2/tunnel-1"),
    (21, "bgp:Connection1/tunnel-1"), (37, "node:vbr2"), (20, ""), (61, ""), (182, ""), (4, ""),
    (12, "connection:Connection1"),
)


@cache
def drawn(seed: int):
    choose = random.Random(seed).choice
    return spokes.vary(spokes.spokes(choose((1, 2, 2))), choose)


def _failures(text: str) -> Failures:
    return frozenset(Element(ElementKind(kind), name) for kind, _, name in (one.partition(":") for one in text.split()))


@cache
def general(seed: int, failed: str):
    network = drawn(seed)
    found = extract(network)
    return spokes.General(network, found, build(found.facts)).state(_failures(failed))


def at_scale(columns: Columns, found: Extracted, failed: str):
    state = evaluate(columns, found.elements(_failures(failed)))
    names = columns.facts.tunnels
    up, flaps = ({names[n] for n in np.flatnonzero(one)} for one in (state.tunnel_up, state.tunnel_flaps))
    return up, flaps, state.worst, state.inward.tolist(), state.outward.tolist()


def agree() -> bool:
    """True when all drawn states are the same in both."""
    for seed, failed in DRAWN:
        expected = general(seed, failed)
        try:
            found = extract(drawn(seed))
            if at_scale(build(found.facts), found, failed) != expected:
                return False
        except (NotCovered, ValueError, IndexError):
            return False
    return True


@pytest.mark.parametrize(("seed", "failed"), DRAWN)
def test_both_twins_say_the_same(seed, failed):
    expected = general(seed, failed)
    found = extract(drawn(seed))
    assert at_scale(build(found.facts), found, failed) == expected


def test_every_failure_of_a_plain_network_is_told_alike():
    network = spokes.spokes(1)
    found = extract(network)
    columns = build(found.facts)
    twin = spokes.General(network, found, columns)
    for failed in spokes.failures(network, found):
        text = " ".join(map(str, failed))
        assert at_scale(columns, found, text) == twin.state(failed), text


_OLD = {
    "holding": _module("element").Conditions.holding, "carrier": _module("sites").Sites.carrier,
    "line": _module("sites").Sites.line, "arrivals": settle.arrivals, "told": settle._told,
}


def _all_up(kind: str):
    def holding(self, up):
        return _OLD["holding"](self, replace(up, **{kind: np.ones_like(getattr(up, kind))}))

    return holding


def _everything_arrives(_columns, tunnels, _targets, _swayed=None):
    return np.ones(len(tunnels), np.bool_), np.ones(len(tunnels), np.bool_)


def _one_way(*arguments):
    there, _ = _OLD["arrivals"](*arguments)
    return there, there


def _all_carry(_columns, _held, chosen, can, _into):
    blocks = chosen.blocks
    return settle.Settled(can[None, :], np.zeros(len(blocks), np.uint8), blocks)


def _warm(after):
    course, cycle = _OLD["told"](after)
    return (course, [after[-1]]) if any(state == then for state, then in enumerate(after)) else (course, cycle)


_CONDITIONS, _SITES = _module("element").Conditions, _module("sites").Sites
PLANTED = {
    "a prefix inherits nothing": (settle, "inherit", lambda _columns, into, rows: into.__setitem__(rows, 1)),
    "tunnels need no routes": (settle, "arrivals", _everything_arrives),
    "one direction is enough": (settle, "arrivals", _one_way),
    "tunnels that sway all carry": (settle, "_enumerated", _all_carry),
    "a start with everything up": (settle, "_told", _warm),
    "every order comes to rest": (settle, "_always_rests", lambda _after, _final: True),
    "what a cycle loses arrives": (evaluation, "_lost", lambda *_: None),
    "circuits never fail": (_CONDITIONS, "holding", _all_up("circuit")),
    "border routers never fail": (_CONDITIONS, "holding", _all_up("vbr")),
    "attachments never fail": (_CONDITIONS, "holding", _all_up("attachment")),
    "devices never fail": (_CONDITIONS, "holding", _all_up("device")),
    "sessions never fail": (_CONDITIONS, "holding", _all_up("session")),
    "a circuit has carrier without its device": (_SITES, "carrier", lambda *a: replace(_OLD["carrier"](*a), site=-1)),
    "a line needs no border router": (_SITES, "line", lambda *a: replace(_OLD["line"](*a), needs=1)),
    "policies treat all alike": (extraction.TransitPolicy, "audience", lambda *_: ()),
    "policies let everything pass": (extraction.TransitPolicy, "publish", lambda _s, _t, route, _r: Judgement(route)),
    "network statements always hold": (device.Device, "_originates", lambda *_: (Condition(),)),
    "own addresses come last": (device, "OWN_ADDRESS", (9,)),
    "addresses on a link are unknown": (extraction, "neighbors", lambda *_: iter(())),
    "BGP stands after floating statics": (device, "EBGP_DISTANCE", 40),
    "distance 255 is used": (device, "UNUSABLE_DISTANCE", 256),
    "custom routes stand last": (extraction, "OWN_PREFERENCE", 10),
    "VBR stands after VPN": (extraction, "LEARNED_PREFERENCE", {
        key: 10 if key[0].value == "VBR" else value for key, value in extraction.LEARNED_PREFERENCE.items()}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_shows(name, monkeypatch):
    target, attribute, wrong = PLANTED[name]
    for seed, failed in DRAWN:
        general(seed, failed)
    monkeypatch.setattr(target, attribute, wrong)
    assert not agree()


@pytest.mark.parametrize(("example", "reason"), [
    ("hangzhou", "filters packets"), ("bgp-on-vbr", "speaks BGP with its customer"),
])
def test_what_columns_do_not_model_is_not_covered(example, reason):
    with pytest.raises(NotCovered, match=reason):
        extract(load(EXAMPLES / example / "plan.yaml").network)


def test_the_gateway_example_is_told_alike():
    network = load(EXAMPLES / "hangzhou-gateway" / "plan.yaml").network
    found = extract(network)
    up, flaps, course, _, _ = at_scale(build(found.facts), found, "")
    assert (len(up), len(flaps), course) == (2, 0, 0)


def test_commands_on_small_plans_do_not_import_numpy():
    code = "import sys, sealane.cli, sealane.twin.converge, sealane.verify; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
