"""What no protection covers and stays in clear, and configured routes that no protected packet ever uses."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sealane.diag import Finding, Origin, Severity
from sealane.model import Mode, Network, Node, Platform
from sealane.net import NodeName
from sealane.twin.packet import Trip
from sealane.twin.route import Decision
from sealane.verify.explain_route import RouteExplainer
from sealane.verify.ground import Ground, known, packets_text
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "coverage"
UNPROTECTED = "PRF-090"
"""The code of packets that no protection covers."""


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    return conclude((*in_clear(ground), *unused(ground.network, set(used(ground)))), demanded=demanded)


def in_clear(ground: Ground) -> Iterator[Violation]:
    """What crosses circuits in clear with nothing failed, although no protection covers it, or nobody has it."""
    yield from _complement(ground)
    yield from _unassigned(ground)


def conclude(found: tuple[Violation, ...], *, demanded: bool) -> Judgement:
    """The verdict on what was found."""
    if not found:
        return Judgement(NAME, Verdict.PROVED, "all that crosses circuits is protected")
    strict = any(one.finding.severity is Severity.ERROR for one in found)
    verdict = Verdict.VIOLATED if strict or demanded else Verdict.REPORTED
    return Judgement(NAME, verdict, "; ".join(_short(one) for one in found), found)


def _short(one: Violation) -> str:
    return {
        UNPROTECTED: one.finding.subject.partition(" to ")[0] + " to the rest",
        "PRF-091": "addresses that are protected, but nobody's",
    }.get(one.finding.code, one.finding.subject)


def _complement(ground: Ground) -> Iterator[Violation]:
    """Packets of no protection that cross in clear with nothing failed, by direction."""
    groups: dict[bool, list[Flow]] = {}
    for flow in ground.survey.flows:
        if not flow.protections and ground.survey.outcome(flow, ground.calm).clear:
            groups.setdefault(_in_cloud(ground, flow.entry.node), []).append(flow)
    for cloud, flows in sorted(groups.items(), reverse=True):
        destinations = ground.survey.universe.words(one.destination for one in flows)
        start, end = ("the cloud", "the site") if cloud else ("the site", "the cloud")
        finding = Finding(
            UNPROTECTED,
            Severity.INFO,
            f"clear from {start} to {', '.join(destinations)}",
            f"no protection covers these packets from {start} to {end}; they cross circuits in clear",
            "protect them, or know that they are clear",
        )
        yield Violation(finding, packets_text(ground, flows))


def _unassigned(ground: Ground) -> Iterator[Violation]:
    """Packets of a protection to addresses that nobody has, in clear with nothing failed."""
    groups: dict[str, list[Flow]] = {}
    for flow in ground.survey.flows:
        if flow.protections and not ground.has_host(flow) and ground.survey.outcome(flow, ground.calm).clear:
            groups.setdefault(ground.protection(flow).name, []).append(flow)
    for protection in ground.network.protections:
        flows = groups.get(protection.name, [])
        if not flows:
            continue
        accepted = protection.mode is Mode.OPEN
        destinations = ground.survey.universe.words(one.destination for one in flows)
        example = ground.example(flows[0], ground.calm, lambda end: bool(end.clear))
        cause = ground.cause("DEV-D13")
        finding = Finding(
            "PRF-091",
            Severity.INFO if accepted else Severity.ERROR,
            f"protected but unassigned {', '.join(destinations)}",
            f"protection {protection.name} covers these addresses, which nobody has; packets to them cross circuits in "
            "clear with nothing failed",
            cause.remedy if cause is not None else
            "narrow the routes over the circuit to what the tunnels carry, or the protection to what exists",
            known(*(cause.seen_at if cause is not None else ()), protection.origin),
        )
        yield Violation(finding, packets_text(ground, flows), ((),), example)


def unused(network: Network, used: AbstractSet[Origin]) -> Iterator[Violation]:
    """Configured routes that carried neither a protected packet nor a tunnel's own in any state."""
    lines = {origin: None for node in network.nodes for origin in _routes(node) if origin not in used}
    if lines:
        places = known(*sorted(lines))
        finding = Finding(
            "PRF-092",
            Severity.INFO,
            f"{len(places)} configured routes that no protected packet uses",
            "neither a protected packet nor a tunnel's own used them in any state: nothing proved depends on them",
            "check whether they are meant for other traffic; take away those that are not",
            places,
        )
        yield Violation(finding)


def _routes(node: Node) -> Iterator[Origin]:
    found = [one.origin for one in node.static_routes]
    found += [one.origin for one in (() if node.bgp is None else node.bgp.networks)]
    found += [one.origin for one in (() if node.vbr is None else node.vbr.circuit_routes)]
    if node.transit_router is not None:
        found += [one.origin for table in node.transit_router.tables for one in table.routes]
    yield from (one for one in found if one is not None)


def used(ground: Ground) -> Iterator[Origin]:
    """The routes that did."""
    seen: set[int] = set()
    walked: set[int] = set()
    for scenario in ground.scenarios:
        for state in scenario.states:
            explainer = RouteExplainer(ground.survey.twin, ground.survey.twin.tables(scenario.failed, state))
            new = {id(trip): trip for trip in _trips(ground, scenario, state) if id(trip) not in walked}
            walked |= new.keys()
            for hop in (hop for trip in new.values() for hop in trip.hops):
                if hop.decision is not None and id(hop.decision) not in seen:
                    seen.add(id(hop.decision))
                    yield from _origins(explainer, hop.node, hop.decision)


def _trips(ground: Ground, scenario: Scenario, state: frozenset[str]) -> Iterator[Trip]:
    """The ways of tunnels' own packets and of protected ones; they live as long as the survey."""
    for one in scenario.converged.tunnels.values():
        yield from one.outer
    for flow in ground.protected:
        yield from ground.survey.walked(flow, scenario.failed, state).trips


def _origins(explainer: RouteExplainer, node: NodeName, decision: Decision) -> Iterator[Origin]:
    for route in decision.routes:
        note = explainer.note(node, route)
        yield from (one for one in (route.origin, *(one.origin for one in note.sources)) if one is not None)


def _in_cloud(ground: Ground, name: NodeName) -> bool:
    node = ground.network.node(name)
    if node.platform is not Platform.HOST:
        return node.platform is Platform.VPC
    topology = ground.survey.twin.topology
    return any(
        ground.network.node(port.node).platform is Platform.VPC
        for one in node.interfaces for port in topology.neighbors(name, one.name)
    )
