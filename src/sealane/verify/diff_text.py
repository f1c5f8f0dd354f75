"""Differences as lines for people: a large change stays readable, JSON has all of it."""

from collections.abc import Iterable, Iterator, Sequence

from sealane.plan import Changed, Kind, Resource, ResourceDifference
from sealane.twin.packet import ECHO_REQUEST, ICMP
from sealane.verify.diff_flows import FlowChange, FlowDifference, Turn
from sealane.verify.diff_protections import ProtectionChange
from sealane.verify.diff_routes import RouteChange, RouteDifference
from sealane.verify.explain_line import Line, Tone
from sealane.verify.explain_route import Choice, route_text, source_text

_MOST_LINES, _MOST_PREFIXES, _MOST_RANGES, _MOST_ROUTES, _MOST_OTHERS = 6, 4, 3, 10, 4
"""Lines of a resource; prefixes, and ranges, of one change; changes of one table, and of packets not protected."""


def resource_lines(found: ResourceDifference) -> Iterator[Line]:
    """What is made, changed and removed, by namespace."""
    if not found:
        return
    counts = ((len(found.created), "new"), (len(found.changed), "changed"), (len(found.deleted), "gone"))
    yield Line("resources: " + ", ".join(f"{count} {word}" for count, word in counts if count), Tone.HEAD)
    keys = [*(one.key for one in (*found.created, *found.deleted)), *(one.key for one in found.changed)]
    spaces = {key.namespace for key in keys}
    for space in sorted(spaces):
        name = space.rpartition(".")[2]
        for sign, resources in (("-", found.deleted), ("+", found.created)):
            mine = [one for one in resources if one.key.namespace == space]
            if mine:
                yield Line(f"  {sign} {name}: {_kinds(mine)}")
        for change in found.changed:
            if change.key.namespace == space:
                yield from _changed(name, change)


def _kinds(resources: Sequence[Resource]) -> str:
    """All of a namespace that comes or goes as a whole is counted; else each thing is named."""
    if any(one.key.kind is Kind.NAMESPACE for one in resources):
        counts: dict[str, int] = {}
        for one in resources:
            counts[one.key.kind.value] = counts.get(one.key.kind.value, 0) + 1
        return ", ".join(kind if count == 1 else f"{kind} x {count}" for kind, count in counts.items())
    return _some([f"{one.key.kind.value} {one.key.name}".strip() for one in resources], _MOST_LINES)


def _changed(name: str, change: Changed) -> Iterator[Line]:
    yield Line(f"  ~ {name}: {change.key.kind.value} {change.key.name}".rstrip())
    details = change.details()
    if not details:
        yield Line("      the same lines in another order", Tone.DETAIL)
    for detail in details[:_MOST_LINES]:
        yield Line(f"      {detail}", Tone.DETAIL)
    if len(details) > _MOST_LINES:
        yield Line(f"      and {len(details) - _MOST_LINES} more lines", Tone.DETAIL)


def protection_lines(changes: Sequence[ProtectionChange]) -> Iterator[Line]:
    """What is asked to be encrypted."""
    if changes:
        yield Line("protections", Tone.HEAD)
    for change in changes:
        yield from (Line(f"  {change.name}: {text}") for text in change.lines())


def route_lines(found: RouteDifference) -> Iterator[Line]:
    """Tunnels, sessions and tables while nothing has failed."""
    if found.stability[0] != found.stability[1] or found.links:
        yield Line("tunnels and sessions, nothing failed", Tone.HEAD)
    if found.stability[0] != found.stability[1]:
        yield Line(f"  tunnels: {found.stability[0]} -> {found.stability[1]}")
    for link in found.links:
        tone = Tone.PLAIN if link.after in ("up", "-") else Tone.BAD
        yield Line(f"  {link.kind} {link.name}: {_state(link.before)} -> {_state(link.after)}", tone)
    if not (found.routes or found.nodes_new or found.nodes_gone):
        return
    counts: dict[str, int] = {}
    for one in found.routes:
        counts[one.turn.value] = counts.get(one.turn.value, 0) + 1
    shown = ", ".join(f"{count} {word}" for word, count in counts.items())
    yield Line("routes, nothing failed" + (f": {shown}" if shown else ""), Tone.HEAD)
    for word, nodes in (("new", found.nodes_new), ("gone", found.nodes_gone)):
        if nodes:
            yield Line(f"  {word} with all of its tables: {', '.join(nodes)}")
    tables: dict[tuple[str, str], list[RouteChange]] = {}
    for one in found.routes:
        tables.setdefault((one.node, one.table), []).append(one)
    for (node, table), changes in tables.items():
        yield Line(f"  {node}, table {table}")
        yield from _table(changes)


def _state(text: str) -> str:
    return text if text in ("up", "-") else f"down ({text})"


def _table(changes: Iterable[RouteChange]) -> Iterator[Line]:
    """Prefixes that change alike, together."""
    groups: dict[object, list[RouteChange]] = {}
    for one in changes:
        groups.setdefault((one.turn, _does(one.before), _does(one.after), one.why), []).append(one)
    for alike in list(groups.values())[:_MOST_ROUTES]:
        first = alike[0]
        yield Line(f"    {first.turn.value} {_some([str(one.prefix) for one in alike], _MOST_PREFIXES)}")
        yield from (Line(f"      before: {text}", Tone.DETAIL) for text in _routes(first.before))
        yield from (Line(f"      now:    {text}", Tone.DETAIL) for text in _routes(first.after))
        if first.why:
            yield Line(f"      because {first.why}", Tone.DETAIL)
    if len(groups) > _MOST_ROUTES:
        yield Line(f"    and {len(groups) - _MOST_ROUTES} more changes")


def _does(choice: Choice | None) -> object:
    return None if choice is None else tuple((note.route.told_by, note.route.next_hops) for note in choice.used)


def _routes(choice: Choice | None) -> Iterator[str]:
    """Routes in use with where they began."""
    for note in () if choice is None else choice.used:
        source = source_text(note)
        yield route_text(note) + (f"; told by {source}" if source else "")


def flow_lines(found: FlowDifference) -> Iterator[Line]:
    """Which packets change, worse ones first; of unprotected packets only what matters."""
    if not found:
        return
    yield Line(f"packets, {_looked_at(found)}", Tone.HEAD)
    others = [one for one in found.changes if not one.protections]
    for change in found.changes:
        if change.protections:
            yield from _flow(change)
    told = [one for one in others if not _still_lost(one)][:_MOST_OTHERS]
    for change in told:
        yield from _flow(change)
    if len(others) > len(told):
        yield Line(f"  and {len(others) - len(told)} more changes of packets that are not protected: see --json")


def _looked_at(found: FlowDifference) -> str:
    if found.failures == 0:
        return "nothing failed"
    most = "one element" if found.failures == 1 else f"up to {found.failures} elements"
    return f"nothing or {most} failed ({found.sets} cases)"


def _still_lost(change: FlowChange) -> bool:
    return change.before.startswith("unreachable") and change.after.startswith("unreachable")


_TONES = {Turn.CLEAR: Tone.BAD, Turn.LOST: Tone.BAD, Turn.OTHER: Tone.PLAIN}


def _flow(change: FlowChange) -> Iterator[Line]:
    whose = ", ".join(change.protections) or "not protected"
    worse = "" if change.turn is Turn.OTHER else f"WORSE, {change.turn.value}: "
    yield Line(f"  {worse}{whose}: {change.before} -> {change.after}", _TONES[change.turn])
    yield Line(f"    when {_when(change)} failed")
    for one in change.packets[:_MOST_RANGES]:
        yield Line(f"    {_some(one.sources, _MOST_PREFIXES)} -> {_some(one.destinations, _MOST_PREFIXES)}")
    if len(change.packets) > _MOST_RANGES:
        yield Line(f"    and {len(change.packets) - _MOST_RANGES} more ranges")
    yield Line(f"    because {change.cause}", Tone.DETAIL)
    yield Line(f"    for example {_packet(change)}", Tone.DETAIL)


def _when(change: FlowChange) -> str:
    """``nothing has``, ``tunnel:a or node:b has``, ``tunnel:a and tunnel:b have``."""
    if change.failures == ((),):
        return "nothing has"
    sets = [" and ".join(one) for one in change.failures]
    return _some(sets, _MOST_LINES, " or ") + (" has" if all(len(one) == 1 for one in change.failures) else " have")


def _packet(change: FlowChange) -> str:
    packet = change.example
    if packet.protocol == ICMP:
        return f"{packet} icmp" + ("" if packet.destination_port == ECHO_REQUEST else " reply")
    return f"{packet} protocol {packet.protocol}, port {packet.source_port} to {packet.destination_port}"


def _some(texts: Sequence[str], most: int, between: str = ", ") -> str:
    more = "" if len(texts) <= most else f" and {len(texts) - most} more"
    return between.join(texts[:most]) + more
