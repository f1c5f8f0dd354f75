"""A customer gateway device: connected, static and BGP routes ranked by distance, BGP as FRR and Cisco choose."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sealane.model import BgpSpeaker, Node
from sealane.net import Cidr, dotted
from sealane.twin.memory import COLD, Memory
from sealane.twin.policy import DevicePolicy
from sealane.twin.profile import (
    BGP_PLACE,
    CONNECTED_DISTANCE,
    DEVICE,
    DEVICE_BGP,
    EBGP_DISTANCE,
    IBGP_DISTANCE,
    NETWORK_WEIGHT,
    STATIC_PLACE,
    UNUSABLE_DISTANCE,
)
from sealane.twin.route import Decision, NextHop, Path, Protocol, Route, decide, decide_paths
from sealane.twin.session import Session, Speaker
from sealane.twin.situation import Situation, group_by_prefix
from sealane.twin.state import MAIN, NodeState, Told, Withheld

_MULTIPATH_LIMIT = 16


def device_tables(
    situation: Situation,
    node: Node,
    heard: Mapping[str, Told],
    sessions: Iterable[Session],
    memory: Memory = COLD,
) -> NodeState:
    """Tables of a device and what it tells.

    Args:
        situation: Failures and tunnels.
        node: The device, as in effect.
        heard: By session name, what the far end tells; sessions that are down are absent.
        sessions: Those of this node.
        memory: What it keeps because it was there first.
    """
    connected = situation.connected(node)
    local = [*connected, *_outer_hosts(node, connected), *_statics(situation, node)]
    candidates = group_by_prefix(local)
    speaker = node.bgp
    if speaker is None or not situation.alive(node.name):
        return NodeState(node.name, {MAIN: {prefix: decide(DEVICE, found) for prefix, found in candidates.items()}})
    ends = [(session, *session.sides(node.name)) for session in sessions if session.far is not None]
    policy = DevicePolicy(node)
    learned = [
        reached
        for session, own, peer in ends
        if session.name in heard
        for route in _learned(policy, session, own, peer, heard[session.name])
        if (reached := _resolved(situation, node, route, candidates)) is not None
    ]
    known = group_by_prefix(learned)
    originated = [
        one for one in _originated(node, speaker, candidates) if memory.originates(one.prefix, known, candidates)
    ]
    paths = group_by_prefix([*learned, *originated])
    bgp = {
        prefix: memory.best_path(decide_paths(DEVICE_BGP, found, speaker.maximum_paths))
        for prefix, found in paths.items()
    }
    for prefix, decision in bgp.items():
        if decision.best.session is not None:
            candidates.setdefault(prefix, []).append(_installed(decision))
    table = {prefix: memory.best_route(decide(DEVICE, found)) for prefix, found in candidates.items()}
    told: dict[str, Told] = {}
    withheld: list[Withheld] = []
    for session, own, _ in ends:
        told[session.name] = dict(_told(policy, session, own, bgp, withheld))
    return NodeState(node.name, {MAIN: table}, bgp, told, tuple(withheld))


def _outer_hosts(node: Node, connected: list[Route]) -> Iterator[Route]:
    """The /32 of every address that tunnels start from: the kernel has a route to it, which BGP may originate."""
    known = {route.prefix for route in connected}
    for end in node.tunnel_ends:
        prefix = Cidr.host(int(end.local))
        if end.source_interface is not None and prefix not in known:
            known.add(prefix)
            told_by = f"address of {end.source_interface}"
            hops = (NextHop(end.source_interface),)
            yield Route(prefix, Protocol.CONNECTED, hops, (CONNECTED_DISTANCE,), told_by, end.origin)


def _statics(situation: Situation, node: Node) -> Iterator[Route]:
    """Statics whose next hop is on a connected prefix of an interface that is up (FRR ``ip route``, ASA ``route``)."""
    for one in node.static_routes:
        if one.distance >= UNUSABLE_DISTANCE:
            continue
        hops: tuple[NextHop, ...] = ()
        if not one.discard:
            interface = one.interface
            if one.next_hop is not None:
                towards = situation.gateway_interface(node.name, int(one.next_hop))
                if towards is None or interface not in (None, towards):
                    continue
                interface = towards
            if interface is None or not situation.up(node.name, interface):
                continue
            hops = (NextHop(interface, None if one.next_hop is None else int(one.next_hop)),)
        distance = f" with distance {one.distance}" if one.distance != 1 else ""
        yield Route(
            Cidr.of(one.prefix), Protocol.STATIC, hops, (one.distance, STATIC_PLACE), f"static route{distance}",
            one.origin,
        )


def _learned(policy: DevicePolicy, session: Session, own: Speaker, peer: Speaker, heard: Told) -> Iterator[Route]:
    mine = own.configured
    for prefix, sent in heard.items():
        if own.asn in sent.as_path:
            continue
        # The neighbor's local preference counts inside one AS only.
        path = replace(sent, local_pref=sent.local_pref if session.internal else 100, route_type=None)
        accepted = policy.apply(prefix, path, mine.import_prefix_list, mine.import_route_map)
        if accepted is None:
            continue
        rank = (
            0,
            -accepted.local_pref,
            1,
            len(accepted.as_path),
            accepted.med or 0,
            int(session.internal),
            peer.address,
            peer.address,
        )
        hop = NextHop(own.interface, peer.address)
        told_by = f"BGP from {dotted(peer.address)} ({peer.node})"
        yield Route(prefix, Protocol.BGP, (hop,), rank, told_by, mine.origin, accepted, session.name)


def _resolved(
    situation: Situation, node: Node, route: Route, local: Mapping[Cidr, list[Route]]
) -> Route | None:
    """A learned path whose next hop is not the teller: out of where that is reached; None when it is not.

    By what is connected or static, but not by a default route (FRR 8.4: ``no ip nht resolve-via-default``).
    """
    if route.path is None or route.path.next_hop is None:
        return route
    gateway = route.path.next_hop
    towards = situation.gateway_interface(node.name, gateway)
    if towards is not None:
        return replace(route, next_hops=(NextHop(towards, gateway),))
    covering = [prefix for prefix in local if prefix.length and prefix.covers(gateway)]
    if not covering:
        return None
    over = decide(DEVICE, local[max(covering, key=lambda one: one.length)])
    return replace(route, next_hops=over.next_hops) if over.next_hops else None


def _originated(node: Node, speaker: BgpSpeaker, local: Mapping[Cidr, list[Route]]) -> Iterator[Route]:
    """``network`` statements whose prefix is in the routing table exactly (import check).

    A route that BGP itself brought there does not count (FRR 8.4, bgp_nht.c, and live). A static of a greater distance
    than BGP's counts when it was there first, as from a cold start: what is originated stands before what is heard.
    """
    for network in speaker.networks:
        prefix = Cidr.of(network.prefix)
        if prefix in local:
            rank = (-NETWORK_WEIGHT, -100, 0, 0, 0, 0, 0, 0)
            yield Route(
                prefix, Protocol.BGP, (), rank, f"network statement of {node.name}", network.origin, Path(med=0)
            )


def _installed(decision: Decision) -> Route:
    """BGP's choice as one route of the RIB, with all its next hops."""
    best = decision.best
    internal = best.rank[5] == 1
    hops = tuple(hop for route in decision.routes for hop in route.next_hops)[:_MULTIPATH_LIMIT]
    told_by = best.told_by if len(decision.routes) == 1 else f"BGP, {len(decision.routes)} equal paths"
    return replace(
        best, next_hops=hops, rank=(IBGP_DISTANCE if internal else EBGP_DISTANCE, BGP_PLACE), told_by=told_by
    )


def _next_hop_told(session: Session, best: Route) -> int | None:
    """Inside an AS the next hop of an external path stays (RFC 4271, 5.1.3); else the teller names itself."""
    return best.next_hops[0].gateway if session.internal and best.session is not None else None


def _told(
    policy: DevicePolicy, session: Session, own: Speaker, bgp: Mapping[Cidr, Decision], withheld: list[Withheld]
) -> Iterator[tuple[Cidr, Path]]:
    """Best paths, but not to whom they came from, nor between internal neighbors (RFC 4271, 9.2)."""
    mine = own.configured
    for prefix, decision in bgp.items():
        best = decision.best
        if best.session == session.name:
            continue
        if session.internal and best.session is not None and best.rank[5] == 1:
            withheld.append(Withheld(prefix, session.name, "learned from an internal neighbor"))
            continue
        # MED goes one AS far, local preference nowhere outside.
        path = replace(best.path or Path(), next_hop=_next_hop_told(session, best))
        if best.session is not None and not session.internal:
            path = replace(path, med=None)
        sent = policy.apply(prefix, path, mine.export_prefix_list, mine.export_route_map)
        if sent is None:
            withheld.append(Withheld(prefix, session.name, "filtered on the way out"))
            continue
        if not session.internal:
            sent = replace(sent, as_path=(own.asn, *sent.as_path), local_pref=100)
        yield prefix, sent
