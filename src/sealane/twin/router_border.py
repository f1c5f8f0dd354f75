"""A virtual border router: custom routes over the circuit, what the customer and the transit router tell."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sealane.model import Node, Port, RouteType, VirtualBorderRouter
from sealane.net import Cidr, dotted
from sealane.twin.profile import VBR, VBR_CUSTOM_PREFERENCE, VBR_CUSTOMER_PREFERENCE, VBR_TRANSIT_PREFERENCE
from sealane.twin.route import Decision, NextHop, Path, Protocol, Route, decide
from sealane.twin.session import Session, Speaker
from sealane.twin.situation import Situation, group_by_prefix
from sealane.twin.state import MAIN, NodeState, Told, Withheld

_POINT_TO_POINT_HOSTS = 2


def border_tables(
    situation: Situation, node: Node, heard: Mapping[str, Told], sessions: Iterable[Session]
) -> NodeState:
    """Tables of a VBR and what it tells; arguments as for a device."""
    border = node.vbr
    if border is None:
        raise ValueError(f"{node.name} is not a VBR")
    connected = group_by_prefix(situation.connected(node))
    table = {prefix: decide(VBR, [_ranked(found[0])]) for prefix, found in connected.items()}
    if not situation.alive(node.name):
        return NodeState(node.name, {MAIN: table})
    ends = [(session, *session.sides(node.name)) for session in sessions if session.far is not None]
    routes = list(_custom(situation, node, border))
    for session, own, peer in ends:
        if session.name in heard:
            routes += _learned(situation, session, own, peer, heard[session.name])
    chosen = {prefix: decide(VBR, found) for prefix, found in group_by_prefix(routes).items()}
    told: dict[str, Told] = {}
    withheld: list[Withheld] = []
    for session, own, _ in ends:
        told[session.name] = dict(_told(session, own, chosen, withheld))
    return NodeState(node.name, {MAIN: {**chosen, **table}}, {}, told, tuple(withheld))


def _ranked(route: Route) -> Route:
    return replace(route, rank=(-1000, 0, 0, 0))


def customer_address(situation: Situation, node: Node, border: VirtualBorderRouter) -> int | None:
    """The customer's address on the circuit, by the VBR's own configuration first: a device may be misconfigured."""
    if border.peer_address is not None:
        return int(border.peer_address)
    here = next((one for one in situation.topology.connected[node.name] if one.interface == border.circuit_interface),
                None)
    if here is None:
        return None
    for neighbor in sorted(border.neighbors, key=lambda found: found.address):
        if here.cidr.covers(int(neighbor.address)):
            return int(neighbor.address)
    hosts = list(here.cidr.to_prefix().hosts()) if here.cidr.length >= 30 else []  # noqa: PLR2004
    if len(hosts) == _POINT_TO_POINT_HOSTS:
        return next(int(host) for host in hosts if int(host) != here.address)
    for port in situation.topology.neighbors(node.name, border.circuit_interface):
        for one in situation.topology.connected[port.node]:
            if one.interface == port.interface and here.cidr.covers(one.address) and one.address != here.address:
                return one.address
    return None


def _custom(situation: Situation, node: Node, border: VirtualBorderRouter) -> Iterator[Route]:
    """Custom routes; those over the circuit go with its carrier."""
    customer = customer_address(situation, node, border)
    carrier = situation.up(node.name, border.circuit_interface)
    for one in border.circuit_routes:
        hops: tuple[NextHop, ...] = ()
        if one.attachment is not None:
            if not carrier or customer is None:
                continue
            hops = (NextHop(border.circuit_interface, customer),)
        yield Route(
            Cidr.of(one.prefix), Protocol.CUSTOM, hops, (-VBR_CUSTOM_PREFERENCE, 0, 0, 0),
            f"custom route of {node.name}", one.origin, Path(route_type=RouteType.CUSTOM), circuit_side=True,
        )


def _learned(
    situation: Situation, session: Session, own: Speaker, peer: Speaker, heard: Told
) -> Iterator[Route]:
    internal = session.internal
    gateway = peer.address or _peer_on_link(situation, own)
    told_by = f"transit router {peer.node}" if internal else f"BGP from {dotted(peer.address)} ({peer.node})"
    origin = None if own.neighbor is None else own.neighbor.origin
    for prefix, path in heard.items():
        if own.asn in path.as_path:
            continue
        preference = VBR_TRANSIT_PREFERENCE if internal else VBR_CUSTOMER_PREFERENCE
        rank = (-preference, len(path.as_path), path.med or 0, int(internal))
        kept = replace(path, route_type=None if internal else RouteType.BGP, local_pref=100)
        yield Route(
            prefix, Protocol.BGP, (NextHop(own.interface, gateway),), rank, told_by, origin, kept, session.name,
            circuit_side=not internal,
        )


def _peer_on_link(situation: Situation, own: Speaker) -> int | None:
    for port in situation.topology.neighbors(own.node, own.interface):
        for one in situation.topology.connected[port.node]:
            if Port(port.node, one.interface) == port:
                return one.address
    return None


def _told(
    session: Session, own: Speaker, chosen: Mapping[Cidr, Decision], withheld: list[Withheld]
) -> Iterator[tuple[Cidr, Path]]:
    """To the transit router what the circuit leads to, to the customer what the transit router published."""
    for prefix, decision in chosen.items():
        best = decision.best
        if best.circuit_side is not session.internal:
            if best.session != session.name:
                withheld.append(Withheld(prefix, session.name, "it would go back where it leads to"))
            continue
        path = best.path or Path()
        if session.internal:
            yield prefix, replace(path, med=None)
        else:
            yield prefix, replace(path, as_path=(own.asn, *path.as_path), med=None, route_type=None)


