"""Which tunnels may depend on one another: those whose outer addresses a route over a tunnel could cover.

An over-estimate, so that what it leaves apart is apart: it asks what may be told, not what is.
"""

from collections.abc import Iterable, Iterator, Mapping

from sealane.model import AttachmentKind, MapDirection, Network, Node, Platform, TunnelPair
from sealane.net import Cidr, NodeName
from sealane.twin.topology import Topology


def coupled_tunnels(topology: Topology, pairs: Mapping[str, TunnelPair]) -> tuple[frozenset[str], ...]:
    """Groups of tunnels that may depend on one another; a tunnel in no group depends on none, not even on itself.

    Three kinds of routes over tunnels may cover an outer address: what a device originates, which the transit router
    takes; what the transit router has over a VPN attachment by itself; and what a device hears from the cloud. The
    last is looked up at that device only, so that it matters to its own tunnels, and to those of others whose packets
    could go on from there (see ``_dead_ends``).
    """
    everything = frozenset(pairs)
    over: dict[NodeName | None, set[str]] = {None: set(everything)}
    for pair in pairs.values():
        over.setdefault(pair.far_node, set()).add(pair.name)
    told = _may_be_told(topology)
    heard = _towards(topology.network)
    ends = _dead_ends(topology)
    static = list(_routed_by_transit_routers(topology.network, pairs))
    depends: dict[str, frozenset[str]] = {}
    for pair in pairs.values():
        outer = (int(pair.near.remote), int(pair.near.local))
        found: set[str] = set()
        for teller, prefixes in told.items():
            if _covers(prefixes, outer):
                found |= over.get(teller, set())
        for names, prefixes in static:
            if _covers(prefixes, outer):
                found |= names
        if _covers(heard, outer):
            found |= {
                name for device, names in over.items()
                if device is not None and (device == pair.far_node or device not in ends) for name in names
            }
        depends[pair.name] = frozenset(found)
    return tuple(_components(depends))


def _covers(prefixes: Iterable[Cidr], addresses: tuple[int, ...]) -> bool:
    return any(prefix.covers(address) for prefix in prefixes for address in addresses)


def _may_be_told(topology: Topology) -> Mapping[NodeName | None, frozenset[Cidr]]:
    """By device, the prefixes that may come to be routed over its tunnels anywhere; None: over any tunnel."""
    network = topology.network
    cloud = frozenset(_cloud_prefixes(network))
    devices = [topology.nodes[node.name] for node in network.devices()]
    own = {device.name: _own_prefixes(topology, device) for device in devices}
    anywhere = _anything_goes(network)
    found: dict[NodeName | None, frozenset[Cidr]] = {}
    for device in devices:
        transit = _tells_what_it_hears(topology, device)
        found[device.name] = own[device.name] | cloud if transit or anywhere else own[device.name]
    if anywhere:
        found[None] = cloud.union(*own.values())
    return found


def _routed_by_transit_routers(
    network: Network, pairs: Mapping[str, TunnelPair]
) -> Iterator[tuple[frozenset[str], frozenset[Cidr]]]:
    """Of each VPN attachment its tunnels, with what a transit router has over them without being told."""
    for node in network.of_platform(Platform.TRANSIT_ROUTER):
        router = node.transit_router
        for one in () if router is None else router.attachments:
            if one.kind is AttachmentKind.VPN and router is not None:
                custom = (route for table in router.tables for route in table.routes if route.attachment == one.name)
                prefixes = frozenset({*map(Cidr.of, one.prefixes), *(Cidr.of(route.prefix) for route in custom)})
                here = (pair for pair in pairs.values() if pair.near_node == node.name)
                yield frozenset(pair.name for pair in here if pair.near.interface in one.interfaces), prefixes


def _dead_ends(topology: Topology) -> frozenset[NodeName]:
    """Devices from where another's outer packet cannot come to its end.

    Such a packet comes in by a circuit. Where the site has this one device and this one circuit, it is dropped there,
    or it goes back to the border router, which has sent it here and sends it here again: neither delivers it, whatever
    the device's tunnels do.
    """
    devices = {node.name for node in topology.network.devices()}
    cloud = {one.cloud.node for one in topology.network.circuits}
    found: set[NodeName] = set()
    for device in devices:
        reached, circuits = _site_of(topology, device, cloud)
        if len(reached & devices) == 1 and circuits == 1:
            found.add(device)
    return frozenset(found)


def _site_of(topology: Topology, device: NodeName, cloud: set[NodeName]) -> tuple[set[NodeName], int]:
    """The nodes that a device reaches without a circuit, and how many circuits they have."""
    reached, waiting = {device}, [device]
    circuits: set[str] = set()
    while waiting:
        here = waiting.pop()
        for port, link in topology.links.items():
            if port.node != here:
                continue
            if link.circuit is not None:
                circuits.add(link.name)
                continue
            fresh = {other.node for other in link.ports} - reached - cloud
            reached |= fresh
            waiting += fresh
    return reached, len(circuits)


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
