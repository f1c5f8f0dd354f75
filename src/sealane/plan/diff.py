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

from sealane.plan.resource import RANK, AddressSpec, CableSpec, Key, Kind, Payload, RealPortSpec, Resource


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

    Additions come before removals, so that traffic has somewhere to go when its old way is taken; only links and
    addresses that stand in the way of new ones go first. Additions go in the order of kinds, removals in reverse.
    Whatever lives in a namespace that is removed goes with it, except daemons, which must be stopped by name.
    """
    want = {resource.key: resource.payload for resource in desired}
    have = {resource.key: resource.payload for resource in observed}
    first = _in_the_way(want, have)
    lost = {pair for key, payload in want.items() if key in have for pair in _taken_along(have[key], key, payload)}
    lost |= {(kind, space) for key in first for space in _spaces(key, have[key]) for kind in _ON_LINKS}
    additions = [
        _addition(key, payload, have)
        for key, payload in want.items()
        if have.get(key) != payload or (key.kind, key.namespace) in lost
    ]
    gone = {(key.kind, key.namespace) for key in have if key not in want}
    removals = [
        Delete(key, payload)
        for key, payload in have.items()
        if key not in want and key not in first and not _goes_along(key, payload, gone)
    ]
    ordered: list[Change] = [Delete(key, have[key]) for key in sorted(first)]
    ordered += sorted(additions, key=lambda change: (RANK[change.key.kind], change.key))
    ordered += sorted(removals, key=lambda change: (-RANK[change.key.kind], change.key))
    return Plan(
        tuple(
            Stage(tuple(changes))
            for _, changes in groupby(ordered, key=lambda change: (isinstance(change, Delete), change.key.kind))
        )
    )


_ON_LINKS = (Kind.ADDRESS, Kind.ROUTE)


def _in_the_way(want: Mapping[Key, Payload], have: Mapping[Key, Payload]) -> frozenset[Key]:
    """The unwanted that holds what something new needs: the name of a link's end, a host's interface, an address."""
    needed = {claim for key, payload in want.items() if have.get(key) != payload for claim in _claims(key, payload)}
    return frozenset(
        key
        for key, payload in have.items()
        if key not in want and any(claim in needed for claim in _claims(key, payload))
    )


Claim = tuple[str, str, str]


def _claims(key: Key, payload: Payload) -> tuple[Claim, ...]:
    """What only one of them can hold."""
    own = ("end", key.namespace, key.name)
    match payload:
        case CableSpec(space, name):
            return own, ("end", space, name)
        case RealPortSpec(interface):
            return own, ("host", "", interface)
        case AddressSpec(_, address):
            return (("address", key.namespace, address),)
    return (own,) if key.kind is Kind.LINK else ()


def _spaces(key: Key, *payloads: Payload) -> tuple[str, ...]:
    """The namespaces that something is in; a cable is in two."""
    peers = (payload.peer_namespace for payload in payloads if isinstance(payload, CableSpec))
    return tuple(sorted({key.namespace, *peers}))


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
    return tuple((kind, space) for space in _spaces(key, old, new) for kind in _ON_LINKS)


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
