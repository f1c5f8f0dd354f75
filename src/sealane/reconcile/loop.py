"""observe -> canonical -> diff -> apply."""

from collections.abc import Callable, Iterable, Sequence

from sealane.plan import Plan, Resource, Stage, diff, differing_leaves
from sealane.reconcile.ports import Driver


def observe(drivers: Sequence[Driver]) -> tuple[Resource, ...]:
    """Everything of ours that any driver sees."""
    return tuple(resource for driver in drivers for resource in driver.observe())


def make_plan(desired: Iterable[Resource], drivers: Sequence[Driver]) -> Plan:
    """What has to change so that the host is as desired."""
    by_kind = {kind: driver for driver in drivers for kind in driver.handles}
    wanted = [by_kind[resource.key.kind].canonical(resource) for resource in desired]
    return diff(wanted, observe(drivers))


def plan_since(
    former: tuple[Resource, ...], desired: tuple[Resource, ...], drivers: Sequence[Driver]
) -> Plan | None:
    """The same, when the host is as it was made last, without looking at it; None when it has to be looked at."""
    differing = differing_leaves(desired, former)
    if differing is None:
        return None
    by_kind = {kind: driver for driver in drivers for kind in driver.handles}
    wanted, gone = ([by_kind[one.key.kind].canonical(one) for one in some] for some in differing)
    return diff(wanted, gone)


def execute(plan: Plan, drivers: Sequence[Driver], started: Callable[[Stage], None] | None = None) -> None:
    """Carry out the plan stage by stage; ``started`` is told of each stage before it begins.

    Raises:
        Fault: A driver was refused. The stages before it stay; running again continues from there.
    """
    by_kind = {kind: driver for driver in drivers for kind in driver.handles}
    for stage in plan.stages:
        if started is not None:
            started(stage)
        by_kind[stage.changes[0].key.kind].apply(stage)
