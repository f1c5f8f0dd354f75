"""nftables tables of every namespace: the meter on circuit ports, guards, clamps, firewalls, security groups."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sealane.lower.options import EspBackend, LowerOptions
from sealane.lower.tunnels import PlacedEnd
from sealane.lower.wiring import Place
from sealane.model import Network, Platform, Port
from sealane.net import NodeName
from sealane.plan import FilterSpec, Key, Kind, Resource
from sealane.vendors import nftables


def lower_filters(
    place: Place,
    placed: tuple[PlacedEnd, ...],
    options: LowerOptions,
) -> Iterator[Resource]:
    """Tables of one node."""
    node = place.node
    tunnels = tuple(one.interface for one in placed)
    if placed:
        outer_pairs = [(one.end.local, one.end.remote) for one in placed]
        yield _table(place.namespace, nftables.GUARD_TABLE, nftables.guard(tunnels, outer_pairs))
        clamp = nftables.mss_clamp({one.interface: one.mss_bytes for one in placed})
        yield _table(place.namespace, nftables.MSS_TABLE, clamp)
    if node.platform is Platform.ASA:
        outer = {one.end.source_interface: one.outer_interface for one in placed if one.end.source_interface}
        ports = outer if options.esp is EspBackend.USERSPACE else {}
        text = nftables.stateful_device(node, place.names, ports)
        yield _table(place.namespace, nftables.STATEFUL_TABLE, text)
    if node.security_group is not None:
        yield _table(place.namespace, nftables.GROUP_TABLE, nftables.security_group(node))


def lower_meters(
    network: Network, where: Mapping[NodeName, Place], options: LowerOptions
) -> Iterator[tuple[Port, Resource]]:
    """The meter on every circuit-facing port that is ours, with the port it is on."""
    protections = tuple(
        protection if options.mode is None else replace(protection, mode=options.mode)
        for protection in network.protections
    )
    meters = nftables.Meters(replace(network, protections=protections))
    for circuit in network.circuits:
        for port in (circuit.cloud, circuit.site):
            if port is not None:
                place = where[port.node]
                name = meter_table(network, place, port)
                text = meters.of(circuit, place.names[port.interface], name=name)
                yield port, _table(place.namespace, name, text)


def meter_table(network: Network, place: Place, port: Port) -> str:
    """Name of the table of a circuit port's meter; it names the port where the node has several."""
    ports = [one for circuit in network.circuits for one in (circuit.cloud, circuit.site) if one is not None]
    alone = sum(one.node == port.node for one in ports) == 1
    return nftables.METER_TABLE if alone else nftables.meter_table_of(place.names[port.interface])


def _table(namespace: str, name: str, text: str) -> Resource:
    return Resource(Key(Kind.FILTER, namespace, f"inet {name}"), FilterSpec.of(text))
