"""What a kind of object can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sealane.app.client.session import Session, Steps
from sealane.app.client.thing import Found, Thing

Ids: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """How things of a kind are made, changed and removed.

    Args:
        word: How it is called in a plan that is shown.
        begins: Its turn among things that wait for nothing else to be made; lower ones first.
        ends: Its turn among things that nothing there needs any longer.
        create: Makes one and returns its ids; yields what has to be waited for until it is usable.
        delete: Removes one; yields what has to be waited for until it is gone.
        change: Makes it say something else; None when that cannot be done.
        fixed: Fields that cannot be changed; with another one of these it is removed and made again.
        unique: Fields that no two things may share: what is to go and has one of a new thing's goes first.
        together: How many may be under way at a time; None when the session says so.
    """

    word: str
    begins: int
    ends: int
    create: Callable[[Session, Thing], Ids | Steps[Ids]]
    delete: Callable[[Session, Found], Steps[None] | None]
    change: Callable[[Session, Found, Thing], Steps[None] | None] | None = None
    fixed: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
    together: int | None = None
