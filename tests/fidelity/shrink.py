"""Makes a case that differs smaller while it still differs."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any

from fidelity.campaign import attempt
from fidelity.case import Case
from fidelity.generate import still_possible
from fidelity.small import Small

_KEPT = {"name", "device", "devices", "prefix", "via", "seq", "priority", "table", "direction", "permit"}
"""Fields that say what something is; emptied, it would be something else."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is left of a case, what differs there, and how many runs that took."""

    case: Case
    found: tuple[str, ...]
    runs: int


def shrink(case: Case, runs: int, jobs: int) -> Shrunk:
    """Take away events, elements and features one after another, several tries at a time.

    Args:
        case: One that differs.
        runs: How many live runs may be spent at most.
        jobs: How many networks are up at a time.
    """
    found: tuple[str, ...] = ()
    spent = 0
    with ProcessPoolExecutor(jobs) as pool:
        tried: set[Case] = set()
        while spent < runs:
            tries = [one for one in smaller(case) if one not in tried][: min(jobs, runs - spent)]
            if not tries:
                break
            tried.update(tries)
            spent += len(tries)
            named = [replace(one, title=f"s{number}") for number, one in enumerate(tries)]
            for one, outcome in zip(tries, pool.map(attempt, named), strict=True):
                if outcome.found:
                    case, found = replace(one, events=one.events[: outcome.events]), outcome.found
                    break
    return Shrunk(case, found, spent)


def smaller(case: Case) -> Iterator[Case]:
    """Cases with one thing less, the largest things first; every one can be built and its events can happen."""
    for number in range(len(case.events)):
        yield from _possible(replace(case, events=case.events[:number] + case.events[number + 1 :]))
    for small in _networks(case.small):
        yield from _possible(replace(case, small=small))


def _possible(case: Case) -> Iterator[Case]:
    try:
        events = still_possible(case.small, case.events)
    except (ValueError, LookupError, StopIteration):
        return
    yield replace(case, events=events)


def _networks(small: Small) -> Iterator[Small]:
    """A device with all that hangs on it first, then smaller parts."""
    for device in small.devices if len(small.devices) > 1 else ():
        yield replace(
            small, devices=tuple(replace(one, beside=()) for one in small.devices if one != device),
            borders=tuple(one for one in small.borders if one.device != device.name),
            connections=tuple(one for one in small.connections if one.device != device.name),
        )
    yield from _parts(small)


def _parts(part: object) -> Iterator[Any]:
    """The same with one field emptied or at its default, with one item less, or with an item made smaller."""
    known = [one for one in fields(part) if one.name not in _KEPT]  # type: ignore[arg-type]
    for one in known:
        value = getattr(part, one.name)
        for empty in ((), one.default):
            if empty is not MISSING and type(empty) is type(value) and empty != value:
                yield replace(part, **{one.name: empty})  # type: ignore[type-var]
    for one in known if not isinstance(part, Small) else fields(part):
        value = getattr(part, one.name)
        for less in _less(value, drops=one.name not in _KEPT):
            yield replace(part, **{one.name: less})  # type: ignore[type-var]


def _less(value: object, *, drops: bool = True) -> Iterator[object]:
    if isinstance(value, tuple):
        for number, item in enumerate(value):
            if drops:
                yield value[:number] + value[number + 1 :]
            for less in _less(item):
                yield (*value[:number], less, *value[number + 1 :])
    elif is_dataclass(value):
        yield from _parts(value)
