"""What a kind of object can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from sealane.app.client.session import Session
from sealane.app.client.thing import Found, Thing

Ids: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Kind:
    """How things of a kind are made, changed and removed.

    Args:
        word: How it is called in a plan that is shown.
        begins: Its turn among things that wait for nothing else to be made; lower ones first.
        ends: Its turn among things that nothing there needs any longer.
        create: Makes one, waits until it is usable, and returns its ids.
        delete: Removes one and waits until it is gone.
        change: Makes it say something else; None when that cannot be done.
        fixed: Fields that cannot be changed; with another one of these it is removed and made again.
        unique: Fields that no two things may share: what is to go and has one of a new thing's goes first.
    """

    word: str
    begins: int
    ends: int
    create: Callable[[Session, Thing], Ids]
    delete: Callable[[Session, Found], None]
    change: Callable[[Session, Found, Thing], None] | None = None
    fixed: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
