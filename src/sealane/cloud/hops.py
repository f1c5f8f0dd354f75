"""Routes of VPCs to instances, whether they name the instance or its interface."""

from collections.abc import Iterator

from sealane.cloud.document import Document
from sealane.cloud.world import Transaction

HOP_INSTANCE = "HopInstanceId"
"""Field of a route: the instance that it leads to."""


def routes_to(instance: Document, state: Transaction) -> Iterator[Document]:
    """The routes of its VPC that lead to an instance."""
    switch = state.get(instance.parent)
    for table in state.children("" if switch is None else switch.parent, "route_table"):
        yield from (one for one in state.children(table.id, "route_entry") if one.text(HOP_INSTANCE) == instance.id)
