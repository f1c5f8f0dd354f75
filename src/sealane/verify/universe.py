"""Every packet, in finitely many classes.

A class holds the addresses whose longest prefix, among all prefixes that anything in the network distinguishes, is the
same. Every table, filter and list treats the addresses of a class alike, in every failure state: failures take routes
away, they make no new prefixes. So one address of each class speaks for all of it.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile

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
    """All prefixes of a network, and the classes they make.

    Args:
        network: The network; None has no prefixes of its own.
        also: More prefixes to tell apart.
        whole: Of the network that ``network`` is a part of: classes are those, which longer prefixes of other parts
            may have holes in. All prefixes must be among its.
    """

    def __init__(self, network: Network | None, also: Iterable[Cidr] = (), whole: "Universe | None" = None) -> None:
        own = () if network is None else prefixes_of(network)
        self.prefixes: tuple[Cidr, ...] = tuple(sorted({Cidr(0, 0), *own, *also}))
        if whole is None:
            self.classes: tuple[AddressClass, ...] = tuple(_classes(self.prefixes))
        else:
            found = (whole.by_prefix.get(one) for one in self.prefixes)
            self.classes = tuple(one for one in found if one is not None)
        self.by_prefix: Mapping[Cidr, AddressClass] = {one.prefix: one for one in self.classes}
        self._longest = PrefixMap(self.by_prefix)
        self._whole = whole

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
            if inside and wanted.issuperset(inside) and not self._shared(prefix):
                found.append(dotted(prefix.address) if prefix.length == len(MASKS) - 1 else str(prefix))
                covered.append(prefix)
            else:
                found += [str(one) for one in inside if one.prefix == prefix and one in wanted]
        return tuple(found)

    def _shared(self, prefix: Cidr) -> bool:
        """True when a prefix holds classes of other parts of the whole too."""
        if self._whole is None:
            return False
        inside = self._whole.prefixes[bisect_left(self._whole.prefixes, prefix) :]
        others = takewhile(lambda one: one.address <= prefix.last, inside)
        return any(one not in self.by_prefix for one in others if one in self._whole.by_prefix)

    def of(self, address: int) -> AddressClass:
        """The class of an address."""
        found = self._longest.longest(address)
        assert found is not None, "the universe covers every address"  # noqa: S101
        return found


def prefixes_of(network: Network) -> Iterator[Cidr]:
    """Every prefix that anything in a network distinguishes."""
    for node in network.nodes:
        yield from prefixes_of_node(node)
    for protection in network.protections:
        yield from map(Cidr.of, (*protection.cloud, *protection.site))
    yield from filter_prefixes(network.nodes)


def prefixes_of_node(node: Node) -> Iterator[Cidr]:
    """Those of one node, filters apart."""
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
