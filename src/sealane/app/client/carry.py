"""Changes carried out at the cloud: rows of things that do not need one another, one row after the other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

from sealane.app.client.changes import ADD, KINDS, REMOVE, REPLACE, Change, removal_order
from sealane.app.client.session import Session, Steps
from sealane.app.client.thing import Found
from sealane.app.client.together import Task, failed, together


def carry_out(session: Session, changes: Sequence[Change], tell: Callable[[Change], None]) -> None:
    """Make all changes. What is made again is removed first, together with everything that goes with it.

    Things of a kind that follow one another do not need one another: they are done side by side. When one of them
    fails, the others of its row are done, and nothing after them.

    Args:
        session: At the cloud.
        changes: In their order.
        tell: Told of each change that was made, when it is.

    Raises:
        Fault: The cloud refused; what was done stays, and the same command goes on from there.
    """
    made = 0

    def done(one: Change) -> None:
        nonlocal made
        made += 1
        tell(one)

    for kind, tasks in _rows(session, changes, done):
        failures = together(session, tasks, KINDS[kind].together or session.together)
        if failures:
            raise failed(failures, made, len(changes))


def _rows(
    session: Session, changes: Sequence[Change], done: Callable[[Change], None]
) -> Iterator[tuple[str, Sequence[Task]]]:
    """Kind and tasks of each row."""
    leading = next((index for index, one in enumerate(changes) if one.sign != REMOVE), len(changes))
    early = {one.thing.key: one for one in changes[:leading]}
    again = {one.thing.key: one for one in changes if one.sign == REPLACE}
    there = {key: one.there for key, one in {**early, **again}.items() if one.there is not None}
    for kind, keys in groupby(removal_order(there, there), key=lambda key: key[0]):
        yield kind, [_removal(session, there[key], early.get(key), done) for key in keys]
    for (kind, _), row in groupby(changes[leading:], key=lambda one: (one.thing.key[0], one.sign == REMOVE)):
        yield kind, [_task(session, one, done) for one in row]


def _removal(session: Session, found: Found, told: Change | None, done: Callable[[Change], None]) -> Task:
    """Remove what is in the way, which is told, or what is made again, which is told when that is done."""
    kind, name = found.thing.key
    return Task(f"remove {KINDS[kind].word} {name}", _gone(session, found), partial(done, told) if told else _nothing)


def _nothing() -> None:
    return None


def _task(session: Session, one: Change, done: Callable[[Change], None]) -> Task:
    return Task(f"{one.sign} {one.title}", _steps(session, one), partial(done, one))


def _steps(session: Session, one: Change) -> Steps[None]:
    kind = KINDS[one.thing.key[0]]
    if one.sign in (ADD, REPLACE):
        ids = kind.create(session, one.thing)
        session.ids[one.thing.key] = dict(ids if isinstance(ids, Mapping) else (yield from ids))
    elif one.there is not None and one.sign == REMOVE:
        yield from _gone(session, one.there)
    elif one.there is not None and kind.change is not None:
        steps = kind.change(session, one.there, one.thing)
        if steps is not None:
            yield from steps


def _gone(session: Session, found: Found) -> Steps[None]:
    steps = KINDS[found.thing.key[0]].delete(session, found)
    if steps is not None:
        yield from steps

