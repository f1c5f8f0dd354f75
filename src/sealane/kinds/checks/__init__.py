"""Rules that cross things: references, ranges, circuits, the transit router, tunnels, quotas, promises."""

from typing import TYPE_CHECKING

from sealane.kinds.checks.circuits import check_circuits
from sealane.kinds.checks.protections import check_protections
from sealane.kinds.checks.quotas import check_quotas
from sealane.kinds.checks.ranges import check_ranges
from sealane.kinds.checks.references import check_references
from sealane.kinds.checks.transit import check_transit
from sealane.kinds.checks.tunnels import check_tunnels
from sealane.kinds.names import check_names
from sealane.spec import Notes

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan

_ANYWHERE = (check_names, check_references, check_ranges, check_circuits, check_transit, check_tunnels,
             check_quotas)


def check_plan(plan: "Plan", notes: Notes) -> None:
    """Every rule; those about what is missing only when nothing was lost in reading."""
    for check in _ANYWHERE:
        check(plan, notes)
    if not notes.lost_parts:
        check_protections(plan, notes)
