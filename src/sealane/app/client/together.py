"""Things that do not need one another, made or removed side by side: begun first, then waited for."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sealane.app.client.session import Late, Refused, Session, Steps, Until
from sealane.diag import Fault

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that is done.

    Args:
        title: What is said of it when it fails.
        steps: Does it.
        done: Told afterwards.
    """

    title: str
    steps: Steps[None]
    done: Callable[[], None]


def together(session: Session, tasks: Iterable[Task], most: int) -> Sequence[Fault]:
    """Do all of them, whatever becomes of single ones.

    After one that did not reach its state in time no other is begun.

    Args:
        session: Says how long and how often is looked.
        tasks: None of which needs another.
        most: How many may be under way.

    Returns:
        Those that failed.

    Raises:
        Fault: The cloud cannot be asked at all.
    """
    return _Run(session, most).through(deque(tasks))


class _Run:
    """Tasks under way, with when any of them last came a step further."""

    def __init__(self, session: Session, most: int) -> None:
        self._session = session
        self._most = most
        self._waiting: deque[tuple[Task, Until]] = deque()
        self._failures: list[Fault] = []
        self._moved_s = session.now_s()
        self._looks = 0

    def through(self, tasks: deque[Task]) -> Sequence[Fault]:
        while tasks or self._waiting:
            if tasks and len(self._waiting) < self._most:
                task = tasks.popleft()
                self._guarded(task, lambda task=task: self._step(task, None))  # type: ignore[misc]
            else:
                task, awaited = self._waiting.popleft()
                self._guarded(task, lambda task=task, awaited=awaited: self._look(  # type: ignore[misc]
                    task, awaited, tasks))
        return self._failures

    def _look(self, task: Task, awaited: Until, tasks: deque[Task]) -> None:
        """Go on with a task that has reached what it waits for, or put it behind the others."""
        seen = awaited.state()
        if seen in awaited.wanted:
            self._step(task, seen)
        elif self._session.now_s() > self._moved_s + self._session.limit_s:
            tasks.clear()
            raise awaited.late(seen)
        else:
            self._waiting.append((task, awaited))
            self._looks += 1
            if self._looks >= len(self._waiting):  # everybody has been looked at
                self._looks = 0
                self._session.sleep(self._session.pause_s)

    def _step(self, task: Task, reached: str | None) -> None:
        """Carry a task to where it has to wait, or to its end."""
        try:
            awaited = next(task.steps) if reached is None else task.steps.send(reached)
        except StopIteration:
            task.done()
        else:
            self._waiting.append((task, awaited))
        self._moved_s = self._session.now_s()

    def _guarded(self, task: Task, work: Callable[[], None]) -> None:
        try:
            work()
        except Refused as refused:
            self._failures.append(Fault(task.title, refused.answer, refused.remedy))
        except Late as late:
            self._failures.append(late)


def failed(failures: Sequence[Fault], made: int, of: int) -> Fault:
    """All of it as one fault, with how far things came."""
    first = failures[0]
    others = [f"{one.operation}: {one.answer}" for one in failures[1:_SHOWN]]
    if len(failures) > _SHOWN:
        others.append(f"and {len(failures) - _SHOWN} more")
    told = (first.answer, *others, f"{made} of {of} changes were made, and stay")
    return Fault(first.operation, "\n  ".join(told), first.remedy)
