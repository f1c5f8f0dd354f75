"""What can fail, and what is up."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import numpy as np

from sealane.twin.columns.arrays import Bools, Bytes, Ints, Longs
from sealane.twin.columns.facts import Facts, Need


class ElementKind(StrEnum):
    """Kinds of things that fail; each is numbered by itself."""

    CIRCUIT = "circuit"
    BORDER = "vbr"
    LINK = "attachment"
    """The border router's attachment to the transit router."""
    DEVICE = "device"
    TUNNEL = "tunnel"
    SESSION = "session"
    """The BGP session over a tunnel."""


SITE_KINDS = (ElementKind.DEVICE, ElementKind.TUNNEL, ElementKind.SESSION)
BORDER_KINDS = (ElementKind.CIRCUIT, ElementKind.BORDER, ElementKind.LINK)


class Element(NamedTuple):
    """One thing that can fail; ``number`` is that of its site, tunnel or border router."""

    kind: ElementKind
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Up:
    """What has not failed, for each kind; the arrays may be written to by their owner."""

    circuit: Bools
    vbr: Bools
    attachment: Bools
    device: Bools
    tunnel: Bools
    session: Bools

    def of(self, kind: ElementKind) -> Bools:
        """The array of a kind."""
        found: Bools = getattr(self, kind.value)
        return found


def all_up(facts: Facts, failed: Iterable[Element] = ()) -> Up:
    """Everything but what failed."""
    borders, sites, tunnels = len(facts.borders), len(facts.sites), len(facts.tunnels)
    up = Up(*(np.ones(count, np.bool_) for count in (borders, borders, borders, sites, tunnels, tunnels)))
    for kind, number in failed:
        up.of(kind)[number] = False
    return up


def elements(facts: Facts) -> list[Element]:
    """Everything that can fail."""
    counts = {ElementKind.DEVICE: len(facts.sites), ElementKind.TUNNEL: len(facts.tunnels),
              ElementKind.SESSION: len(facts.tunnels)}
    return [Element(kind, n) for kind in ElementKind for n in range(counts.get(kind, len(facts.borders)))]


def element_name(facts: Facts, element: Element) -> str:
    """As users read it: ``tunnel:site-1/tunnel-2``."""
    kind, number = element
    names = facts.borders if kind in BORDER_KINDS else facts.sites if kind is ElementKind.DEVICE else facts.tunnels
    return f"{kind.value}:{names[number]}"


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Some of the conditions, ready to be asked; fields as in ``Facts``."""

    tunnel: Ints
    session: Bools
    border: Ints
    needs: Bytes
    site: Ints
    other_border: Ints
    other_needs: Bytes
    of_tunnels: Longs
    """Places of those that need a tunnel."""

    @classmethod
    def of(cls, facts: Facts, chosen: Longs | Ints | slice) -> "Conditions":
        """The chosen ones, in the order given."""
        tunnel = facts.cond_tunnel[chosen]
        return cls(tunnel, facts.cond_session[chosen], facts.cond_border[chosen], facts.cond_needs[chosen],
                   facts.cond_site[chosen], facts.cond_other_border[chosen], facts.cond_other_needs[chosen],
                   np.flatnonzero(tunnel >= 0))

    def holding(self, up: Up) -> Bools:
        """Of each, whether it holds, tunnels apart."""
        held = _or_true(up.device, self.site)
        for need, array in ((Need.CIRCUIT, up.circuit), (Need.BORDER, up.vbr), (Need.LINK, up.attachment)):
            held &= ((self.needs & int(need)) == 0) | _or_true(array, self.border)
            held &= ((self.other_needs & int(need)) == 0) | _or_true(array, self.other_border)
        held &= ~self.session | _or_true(up.session, self.tunnel)
        return held

    def given(self, held: Bools, tunnel_up: Bools) -> Bools:
        """Of each, whether it holds while these tunnels are up; ``held`` is from ``holding``."""
        found = held.copy()
        found[self.of_tunnels] &= tunnel_up[self.tunnel[self.of_tunnels]]
        return found


def _or_true(array: Bools, index: Ints) -> Bools:
    """``array[index]``, True where the index is -1."""
    found: Bools = np.concatenate((array, [True]))[index]
    return found
