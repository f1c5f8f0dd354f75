"""What spokes claim, and which prefixes and addresses they tell apart."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from sealane.model import Interface, Node, TunnelEnd
from sealane.net import MASKS, Cidr
from sealane.twin.firewall import filter_prefixes
from sealane.verify.entry import Entries
from sealane.verify.spokes.belong import CORE, Belonging
from sealane.verify.universe import prefixes_of_node

Owned = Iterator[tuple[Cidr, int]]
"""Prefixes, each with the number of a spoke or CORE."""


class Claims:
    """Who claims which prefixes."""

    def __init__(self, owned: Iterable[tuple[Cidr, int]]) -> None:
        found: dict[Cidr, set[int]] = defaultdict(set)
        for prefix, spoke in owned:
            if spoke != CORE:
                found[prefix].add(spoke)
        self.spokes = {prefix: frozenset(several) for prefix, several in found.items()}
        self._lengths = sorted({one.length for one in found}, reverse=True)
        self._sorted = sorted(found)

    def above(self, prefix: Cidr) -> Iterator[frozenset[int]]:
        """Who claims a prefix, or one that contains it; those of longer ones first."""
        for length in self._lengths:
            if length <= prefix.length:
                found = self.spokes.get(Cidr(prefix.address & MASKS[length], length))
                if found is not None:
                    yield found

    def owner(self, prefix: Cidr) -> int:
        """The spoke inside whose claims a prefix is; CORE for none."""
        found = next(self.above(prefix), None)
        return CORE if found is None else min(found)

    def touching(self, prefix: Cidr) -> frozenset[int]:
        """Who has a claim around a prefix or inside it."""
        found = set().union(*self.above(prefix))
        for inner in self._sorted[bisect_left(self._sorted, prefix) :]:
            if inner.address > prefix.last:
                break
            if prefix.contains(inner):
                found |= self.spokes[inner]
        return frozenset(found)


def claimed(belong: Belonging, entries: Entries) -> Owned:
    """What each spoke can bring into tables outside of it, and where packets enter that come from it."""
    for node in belong.network.nodes:
        spoke = belong.nodes.get(node.name, CORE)
        if spoke != CORE:
            yield from ((prefix, spoke) for prefix in _brings(node))
    for node_name, prefix in entries.claims():
        yield prefix, belong.nodes.get(node_name, CORE)
    for one in belong.hub.interfaces:
        yield from ((prefix, belong.interfaces.get(one.name, CORE)) for prefix in _connected(one))
    for end in belong.hub.tunnel_ends:
        yield from ((prefix, belong.tunnels[end.name]) for prefix in _ends(end))
    for attachment in belong.router.attachments:
        yield from ((Cidr.of(prefix), belong.attachments[attachment.name]) for prefix in attachment.prefixes)
    for table in belong.router.tables:
        for route in table.routes:
            yield Cidr.of(route.prefix), belong.attachments.get(route.attachment or "", CORE)


def told_apart(belong: Belonging, claims: Claims) -> Owned:
    """Every prefix that a spoke or the core tells apart, and every address that is looked up there.

    What the core has about a spoke's prefixes, such as a route of a VPC or a rule of a security group, is the spoke's.
    """
    for prefix, spokes in claims.spokes.items():
        yield from ((prefix, spoke) for spoke in spokes)
    for node in belong.network.nodes:
        own = belong.nodes.get(node.name, CORE)
        if own != CORE:
            found = (*prefixes_of_node(node), *filter_prefixes([node]), *_looked_up(node))
            yield from ((prefix, own) for prefix in found)
            continue
        for route in node.static_routes:
            owner = claims.owner(Cidr.of(route.prefix))
            yield Cidr.of(route.prefix), owner
            if route.next_hop is not None:
                yield Cidr.host(int(route.next_hop)), owner
        yield from ((prefix, claims.owner(prefix)) for prefix in filter_prefixes([node]))
        if node.name != belong.hub.name:
            yield from ((prefix, CORE) for one in node.interfaces for prefix in _connected(one))
            yield from ((Cidr.of(one.prefix), CORE) for one in (() if node.bgp is None else node.bgp.networks))
    yield from _of_hub(belong, claims)


def _of_hub(belong: Belonging, claims: Claims) -> Owned:
    for one in belong.hub.interfaces:
        yield from ((prefix, belong.interfaces.get(one.name, CORE)) for prefix in _connected(one))
    for cidr in belong.router.cidrs:
        yield Cidr.of(cidr.prefix), CORE
    for attachment in belong.router.attachments:
        own = belong.attachments[attachment.name]
        yield from ((Cidr.of(prefix), own) for prefix in attachment.prefixes)
        yield from ((Cidr.host(int(one.address)), own) for one in attachment.neighbors)
    for table in belong.router.tables:
        for route in table.routes:
            own = belong.attachments.get(route.attachment or "", CORE)
            prefix = Cidr.of(route.prefix)
            yield prefix, claims.owner(prefix) if own == CORE else own


def _brings(node: Node) -> Iterator[Cidr]:
    for one in node.interfaces:
        yield from _connected(one)
    for end in node.tunnel_ends:
        yield from _ends(end)
    yield from (Cidr.of(one.prefix) for one in (() if node.bgp is None else node.bgp.networks))
    yield from (Cidr.of(one.prefix) for one in (() if node.vbr is None else node.vbr.circuit_routes))


def _connected(interface: Interface) -> Iterator[Cidr]:
    for one in interface.addresses:
        yield Cidr.of(one.network)
        yield Cidr.host(int(one.ip))


def _ends(end: TunnelEnd) -> Iterator[Cidr]:
    yield Cidr.host(int(end.local))
    yield Cidr.host(int(end.remote))
    if end.inside is not None:
        yield Cidr.of(end.inside.network)


def _looked_up(node: Node) -> Iterator[Cidr]:
    """Addresses that a node sends packets to, or asks its tables for."""
    yield from (Cidr.host(int(one.next_hop)) for one in node.static_routes if one.next_hop is not None)
    yield from (Cidr.host(int(one.address)) for one in (() if node.bgp is None else node.bgp.neighbors))
    if node.vbr is not None:
        yield from (Cidr.host(int(one.address)) for one in node.vbr.neighbors)
        if node.vbr.peer_address is not None:
            yield Cidr.host(int(node.vbr.peer_address))
