"""Address ranges that communicate through a CEN."""

from collections.abc import Iterator

from sealane.cloud.cbn.common import attachments_of, listed, routers_of
from sealane.cloud.document import Document
from sealane.cloud.error import CloudError
from sealane.cloud.taken import taken
from sealane.cloud.world import Transaction
from sealane.net import Prefix, overlaps, parse_interface_address, parse_prefix


def communicating(state: Transaction, cen_id: str) -> Iterator[tuple[str, Prefix]]:
    """The ranges of what is attached to the transit routers of a CEN, each with whose it is."""
    for attachment in attachments_of(state, cen_id):
        resource = state.get(attachment.text("ResourceId"))
        if resource is not None:
            yield from ranges(state, resource)


def ranges(state: Transaction, resource: Document) -> Iterator[tuple[str, Prefix]]:
    """The ranges behind a VPC or a border router; a default route is none."""
    written: list[str] = []
    if resource.kind == "vpc":
        written = [resource.text("CidrBlock"), *listed(resource.fields.get("SecondaryCidrBlocks"))]
    elif resource.kind == "vbr":
        local = parse_interface_address(f"{resource.text('LocalGatewayIp')}/{resource.text('PeeringSubnetMask')}")
        if local is not None:
            yield resource.id, local.network
        written = [
            route.text("DestinationCidrBlock")
            for table in state.children(resource.id, "route_table")
            for route in state.children(table.id, "route_entry")
        ]
    for text in written:
        prefix = parse_prefix(text)
        if prefix is not None and prefix.prefixlen:
            yield resource.id, prefix


def check_apart(state: Transaction, resource: Document, cen_id: str) -> None:
    """Refuse to attach what overlaps a CIDR of the CEN's transit routers, and a VPC that overlaps what else is taken.

    Raises:
        CloudError: It does.
    """
    routers = list(routers_of(state, cen_id))
    cidrs = [one for router in routers for one in state.children(router.id, "tr_cidr")]
    there = [(one.parent, Prefix(one.text("Cidr"))) for one in cidrs]
    if resource.kind == "vpc":
        there = list(taken(state, routers, resource.account))
    for _, range_ in ranges(state, resource):
        for whose, other in there:
            if overlaps(range_, other):
                raise CloudError(
                    "OperationFailed.CidrConflict", f"{range_} of {resource.id} overlaps {other} of {whose}."
                )
