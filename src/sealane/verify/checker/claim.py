"""Whether a claim about one packet in one state is true, and which states there are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import combinations

from sealane.model import Network, TunnelPair
from sealane.net import Address, Prefix
from sealane.verify.checker.packet import ICMP, Packet, Walk, Way
from sealane.verify.checker.routes import tables
from sealane.verify.checker.state import Failed, NotCoveredError, World

State = frozenset[str]
_MOST_TUNNELS = 6


@dataclass(frozen=True, slots=True)
class Claim:
    """What is said to become of a packet.

    Args:
        failed: Failed elements as (kind, name).
        tunnels: The tunnels said to carry packets; None takes those that a cold start leads to.
        source, destination, protocol, source_port, destination_port: The packet; with ICMP the last one is the type.
        start: The node, and the interface the packet comes in on; None when the node sends it.
        outcome: ``clear``, ``encrypted``, ``local`` (delivered over neither), ``dropped`` or ``loop``.
        circuits: The circuits that it crosses outside ESP, wherever it ends.
        replies: True when filters are said to pass what may answer a flow.
    """

    failed: Failed
    tunnels: State | None
    source: Address
    destination: Address
    start: tuple[str, str | None]
    outcome: str
    circuits: frozenset[str]
    protocol: int = ICMP
    source_port: int = 0
    destination_port: int = 8
    replies: bool = False

    def packet(self) -> Packet:
        """The packet that it is about."""
        return Packet(self.source, self.destination, self.protocol, self.source_port, self.destination_port)


def check_claim(network: Network, claim: Claim) -> str:
    """Empty when the claim is true of one way of the packet; else what was found instead."""
    try:
        if claim.tunnels is not None and claim.tunnels not in possible_states(network, claim.failed):
            states = " or ".join(listing(one) for one in possible_states(network, claim.failed))
            return f"tunnels that carry: {states}, not {listing(claim.tunnels)}"
        tunnels = cold_start(network, claim.failed)[0] if claim.tunnels is None else claim.tunnels
        ways = state_walk(network, claim.failed, tunnels, replies=claim.replies).send(claim.packet(), *claim.start)
    except NotCoveredError as reason:
        return f"not covered by the checker: {reason}"
    if any((outcome(way), way.clear) == (claim.outcome, claim.circuits) for way in ways):
        return ""
    return " or ".join(sorted({f"{outcome(way)}, in clear over {listing(way.clear)} ({way.note})" for way in ways}))


def outcome(way: Way) -> str:
    """How a way ends, in a claim's words."""
    if way.fate != "delivered":
        return way.fate
    if way.clear:
        return "clear"
    return "encrypted" if way.tunnels else "local"


def listing(names: frozenset[str]) -> str:
    """Names for a reader."""
    return ", ".join(sorted(names)) or "none"


def state_walk(network: Network, failed: Failed, tunnels: State, *, replies: bool = False) -> Walk:
    """What sends packets while these tunnels carry."""
    world = World(network, failed, tunnels)
    return Walk(world, tables(world), replies=replies)


# Which tunnels carry packets.


def next_state(network: Network, failed: Failed, tunnels: State) -> State:
    """The tunnels whose ends reach each other while exactly ``tunnels`` carry packets."""
    walk = state_walk(network, failed, tunnels)
    pairs = network.tunnels()
    return frozenset(one.name for one in pairs if _can_be(network, failed, one) and walk.outer(one.name))


def _can_be(network: Network, failed: Failed, pair: TunnelPair) -> bool:
    """Nothing but its outer path could hinder it: not failed, switched on, and both ends agree."""
    near, far, node = pair.near, pair.far, pair.far_node
    if far is None or node is None:
        return False
    if {("tunnel", pair.name), ("connection", pair.name.rpartition("/")[0])} & failed:
        return False
    if {("node", pair.near_node), ("node", node)} & failed:
        return False
    world = World(network, failed, frozenset())
    ends = ((pair.near_node, near), (node, far))
    switched_on = all(world.interface(name, end.interface).enabled for name, end in ends)
    keys = near.psk is None or far.psk is None or near.psk == far.psk
    ids = (near.local_id, near.remote_id) == (far.remote_id, far.local_id)
    ike = near.ike.version == far.ike.version and _shared(
        (near.ike.encryption, far.ike.encryption), (near.ike.integrity, far.ike.integrity),
        (near.ike.prf, far.ike.prf), (near.ike.dh_groups, far.ike.dh_groups),
    )
    # The group of the first child SA is that of IKE; the own one counts when it is rekeyed.
    esp = _shared((near.esp.encryption, far.esp.encryption), (near.esp.integrity, far.esp.integrity))
    return switched_on and keys and ids and ike and esp and (near.initiates or far.initiates)


def _shared(*offers: tuple[tuple[object, ...], tuple[object, ...]]) -> bool:
    return all(set(one) & set(other) or not (one or other) for one, other in offers)


def cold_start(network: Network, failed: Failed) -> tuple[State, ...]:
    """What a start with no tunnel leads to: the tunnels that stay; without rest, then the states that repeat."""
    return _from_nothing(lambda state: next_state(network, failed, state))


def _from_nothing(step: Callable[[State], State]) -> tuple[State, ...]:
    trail = [State()]
    while (following := step(trail[-1])) not in trail:
        trail.append(following)
    cycle = trail[trail.index(following) :]
    return (frozenset.intersection(*cycle), *(cycle if len(cycle) > 1 else ()))


def possible_states(network: Network, failed: Failed) -> tuple[State, ...]:
    """Every state to stay in, found by trying all, with those of a cold start."""
    names = [one.name for one in network.tunnels() if _can_be(network, failed, one)]
    if len(network.tunnels()) > _MOST_TUNNELS:
        raise NotCoveredError(f"more than {_MOST_TUNNELS} tunnels")
    states = [State(some) for size in range(len(names) + 1) for some in combinations(names, size)]
    step = cache(lambda state: next_state(network, failed, state))
    resting = [one for one in states if step(one) == one]
    return tuple(dict.fromkeys([*_from_nothing(step), *resting]))


def route_tables(
    network: Network, failed: Failed, tunnels: State
) -> dict[tuple[str, str], dict[Prefix, frozenset[tuple[str, Address | None]]]]:
    """(node, table) -> prefix -> (interface, gateway) of every hop; none is a black hole, table "" is the main one."""
    found = tables(World(network, failed, tunnels))
    return {key: {one.prefix: frozenset(one.hops) for one in table} for key, table in found.items()}
