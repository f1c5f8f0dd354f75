"""What reading a device's configuration text yields."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Finding, Origin
from sealane.model.node import Node


class LineVerdict(StrEnum):
    """What became of a line."""

    UNDERSTOOD = "understood"
    """It shaped the node."""
    NO_EFFECT = "no-effect"
    """It is known and changes nothing that is modelled (logging, hostname)."""
    REMARK = "remark"
    """Comment, prompt or blank."""
    UNKNOWN = "unknown"
    """Not understood; a finding names it."""


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of the text, as written, with what became of it."""

    origin: Origin
    text: str
    verdict: LineVerdict


@dataclass(frozen=True, slots=True)
class DeviceReading:
    """A device configuration as read: every line is in ``lines``, once, in order.

    ``node`` holds what was understood, even when ``findings`` holds errors.
    """

    node: Node
    lines: tuple[ReadLine, ...]
    findings: tuple[Finding, ...]
