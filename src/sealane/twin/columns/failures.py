"""All failures of up to two elements, many at once.

Blocks do not matter to each other, so that one evaluation tells what becomes of each block when one of its own elements
fails: "fail the n-th element of every block" is one pass, whatever the number of sites. Border routers' elements are
failed group by group in the same way. Two failures in different blocks or groups need no evaluation: what they do to a
packet is what the one does that is in the packet's own. All other pairs are evaluated. Blocks and groups are computed
from the entries (``blocks``), so that what is left out is left out by the frame check and not by assumption.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from sealane.twin.columns.arrays import Bools, Ints, Longs
from sealane.twin.columns.element import BORDER_KINDS, SITE_KINDS, Element, ElementKind, all_up
from sealane.twin.columns.evaluate import State, evaluate_up
from sealane.twin.columns.facts import Facts
from sealane.twin.columns.index import Columns

_KINDS = tuple(ElementKind)


@dataclass(frozen=True, slots=True, eq=False)
class Role:
    """The n-th element of every block, or of every group.

    Args:
        wide: True for groups and border routers, False for blocks and sites.
        kind, number: The element of each block or group, -1 where it has not so many; ``kind`` counts ``ElementKind``.
    """

    wide: bool
    kind: Ints
    number: Ints

    def element(self, owner: int) -> Element | None:
        """The element of a block or group."""
        if owner < 0 or self.number[owner] < 0:
            return None
        return Element(_KINDS[self.kind[owner]], int(self.number[owner]))


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """One evaluation that stands for many failures.

    Args:
        roles: What fails in every block or group: one role or two.
        state: What follows.
    """

    roles: tuple[Role, ...]
    state: State


def roles_of(columns: Columns) -> tuple[tuple[Role, ...], tuple[Role, ...]]:
    """Roles of sites' blocks, and of border routers' groups."""
    facts, depends = columns.facts, columns.depends
    owners = {
        ElementKind.DEVICE: depends.site_block, ElementKind.TUNNEL: depends.site_block[facts.tunnel_site],
        ElementKind.SESSION: depends.site_block[facts.tunnel_site],
        **dict.fromkeys(BORDER_KINDS, depends.border_group),
    }
    narrow = [(kind, owners[kind]) for kind in SITE_KINDS]
    wide = [(kind, owners[kind]) for kind in BORDER_KINDS]
    return (tuple(_roles(narrow, depends.blocks, wide=False)), tuple(_roles(wide, depends.groups, wide=True)))


def _roles(parts: Sequence[tuple[ElementKind, Ints]], owners: int, *, wide: bool) -> Iterator[Role]:
    owner = np.concatenate([found for _, found in parts])
    kind = np.concatenate([np.full(len(found), _KINDS.index(one)) for one, found in parts])
    number = np.concatenate([np.arange(len(found)) for _, found in parts])
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=owners)
    first = np.cumsum(counts) - counts
    for place in range(int(counts.max(initial=0))):
        has = np.flatnonzero(counts > place)
        chosen = order[first[has] + place]
        kinds, numbers = np.full(owners, -1, np.int32), np.full(owners, -1, np.int32)
        kinds[has], numbers[has] = kind[chosen], number[chosen]
        yield Role(wide, kinds, numbers)


def passes(columns: Columns, most: int) -> Iterator[Pass]:
    """Every pass that is needed for all failures of one element, and then of two when ``most`` is 2.

    Raises:
        NotCovered: As ``evaluate`` does.
    """
    narrow, wide = roles_of(columns)
    for role in (*narrow, *wide):
        yield _run(columns, (role,))
    if most < 2:  # noqa: PLR2004 -- pairs
        return
    pairs = [*combinations(narrow, 2), *combinations(wide, 2), *((one, other) for one in narrow for other in wide)]
    for pair in pairs:
        yield _run(columns, pair)


def _run(columns: Columns, roles: tuple[Role, ...]) -> Pass:
    up = all_up(columns.facts)
    for role in roles:
        for position, kind in enumerate(_KINDS):
            chosen = role.number[(role.kind == position) & (role.number >= 0)]
            up.of(kind)[chosen] = False
    return Pass(roles, evaluate_up(columns, up))


def owner_of_classes(columns: Columns, role: Role) -> Ints:
    """The block or group whose element of a role can matter to each class."""
    return columns.depends.class_group if role.wide else columns.depends.class_block


def owner_of_cells(columns: Columns, role: Role) -> Ints:
    """Likewise for each cell."""
    depends = columns.depends
    owners = depends.site_group if role.wide else depends.site_block
    found: Ints = owners[columns.cell_site]
    return found


def concerned(columns: Columns, told: Pass, *, cells: bool) -> Bools:
    """Classes, or cells, to which each role of a pass has an element that can matter."""
    count = len(columns.cell_class) if cells else len(columns.classes)
    found = np.ones(count, np.bool_)
    for role in told.roles:
        owner = owner_of_cells(columns, role) if cells else owner_of_classes(columns, role)
        found &= np.concatenate((role.number, np.array([-1], np.int32)))[owner] >= 0
    return found


def failed_in(columns: Columns, told: Pass, where: int, *, cells: bool) -> tuple[Element, ...]:
    """The elements that a pass fails in the block and group of a class or cell."""
    found = []
    for role in told.roles:
        owner = owner_of_cells(columns, role) if cells else owner_of_classes(columns, role)
        element = role.element(int(owner[where]))
        if element is not None:
            found.append(element)
    return tuple(sorted(found))


def states(facts: Facts, most: int) -> int:
    """How many sets of up to ``most`` failed elements there are, none included."""
    count = 3 * len(facts.borders) + len(facts.sites) + 2 * len(facts.tunnels)
    return 1 + count + (count * (count - 1) // 2 if most > 1 else 0)


def picked(found: Bools, most: int) -> Longs:
    """The first few places that are True."""
    return np.flatnonzero(found)[:most]
