"""The Network as resources of this host."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from sealane.diag import Finding
from sealane.lower.filters import lower_filters, lower_meters
from sealane.lower.options import LowerOptions
from sealane.lower.routing import lower_routing
from sealane.lower.tunnels import PlacedEnd, check_tunnels, lower_tunnels, placed_ends
from sealane.lower.wiring import Place, places, wire
from sealane.memo import Memo
from sealane.model import Network, Platform
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


def lower(network: Network, options: LowerOptions, memo: Memo | None = None) -> Lowered:
    """Bring a Network onto this host, as values. Equal arguments give equal results.

    Args:
        network: The Network.
        options: Choices of the host.
        memo: Remembers what is made of single nodes.
    """
    memo = Memo() if memo is None else memo
    where = places(network, memo)
    resources: dict[object, Resource] = {}

    def keep(found: Resource) -> None:
        # tunnels come first and take the place of the bare interface that holds their outer address
        resources.setdefault(found.key, found)

    ends: dict[tuple[str, str], PlacedEnd] = {}
    for place in where.values():
        placed = placed_ends(network, place, options)
        ends.update({(place.node.name, one.end.name): one for one in placed})
        if place.node.platform in _ALONE and not placed:
            part = memo.get(("node", options.esp), (place,), partial(_of_node, network, place, placed, options))
        else:
            part = _of_node(network, place, placed, options)
        for resource in part:
            keep(resource)
    for resource in wire(network, where, memo):
        keep(resource)
    for _, resource in lower_meters(network, where, options):
        keep(resource)
    return Lowered(tuple(resources.values()), where, ends, tuple(check_tunnels(network, options)))


_ALONE = frozenset({Platform.VPC, Platform.HOST, Platform.ROUTER})
"""Nodes that nothing but their own part of the network, and the back end, matters to while they have no tunnels."""


def _of_node(
    network: Network, place: Place, placed: tuple[PlacedEnd, ...], options: LowerOptions
) -> tuple[Resource, ...]:
    return (
        *lower_tunnels(placed, place, options),
        *lower_routing(network, place, placed),
        *lower_filters(place, placed, options),
    )
