"""Which tunnels may depend on one another: those whose outer addresses a route over a tunnel could cover.

An over-estimate, so that what it leaves apart is apart: it asks what may be told, not what is.
"""

from collections.abc import Iterator, Mapping

from sealane.model import MapDirection, Network, Node, Platform, TunnelPair
from sealane.net import Cidr, NodeName
from sealane.twin.topology import Topology


def coupled_tunnels(topology: Topology, pairs: Mapping[str, TunnelPair]) -> tuple[frozenset[str], ...]:
    """Groups of tunnels that may depend on one another; a tunnel in no group depends on none, not even on itself."""
    everything = frozenset(pairs)
    told = _may_be_told(topology)
    by_device: dict[NodeName | None, set[str]] = {}
    for pair in pairs.values():
        by_device.setdefault(pair.far_node, set()).add(pair.name)
    depends: dict[str, frozenset[str]] = {}
    for pair in pairs.values():
        found: set[str] = set()
        outer = (int(pair.near.remote), int(pair.near.local))
        for teller, prefixes in told.items():
            if any(prefix.covers(address) for prefix in prefixes for address in outer):
                found |= everything if teller is None else by_device.get(teller, set())
        depends[pair.name] = frozenset(found)
    return tuple(_components(depends))


def _may_be_told(topology: Topology) -> Mapping[NodeName | None, frozenset[Cidr]]:
    """By device, the prefixes that may come to be routed over its tunnels; None: over any tunnel."""
    network = topology.network
    cloud = frozenset(_cloud_prefixes(network))
    devices = [topology.nodes[node.name] for node in network.devices()]
    own = {device.name: _own_prefixes(topology, device) for device in devices}
    anywhere = _anything_goes(network)
    found: dict[NodeName | None, frozenset[Cidr]] = {}
    for device in devices:
        transit = _tells_what_it_hears(topology, device)
        found[device.name] = own[device.name] | cloud if transit or anywhere else own[device.name] | _towards(network)
    if anywhere:
        found[None] = cloud.union(*own.values())
    return found


def _own_prefixes(topology: Topology, device: Node) -> frozenset[Cidr]:
    """What a device may originate, and what it routes over a tunnel by itself."""
    networks = () if device.bgp is None else device.bgp.networks
    routed = [route for route in device.static_routes if route.interface is not None]
    return frozenset(
        {Cidr.of(one.prefix) for one in networks}
        | {Cidr.of(one.prefix) for one in routed if topology.is_tunnel(device.name, str(one.interface))}
        | {one.cidr for one in topology.connected[device.name] if topology.is_tunnel(device.name, one.interface)}
    )


def _towards(network: Network) -> frozenset[Cidr]:
    """What transit routers may tell devices over tunnels: all but what came from VBR or VPN (policy 5000)."""
    found: set[Cidr] = set()
    for router in (node.transit_router for node in network.of_platform(Platform.TRANSIT_ROUTER)):
        if router is not None:
            found |= {Cidr.of(one.prefix) for table in router.tables for one in table.routes}
            found |= {Cidr.of(prefix) for one in router.attachments for prefix in one.prefixes}
    return frozenset(found)


def _cloud_prefixes(network: Network) -> Iterator[Cidr]:
    yield from _towards(network)
    for node in network.of_platform(Platform.VBR):
        if node.vbr is not None:
            yield from (Cidr.of(one.prefix) for one in node.vbr.circuit_routes)


def _anything_goes(network: Network) -> bool:
    """True when a policy permits what the system policy would deny, so that sites may hear of one another."""
    return any(
        one.permit and one.direction is MapDirection.REGION_OUT
        for node in network.of_platform(Platform.TRANSIT_ROUTER)
        if node.transit_router is not None
        for one in node.transit_router.route_maps
    )


def _tells_what_it_hears(topology: Topology, device: Node) -> bool:
    """True when a device has sessions elsewhere than over tunnels, so that it may carry routes into them."""
    neighbors = () if device.bgp is None else device.bgp.neighbors
    tunnels = [
        one.cidr for one in topology.connected[device.name] if topology.is_tunnel(device.name, one.interface)
    ]
    return any(not any(one.covers(int(neighbor.address)) for one in tunnels) for neighbor in neighbors)


def _components(depends: Mapping[str, frozenset[str]]) -> Iterator[frozenset[str]]:
    """Connected groups of tunnels that depend on something."""
    groups: list[set[str]] = []
    for name, others in depends.items():
        if not others:
            continue
        joined = {name, *others}
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    for group in groups:
        yield frozenset(group)
