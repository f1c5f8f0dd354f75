"""No address is had twice, and no two links have overlapping networks."""

from collections.abc import Iterable, Iterator

from sealane.diag import Finding, Origin, Severity
from sealane.model import Network, Port
from sealane.net import Cidr, NodeName, dotted
from sealane.twin.topology import Topology
from sealane.verify.explain_trip import label_of
from sealane.verify.ground import Ground, known
from sealane.verify.violation import Judgement, Verdict, Violation

NAME = "overlap"
_Place = tuple[Cidr, str, NodeName, str, Origin | None]
"""(network, link, node, interface, where it is written)."""


def judge(ground: Ground, *, demanded: bool) -> Judgement:
    """See the module."""
    del demanded
    topology = ground.survey.twin.topology
    return conclude((*of_addresses(ground.network, topology), *of_modes(ground)))


def of_addresses(network: Network, topology: Topology) -> Iterator[Finding]:
    """What is found of addresses and links alone."""
    yield from _twice(network, topology)
    yield from _overlapping(network, topology)


def conclude(findings: Iterable[Finding]) -> Judgement:
    """The verdict on what was found."""
    found = tuple(map(Violation, findings))
    if found:
        return Judgement(NAME, Verdict.VIOLATED, "; ".join(one.finding.problem for one in found), found)
    return Judgement(NAME, Verdict.PROVED, "no address twice, no overlapping networks")


def _twice(network: Network, topology: Topology) -> Iterator[Finding]:
    owners: dict[int, list[tuple[NodeName, str]]] = {}
    for name, own in topology.addresses.items():
        for address, interface in own.items():
            owners.setdefault(address, []).append((name, interface))
    for address, several in sorted(owners.items()):
        if len(several) > 1:
            where = " and ".join(f"{interface} of {label_of(network, node)}" for node, interface in several)
            yield Finding(
                "PRF-060",
                Severity.ERROR,
                f"address {dotted(address)}",
                f"{where} both have it",
                "give each its own",
                known(*(_origin(topology, node, interface) for node, interface in several)),
            )


def _overlapping(network: Network, topology: Topology) -> Iterator[Finding]:
    places = sorted(_places(network, topology), key=lambda one: (one[0], one[1:4]))
    seen: set[tuple[str, str]] = set()
    for index, (outer, link, node, interface, origin) in enumerate(places):
        for inner, other, *place, elsewhere in places[index + 1 :]:
            if inner.address > outer.last:
                break
            if link == other or (link, other) in seen:
                continue
            seen.add((link, other))
            here = f"{interface} of {label_of(network, node)}"
            there = f"{place[1]} of {label_of(network, NodeName(str(place[0])))}"
            yield Finding(
                "PRF-061",
                Severity.ERROR,
                f"networks {outer} and {inner}",
                f"{here} and {there} are on different links with overlapping networks",
                "renumber one of them",
                known(origin, elsewhere),
            )


def _places(network: Network, topology: Topology) -> Iterator[_Place]:
    tunnels: dict[tuple[NodeName, str], str] = {}
    for pair in network.tunnels():
        tunnels[pair.near_node, pair.near.interface] = pair.name
        if pair.far_node is not None and pair.far is not None:
            tunnels[pair.far_node, pair.far.interface] = pair.name
    for node, connected in topology.connected.items():
        for one in connected:
            link = topology.links.get(Port(node, one.interface))
            name = tunnels.get((node, one.interface)) or (f"{node} {one.interface}" if link is None else link.name)
            yield one.cidr, name, node, one.interface, _origin(topology, node, one.interface)


def of_modes(ground: Ground) -> Iterator[Finding]:
    """Flows that belong to several protections of different modes: the strictest counts, which may surprise."""
    modes = {one.name: one.mode for one in ground.network.protections}
    origins = {one.name: one.origin for one in ground.network.protections}
    shared = dict.fromkeys(
        flow.protections for flow in ground.survey.flows if len({modes[name] for name in flow.protections}) > 1
    )
    for several in shared:
        yield Finding(
            "PRF-062",
            Severity.ERROR,
            f"protections {', '.join(several)}",
            f"packets belong to all of them, whose modes differ: {', '.join(modes[one].value for one in several)}",
            "let each pair of prefixes be in one protection",
            known(*(origins[one] for one in several)),
        )


def _origin(topology: Topology, node: NodeName, interface: str) -> Origin | None:
    found = topology.interfaces.get((node, interface))
    return None if found is None else found.origin
