"""A node's routes as lines for people."""

from collections.abc import Iterable, Iterator

from sealane.verify.explain_cycle import cycle_text
from sealane.verify.explain_line import Line, Tone
from sealane.verify.explain_node import NodeExplained, NodeRoutes
from sealane.verify.explain_route import Choice, route_text, source_text


def node_lines(found: NodeExplained) -> Iterator[Line]:
    """All of a node."""
    yield Line(f"{found.node.label or found.node.name}, {found.node.platform.value}", Tone.HEAD)
    if found.failed:
        yield Line(f"failed: {', '.join(found.failed)}", Tone.BAD)
    if found.cycle is not None:
        yield Line(f"tunnels: {found.stability.value}", Tone.BAD)
        yield from (Line(f"  {text}") for text in cycle_text(found.cycle))
    elif len(found.states) > 1:
        yield Line(f"tunnels: {found.stability.value}; each state that they may stay in is shown", Tone.BAD)
    if not found.settled:
        yield Line("not covered by the model: BGP does not come to rest; the tables are those of its last round",
                   Tone.BAD)
    for state in found.states:
        yield Line("")
        if len(found.states) > 1:
            yield Line(f"while up: {', '.join(state.up) or 'no tunnel'}", Tone.HEAD)
        yield from _state(state)


def _state(state: NodeRoutes) -> Iterator[Line]:
    for name, choices in state.tables.items():
        yield Line(f"table {name}" + ("" if choices else ": empty"), Tone.HEAD)
        yield from _choices(choices)
    if state.bgp:
        yield Line("BGP, before other protocols are compared", Tone.HEAD)
        yield from _choices(state.bgp)
    yield from _links(state)
    yield from _telling(state)


def _links(state: NodeRoutes) -> Iterator[Line]:
    if state.sessions:
        yield Line("sessions", Tone.HEAD)
    for one in state.sessions:
        peer = "" if one.peer is None else f" with {one.peer}"
        where = "" if one.peer_address is None else f" {one.peer_address} AS {one.peer_asn}"
        word = "up" if one.up else f"down: {one.reason}"
        yield Line(f"  {one.name}{peer}{where}: {word}", Tone.PLAIN if one.up else Tone.BAD)
    if state.tunnels:
        yield Line("tunnels", Tone.HEAD)
    for tunnel in state.tunnels:
        word = "carries packets" if tunnel.carries else "carries nothing"
        reason = f": {tunnel.reason}" if tunnel.reason else ""
        yield Line(f"  {tunnel.name} {word}{reason}", Tone.PLAIN if not reason else Tone.BAD)


def _telling(state: NodeRoutes) -> Iterator[Line]:
    if any(state.told.values()):
        yield Line("tells", Tone.HEAD)
    for receiver, told in state.told.items():
        if told:
            yield Line(f"  {receiver}: {', '.join(str(prefix) for prefix in sorted(told))}")
    if state.withheld:
        yield Line("withholds", Tone.HEAD)
    for kept in state.withheld:
        yield Line(f"  {kept.prefix} from {kept.to}: {kept.reason}")


def _choices(choices: Iterable[Choice]) -> Iterator[Line]:
    for choice in choices:
        yield Line(f"  {choice.prefix}")
        for note in choice.used:
            yield Line(f"    in use: {route_text(note)}")
            source = source_text(note)
            if source:
                yield Line(f"            told by {source}", Tone.DETAIL)
        for lost in choice.lost:
            yield Line(f"    lost:   {route_text(lost.note)}; {lost.reason}", Tone.DETAIL)
