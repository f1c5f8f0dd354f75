"""What the twin expects of a live network, and what differs."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from fidelity.running import Hops, Seen, Table, gateway_text
from sealane.net import NodeName
from sealane.twin.converge import Twin
from sealane.twin.element import Element, ElementKind, Failures
from sealane.twin.liveness import State
from sealane.twin.profile import HISTORY_RULES, SHARED_WAYS, HistoryRule
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
    """Why a live state is one to rest in: rules of history, chance, or both; empty when it is none.

    Args:
        twin: The twin.
        failed: Failed elements.
        points: Tunnels that carry packets, in each state that the twin has them stay in.
        seen: The live state. Its tunnels may be others than in any of those when BGP rests otherwise, or by chance.
    """
    reason = next((found for one in points if (found := explanation(twin, failed, one, seen))), "")
    if reason or seen.tunnels in points:
        return reason
    for chance in (False, True):
        for rules in _sets_of_rules():
            rests = twin.rests(failed, seen.tunnels, rules)
            if _among(twin, failed, [one for one in rests if twin.may_stay(failed, one, chance=chance)], seen):
                named = (*((SHARED_WAYS,) if chance else ()), *rules) or HISTORY_RULES[:1]
                return " and ".join(one.name for one in named)
    return ""


def explanation(twin: Twin, failed: Failures, tunnels: State, seen: Seen) -> str:
    """The fewest rules of history under which a live state is one to rest in; empty when it is none."""
    for rules in _sets_of_rules():
        if _among(twin, failed, twin.rests(failed, tunnels, rules), seen):
            return " and ".join(one.name for one in rules or HISTORY_RULES[:1])
    return ""


def _sets_of_rules() -> Iterator[tuple[HistoryRule, ...]]:
    """Mutual preference is always followed."""
    for size in range(len(HISTORY_RULES)):
        yield from combinations(HISTORY_RULES[1:], size)


def _among(twin: Twin, failed: Failures, tables: Sequence[Tables], seen: Seen) -> bool:
    """Prefixes do not touch one another, so each may be in another of these states."""
    rests = [expected(twin, failed, one) for one in tables]
    return bool(rests) and not any(differences(rests, seen))


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
