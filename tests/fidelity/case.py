"""One case: a network and what happens to it."""

from dataclasses import dataclass

from fidelity.generate import Event, draw, draw_events
from fidelity.small import Small


@dataclass(frozen=True, slots=True)
class Case:
    """A network, events one after another, and a title that is unique among cases and can name a network."""

    title: str
    small: Small
    events: tuple[Event, ...]


def seeded(number: int, events: int, kind: str = "both") -> Case:
    """The case of a number; of ``both`` kinds the odd ones have tunnels.

    Equal arguments give equal cases, and the events of a longer case begin with those of a shorter one.
    """
    tunnels = number % 2 == 1 if kind == "both" else kind == "tunnels"
    small = draw(number, tunnels=tunnels)
    return Case(f"{'t' if tunnels else 'p'}{number}", small, draw_events(number, small, events, tunnels=tunnels))
