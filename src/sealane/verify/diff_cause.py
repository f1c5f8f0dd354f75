"""What in two networks makes the difference for some packets, in one line."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sealane.model import Mode, Protection
from sealane.net import NodeName
from sealane.twin.packet import Fate, Packet, Trip
from sealane.twin.route import Decision
from sealane.verify.outcome import End, Outcome, merge
from sealane.verify.survey import Flow, Scenario, Survey


@dataclass(frozen=True, slots=True)
class Side:
    """One of two networks in one state of failures."""

    survey: Survey
    scenario: Scenario

    def outcome(self, flows: Sequence[Flow]) -> Outcome | None:
        """What becomes of packets, wherever they enter; None when nobody sends them."""
        if not flows:
            return None
        return merge((self.survey.outcome(one, self.scenario) for one in flows), varying=self.scenario.varying)

    def examples(self, flow: Flow) -> Iterator[tuple[End, Packet]]:
        """Ends of the flow's ways in all states, each with a packet that gets so far."""
        for state in self.scenario.states:
            yield from self.survey.examples(flow, self.scenario.failed, state)

    def trips(self, flow: Flow) -> tuple[Trip, ...]:
        """The flow's ways in the first state."""
        return self.survey.walked(flow, self.scenario.failed, self.scenario.states[0]).trips

    def decision(self, node: str, table: str, address: int) -> Decision | None:
        """What a table of the first state answers; None without a route or table."""
        tables = self.survey.twin.tables(self.scenario.failed, self.scenario.states[0])
        return tables.lookup(NodeName(node), table, address)

    def knows(self, node: str) -> bool:
        """True when the network has such a node."""
        return self.survey.network.has_node(node)

    def up(self, tunnel: str) -> bool:
        """True when a tunnel carries packets in all states."""
        return all(tunnel in one for one in self.scenario.states)

    def obstacle(self, tunnel: str) -> str:
        """Why a tunnel carries nothing."""
        if tunnel not in self.survey.twin.pairs:
            return "there is no such tunnel"
        return self.survey.twin.converge(self.scenario.failed).tunnels[tunnel].reason or "it comes and goes"

    def modes(self, flow: Flow) -> tuple[Protection, ...]:
        """The protections of a flow's packets."""
        return self.survey.protections_of(flow.sources[0].address, flow.destination.address)


def cause_of(old: Sequence[Flow], new: Sequence[Flow], before: Side, after: Side) -> str:
    """The nearest thing that is not the same: who sends, a mode, a line, a tunnel, a table, or else a filter."""
    if not old or not new:
        return "packets with this source enter the network now" if new else "nobody has this source any more"
    mine, yours = old[0], new[0]
    return (
        _refusal(mine, yours, before, after)
        or _tunnel(mine, before, after, gone=True)
        or _tunnel(yours, after, before, gone=False)
        or _table(mine, yours, before, after)
        or _stability(before, after)
        or "filters, links or where the packets enter"
    )


def _refusal(mine: Flow, yours: Flow, before: Side, after: Side) -> str:
    """Why one of the two networks refuses what the other lets cross: a mode or a kind of line that changed."""
    here, there = before.outcome([mine]), after.outcome([yours])
    if here is None or there is None or not (_stops(here, there) or _stops(there, here)):
        return ""
    return _requirement(mine, yours, before, after) or _line({*here.clear, *there.clear}, before, after)


def _requirement(mine: Flow, yours: Flow, before: Side, after: Side) -> str:
    """A mode that changed, when one of the two modes refuses."""
    was = {one.name: one.mode for one in before.modes(mine)}
    becomes = {one.name: one.mode for one in after.modes(yours)}
    if (Mode.REQUIRED in was.values()) == (Mode.REQUIRED in becomes.values()):
        return ""
    for name in sorted(was.keys() | becomes.keys()):
        if was.get(name) != becomes.get(name):
            return f"protection {name}: {_mode(was.get(name))} -> {_mode(becomes.get(name))}"
    return ""


def _line(crossed: Collection[str], before: Side, after: Side) -> str:
    """A line that is rehearsed in one network and real in the other: only one of them has a meter at the site's end."""
    was = {one.name: one.real_interface for one in before.survey.network.circuits if one.name in crossed}
    becomes = {one.name: one.real_interface for one in after.survey.network.circuits}
    for name in sorted(was.keys() & becomes.keys()):
        if was[name] is None and becomes[name] is not None:
            return f"{name}: rehearsed -> real line on {becomes[name]}, where no meter stands before the site's packets"
        if was[name] is not None and becomes[name] is None:
            return f"{name}: real line on {was[name]} -> rehearsed, where a meter stands before the site's packets"
    return ""


def _stops(one: Outcome, other: Outcome) -> bool:
    """True when one network refuses what the other lets cross in clear."""
    return Fate.REFUSED.value in one.why and bool(other.clear)


def _mode(mode: Mode | None) -> str:
    return "not of it" if mode is None else mode.value


def _tunnel(flow: Flow, here: Side, there: Side, *, gone: bool) -> str:
    """A tunnel on the way of one network that does not carry packets in the other."""
    used = dict.fromkeys(name for trip in here.trips(flow) for name in trip.tunnels())
    down = [name for name in used if not there.up(name)]
    if not down:
        return ""
    more = f" (and {len(down) - 1} more)" if len(down) > 1 else ""
    word = "carries nothing now" if gone else "carried nothing before"
    return f"{down[0]}{more} {word}: {there.obstacle(down[0])}"


def _table(mine: Flow, yours: Flow, before: Side, after: Side) -> str:
    """The first look-up, on the way afterwards and else on the way before, that another route answers."""
    for flow, side in ((yours, after), (mine, before)):
        for trip in side.trips(flow):
            for hop in trip.hops:
                address = hop.headers[0].packet.destination
                if not hop.table or not (before.knows(hop.node) and after.knows(hop.node)):
                    continue
                was = before.decision(hop.node, hop.table, address)
                becomes = after.decision(hop.node, hop.table, address)
                if _hops(was) != _hops(becomes):
                    return f"{hop.node}, table {hop.table}: {_text(was)} -> {_text(becomes)}"
    return ""


def _stability(before: Side, after: Side) -> str:
    was, becomes = before.scenario.stability.value, after.scenario.stability.value
    return "" if was == becomes else f"tunnels: {was} -> {becomes}"


def _hops(decision: Decision | None) -> object:
    return None if decision is None else decision.next_hops


def _text(decision: Decision | None) -> str:
    if decision is None:
        return "no route"
    hops = " and ".join(dict.fromkeys(hop.interface for hop in decision.next_hops))
    return f"{decision.prefix} to {hops}" if hops else f"{decision.prefix} discarded"
