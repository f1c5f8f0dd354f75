"""A survey answers for every packet by walking few of them: it must say what walking each of them says."""

import importlib
import random
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_checker_laws import bases, case

import variations
from sealane.model import Mode, Network, StaticRoute, TransitRoute
from sealane.net import Address, Prefix
from sealane.twin.element import elements
from sealane.twin.packet import Fate, Packet
from sealane.verify import checker
from sealane.verify import survey as real
from sealane.verify.entry import Entries, Entry
from sealane.verify.outcome import End, Result
from sealane.verify.ways import trip_end
from variations import PREFIXES

Change = Callable[[Network, variations.Choose], Network]

SOURCES = Path(real.__file__).parent
MOST = 0xFFFFFFFF


def walked(found, flow, failed, tunnels, packet) -> set[End]:
    walker = found.twin.walker(failed, tunnels)
    if flow.entry.arrived and not walker.situation.up(flow.entry.node, flow.entry.arrived):
        return {End(Result.UNREACHABLE, Fate.UNANSWERED.value)}
    trips = walker.send(packet, flow.entry.node, flow.entry.arrived or None, either=True)
    return {trip_end(one, walker.situation) for one in trips}


def some_of(found, one, choose) -> int:
    """An address of a class, where changes like to make differences."""
    bounds = [int(bound) + step for prefix in PREFIXES for bound in (prefix[0], prefix[-1]) for step in (0, 3)]
    inside = [at for at in (*bounds, one.prefix.address, one.prefix.last) if found.universe.of(at & MOST) == one]
    return choose(inside) & MOST if inside else one.address


def holds(network, choose, module=real) -> None:
    """One survey, asked about scenario after scenario; some flows of each are walked with other addresses and shapes.

    Raises:
        AssertionError: It says something else than the walk.
    """
    found = module.Survey(network, 2)
    known = elements(network)
    for _ in range(3):
        failed = frozenset(choose(known) for _ in range(choose((0, 1, 1, 2))))
        scenario = found.scenario(failed)
        protected = [one for one in found.flows if one.protections]
        for flow in (choose(choose((found.flows, protected or found.flows))) for _ in range(16)):
            for state in scenario.states:
                outcome = found.outcome_in(flow, failed, state)
                for end, packet in found.examples(flow, failed, state):
                    assert end in walked(found, flow, failed, state, packet), f"{flow}: {packet} does not end so"
                    assert end in outcome.ends
                source, destination = (
                    some_of(found, one, choose) for one in (choose(flow.sources), flow.destination)
                )
                shape = choose((*found.filters.shapes, (6, choose(range(65536)), choose(range(65536))), (47, 0, 0)))
                ends = walked(found, flow, failed, state, Packet(source, destination, *shape))
                for end in ends:
                    assert set(end.clear) <= set(outcome.clear), f"{flow}: crosses {end.clear}"
                    assert end.why == Fate.FILTERED.value or end in outcome.ends, f"{flow}: {end} is missing"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False))
def test_every_address_and_shape_of_a_flow_gets_its_outcome_in_every_state(rng: random.Random) -> None:
    holds(case(rng.choice)[0], rng.choice)


FOUND = re.compile(r"failed, tunnels (.*): ([\d.]+) -> ([\d.]+) protocol \d+ from (\S+) (\S+) in clear")


def small(network: Network) -> Network:
    """Few addresses are protected, so that the checker's look at every packet does not take long."""
    few = [replace(one, cloud=(Prefix("172.16.10.224/30"),), site=(Prefix("192.168.20.4/30"),))
           for one in network.protections]
    return replace(network, protections=tuple(few))


@pytest.mark.parametrize("seed", range(8))
def test_the_checker_finds_the_same_protected_packets_in_clear(seed: int) -> None:
    """It walks every packet by itself; those that enter where their source belongs must be the survey's."""
    rng = random.Random(seed)
    network = small(case(rng.choice)[0])
    found = real.Survey(network, 0)
    scenario, entries = found.scenario(), Entries(network)
    leaks = {
        (one.entry, source, one.destination)
        for one in found.flows if one.protections and found.outcome(one, scenario).clear for source in one.sources
    }
    told = [FOUND.search(text) for text in checker.check_encrypted(network, 0)]
    assert bool(told) >= bool(leaks)
    for one in told:
        source, destination = (int(Address(text)) for text in one.group(2, 3))
        entry = Entry(*one.group(4, 5))
        if entry in entries.of(source):
            assert (entry, found.universe.of(source), found.universe.of(destination)) in leaks, one.string


APART = Prefix("172.16.8.0/21")
"""A prefix that the example does not mention."""


def discarding(network: Network, choose) -> Network:
    """The device discards a part of the VPC."""
    devices = [replace(one, static_routes=(*one.static_routes, StaticRoute(APART, None, discard=True)))
               if one.platform in variations.DEVICES else one for one in network.nodes]
    return replace(network, nodes=tuple(devices))


def black_hole(network: Network, choose) -> Network:
    """The transit router discards a part of the VPC."""
    def change(router):
        tables = tuple(replace(one, routes=(*one.routes, TransitRoute(APART, None))) for one in router.tables)
        return replace(router, tables=tables)

    nodes = [one if one.transit_router is None else replace(one, transit_router=change(one.transit_router))
             for one in network.nodes]
    return replace(network, nodes=tuple(nodes))


def narrow(network: Network, choose) -> Network:
    """A part of the clients is protected, strictly."""
    strict = [replace(one, site=(Prefix("192.168.20.0/28"),), mode=Mode.REQUIRED) for one in network.protections]
    return replace(network, protections=tuple(strict))


PLANTED: dict[str, tuple[Change, str, str, str]] = {
    "a static route makes no class": (
        discarding, "universe", "yield from (Cidr.of(route.prefix) for route in node.static_routes)", "pass",
    ),
    "a custom route makes no class": (
        black_hole, "universe",
        "yield from (Cidr.of(one.prefix) for table in router.tables for one in table.routes)", "pass",
    ),
    "a node's address is like any other of its network": (
        variations.modes, "universe", "yield Cidr.host(int(one.ip))", "pass",
    ),
    "an interface that goes down is not noticed": (
        variations.modes, "ways", "found = self._walker.situation.up(node, where)", "found = True",
    ),
    "a route that changes is not noticed": (
        variations.modes, "ways", "(decision.next_hops, connected)", "True",
    ),
    "filters see no sources": (
        narrow, "survey", "groups.setdefault((entry, self._key(one.address)), [])",
        "groups.setdefault((entry, 0), [])",
    ),
    "a firewall lets everything pass": (
        variations.device_ports, "shapes", "if firewall.opens_or_answers(node, arrived, leaving, packet).passes:",
        "if True:",
    ),
    "a meter lets everything pass": (variations.modes, "survey", "if hop.circuit and required:", "if False:"),
}
"""Changes that may make it matter; place in the survey, what stands there, what is put there."""


def planted(folder: Path, file: str, old: str, new: str):
    """The survey with one place changed, as a package of its own."""
    name = f"planted_{abs(hash((file, old, new)))}"
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    for stem in ("survey", "universe", "ways", "shapes"):
        text = (SOURCES / f"{stem}.py").read_text()
        if stem == file:
            assert text.count(old) == 1, f"{file} has no longer one place that says {old!r}"
            text = text.replace(old, new)
        for other in ("survey", "universe", "ways", "shapes"):
            text = text.replace(f"sealane.verify.{other} ", f"{name}.{other} ")
        (folder / name / f"{stem}.py").write_text(text)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(f"{name}.survey")
    finally:
        sys.path.remove(str(folder))


@pytest.mark.parametrize("bug", PLANTED)
def test_a_law_that_does_not_notice_is_no_law(bug: str, tmp_path: Path) -> None:
    change, *place = PLANTED[bug]
    module = planted(tmp_path, *place)

    def notices(seed: int) -> bool:
        rng = random.Random(seed)
        network = bases()[0]
        network = change(network, rng.choice)
        try:
            holds(network, rng.choice, module)
        except AssertionError:
            return True
        return False

    assert any(notices(seed) for seed in range(40))
