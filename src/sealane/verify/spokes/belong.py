"""What of a network belongs to which spoke: what hangs together when the transit router is taken away."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from sealane.model import Network, Node, Platform, Port, TransitRouter
from sealane.net import NodeName
from sealane.twin.element import connection_of

CORE = -1
"""The number of what belongs to no spoke: the transit router, VPCs, and what is joined to them otherwise."""
Spokes = frozenset[int]
T = TypeVar("T", bound=Hashable)
_Thing = tuple[str, str]
"""("node", "attachment" or "tunnel", name)."""


class Undivided(Exception):  # noqa: N818 -- not an error: the answer that sites cannot be proved apart
    """The network cannot be proved site by site; the text says why."""


@dataclass(frozen=True, slots=True)
class Belonging:
    """Spokes by number, counted from 0.

    Args:
        network: The network.
        hub: The transit router.
        router: Its routing side.
        nodes, attachments, tunnels, interfaces: The spoke of each; tunnels by name, interfaces are the hub's.
        count: How many spokes there are.
    """

    network: Network
    hub: Node
    router: TransitRouter
    nodes: Mapping[NodeName, int]
    attachments: Mapping[str, int]
    tunnels: Mapping[str, int]
    interfaces: Mapping[str, int]
    count: int

    def of_ports(self, ports: Iterable[Port]) -> int:
        """The spoke of what joins some ports."""
        places = list(ports)
        for port in places:
            if port.node != self.hub.name:
                return self.nodes[port.node]
        return next((self.interfaces.get(port.interface, CORE) for port in places), CORE)

    def renumbered(self, number: Mapping[int, int]) -> "Belonging":
        """The same with other numbers, several of which may have become one."""
        every = {**number, CORE: CORE}

        def of(found: Mapping[T, int]) -> dict[T, int]:
            return {key: every[one] for key, one in found.items()}

        count = max(number.values(), default=CORE) + 1
        return Belonging(self.network, self.hub, self.router, of(self.nodes), of(self.attachments), of(self.tunnels),
                         of(self.interfaces), count)


class Groups(Generic[T]):
    """Things that are put together two by two."""

    def __init__(self) -> None:
        self._parent: dict[T, T] = {}

    def root(self, one: T) -> T:
        """The same thing for all that are together."""
        parent = self._parent.setdefault(one, one)
        if parent != one:
            parent = self._parent[one] = self.root(parent)
        return parent

    def join(self, one: T, other: T) -> None:
        """Put two together."""
        self._parent[self.root(other)] = self.root(one)

    def join_all(self, several: Iterable[T]) -> None:
        """Put some together."""
        first: T | None = None
        for one in several:
            first = one if first is None else first
            self.join(first, one)


def belonging(network: Network) -> Belonging:
    """Find the spokes.

    Raises:
        Undivided: There is not one transit router.
    """
    hubs = network.of_platform(Platform.TRANSIT_ROUTER)
    if len(hubs) != 1 or hubs[0].transit_router is None:
        raise Undivided(f"{len(hubs)} transit routers, one is expected")
    hub, router = hubs[0], hubs[0].transit_router
    groups: Groups[_Thing] = Groups()
    for together in _together(network, hub, router):
        groups.join_all(together)
    others = [node for node in network.nodes if node.name != hub.name]
    inner = {groups.root(("node", node.name)) for node in others if node.platform is Platform.VPC}
    outer: list[_Thing] = [("node", node.name) for node in others if node.platform in _OF_SITES]
    outer += [("tunnel", pair.name) for pair in network.tunnels()]
    roots = dict.fromkeys(root for root in map(groups.root, outer) if root not in inner)
    number = {root: place for place, root in enumerate(roots)}

    def of(kind: str, name: str) -> int:
        return number.get(groups.root((kind, name)), CORE)

    attachments = {one.name: of("attachment", one.name) for one in router.attachments}
    tunnels = {pair.name: of("tunnel", pair.name) for pair in network.tunnels()}
    interfaces = {one.interface: tunnels[one.name] for one in hub.tunnel_ends}
    interfaces |= {name: attachments[one.name] for one in router.attachments for name in one.interfaces}
    nodes = {node.name: of("node", node.name) for node in others}
    for segment in network.segments:
        own = [port.interface for port in segment.ports if port.node == hub.name]
        there = [nodes[port.node] for port in segment.ports if port.node != hub.name]
        interfaces |= {name: there[0] for name in own if there and name not in interfaces}
    return Belonging(network, hub, router, nodes, attachments, tunnels, interfaces, len(number))


_OF_SITES = (Platform.VBR, Platform.ASA, Platform.GATEWAY)


def _together(network: Network, hub: Node, router: TransitRouter) -> Iterator[list[_Thing]]:
    for segment in network.segments:
        yield [("node", port.node) for port in segment.ports if port.node != hub.name]
    for circuit in network.circuits:
        yield [("node", port.node) for port in (circuit.cloud, circuit.site) if port is not None]
    by_interface = {pair.near.interface: pair for pair in network.tunnels()}
    for pair in network.tunnels():
        connection = ("connection", connection_of(pair.name))
        yield [("tunnel", pair.name), connection, *([] if pair.far_node is None else [("node", str(pair.far_node))])]
    for one in router.attachments:
        peer: list[_Thing] = [] if one.peer is None else [("node", one.peer)]
        tunnels: list[_Thing] = [("tunnel", by_interface[name].name) for name in one.interfaces if name in by_interface]
        yield [("attachment", one.name), *peer, *tunnels]
