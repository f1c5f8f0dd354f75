"""Node names: what a plan's names become in namespaces, files and daemons."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from sealane.net import NodeName, is_short_name
from sealane.spec import Notes, Places

if TYPE_CHECKING:
    from sealane.kinds.plan import Plan


def slug(name: str) -> NodeName:
    """The node name of a written name: lower case, everything else than letters and digits a hyphen.

    It may be no valid short name (too long, or empty); ``check_names`` tells.
    """
    return NodeName(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))


def _named(plan: "Plan") -> Iterator[tuple[str, str, Places]]:
    for vpc in plan.vpcs:
        yield "vpc", vpc.name, vpc.at
        for instance in vpc.instances:
            yield "instance", instance.name, instance.at
    for vbr in plan.virtual_border_routers:
        yield "vbr", vbr.name, vbr.at
    if plan.transit_router is not None:
        yield "transit router", plan.transit_router.name, plan.transit_router.at
    for site in plan.sites:
        if site.device is not None:
            yield "device", site.device.name, site.device.at
        for router in site.routers:
            yield "router", router.name, router.at
        for host in site.hosts:
            yield "host", host.name, host.at


def check_names(plan: "Plan", notes: Notes) -> None:
    """Every node has a name of its own that fits."""
    seen: dict[NodeName, tuple[str, Places]] = {}
    for kind, name, at in _named(plan):
        node = slug(name)
        subject = f"{kind} {name}"
        if not is_short_name(node):
            notes.error("PLAN-022", subject, f"its node name would be {str(node)!r}, expected 1 to 32 letters, digits "
                        "and hyphens", "choose a shorter name in Latin letters", at.of("name"))
        elif node in seen:
            other, place = seen[node]
            notes.error("PLAN-021", subject, f"its node name {node} is also that of {other}",
                        "choose names that differ by more than case and punctuation", at.of("name"), place.of("name"))
        seen.setdefault(node, (subject, at))
