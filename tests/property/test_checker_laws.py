"""The checker and the twin share no code: on any small network they must say the same, or one of them is wrong."""

import importlib
import random
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreement import agree
from fidelity.case import seeded as drawn_case
from fidelity.small import build
from publishing import with_published_vpcs
from sealane.app.load import load
from sealane.app.stages import STAGES
from sealane.model import Network
from sealane.twin.element import Failures, elements
from sealane.verify import checker
from variations import vary

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCES = Path(checker.__file__).parent
Case = tuple[Network, Failures]


@cache
def bases() -> tuple[Network, ...]:
    names = ("hangzhou", "hangzhou-gateway", "bgp-on-vbr", "active-standby")
    plans = [load(EXAMPLES / name / "plan.yaml").network for name in names]
    return tuple(STAGES[stage](one) for one in plans for stage in ("encrypted", "bgp-without-host-routes"))


@cache
def published_bases() -> tuple[Network, ...]:
    return tuple(map(with_published_vpcs, bases()))


def case(choose, networks=bases) -> Case:
    network = vary(choose(networks()), choose)
    known = elements(network)
    return network, frozenset(choose(known) for _ in range(choose((0, 0, 1, 1, 2))))


@st.composite
def cases(draw: st.DrawFn, networks=bases) -> Case:
    return case(lambda values: draw(st.sampled_from(values)), networks)


def seeded(seed: int, networks=bases) -> Case:
    return case(random.Random(seed).choice, networks)


def tells_the_same(one: Case, module=checker) -> bool:
    """False when the checker does not cover it.

    Raises:
        AssertionError: They differ.
    """
    try:
        agree(*one, module)
    except module.NotCoveredError:
        return False
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_twin_and_the_checker_agree(one: Case) -> None:
    tells_the_same(one)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cases(published_bases))
def test_the_twin_and_the_checker_agree_where_vpcs_take_routes(one: Case) -> None:
    tells_the_same(one)


@pytest.mark.parametrize("number", range(10))
def test_the_twin_and_the_checker_agree_on_networks_drawn_from_nothing(number: int) -> None:
    drawn = drawn_case(number, 1)
    failed = frozenset(one.element for one in drawn.events if one.element is not None and one.fails)
    for failures in {frozenset(), failed}:
        tells_the_same((build(drawn.small), failures))


PLANTED: dict[str, tuple[str, str, str, int]] = {
    "the longest prefix does not win": (
        "packet",
        "max(found, key=lambda one: one.prefix.prefixlen)",
        "min(found, key=lambda one: one.prefix.prefixlen)",
        0,
    ),
    "a session outlives its tunnel": (
        "state",
        "return pair is not None and pair.name in self.tunnels",
        "return pair is not None",
        0,
    ),
    "a failed node leaves its cables alone": (
        "state",
        "return not cable or all(self.alive(port.node) for port in link.ports)",
        "return True",
        0,
    ),
    "a static is used without its interface": (
        "state",
        "    found = world.gateway(node, next_hop, interface)\n    return ()",
        "    found = world.gateway(node, next_hop, interface) or interface\n    return ()",
        1,
    ),
    "a route map that denies permits": (
        "routes",
        "            if not one.permit:\n                return None",
        "            if False:\n                return None",
        2,
    ),
    "VBR and VPN learn from each other": (
        "routes",
        "if between and at <= SYSTEM_MAP_PRIORITY",
        "if False and at",
        2,
    ),
    "a failed session stays up": (
        "state",
        'not any(("bgp", name) in world.failed for name in names)',
        "True",
        2,
    ),
    "a tunnel supports itself": (
        "packet",
        "            return at.end(\"dropped\", \"a tunnel's own packet into a tunnel\")",
        '            return at.end("reached", "")',
        3,
    ),
    "propagation happens everywhere": (
        "routes",
        "[one for one in router.attachments if name in one.propagations]",
        "list(router.attachments)",
        3,
    ),
    "published even when it is switched off": (
        "routes",
        "if not attachment.auto_publish or attachment.association is None:",
        "if attachment.association is None:",
        4,
    ),
    "a border router prefers what the transit router tells": (
        "routes",
        "replace(route, preference=200 if customer else 100",
        "replace(route, preference=200 if customer else 400",
        6,
    ),
    "local preference is not compared": (
        "routes",
        "one.teller is not None, -one.local_pref",
        "one.teller is not None, 0",
        7,
    ),
    "a prefix list's bounds do not count": (
        "routes",
        "and low <= prefix.prefixlen <= high",
        "and low <= 32",
        7,
    ),
    "a prefix list that matches nothing permits": (
        "routes",
        "            return entry.permit\n    return False",
        "            return entry.permit\n    return True",
        7,
    ),
    "nobody needs to start": (
        "claim",
        " and (near.initiates or far.initiates)",
        "",
        7,
    ),
    "decrypted packets need an access list": (
        "packet",
        "here.kind is InterfaceKind.TUNNEL and stateful.permit_vpn",
        "False",
        7,
    ),
    "distances are compared the wrong way round": (
        "routes",
        "least = min(one.preference",
        "least = max(one.preference",
        8,
    ),
    "a network statement needs no route": (
        "routes",
        "for one in speaker.networks if one.prefix in here]",
        "for one in speaker.networks]",
        8,
    ),
    "AS numbers need not be as expected": (
        "state",
        "        and (one.neighbor.remote_asn, other.neighbor.remote_asn) == (other.asn, one.asn)\n",
        "",
        8,
    ),
    "a route map that matches nothing permits": (
        "routes",
        "path=(*entry.set_as_path_prepend, *route.path),\n            )\n        return\n",
        "path=(*entry.set_as_path_prepend, *route.path),\n            )\n        return\n    yield route\n",
        9,
    ),
    "equal paths are not used together in the cloud": (
        "routes",
        "if one.hops and _cloud_rank(one) == _cloud_rank(best)]",
        "if one is best]",
        11,
    ),
    "identities need not be expected": (
        "claim",
        "ids = (near.local_id, near.remote_id) == (far.remote_id, far.local_id)",
        "ids = True",
        12,
    ),
    "community conditions match always": (
        "routes",
        "not one.communities or (bool(shared)",
        "True or (bool(shared)",
        13,
    ),
    "a failed circuit keeps its carrier": (
        "state",
        'if ("circuit" if link.circuit else "link", link.name) in self.failed:',
        'if ("link", link.name) in self.failed:',
        17,
    ),
    "published CIDRs are told to everybody": (
        "routes",
        "(attachment.kind is AttachmentKind.VBR or not route.for_vbr_only)",
        "(True or route.for_vbr_only)",
        18,
    ),
    "passwords need not be the same": (
        "state",
        "        and one.neighbor.password == other.neighbor.password\n",
        "",
        25,
    ),
    "custom routes lose": (
        "routes",
        "found.append(Route(route.prefix, hops, 1000))",
        "found.append(Route(route.prefix, hops, 1))",
        38,
    ),
    "a border router tells the customer its own routes": (
        "routes",
        "if best.from_circuit is (speaker.neighbor is None):",
        "if True:",
        54,
    ),
    "the meter lets pass what is required": (
        "packet",
        "if clear and self._refused(packet):",
        "if False:",
        57,
    ),
    "the own AS number in a path does not matter": (
        "routes",
        "        if own & set(path):\n            continue",
        "        if False:\n            continue",
        103,
    ),
}
"""Place in the checker, what stands there, what is put there, and the seed of a case that notices."""


TELLING = (21, 22, 30, 82, 193, 213, 243, 441)
"""Cases in which errors show that were once planted in the twin."""


def test_nearly_every_case_is_covered() -> None:
    seeds = {*range(20), *TELLING, *(seed for *_, seed in PLANTED.values())}
    assert sum(tells_the_same(seeded(seed)) for seed in seeds) >= 0.9 * len(seeds)


def planted(folder: Path, file: str, old: str, new: str):
    """The checker with one place changed, as a package of its own."""
    name = f"planted_{abs(hash((file, old, new)))}"
    (folder / name).mkdir()
    for source in SOURCES.glob("*.py"):
        text = source.read_text().replace("sealane.verify.checker", name)
        if source.stem == file:
            assert text.count(old) == 1, f"{file} has no longer one place that says {old!r}"
            text = text.replace(old, new)
        (folder / name / source.name).write_text(text)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))
        for loaded in [one for one in sys.modules if one.split(".")[0] == name]:
            del sys.modules[loaded]


@pytest.mark.parametrize("bug", PLANTED)
def test_a_law_that_does_not_notice_is_no_law(bug: str, tmp_path: Path) -> None:
    file, old, new, seed = PLANTED[bug]
    with pytest.raises(AssertionError):
        tells_the_same(seeded(seed), planted(tmp_path, file, old, new))


PLANTED_ABOUT_VPCS: dict[str, tuple[str, str, str, int]] = {
    "a VPC takes nothing": ("routes", "    elif node.publisher is not None:\n        yield route\n", "", 3),
    "a VPC is told of transit router CIDRs": (
        "routes",
        "(attachment.kind is AttachmentKind.VBR or not route.for_vbr_only)",
        "True",
        18,
    ),
    "a VPC's own routes come last": (
        "routes",
        "        connected += [one for one in heard if _new(one, connected)]",
        "        connected = [*heard, *(one for one in connected if _new(one, heard))]",
        3,
    ),
}


@pytest.mark.parametrize("bug", PLANTED_ABOUT_VPCS)
def test_a_law_that_does_not_notice_what_a_vpc_is_told_is_no_law(bug: str, tmp_path: Path) -> None:
    file, old, new, seed = PLANTED_ABOUT_VPCS[bug]
    with pytest.raises(AssertionError):
        tells_the_same(seeded(seed, published_bases), planted(tmp_path, file, old, new))
