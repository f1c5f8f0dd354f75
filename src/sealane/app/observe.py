"""Reading a live network into the values that the twin is compared with."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from sealane.app.controller import make_plan_for
from sealane.app.live import Live
from sealane.app.status import Observer
from sealane.diag import Fault
from sealane.drivers.bird import read_exported
from sealane.drivers.bird.io import birdc
from sealane.drivers.frr import read_chosen
from sealane.drivers.frr.io import vtysh
from sealane.drivers.linux import KernelRoute, read_carrier, read_own, read_tables
from sealane.drivers.linux.io import WORKERS, ip_json
from sealane.host import exists
from sealane.lower import Place, PlacedEnd
from sealane.model import InterfaceKind, Node, Platform
from sealane.net import Address, Cidr, Prefix
from sealane.plan import Key, Kind
from sealane.twin.route import NextHop
from sealane.twin.state import MAIN
from sealane.vendors.bird import kernel_protocol
from sealane.verify.seen import Hops, Seen, SeenEnd, SeenNode, SeenRoute

_MAIN_TABLE = 254
"""The kernel's main table (rt_tables)."""


def see(live: Live, *, whole: bool = True) -> Seen:
    """Read every node of a network that is on this host.

    Args:
        live: The network.
        whole: Also compare every object with how it was made; takes most of the time.

    Raises:
        Fault: A tool is missing.
    """
    observer = live.observer
    places = live.lowered.places
    here = {name: place for name, place in places.items() if exists(place.namespace)}
    with ThreadPoolExecutor(WORKERS) as pool:
        nodes = dict(zip(here, pool.map(lambda place: _Reading(observer, place).node(), here.values()), strict=True))
    return Seen(nodes, frozenset(places.keys() - here.keys()), _differing(live) if whole else ())


def _differing(live: Live) -> tuple[str, ...]:
    """What ``sealane up`` would change, but for routes in tables that are compared with the twin's."""
    numbers = {
        (place.namespace, str(number))
        for place in live.lowered.places.values()
        for number in (place.tables.values() or (_MAIN_TABLE,))
    }

    def compared(key: Key) -> bool:
        return key.kind is Kind.ROUTE and (key.namespace, key.name.split()[0]) in numbers

    plan = make_plan_for(live.lowered, live.drivers)
    lines = zip(plan.changes(), plan.describe(), strict=True)
    return tuple(line for change, line in lines if not compared(change.key))


class _Reading:
    """Reads one node."""

    def __init__(self, observer: Observer, place: Place) -> None:
        self._observer = observer
        self._place = place
        self._node = place.node
        ends = observer.lowered.ends.values()
        self._ends: tuple[PlacedEnd, ...] = tuple(end for end in ends if end.node.name == place.node.name)
        self._model = {linux: name for name, linux in place.names.items()}
        for end in self._ends:
            if end.end.source_interface is not None:
                self._model[end.outer_interface] = end.end.source_interface

    def node(self) -> SeenNode:
        """All of it."""
        links, routes = ip_json(self._place.namespace, "link show", "route show table all")
        carrier = read_carrier(links)
        kernel = read_tables(routes)
        numbers = self._place.tables or {MAIN: _MAIN_TABLE}
        tables = {name: self._table(kernel.get(number, {})) for name, number in numbers.items()}
        if not self._place.tables:
            tables[MAIN] = {**self._own(read_own(routes)), **tables[MAIN]}
        return SeenNode(
            tables,
            self._daemon(),
            {int(Address(one)): state for one, state in self._observer.bgp_states(self._node).items()},
            {
                one.name: carrier.get(self._place.names[one.name], False)
                for one in self._node.interfaces
                if one.enabled and one.kind is not InterfaceKind.TUNNEL and one.name in self._place.names
            },
            {end.end.name: self._end(end, carrier) for end in self._ends},
        )

    def _end(self, end: PlacedEnd, carrier: Mapping[str, bool]) -> SeenEnd:
        sa = self._observer.sa(end)
        return SeenEnd(sa.ike_state, sa.child_state, carrier.get(end.interface, False))

    def _table(self, routes: Mapping[str, KernelRoute]) -> Mapping[Cidr, SeenRoute]:
        found = {}
        for route in routes.values():
            if not self._leads_to_own_end(route):
                hops = {self._hop(hop.interface, hop.gateway): hop.lost for hop in route.hops}
                lost = frozenset(hop for hop, is_lost in hops.items() if is_lost)
                found[Cidr.of(Prefix(route.prefix))] = SeenRoute(frozenset(hops), lost, route.protocol)
        return found

    def _own(self, addresses: Mapping[str, str]) -> Mapping[Cidr, SeenRoute]:
        """The node's addresses that are a network of their own, such as a loopback's, where the host has them."""
        found = {}
        for interface in self._node.interfaces:
            for one in interface.addresses:
                linux = addresses.get(str(one.ip))
                if one.network.prefixlen == one.max_prefixlen and linux is not None:
                    hops = frozenset({self._hop(linux, None)})
                    found[Cidr.host(int(one.ip))] = SeenRoute(hops, frozenset(), "kernel")
        return found

    def _leads_to_own_end(self, route: KernelRoute) -> bool:
        """The /32 to an endpoint that has an outer address of the node, which in the model no interface has."""
        return any(
            end.end.source_interface is None
            and route.prefix == f"{end.end.local}/32"
            and {hop.interface for hop in route.hops} == {end.outer_interface}
            for end in self._ends
        )

    def _hop(self, interface: str, gateway: str | None) -> NextHop:
        return NextHop(self._model.get(interface, interface), None if gateway is None else int(Address(gateway)))

    def _daemon(self) -> Mapping[str, Mapping[Cidr, Hops]] | None:
        """What BIRD or FRR wants in the tables; None without either."""
        space, drivers = self._place.namespace, self._observer.drivers
        try:
            if self._node.runs_bird:
                directory = drivers.bird.directory(space)
                return {
                    name or MAIN: self._wanted(read_exported(birdc(directory, "show", "route", "export", protocol)))
                    for name, protocol in _exports(self._node)
                }
            if self._node.platform in (Platform.ASA, Platform.GATEWAY):
                return {MAIN: self._wanted(read_chosen(vtysh(drivers.frr.directory(space), "show ip route json")))}
        except Fault:
            return None
        return None

    def _wanted(self, routes: Mapping[str, frozenset[tuple[str, str | None]]]) -> Mapping[Cidr, Hops]:
        return {
            Cidr.of(Prefix(prefix)): frozenset(self._hop(interface, gateway) for interface, gateway in hops)
            for prefix, hops in routes.items()
        }


def _exports(node: Node) -> tuple[tuple[str | None, str], ...]:
    """By table (None is the only one), BIRD's protocol that brings it into the kernel."""
    if node.transit_router is None:
        return ((None, kernel_protocol(None)),)
    return tuple((table.name, kernel_protocol(table.name)) for table in node.transit_router.tables)
