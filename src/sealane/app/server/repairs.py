"""What is said of a repair: which objects it concerned, and what was done."""

from collections.abc import Iterator

from sealane.lower import Lowered
from sealane.plan import Plan

_TOLD = 5


def describe_repair(plan: Plan, lowered: Lowered) -> str:
    """For people; objects by the names that the plan has for them, which in a server are their ids."""
    changes = plan.describe()
    objects = [*dict.fromkeys(_objects(plan, lowered))]
    of = f" of {', '.join(objects[:_TOLD])}{_more(len(objects))}" if objects else ""
    return f"{len(changes)} differences{of}: {'; '.join(changes[:_TOLD])}{_more(len(changes))}"


def _objects(plan: Plan, lowered: Lowered) -> Iterator[str]:
    """Nodes and tunnels by the namespaces that something was missing in."""
    tunnels = {one.charon: one.end.name for one in lowered.ends.values() if one.charon != one.router}
    nodes = {place.namespace: place.node.label or place.node.name for place in lowered.places.values()}
    for change in plan.changes():
        space = change.key.namespace
        if found := tunnels.get(space) or nodes.get(space):
            yield found


def _more(count: int) -> str:
    return f" and {count - _TOLD} more" if count > _TOLD else ""
