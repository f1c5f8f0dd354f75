"""Whatever happens to documents, what was remembered of the rounds before changes nothing of what is made of them."""

import sys
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.app.server.networks import expand
from sealane.cloud import Document, Transaction, World
from sealane.cloud.settle import remove, settle
from sealane.cloud.to_plan import Former, carried_networks, plain
from sealane.lower import EspBackend, LowerOptions, lower, on_this_host
from sealane.plan import Kind, diff, differing_leaves

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "cloud"))
import use_case


def documents():
    """The use case, and a second group whose rule names the members of the first."""
    made = use_case.documents()

    def add(one, kind, parent="", status="", **fields):
        made.append(Document(one, kind, use_case.ACCOUNT, use_case.REGION, parent, status, fields, settled=1,
                             sequence=len(made) + 1))

    add("sg-2", "security_group", "vpc-1", SecurityGroupType="normal")
    add("sgr-2", "security_rule", "sg-2", Direction="ingress", IpProtocol="TCP", PortRange="22/22",
        SourceGroupId="sg-1", Policy="accept", Priority=1)
    add("i-3", "instance", "vsw-2", "Running", PrivateIpAddress="172.16.20.7", SecurityGroupIds=["sg-2"])
    return made


DOCUMENTS = documents()
OPTIONS = LowerOptions(EspBackend.USERSPACE, "/run/x", {})
CARRIES = ("route_entry", "tr_route_entry", "security_rule", "vswitch", "instance", "tr_attachment", "tr_association",
           "tr_propagation", "route_map", "tunnel", "customer_gateway", "site", "vbr", "vpn_attachment", "vpc")
PLACES = [place for place, one in enumerate(DOCUMENTS) if one.kind in CARRIES and not one.id.startswith("sgr-UDP")]


def put(world, *documents):
    state = Transaction(world)
    for one in documents:
        state.put(one)
    world.adopt(state.changes)


def removed(world, one):
    state = Transaction(world)
    remove(one, state)
    world.adopt(state.changes)


def edited(one, source):
    """The document with one field of another of its kind, whose turn it is."""
    shared = sorted(key for key in one.fields.keys() & source.fields.keys() if one.fields[key] != source.fields[key])
    if not shared:
        return replace(one, generation=one.generation + 1)
    key = shared[one.generation % len(shared)]
    return replace(one, fields={**one.fields, key: source.fields[key]}, generation=one.generation + 1)


class Histories:
    """A world, the documents that are left out of its networks, and what may happen to it."""

    def __init__(self):
        self.world = World(DOCUMENTS)
        self.without = frozenset()

    def delete(self, one):
        put(self.world, replace(one, deleting=not one.deleting, generation=one.generation + 1))

    def settle(self, one):
        state = Transaction(self.world)
        settle(one, state)
        self.world.adopt(state.changes)

    def remove(self, one):
        removed(self.world, one)

    def edit(self, one):
        others = [other for other in self.world.of_kind(one.account, one.kind) if other.id != one.id]
        if others:
            put(self.world, edited(one, others[one.generation % len(others)]))

    def again(self, one):
        """A document like one that is there, as when it was removed and made again."""
        if one.kind != "site":
            removed(self.world, one)
            put(self.world, replace(one, id=f"{one.id}-{self.world.sequence}", sequence=0))

    def exclude(self, one):
        self.without ^= {one.id}


STEPS = st.lists(
    st.tuples(st.sampled_from(("delete", "settle", "remove", "edit", "edit", "again", "exclude")),
              st.sampled_from(PLACES)),
    min_size=3, max_size=10,
)


def made(history, former):
    found = []
    for carried in carried_networks(history.world, [use_case.ACCOUNT], "n", without=history.without, former=former):
        expanded = expand(carried, former.memo)
        lowered = None
        if expanded.network is not None:
            lowered = lower(on_this_host(expanded.network), OPTIONS, former.memo)
        found.append((carried, expanded, lowered))
    return found


def told(one):
    """All of a result by value; findings and the network tell also where they come from."""
    carried, expanded, lowered = one
    return (carried.name, plain(carried.plan), carried.configs, carried.transit_router, expanded.findings,
            expanded.network, repr(expanded.network), lowered and (lowered.resources, lowered.places, lowered.ends))


@settings(max_examples=25, deadline=None)
@given(STEPS)
def test_what_is_remembered_makes_the_same_networks_and_resources_as_beginning_anew(steps):
    history, former = Histories(), Former()
    made(history, former)
    for what, place in steps:
        one = history.world.get(DOCUMENTS[place].id)
        if one is None:
            put(history.world, *(known for known in DOCUMENTS if history.world.get(known.id) is None))
        else:
            getattr(history, what)(one)
        former.turn()
        assert list(map(told, made(history, former))) == list(map(told, made(history, Former())))


@settings(max_examples=20, deadline=None)
@given(STEPS, st.integers(0, 9))
def test_leaves_that_differ_make_the_same_plan_as_everything(steps, at):
    history, former = Histories(), Former()
    before = made(history, former)
    for what, place in steps[: at + 1]:
        one = history.world.get(DOCUMENTS[place].id)
        if one is not None:
            getattr(history, what)(one)
    former.turn()
    for one, other in zip(before, made(history, former), strict=False):
        if one[2] is None or other[2] is None:
            continue
        old, new = one[2].resources, other[2].resources
        found = differing_leaves(new, old)
        if found is not None:
            assert diff(*found) == diff(new, old)


def test_of_what_others_hang_on_all_has_to_be_looked_at():
    ((_, _, lowered),) = made(Histories(), Former())
    for kind in (Kind.NAMESPACE, Kind.LINK, Kind.ADDRESS, Kind.CHARON, Kind.CONNECTION):
        without = tuple(one for one in lowered.resources if one.key.kind is not kind)
        assert len(without) < len(lowered.resources)
        assert differing_leaves(lowered.resources, without) is differing_leaves(without, lowered.resources) is None
