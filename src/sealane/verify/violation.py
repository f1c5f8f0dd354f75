"""Verdicts on properties, and what shows them."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Finding
from sealane.twin.packet import Packet
from sealane.verify.entry import Entry
from sealane.verify.explain_trip import Way
from sealane.verify.outcome import End, packet_json


class Verdict(StrEnum):
    """What can be said of a property."""

    PROVED = "proved"
    """It holds for every packet in every state that was looked at."""
    DECLARED = "declared"
    """It does not hold, and the plan accepts that: mode ``open``."""
    REPORTED = "reported"
    """What there is to tell; a plan demands nothing of it. Named with ``--property`` it is demanded."""
    VIOLATED = "violated"
    """It does not hold."""
    NOT_COVERED = "not covered"
    """The model does not say."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """One packet in one state.

    Args:
        packet: The packet; with ICMP the destination port is the type.
        entry: Where it starts.
        begins: The same in words.
        failed: Failed elements as text.
        tunnels: The tunnels that carry packets.
        end: How it ends.
        way: Step by step.
        doubt: What an independent computation found instead; empty when it agrees, None when it could not say.
    """

    packet: Packet
    entry: Entry
    begins: str
    failed: tuple[str, ...]
    tunnels: tuple[str, ...]
    end: End
    way: Way
    doubt: str | None

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            **packet_json(self.packet),
            "starts_at": self.entry.node,
            "arrived": self.entry.arrived or None,
            "begins": self.begins,
            "failed": list(self.failed),
            "tunnels": list(self.tunnels),
            "outcome": self.end.result.value,
            "why": self.end.why or None,
            "clear": list(self.end.clear),
            "rechecked": None if self.doubt is None else not self.doubt,
            "way": self.way.to_json(),
        }


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a property does not hold.

    Args:
        finding: What is wrong and what cures it.
        packets: Whom it hits, as ``classes of sources -> classes of destinations``; empty where no packet is meant.
        failures: The smallest sets of failed elements under which it shows, as text; one empty set means without any
            failure; no set means that failures have no part in it.
        example: One packet; None where the finding says all.
        detail: More lines for a reader, such as the cycle of tunnels that come and go.
    """

    finding: Finding
    packets: tuple[str, ...] = ()
    failures: tuple[tuple[str, ...], ...] = ()
    example: Counterexample | None = None
    detail: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "finding": self.finding.to_json(),
            "packets": list(self.packets),
            "failures": [list(one) for one in self.failures],
            "example": None if self.example is None else self.example.to_json(),
            "detail": list(self.detail),
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one property; ``summary`` is one line, ``not_covered`` what the model does not say."""

    name: str
    verdict: Verdict
    summary: str
    violations: tuple[Violation, ...] = ()
    not_covered: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """As plain values."""
        return {
            "property": self.name,
            "verdict": self.verdict.value,
            "summary": self.summary,
            "violations": [one.to_json() for one in self.violations],
            "not_covered": list(self.not_covered),
        }
