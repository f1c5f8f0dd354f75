"""Documents become the plan that an operator would write for the same network."""

import re
from dataclasses import replace

import pytest
import yaml
from use_case import ACCOUNT, EXAMPLE, REGION, documents, world

from sealane import kinds
from sealane.app.load import load
from sealane.app.server.networks import expand
from sealane.cloud import Document, Transaction, World
from sealane.cloud.to_plan import as_mark, carried_networks, plain
from sealane.lower import EspBackend, LowerOptions, lower, on_this_host


def resources(network):
    digests = {(pair.near_node, pair.near.name): "x" for pair in network.tunnels()}
    digests |= {(pair.far_node, pair.far.name): "x" for pair in network.tunnels() if pair.far}
    options = LowerOptions(EspBackend.USERSPACE, "/run/x", digests, None)
    return lower(on_this_host(network), options).resources


def test_the_use_case_by_calls_is_the_network_of_the_example_plan():
    (carried,) = carried_networks(world(), [ACCOUNT], "n", readable=True)
    example = load(EXAMPLE / "plan.yaml", live=False)
    made = expand(replace(carried, plan=type(carried.plan)("vpc-1", {**carried.plan, "name": "hangzhou"})))
    assert made.findings == example.findings
    assert set(map(str, resources(made.network))) == set(map(str, resources(example.network)))


def test_ids_as_names_make_a_sound_network_that_renaming_does_not_move():
    (carried,) = carried_networks(world(), [ACCOUNT], "n")
    made = expand(carried)
    assert made.network is not None, made.findings
    renamed = [replace(one, fields={**one.fields, "VpcName": "other"}) if one.id == "vpc-1" else one
               for one in documents()]
    (again,) = carried_networks(World(renamed), [ACCOUNT], "n")
    assert plain(again.plan) == plain(carried.plan)


def test_the_plan_written_as_text_is_the_same_plan():
    (carried,) = carried_networks(world(), [ACCOUNT], "n", readable=True)
    text = yaml.safe_dump(plain(carried.plan), sort_keys=False)
    from_text, findings = kinds.read_plan(text, "plan.yaml")
    from_tree, others = kinds.read_tree(as_mark(carried.plan, "x"))
    assert from_text == from_tree
    assert [one.code for one in findings] == [one.code for one in others]


def test_a_site_calls_circuits_and_customer_gateways_as_the_plan_does():
    made = documents()
    known = {one.id: one.text("Name") for one in made if one.kind == "customer_gateway"}
    (site,) = (one for one in made if one.kind == "site")
    told = site.fields["site"]
    written = {**told, "device": {**told["device"], "customer_gateways": list(known)}}
    others = [one for one in made if one.kind != "site"]
    (carried,) = carried_networks(World([*others, replace(site, fields={**site.fields, "site": written})]), [ACCOUNT],
                                  "n", readable=True)
    assert carried.plan["sites"][0]["device"]["customer_gateways"] == list(known.values())


def test_whatever_prefix_of_the_calls_was_made_is_a_sound_network():
    made = documents()
    for count in range(len(made) + 1):
        for carried in carried_networks(World(made[:count]), [ACCOUNT], "n"):
            expanded = expand(carried)
            assert expanded.network is not None, (count, made[count - 1].id, expanded.findings)


GUARDED = {"sg-1", "cen-1", "vtb-tr"}
"""The cloud does not let them go while others use them."""


@pytest.mark.parametrize("gone", [one.id for one in documents() if one.id not in GUARDED])
def test_what_is_being_deleted_is_no_longer_carried_and_hurts_nobody_else(gone):
    left = World(replace(one, deleting=True) if one.id == gone else one for one in documents())
    for carried in carried_networks(left, [ACCOUNT], "n"):
        assert not re.search(rf"(?<![\w-]){gone}(?![\w-])", str(plain(carried.plan))), carried.plan
        expand(carried)


def test_what_is_attached_to_nothing_is_a_network_of_its_own():
    made = [one for one in documents() if not one.id.startswith(("tr-attach", "assoc", "prop"))]
    assert [one.name for one in carried_networks(World(made), [ACCOUNT], "n")] == [
        f"n{one.sequence}" for kind in ("transit_router", "vpc", "vbr") for one in made if one.kind == kind
    ]


def _route_to(instance, *, status="Running"):
    """The use case with a route over an instance, which has a status, and with a vSwitch in a secondary block."""
    made = [replace(one, status=status) if one.id == instance else one for one in documents()]
    made = [replace(one, fields={**one.fields, "SecondaryCidrBlocks": ["10.30.0.0/16"]}) if one.id == "vpc-1" else one
            for one in made]
    switch = {"VSwitchName": "vSwitch4", "ZoneId": f"{REGION}-j", "CidrBlock": "10.30.1.0/24"}
    route = {"DestinationCidrBlock": "192.168.77.0/24", "NextHopType": "Instance", "NextHopId": instance,
             "HopInstanceId": instance}
    more = (("vsw-4", "vswitch", "vpc-1", switch), ("rte-vpc-9", "route_entry", "vtb-vpc", route))
    return World([*made, *(Document(one, kind, ACCOUNT, REGION, parent, "Available", fields, sequence=900 + number)
                           for number, (one, kind, parent, fields) in enumerate(more))])


def test_a_route_to_an_instance_leads_there_while_it_runs():
    routes = {}
    for status in ("Running", "Stopping", "Stopped"):
        (carried,) = carried_networks(_route_to("i-1", status=status), [ACCOUNT], "n")
        made = expand(carried)
        assert made.network is not None, made.findings
        node = made.network.node("vpc-1")
        routes[status] = next(one for one in node.static_routes if str(one.prefix) == "192.168.77.0/24")
    assert (str(routes["Running"].next_hop), routes["Running"].interface) == ("172.16.10.225", "vsw-1")
    assert routes["Stopping"].discard
    assert routes["Stopped"].discard


def test_a_vswitch_in_a_secondary_block_is_told_to_the_transit_router():
    (carried,) = carried_networks(_route_to("i-1"), [ACCOUNT], "n")
    node = expand(carried).network.node("tr-1")
    told = next(one for one in node.transit_router.attachments if one.name == "tr-attach-vpc").prefixes
    assert "10.30.1.0/24" in map(str, told)


def test_another_accounts_documents_are_not_seen():
    state = Transaction(everything := world())
    state.put(Document("vpc-9", "vpc", "2", REGION, fields={"CidrBlock": "10.0.0.0/8"}))
    state.put(Document("vsw-9", "vswitch", "2", REGION, "vpc-9", fields={"CidrBlock": "10.0.0.0/24", "ZoneId": "z"}))
    everything.adopt(state.changes)
    assert len(carried_networks(everything, [ACCOUNT], "n")) == 1
    assert len(carried_networks(everything, [ACCOUNT, "2"], "n")) == 2
