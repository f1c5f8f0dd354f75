"""Attachments of border routers."""

from sealane.cloud.call import Call
from sealane.cloud.cbn.attachments import VBR, attach, detach, listing, resource_of, target, update
from sealane.cloud.cbn.overlaps import check_apart
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import is_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction


@CBN.writes("CreateTransitRouterVbrAttachment")
def create_transit_router_vbr_attachment(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterVbrAttachment."""
    vbr = resource_of(call, state, VBR, call.text("VbrId"), call.text("VbrOwnerId"))
    router = target(call, state)
    if vbr.status != "active":
        code = "IncorrectStatus.VbrResource" if is_busy(vbr) else "InvalidStatus.ResourceStatus"
        raise CloudError(code, f"{vbr.id} is {vbr.status}, it must be active.")
    check_apart(state, vbr, router.parent)
    return {"TransitRouterAttachmentId": attach(call, state, VBR, router, vbr).id}


@CBN.writes("UpdateTransitRouterVbrAttachmentAttribute")
def update_transit_router_vbr_attachment_attribute(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterVbrAttachmentAttribute."""
    return update(call, state, VBR)


@CBN.writes("DeleteTransitRouterVbrAttachment")
def delete_transit_router_vbr_attachment(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterVbrAttachment."""
    detach(call, state, VBR)
    return {}


@CBN.reads("ListTransitRouterVbrAttachments")
def list_transit_router_vbr_attachments(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterVbrAttachments."""
    return listing(call, state, VBR, _told)


def _told(one: Document) -> Fields:
    return {"VbrId": one.text("ResourceId"), "VbrOwnerId": one.account, "VbrRegionId": one.region}
