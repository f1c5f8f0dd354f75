"""What is there against what a plan wants: changes, in an order that nothing stands in the way of."""

import heapq
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sealane.app.client import attachments, circuit, native, network, transit, tunnels
from sealane.app.client.kind import Kind
from sealane.app.client.session import Session
from sealane.app.client.thing import Found, Key, Thing, Value

KINDS: Mapping[str, Kind] = {
    **network.KINDS, **circuit.KINDS, **transit.KINDS, **attachments.KINDS, **tunnels.KINDS, **native.KINDS,
}
ADD, CHANGE, REPLACE, REMOVE = "+", "~", "-/+", "-"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is to be made, changed, made again or removed."""

    sign: str
    thing: Thing
    there: Found | None = None

    @property
    def title(self) -> str:
        """Kind and name."""
        return f"{KINDS[self.thing.key[0]].word} {self.thing.key[1]}"

    def fields(self) -> Iterator[tuple[str, Value | None, Value | None]]:
        """Every field that comes, goes or differs, before and after."""
        before = self.there.thing.fields if self.there is not None else {}
        if self.sign in (ADD, REMOVE):
            shown = before if self.sign == REMOVE else self.thing.fields
            yield from ((name, before.get(name), self.thing.fields.get(name)) for name, one in shown.items() if one)
        else:
            yield from ((name, before.get(name), self.thing.fields[name]) for name in
                        differing(self.there, self.thing))


def differing(there: Found | None, thing: Thing) -> Sequence[str]:
    """Names of the fields that the plan wants otherwise; what it does not say is not compared."""
    before = there.thing.fields if there is not None else {}
    return [name for name, one in thing.fields.items() if (before.get(name) or "") != (one or "")]


def observe(session: Session) -> dict[Key, Found]:
    """Everything that bears the plan's tag, and what is inside; the session learns the ids."""
    there: dict[Key, Found] = {}
    readers: tuple[Callable[[Session], Iterator[Found]], ...] = (
        network.found, circuit.found, tunnels.found, attachments.found, network.found_routes, transit.found,
        attachments.found_members, native.found,
    )
    for read in readers:
        for one in read(session):
            if one.tagged:
                there[one.thing.key] = one
                session.ids[one.thing.key] = dict(one.ids)
    return there


def compare(wanted: Mapping[Key, Thing], there: Mapping[Key, Found]) -> tuple[Change, ...]:
    """The changes from what is there to what is wanted, in the order in which they are carried out."""
    removed = {key for key in there if key not in wanted}
    first = {key for key in removed if _in_the_way(there[key], wanted, there)}
    again = {key for key, thing in wanted.items() if key in there and _unchangeable(there[key], thing)}
    _spread(first, again, wanted, there)
    changes = [
        Change(REPLACE if key in again else ADD if key not in there else CHANGE, thing, there.get(key))
        for key, thing in wanted.items()
        if key not in there or key in again or differing(there[key], thing)
    ]
    by_key = {one.thing.key: one for one in changes}

    def turn(key: Key) -> tuple[int, bool]:
        return KINDS[key[0]].begins, by_key[key].sign != CHANGE  # the cloud may take no more until these are finished

    made = _sorted(by_key, {key: wanted[key].needs for key in by_key}, turn)
    gone = {key: Change(REMOVE, there[key].thing, there[key]) for key in removed}
    return (*(gone[key] for key in removal_order(first, there)), *(by_key[key] for key in made),
            *(gone[key] for key in removal_order(removed - first, there)))


def _in_the_way(one: Found, wanted: Mapping[Key, Thing], there: Mapping[Key, Found]) -> bool:
    kind = one.thing.key[0]
    return any(
        key[0] == kind and key not in there and thing.fields.get(name) == one.thing.fields.get(name)
        for key, thing in wanted.items() for name in KINDS[kind].unique
    )


def _unchangeable(there: Found, thing: Thing) -> bool:
    kind = KINDS[thing.key[0]]
    names = differing(there, thing)
    return bool(names) and (kind.change is None or not kind.fixed.isdisjoint(names))


def _spread(first: set[Key], again: set[Key], wanted: Mapping[Key, Thing], there: Mapping[Key, Found]) -> None:
    """What needs something that goes before others come has to go before too, and come again if it is wanted."""
    waiting = [*first, *again]
    while waiting:
        gone = waiting.pop()
        for key, one in there.items():
            needs = (*one.thing.needs, *(wanted[key].needs if key in wanted else ()))
            if gone in needs and key not in first and key not in again:
                (again if key in wanted else first).add(key)
                waiting.append(key)


def removal_order(keys: Collection[Key], there: Mapping[Key, Found]) -> Sequence[Key]:
    """Each key before those that it needs."""
    users: dict[Key, list[Key]] = {key: [] for key in keys}
    for key in keys:
        for need in there[key].thing.needs:
            if need in users:
                users[need].append(key)

    def turn(key: Key) -> tuple[int, bool]:
        own = there[key].ends
        return KINDS[key[0]].ends if own is None else own, False

    return _sorted(users, {key: tuple(inner) for key, inner in users.items()}, turn)


def _sorted(
    keys: Collection[Key], after: Mapping[Key, Sequence[Key]], turn: Callable[[Key], tuple[int, bool]]
) -> Sequence[Key]:
    """Each key after those that it waits for, and by turn where that leaves a choice.

    All keys of a turn that wait for nothing come in a row, and none of such a row waits for another of it.
    """
    waits = {key: {one for one in after[key] if one in after and one != key} for key in keys}
    frees: dict[Key, list[Key]] = {}
    for key, inner in waits.items():
        for one in inner:
            frees.setdefault(one, []).append(key)
    ready = [(turn(key), key) for key, inner in waits.items() if not inner]
    heapq.heapify(ready)
    found: list[Key] = []
    while ready:
        now = ready[0][0]
        group = []
        while ready and ready[0][0] == now:
            group.append(heapq.heappop(ready)[1])
        found += group
        for one in dict.fromkeys(freed for key in group for freed in frees.get(key, ())):
            waits[one].difference_update(group)
            if not waits[one]:
                heapq.heappush(ready, (turn(one), one))
    return found
