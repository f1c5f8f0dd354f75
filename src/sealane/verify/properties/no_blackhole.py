"""Protected packets arrive as long as lines and nodes join both sides; in mode required, as long as a tunnel is up."""

from collections.abc import Collection, Iterator

from sealane.model import Circuit, Mode, Platform, Port
from sealane.net import NodeName
from sealane.twin.element import NOTHING, Element, ElementKind, Failures
from sealane.twin.liveness import State
from sealane.twin.packet import Fate
from sealane.verify.entry import Entries
from sealane.verify.ground import Ground, minimal
from sealane.verify.outcome import End
from sealane.verify.properties.protected import protected_violation
from sealane.verify.remedy import Cure, cause_cure, places_of
from sealane.verify.survey import Flow, Scenario
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "no-blackhole"
_CAUSES = ("DEV-D1", "DEV-D5", "DEV-D11", "DEV-D2")


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    if not ground.network.protections:
        return Judgement(NAME, Verdict.PROVED, "the plan protects nothing")
    found = (*_violations(ground), *_closed(ground))
    if found:
        summary = "; ".join(dict.fromkeys(one.finding.problem.partition(":")[0] for one in found))
        return Judgement(NAME, Verdict.VIOLATED, summary, found)
    deserted = tuple(ground.deserted())
    if deserted:
        return Judgement(NAME, Verdict.NOT_COVERED, "; ".join(deserted), (), deserted)
    count = sum(map(ground.reachable, ground.protected))
    return Judgement(NAME, Verdict.PROVED, f"{count} protected flows arrive wherever a line is left")


def _violations(ground: Ground) -> Iterator[Violation]:
    groups: dict[tuple[str, bool, bool, str], tuple[list[Flow], dict[Failures, Scenario]]] = {}
    joined = _Joined(ground)
    for flow in filter(ground.reachable, ground.protected):
        calm = ground.survey.outcome(flow, ground.calm)
        for scenario, outcome in ground.outcomes(flow):
            lost = tuple(one for one in outcome.why if one != Fate.REFUSED.value or not scenario.failed)
            if not lost or (scenario.failed and (not calm.arrives or _must_stop(ground, flow, scenario, joined))):
                continue
            protection = ground.protection(flow).name
            key = (protection, ground.to_site(flow), not scenario.failed, lost[0])
            flows, failing = groups.setdefault(key, ([], {}))
            flows += [] if flow in flows else [flow]
            failing[scenario.failed] = scenario
    for (_, _, _, why), (flows, failing) in groups.items():
        yield _violation(ground, flows, failing, why)


def _must_stop(ground: Ground, flow: Flow, scenario: Scenario, joined: "_Joined") -> bool:
    """True when no line is left, or mode required wants nothing to pass because no tunnel of the site carries."""
    required = ground.protection(flow).mode is Mode.REQUIRED
    if required and not any(one & joined.tunnels(flow) for one in scenario.states):
        return True
    return not joined.are(flow, scenario.failed)


def _closed(ground: Ground) -> Iterator[Violation]:
    """Flows of which answers pass a firewall, but nothing that would open them, by protection and direction."""
    groups: dict[tuple[str, bool], list[Flow]] = {}
    for flow in ground.protected:
        if ground.survey.outcome(flow, ground.calm).arrives and not any(
            ground.survey.opens(flow, ground.calm.failed, state) for state in ground.calm.states
        ):
            groups.setdefault((ground.protection(flow).name, ground.to_site(flow)), []).append(flow)
    for flows in groups.values():
        found = cause_cure(ground, "DEV-D5", "DEV-D11") or Cure("permit there what may be opened")
        problem = f"packets {ground.direction(flows[0])} pass as answers only: a firewall lets none open a connection"
        yield protected_violation(ground, ("PRF-022", problem), flows, found, sets=(NOTHING,), example=None)


def _violation(ground: Ground, flows: list[Flow], failing: dict[Failures, Scenario], why: str) -> Violation:
    def wanted(end: End) -> bool:
        return end.why == why

    sets = minimal(failing)
    scenario = failing[sets[0]]
    flow = next(one for one in flows if why in ground.survey.outcome(one, scenario).why)
    example = ground.example(flow, scenario, wanted)
    found = cause_cure(ground, *_CAUSES) or Cure(_remedy(why), () if example is None else places_of(example.way))
    part = "some of their ways end" if len(ground.survey.outcome(flow, scenario).ends) > 1 else "they end"
    when = "although lines are left" if all(sets) else "with nothing failed"
    where = "" if example is None else f" at {example.way.end}: {example.way.fate.value}, {example.way.reason}"
    told = ("PRF-021" if all(sets) else "PRF-020", f"packets {ground.direction(flow)} are lost {when}: {part}{where}")
    return protected_violation(ground, told, flows, found, sets=sets, example=example)


def _remedy(why: str) -> str:
    return {
        Fate.FILTERED.value: "permit the packets there, or let their answers take the same interfaces",
        Fate.DISCARDED.value: "take the route that discards them away, or narrow it",
        Fate.NO_ROUTE.value: "give that table a route for the destination",
        Fate.RECURSION.value: "give the tunnel's own packets a longer route over the circuit",
        Fate.REFUSED.value: "bring a tunnel up that carries them; mode required lets nothing else pass",
        Fate.LOOP.value: "see no-loop",
    }.get(why, "withdraw the route as long as nobody answers behind it")


class _Joined:
    """Whether lines and living nodes still join the two sides, whatever routes say.

    A line whose border router has lost all its BGP sessions and has no routes of its own is given up by design.
    """

    def __init__(self, ground: Ground) -> None:
        self._network = ground.network
        self._topology = ground.survey.twin.topology
        self._entries = Entries(ground.network)
        self._parts: dict[Failures, dict[NodeName, int]] = {}
        self._sites: dict[NodeName, int] | None = None
        self._homes: dict[int, tuple[tuple[NodeName, str], ...]] = {}

    def are(self, flow: Flow, failed: Failures) -> bool:
        """True when the place of entry and a node on the destination's network are joined."""
        parts = self._parts.get(failed)
        if parts is None:
            parts = self._parts[failed] = self._find(failed)
        here = parts.get(flow.entry.node)
        port = flow.entry.arrived
        if here is None or (port and not self._topology.interface_up(flow.entry.node, port, failed)):
            return False
        return any(
            parts.get(node) == here and self._topology.interface_up(node, interface, failed)
            for node, interface in self._home(flow.destination.address)
        )

    def tunnels(self, flow: Flow) -> State:
        """The tunnels of the sites that a flow is of; all tunnels when its ends are at none that has any."""
        if self._sites is None:
            routers = {node.name for node in self._network.of_platform(Platform.TRANSIT_ROUTER)}
            self._sites = self._find(NOTHING, routers)
        ends = {flow.entry.node, *(node for node, _ in self._home(flow.destination.address))}
        here = {self._sites.get(node) for node in ends} - {None}
        pairs = self._network.tunnels()
        found = frozenset(one.name for one in pairs if one.far_node and self._sites.get(one.far_node) in here)
        return found or frozenset(one.name for one in pairs)

    def _home(self, address: int) -> tuple[tuple[NodeName, str], ...]:
        """The interface that has an address; else those of routers on its network, or before it."""
        found = self._homes.get(address)
        if found is None:
            owners = [
                (name, one.interface)
                for name, connected in self._topology.connected.items() for one in connected if one.address == address
            ]
            near = [
                (name, one.interface)
                for name, connected in self._topology.connected.items()
                for one in connected
                if one.cidr.covers(address) and self._topology.nodes[name].platform is not Platform.HOST
            ]
            before = [(one.node, one.arrived) for one in self._entries.of(address) if one.arrived]
            found = self._homes[address] = tuple(owners or near or before)
        return found

    def _find(self, failed: Failures, without: Collection[NodeName] = ()) -> dict[NodeName, int]:
        """Living nodes by the number of their part."""
        found: dict[NodeName, int] = {}
        for number, start in enumerate(self._topology.nodes):
            waiting = [] if start in found or Element(ElementKind.NODE, start) in failed else [start]
            while waiting:
                node = waiting.pop()
                if node not in found and node not in without:
                    found[node] = number
                    waiting += self._next(node, failed)
        return found

    def _next(self, node: NodeName, failed: Failures) -> Iterator[NodeName]:
        lines = [one for one in self._network.circuits if self._given_up(one, failed)]
        given_up = {port for one in lines for port in (one.cloud, one.site)}
        for one in self._topology.nodes[node].interfaces:
            if self._topology.interface_up(node, one.name, failed) and Port(node, one.name) not in given_up:
                for port in self._topology.neighbors(node, one.name):
                    if self._topology.interface_up(port.node, port.interface, failed):
                        yield port.node

    def _given_up(self, circuit: Circuit, failed: Failures) -> bool:
        router = self._network.node(circuit.cloud.node).vbr
        if router is None or not router.neighbors or router.circuit_routes:
            return False
        sessions = (Element(ElementKind.BGP, f"{circuit.cloud.node}/{one.address}") for one in router.neighbors)
        return all(one in failed for one in sessions)
