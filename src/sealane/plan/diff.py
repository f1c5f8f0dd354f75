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

from sealane.plan.resource import (
    RANK,
    AddressSpec,
    CableSpec,
    ConnectionSpec,
    Key,
    Kind,
    Payload,
    RealPortSpec,
    Resource,
    RouteSpec,
)


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
    changed = {key: payload for key, payload in want.items() if have.get(key) != payload}
    ends = {end for key, payload in changed.items() for end in _ends(key, payload, have.get(key))}
    ends |= {end for key in first for end in _holder(key, have[key])}
    charons = {key.namespace for key in changed if key.kind is Kind.CHARON}
    additions = [
        _addition(key, payload, have)
        for key, payload in want.items()
        if key in changed or _lost(key, payload, ends, charons)
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


_LEAVES = frozenset({Kind.FILTER, Kind.RULE, Kind.ROUTE, Kind.BIRD, Kind.FRR})
"""Kinds that nothing else is lost, or has to make way, with."""


Resources = tuple[Resource, ...]


def differing_leaves(desired: Resources, former: Resources) -> tuple[Resources, Resources] | None:
    """Of two lists those resources that are not in the other, when nothing else hangs on any of them; else None.

    ``diff`` of the two results is then ``diff`` of the two lists. Where they hold the same resources, not only equal
    ones, these are not looked at.
    """
    known, kept = set(map(id, former)), set(map(id, desired))
    new = {one.key: one for one in desired if id(one) not in known}
    old = {one.key: one for one in former if id(one) not in kept}
    wanted = tuple(one for key, one in new.items() if old.get(key) != one)
    gone = tuple(one for key, one in old.items() if new.get(key) != one)
    return (wanted, gone) if all(one.key.kind in _LEAVES for one in (*wanted, *gone)) else None


def _in_the_way(want: Mapping[Key, Payload], have: Mapping[Key, Payload]) -> frozenset[Key]:
    """The unwanted that holds what something new needs: the name of a link's end, a host's interface, an address.

    Also an address beside which something stays or comes: the kernel removes others of its subnet with it, and with an
    interface's last address every route over that interface (``fib_disable_ip``).
    """
    beside = {
        (key.namespace, payload.interface)
        for key, payload in want.items()
        if isinstance(payload, AddressSpec | RouteSpec) and payload.interface is not None
    }
    needed = {claim for key, payload in want.items() if have.get(key) != payload for claim in _claims(key, payload)}
    return frozenset(
        key
        for key, payload in have.items()
        if key not in want
        and (any(claim in needed for claim in _claims(key, payload)) or not beside.isdisjoint(_holder(key, payload)))
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


End = tuple[str, str]


def _ends(key: Key, *payloads: Payload | None) -> tuple[End, ...]:
    """The interfaces, as (namespace, name), that are made anew with a link; a cable has two."""
    if key.kind is not Kind.LINK:
        return ()
    peers = ((one.peer_namespace, one.peer_name) for one in payloads if isinstance(one, CableSpec))
    return ((key.namespace, key.name), *peers)


def _holder(key: Key, payload: Payload) -> tuple[End, ...]:
    """The interface an address is on: what was routed through the address goes with it."""
    return ((key.namespace, payload.interface),) if isinstance(payload, AddressSpec) else ()


def _lost(key: Key, payload: Payload, ends: set[End], charons: set[str]) -> bool:
    """True for what went with an interface that is made anew, or with its charon, however it looked before."""
    spaces = {space for space, _ in ends}
    match payload:
        case AddressSpec(interface):
            return (key.namespace, interface) in ends
        case RouteSpec(discard=True):
            return False
        case RouteSpec(interface=None):
            return key.namespace in spaces
        case RouteSpec(interface=str() as interface):
            return (key.namespace, interface) in ends
        case ConnectionSpec(next_hop=next_hop):
            return key.namespace in charons or (next_hop is not None and key.namespace in spaces)
    return False


_DAEMONS = frozenset({Kind.BIRD, Kind.FRR, Kind.CHARON, Kind.CONNECTION})


def _goes_along(key: Key, payload: Payload, gone: set[tuple[Kind, str]]) -> bool:
    """True for what needs no removal of its own."""
    if key.kind is Kind.CONNECTION:
        return (Kind.CHARON, key.namespace) in gone
    return (Kind.NAMESPACE, key.namespace) in gone and _goes_with_namespace(key, payload)


def _goes_with_namespace(key: Key, payload: Payload) -> bool:
    """True for what the kernel removes with its namespace; daemons would live on, real interfaces would be lost."""
    return key.kind is not Kind.NAMESPACE and key.kind not in _DAEMONS and not isinstance(payload, RealPortSpec)


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
