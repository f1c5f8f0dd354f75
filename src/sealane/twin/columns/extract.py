"""From a Network to facts: every route that any failure can bring forth, with its condition.

No state is computed here. Policies are asked once for each route and kind of receiver; where what is told depends on
which of several routes is there, so that no conjunction says when, the answer is NotCovered.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from sealane.model import DEFAULT_VBR_ASN, Attachment, AttachmentKind, Network, Port, RouteType
from sealane.net import Cidr, NodeName
from sealane.twin.columns.candidate import Candidate, HopOf, Told, both, by_prefix, write_table
from sealane.twin.columns.element import Element
from sealane.twin.columns.extract_device import OWN_ADDRESS, Device, neighbors
from sealane.twin.columns.facts import TRANSIT, Condition, Facts, Hop, NotCovered
from sealane.twin.columns.sites import Sites, border_of, sites_of
from sealane.twin.columns.writer import ALWAYS_UP, FactsWriter
from sealane.twin.element import NOTHING
from sealane.twin.element import Element as GeneralElement
from sealane.twin.negotiation import disagreement
from sealane.twin.policy import TransitPolicy
from sealane.twin.profile import (
    CIDR_PREFERENCE,
    CONTRIBUTED_TYPE,
    DEFAULT_USER_PREFERENCE,
    LEARNED_PREFERENCE,
    OWN_PREFERENCE,
    VBR_CUSTOM_PREFERENCE,
    VBR_TRANSIT_PREFERENCE,
)
from sealane.twin.route import Path, Protocol, Route
from sealane.twin.router_border import customer_address
from sealane.twin.session import Session
from sealane.twin.situation import Situation

_DROP: HopOf = (Hop.DROP, -1, -1)
_ARRIVED: HopOf = (Hop.CLOUD, -1, -1)
_CONNECTED = (-1000, 0, 0, 0)
_Judged = list[tuple[Candidate, Path | None]]


@dataclass(frozen=True, slots=True)
class Extracted:
    """Facts of a network, and how its elements are called there."""

    facts: Facts
    sites: Sites

    def elements(self, failed: Iterable[GeneralElement]) -> tuple[Element, ...]:
        """Failed elements of the network as columns number them.

        Raises:
            NotCovered: Columns do not model the failure of one of them.
        """
        found: list[Element] = []
        for one in failed:
            known = self.sites.element(one)
            if known is None:
                raise NotCovered(f"the failure of {one}")
            found += known
        return tuple(found)


def extract(network: Network) -> Extracted:
    """The facts of a hub-and-spoke network.

    Raises:
        NotCovered: It is none, or holds what columns do not model; the text says what.
    """
    sites = sites_of(network)
    return Extracted(_Extraction(sites).facts(network), sites)


class _Extraction:
    """One network; holds what its steps share."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._policy = TransitPolicy(sites.router)
        self._situation = Situation(sites.topology, NOTHING, frozenset(), {})
        self._number = {pair.name: number for number, pair in enumerate(sites.pairs)}
        far: dict[NodeName, dict[str, int]] = {}
        own: dict[NodeName, list[Session]] = {}
        self._near: dict[str, int] = {}
        for number, pair in enumerate(sites.pairs):
            self._near[pair.near.interface] = number
            if pair.far_node is not None and pair.far is not None:
                far.setdefault(pair.far_node, {})[pair.far.interface] = number
        for one in sites.sessions:
            if one.tunnel is not None:
                for speaker, _ in one.ends():
                    own.setdefault(speaker.node, []).append(one)
        self._devices = {
            name: Device(sites, sites.topology.nodes[name], far.get(name, {}), own.get(name, ())) for name in sites.site
        }
        self._own_sessions: dict[str, list[Session]] = {}
        for one in own.get(sites.hub.name, ()):
            attachment = one.sides(sites.hub.name)[0].attachment
            self._own_sessions.setdefault(attachment or "", []).append(one)

    def facts(self, network: Network) -> Facts:
        sites = self._sites
        writer = FactsWriter(list(sites.border), list(sites.site))
        writer.cloud += sorted({Cidr.of(one) for attachment in sites.router.attachments for one in attachment.prefixes
                                if attachment.kind is AttachmentKind.VPC}
                               | {Cidr.of(one) for found in network.protections for one in found.cloud})
        writer.protected += sorted({Cidr.of(one) for found in network.protections for one in found.site})
        for pair in sites.pairs:
            agreed = pair.far is not None and pair.far_node is not None and not disagreement(pair) and all(
                node is not None and sites.topology.interfaces[node, end.interface].enabled
                for node, end in ((pair.near_node, pair.near), (pair.far_node, pair.far)) if end is not None)
            if pair.near.table not in {None, sites.table}:
                raise NotCovered(f"{pair.name} looks its packets up in another table")
            writer.tunnel(pair.name, self._site_of(pair.far_node), near=int(pair.near.local), far=int(pair.near.remote),
                          agreed=agreed)
        arrived = {one.name: [*self._contributed(one), *self._learned(one)] for one in sites.router.attachments}
        table = by_prefix([*self._own(), *self._cidrs(), *self._let_in(arrived)])
        own = [Candidate(Cidr.host(one), OWN_ADDRESS, _ARRIVED) for one in sites.topology.addresses[sites.hub.name]]
        told = dict(self._published(table, arrived))
        for one in own:
            table.setdefault(one.prefix, []).append(one)
        write_table(writer, TRANSIT, table)
        for name in sites.border:
            write_table(writer, 1 + sites.border[name], self._border_table(name, told))
        heard = {session.name: list(self._sent(session, told[name]))
                 for name, found in self._own_sessions.items() for session in found}
        for name, device in self._devices.items():
            write_table(writer, sites.device_table(name), device.table(heard))
        return writer.facts()

    def _site_of(self, device: NodeName | None) -> int:
        """A tunnel that no device answers is down for ever, whosever it is."""
        if device is None and not self._sites.site:
            raise NotCovered("there is no device")
        return 0 if device is None else self._sites.site[device]

    # what the transit router's table may hold

    def _hops(self, one: Attachment) -> Iterator[tuple[HopOf, Condition, str]]:
        """Where an attachment leads and when; ties go by the interface."""
        topology, hub = self._sites.topology, self._sites.hub.name
        for interface in sorted(one.interfaces):
            if one.kind is AttachmentKind.VPN:
                tunnel = self._near[interface]
                device = self._sites.pairs[tunnel].far_node
                if device is not None:
                    yield (Hop.TUNNEL, tunnel, self._sites.site[device]), Condition(tunnel=tunnel), interface
            elif one.peer is not None and topology.interface_up(hub, interface, NOTHING):
                if one.kind is AttachmentKind.VPC:
                    yield _ARRIVED, ALWAYS_UP, interface
                elif one.peer in self._sites.border:
                    yield (Hop.BORDER, self._sites.border[one.peer], -1), self._sites.attached(one.peer), interface

    def _contributed(self, one: Attachment) -> Iterator[Candidate]:
        preference = LEARNED_PREFERENCE.get((one.kind, False), 0)
        protocol = Protocol.VPC if one.kind is AttachmentKind.VPC else Protocol.VPN
        hops = tuple(self._hops(one)) if one.prefixes else ()
        for prefix in map(Cidr.of, one.prefixes):
            route = Route(prefix, protocol, (), (-preference, 0, 0, 0), "", path=Path(), attachment=one.name,
                          link_type=one.kind, route_type=CONTRIBUTED_TYPE.get(one.kind, RouteType.CUSTOM))
            for hop, condition, tie in hops:
                yield Candidate(prefix, route.rank, hop, condition, f"attachment {one.name}", (tie,), route)

    def _learned(self, one: Attachment) -> Iterator[Candidate]:
        if one.kind is AttachmentKind.VBR and one.peer is not None and one.peer in self._sites.border:
            for hop, attached, tie in self._hops(one):
                for custom in self._customs(one.peer):
                    rank = (-LEARNED_PREFERENCE[one.kind, False], 0, DEFAULT_USER_PREFERENCE, 1)
                    known = Candidate(custom.prefix, rank, hop, both(custom.condition, attached), tie=(tie,))
                    yield _heard(one, known, Path(), "")
        for session in self._own_sessions.get(one.name, ()):
            own, peer = session.sides(self._sites.hub.name)
            tunnel = self._number[session.tunnel or ""]
            hop = (Hop.TUNNEL, tunnel, self._sites.site[peer.node])
            for told in self._devices[peer.node].tells(session):
                for condition, path in told.paths:
                    if own.asn not in path.as_path:
                        rank = (-LEARNED_PREFERENCE[one.kind, True], len(path.as_path), DEFAULT_USER_PREFERENCE, 0)
                        up = both(condition, Condition(tunnel=tunnel, session=True))
                        known = Candidate(told.prefix, rank, hop, up, tie=(own.interface,))
                        yield _heard(one, known, path, session.name)

    def _own(self) -> Iterator[Candidate]:
        for one in self._sites.router.tables[0].routes:
            route = Route(Cidr.of(one.prefix), Protocol.CUSTOM, (), (-OWN_PREFERENCE, 0, 0, 0), "", path=Path(),
                          route_type=RouteType.CUSTOM)
            hops: Iterable[tuple[HopOf, Condition, str]] = ((_DROP, ALWAYS_UP, ""),)
            if one.attachment is not None:
                hops = self._hops(self._sites.router.attachment(one.attachment))
            for hop, condition, tie in hops:
                yield Candidate(route.prefix, route.rank, hop, condition, "custom route", (tie,), route)

    def _cidrs(self) -> Iterator[Candidate]:
        if not any(one.propagations for one in self._sites.router.attachments if one.kind is AttachmentKind.VPN):
            return
        for one in self._sites.router.cidrs:
            if one.publish:
                route = Route(Cidr.of(one.prefix), Protocol.CIDR, (), (-CIDR_PREFERENCE, 0, 0, 0), "", path=Path(),
                              route_type=RouteType.SYSTEM, vbr_only=True)
                yield Candidate(route.prefix, route.rank, _DROP, ALWAYS_UP, "published CIDR", (), route)

    def _let_in(self, arrived: Mapping[str, list[Candidate]]) -> Iterator[Candidate]:
        for one in self._sites.router.attachments:
            for candidate in arrived[one.name] if one.propagations else ():
                if candidate.route is not None:
                    route = self._policy.learn(self._sites.table, candidate.route).route
                    if route is not None:
                        yield replace(candidate, key=route.rank, route=route)

    # what it tells

    def _published(
        self, table: Mapping[Cidr, list[Candidate]], arrived: Mapping[str, list[Candidate]]
    ) -> Iterator[tuple[str, list[Told]]]:
        """By attachment, what it is told. Attachments that policies treat alike share one list."""
        shared: dict[tuple[object, ...], dict[Cidr, tuple[_Judged, Told | None]]] = {}
        for one in self._sites.router.attachments:
            if not one.auto_publish or one.kind is AttachmentKind.VPC:
                yield one.name, []
                continue
            alike = (one.kind, *self._policy.audience(self._sites.table, one))
            if alike not in shared:
                shared[alike] = dict(self._judged(table, one))
            own = by_prefix(arrived[one.name])
            told = [found for prefix, (_, found) in shared[alike].items() if found is not None and prefix not in own]
            for prefix, mine in own.items():
                judged = [(other, path) for other, path in shared[alike].get(prefix, ([], None))[0]
                          if other.route is None or other.route.attachment != one.name]
                found = _content(prefix, [*judged, *((candidate, None) for candidate in mine)])
                told += [] if found is None else [found]
            yield one.name, told

    def _judged(
        self, table: Mapping[Cidr, list[Candidate]], receiver: Attachment
    ) -> Iterator[tuple[Cidr, tuple[_Judged, Told | None]]]:
        """For each prefix its routes with what a receiver is told of each, and what comes of them together."""
        for prefix, found in table.items():
            judged: _Judged = []
            for one in found:
                if one.route is None or (one.route.vbr_only and receiver.kind is not AttachmentKind.VBR):
                    continue
                route = self._policy.publish(self._sites.table, one.route, receiver).route
                judged.append((one, None if route is None else route.path or Path()))
            if any(path is not None for _, path in judged):
                yield prefix, (judged, _content(prefix, judged))

    def _sent(self, session: Session, told: list[Told]) -> Iterator[Told]:
        for one in told:
            yield Told(one.prefix, tuple(
                (condition, replace(path, as_path=(session.near.asn, *path.as_path), med=None))
                for condition, path in one.paths))

    # border routers

    def _customs(self, name: NodeName) -> Iterator[Candidate]:
        """Custom routes of a border router."""
        sites, topology = self._sites, self._sites.topology
        node, border = topology.nodes[name], border_of(topology, name)
        customer = customer_address(self._situation, node, border)
        carrier = topology.interface_up(name, border.circuit_interface, NOTHING)
        for one in border.circuit_routes:
            hop, condition = _DROP, ALWAYS_UP
            if one.attachment is not None:
                if not carrier or customer is None:
                    continue
                holder, condition = topology.holder(name, border.circuit_interface, customer), sites.carrier(name)
                if holder is not None and topology.interface_up(holder.node, holder.interface, NOTHING):
                    hop = (Hop.CIRCUIT, sites.border[name], sites.site[holder.node])
            yield Candidate(Cidr.of(one.prefix), (-VBR_CUSTOM_PREFERENCE, 0, 0, 0), hop, condition, "custom route")

    def _border_table(self, name: NodeName, told: Mapping[str, list[Told]]) -> dict[Cidr, list[Candidate]]:
        sites, topology = self._sites, self._sites.topology
        node, border = topology.nodes[name], border_of(topology, name)
        ways = dict(self._border_ways(name))
        found = by_prefix([*self._customs(name), *(
            Candidate(one.cidr, _CONNECTED, _DROP, ways[one.interface][1])
            for one in topology.connected[name] if one.interface in ways)])
        for one in sites.router.attachments:
            if one.kind is AttachmentKind.VBR and one.peer == name and border.attachment_interface in ways:
                hop, attached = ways[border.attachment_interface]
                for heard in told[one.name]:
                    if any(DEFAULT_VBR_ASN in path.as_path for _, path in heard.paths):
                        raise NotCovered(f"a policy prepends the AS number of border routers to {heard.prefix}")
                    found.setdefault(heard.prefix, []).extend(
                        Candidate(heard.prefix, (-VBR_TRANSIT_PREFERENCE, len(path.as_path), 0, 1), hop,
                                  both(condition, attached), "transit router") for condition, path in heard.paths)
        for other in list(neighbors(sites, node, found, ways)):
            found.setdefault(other.prefix, []).append(other)
        for address in topology.addresses[name]:
            found.setdefault(Cidr.host(address), []).append(Candidate(Cidr.host(address), OWN_ADDRESS, _ARRIVED))
        return found

    def _border_ways(self, name: NodeName) -> Iterator[tuple[str, tuple[HopOf, Condition]]]:
        sites, topology = self._sites, self._sites.topology
        border, far = border_of(topology, name), sites.circuit[name].site
        for interface, peer in ((border.circuit_interface, far), (border.attachment_interface, None)):
            if interface is None or not topology.interface_up(name, interface, NOTHING):
                continue
            if interface != border.circuit_interface:
                if any(one == Port(sites.hub.name, one.interface) for one in topology.neighbors(name, interface)):
                    yield interface, ((Hop.UPLINK, -1, -1), sites.attached(name))
            elif peer is None or not topology.interface_up(peer.node, peer.interface, NOTHING):
                yield interface, (_DROP, sites.carrier(name))
            else:
                yield interface, ((Hop.CIRCUIT, sites.border[name], sites.site[peer.node]), sites.carrier(name))


def _heard(one: Attachment, known: Candidate, path: Path, session: str) -> Candidate:
    """A route that an attachment's session brought; an empty name is that of a border router's."""
    route = Route(
        known.prefix, Protocol.BGP, (), known.key, "", path=replace(path, route_type=None, med=None, local_pref=100),
        session=session or f"link {one.name}", attachment=one.name, link_type=one.kind,
        route_type=RouteType.BGP if session else RouteType.CUSTOM,
    )
    return replace(known, origin=f"attachment {one.name}", route=route)


def _place(judged: tuple[Candidate, Path | None]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    one = judged[0]
    return () if one.route is None else one.route.rank, one.tie


def _content(prefix: Cidr, judged: _Judged) -> Told | None:
    """What is told of a prefix: the path of the best route that is there.

    Raises:
        NotCovered: A better route that is not told may hide one that is, as long as it is there.
    """
    paths: list[tuple[Condition, Path]] = []
    hidden = False
    for one, path in sorted(judged, key=_place):
        if path is None:
            hidden = True
        elif hidden:
            raise NotCovered(f"what is told of {prefix} depends on which of several routes is there")
        else:
            paths.append((one.condition, path))
        if one.condition == ALWAYS_UP:
            break
    return Told(prefix, tuple(paths)) if paths else None
