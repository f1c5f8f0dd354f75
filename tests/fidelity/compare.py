"""What the twin expects of a live network, and what differs."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from fidelity.running import Hops, Seen, Table, gateway_text
from sealane.net import NodeName
from sealane.twin.converge import Twin
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.liveness import State
from sealane.twin.profile import HISTORY_RULES, SHARED_WAYS
from sealane.twin.route import Decision
from sealane.twin.session import Session
from sealane.twin.state import Tables


def session_ends(twin: Twin) -> Mapping[str, tuple[tuple[NodeName, str], ...]]:
    """By session, each end that speaks: the node, and the neighbor's address there; empty for one that is alone."""
    found = {}
    for one in twin.sessions:
        found[one.name] = () if one.far is None else tuple(
            (here.node, _address(twin, one, here.node)) for here, _ in one.ends()
        )
    return found


def _address(twin: Twin, session: Session, node: NodeName) -> str:
    own, peer = session.sides(node)
    if own.neighbor is not None:
        return str(own.neighbor.address)
    return next(
        gateway_text(one.address) for one in twin.topology.connected[peer.node] if one.interface == peer.interface
    )


def expected(twin: Twin, failed: Failures, tables: Tables) -> Seen:
    """What a network is like while given tunnels carry packets, in the words of a live one."""
    found: dict[tuple[str, str], Table] = {}
    for name, state in tables.nodes.items():
        if Element(ElementKind.NODE, name) in failed:
            continue
        for table, decisions in state.tables.items():
            found[str(name), table] = {str(prefix): _hops(decision) for prefix, decision in decisions.items()}
    sessions = frozenset(name for name, one in tables.sessions.items() if one.up)
    return Seen(found, sessions, tables.tunnels)


def _hops(decision: Decision) -> Hops:
    return frozenset((hop.interface, gateway_text(hop.gateway)) for hop in decision.next_hops)


def explained(twin: Twin, failed: Failures, points: Sequence[State], seen: Seen) -> str:
    """Why a live state is one to rest in: a rule of history, chance, or both; empty when it is none.

    Args:
        twin: The twin.
        failed: Failed elements.
        points: Tunnels that carry packets, in each state that the twin has them stay in.
        seen: The live state.
    """
    reason = next((found for one in points if (found := explanation(twin, failed, one, seen))), "")
    if reason or seen.tunnels in points or not twin.may_stay(failed, seen.tunnels):
        return reason
    if not any(differences([expected(twin, failed, twin.tables(failed, seen.tunnels))], seen)):
        return SHARED_WAYS.name
    history = explanation(twin, failed, seen.tunnels, seen)
    return f"{SHARED_WAYS.name} and {history}" if history else ""


def explanation(twin: Twin, failed: Failures, tunnels: frozenset[str], seen: Seen) -> str:
    """The fewest rules of history under which a live state is one to rest in; empty when it is none.

    Prefixes do not touch one another, so each may be in another of these states.
    """
    for size in range(len(HISTORY_RULES)):
        for rules in combinations(HISTORY_RULES[1:], size):
            rests = [expected(twin, failed, one) for one in twin.rests(failed, tunnels, rules)]
            if rests and not any(differences(rests, seen)):
                return " and ".join(one.name for one in rules or HISTORY_RULES[:1])
    return ""


def differences(wanted: Sequence[Seen], seen: Seen) -> Iterator[str]:
    """Each difference from that of some states that comes nearest, prefix by prefix, in one line."""
    first = wanted[0]
    for prefix in sorted({prefix for one in (*wanted, seen) for table in one.tables.values() for prefix in table}):
        found = [list(_prefix_differences(one, seen, prefix)) for one in wanted]
        yield from min(found, key=len)
    for what, twin, live in (("session", first.sessions, seen.sessions), ("tunnel", first.tunnels, seen.tunnels)):
        for name in sorted(twin ^ live):
            yield f"{what} {name}: {'up' if name in twin else 'down'} in the twin, the contrary live"


def _prefix_differences(wanted: Seen, seen: Seen, prefix: str) -> Iterator[str]:
    for where, table in wanted.tables.items():
        twin, live = table.get(prefix), seen.tables.get(where, {}).get(prefix)
        if twin != live:
            yield f"{where[0]} {where[1]} {prefix}: twin {_shown(twin)}, live {_shown(live)}"


def _shown(hops: Hops | None) -> str:
    if hops is None:
        return "nothing"
    return " and ".join(f"{interface} {gateway}".strip() for interface, gateway in sorted(hops)) or "discard"
