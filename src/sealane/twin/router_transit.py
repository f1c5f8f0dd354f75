"""A transit router: its tables, what they learn from attachments and what they publish to them.

An attachment has a table of its own, in which its routes arrive and from which published ones leave; a prefix that the
attachment itself has the best route for is not published to it (split horizon).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sealane.model import Attachment, AttachmentKind, Node, RouteType, TransitRouter
from sealane.net import Cidr, dotted
from sealane.twin.policy import TransitPolicy
from sealane.twin.profile import (
    CIDR_PREFERENCE,
    CONTRIBUTED_TYPE,
    DEFAULT_USER_PREFERENCE,
    LEARNED_PREFERENCE,
    OWN_PREFERENCE,
    TRANSIT_ROUTER,
)
from sealane.twin.route import Decision, NextHop, Path, Protocol, Route, decide
from sealane.twin.session import Session
from sealane.twin.situation import Situation, group_by_prefix
from sealane.twin.state import NodeState, Told, Withheld


def transit_tables(
    situation: Situation, node: Node, heard: Mapping[str, Told], sessions: Iterable[Session]
) -> NodeState:
    """Tables of a transit router, by name, and what it tells; arguments as for a device."""
    router = node.transit_router
    if router is None:
        raise ValueError(f"{node.name} is not a transit router")
    if not situation.alive(node.name):
        return NodeState(node.name, {table.name: {} for table in router.tables})
    return _Transit(situation, node, router, heard, tuple(sessions)).state()


class _Transit:
    """One computation; holds what its steps share."""

    def __init__(
        self,
        situation: Situation,
        node: Node,
        router: TransitRouter,
        heard: Mapping[str, Told],
        sessions: tuple[Session, ...],
    ) -> None:
        self._situation = situation
        self._node = node
        self._router = router
        self._policy = TransitPolicy(router)
        self._heard = heard
        self._ends = [(session, *session.sides(node.name)) for session in sessions if session.far is not None]
        self._withheld: list[Withheld] = []

    def state(self) -> NodeState:
        arrived = {one.name: [*self._contributed(one), *self._learned(one)] for one in self._router.attachments}
        tables: dict[str, Mapping[Cidr, Decision]] = {}
        for table in self._router.tables:
            routes = [*self._own(table.name), *self._cidrs(table.name)]
            for one in self._router.attachments:
                if table.name in one.propagations:
                    routes += self._let_in(table.name, arrived[one.name])
            grouped = group_by_prefix(routes)
            tables[table.name] = {prefix: decide(TRANSIT_ROUTER, found) for prefix, found in grouped.items()}
        told: dict[str, Told] = {}
        published: dict[str, Told] = {}
        for one in self._router.attachments:
            mine = [session for session, own, _ in self._ends if own.attachment == one.name]
            content = self._published(one, arrived[one.name], tables)
            if one.kind is AttachmentKind.VPC:
                published[one.name] = dict(content)
            for session in mine:
                told[session.name] = {prefix: self._outgoing(session, path) for prefix, path in content}
        return NodeState(self._node.name, tables, {}, told, tuple(self._withheld), published)

    def _hops(self, attachment: Attachment) -> tuple[NextHop, ...]:
        """Next hops of an attachment that are up: the peer's address, or every tunnel interface."""
        up = [one for one in attachment.interfaces if self._situation.up(self._node.name, one)]
        if attachment.peer is None:
            return tuple(NextHop(one) for one in sorted(up))
        if not up:
            return ()
        address = self._peer_address(up[0], attachment)
        return (NextHop(up[0], address),)

    def _peer_address(self, interface: str, attachment: Attachment) -> int | None:
        for port in self._situation.topology.neighbors(self._node.name, interface):
            if port.node == attachment.peer:
                for one in self._situation.topology.connected[port.node]:
                    if one.interface == port.interface:
                        return one.address
        return None

    def _own(self, table: str) -> Iterator[Route]:
        found = next(one for one in self._router.tables if one.name == table)
        rank = (-OWN_PREFERENCE, 0, 0, 0)
        for one in found.routes:
            prefix = Cidr.of(one.prefix)
            hops: tuple[NextHop, ...] = ()
            if one.attachment is not None:
                hops = self._hops(self._router.attachment(one.attachment))
                if not hops:
                    continue
            yield Route(
                prefix, Protocol.CUSTOM, hops, rank, f"custom route of table {table}", one.origin, Path(),
                route_type=RouteType.CUSTOM,
            )

    def _cidrs(self, table: str) -> Iterator[Route]:
        """Published CIDRs stand as black holes in tables that learn from a VPN attachment."""
        if not any(
            table in one.propagations for one in self._router.attachments if one.kind is AttachmentKind.VPN
        ):
            return
        for one in self._router.cidrs:
            if one.publish:
                yield Route(
                    Cidr.of(one.prefix), Protocol.CIDR, (), (-CIDR_PREFERENCE, 0, 0, 0), "published CIDR", one.origin,
                    Path(), route_type=RouteType.SYSTEM, vbr_only=True,
                )

    def _contributed(self, one: Attachment) -> Iterator[Route]:
        hops = self._hops(one)
        if not hops:
            return
        rank = (-LEARNED_PREFERENCE.get((one.kind, False), 0), 0, 0, 0)
        protocol = Protocol.VPC if one.kind is AttachmentKind.VPC else Protocol.VPN
        for prefix in one.prefixes:
            yield Route(
                Cidr.of(prefix), protocol, hops, rank, f"{protocol.value} attachment {one.name}", one.origin, Path(),
                attachment=one.name, link_type=one.kind, route_type=CONTRIBUTED_TYPE.get(one.kind, RouteType.CUSTOM),
            )

    def _learned(self, one: Attachment) -> Iterator[Route]:
        for session, own, peer in self._ends:
            if own.attachment != one.name or session.name not in self._heard:
                continue
            gateway = peer.address or self._peer_address(own.interface, one)
            for prefix, path in self._heard[session.name].items():
                if own.asn not in path.as_path:
                    hop = NextHop(own.interface, gateway)
                    yield self._arrived(one, session, prefix, path, hop)

    def _arrived(self, one: Attachment, session: Session, prefix: Cidr, path: Path, hop: NextHop) -> Route:
        own, peer = session.sides(self._node.name)
        bgp = one.kind is not AttachmentKind.VBR or path.route_type is RouteType.BGP
        rank = (
            -LEARNED_PREFERENCE[one.kind, bgp],
            len(path.as_path),
            DEFAULT_USER_PREFERENCE,
            int(session.internal),
        )
        told_by = f"VBR attachment {one.name}" if session.internal else f"BGP from {dotted(peer.address)} ({peer.node})"
        return Route(
            prefix, Protocol.BGP, (hop,), rank, told_by,
            one.origin if own.neighbor is None else own.neighbor.origin,
            replace(path, route_type=None, med=None, local_pref=100), session.name, one.name, one.kind,
            RouteType.BGP if bgp else RouteType.CUSTOM,
        )

    def _let_in(self, table: str, routes: Iterable[Route]) -> Iterator[Route]:
        for route in routes:
            judged = self._policy.learn(table, route)
            if judged.route is not None:
                yield judged.route
            else:
                self._withheld.append(Withheld(route.prefix, f"table {table}", judged.denied_by))

    def _published(
        self, one: Attachment, arrived: list[Route], tables: Mapping[str, Mapping[Cidr, Decision]]
    ) -> list[tuple[Cidr, Path]]:
        """What an attachment is told: the best route of each prefix of its own table, filters applied."""
        if not one.auto_publish or one.association is None:
            return []
        own = group_by_prefix(arrived)
        found = []
        for prefix, decision in tables[one.association].items():
            offered = [
                route
                for route in (*decision.routes, *(loser.route for loser in decision.losers))
                if route.attachment != one.name and not (route.vbr_only and one.kind is not AttachmentKind.VBR)
            ]
            if not offered:
                continue
            best = decide(TRANSIT_ROUTER, [*own.get(prefix, ()), *offered], 1).best
            if best.attachment == one.name:
                self._withheld.append(Withheld(prefix, one.name, "the attachment has the better route itself"))
                continue
            judged = self._policy.publish(one.association, best, one)
            if judged.route is None:
                self._withheld.append(Withheld(prefix, one.name, judged.denied_by))
                continue
            found.append((prefix, judged.route.path or Path()))
        return found

    @staticmethod
    def _outgoing(session: Session, path: Path) -> Path:
        if session.internal:
            return replace(path, med=None)
        asn = session.near.asn if session.near.attachment is not None else 0
        return replace(path, as_path=(asn, *path.as_path), med=None)
