"""What becomes of packets: a value to compare between states and between networks."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from sealane.net import dotted
from sealane.twin.packet import Packet


class Result(StrEnum):
    """How packets get on."""

    ENCRYPTED = "encrypted"
    """Delivered; every circuit was crossed inside ESP."""
    CLEAR = "clear"
    """Delivered; a circuit was crossed outside ESP."""
    LOCAL = "local"
    """Delivered without a circuit."""
    UNREACHABLE = "unreachable"
    """Not delivered."""
    MIXED = "mixed"
    """Not the same on every equal route, or not the same in every state that the network may stay in."""
    OSCILLATING = "oscillating"
    """Not the same in the states that follow one another for ever."""


@dataclass(frozen=True, slots=True, order=True)
class End:
    """The end of one way.

    Args:
        result: One of the first four.
        why: What stopped it, a ``twin.packet.Fate``; empty when it is delivered.
        clear: Circuits that it crossed outside ESP, delivered or not, in order of names.
        tunnels: Tunnels that it went through, in order of names.
    """

    result: Result
    why: str = ""
    clear: tuple[str, ...] = ()
    tunnels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The ends of all ways, each once, in order; ``varying`` when they are of states that follow one another."""

    ends: tuple[End, ...]
    varying: bool = False

    @property
    def result(self) -> Result:
        """All of it in one word."""
        found = {(one.result, one.why) for one in self.ends}
        if len(found) == 1:
            return self.ends[0].result
        if self.varying:
            return Result.OSCILLATING
        return Result.UNREACHABLE if {one.result for one in self.ends} == {Result.UNREACHABLE} else Result.MIXED

    @property
    def clear(self) -> tuple[str, ...]:
        """Circuits that are crossed outside ESP on some way, delivered or not."""
        return tuple(sorted({name for one in self.ends for name in one.clear}))

    @property
    def why(self) -> tuple[str, ...]:
        """What stops packets on some way."""
        return tuple(sorted({one.why for one in self.ends if one.why}))

    @property
    def arrives(self) -> bool:
        """True when every way ends at the destination."""
        return all(not one.why for one in self.ends)

    def __str__(self) -> str:
        if self.result is Result.UNREACHABLE:
            return f"{self.result.value} ({', '.join(self.why)})"
        if self.result in (Result.MIXED, Result.OSCILLATING):
            parts = dict.fromkeys(one.why or one.result.value for one in self.ends)
            return f"{self.result.value} ({', '.join(parts)})"
        return self.result.value


def merge(outcomes: Iterable[Outcome], *, varying: bool = False) -> Outcome:
    """The outcome over several states."""
    found = tuple(outcomes)
    if len(found) == 1:
        return found[0]
    ends = tuple(sorted({end for one in found for end in one.ends}))
    return Outcome(ends, varying)


def packet_json(packet: Packet) -> dict[str, object]:
    """A packet as plain values; with ICMP the destination port is the type."""
    return {
        "source": dotted(packet.source),
        "destination": dotted(packet.destination),
        "protocol": packet.protocol,
        "source_port": packet.source_port,
        "destination_port": packet.destination_port,
    }
