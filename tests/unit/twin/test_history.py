"""Where what came first decides, and what the fidelity tests explain a live network with."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fidelity.compare import differences, expected, explained, explanation
from fidelity.running import Seen
from fidelity.small import Border, Connection, Device, Filters, Small, Static, build
from sealane.model import PrefixList, PrefixListEntry, RouteMap, RouteMapEntry
from sealane.net import Cidr, Prefix
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING
from sealane.twin.profile import (
    EQUAL_DISTANCE,
    HISTORY_RULES,
    MUTUAL_PREFERENCE,
    NETWORK_BESIDE_BGP,
    OLDEST_PATH,
    SHARED_WAYS,
    HistoryRule,
)
from sealane.verify.seen_compare import compare
from seen_of import seen_of

VPC = "172.16.10.0/24"
BORDERS = (Border("vbr1", "d1", bgp=True), Border("vbr2", "d1", bgp=True))
ONE = BORDERS[:1]
APART = (BORDERS[0], replace(BORDERS[1], asn=65100))
BESIDE = Device("d1", statics=(Static(VPC, "discard", 30),), networks=(VPC,))
CASES = {
    MUTUAL_PREFERENCE: Small(APART, (Device("d1"),)),
    OLDEST_PATH: Small(BORDERS, (Device("d1"),)),
    EQUAL_DISTANCE: Small(ONE, (Device("d1", statics=(Static(VPC, "discard", 20),)),)),
    NETWORK_BESIDE_BGP: Small(ONE, (BESIDE,)),
}


def hops(small: Small, rules: Sequence[HistoryRule]) -> set[tuple[str, ...]]:
    """Where the device sends packets to the VPC, in every state that the network may rest in."""
    twin = Twin(build(small))
    return {
        tuple(hop.interface for hop in one.nodes["d1"].tables["main"][Cidr.of(Prefix(VPC))].next_hops)
        for one in twin.rests(NOTHING, frozenset(), rules)
    }


def used(rule: HistoryRule) -> tuple[HistoryRule, ...]:
    return () if rule is MUTUAL_PREFERENCE else (rule,)


@pytest.mark.parametrize("rule", HISTORY_RULES, ids=lambda one: one.name)
def test_a_rule_of_history_leads_to_a_state_of_its_own(rule: HistoryRule) -> None:
    assert len(hops(CASES[rule], used(rule))) == 2
    assert len(hops(CASES[rule], ())) == (2 if rule is MUTUAL_PREFERENCE else 1)


@pytest.mark.parametrize("rule", HISTORY_RULES, ids=lambda one: one.name)
def test_a_live_network_in_that_state_is_explained_by_that_rule(rule: HistoryRule) -> None:
    twin = Twin(build(CASES[rule]))
    own = expected(twin, NOTHING, twin.converge().tables)
    others = [
        one for found in twin.rests(NOTHING, frozenset(), used(rule))
        if any(differences([own], one := expected(twin, NOTHING, found)))
    ]
    assert others
    assert {explanation(twin, NOTHING, frozenset(), one) for one in others} == {rule.name}


def test_what_no_rule_leads_to_is_not_explained() -> None:
    twin = Twin(build(CASES[OLDEST_PATH]))
    own = expected(twin, NOTHING, twin.converge().tables)
    tables = {where: {**table, "203.0.113.0/24": frozenset()} for where, table in own.tables.items()}
    assert not explanation(twin, NOTHING, frozenset(), Seen(tables, own.sessions, own.tunnels))
    assert not explanation(twin, NOTHING, frozenset(), Seen(own.tables, frozenset(), own.tunnels))


@pytest.mark.parametrize(("asn", "cold", "kept"), [(65100, {"vbr1"}, {"vbr1", "vbr2"}), (45104, {"vbr2"}, {"vbr2"})])
def test_med_decides_before_age_inside_one_neighbor_as_only(asn: int, cold: set[str], kept: set[str]) -> None:
    telling = Filters(list_out="SITE")
    small = Small(
        (Border("vbr1", "d1", bgp=True, filters=replace(telling, map_in="WORSE")),
         Border("vbr2", "d1", bgp=True, asn=asn, filters=telling)),
        (Device("d1", lists=(PrefixList("SITE", (PrefixListEntry(5, True, Prefix("192.168.50.0/24")),)),),
                maps=(RouteMap("WORSE", (RouteMapEntry(10, permit=True, set_med=5),)),)),),
    )
    assert hops(small, ()) == {(one,) for one in cold}
    assert hops(small, (OLDEST_PATH,)) == {(one,) for one in kept}


def test_a_cold_start_is_among_the_states_to_rest_in() -> None:
    for small in CASES.values():
        twin = Twin(build(small))
        tables = twin.converge().tables
        assert tables.nodes in [one.nodes for one in twin.rests(NOTHING, frozenset())]


@pytest.mark.parametrize("rule", HISTORY_RULES, ids=lambda one: one.name)
def test_a_running_network_in_such_a_state_differs_for_information_only(rule: HistoryRule) -> None:
    twin = Twin(build(CASES[rule]))
    cold = twin.converge()
    assert compare(twin, seen_of(cold)) == ()
    for tables in twin.rests(NOTHING, cold.liveness.tunnels, HISTORY_RULES):
        found = compare(twin, seen_of(replace(cold, tables=tables)))
        assert [(one.code, one.severity.value) for one in found] in ([], [("SEEN-010", "info")])


def with_a_tunnel(*lines: tuple[str, ...]) -> Twin:
    """Border routers of two devices with lines, the tunnel at the second one, and no route for its outer address."""
    borders = tuple(Border(f"vbr{number}", f"d{number}", lines=one) for number, one in enumerate(lines, 1))
    devices = (Device("d1"), Device("d2", statics=(Static("10.10.10.21/32", "vbr2"),)))
    return Twin(build(Small(borders, devices, (Connection("d2", tunnels=1),))))


UP = frozenset({"co-d2/tunnel-1"})
WIDE = ("192.168.0.0/16",)


def test_a_tunnel_whose_packets_may_take_a_way_that_is_lost_is_up_by_chance() -> None:
    twin = with_a_tunnel(WIDE, WIDE)
    cold = twin.converge()
    points = cold.liveness.fixed_points
    assert points == (frozenset(),)
    assert twin.may_stay(NOTHING, cold.tables)
    assert twin.may_stay(NOTHING, twin.tables(NOTHING, UP))
    assert not twin.may_stay(NOTHING, twin.tables(NOTHING, UP), chance=False)
    live = expected(twin, NOTHING, twin.tables(NOTHING, UP))
    assert explained(twin, NOTHING, points, live) == SHARED_WAYS.name
    assert not explained(twin, NOTHING, points, Seen(live.tables, frozenset(), live.tunnels))
    lucky = replace(cold, tables=twin.tables(NOTHING, UP), liveness=replace(cold.liveness, tunnels=UP))
    found = compare(twin, seen_of(lucky))
    assert [(one.code, one.severity.value) for one in found] == [("SEEN-003", "info")]


@pytest.mark.parametrize(("lines", "stays"), [((WIDE, ()), frozenset()), (((), WIDE), UP)], ids=("lost", "arrives"))
def test_one_way_leaves_nothing_to_chance(lines: tuple[tuple[str, ...], ...], stays: frozenset[str]) -> None:
    twin = with_a_tunnel(*lines)
    assert twin.converge().liveness.tunnels == stays
    sets = (frozenset[str](), UP)
    assert [one for one in sets if twin.may_stay(NOTHING, twin.tables(NOTHING, one))] == [stays]


def test_tunnels_rest_otherwise_where_bgp_does() -> None:
    """Their packets leave the device by one border router each; which of these sends them back is as in CASES."""
    ways = (Static("10.10.10.11/32", "vbr2"), Static("10.10.10.12/32", "vbr1"))
    twin = Twin(build(Small(
        (replace(APART[0], lines=WIDE), APART[1]), (Device("d1", statics=ways),), (Connection("d1", bgp=False),),
        routes=tuple(("system", f"192.168.1{number}.1/32", "vbr1") for number in (1, 2)), vpc=(),
    )))
    points = twin.converge().liveness.fixed_points
    others = {
        tables.tunnels: explained(twin, NOTHING, points, expected(twin, NOTHING, tables))
        for tunnels in (frozenset({one}) for one in twin.pairs)
        for tables in twin.rests(NOTHING, tunnels) if twin.may_stay(NOTHING, tables, chance=False)
    }
    assert list(others.values()) == [MUTUAL_PREFERENCE.name]
    assert not points.count(next(iter(others)))
    both = expected(twin, NOTHING, twin.tables(NOTHING, frozenset(twin.pairs)))
    assert not explained(twin, NOTHING, points, both)
