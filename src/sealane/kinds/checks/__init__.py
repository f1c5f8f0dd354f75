"""Rules that cross things: references, ranges, counts, promises."""

from typing import TYPE_CHECKING

from sealane.kinds.names import check_names
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


def check_plan(plan: "Plan", notes: Notes) -> None:
    """Every rule of every module here."""
    check_names(plan, notes)
