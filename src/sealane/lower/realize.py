"""The Network as resources of this host."""

from collections.abc import Mapping
from dataclasses import dataclass

from sealane.diag import Finding
from sealane.lower.filters import lower_filters, lower_meters
from sealane.lower.options import LowerOptions
from sealane.lower.routing import lower_routing
from sealane.lower.tunnels import PlacedEnd, check_tunnels, lower_tunnels, placed_ends
from sealane.lower.wiring import Place, places, wire
from sealane.model import Network
from sealane.net import NodeName
from sealane.plan import Resource


@dataclass(frozen=True, slots=True)
class Lowered:
    """A Network on this host.

    Args:
        resources: Everything that should exist, each key once.
        places: Where each node lives.
        ends: Every tunnel end by (node, tunnel).
        findings: What the chosen back end cannot do; with an error among them nothing may be applied.
    """

    resources: tuple[Resource, ...]
    places: Mapping[NodeName, Place]
    ends: Mapping[tuple[str, str], PlacedEnd]
    findings: tuple[Finding, ...]


def lower(network: Network, options: LowerOptions) -> Lowered:
    """Bring a Network onto this host, as values. Equal arguments give equal results."""
    where = places(network)
    resources: dict[object, Resource] = {}

    def keep(found: Resource) -> None:
        # tunnels come first and take the place of the bare interface that holds their outer address
        resources.setdefault(found.key, found)

    ends: dict[tuple[str, str], PlacedEnd] = {}
    for place in where.values():
        placed = placed_ends(network, place, options)
        ends.update({(place.node.name, one.end.name): one for one in placed})
        for part in (
            lower_tunnels(placed, place, options),
            lower_routing(network, place, placed),
            lower_filters(place, placed, options),
        ):
            for resource in part:
                keep(resource)
    for resource in wire(network, where, options):
        keep(resource)
    for _, resource in lower_meters(network, where, options):
        keep(resource)
    return Lowered(tuple(resources.values()), where, ends, tuple(check_tunnels(network, options)))
