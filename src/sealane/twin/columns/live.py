"""A network whose elements go down and come up one after the other; only what an element can matter to is evaluated."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from sealane.twin.columns.arrays import Bytes, Longs
from sealane.twin.columns.element import Element, all_up
from sealane.twin.columns.evaluate import State, blank, evaluate_part
from sealane.twin.columns.index import Columns
from sealane.twin.columns.parts import Part, Parts, everything


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What an event changed.

    Args:
        classes, inward_before, inward_after: Classes whose verdict changed.
        cells, outward_before, outward_after: Likewise cells.
    """

    classes: Longs
    inward_before: Bytes
    inward_after: Bytes
    cells: Longs
    outward_before: Bytes
    outward_after: Bytes


class Live:
    """The state of a network, kept up to date.

    Args:
        columns: The network.
        failed: What is down at the beginning.
    """

    def __init__(self, columns: Columns, failed: Iterable[Element] = ()) -> None:
        self.columns = columns
        self.up = all_up(columns.facts, failed)
        self.state: State = blank(columns)
        self.targets = columns.constant.copy()
        self._parts = Parts(columns)
        evaluate_part(columns, self.up, everything(columns), self.targets, self.state)

    def set(self, element: Element, *, up: bool) -> Change:
        """An element comes up or goes down.

        Raises:
            NotCovered: As ``evaluate`` does.
        """
        part = self._parts.affected(element)
        state = self.state
        inward, outward = state.inward[part.classes], state.outward[part.cells]
        self.up.of(element.kind)[element.number] = up
        evaluate_part(self.columns, self.up, part, self.targets, state)
        return self._change(part, inward, outward)

    def _change(self, part: Part, inward: Bytes, outward: Bytes) -> Change:
        now_in, now_out = self.state.inward[part.classes], self.state.outward[part.cells]
        moved_in, moved_out = np.flatnonzero(inward != now_in), np.flatnonzero(outward != now_out)
        return Change(part.classes[moved_in], inward[moved_in], now_in[moved_in],
                      part.cells[moved_out], outward[moved_out], now_out[moved_out])
