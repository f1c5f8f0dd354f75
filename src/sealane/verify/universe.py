"""Every packet, in finitely many classes.

A class holds the addresses whose longest prefix, among all prefixes that anything in the network distinguishes, is the
same. Every table, filter and list treats the addresses of a class alike, in every failure state: failures take routes
away, they make no new prefixes. So one address of each class speaks for all of it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sealane.model import Network, Node
from sealane.net import MASKS, Cidr, Prefix, PrefixMap, dotted
from sealane.twin.firewall import filter_prefixes

_FULL = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, order=True)
class AddressClass:
    """The addresses of a prefix that are in no longer prefix of the universe.

    Args:
        prefix: The prefix.
        address: One of these addresses, a host's rather than the prefix's own where there is a choice.
        holes: True when longer prefixes take a part of it.
    """

    prefix: Cidr
    address: int
    holes: bool

    def __str__(self) -> str:
        if self.prefix.length == len(MASKS) - 1:
            return dotted(self.address)
        return f"{self.prefix} (rest)" if self.holes else str(self.prefix)


class Universe:
    """All prefixes of a network, and the classes they make."""

    def __init__(self, network: Network | None, also: Iterable[Cidr] = ()) -> None:
        own = () if network is None else _prefixes(network)
        self.prefixes: tuple[Cidr, ...] = tuple(sorted({Cidr(0, 0), *own, *also}))
        self.classes: tuple[AddressClass, ...] = tuple(_classes(self.prefixes))
        self._by_prefix = PrefixMap({one.prefix: one for one in self.classes})

    def within(self, prefixes: Iterable[Prefix]) -> tuple[AddressClass, ...]:
        """The classes inside some of the universe's prefixes."""
        wanted = [Cidr.of(prefix) for prefix in prefixes]
        return tuple(one for one in self.classes if any(prefix.contains(one.prefix) for prefix in wanted))

    def words(self, classes: Iterable[AddressClass]) -> tuple[str, ...]:
        """Some classes in few words: a prefix stands for all of its classes when they are all among them."""
        wanted = set(classes)
        found: list[str] = []
        covered: list[Cidr] = []
        for prefix in self.prefixes:
            if any(one.contains(prefix) for one in covered):
                continue
            inside = [one for one in self.classes if prefix.contains(one.prefix)]
            if inside and wanted.issuperset(inside):
                found.append(dotted(prefix.address) if prefix.length == len(MASKS) - 1 else str(prefix))
                covered.append(prefix)
            else:
                found += [str(one) for one in inside if one.prefix == prefix and one in wanted]
        return tuple(found)

    def of(self, address: int) -> AddressClass:
        """The class of an address."""
        found = self._by_prefix.longest(address)
        assert found is not None, "the universe covers every address"  # noqa: S101
        return found


def _prefixes(network: Network) -> Iterator[Cidr]:
    for node in network.nodes:
        yield from _of_node(node)
    for protection in network.protections:
        yield from map(Cidr.of, (*protection.cloud, *protection.site))
    yield from filter_prefixes(network.nodes)


def _of_node(node: Node) -> Iterator[Cidr]:
    for interface in node.interfaces:
        for one in interface.addresses:
            yield Cidr.of(one.network)
            yield Cidr.host(int(one.ip))
    for end in node.tunnel_ends:
        yield from (Cidr.host(int(end.local)), Cidr.host(int(end.remote)))
    yield from (Cidr.of(route.prefix) for route in node.static_routes)
    if node.bgp is not None:
        yield from (Cidr.of(one.prefix) for one in node.bgp.networks)
    if node.vbr is not None:
        yield from (Cidr.of(one.prefix) for one in node.vbr.circuit_routes)
    router = node.transit_router
    if router is not None:
        yield from (Cidr.of(one.prefix) for one in router.cidrs)
        yield from (Cidr.of(one.prefix) for table in router.tables for one in table.routes)
        yield from (Cidr.of(prefix) for one in router.attachments for prefix in one.prefixes)


def _classes(prefixes: tuple[Cidr, ...]) -> Iterator[AddressClass]:
    """Sorted prefixes nest like brackets: children of a prefix follow it until its last address."""
    for index, prefix in enumerate(prefixes):
        holes = list(_children(prefixes, index))
        address = _free(prefix, holes)
        if address is not None:
            yield AddressClass(prefix, address, bool(holes))


def _children(prefixes: tuple[Cidr, ...], index: int) -> Iterator[Cidr]:
    """The longest prefixes directly inside one, in order, none inside another."""
    outer, end = prefixes[index], -1
    for inner in prefixes[index + 1 :]:
        if inner.address > outer.last:
            return
        if inner.address > end:
            end = inner.last
            yield inner


def _free(prefix: Cidr, holes: list[Cidr]) -> int | None:
    """An address outside all holes; the first or last address of the prefix only when there is no other."""
    candidates = [prefix.address + 1, *(hole.last + 1 for hole in holes), prefix.address, prefix.last]
    inside = [one for one in candidates if one <= min(prefix.last, _FULL)]
    free = [one for one in inside if prefix.covers(one) and not any(hole.covers(one) for hole in holes)]
    middle = [one for one in free if prefix.length >= 31 or one not in (prefix.address, prefix.last)]  # noqa: PLR2004
    return next(iter(middle or free), None)
