"""Lines for people; the tone tells a terminal how to show a line and means nothing in a file."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How much a line matters."""

    PLAIN = "plain"
    HEAD = "head"
    GOOD = "good"
    BAD = "bad"
    DETAIL = "detail"


@dataclass(frozen=True, slots=True)
class Line:
    """One line."""

    text: str
    tone: Tone = Tone.PLAIN
