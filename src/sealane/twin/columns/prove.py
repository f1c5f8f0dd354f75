"""Properties for all packets and all failures of up to two elements, with the smallest failures that break them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from sealane.net import Cidr
from sealane.twin.columns.arrays import Bools, Bytes, Longs
from sealane.twin.columns.element import Element
from sealane.twin.columns.evaluate import State, evaluate
from sealane.twin.columns.failures import Pass, concerned, failed_in, passes, picked, states
from sealane.twin.columns.forest import address_of, length_of
from sealane.twin.columns.index import Columns, protected_classes
from sealane.twin.columns.walk import Verdict


class Property(StrEnum):
    """What is proved."""

    ENCRYPTED = "encrypted"
    """No protected packet crosses a circuit in clear."""
    NO_LOOP = "no-loop"
    """No packet goes round."""
    NO_BLACKHOLE = "no-blackhole"
    """Every protected packet arrives."""
    SETTLED = "settled"
    """What becomes of a packet does not change by itself."""


BREAKS = {
    Property.ENCRYPTED: Verdict.CLEAR, Property.NO_LOOP: Verdict.LOOPING, Property.NO_BLACKHOLE: Verdict.DROPPED,
    Property.SETTLED: Verdict.OSCILLATING,
}
OF_PROTECTED = (Property.ENCRYPTED, Property.NO_BLACKHOLE)


@dataclass(frozen=True, slots=True)
class Example:
    """One packet class that a smallest set of failures breaks a property for.

    Args:
        failed: The failures; without any one of them the property holds for the class.
        prefix: Destinations.
        site: Number of the site that the packets come from; None for packets from the cloud.
        verdict: All that can become of them.
    """

    failed: tuple[Element, ...]
    prefix: Cidr
    site: int | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Proof:
    """One property.

    Args:
        holds: True when nothing breaks it.
        broken: Smallest sets of failures and packet classes that break it, counted in pairs.
        sets: Smallest sets of failures that break it for any class; 1 and nothing else when it is broken anyway.
        examples: A few of them, fewest failures first.
    """

    property: Property
    holds: bool
    broken: int
    sets: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Proofs:
    """All properties.

    Args:
        most: Failures at once.
        states: Sets of failures that the proofs speak for.
        evaluated: States that were evaluated for that.
    """

    most: int
    states: int
    evaluated: int
    proofs: tuple[Proof, ...]

    def of(self, wanted: Property) -> Proof:
        """The proof of a property."""
        return next(one for one in self.proofs if one.property is wanted)


def prove_columns(columns: Columns, most: int = 1, *, examples: int = 5) -> Proofs:
    """Prove every property in all states of up to ``most`` (0, 1 or 2) failures.

    Raises:
        NotCovered: As ``evaluate`` does.
        ValueError: More failures are asked for.
    """
    if most not in {0, 1, 2}:
        raise ValueError("failures of up to two elements are proved")
    tally = _Tally(columns, examples)
    tally.without_failure(evaluate(columns))
    evaluated = 1
    for one in passes(columns, most) if most else ():
        tally.add(one)
        evaluated += 1
    return Proofs(most, states(columns.facts, most), evaluated, tally.proofs())


def guarded(columns: Columns) -> tuple[Bools, Bools]:
    """Classes in protected prefixes, and cells of the sites that these are of: to the whole cloud."""
    inside = protected_classes(columns)
    sites = np.zeros(len(columns.facts.sites) + 1, np.bool_)
    sites[columns.depends.home_site[inside]] = True
    sites[-1] = False
    return inside, sites[columns.cell_site]


class _Tally:
    """Breaches so far: bits of properties by class and by cell, one bit each."""

    def __init__(self, columns: Columns, examples: int) -> None:
        self._columns, self._most = columns, examples
        self._guarded = guarded(columns)
        self._anyway: tuple[Bytes, Bytes] = (np.zeros(0, np.uint8), np.zeros(0, np.uint8))
        self._single: dict[int, tuple[Bytes, Bytes]] = {}
        self._counts = dict.fromkeys(Property, 0)
        self._sets = dict.fromkeys(Property, 0)
        self._examples: dict[Property, list[Example]] = {one: [] for one in Property}

    def _breaches(self, state: State) -> tuple[Bytes, Bytes]:
        found = []
        for verdicts, guarded in zip((state.inward, state.outward), self._guarded, strict=True):
            bits = np.zeros(len(verdicts), np.uint8)
            for place, one in enumerate(Property):
                broken = (verdicts & int(BREAKS[one])) != 0
                if one in OF_PROTECTED:
                    broken &= guarded
                bits |= broken.astype(np.uint8) << place
            found.append(bits)
        return found[0], found[1]

    def without_failure(self, state: State) -> None:
        """What is broken anyway."""
        self._anyway = self._breaches(state)
        for place, one in enumerate(Property):
            for cells in (False, True):
                broken = (self._anyway[cells] >> place & 1).astype(np.bool_)
                self._count(one, broken, cells=cells, state=state, told=None)
            self._sets[one] = int(self._counts[one] > 0)

    def add(self, told: Pass) -> None:
        """What a pass breaks that none of its failures breaks alone."""
        breaches = self._breaches(told.state)
        new = []
        for cells in (False, True):
            known = self._anyway[cells]
            for role in told.roles if len(told.roles) > 1 else ():
                known = known | self._single[id(role)][cells]
            new.append(np.where(concerned(self._columns, told, cells=cells), breaches[cells] & ~known, 0))
        if len(told.roles) == 1:
            self._single[id(told.roles[0])] = breaches
        if not (new[0].any() or new[1].any()):
            return
        for place, one in enumerate(Property):
            owners = []
            for cells in (False, True):
                broken = (new[cells] >> place & 1).astype(np.bool_)
                self._count(one, broken, cells=cells, state=told.state, told=told)
                owners.append(self._owners(told, broken, cells=cells))
            self._sets[one] += len(np.unique(np.concatenate(owners)))

    def _owners(self, told: Pass, broken: Bools, *, cells: bool) -> Longs:
        """The sets of failures that broke something, each as a number."""
        depends = self._columns.depends
        chosen = np.flatnonzero(broken)
        found = np.zeros(len(chosen), np.int64)
        block = depends.site_block[self._columns.cell_site] if cells else depends.class_block
        group = depends.site_group[self._columns.cell_site] if cells else depends.class_group
        if any(not role.wide for role in told.roles):
            found += (block[chosen].astype(np.int64) + 1) << 32
        if any(role.wide for role in told.roles):
            found += group[chosen].astype(np.int64) + 1
        return np.unique(found)

    def _count(self, one: Property, broken: Bools, *, cells: bool, state: State, told: Pass | None) -> None:
        self._counts[one] += int(broken.sum())
        columns, shown = self._columns, self._examples[one]
        for where in picked(broken, self._most - len(shown)).tolist():
            at = int(columns.cell_class[where]) if cells else where
            key = columns.classes[at : at + 1]
            prefix = Cidr(int(address_of(key)[0]), int(length_of(key)[0]))
            failed = () if told is None else failed_in(columns, told, where, cells=cells)
            verdict = (state.outward if cells else state.inward)[where]
            site = int(columns.cell_site[where]) if cells else None
            shown.append(Example(failed, prefix, site, Verdict(int(verdict))))

    def proofs(self) -> tuple[Proof, ...]:
        """What came out."""
        return tuple(Proof(one, self._counts[one] == 0, self._counts[one], self._sets[one], tuple(self._examples[one]))
                     for one in Property)
