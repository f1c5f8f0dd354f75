"""Small facts drawn around generated ones, with what many networks do not have: shared borders, odd routes, ties."""

import random
from itertools import combinations

import numpy as np

from sealane.net import Cidr
from sealane.twin.columns import (
    Columns,
    Condition,
    Entry,
    Facts,
    FactsWriter,
    Hop,
    Need,
    Verdict,
    elements,
    evaluate,
    generate,
)
from sealane.twin.columns.forest import address_of, length_of
from sealane.twin.columns.prove import BREAKS, OF_PROTECTED, Property, guarded

_CLOUD, _NEAR, _SITE = 172 << 24 | 16 << 16, 100 << 24, 1 << 24
_POOL = ((_CLOUD, 16), (_CLOUD, 24), (_CLOUD | 256, 24), (_CLOUD, 25), (_NEAR, 8), (0, 0), (_SITE, 8), (_SITE | 16, 28),
         (_SITE + 64, 26), (_SITE + 128, 28), (_SITE + 17, 32), (_NEAR + 1, 32))


def drawn_facts(rng: random.Random) -> Facts:
    """One to three sites on one to three border routers; some entries missing, some added."""
    sites, tunnels = rng.choice((1, 2, 2, 3)), rng.choice((1, 2))
    facts = generate(sites, tunnels, rng.choice((1, 2)), borders=rng.choice((1, 1, 2, sites)),
                     vswitches=rng.choice((1, 2)), host_routes=rng.random() < 0.8, route_policy=rng.random() < 0.7)
    writer = writer_of(facts, lambda _: rng.random() > rng.choice((0, 0, 0.05)), lambda _: rng.random() > 0.05)
    for _ in range(rng.choice((0, 1, 2, 4))):
        writer.route(*drawn_entry(facts, rng))
    return writer.facts()


def writer_of(facts: Facts, kept=lambda _: True, agreed=lambda _: True) -> FactsWriter:
    """A writer that holds facts, or some of their entries."""
    writer = FactsWriter(list(facts.borders), list(facts.sites))
    writer.cloud += zip(facts.cloud_address.tolist(), facts.cloud_length.tolist(), strict=True)
    writer.protected += zip(facts.protected_address.tolist(), facts.protected_length.tolist(), strict=True)
    for n, name in enumerate(facts.tunnels):
        writer.tunnel(name, int(facts.tunnel_site[n]), near=int(facts.tunnel_near[n]), far=int(facts.tunnel_far[n]),
                      agreed=bool(facts.tunnel_agreed[n]) and agreed(n))
    for n in range(len(facts.route_table)):
        if kept(n):
            writer.route(*entry_of(facts, n))
    return writer


def entry_of(facts: Facts, n: int) -> tuple[tuple[int, int], Entry]:
    """An entry with its prefix."""
    hop, cond = int(facts.route_hop[n]), int(facts.route_cond[n])
    condition = Condition(
        int(facts.cond_tunnel[cond]), bool(facts.cond_session[cond]), int(facts.cond_border[cond]),
        Need(int(facts.cond_needs[cond])), int(facts.cond_site[cond]), int(facts.cond_other_border[cond]),
        Need(int(facts.cond_other_needs[cond])))
    hops = Hop(int(facts.hop_kind[hop])), int(facts.hop_element[hop]), int(facts.hop_site[hop])
    entry = Entry(int(facts.route_table[n]), int(facts.route_rank[n]), hops, condition)
    return (int(facts.route_address[n]), int(facts.route_length[n])), entry


def drawn_entry(facts: Facts, rng: random.Random) -> tuple[tuple[int, int], Entry]:
    """An entry that could be: whatever leads over something needs it."""
    at = rng.randrange(len(facts.route_table))
    prefix = rng.choice((*_POOL, (int(facts.route_address[at]), int(facts.route_length[at]))))
    rank = rng.choice(sorted(set(facts.route_rank.tolist())))
    border, site = rng.randrange(len(facts.borders)), rng.randrange(len(facts.sites))
    if rng.random() < 0.3:
        tunnel = rng.randrange(len(facts.tunnels))
        over = (Hop.TUNNEL, tunnel, int(facts.tunnel_site[tunnel])), Condition(tunnel, session=rng.random() < 0.5)
        attached = Condition(border=border, needs=Need.BORDER | Need.LINK)
        hop, condition = rng.choice((((Hop.DROP, -1, -1), Condition()), ((Hop.CLOUD, -1, -1), Condition()),
                                     ((Hop.BORDER, border, -1), attached), over))
        return prefix, Entry(0, rank, hop, condition)
    if rng.random() < 0.4:
        other = Condition(border=border, needs=Need.LINK, other_border=rng.randrange(len(facts.borders)),
                          other_needs=rng.choice((Need.NONE, Need.LINK)))
        circuit = Condition(border=border, needs=Need.CIRCUIT, site=site)
        hop, condition = rng.choice((((Hop.DROP, -1, -1), Condition()), ((Hop.CIRCUIT, border, site), circuit),
                                     ((Hop.UPLINK, -1, -1), other)))
        return prefix, Entry(1 + border, rank, hop, condition)
    tunnel = rng.choice(np.flatnonzero(facts.tunnel_site == site).tolist())
    line = Condition(border=border, needs=Need.CIRCUIT | Need.BORDER)
    hop, condition = rng.choice((((Hop.DROP, -1, -1), Condition()), ((Hop.SITE, -1, -1), Condition()),
                                 ((Hop.LINE, border, -1), line),
                                 ((Hop.TUNNEL, tunnel, -1), Condition(tunnel, session=rng.random() < 0.5))))
    return prefix, Entry(1 + len(facts.borders) + site, rank, hop, condition)


def smallest_failures(columns: Columns, most: int) -> dict[Property, set]:
    """By trying every set of failures: (failures, prefix, site, verdict) of each smallest one that breaks something."""
    prefixes = list(map(Cidr, address_of(columns.classes).tolist(), length_of(columns.classes).tolist()))
    broken: dict[tuple, np.ndarray] = {}
    found: dict[Property, set] = {one: set() for one in Property}
    for count in range(most + 1):
        for failed in combinations(elements(columns.facts), count):
            state = evaluate(columns, failed)
            for cells, verdicts in ((False, state.inward), (True, state.outward)):
                for one in Property:
                    bad = (verdicts & int(BREAKS[one])) != 0
                    if one in OF_PROTECTED:
                        bad &= guarded(columns)[cells]
                    broken[one, cells, frozenset(failed)] = bad
                    less = [frozenset(some) for n in range(count) for some in combinations(failed, n)]
                    known = np.logical_or.reduce([np.zeros_like(bad), *(broken[one, cells, some] for some in less)])
                    new = bad & ~known
                    for where in np.flatnonzero(new).tolist():
                        at = int(columns.cell_class[where]) if cells else where
                        site = int(columns.cell_site[where]) if cells else None
                        found[one].add((tuple(sorted(failed)), prefixes[at], site, Verdict(int(verdicts[where]))))
    return found
