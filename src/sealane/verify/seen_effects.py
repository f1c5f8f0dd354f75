"""What the differences of a running network do to packets: classes that fare otherwise than the twin computes."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.diag import Finding, Severity
from sealane.twin.converge import Twin
from sealane.twin.element import NOTHING
from sealane.twin.packet import Packet
from sealane.verify.outcome import Outcome, Result
from sealane.verify.seen import Seen, meaning
from sealane.verify.seen_tables import RunningTwin, seen_prefixes
from sealane.verify.survey import Flow, Survey

_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Effect:
    """Flows of one protection, or of none, that fare the same other way.

    Args:
        protection: Its name; empty for packets that no protection covers.
        entries: The nodes where they enter.
        there: What becomes of them on the running network.
        wanted: What the twin says becomes of them, for what has failed.
        destinations: Classes of their destinations in words.
        example: One such packet.
    """

    protection: str
    entries: tuple[str, ...]
    there: Outcome
    wanted: Outcome
    destinations: tuple[str, ...]
    example: Packet

    def finding(self) -> Finding:
        """As a finding: an error where packets are protected or are lost."""
        whose = f"of protection {self.protection} " if self.protection else ""
        worse = bool(self.protection) or not self.there.arrives
        return Finding(
            "SEEN-011",
            Severity.ERROR if worse else Severity.WARNING,
            f"packets {whose}from {_few(self.entries)} to {_few(self.destinations)}",
            f"are {_told(self.there)}; the twin has them {_told(self.wanted)} (such as {self.example})",
            "mend the routes, sessions or tunnels that differ: they are named beside",
        )


def effects(twin: Twin, seen: Seen) -> tuple[Effect, ...]:
    """Every class of packets that the running network treats otherwise than the twin would, grouped.

    The twin is asked for the links and nodes that are down. Where it finds no rest, nothing is compared. Packets that
    no protection covers and that are lost either way are left out.
    """
    failed = meaning(twin, seen).failed
    expected = Survey(twin.network, 0, seen_prefixes(seen), twin)
    scenario = expected.scenario(failed)
    if scenario.varying:
        return ()
    running = Survey(twin.network, 0, seen_prefixes(seen), RunningTwin(twin.network, seen))
    now = running.scenario(NOTHING)
    groups: dict[tuple[str, Outcome, Outcome], list[Flow]] = {}
    for flow, same in zip(expected.flows, running.flows, strict=True):
        wanted, there = expected.outcome(flow, scenario), running.outcome(same, now)
        lost = there.result is wanted.result is Result.UNREACHABLE
        if there != wanted and (flow.protections or not lost):
            for name in flow.protections or ("",):
                groups.setdefault((name, there, wanted), []).append(flow)
    return tuple(_effects(groups))


def _effects(groups: dict[tuple[str, Outcome, Outcome], list[Flow]]) -> Iterator[Effect]:
    for (name, there, wanted), flows in groups.items():
        entries = tuple(dict.fromkeys(str(one.entry.node) for one in flows))
        destinations = tuple(dict.fromkeys(str(one.destination) for one in flows))
        first = flows[0]
        example = Packet(first.sources[0].address, first.destination.address)
        yield Effect(name, entries, there, wanted, destinations, example)


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMED])} and {more} more"


def _told(outcome: Outcome) -> str:
    clear = f" over {' and '.join(outcome.clear)}" if outcome.clear else ""
    return f"{outcome}{clear}"
