"""desired x observed -> plan. The plan leaves the executor no choice.

=========  ========  =============================
desired    observed  change
=========  ========  =============================
absent     absent    none
present    absent    Create
present    equal     none
present    differs   Update
absent     present   Delete
=========  ========  =============================
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from sealane.plan.resource import RANK, CableSpec, Key, Kind, Payload, RealPortSpec, Resource


@dataclass(frozen=True, slots=True)
class Create:
    """Make what is missing."""

    key: Key
    new: Payload


@dataclass(frozen=True, slots=True)
class Update:
    """Turn what is there into what should be."""

    key: Key
    old: Payload
    new: Payload


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove what should not be."""

    key: Key
    old: Payload


Change = Create | Update | Delete


@dataclass(frozen=True, slots=True)
class Stage:
    """Changes of one kind that may be carried out together, in the given order."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Stages to carry out one after the other; empty when nothing is to be done."""

    stages: tuple[Stage, ...]

    def changes(self) -> tuple[Change, ...]:
        """All changes in order."""
        return tuple(change for stage in self.stages for change in stage.changes)

    def describe(self) -> tuple[str, ...]:
        """One line per change, for people."""
        return tuple(f"{type(change).__name__.lower()} {change.key}" for change in self.changes())


def diff(desired: Iterable[Resource], observed: Iterable[Resource]) -> Plan:
    """The plan that turns ``observed`` into ``desired``.

    Additions come before removals, so that traffic has somewhere to go when its old way is taken. Additions go in
    the order of kinds, removals in reverse. Whatever lives in a namespace that is removed goes with it, except
    daemons, which must be stopped by name.
    """
    want = {resource.key: resource.payload for resource in desired}
    have = {resource.key: resource.payload for resource in observed}
    lost = {pair for key, payload in want.items() if key in have for pair in _taken_along(have[key], key, payload)}
    additions = [
        _addition(key, payload, have)
        for key, payload in want.items()
        if have.get(key) != payload or (key.kind, key.namespace) in lost
    ]
    gone = {(key.kind, key.namespace) for key in have if key not in want}
    removals = [
        Delete(key, payload)
        for key, payload in have.items()
        if key not in want and not _goes_along(key, payload, gone)
    ]
    ordered: list[Change] = sorted(additions, key=lambda change: (RANK[change.key.kind], change.key))
    ordered += sorted(removals, key=lambda change: (-RANK[change.key.kind], change.key))
    return Plan(
        tuple(
            Stage(tuple(changes))
            for _, changes in groupby(ordered, key=lambda change: (isinstance(change, Delete), change.key.kind))
        )
    )


_DAEMONS = frozenset({Kind.BIRD, Kind.FRR, Kind.CHARON, Kind.CONNECTION})


def _goes_along(key: Key, payload: Payload, gone: set[tuple[Kind, str]]) -> bool:
    """True for what needs no removal of its own."""
    if key.kind is Kind.CONNECTION:
        return (Kind.CHARON, key.namespace) in gone
    return (Kind.NAMESPACE, key.namespace) in gone and _goes_with_namespace(key, payload)


def _goes_with_namespace(key: Key, payload: Payload) -> bool:
    """True for what the kernel removes with its namespace; daemons would live on, real interfaces would be lost."""
    return key.kind is not Kind.NAMESPACE and key.kind not in _DAEMONS and not isinstance(payload, RealPortSpec)


def _taken_along(old: Payload, key: Key, new: Payload) -> tuple[tuple[Kind, str], ...]:
    """What is lost, as (kind, namespace), when a resource is replaced.

    The kernel takes a link's addresses and routes with it, a charon its connections.
    """
    if old == new or key.kind not in {Kind.LINK, Kind.CHARON}:
        return ()
    if key.kind is Kind.CHARON:
        return ((Kind.CONNECTION, key.namespace),)
    spaces = {key.namespace, *(spec.peer_namespace for spec in (old, new) if isinstance(spec, CableSpec))}
    return tuple((kind, space) for space in sorted(spaces) for kind in (Kind.ADDRESS, Kind.ROUTE))


def _addition(key: Key, payload: Payload, have: Mapping[Key, Payload]) -> Change:
    old = have.get(key)
    return Create(key, payload) if old is None else Update(key, old, payload)


def project(observed: Iterable[Resource], plan: Plan) -> frozenset[Resource]:
    """What would be observed after the plan was carried out."""
    state = {resource.key: resource.payload for resource in observed}
    for change in plan.changes():
        match change:
            case Create(key, new) | Update(key, _, new):
                state[key] = new
            case Delete(key, _):
                state.pop(key, None)
                gone = {(key.kind, key.namespace)}
                state = {left: payload for left, payload in state.items() if not _goes_along(left, payload, gone)}
    return frozenset(Resource(key, payload) for key, payload in state.items())
