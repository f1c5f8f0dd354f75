"""What a live network says of itself: SAs, BGP sessions, tunnel counters, meters, routes."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product

from sealane.app.controller import Drivers
from sealane.diag import Fault
from sealane.drivers.bird import read_protocols
from sealane.drivers.bird.io import birdc
from sealane.drivers.frr import read_summary
from sealane.drivers.frr.io import vtysh
from sealane.drivers.strongswan import SaState
from sealane.host import run, run_unchecked
from sealane.lower import Lowered, PlacedEnd, meter_table
from sealane.model import AttachmentKind, Network, Node, Platform, Port, TunnelPair
from sealane.net import Address, NodeName, Prefix
from sealane.vendors import nftables

DOWN = "Down"


@dataclass(frozen=True, slots=True)
class TunnelStatus:
    """One tunnel, seen from its cloud end.

    Args:
        name: Name in the plan.
        ike_state, child_state: charon's words.
        bgp_state, device_bgp_state: RFC 4271's words at both ends; ``none`` where no session is configured.
        bytes_in, bytes_out, packets_in, packets_out: Of the tunnel interface at the cloud end.
        ike_proposal, child_proposal: What was negotiated.
        reason: Why it is not carrying traffic, in words; empty when it is.
    """

    name: str
    ike_state: str
    child_state: str
    bgp_state: str
    device_bgp_state: str
    bytes_in: int
    bytes_out: int
    packets_in: int
    packets_out: int
    ike_proposal: str
    child_proposal: str
    reason: str

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class NearEnd:
    """The cloud end of a tunnel.

    Args:
        name: Name in the plan.
        sa: Its SAs.
        bgp_state: As in TunnelStatus.
        counts: ``bytes_in``, ``bytes_out``, ``packets_in`` and ``packets_out`` of its interface.
    """

    name: str
    sa: SaState
    bgp_state: str
    counts: Mapping[str, int]


class _Asked:
    """Answers about nodes that many tunnels share."""

    def __init__(self, sessions: dict[str, Mapping[str, str]] | None = None) -> None:
        self.sessions: dict[str, Mapping[str, str]] = {} if sessions is None else sessions
        self.links: dict[str, Mapping[str, tuple[bool, Mapping[str, int]]]] = {}


class Observer:
    """Reads a live network; holds no state of its own.

    Args:
        network: What is configured on this host.
        lowered, drivers: The same on Linux, and the hands for it.
        whole: The plan's network, with the sites beyond real lines; None when ``network`` is all there is.
    """

    def __init__(self, network: Network, lowered: Lowered, drivers: Drivers, whole: Network | None = None) -> None:
        self.network = network
        self.whole = whole or network
        self.lowered = lowered
        self.drivers = drivers

    def tunnels(self) -> tuple[TunnelStatus, ...]:
        """Every tunnel of the network."""
        asked = _Asked()
        return tuple(self._tunnel(pair, asked) for pair in self.network.tunnels())

    def near_ends(self, sessions: Mapping[str, Mapping[str, str]]) -> Iterator[NearEnd]:
        """The cloud end of every tunnel, without asking the devices.

        No charon is asked whose TUN is up and has an established BGP session over it.

        Args:
            sessions: State of each BGP session by node and neighbor address.
        """
        asked = _Asked(dict(sessions))
        return (self._near_end(pair, asked, in_brief=True) for pair in self.network.tunnels())

    def _near_end(self, pair: TunnelPair, asked: _Asked, *, in_brief: bool = False) -> NearEnd:
        near = self.lowered.ends[pair.near_node, pair.near.name]
        bgp_state = self._bgp(self.network.node(pair.near_node), near, pair, asked.sessions)
        if near.router not in asked.links:
            asked.links[near.router] = _links(near.router)
        up, counts = asked.links[near.router].get(near.interface, (False, _NO_COUNTS))
        # charon has its TUN up exactly while its child SA is, but somebody may have set it up by hand
        carries = up and near.charon != near.router and bgp_state == "Established"
        sa = _UP(near.interface) if in_brief and carries else self.sa(near)
        return NearEnd(pair.name, sa, bgp_state, counts)

    def _tunnel(self, pair: TunnelPair, asked: _Asked) -> TunnelStatus:
        one = self._near_end(pair, asked)
        far_state = "none"
        if pair.far_node is not None and pair.far is not None:
            far = self.lowered.ends[pair.far_node, pair.far.name]
            far_state = self._bgp(self.network.node(pair.far_node), far, pair, asked.sessions)
        return TunnelStatus(
            pair.name,
            one.sa.ike_state,
            one.sa.child_state,
            one.bgp_state,
            far_state,
            **one.counts,
            ike_proposal=one.sa.ike_proposal,
            child_proposal=one.sa.child_proposal,
            reason=self._reason(self.lowered.ends[pair.near_node, pair.near.name], one.sa, one.bgp_state),
        )

    def sa(self, one: PlacedEnd) -> SaState:
        """The SAs of a tunnel end."""
        try:
            states = self.drivers.strongswan.states(one.charon)
        except Fault:
            return SaState(one.interface, "NO DAEMON", "NO DAEMON")
        return states.get(one.interface, SaState(one.interface))

    def _bgp(self, node: Node, one: PlacedEnd, pair: TunnelPair, sessions: dict[str, Mapping[str, str]]) -> str:
        """State of the session over a tunnel at one end, found by the far end's inside address."""
        inside = one.end.inside
        if inside is None:
            return "none"
        others = [end.inside for end in (pair.near, pair.far) if end is not None and end.inside not in (None, inside)]
        wanted = {str(other.ip) for other in others if other is not None}
        if node.name not in sessions:
            sessions[node.name] = self.bgp_states(node)
        states = [state for neighbor, state in sessions[node.name].items() if neighbor in wanted]
        return states[0] if states else "none"

    def bgp_states(self, node: Node) -> Mapping[str, str]:
        """State of every BGP session of a node by neighbor address; empty when its daemon is gone."""
        space = self.lowered.places[node.name].namespace
        try:
            if node.runs_bird:
                answer = birdc(self.drivers.bird.directory(space), "show", "protocols", "all")
                return {session.neighbor: session.state for session in read_protocols(answer)}
            if node.bgp is None:
                return {}
            answer = vtysh(self.drivers.frr.directory(space), "show bgp ipv4 unicast summary json")
            return {session.neighbor: session.state for session in read_summary(answer)}
        except Fault:
            return {}

    def _reason(self, one: PlacedEnd, sa: SaState, bgp: str) -> str:
        route = self.outer_route(one)
        tunnels = {end.interface: end.end.name for end in self.lowered.ends.values() if end.router == one.router}
        if route in tunnels:
            return (
                f"underlay recursion: outer packets to {one.end.remote} are routed into {tunnels[route]}; "
                f"give {one.end.remote}/32 a route to the VBR attachment"
            )
        if route is None:
            return f"no route from {one.end.local} to the peer {one.end.remote}"
        if sa.child_state not in {"INSTALLED", "REKEYING", "REKEYED"}:
            return f"IKE {sa.ike_state}, child SA {sa.child_state}: {self._last_words(one)}"
        if bgp not in {"Established", "none"}:
            return f"child SA is up, BGP is {bgp}"
        return ""

    def _last_words(self, one: PlacedEnd) -> str:
        log = self.drivers.strongswan.directory(one.charon) / "charon.log"
        done = run_unchecked(["tail", "-n", "1", str(log)])
        return done.stdout.strip() or "charon has not logged anything"

    def outer_route(self, one: PlacedEnd) -> str | None:
        """Interface of the node that the tunnel's outer packets would leave by; None without a route."""
        arguments = ["ip", "-n", one.router, "-j", "route", "get", str(one.end.remote), "from", str(one.end.local)]
        if one.charon != one.router:
            arguments += ["iif", one.outer_interface]
        done = run_unchecked(arguments)
        if done.returncode != 0:
            return None
        found = json.loads(done.stdout or "[]")
        return found[0].get("dev") if found else None

    def meters(self) -> Mapping[tuple[str, Port], nftables.MeterReading]:
        """The meter of every circuit-facing port of ours by (circuit, port)."""
        found = {}
        for circuit in self.network.circuits:
            for port in (circuit.cloud, circuit.site):
                if port is not None:
                    found[circuit.name, port] = self.meter(port)
        return found

    def meter(self, port: Port) -> nftables.MeterReading:
        """The meter of one port."""
        place = self.lowered.places[port.node]
        name = meter_table(self.network, place, port)
        counters = run(["nft", "-j", "list", "counters", "table", "inet", name], namespace=place.namespace)
        return nftables.read_meter(counters, name)

    def nexthops(self, node: str, table: int | None, address: str) -> tuple[str, ...]:
        """Interfaces that a node's kernel would use towards an address, from the longest prefix of a table."""
        space = self.lowered.places[self.network.node(node).name].namespace
        shown = ["ip", "-n", space, "-j", "route", "show", "table", str(table or 254), "match", address]
        done = run_unchecked(shown)
        routes = json.loads(done.stdout or "[]") if done.returncode == 0 else []
        if not routes:
            return ()
        best = max(routes, key=lambda route: _length(str(route["dst"])))
        hops = best.get("nexthops") or [best]
        return tuple(str(hop.get("dev", best.get("type", "blackhole"))) for hop in hops)


_NO_COUNTS = dict.fromkeys(("bytes_in", "bytes_out", "packets_in", "packets_out"), 0)


_UP = partial(SaState, ike_state="ESTABLISHED", child_state="INSTALLED")


def _links(namespace: str) -> Mapping[str, tuple[bool, Mapping[str, int]]]:
    """By name whether the interfaces of a namespace are up, and what passed them."""
    done = run_unchecked(["ip", "-n", namespace, "-j", "-s", "link", "show"])
    found = {}
    for link in json.loads(done.stdout or "[]") if done.returncode == 0 else ():
        stats = link.get("stats64", {})
        counts = {f"{what}_{way}": int(stats.get(side, {}).get(what, 0))
                  for what in ("bytes", "packets") for way, side in (("in", "rx"), ("out", "tx"))}
        found[link["ifname"]] = "UP" in link.get("flags", ()), counts
    return found


def _length(destination: str) -> int:
    if destination == "default":
        return 0
    return int(destination.split("/")[1]) if "/" in destination else 32


def outer_pairs(network: Network) -> tuple[tuple[Address, Address], ...]:
    """Outer addresses of every tunnel: between no others is anything ESP or IKE of ours."""
    return tuple((pair.near.local, pair.near.remote) for pair in network.tunnels())


@dataclass(frozen=True, slots=True)
class Sending:
    """What a node has to do with the packets for one protected host.

    Args:
        node: The node that chooses between tunnels and circuit.
        table: Route table of the model that it looks in; None is its only one.
        host: Whom the packets are for.
        tunnels: Sets of the node's tunnels, by name; the packets have to be spread over all of one of these sets.
    """

    node: NodeName
    table: str | None
    host: Address
    tunnels: tuple[frozenset[str], ...]


def judged(observer: Observer) -> bool:
    """True when there are tunnels and a protected pair with hosts at both ends, so that ``carries`` has an answer."""
    return bool(observer.network.tunnels()) and bool(sendings(observer.network, observer.whole))


def carries(observer: Observer) -> bool:
    """True when every tunnel's child SA is up and all hosts of every protected pair are sent into the right tunnels.

    At the transit router these are all tunnels to the device of the host's site, at a device all of its own. A device
    beyond a real line is not asked. False also when there is nothing to judge by: ask ``judged`` first.
    """
    if not judged(observer):
        return False
    for pair in observer.network.tunnels():
        near = observer.lowered.ends[pair.near_node, pair.near.name]
        if observer.sa(near).child_state != "INSTALLED":
            return False
    return all(_fits(observer, sending, hops) for sending, hops in protected_next_hops(observer))


def _fits(observer: Observer, sending: Sending, hops: tuple[str, ...]) -> bool:
    return any(
        group and set(hops) == {observer.lowered.ends[sending.node, name].interface for name in group}
        for group in sending.tunnels
    )


def protected_next_hops(observer: Observer) -> Iterator[tuple[Sending, tuple[str, ...]]]:
    """For each protected host and each node that sends to it: the interfaces its packets are sent into."""
    for sending in sendings(observer.network, observer.whole):
        numbers = observer.lowered.places[sending.node].tables
        table = min(numbers.values(), default=None) if sending.table is None else numbers[sending.table]
        yield sending, observer.nexthops(sending.node, table, str(sending.host))


def sendings(network: Network, whole: Network) -> tuple[Sending, ...]:
    """What every node on this host has to do for the protected pairs that have hosts at both ends.

    Args:
        network: The part that is on this host.
        whole: The plan's network: with the sites beyond real lines, which are sent to, but are not asked.
    """
    joined = _joined(whole)
    cloud = {node.name for node in whole.of_platform(Platform.TRANSIT_ROUTER)}
    hosts = [
        (address.ip, joined[node.name])
        for node in whole.of_platform(Platform.HOST)
        for one in node.interfaces
        for address in one.addresses
    ]
    found: dict[Sending, None] = {}
    for protection in whole.protections:
        inside = [(host, near) for host, near in hosts if near & cloud and _within(host, protection.cloud)]
        beyond = [(host, near) for host, near in hosts if not near & cloud and _within(host, protection.site)]
        for (here, _), (there, site) in product(inside, beyond):
            for one in (*_from_cloud(network, whole, here, there, site), *_from_site(network, here, site)):
                found[one] = None
    return tuple(found)


def _within(host: Address, prefixes: tuple[Prefix, ...]) -> bool:
    return any(host in prefix for prefix in prefixes)


def _joined(network: Network) -> Mapping[NodeName, frozenset[NodeName]]:
    """The nodes that each node is joined to by segments, itself included: a site, or the cloud; circuits part them."""
    groups = {node.name: frozenset({node.name}) for node in network.nodes}
    for segment in network.segments:
        group = frozenset[NodeName]().union(*(groups[port.node] for port in segment.ports))
        groups |= dict.fromkeys(group, group)
    return groups


def _from_cloud(
    network: Network, whole: Network, here: Address, there: Address, site: frozenset[NodeName]
) -> Iterator[Sending]:
    """What the transit routers do with packets from a host in the cloud to one at a site."""
    known = {(pair.near_node, pair.near.name): pair.far_node for pair in whole.tunnels()}
    for node in network.of_platform(Platform.TRANSIT_ROUTER):
        names = [end.name for end in node.tunnel_ends]
        own = frozenset(name for name in names if known.get((node.name, name)) in site)
        groups = (own,) if own else _unknown(node, {name for name in names if known.get((node.name, name)) is None})
        for table in _tables_for(node, here):
            yield Sending(node.name, table, there, groups)


def _unknown(node: Node, names: set[str]) -> tuple[frozenset[str], ...]:
    """The tunnels to devices that nothing is known of, by IPsec connection."""
    if node.transit_router is None:
        return ()
    groups = [
        frozenset(end.name for end in node.tunnel_ends if end.interface in attachment.interfaces and end.name in names)
        for attachment in node.transit_router.attachments
    ]
    return tuple(group for group in groups if group)


def _tables_for(node: Node, host: Address) -> tuple[str | None, ...]:
    """The route tables in which a transit router looks up what comes from a host in a VPC."""
    attachments = () if node.transit_router is None else node.transit_router.attachments
    found = {
        one.association
        for one in attachments
        if one.kind is AttachmentKind.VPC and one.association is not None and _within(host, one.prefixes)
    }
    return tuple(sorted(found)) or (None,)


def _from_site(network: Network, here: Address, site: frozenset[NodeName]) -> Iterator[Sending]:
    """What the devices of a site do with packets to a host in the cloud."""
    far = {(pair.far_node, pair.far.name) for pair in network.tunnels() if pair.far is not None}
    for device in network.devices():
        own = frozenset(end.name for end in device.tunnel_ends if (device.name, end.name) in far)
        if device.name in site and own:
            yield Sending(device.name, None, here, (own,))
