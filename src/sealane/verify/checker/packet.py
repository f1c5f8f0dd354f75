"""The checker's own packets: one at a time, hop by hop, through every branch of equal routes."""

from dataclasses import dataclass, replace

from sealane.model import (
    FilterRule,
    Interface,
    InterfaceKind,
    Mode,
    Network,
    Node,
    Platform,
    PortRange,
    Protection,
    TunnelEnd,
)
from sealane.net import Address
from sealane.verify.checker.routes import MAIN, Table
from sealane.verify.checker.state import Route, World

ICMP, TCP, UDP, ESP = 1, 6, 17, 50
_IKE = (500, 4500)
_BGP = 179
_BFD = (3784, 3785, 4784)
_HOPS, _DEPTH = 64, 4
_ECHO, _ECHO_REPLY = 8, 0


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet; ``destination_port`` is the type of an ICMP packet."""

    source: Address
    destination: Address
    protocol: int = ICMP
    source_port: int = 0
    destination_port: int = _ECHO

    def reply(self) -> "Packet":
        """The answer to it."""
        if self.protocol == ICMP:
            return replace(self, source=self.destination, destination=self.source, destination_port=_ECHO_REPLY)
        return Packet(self.destination, self.source, self.protocol, self.destination_port, self.source_port)


@dataclass(frozen=True, slots=True)
class Way:
    """One way that a packet may take: how it ends, the circuits crossed outside ESP, the tunnels gone through."""

    fate: str
    clear: frozenset[str]
    tunnels: frozenset[str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _At:
    """Where a packet is: its headers with the innermost first, and what it has seen."""

    node: str
    arrived: str | None
    headers: tuple[Packet, ...]
    inside: tuple[str, ...] = ()
    clear: frozenset[str] = frozenset()
    used: frozenset[str] = frozenset()
    before: tuple[tuple[str, str | None, int], ...] = ()

    def end(self, fate: str, note: str) -> list[Way]:
        return [Way(fate, self.clear, self.used, f"{self.headers[-1].destination} at {self.node}: {note}")]


def is_outer(network: Network, packet: Packet) -> bool:
    """True for IKE and ESP between the two ends of a tunnel."""
    pairs = [(one.near.local, one.near.remote) for one in network.tunnels()]
    ends = (packet.source, packet.destination)
    return (ends in pairs or ends[::-1] in pairs) and _ipsec(packet)


def _ipsec(packet: Packet) -> bool:
    return packet.protocol == ESP or (
        packet.protocol == UDP and (packet.source_port in _IKE or packet.destination_port in _IKE)
    )


def protects(one: Protection, packet: Packet) -> bool:
    """True when the packet is between the two sides of a protection."""
    ends = ((packet.source, packet.destination), (packet.destination, packet.source))
    return any(any(a in cloud for cloud in one.cloud) and any(b in site for site in one.site) for a, b in ends)


class Walk:
    """Sends packets through one state; ``replies`` lets filters pass what may answer a flow opened the other way."""

    def __init__(self, world: World, tables: dict[tuple[str, str], Table], *, replies: bool = False) -> None:
        self.world = world
        self.tables = tables
        self.replies = replies

    def send(self, packet: Packet, node: str, arrived: str | None = None) -> list[Way]:
        """Every way of a packet that a node sends, or that comes in on one of its interfaces."""
        here = self.world.node(node)
        group = here.security_group if arrived is None and not self.replies else None
        if group is not None and not _first(group.outbound, packet, default=True):
            return _At(node, None, (packet,)).end("dropped", "security group")
        return self._visit(_At(node, arrived, (packet,)))

    def outer(self, name: str) -> bool:
        """True when both ends of a tunnel reach each other, IKE and ESP, on every way and outside of it."""
        for pair in self.world.network.tunnels():
            if pair.name != name or pair.far is None or pair.far_node is None:
                continue
            for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)):
                for port in _IKE:
                    probe = Packet(end.local, end.remote, UDP, port, port)
                    ways = self._visit(_At(node, None, (probe,), (name,)))
                    if any(way.fate != "reached" for way in ways):
                        return False
            return True
        return False

    def _visit(self, at: _At) -> list[Way]:
        node = self.world.node(at.node)
        if not self.world.alive(at.node):
            return at.end("dropped", "the node has failed")
        step = (at.node, at.arrived, len(at.headers))
        if at.before.count(step) > 0:
            return at.end("loop", "has been here before")
        if len(at.before) > _HOPS:
            return at.end("loop", "too many hops")
        at = replace(at, before=(*at.before, step))
        packet = at.headers[-1]
        owner = self._owner(node, packet.destination)
        if owner is not None:
            return self._arrive(node, at, owner)
        if node.platform is Platform.HOST and at.arrived is not None:
            return at.end("dropped", "a host forwards nothing")
        route = self._look_up(node, at)
        if route is None or not route.hops:
            return at.end("dropped", "no route" if route is None else "black hole")
        return [way for name, gateway in route.hops for way in self._leave(node, at, name, gateway)]

    def _owner(self, node: Node, wanted: Address) -> str | None:
        """The interface that an own address is on; a transit router's gateway addresses are on none, so empty."""
        for one in node.interfaces:
            if not any(int(address) == int(wanted) for address in one.addresses):
                continue
            usable = self.world.switched_on(node.name, one.name)
            if usable and (one.kind is not InterfaceKind.TUNNEL or self.world.up(node.name, one.name)):
                return one.name
        return "" if any(end.source_interface is None and end.local == wanted for end in node.tunnel_ends) else None

    def _arrive(self, node: Node, at: _At, owner: str) -> list[Way]:
        packet = at.headers[-1]
        loopback = owner != "" and node.interface(owner).kind is InterfaceKind.LOOPBACK
        if node.platform is Platform.ASA and at.arrived not in (None, owner) and not loopback:
            return at.end("dropped", "address of another interface")
        if at.inside and _ipsec(packet):
            pair = next(one for one in self.world.network.tunnels() if one.name == at.inside[-1])
            end = pair.near if pair.near_node == node.name else pair.far
            if end is None or (end.local, end.remote) != (packet.destination, packet.source):
                return at.end("dropped", "not for this tunnel")
            if len(at.headers) == 1:
                return at.end("reached", "the other end")
            return self._visit(replace(at, arrived=end.interface, headers=at.headers[:-1], inside=at.inside[:-1]))
        group = node.security_group if at.arrived is not None and not self.replies else None
        if group is not None and not _first(group.inbound, packet, default=False):
            return at.end("dropped", "security group")
        return at.end("delivered", "delivered")

    def _look_up(self, node: Node, at: _At) -> Route | None:
        wanted = at.headers[-1].destination
        found = [one for one in self._table(node, at) if wanted in one.prefix]
        return max(found, key=lambda one: one.prefix.prefixlen) if found else None

    def _table(self, node: Node, at: _At) -> Table:
        """The table that is asked; on a transit router the arriving attachment or tunnel end chooses it."""
        router = node.transit_router
        if router is None:
            return self.tables[node.name, MAIN]
        if at.arrived is None:
            ends = [end.table for end in node.tunnel_ends if at.inside and end.local == at.headers[-1].source]
            if ends:
                return [] if ends[0] is None else self.tables[node.name, ends[0]]
            system = next(table.name for table in router.tables if table.system)
            main = [one for one in self.tables[node.name, MAIN] if at.headers[-1].destination in one.prefix]
            return main or self.tables[node.name, system]
        for attachment in router.attachments:
            if at.arrived in attachment.interfaces:
                name = attachment.association
                return [] if name is None else self.tables[node.name, name]
        return []

    def _leave(self, node: Node, at: _At, name: str, gateway: Address | None) -> list[Way]:
        packet = at.headers[-1]
        own = at.arrived is None
        if node.platform is Platform.ASA and not own and not self._judge(node, at.arrived or "", name, packet):
            return at.end("dropped", "firewall")
        tunnel = self.world.tunnel_of(node.name, name)
        if tunnel is not None:
            end = tunnel.near if tunnel.near_node == node.name else tunnel.far
            return self._encapsulate(node, at, tunnel.name, end)
        link = self.world.link(node.name, name)
        if link is None or not self.world.up(node.name, name):
            return at.end("dropped", "nothing is plugged in")
        clear = link.circuit and len(at.headers) == 1 and not at.inside
        refused = clear and self._refused(packet)
        far = [one for one in self.world.network.circuits if one.real_interface is not None]
        beyond = any(one.name == link.name and one.cloud.node != node.name for one in far)
        if refused and not beyond:
            return at.end("dropped", "the meter refuses it")
        wanted = packet.destination if gateway is None else gateway
        for port in link.ports:
            there = self.world.interface(port.node, port.interface)
            answers = there.enabled and any(int(one) == int(wanted) for one in there.addresses)
            if port.node != node.name and answers and self.world.up(port.node, port.interface):
                crossed = at.clear | {link.name} if clear else at.clear
                crossing = replace(at, clear=crossed, node=port.node, arrived=port.interface)
                return crossing.end("dropped", "the meter refuses it") if refused else self._visit(crossing)
        return at.end("dropped", f"nobody has {wanted}")

    def _encapsulate(self, node: Node, at: _At, name: str, end: TunnelEnd | None) -> list[Way]:
        packet = at.headers[-1]
        own = [(one.local, one.remote) for one in node.tunnel_ends]
        ends = (packet.source, packet.destination)
        if _ipsec(packet) and (ends in own or ends[::-1] in own):
            return at.end("dropped", "a tunnel's own packet into a tunnel")
        if end is None or name not in self.world.tunnels or name in at.inside or len(at.inside) >= _DEPTH:
            return at.end("dropped", f"tunnel {name} carries nothing")
        outer = Packet(end.local, end.remote, UDP, 4500, 4500)
        return self._visit(
            replace(at, arrived=None, headers=(*at.headers, outer), inside=(*at.inside, name), used=at.used | {name})
        )

    def _refused(self, packet: Packet) -> bool:
        """What a meter of mode required drops; BGP and BFD of the circuit itself and tunnels pass before."""
        network = self.world.network
        if is_outer(network, packet):
            return False
        for circuit in network.circuits:
            ports = [one for one in (circuit.cloud, circuit.site) if one is not None]
            known = [one.ip for port in ports for one in network.node(port.node).interface(port.interface).addresses]
            routing = packet.protocol == TCP and _BGP in (packet.source_port, packet.destination_port)
            routing = routing or (packet.protocol == UDP and packet.destination_port in _BFD)
            if routing and packet.source in known and packet.destination in known:
                return False
        return any(one.mode is Mode.REQUIRED and protects(one, packet) for one in network.protections)

    def _judge(self, node: Node, arrived: str, leaving: str, packet: Packet) -> bool:
        """A stateful device: may the packet open a flow, or (with ``replies``) answer one that was opened."""
        if _opens(node, arrived, leaving, packet):
            return True
        flows = node.stateful is None or node.stateful.inspect_icmp or packet.protocol != ICMP
        return self.replies and flows and _opens(node, leaving, arrived, packet.reply())


def _opens(node: Node, arrived: str, leaving: str, packet: Packet) -> bool:
    """Equal levels first, then tunnels, access lists, levels."""
    stateful = node.stateful
    if stateful is None:
        return True
    here, there = node.interface(arrived), node.interface(leaving)
    if here.nameif is None:
        return False
    zone = here.traffic_zone is not None and here.traffic_zone == there.traffic_zone
    passes = here.name != there.name and (stateful.same_security_inter or zone)
    if there.nameif is not None and _level(here) == _level(there) and not passes:
        return False
    if here.kind is InterfaceKind.TUNNEL and stateful.permit_vpn:
        return True
    lists = [one for one in node.access_lists if one.name == here.access_list_in]
    if lists:
        return _first(lists[0].rules, packet, default=False)
    return there.nameif is not None and _level(there) <= _level(here)


def _level(interface: Interface) -> int:
    if interface.security_level is not None:
        return interface.security_level
    return 100 if interface.nameif == "inside" else 0


def _first(rules: tuple[FilterRule, ...], packet: Packet, *, default: bool) -> bool:
    return next((rule.permit for rule in rules if _matches(rule, packet)), default)


def _matches(rule: FilterRule, packet: Packet) -> bool:
    ports = rule.source_ports is not None or rule.destination_ports is not None
    wanted = (TCP, UDP) if ports and rule.protocol is None else (rule.protocol,)
    return (
        (wanted == (None,) or packet.protocol in wanted)
        and (rule.source is None or packet.source in rule.source)
        and (rule.destination is None or packet.destination in rule.destination)
        and _in_range(rule.source_ports, packet.source_port)
        and _in_range(rule.destination_ports, packet.destination_port)
        and (ports or rule.icmp_type is None or (packet.protocol, packet.destination_port) == (ICMP, rule.icmp_type))
    )


def _in_range(ports: PortRange | None, port: int) -> bool:
    return ports is None or ports.first <= port <= ports.last


