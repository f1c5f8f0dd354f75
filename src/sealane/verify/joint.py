"""The packets of two networks over one universe of addresses, and what may fail in either."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from sealane.twin.element import Element, Failures
from sealane.verify.survey import Flow, Survey
from sealane.verify.universe import AddressClass


@dataclass(frozen=True, slots=True)
class Joint:
    """Pairs that are of the same flows before, and of the same flows afterwards; no flow: nobody sends."""

    sources: tuple[AddressClass, ...]
    destination: AddressClass
    before: tuple[Flow, ...]
    after: tuple[Flow, ...]

    @property
    def enters_elsewhere(self) -> bool:
        """True for a host that is new or gone: before or afterwards its packets enter behind its link.

        Failures of that link make no difference between the networks, and those of others show at the host's neighbors.
        """
        return {one.entry for one in self.before} != {one.entry for one in self.after}

    @property
    def protections(self) -> tuple[str, ...]:
        """Names of the protections that the packets belong to in one network or the other."""
        return tuple(sorted({name for one in (*self.before, *self.after) for name in one.protections}))


def joints(old: Survey, new: Survey) -> Iterator[Joint]:
    """Every pair of classes once, those together that no flow of either network tells apart."""
    before, after = _flows_by_pair(old), _flows_by_pair(new)
    classes = {one.address: one for one in new.universe.classes}
    sources: dict[tuple[int, tuple[int, ...], tuple[int, ...]], list[AddressClass]] = {}
    for source, destination in sorted(before.keys() | after.keys()):
        flows = tuple(before.get((source, destination), ())), tuple(after.get((source, destination), ()))
        sources.setdefault((destination, *flows), []).append(classes[source])
    for (destination, mine, yours), found in sources.items():
        yield Joint(
            tuple(found),
            classes[destination],
            tuple(old.flows[one] for one in mine),
            tuple(new.flows[one] for one in yours),
        )


def _flows_by_pair(survey: Survey) -> Mapping[tuple[int, int], list[int]]:
    """Numbers of the flows by source and destination address of a pair of classes."""
    found: dict[tuple[int, int], list[int]] = {}
    for number, flow in enumerate(survey.flows):
        for source in flow.sources:
            found.setdefault((source.address, flow.destination.address), []).append(number)
    return found


def failure_sets(known: Iterable[Element], most: int) -> Iterator[Failures]:
    """Every set of up to so many elements, smaller ones first."""
    for size in range(most + 1):
        yield from map(frozenset, combinations(sorted(known), size))
