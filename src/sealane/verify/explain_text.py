"""A trace as lines for people."""

from collections.abc import Iterator

from sealane.model import Network
from sealane.net import NodeName
from sealane.twin.packet import ICMP, Fate
from sealane.verify.explain_cycle import cycle_text
from sealane.verify.explain_line import Line, Tone
from sealane.verify.explain_route import Choice, route_text, source_text
from sealane.verify.explain_trace import Leg, StateTrace, Trace
from sealane.verify.explain_trip import Step, Way, header_text, label_of, protocol_word

_CROSSING = {
    "encrypted": ("crosses circuits inside ESP only", Tone.GOOD),
    "clear": ("crosses circuits in clear", Tone.BAD),
    "mixed": ("crosses circuits partly in clear, partly inside ESP", Tone.BAD),
    "none": ("crosses no circuit", Tone.PLAIN),
}


def trace_lines(trace: Trace, network: Network) -> Iterator[Line]:
    """All of a trace."""
    if trace.failed:
        yield Line(f"failed: {', '.join(trace.failed)}", Tone.BAD)
    for one in trace.protections:
        yield Line(f"protection {one.name} covers this pair, mode {one.mode.value}")
    calm = trace.stability.value == "stable"
    proved = "" if trace.proved else ", by simulation: too many depend on one another to try every state"
    yield Line(f"tunnels: {trace.stability.value}{proved}", Tone.PLAIN if calm else Tone.BAD)
    flapping = set() if trace.cycle is None else {name for one in trace.cycle.phases for name in one.tunnels}
    for name, reason in trace.reasons.items():
        if name in flapping:
            continue
        yield Line(f"  {name} carries nothing: {reason}", Tone.DETAIL)
    if trace.cycle is not None:
        yield Line("the cycle:", Tone.BAD)
        yield from (Line(f"  {text}") for text in cycle_text(trace.cycle))
    for text in trace.not_modelled:
        yield Line(f"not covered by the model: {text}", Tone.BAD)
    for state in trace.states:
        yield Line("")
        if len(trace.states) > 1:
            stays = ", a state to stay in" if state.rests else ""
            yield Line(f"while up: {', '.join(state.tunnels) or 'no tunnel'}{stays}", Tone.HEAD)
        yield from _state(state, network)


def summary(leg: Leg) -> Line:
    """One line for a direction: who to whom, how it ends, how it crosses."""
    packet = leg.packet
    kind = protocol_word(packet.protocol)
    if packet.protocol == ICMP:
        kind += " echo reply" if leg.reply else " echo request"
    elif packet.source_port or packet.destination_port:
        kind += f" port {packet.source_port} to {packet.destination_port}"
    head = f"{packet} {kind}"
    if not leg.ways:
        return Line(f"{head}: {leg.begins}")
    fates = dict.fromkeys("arrives" if way.arrives else way.fate.value for way in leg.ways)
    words, tone = _CROSSING[leg.crossing]
    ways = "1 way" if len(leg.ways) == 1 else f"{len(leg.ways)} ways"
    if set(fates) != {"arrives"}:
        tone = Tone.BAD
    return Line(f"{head}: {' or '.join(fates)}, {ways}, {words}", tone)


def way_lines(way: Way, network: Network) -> Iterator[Line]:
    """One way, step by step."""
    return _way(way, (), 1, 1, network)


def _state(state: StateTrace, network: Network) -> Iterator[Line]:
    for title, legs in (("there", state.forward), ("back", state.back)):
        if title == "back" and not any(leg.reply for leg in legs) and any(leg.entry for leg in legs):
            yield Line("no packet arrives, so no reply comes; a packet sent the other way of its own accord:")
        for leg in legs:
            line = summary(leg)
            yield Line(f"{title}: {line.text}", line.tone if line.tone is not Tone.PLAIN else Tone.HEAD)
            if leg.ways:
                yield Line(f"  starts: {leg.begins}", Tone.DETAIL)
            shown: tuple[Step, ...] = ()
            for number, way in enumerate(leg.ways, 1):
                yield from _way(way, shown, number, len(leg.ways), network)
                shown = way.steps
        if title == "there":
            yield Line("")


def _way(way: Way, shown: tuple[Step, ...], number: int, ways: int, network: Network) -> Iterator[Line]:
    """One way; what it shares with the way shown before is not told again."""
    same = 0
    if ways > 1:
        while same < min(len(shown), len(way.steps)) and shown[same] == way.steps[same]:
            same += 1
        through = f", through {' and '.join(way.tunnels)}" if way.tunnels else ""
        yield Line(f"  way {number} of {ways}{through}" + (f"; steps 1 to {same} as before" if same else ""), Tone.HEAD)
    for index, step in enumerate(way.steps[same:], same + 1):
        yield from _step(step, str(index), 2, network)
    tone = Tone.GOOD if way.arrives else Tone.BAD
    if way.loop:
        names = " -> ".join(label_of(network, node) for node in way.loop)
        yield Line(f"  goes round: {names}", Tone.BAD)
    word = "arrives" if way.arrives and way.fate is not Fate.DELIVERED else way.fate.value
    yield Line(f"  {word} at {label_of(network, way.end)}" + (f": {way.reason}" if way.reason else ""), tone)


def _step(step: Step, number: str, indent: int, network: Network) -> Iterator[Line]:
    pad = " " * indent
    came = "" if step.arrived is None else f", in on {step.arrived}"
    yield Line(f"{pad}{number} {_name(network, step.node)}{came}")
    pad += "    "
    if step.choice is not None:
        yield from _choice(step.choice, step.egress, pad)
    elif step.table:
        yield Line(f"{pad}table {step.table}: no route", Tone.BAD)
    if step.before != step.after:
        yield Line(f"{pad}headers before: {header_text(step.before)}")
        yield Line(f"{pad}        after:  {header_text(step.after)}")
    if step.crossing is not None:
        if step.crossing.tunnel is None:
            yield Line(f"{pad}crosses circuit {step.crossing.circuit} in clear", Tone.BAD)
        else:
            inside = f"inside ESP of {step.crossing.tunnel}"
            yield Line(f"{pad}crosses circuit {step.crossing.circuit} {inside}", Tone.GOOD)
    if step.outer:
        yield Line(f"{pad}{step.note}; its outer packet:")
        for index, inner in enumerate(step.outer, 1):
            yield from _step(inner, f"{number}.{index}", indent + 4, network)
    elif step.note and step.egress is not None:
        yield Line(f"{pad}{step.note}")


def _name(network: Network, node: NodeName) -> str:
    label = label_of(network, node)
    return label if label.lower() == node else f"{label} ({node})"


def _choice(choice: Choice, egress: str | None, pad: str) -> Iterator[Line]:
    """The route taken, the others that share the load, the runner-up, and what would match without the prefix."""
    taken = [one for one in choice.used if any(hop.interface == egress for hop in one.route.next_hops)]
    note = (taken or list(choice.used))[0]
    yield Line(f"{pad}table {choice.table}: {choice.prefix}, {route_text(note)}")
    source = source_text(note)
    if source:
        yield Line(f"{pad}  told by {source}", Tone.DETAIL)
    hops = [hop for hop in note.route.next_hops if hop.interface == egress]
    if hops and len(note.route.next_hops) > 1:
        yield Line(f"{pad}  this way: {hops[0]}", Tone.DETAIL)
    others = [one for one in choice.used if one is not note]
    for one in others:
        yield Line(f"{pad}  shares the load with: {route_text(one)}", Tone.DETAIL)
    for lost in choice.lost[:1]:
        more = f"; {len(choice.lost) - 1} more lost" if len(choice.lost) > 1 else ""
        yield Line(f"{pad}  runner-up: {route_text(lost.note)}; lost by {lost.reason}{more}", Tone.DETAIL)
    if choice.shorter:
        shorter = choice.shorter[0]
        yield Line(f"{pad}  without it: {shorter.route.prefix}, {route_text(shorter)}", Tone.DETAIL)
    else:
        yield Line(f"{pad}  without it: no route", Tone.DETAIL)
