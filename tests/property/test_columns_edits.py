"""A network that is edited says the same as one made anew after every edit; planted errors show."""

import importlib
import random
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from drawn_facts import drawn_entry, drawn_facts
from sealane.net import Cidr
from sealane.twin.columns import (
    Columns,
    Condition,
    Entry,
    Facts,
    Hop,
    Need,
    NotCovered,
    State,
    Verdict,
    build,
    evaluate,
    generate,
)
from sealane.twin.columns.edit import Edit, Edited, Tunnel
from sealane.twin.columns.forest import address_of, length_of, look_up

edit = importlib.import_module("sealane.twin.columns.edit")
SEEDS = (0, 2, 3, 4, 6, 7, 10, 11, 12, 13, 15, 16, 21, 22)
STEPS = 3
_CLOUD = (172 << 24 | 16 << 16, 24)


def drawn_edit(now: Facts, whole: Facts, rng: random.Random) -> Edit:
    """Entries come and go; now and then a site is new, mostly with its own border router."""
    places = [rng.randrange(len(whole.route_table)) for _ in range(rng.choice((0, 1, 1, 2)))]
    removed = [(int(whole.route_table[n]), (int(whole.route_address[n]), int(whole.route_length[n]))) for n in places]
    if rng.random() > 0.25:
        return Edit(tuple(removed), tuple(drawn_entry(whole, rng) for _ in range(rng.choice((0, 1, 2)))))
    borders, site, tunnel = len(now.borders), len(now.sites), len(now.tunnels)
    own = rng.random() < 0.6
    border, device = borders if own else rng.randrange(borders), 1 + borders + own + site
    base, near = (9 << 24) + (site << 16), (100 << 24) + 500 + tunnel
    line = Condition(border=border, needs=Need.CIRCUIT | Need.BORDER)
    over, session = (Hop.LINE, border, -1), Condition(tunnel, session=True)
    added = [
        ((base, 16), Entry(1 + border, 5, (Hop.CIRCUIT, border, site), Condition(border=border, needs=Need.CIRCUIT))),
        ((base, 16), Entry(0, 50 << 16, (Hop.BORDER, border, -1), line)),
        ((base + 17, 32), Entry(0, 1, (Hop.BORDER, border, -1), Condition(border=border, needs=Need.LINK))),
        ((base, 24), Entry(0, 60 << 16, (Hop.TUNNEL, tunnel, site), session)),
        ((base, 24), Entry(device, 5, (Hop.SITE, -1, -1))),
        ((near, 32), Entry(device, 5, over, line)),
        (_CLOUD, Entry(device, 20 << 16, (Hop.TUNNEL, tunnel, -1), session)),
        ((_CLOUD[0], 16), Entry(device, 30 << 16, over, line)),
    ]
    if own:
        added.append(((100 << 24, 8), Entry(1 + border, 7, (Hop.UPLINK, -1, -1))))
    moved = tuple((table + own if table > borders else table, prefix) for table, prefix in removed)
    return Edit(moved, tuple(added), (f"site-{site}",), ("border",) if own else (),
                (Tunnel(f"tunnel-{tunnel}", site, near, base + 17),))


def same_as_anew(edited: Edited, columns: Columns, state: State) -> bool:
    classes = np.flatnonzero(columns.class_filled)
    cells = np.flatnonzero(columns.class_filled[columns.cell_class])
    keys = columns.classes[columns.cell_class[cells]]
    return np.array_equal(edited.inward(columns.classes[classes]), state.inward[classes]) and np.array_equal(
        edited.outward(columns.cell_site[cells], keys), state.outward[cells])


def differences(old: tuple[Columns, State], new: tuple[Columns, State]) -> set:
    """From two whole networks: (prefix, site, verdict before, after) of each class of either."""
    keys = np.union1d(old[0].classes, new[0].classes)
    then, now = (np.where(at >= 0, state.inward[at], 4) for at, state in (
        (look_up(columns.classes, columns.class_parent, keys), state) for columns, state in (old, new)))
    found = set(_moved(keys, None, then, now))
    cells = [columns.cell_class[: len(columns.cell_class) // len(columns.facts.sites)] for columns, _ in (old, new)]
    keys = np.union1d(*(columns.classes[some] for (columns, _), some in zip((old, new), cells, strict=True)))
    for site in range(len(old[0].facts.sites)):
        at = [np.searchsorted(some, look_up(columns.classes, columns.class_parent, keys))
              for (columns, _), some in zip((old, new), cells, strict=True)]
        then, now = (state.outward[site * len(some) + places]
                     for (_, state), some, places in zip((old, new), cells, at, strict=True))
        found |= set(_moved(keys, site, then, now))
    return found


def _moved(keys, site, then, now):
    for n in np.flatnonzero((then != now) & (then != 0) & (now != 0)).tolist():
        prefix = Cidr(int(address_of(keys[n : n + 1])[0]), int(length_of(keys[n : n + 1])[0]))
        yield prefix, site, int(then[n]), int(now[n])


@cache
def script(seed: int):
    """Facts, and edits with the whole network after each."""
    rng = random.Random(seed)
    facts = drawn_facts(rng)
    states: list[tuple[Edit | None, Columns, State]] = []
    try:
        states.append((None, columns := build(facts), evaluate(columns)))
        edited = Edited(states[0][1])
        for _ in range(STEPS):
            one = drawn_edit(edited.facts, edited.whole(), rng)
            edited.apply(one)
            states.append((one, columns := build(edited.whole()), evaluate(columns)))
    except NotCovered:
        pass
    return states


def lawful(seed: int) -> bool:
    """True when the network speaks like one made anew, and tells what differs, after every edit."""
    states = script(seed)
    if not states:
        return True
    edited = Edited(states[0][1])
    for before, (one, columns, state) in pairwise(states):
        told = {(each.prefix, each.site, int(each.before), int(each.after)) for each in edited.apply(one)}
        expected = differences(before[1:], (columns, state))
        more = told - expected  # a prefix that an earlier edit took away may be told beside the one around it
        if not same_as_anew(edited, columns, state) or expected - told:
            return False
        if any(not any(each[0].contains(one[0]) and each[1:] == one[1:] for each in expected) for one in more):
            return False
    return True


@pytest.mark.parametrize("seed", SEEDS)
def test_edits_lead_to_the_network_made_anew(seed):
    assert lawful(seed)


def test_an_edit_to_the_cloud_is_an_edit_to_all_sites():
    edited = Edited(build(generate(3, 2, 2, borders=3)))
    told = edited.apply(Edit(removed=((0, _CLOUD),)))
    assert {one.site for one in told if one.before is Verdict.ENCRYPTED and one.after is Verdict.DROPPED} == {0, 1, 2}
    columns = build(edited.whole())
    assert same_as_anew(edited, columns, evaluate(columns))


PLANTED = {
    "classes around a prefix are left alone": ("_around", lambda _self, _prefix: []),
    "what is removed stays": ("_remove", lambda _self, _edit: None),
    "owners of tables are left alone": ("_touched", lambda self, edit: (
        group for _, prefix in self._prefixes(edit) for group in self._around(prefix))),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_error_in_edits_shows(name, monkeypatch):
    attribute, wrong = PLANTED[name]
    for seed in SEEDS:
        script(seed)
    monkeypatch.setattr(edit.Edited, attribute, wrong)
    assert not all(map(_lawful_or_broken, SEEDS))


def _lawful_or_broken(seed: int) -> bool:
    try:
        return lawful(seed)
    except (ValueError, IndexError, NotCovered):
        return False
