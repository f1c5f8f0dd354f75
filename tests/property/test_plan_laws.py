"""Laws of plans, each with the bugs it must notice."""

import importlib
import inspect
import random
import types
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from kernel_model import carry_out

from sealane.plan import (
    RANK,
    AddressSpec,
    BridgeSpec,
    CableSpec,
    CharonSpec,
    ConnectionSpec,
    Create,
    Delete,
    Key,
    Kind,
    NamespaceSpec,
    Plan,
    RealPortSpec,
    Resource,
    RouteSpec,
    Update,
    diff,
    project,
)
from strategies import host_changes

REAL = importlib.import_module("sealane.plan.diff")
DAEMONS = {Kind.BIRD, Kind.FRR, Kind.CHARON}
Host = frozenset[Resource]
Law = Callable[[types.ModuleType, Host, Host], None]


def reaches_the_desired_state(module: types.ModuleType, desired: Host, observed: Host) -> None:
    assert module.project(observed, module.diff(desired, observed)) == desired


def reaches_it_on_linux(module: types.ModuleType, desired: Host, observed: Host) -> None:
    assert carry_out(observed, module.diff(desired, observed)) == desired


def is_then_empty(module: types.ModuleType, desired: Host, observed: Host) -> None:
    assert module.diff(desired, desired) == Plan(())
    assert module.diff(desired, module.project(observed, module.diff(desired, observed))) == Plan(())


def is_independent_of_order(module: types.ModuleType, desired: Host, observed: Host) -> None:
    def shuffled(host: Host, seed: int) -> list[Resource]:
        ordered = sorted(host, key=lambda resource: resource.key)
        random.Random(seed).shuffle(ordered)
        return ordered

    plans = [module.diff(shuffled(desired, seed), shuffled(observed, seed + 9)) for seed in range(3)]
    assert plans[0] == plans[1] == plans[2]


def stops_daemons_by_name(module: types.ModuleType, desired: Host, observed: Host) -> None:
    stopped = {change.key for change in module.diff(desired, observed).changes() if isinstance(change, Delete)}
    wanted = {resource.key for resource in desired}
    assert {one.key for one in observed if one.key.kind in DAEMONS} - wanted <= stopped


def gives_real_ports_back_first(module: types.ModuleType, desired: Host, observed: Host) -> None:
    changes = module.diff(desired, observed).changes()
    place = {change.key: number for number, change in enumerate(changes) if not isinstance(change, Create)}
    removed = {change.key for change in changes if isinstance(change, Delete)}
    for resource in observed - desired:
        if isinstance(resource.payload, RealPortSpec):
            assert resource.key in place
            namespace = Key(Kind.NAMESPACE, resource.key.namespace, "")
            if namespace in removed:
                assert place[resource.key] < place[namespace]


def adds_before_it_removes(module: types.ModuleType, desired: Host, observed: Host) -> None:
    """But for links that hold a name, a real interface or an address of something new, and addresses beside others."""
    changes = module.diff(desired, observed).changes()
    first_addition = next((at for at, change in enumerate(changes) if not isinstance(change, Delete)), len(changes))
    last_addition = max((at for at, change in enumerate(changes) if not isinstance(change, Delete)), default=-1)
    assert all(not isinstance(change, Delete) for change in changes[first_addition : last_addition + 1])
    if last_addition < 0:
        return
    held = {end for one in desired - observed for end in held_by(one)}
    beside = {(one.key.namespace, one.payload.interface) for one in desired
              if isinstance(one.payload, AddressSpec | RouteSpec)}
    for change in changes[:first_addition]:
        if isinstance(change.old, AddressSpec) and (change.key.namespace, change.old.interface) in beside:
            continue
        assert held_by(Resource(change.key, change.old)) & held, f"{change.key} is in nobody's way"


def held_by(resource: Resource) -> set[object]:
    own: set[object] = {(resource.key.namespace, resource.key.name)}
    match resource.payload:
        case CableSpec(space, name):
            return own | {(space, name)}
        case RealPortSpec(interface):
            return own | {interface}
        case AddressSpec(_, address):
            return {(resource.key.namespace, "address", address)}
        case _:
            return own if resource.key.kind is Kind.LINK else set()


def makes_by_rank_and_unmakes_in_reverse(module: types.ModuleType, desired: Host, observed: Host) -> None:
    changes = module.diff(desired, observed).changes()
    made = [RANK[change.key.kind] for change in changes if not isinstance(change, Delete)]
    assert made == sorted(made)
    last = max((number for number, change in enumerate(changes) if not isinstance(change, Delete)), default=-1)
    unmade = [RANK[change.key.kind] for change in changes[last + 1 :]]
    assert not made or unmade == sorted(unmade, reverse=True)


def tells_the_old_payload(module: types.ModuleType, desired: Host, observed: Host) -> None:
    """A change is a statement about what is there; a driver removes by it."""
    have = {resource.key: resource.payload for resource in observed}
    for change in module.diff(desired, observed).changes():
        match change:
            case Create(key, _):
                assert key not in have
            case Update(key, old, _) | Delete(key, old):
                assert have[key] == old


def removes_nothing_twice(module: types.ModuleType, desired: Host, observed: Host) -> None:
    """Each removal of what the kernel or a charon takes along would cost a command."""
    changes = module.diff(desired, observed).changes()
    first_addition = next((at for at, change in enumerate(changes) if not isinstance(change, Delete)), 0)
    later = [change for change in changes[first_addition:] if isinstance(change, Delete)]
    gone = {(change.key.kind, change.key.namespace) for change in later}
    for change in later:
        if change.key.kind is Kind.CONNECTION:
            assert (Kind.CHARON, change.key.namespace) not in gone
        elif change.key.kind not in {*DAEMONS, Kind.NAMESPACE} and not isinstance(change.old, RealPortSpec):
            assert (Kind.NAMESPACE, change.key.namespace) not in gone


LAWS: tuple[Law, ...] = (
    reaches_the_desired_state,
    reaches_it_on_linux,
    is_then_empty,
    is_independent_of_order,
    stops_daemons_by_name,
    gives_real_ports_back_first,
    adds_before_it_removes,
    makes_by_rank_and_unmakes_in_reverse,
    tells_the_old_payload,
    removes_nothing_twice,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(host_changes())
def test_a_plan_keeps_every_law(change: tuple[Host, Host]) -> None:
    """To draw a change takes longer than to hold it against a law."""
    for law in LAWS:
        law(REAL, *change)


PLANTED: dict[str, tuple[str, str, Law]] = {
    "a replaced link's addresses and routes are forgotten": (
        "for end in _ends(key, payload, have.get(key))", "for end in ()", reaches_it_on_linux),
    "a replaced charon's connections are forgotten": (
        "return key.namespace in charons or (", "return (", reaches_it_on_linux),
    "what was on the far end of a replaced cable is forgotten": (
        "return ((key.namespace, key.name), *peers)", "return ((key.namespace, key.name),)", reaches_it_on_linux),
    "routes are forgotten where addresses are not": (
        "case RouteSpec(interface=None):", "case RouteSpec(interface=None) if False:", reaches_it_on_linux),
    "daemons are left to die with their namespace": (
        "key.kind not in _DAEMONS", "key.kind in Kind", stops_daemons_by_name),
    "real ports are left to die with their namespace": (
        " and not isinstance(payload, RealPortSpec)", "", gives_real_ports_back_first),
    "real ports are given back after their namespace went": (
        "(-RANK[change.key.kind], change.key)", "(RANK[change.key.kind], change.key)", gives_real_ports_back_first),
    "namespaces go before what is in them": (
        "(-RANK[change.key.kind], change.key)", "(RANK[change.key.kind], change.key)",
        makes_by_rank_and_unmakes_in_reverse),
    "additions come as they were given": (
        "sorted(additions, key=lambda change: (RANK[change.key.kind], change.key))",
        "sorted(additions, key=lambda change: RANK[change.key.kind])", is_independent_of_order),
    "additions come by name instead of kind": (
        "key=lambda change: (RANK[change.key.kind], change.key))\n    ordered += sorted(removals",
        "key=lambda change: change.key.namespace)\n    ordered += sorted(removals", reaches_it_on_linux),
    "a link in the way is removed after its successor was made": (
        "first = _in_the_way(want, have)", "first = frozenset()", reaches_it_on_linux),
    "only names are taken to be in the way": (
        'return own, ("host", "", interface)', "return (own,)", reaches_it_on_linux),
    "addresses are not taken to be in the way": (
        'return (("address", key.namespace, address),)', "return ()", reaches_it_on_linux),
    "an address beside another is removed after it": (
        " or not beside.isdisjoint(_holder(key, payload))", "", reaches_it_on_linux),
    "every unwanted link goes first": (
        "any(claim in needed for claim", "any(True or claim in needed for claim", adds_before_it_removes),
    "what differs is taken for equal": (
        "if have.get(key) != payload}\n    ends", "if key not in have}\n    ends", reaches_the_desired_state),
    "what is in no removed namespace goes along too": (
        "return (Kind.NAMESPACE, key.namespace) in gone and", "return bool(gone) and", reaches_the_desired_state),
    "connections are unloaded from a charon that is stopped": (
        "return (Kind.CHARON, key.namespace) in gone", "return False", removes_nothing_twice),
    "what goes with its namespace is removed one by one": (
        "and key not in first and not _goes_along(key, payload, gone)", "and key not in first", removes_nothing_twice),
    "what is lost is created instead of updated": (
        "if old is None else Update(key, old, payload)", "if True else Update(key, old, payload)",
        tells_the_old_payload),
}


def planted(old: str, new: str) -> types.ModuleType:
    """The planner with one line changed; it keeps speaking of the same classes."""
    source = inspect.getsource(REAL)
    assert source.count(old) == 1, f"the planner has no longer one place that says {old!r}"
    module = types.ModuleType("planted")
    names = ("Create", "Update", "Delete", "Stage", "Plan")
    module.__dict__["__name__"] = REAL.__name__  # dataclasses look their module up
    exec(compile(source.replace(old, new), "planted", "exec"), module.__dict__)
    module.__dict__.update({name: getattr(REAL, name) for name in names})
    return module


@pytest.mark.parametrize("bug", PLANTED)
def test_a_law_that_does_not_notice_is_no_law(bug: str) -> None:
    old, new, law = PLANTED[bug]
    module = planted(old, new)

    @settings(max_examples=700, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(host_changes())
    def holds(change: tuple[Host, Host]) -> None:
        law(module, *change)

    with pytest.raises(AssertionError):
        holds()


def host(*resources: tuple[Kind, str, str, object]) -> Host:
    return frozenset(Resource(Key(kind, space, name), payload) for kind, space, name, payload in resources)


SPACE = NamespaceSpec(forwarding=True)
PC, ROUTER, SWITCH, PC2 = ((Kind.NAMESPACE, name, "", SPACE) for name in ("pc", "router", "switch", "pc2"))


def test_two_ports_left_of_a_switch_are_joined_by_a_cable_that_survives() -> None:
    address = (Kind.ADDRESS, "router", "lan 10.0.0.1/24", AddressSpec("lan", "10.0.0.1/24"))
    switched = host(
        PC, ROUTER, SWITCH, PC2, address,
        (Kind.LINK, "switch", "sw0", BridgeSpec(1500)),
        *((Kind.LINK, space, name, CableSpec("switch", space, 1500, None, "sw0"))
          for space, name in (("pc", "eth0"), ("pc2", "eth0"), ("router", "lan"))),
    )
    joined = host(PC, ROUTER, address, (Kind.LINK, "pc", "eth0", CableSpec("router", "lan", 1500)))
    plan = diff(joined, switched)
    assert carry_out(switched, plan) == joined
    assert carry_out(joined, diff(switched, joined)) == switched
    assert plan.describe()[0] == "delete link router/lan"


def test_a_real_port_moves_to_another_namespace_by_way_of_the_host() -> None:
    before = host(ROUTER, (Kind.LINK, "router", "circuit", RealPortSpec("eth1", 0, 1500)))
    after = host(SWITCH, (Kind.LINK, "switch", "circuit", RealPortSpec("eth1", 0, 1500)))
    assert carry_out(before, diff(after, before)) == after


def test_a_route_is_made_again_when_its_address_moves_to_a_renamed_interface() -> None:
    route = (Kind.ROUTE, "pc", "254 0.0.0.0/0", RouteSpec(254, "0.0.0.0/0", "10.0.0.254", None))

    def named(name: str) -> Host:
        return host(PC, route, (Kind.LINK, "pc", name, BridgeSpec(1500)),
                    (Kind.ADDRESS, "pc", f"{name} 10.0.0.1/24", AddressSpec(name, "10.0.0.1/24")))

    plan = diff(named("new"), named("old"))
    assert Key(Kind.ROUTE, "pc", "254 0.0.0.0/0") in {change.key for change in plan.changes()}
    assert carry_out(named("old"), plan) == named("new")


def test_a_route_follows_an_address_that_moves_between_interfaces_that_stay() -> None:
    route = (Kind.ROUTE, "pc", "254 0.0.0.0/0", RouteSpec(254, "0.0.0.0/0", "10.0.0.254", None))
    links = [(Kind.LINK, "pc", name, BridgeSpec(1500)) for name in ("x", "y")]

    def on(name: str) -> Host:
        return host(PC, route, *links, (Kind.ADDRESS, "pc", f"{name} 10.0.0.1/24", AddressSpec(name, "10.0.0.1/24")))

    assert diff(on("y"), on("x")).describe() == (
        "delete address pc/x 10.0.0.1/24",
        "create address pc/y 10.0.0.1/24",
        "update route pc/254 0.0.0.0/0",
    )
    forgetful = planted("for key in first for end", "for key in () for end")
    assert "update route pc/254 0.0.0.0/0" not in forgetful.diff(on("y"), on("x")).describe()


def test_an_address_that_replaces_another_of_its_subnet_comes_after_it_went() -> None:
    link = (Kind.LINK, "pc", "x", BridgeSpec(1500))
    route = (Kind.ROUTE, "pc", "254 10.1.0.0/16", RouteSpec(254, "10.1.0.0/16", None, "x"))

    def at(last: int) -> Host:
        return host(PC, link, route, (Kind.ADDRESS, "pc", f"x 10.0.0.{last}/30", AddressSpec("x", f"10.0.0.{last}/30")))

    assert diff(at(1), at(2)).describe() == (
        "delete address pc/x 10.0.0.2/30",
        "create address pc/x 10.0.0.1/30",
        "update route pc/254 10.1.0.0/16",
    )


def test_a_replaced_charon_has_its_connections_loaded_again() -> None:
    def charon(config: str) -> Host:
        return host(PC, (Kind.CHARON, "pc", "", CharonSpec(config, None)),
                    (Kind.CONNECTION, "pc", "ipsec1", ConnectionSpec("{}", "pc/1", "", initiate=True)))

    changes = diff(charon("new"), charon("old")).changes()
    assert [change.key.kind for change in changes] == [Kind.CHARON, Kind.CONNECTION]


def test_a_plan_describes_each_change_in_a_line() -> None:
    plan = diff(host(PC, (Kind.LINK, "pc", "x", BridgeSpec(1500))), host(PC2, (Kind.LINK, "pc2", "x", BridgeSpec(1))))
    assert plan.describe() == ("create namespace pc", "create link pc/x", "delete namespace pc2")


def test_stages_hold_one_kind_and_one_direction_each() -> None:
    before = host(PC, (Kind.LINK, "pc", "x", BridgeSpec(1500)), (Kind.LINK, "pc", "y", BridgeSpec(1500)))
    after = host(PC, (Kind.LINK, "pc", "z", BridgeSpec(1500)), (Kind.LINK, "pc", "x", BridgeSpec(1400)))
    stages = diff(after, before).stages
    assert len(stages) == 2
    assert all(
        (isinstance(one, Delete), one.key.kind) == (isinstance(other, Delete), other.key.kind)
        for stage in stages for one, other in pairwise(stage.changes)
    )
    assert project(before, diff(after, before)) == after
