"""Devices: what they tell the transit router, and what their tables may hold."""

from collections.abc import Iterable, Iterator, Mapping

from sealane.model import Node, Port
from sealane.net import Cidr
from sealane.twin.columns.candidate import Candidate, HopOf, Told, both, by_prefix
from sealane.twin.columns.facts import Condition, Hop, NotCovered
from sealane.twin.columns.sites import Sites
from sealane.twin.columns.writer import ALWAYS_UP
from sealane.twin.element import NOTHING
from sealane.twin.policy import DevicePolicy
from sealane.twin.profile import BGP_PLACE, EBGP_DISTANCE, STATIC_PLACE, UNUSABLE_DISTANCE
from sealane.twin.route import Path
from sealane.twin.session import Session
from sealane.twin.topology import Connected

OWN_ADDRESS = (-2000,)
"""A node's own addresses come before any look-up."""
_DROP: HopOf = (Hop.DROP, -1, -1)
_BEHIND: HopOf = (Hop.SITE, -1, -1)


class Device:
    """One device."""

    def __init__(self, sites: Sites, node: Node, tunnel_of: Mapping[str, int], own: Iterable[Session]) -> None:
        self._sites, self._node, self._topology = sites, node, sites.topology
        self._tunnel_of, self._sessions = tunnel_of, tuple(own)
        self._policy = DevicePolicy(node)
        self._ways = {one.name: self._way(one.name) for one in node.interfaces}
        self._local = by_prefix([*self._connected(), *self._outer_hosts(), *self._statics()])

    def _way(self, interface: str) -> tuple[HopOf, Condition] | None:
        """Where an interface leads and when it is up; None when it never is."""
        name, topology = self._node.name, self._topology
        if topology.is_tunnel(name, interface):
            tunnel = self._tunnel_of.get(interface)
            return None if tunnel is None else ((Hop.TUNNEL, tunnel, -1), Condition(tunnel=tunnel))
        if not topology.interface_up(name, interface, NOTHING):
            return None
        link = topology.links.get(Port(name, interface))
        if link is None:
            return _DROP, ALWAYS_UP
        if link.circuit is None:
            return _BEHIND, ALWAYS_UP
        border = link.circuit.cloud.node
        if not topology.interface_up(border, link.circuit.cloud.interface, NOTHING):
            return _DROP, self._sites.line(border)
        return (Hop.LINE, self._sites.border[border], -1), self._sites.line(border)

    def _towards(self, interface: str, address: int) -> tuple[HopOf, Condition] | None:
        """Where packets to an address on an interface's link go."""
        way = self._ways[interface]
        if way is None or way[0][0] is not Hop.LINE:
            return way
        holder = self._topology.holder(self._node.name, interface, address)
        return way if holder is not None else (_DROP, way[1])

    def _connected(self) -> Iterator[Candidate]:
        for one in self._topology.connected[self._node.name]:
            way = self._ways[one.interface]
            if way is not None:
                hop = _DROP if way[0][0] is Hop.LINE else way[0]
                yield Candidate(one.cidr, (0,), hop, way[1], "connected")

    def _outer_hosts(self) -> Iterator[Candidate]:
        known = {one.cidr for one in self._topology.connected[self._node.name]}
        for end in self._node.tunnel_ends:
            if end.source_interface is not None and Cidr.host(int(end.local)) not in known:
                yield Candidate(Cidr.host(int(end.local)), (0,), _BEHIND, origin="connected")

    def _statics(self) -> Iterator[Candidate]:
        for one in self._node.static_routes:
            if one.distance >= UNUSABLE_DISTANCE:
                continue
            way = (_DROP, ALWAYS_UP) if one.discard else self._static_way(one.interface, one.next_hop)
            if way is not None:
                yield Candidate(Cidr.of(one.prefix), (one.distance, STATIC_PLACE), way[0], way[1], "static")

    def _static_way(self, interface: str | None, next_hop: object) -> tuple[HopOf, Condition] | None:
        if next_hop is None:
            return None if interface is None else self._ways[interface]
        gateway = int(next_hop)  # type: ignore[call-overload]  # an Address
        found = {one.interface: one for one in self._topology.connected[self._node.name]
                 if one.cidr.covers(gateway) and one.address != gateway and self._ways[one.interface] is not None}
        if len(found) > 1:
            raise NotCovered(f"{self._node.name} is connected to a gateway over several interfaces")
        towards: Connected | None = next(iter(found.values()), None)
        if towards is None or interface not in {None, towards.interface}:
            return None
        return self._towards(towards.interface, gateway)

    def tells(self, session: Session) -> Iterator[Told]:
        """What it may tell over a session: its own networks (what it hears is the transit router's own)."""
        node = self._node
        own, _ = session.sides(node.name)
        for network in () if node.bgp is None else node.bgp.networks:
            prefix = Cidr.of(network.prefix)
            conditions = self._originates(prefix)
            sent = self._policy.apply(prefix, Path(med=0), own.configured.export_prefix_list,
                                      own.configured.export_route_map)
            if conditions and sent is not None:
                path = Path((own.asn, *sent.as_path), 100, sent.med, sent.communities, sent.route_type)
                yield Told(prefix, tuple((one, path) for one in conditions))

    def _originates(self, prefix: Cidr) -> tuple[Condition, ...]:
        """When a network statement holds: with any of the local routes for exactly its prefix."""
        conditions = {one.condition for one in self._local.get(prefix, ())}
        return (ALWAYS_UP,) if ALWAYS_UP in conditions else tuple(conditions)

    def table(self, heard: Mapping[str, list[Told]]) -> dict[Cidr, list[Candidate]]:
        """What its table may hold; ``heard`` is by session name."""
        node = self._node
        own = [Candidate(Cidr.host(one), OWN_ADDRESS, _BEHIND, origin="own address")
               for one in self._topology.addresses[node.name]]
        found = {prefix: list(routes) for prefix, routes in self._local.items()}
        originated = set() if node.bgp is None else {Cidr.of(one.prefix) for one in node.bgp.networks}
        for prefix, learned in by_prefix(self._learned(heard)).items():
            when = self._originates(prefix) if prefix in originated else ()
            if ALWAYS_UP in when:
                continue
            if when:
                raise NotCovered(f"{node.name} originates {prefix} sometimes and hears it too")
            found.setdefault(prefix, []).extend(self._chosen(prefix, learned))
        for one in [*own, *list(self._neighbors(found))]:
            found.setdefault(one.prefix, []).append(one)
        return found

    def _learned(self, heard: Mapping[str, list[Told]]) -> Iterator[Candidate]:
        for session in self._sessions:
            tunnel = self._sites_tunnel(session)
            up = Condition(tunnel=tunnel, session=True)
            for told in heard.get(session.name, ()):
                yield from self._accepted(session, told, (Hop.TUNNEL, tunnel, -1), up)

    def _sites_tunnel(self, session: Session) -> int:
        own, _ = session.sides(self._node.name)
        return self._tunnel_of[own.interface]

    def _accepted(self, session: Session, told: Told, hop: HopOf, up: Condition) -> Iterator[Candidate]:
        """What import lets in; what is refused must not hide what is not."""
        own, peer = session.sides(self._node.name)
        refused = False
        last: tuple[int, ...] = ()
        for condition, sent in told.paths:
            path = None if own.asn in sent.as_path else self._policy.apply(
                told.prefix, Path((*sent.as_path,), 100, sent.med, sent.communities), own.configured.import_prefix_list,
                own.configured.import_route_map)
            if path is None:
                refused = True
                continue
            if path.med:
                raise NotCovered(f"{self._node.name} sets MED on what it hears of {told.prefix}")
            key = (-path.local_pref, len(path.as_path), peer.address)
            if refused or key < last:
                raise NotCovered(f"what {self._node.name} takes of {told.prefix} depends on which route is told")
            last = key
            yield Candidate(told.prefix, key, hop, both(condition, up), "BGP")

    def _chosen(self, prefix: Cidr, learned: list[Candidate]) -> Iterator[Candidate]:
        """BGP's choice beside other protocols: equal paths share the load up to what the device is told."""
        paths = 1 if self._node.bgp is None else self._node.bgp.maximum_paths
        equal: dict[tuple[int, ...], set[HopOf]] = {}
        for one in learned:
            equal.setdefault(one.key[:-1], set()).add(one.hop)
        if any(1 < paths < len(hops) for hops in equal.values()):
            raise NotCovered(f"{self._node.name} has more equal paths to {prefix} than it uses")
        for one in learned:
            key = one.key if paths == 1 else one.key[:-1]
            yield Candidate(prefix, (EBGP_DISTANCE, BGP_PLACE, *key), one.hop, one.condition, one.origin)

    def _neighbors(self, table: Mapping[Cidr, list[Candidate]]) -> Iterator[Candidate]:
        """The addresses at the far ends of its circuits."""
        yield from neighbors(self._sites, self._node, table, {
            name: way for name, way in self._ways.items() if way is not None and way[0][0] is Hop.LINE})


def neighbors(
    sites: Sites, node: Node, table: Mapping[Cidr, list[Candidate]], ways: Mapping[str, tuple[HopOf, Condition]]
) -> Iterator[Candidate]:
    """Entries for addresses of other nodes on a link, where the connected prefix alone leads to nobody."""
    topology = sites.topology
    for one in topology.connected[node.name]:
        way = ways.get(one.interface)
        for port in topology.neighbors(node.name, one.interface) if way is not None else ():
            for other in topology.connected[port.node]:
                if way is None or other.interface != port.interface or not one.cidr.covers(other.address):
                    continue
                inner = [prefix for prefix in table if prefix.length > one.cidr.length and prefix.covers(other.address)]
                if inner:
                    raise NotCovered(f"{node.name} has a route inside the prefix of its link {one.interface}")
                yield Candidate(Cidr.host(other.address), (0,), way[0], way[1], "neighbor")
