"""What is proved site by site is what a survey of the whole network says, property by property."""

from dataclasses import replace

import pytest

import apart
import spokes
from sealane.model import (
    AccessList,
    AttachmentKind,
    BgpNeighbor,
    BgpNetwork,
    FilterRule,
    Mode,
    Platform,
    PrefixList,
    PrefixListEntry,
    Stateful,
    StaticRoute,
    TransitRoute,
    TransitTable,
)
from sealane.net import Address, Asn, Prefix
from sealane.twin.element import elements
from sealane.verify.prove_survey import prove_survey
from sealane.verify.spokes import prove
from sealane.verify.spokes.belong import Undivided, belonging
from sealane.verify.spokes.part import Parts
from sealane.verify.spokes.prove import prove_by_spokes
from sealane.verify.survey import Survey

ONE_FAILURE = (19,)
NO_FAILURE = (8, 20)
"""Drawn ones in which every property is violated somewhere, at sites that are alike and at others."""
OF_SOME, OF_ONE, NO_FALLBACK, NO_WAY, NEEDED_TOGETHER = (10, 11, 12, 13), 14, 15, 16, 17
"""Edits: what the core has about several sites, or one; no routes over circuits; a published CIDR that needs another
site."""


def changed(network, name, change):
    """A network with one node changed."""
    return replace(network, nodes=tuple(change(one) if one.name == name else one for one in network.nodes))


def over_circuit(network, site, prefix):
    """Another route over the circuit of a site."""
    def change(node):
        routes = (*node.vbr.circuit_routes, TransitRoute(Prefix(prefix), "circuit"))
        return replace(node, vbr=replace(node.vbr, circuit_routes=routes))

    return changed(network, f"vbr{site}", change)


def announced(network, site, prefix):
    """A prefix that a device announces."""
    def change(node):
        return replace(node, bgp=replace(node.bgp, networks=(*node.bgp.networks, BgpNetwork(Prefix(prefix)))))

    return changed(network, f"cgw{site}", change)


def inside(network, site, prefix):
    """A route of a device to behind its inside interface."""
    route = StaticRoute(Prefix(prefix), Address(f"10.{site}.20.9"))
    return changed(network, f"cgw{site}", lambda node: replace(node, static_routes=(*node.static_routes, route)))


def discarded(network, site, prefix):
    """A route of a device that drops packets; nobody else hears of it."""
    route = StaticRoute(Prefix(prefix), None, discard=True)
    return changed(network, f"cgw{site}", lambda node: replace(node, static_routes=(*node.static_routes, route)))


def back(network, site, prefix):
    """A route of a device to its border router, which has sent the packet there."""
    route = StaticRoute(Prefix(prefix), Address(f"192.168.{site}.1"))
    return changed(network, f"cgw{site}", lambda node: replace(node, static_routes=(*node.static_routes, route)))


def at_transit_router(network, site, prefix):
    """A custom route to a site's border router, or the VPC."""
    def change(node):
        router = node.transit_router
        attachment = "VPC-Attachment" if site is None else f"VBR-Attachment{site}"
        routes = (*router.tables[0].routes, TransitRoute(Prefix(prefix), attachment))
        return replace(node, transit_router=replace(router, tables=(replace(router.tables[0], routes=routes),)))

    return changed(network, "tr", change)


def with_border_session(network, site, filtered):
    """BGP between a device and its border router, with its export filtered to its own network or not at all."""
    cloud, customer = Address(f"192.168.{site}.1"), Address(f"192.168.{site}.2")
    own = PrefixList("own", (PrefixListEntry(5, True, Prefix(f"10.{site}.20.0/24")),))

    def device(node):
        export = "own" if filtered else None
        known = tuple(replace(one, export_prefix_list=export) for one in node.bgp.neighbors)
        border = BgpNeighbor(cloud, Asn(45104), interface="uplink", export_prefix_list=export)
        return replace(node, prefix_lists=(own,), bgp=replace(node.bgp, neighbors=(*known, border)))

    def router(node):
        return replace(node, vbr=replace(node.vbr, neighbors=(BgpNeighbor(customer, Asn(64600 + site)),)))

    return changed(changed(network, f"cgw{site}", device), f"vbr{site}", router)


def firewall(network, site, zone):
    """The device of a site as a stateful firewall that lets in nothing from less trusted interfaces."""
    levels = {"lan": 100}
    permitted = AccessList("in", (FilterRule(True, 6, Prefix("172.16.0.0/16"), None, Prefix(f"10.{site}.20.0/24")),))

    def change(node):
        interfaces = tuple(
            replace(one, nameif=one.name, security_level=levels.get(one.name, 0),
                    access_list_in="in" if one.name == "uplink" else None,
                    traffic_zone=None if one.name == "lan" else zone) for one in node.interfaces)
        return replace(node, platform=Platform.ASA, stateful=Stateful(), access_lists=(permitted,),
                       interfaces=interfaces)

    return changed(network, f"cgw{site}", change)


def with_policies(network, **changes):
    """The routing policies beside the same with changes, or these alone where they are not about what to permit."""
    def change(node):
        router = node.transit_router
        maps = tuple(replace(one, **changes) for one in router.route_maps)
        more = tuple(replace(one, name=f"{one.name}-more", priority=9) for one in maps)
        return replace(node, transit_router=replace(
            router, route_maps=(*router.route_maps, *more) if changes.get("permit") else maps))

    return changed(network, "tr", change)


def with_second_table(network):
    """Every tunnel is looked up in a table of its own."""
    def change(node):
        router = node.transit_router
        second = TransitTable("second", False, router.tables[0].routes)
        attachments = tuple(
            replace(one, association="second" if one.kind is AttachmentKind.VPN else one.association,
                    propagations=("system", "second")) for one in router.attachments)
        ends = tuple(replace(one, table="second") for one in node.tunnel_ends)
        maps = tuple(replace(one, name=f"{one.name}-second", table="second") for one in router.route_maps)
        router = replace(router, tables=(*router.tables, second), attachments=attachments,
                         route_maps=(*router.route_maps, *maps))
        return replace(node, transit_router=router, tunnel_ends=ends)

    return changed(network, "tr", change)


def sites(parts):
    return [[one.name for one in kind.parts] for kind in parts.kinds]


def together(parts):
    """The devices of each part."""
    return [{one.name for one in part.network.devices()} for kind in parts.kinds for part in kind.parts]


@pytest.mark.parametrize("edit", range(len(apart.EDITS)))
def test_every_edit_changes_the_plan(edit):
    text = spokes.plan_text(2)
    assert apart.EDITS[edit](text, 2) != text


@pytest.mark.parametrize("seed", ONE_FAILURE)
def test_a_survey_says_the_same_under_single_failures(seed):
    assert apart.differing(apart.drawn(seed, 2)) == {}


@pytest.mark.parametrize("seed", NO_FAILURE)
def test_a_survey_of_four_sites_says_the_same(seed):
    assert apart.differing(apart.drawn(seed, 4), 0) == {}


@pytest.mark.parametrize("edits", [OF_SOME, (OF_ONE,), (NEEDED_TOGETHER,)])
def test_a_survey_says_the_same_of_what_is_written_once_for_several_sites(edits):
    assert apart.differing(apart.edited(2, *edits), 0) == {}


def test_a_survey_says_the_same_of_border_routers_with_bgp():
    assert apart.differing(with_border_session(spokes.spokes(2), 1, filtered=True), 0) == {}


def test_a_survey_says_the_same_of_several_route_tables():
    assert apart.differing(with_second_table(spokes.spokes(2)), 0) == {}


@pytest.mark.parametrize("zone", [None, "joined"])
def test_a_survey_says_the_same_of_firewalls(zone):
    network = firewall(firewall(spokes.spokes(2), 1, zone), 2, zone)
    assert len(sites(Parts(network))) == 1
    assert apart.differing(network, 0) == {}


def test_every_flow_is_in_a_part_and_ends_there_as_in_the_whole():
    assert list(apart.outcomes_differ(apart.drawn(21, 2))) == []


def test_a_prefix_that_other_sites_fill_stands_for_nobody():
    network = discarded(spokes.spokes(3), 1, "10.2.0.0/15")
    assert list(apart.outcomes_differ(network, 0)) == []


def test_mode_required_asks_for_a_tunnel_of_the_site_itself():
    network, asked = apart.edited(2, 7, NO_FALLBACK), ("no-blackhole",)
    for found in (prove_by_spokes(network, 1, asked), prove_survey(Survey(network, 1), asked)):
        assert found.judgement("no-blackhole").verdict == "proved"


def test_what_fails_in_several_sites_is_told_of_each():
    network = apart.edited(6, 7)  # mode required
    network = replace(network, protections=(replace(network.protections[0], mode=Mode.OPEN), *network.protections[1:]))
    found = prove_by_spokes(network, 1, ("fail-closed", "redundancy"))
    (lost,) = (one for one in found.judgement("fail-closed").violations if ("connection:Connection1",) in one.failures)
    assert ("connection:Connection2",) not in lost.failures
    told = {one for violation in found.judgement("redundancy").violations for one in violation.failures}
    assert told <= {(str(one),) for one in elements(network)}
    assert {(f"connection:Connection{n}",) for n in range(1, 7)} <= told


def test_what_no_packet_uses_is_told_of_all_sites():
    network = over_circuit(apart.edited(3), 3, "10.3.99.0/24")
    told = prove_by_spokes(network, 1, ("coverage",)).judgement("coverage").violations
    assert "PRF-092" not in {one.finding.code for one in told}  # nothing that is written down is without use


def test_sites_that_are_alike_are_looked_at_once():
    assert sites(Parts(spokes.spokes(4))) == [["cgw1", "cgw2", "cgw3", "cgw4"]]
    assert sites(Parts(over_circuit(spokes.spokes(4), 3, "10.3.99.0/24"))) == [["cgw1", "cgw2", "cgw4"], ["cgw3"]]


@pytest.mark.parametrize(("change", "first", "second"), [
    (over_circuit, "10.1.99.0/25", "10.2.99.0/26"),
    (discarded, "10.1.20.248/29", "10.2.21.0/29"),
    (discarded, "10.64.0.0/15", "10.4.0.0/15"),
    (discarded, "10.64.0.0/16", "172.16.0.0/16"),
])
def test_sites_differ_by_lengths_by_what_contains_what_and_by_what_others_have(change, first, second):
    """The last two: a prefix that has another site's inside, and one that the cloud has."""
    kinds = sites(Parts(change(change(spokes.spokes(4), 1, first), 2, second)))
    assert not any({"cgw1", "cgw2"} <= set(several) for several in kinds)


def test_sites_with_one_as_number_differ_from_others():
    assert sites(Parts(apart.edited(4, 10))) == [["cgw1", "cgw2"], ["cgw3", "cgw4"]]


@pytest.mark.parametrize("claim", [over_circuit, announced, inside, at_transit_router])
@pytest.mark.parametrize("prefix", ["10.2.20.0/24", "10.2.0.0/15"])
def test_a_site_that_claims_what_another_has_is_looked_at_with_it(claim, prefix):
    found = together(Parts(claim(spokes.spokes(4), 3, prefix)))
    assert {"cgw2", "cgw3"} in found
    assert len(found) == 3


def test_a_site_that_claims_what_the_cloud_has_is_part_of_it():
    parts = Parts(over_circuit(spokes.spokes(4), 3, "172.16.0.0/12"))
    assert {one.name for one in parts.core.devices()} == {"cgw3"}
    assert len(together(parts)) == 3


def test_sites_that_all_claim_one_prefix_are_not_divided():
    network = spokes.spokes(3)
    for site in (1, 2, 3):
        network = over_circuit(network, site, "10.0.0.0/8")
    with pytest.raises(Undivided, match="less than two sites"):
        Parts(network)


def test_a_site_that_may_pass_on_what_it_heard_is_not_apart():
    with pytest.raises(Undivided, match=r"cgw1 may tell .* what it heard of others"):
        Parts(with_border_session(spokes.spokes(2), 1, filtered=False))


@pytest.mark.parametrize(("network", "expected"), [
    (lambda: spokes.spokes(2), False),
    (lambda: apart.edited(2, NO_WAY), False),
    (lambda: with_policies(spokes.spokes(2), destination_kinds=(AttachmentKind.VBR,)), True),
    (lambda: with_policies(spokes.spokes(2), permit=True, prefixes=(Prefix("172.16.0.0/16"),)), True),
    (lambda: with_second_table(spokes.spokes(2)), True),
    (lambda: back(spokes.spokes(2), 1, "10.1.99.0/24"), True),
    (lambda: at_transit_router(apart.edited(2, NO_WAY), None, "10.0.0.0/9"), True),
    (lambda: discarded(spokes.spokes(3), 1, "10.2.0.0/15"), True),
])
def test_packets_between_sites_are_looked_at_where_the_parts_do_not_tell_enough(network, expected, monkeypatch):
    """When sites may hear of one another, by devices or as a policy says; with two tables; when packets go round; when
    a route of the cloud is around sites; when a prefix has no addresses but other sites'.
    """
    monkeypatch.setattr(prove, "MOST_OPEN", 0)
    found = prove_by_spokes(network(), 0, ("no-loop",)).judgement("no-loop")
    assert any("pairs are too many" in one for one in found.not_covered) is expected


def test_what_is_not_looked_at_is_not_proved(monkeypatch):
    monkeypatch.setattr(prove, "MOST_OPEN", 0)
    found = prove_by_spokes(with_second_table(spokes.spokes(2)), 0, ("no-loop", "coverage"))
    assert found.judgement("no-loop").verdict == "not covered"
    assert found.judgement("coverage").not_covered


def test_every_shown_packet_is_computed_a_second_time():
    shown = [
        violation.example
        for one in prove_by_spokes(apart.drawn(17, 2), 1).judgements for violation in one.violations
        if violation.example is not None
    ]
    assert shown
    assert {one.doubt for one in shown} == {""}


def test_what_belongs_to_a_site_hangs_together():
    found = belonging(spokes.spokes(3))
    assert found.count == 3
    assert {found.nodes[name] for name in ("cgw2", "vbr2", "client2")} == {found.tunnels["Connection2/tunnel-1"]}
    assert found.attachments["VBR-Attachment2"] == found.attachments["VPN-Attachment2"] == found.nodes["cgw2"]
    assert found.nodes["vpc"] == found.attachments["VPC-Attachment"] == -1
