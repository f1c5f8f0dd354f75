"""What ``up`` refuses: making clear what mode ``required`` keeps from it."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agreed_text import Agreed
from sealane.app.controller import Controller
from sealane.app.live import worth_reviewing
from sealane.app.load import load, load_again
from sealane.app.review import Review, message, review
from sealane.app.runstate import RunRecord
from sealane.model import Mode
from sealane.net import NodeName
from sealane.twin.converge import Twin
from sealane.twin.packet import ping
from sealane.verify.required import Breach, Cleared, made_clear
from variations import vary

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "hangzhou"
GOLDEN = Path(__file__).parent / "golden"
PAIR = "  - name: dc-vpc\n    cloud: [172.16.0.0/16]\n    site: [192.168.20.0/24]\n    mode: open\n"
REQUIRED = (PAIR, PAIR.replace("open", "required"))
VPN = (
    "ipsec_connection: IPsecConnection\n        auto_publish_route_enabled: true\n        association: system\n"
    "        propagations: [system]\n"
)
NO_PROPAGATION = (VPN, VPN.replace("[system]", "[]"))
REAL_LINE = ("port: {rehearsal: true}", "port: {interface: eth9}")


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    for file in EXAMPLE.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path / "plan.yaml"


def edit(plan: Path, *edits: tuple[str, str]) -> None:
    text = plan.read_text()
    for old, new in edits:
        assert text.count(old) == 1
        text = text.replace(old, new)
    plan.write_text(text)


def controller(plan: Path) -> Controller:
    return Controller("hangzhou", "userspace", plan.parent / "run")


def up(plan: Path, stage: str = "encrypted", mode: Mode | None = None) -> None:
    """What ``up`` keeps of a network, without the network."""
    directory = controller(plan).directory
    sources = load(plan).sources
    assert sources is not None
    name = None if mode is None else mode.value
    directory.save(RunRecord("hangzhou", str(plan), stage, name, "userspace", complete=True))
    directory.keep_sources(sources)


def judged(plan: Path, stage: str = "encrypted", mode: Mode | None = None) -> Review:
    return review(load(plan, live=True), controller(plan), stage, mode)


def codes(found: Review) -> list[str]:
    return sorted(one.code for one in found.findings)


def test_a_network_that_is_not_up_is_compared_with_nothing(plan: Path) -> None:
    assert not worth_reviewing(load(plan), controller(plan), None)
    assert worth_reviewing(load(plan), controller(plan), Mode.REQUIRED)
    for mode in (None, Mode.REQUIRED):
        assert judged(plan, mode=mode) == Review(None, ())
    edit(plan, REQUIRED)
    assert worth_reviewing(load(plan), controller(plan), None)
    assert judged(plan) == Review(None, ())


def test_routes_past_the_tunnels_are_refused_from_the_start(plan: Path) -> None:
    edit(plan, REQUIRED, NO_PROPAGATION)
    assert codes(judged(plan)) == ["CLEAR-002"]
    assert codes(judged(plan, stage="plain")) == []  # incomplete on purpose, and the meters drop
    assert codes(judged(plan, mode=Mode.OPEN)) == []


def test_a_device_that_falls_back_on_a_real_line_is_refused(plan: Path) -> None:
    edit(plan, REQUIRED, REAL_LINE)
    assert codes(judged(plan)) == ["CLEAR-003"]


def test_the_same_again_is_not_reviewed(plan: Path) -> None:
    edit(plan, REQUIRED)
    up(plan)
    assert judged(plan) == Review(None, ())


def test_a_requirement_that_is_taken_back_is_refused_and_the_difference_is_told(plan: Path) -> None:
    edit(plan, REQUIRED)
    up(plan)
    edit(plan, (REQUIRED[1], REQUIRED[0]))
    found = judged(plan)
    assert codes(found) == ["CLEAR-001"]
    assert found.difference is not None
    assert [one.lines() for one in found.difference.protections] == [("mode required -> open",)]


def test_a_required_mode_of_the_command_line_is_not_dropped_by_leaving_it_out(plan: Path) -> None:
    up(plan, mode=Mode.REQUIRED)
    assert codes(judged(plan)) == ["CLEAR-001"]
    assert codes(judged(plan, mode=Mode.REQUIRED)) == []


NARROWER = REQUIRED[1].replace("172.16.0.0/16", "172.16.10.0/24")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (NARROWER, ["CLEAR-001"]),
        (REQUIRED[1].replace("dc-vpc", "another-name"), []),
        (REQUIRED[1].replace("192.168.20.0/24", "192.168.0.0/16"), ["CLEAR-002"]),  # it gains what goes in clear
        (f"{NARROWER}{NARROWER.replace('dc-vpc', 'rest').replace('172.16.10.0/24', '172.16.0.0/16')}", []),
    ],
)
def test_what_counts_is_which_addresses_are_covered(plan: Path, after: str, expected: list[str]) -> None:
    edit(plan, REQUIRED)
    up(plan)
    edit(plan, (REQUIRED[1], after))
    assert codes(judged(plan)) == expected


def test_what_was_allowed_once_is_not_asked_for_again(plan: Path) -> None:
    edit(plan, REQUIRED)
    up(plan)
    edit(plan, NO_PROPAGATION)
    assert codes(judged(plan)) == ["CLEAR-002"]
    up(plan)
    edit(plan, ("version: 1\n", "# a comment\nversion: 1\n"))
    found = judged(plan)
    assert codes(found) == []
    assert found.difference is not None
    assert not found.difference.routes
    assert not found.difference.flows


def test_without_what_was_kept_the_mode_still_counts(plan: Path) -> None:
    up(plan, mode=Mode.REQUIRED)
    (controller(plan).directory.path / "sources.json").write_text("{")
    assert codes(judged(plan)) == ["CLEAR-001"]


def test_what_is_kept_is_private_and_gives_the_same_network(plan: Path) -> None:
    up(plan)
    path = controller(plan).directory.path / "sources.json"
    assert path.stat().st_mode & 0o777 == 0o600
    kept = controller(plan).directory.sources()
    assert kept is not None
    assert "cisco" not in repr(kept)
    before = load(plan).network
    plan.unlink()
    plan.with_name("cgw.asa.cfg").unlink()
    again = load_again(kept).network
    assert before is not None
    assert again is not None
    known, found = ([replace(node, tunnel_ends=()) for node in one.nodes] for one in (before, again))
    assert (found, again.protections) == (known, before.protections)


def test_a_requirement_is_kept_even_where_no_single_failure_makes_clear() -> None:
    network = load(ROOT / "examples" / "load-balancing" / "plan.yaml").network
    assert network is not None
    opened = replace(network, protections=tuple(replace(one, mode=Mode.OPEN) for one in network.protections))
    (found,) = made_clear(network, opened, complete=True)
    assert (found.breach, found.circuits, found.failures) == (Breach.RELEASED, (), ())
    assert made_clear(network, replace(network, name="other"), complete=True) == ()
    assert made_clear(opened, network, complete=True) == ()


@pytest.mark.parametrize("seed", range(12))
def test_a_way_in_clear_that_the_twin_finds_is_refused(seed: int) -> None:
    """Whatever is changed about the example: the twin is asked by itself about two hosts, with no survey between."""
    start = load(EXAMPLE / "plan.yaml").network
    assert start is not None
    network = vary(start, random.Random(seed).choice)
    opened, required = (
        replace(network, protections=tuple(replace(one, mode=mode) for one in start.protections))
        for mode in (Mode.OPEN, Mode.REQUIRED)
    )
    converged = Twin(opened).converge()
    ends = (("ecs1", 0xAC100AE1, 0xC0A81406), ("client", 0xC0A81406, 0xAC100AE1))
    trips = [
        trip for node, here, there in ends
        for trip in converged.walker().send(ping(here, there), NodeName(node), either=True)
    ]
    if any(trip.delivered and trip.clear_circuits() for trip in trips):
        assert Breach.PAST_TUNNELS in [one.breach for one in made_clear(None, required, complete=True)]


def test_the_messages_are_as_they_were(plan: Path, agreed: Agreed) -> None:
    up(plan, mode=Mode.REQUIRED)
    found = [*judged(plan).findings]
    shutil.rmtree(plan.parent / "run")
    edit(plan, REQUIRED, NO_PROPAGATION)
    found += judged(plan).findings
    edit(plan, (NO_PROPAGATION[1], NO_PROPAGATION[0]), REAL_LINE)
    found += judged(plan).findings
    unkept = Cleared(Breach.RELEASED, ("dc-vpc",), (), (), 1, ping(0xAC100AE1, 0xC0A81406), arrives=True)
    network = load(plan).network
    assert network is not None
    found.append(message(unkept, network, network))
    text = "\n".join(map(str, found)).replace(f"{plan.parent}/", "") + "\n"
    agreed(GOLDEN / "clear.txt", text)


def test_without_failures_what_is_released_is_still_found(plan: Path) -> None:
    """As for networks with more tunnels than an ``up`` has time for."""
    network = load(plan).network
    assert network is not None
    required = replace(network, protections=tuple(replace(one, mode=Mode.REQUIRED) for one in network.protections))
    (found,) = made_clear(required, network, complete=True, failures=0)
    assert found.breach is Breach.RELEASED
