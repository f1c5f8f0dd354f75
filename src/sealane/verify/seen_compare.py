"""What differs between a running network and what the twin computes for it: one finding per difference.

The twin is asked for the failures that are seen, not to be blamed for what they cause; and for tables, with the tunnels
and sessions that are up, so that a tunnel that is wrongly down is one finding and not one for every route over it.
"""

from collections.abc import Iterator

from sealane.diag import Finding, Severity, sort_findings
from sealane.twin.converge import Converged, Twin
from sealane.twin.element import NOTHING, ElementKind, Failures
from sealane.twin.liveness import State
from sealane.twin.profile import HISTORY_RULES
from sealane.twin.state import Tables
from sealane.verify.seen import Meaning, Seen, SeenEnd, SeenSession, meaning, tunnel_ends
from sealane.verify.seen_routes import compare_routes


def compare(twin: Twin, seen: Seen, failed: Failures = NOTHING) -> tuple[Finding, ...]:
    """Every difference; empty when the network is as the twin computes it.

    ``failed`` are failures that are known beside those that can be read, such as tunnels whose packets are dropped.

    While the twin finds no state at rest, tunnels that come and go are not judged, nor are tables: they are on the
    move.
    """
    known = meaning(twin, seen)
    expected = twin.converge(known.outside() | failed)
    rest = _rest(expected, known)
    found = [*_failures(known), *_host(seen)]
    found += _tunnels(twin, expected, rest, known, seen)
    if expected.liveness.cycle:
        found.append(_moving(twin, expected, known))
    else:
        tunnels = known.tunnels | (known.unread & rest)
        found += _sessions(known, rest, twin.tables(known.failed | failed, tunnels))
        found += compare_routes(twin, known.failed | known.silent(), tunnels, seen)
    return sort_findings(found)


def _rest(expected: Converged, known: Meaning) -> State:
    """The state at rest that the network may be in: of several the one that it is in, if it is in one of them."""
    here = [one for one in expected.liveness.fixed_points if one - known.unread == known.tunnels]
    return here[0] if here else expected.liveness.tunnels


def _failures(known: Meaning) -> Iterator[Finding]:
    words = {
        ElementKind.CIRCUIT: "the line is down: one of its ports has no carrier",
        ElementKind.LINK: "the link is down: one of its ports has no carrier",
        ElementKind.NODE: "its namespace is not on this host",
    }
    for element in sorted(known.failed):
        remedy = "mend it, or run sealane up PLAN when it is one of this host's"
        yield Finding("SEEN-001", Severity.WARNING, str(element), words[element.kind], remedy)


def _host(seen: Seen) -> Iterator[Finding]:
    for line in seen.differing:
        problem = "is not on this host as it was made; the twin does not know what that does to packets"
        yield Finding("SEEN-002", Severity.ERROR, line, problem, "sealane up PLAN")


def _tunnels(twin: Twin, expected: Converged, rest: State, known: Meaning, seen: Seen) -> Iterator[Finding]:
    silent = {one.session.tunnel for one in known.sessions.values() if not one.up}
    natural = rest != known.tunnels and _may_stay(twin, expected, known.tunnels)
    for name in sorted(twin.pairs):
        if name in known.unread or name in expected.liveness.flapping or (name in rest) == (name in known.tunnels):
            continue
        origin = twin.pairs[name].near.origin
        places = () if origin is None else (origin,)
        ends = "; ".join(f"{node} {_end_text(end)}" for node, end in tunnel_ends(twin, seen, name))
        severity = Severity.ERROR
        if name in rest:
            problem = f"carries nothing ({ends}); the twin has it carry packets"
            remedy = "sealane status PLAN names the reason; sealane up PLAN begins it anew"
        else:
            problem = f"has its SAs ({ends}); the twin has it down: {expected.tunnels[name].reason}"
            remedy = "report it: either the twin or what was read is wrong"
        if natural:
            severity, remedy = Severity.INFO, "give the tunnels' outer addresses routes that depend on neither"
            problem += "; it may stay so, by what came first or by which of several ways tunnels' own packets take"
        elif name not in rest and name in silent:
            severity, problem = Severity.WARNING, f"is silent: {problem}"
            remedy = "its SAs stand until dead peer detection; mend what the reason names"
        yield Finding("SEEN-003", severity, f"tunnel {name}", problem, remedy, places)


def _may_stay(twin: Twin, expected: Converged, tunnels: State) -> bool:
    """True when history or chance lets exactly these tunnels carry packets, of few enough to know what else may be."""
    if not expected.liveness.proved:
        return False
    rests = twin.rests(expected.failed, tunnels, HISTORY_RULES)
    return any(twin.may_stay(expected.failed, one) for one in (twin.tables(expected.failed, tunnels), *rests))


def _end_text(end: SeenEnd) -> str:
    return f"IKE {end.ike_state}, child SA {end.child_state}" + ("" if end.up else ", interface down")


def _sessions(known: Meaning, rest: State, expected: Tables) -> Iterator[Finding]:
    """Sessions that are not as the twin has them; one over a tunnel that the twin has down may be down before it."""
    for name, one in known.sessions.items():
        wanted, over = expected.sessions[name], one.session.tunnel
        if wanted.up == one.up or (not one.up and over is not None and over not in rest):
            continue
        shown = " and ".join(f"{state} at {node}" for node, state in one.ends)
        places = () if one.session.origin is None else (one.session.origin,)
        if wanted.up:
            problem, remedy = f"is {shown}; the twin has it established", _session_remedy(one)
        else:
            problem = f"is {shown}; the twin has it down: {wanted.reason}"
            remedy = "a session outlives its path until its hold time ends: look again; else report it"
        yield Finding("SEEN-004", Severity.ERROR, f"BGP session {name}", problem, remedy, places)


def _session_remedy(one: SeenSession) -> str:
    silent = [node for node, state in one.ends if state == "no daemon"]
    if silent:
        return f"the BGP daemon of {' and '.join(silent)} does not answer: sealane up PLAN starts it"
    return "look for what drops TCP port 179 or stops what the session runs over"


def _moving(twin: Twin, expected: Converged, known: Meaning) -> Finding:
    ups = " | ".join(" and ".join(sorted(state)) or "none" for state in expected.liveness.cycle)
    now = " and ".join(sorted(known.tunnels)) or "none"
    return Finding(
        "SEEN-005",
        Severity.WARNING,
        f"tunnels of {twin.network.name}",
        f"{expected.liveness.stability.value}: they come and go ({ups}), now up: {now}; tables were not compared",
        "sealane routes PLAN NODE names the cause; give the tunnels' outer addresses routes outside the tunnels",
    )


def visits(twin: Twin, failed: Failures, samples: tuple[State, ...]) -> tuple[State, ...]:
    """Of the states that tunnels were seen in over time: those that are not in the twin's cycle for these failures.

    Between two states of the cycle tunnels go one by one, so that any set between the two counts as of the cycle.
    """
    cycle = twin.converge(failed).liveness.cycle
    steps = tuple(zip(cycle, (*cycle[1:], *cycle[:1]), strict=True))
    return tuple(dict.fromkeys(one for one in samples if not any(a & b <= one <= a | b for a, b in steps)))
