"""Facts cut down to some sites and border routers, with entries added; numbers change, names stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sealane.twin.columns.arrays import Ints, Longs
from sealane.twin.columns.facts import Facts, Hop
from sealane.twin.columns.writer import ALWAYS_UP, Entry, Prefix

_OVER_BORDER = (Hop.BORDER, Hop.LINE, Hop.CIRCUIT)
Extra = tuple[Prefix, Entry]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Which sites, border routers and tunnels are kept, by their old numbers, ascending."""

    sites: Longs
    borders: Longs
    tunnels: Longs


def _places(kept: Longs, count: int) -> Ints:
    """New number of each old one; the last place is for -1."""
    found = np.full(count + 1, -1, np.int32)
    found[kept] = np.arange(len(kept))
    return found


def compact(facts: Facts, entries: Longs, kept: Numbers, extra: Sequence[Extra]) -> Facts:
    """The chosen entries of the facts and some more, which are numbered as the facts are."""
    site = _places(kept.sites, len(facts.sites))
    border = _places(kept.borders, len(facts.borders))
    tunnel = _places(kept.tunnels, len(facts.tunnels))
    borders = len(facts.borders)
    hops, route_hop = np.unique(facts.route_hop[entries], return_inverse=True)
    conds, route_cond = np.unique(np.concatenate(([0], facts.route_cond[entries])), return_inverse=True)
    hop = _joined(facts.hop_kind[hops], [one.hop[0] for _, one in extra], np.uint8)
    element = _joined(facts.hop_element[hops], [one.hop[1] for _, one in extra], np.int32)
    over_border = np.isin(hop, _OVER_BORDER)
    element = np.where(hop == Hop.TUNNEL, tunnel[np.where(hop == Hop.TUNNEL, element, -1)],
                       border[np.where(over_border, element, -1)]).astype(np.int32)
    wanted = [one.condition for _, one in extra]
    table = _joined(facts.route_table[entries], [one.table for _, one in extra], np.int32)
    at_border = (table > 0) & (table <= borders)
    table = np.where(table > borders, 1 + len(kept.borders) + site[np.maximum(table - 1 - borders, -1)],
                     np.where(at_border, 1 + border[np.where(at_border, table - 1, -1)], 0)).astype(np.int32)
    places = np.arange(len(extra))
    always = np.array([one == ALWAYS_UP for one in wanted], np.bool_)
    return Facts(
        borders=tuple(facts.borders[n] for n in kept.borders.tolist()),
        sites=tuple(facts.sites[n] for n in kept.sites.tolist()),
        tunnels=tuple(facts.tunnels[n] for n in kept.tunnels.tolist()),
        origins=facts.origins,
        cloud_address=facts.cloud_address,
        cloud_length=facts.cloud_length,
        protected_address=facts.protected_address[:0],
        protected_length=facts.protected_length[:0],
        tunnel_site=site[facts.tunnel_site[kept.tunnels]],
        tunnel_near=facts.tunnel_near[kept.tunnels],
        tunnel_far=facts.tunnel_far[kept.tunnels],
        tunnel_agreed=facts.tunnel_agreed[kept.tunnels],
        hop_kind=hop,
        hop_element=element,
        hop_site=site[_joined(facts.hop_site[hops], [one.hop[2] for _, one in extra], np.int32)],
        cond_tunnel=tunnel[_joined(facts.cond_tunnel[conds], [one.tunnel for one in wanted], np.int32)],
        cond_session=_joined(facts.cond_session[conds], [one.session for one in wanted], np.bool_),
        cond_border=border[_joined(facts.cond_border[conds], [one.border for one in wanted], np.int32)],
        cond_needs=_joined(facts.cond_needs[conds], [int(one.needs) for one in wanted], np.uint8),
        cond_site=site[_joined(facts.cond_site[conds], [one.site for one in wanted], np.int32)],
        cond_other_border=border[
            _joined(facts.cond_other_border[conds], [one.other_border for one in wanted], np.int32)],
        cond_other_needs=_joined(facts.cond_other_needs[conds], [int(one.other_needs) for one in wanted], np.uint8),
        route_table=table,
        route_address=_joined(facts.route_address[entries], [prefix[0] for prefix, _ in extra], np.int64),
        route_length=_joined(facts.route_length[entries], [prefix[1] for prefix, _ in extra], np.uint8),
        route_rank=_joined(facts.route_rank[entries], [one.rank for _, one in extra], np.int32),
        route_hop=np.concatenate((route_hop.reshape(-1), len(hops) + places)).astype(np.int32),
        route_cond=np.concatenate((route_cond.reshape(-1)[1:],
                                   np.where(always, 0, len(conds) + places))).astype(np.int32),
        route_origin=np.concatenate((facts.route_origin[entries], np.zeros(len(extra), np.int32))).astype(np.int32),
    )


def _joined(kept: np.ndarray[Any, Any], more: Sequence[int], kind: type[np.generic]) -> Any:
    return np.concatenate((kept, np.array(more, kind))).astype(kind)
