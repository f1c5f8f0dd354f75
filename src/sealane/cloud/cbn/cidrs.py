"""CIDRs of transit routers, and which addresses of them are taken."""

from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import made, named, renamed, router_in_region, routers_of
from sealane.cloud.cbn.overlaps import communicating
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion_by
from sealane.cloud.texts import UNUSABLE
from sealane.cloud.world import Transaction
from sealane.net import Prefix, overlaps, parse_prefix

MOST = 5
_SHORTEST, _LONGEST = 16, 24
_ALLOCATED = "OperationFailed.CidrBlockAllocated"


def add_cidr(call: Call, state: Transaction, router: Document) -> Document:
    """Keep a CIDR of a transit router, with Cidr, Name, Description and PublishCidrRoute as the call has them.

    Raises:
        CloudError: It is no such CIDR, overlaps something, or there would be too many.
    """
    prefix = _prefix(call.text("Cidr"))
    fields = {
        **named(call, "Name", "Description"),
        "Cidr": str(prefix),
        "PublishCidrRoute": call.flag("PublishCidrRoute", default=True),
    }
    _apart(state, router, prefix)
    if sum(1 for _ in state.children(router.id, "tr_cidr")) >= MOST:
        raise CloudError("OperationUnsupported.TransitRouterCidr", f"{router.id} has {MOST} CIDRs, the most.")
    return made(call, state, "tr_cidr", "cidr", fields, region=router.region, parent=router.id)


def _prefix(text: str) -> Prefix:
    prefix = parse_prefix(text)
    if prefix is None or not _SHORTEST <= prefix.prefixlen <= _LONGEST:
        raise CloudError("IllegalParam.Cidr", f"Cidr is {text}, expected a network /{_SHORTEST} to /{_LONGEST}.")
    for one in UNUSABLE:
        if overlaps(prefix, one):
            raise CloudError("IllegalParam.Cidr", f"Cidr {prefix} overlaps {one}, which the cloud keeps for itself.")
    return prefix


def _apart(state: Transaction, router: Document, prefix: Prefix, but: str = "") -> None:
    for other in routers_of(state, router.parent):
        for one in state.children(other.id, "tr_cidr"):
            if one.id != but and overlaps(prefix, Prefix(one.text("Cidr"))):
                raise CloudError("OverLappingExist.Cidr", f"Cidr {prefix} overlaps {one.text('Cidr')} of {one.id}.")
    for what, range_ in communicating(state, router.parent):
        if overlaps(prefix, range_):
            raise CloudError("OverLappingExist.Cidr", f"Cidr {prefix} overlaps {range_} of {what}.")


@CBN.writes("CreateTransitRouterCidr")
def create_transit_router_cidr(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterCidr."""
    router = router_in_region(call, state, "InstanceNotExist")
    if router.deleting:
        raise CloudError("Operation.Blocking", f"{router.id} is {router.status}.")
    return {"TransitRouterCidrId": add_cidr(call, state, router).id}


@CBN.writes("ModifyTransitRouterCidr")
def modify_transit_router_cidr(call: Call, state: Transaction) -> Fields:
    """ModifyTransitRouterCidr: once addresses are taken of it, only its texts and whether it is told."""
    router, cidr = _cidr(call, state)
    fields = {**cidr.fields, **renamed(call, "Name", "Description")}
    if call.has("Cidr"):
        prefix = _prefix(call.text("Cidr"))
        if str(prefix) != cidr.text("Cidr"):
            _unused(state, cidr)
            _apart(state, router, prefix, cidr.id)
            fields["Cidr"] = str(prefix)
    fields["PublishCidrRoute"] = call.flag("PublishCidrRoute", default=bool(fields["PublishCidrRoute"]))
    reaches = any(fields[name] != cidr.fields.get(name) for name in ("Cidr", "PublishCidrRoute"))
    state.put(replace(cidr, fields=fields, generation=cidr.generation + reaches))
    return {}


@CBN.writes("DeleteTransitRouterCidr")
def delete_transit_router_cidr(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterCidr."""
    _, cidr = _cidr(call, state)
    _unused(state, cidr)
    state.remove(cidr.id)
    return {}


def _cidr(call: Call, state: Transaction) -> tuple[Document, Document]:
    router = router_in_region(call, state, "InstanceNotExist")
    cidr_id = call.text("TransitRouterCidrId")
    missing = CloudError("OperationFailed.CidrNotExist", f"The CIDR {cidr_id} of {router.id} is not found.")
    cidr = call.own(state, cidr_id, "tr_cidr", missing)
    if cidr.parent != router.id:
        raise missing
    return router, cidr


def _unused(state: Transaction, cidr: Document) -> None:
    taken = next((one for one in state.children(cidr.id, "tr_cidr_allocation") if one.text("AttachmentId")), None)
    if taken is not None:
        raise CloudError(
            _ALLOCATED, f"{taken.text('AllocatedCidrBlock')} of {cidr.id} is used by {taken.text('AttachmentId')}."
        )


@CBN.reads("ListTransitRouterCidr")
def list_transit_router_cidr(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterCidr: all of them, it has no pages."""
    router = router_in_region(call, state)
    cidr_id = call.text("TransitRouterCidrId")
    return {
        "CidrLists": [
            {
                "TransitRouterCidrId": one.id,
                "TransitRouterId": router.id,
                "Cidr": one.text("Cidr"),
                "Family": "IPv4",
                "Name": one.text("Name"),
                "Description": one.text("Description"),
                "PublishCidrRoute": one.fields.get("PublishCidrRoute"),
            }
            for one in state.children(router.id, "tr_cidr")
            if cidr_id in ("", one.id)
        ]
    }


@CBN.reads("ListTransitRouterCidrAllocation")
def list_transit_router_cidr_allocation(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterCidrAllocation: reserved blocks, and the addresses of connections."""
    router = router_in_region(call, state, "IllegalParam.TransitRouterId")
    owner = call.text("DedicatedOwnerId")
    cidr_id, cidr, block = call.text("TransitRouterCidrId"), call.text("Cidr"), call.text("CidrBlock")
    attachment_id, attachment_name = call.text("AttachmentId"), call.text("AttachmentName")
    rows = []
    for parent in state.children(router.id, "tr_cidr"):
        if owner.upper() not in ("", "VPN") or cidr_id not in ("", parent.id) or cidr not in ("", parent.text("Cidr")):
            continue
        for one in state.children(parent.id, "tr_cidr_allocation"):
            attachment = state.get(one.text("AttachmentId"))
            name = attachment.text("TransitRouterAttachmentName") if attachment is not None else ""
            if (
                block in ("", one.text("AllocatedCidrBlock"))
                and attachment_id in ("", one.text("AttachmentId"))
                and attachment_name in ("", name)
            ):
                rows.append((one, parent, name))
    part = portion_by(call, rows, _age, size=None)
    return {
        **part.fields,
        "TransitRouterCidrAllocations": [
            {
                "TransitRouterCidrId": parent.id,
                "Cidr": parent.text("Cidr"),
                "AllocatedCidrBlock": one.text("AllocatedCidrBlock"),
                "AttachmentId": one.text("AttachmentId"),
                "AttachmentName": name,
            }
            for one, parent, name in part.items
        ],
    }


def _age(row: tuple[Document, Document, str]) -> int:
    return row[0].sequence
