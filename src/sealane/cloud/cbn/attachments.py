"""What the three kinds of attachments have in common."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import (
    attachment_of,
    attachments_of,
    cen_of,
    idle,
    made,
    named,
    one_of,
    renamed,
    router_of,
    routers_of,
    static_routes,
)
from sealane.cloud.cbn.routers import born
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion
from sealane.cloud.quotas import Quotas
from sealane.cloud.tags import tagged, tags
from sealane.cloud.times import seconds
from sealane.cloud.world import Transaction

ORDER_TYPES = ("PayByCenOwner", "PayByResourceOwner")


@dataclass(frozen=True, slots=True)
class Sort:
    """One kind of attachment.

    Args:
        word: ``VPC``, ``VBR`` or ``VPN``.
        kind: Kind of the documents that are attached.
        publishes: Whether routes are handed to them when nobody says.
        most: Attachments of this kind to a transit router.
        quota: Code when there would be more.
        route_code: Code when routes of the attached instance still lead to the attachment.
        least: Characters of a name at least.
    """

    word: str
    kind: str
    publishes: bool
    most: Callable[[Quotas], int]
    quota: str
    route_code: str
    least: int = 1

    @property
    def lettered(self) -> bool:
        """True when names must begin with a letter."""
        return self.least > 1


VPC = Sort(
    "VPC",
    "vpc",
    False,
    lambda quotas: quotas.vpc_attachments,
    "QuotaExceeded.CenQuotaVpcAttachPerTransitRouter",
    "OperationFailed.AttachmentReferencedVpcRouteEntryExisted",
)
VBR = Sort(
    "VBR",
    "vbr",
    False,
    lambda quotas: quotas.vbr_attachments,
    "QuotaExceeded.CenQuotaVbrAttachPerTransitRouter",
    "InstanceReferenced.VpcRouteEntry",
)
VPN = Sort(
    "VPN",
    "vpn_attachment",
    True,
    lambda quotas: quotas.vpn_attachments,
    "QuotaExceeded.CenQuotaVpnAttachPerTransitRouter",
    "OperationFailed.RouteEntryExist",
    2,
)


def resource_of(call: Call, state: Transaction, sort: Sort, resource_id: str, owner: str) -> Document:
    """What is to be attached.

    Raises:
        CloudError: It is not there or is attached already.
    """
    missing = CloudError(f"Invalid{sort.word.capitalize()}Id.NotFound", f"{sort.word} {resource_id} is not found.")
    if owner not in ("", call.account):
        raise missing
    return call.own(state, resource_id, sort.kind, missing)


def target(call: Call, state: Transaction) -> Document:
    """The transit router that TransitRouterId names, or CenId and RegionId; there it is made when it is missing.

    Raises:
        CloudError: None is named, it is not found, or it is not the one of that CEN.
    """
    cen_id = call.text("CenId")
    if call.has("TransitRouterId"):
        router = router_of(call, state)
        if cen_id not in ("", router.parent) or call.region not in ("", router.region):
            raise CloudError("InvalidTransitRouterId.NotFound", f"{router.id} is not found in {cen_id} {call.region}.")
    elif cen_id and call.region:
        cen = cen_of(call, state)
        found = next(routers_of(state, cen.id, call.region), None)
        nameless = {"TransitRouterName": "", "TransitRouterDescription": "", "Tags": []}
        router = found or born(call, state, cen, call.region, nameless)
        if found is None:
            return router
    else:
        raise CloudError("MissingParam.CenIdOrRegionId", "Give TransitRouterId, or CenId and RegionId.")
    idle(router, "Operation.Blocking")
    return router


def attach(
    call: Call, state: Transaction, sort: Sort, router: Document, resource: Document, **fields: Json
) -> Document:
    """Keep a new attachment.

    Raises:
        CloudError: There are too many, the instance is attached already, is elsewhere, or a text is not allowed.
    """
    if resource.region != router.region:
        raise CloudError(f"Invalid{sort.word.capitalize()}Id.NotFound", f"{resource.id} is not in {router.region}.")
    for one in state.of_kind(call.account, "tr_attachment"):
        if one.text("ResourceId") == resource.id:
            raise CloudError("QuotaFull.ChildInstanceRelatedCen", f"{resource.id} is attached already by {one.id}.")
    count = sum(one.text("ResourceType") == sort.word for one in state.children(router.id, "tr_attachment"))
    if count >= sort.most(call.quotas):
        raise CloudError(sort.quota, f"{router.id} has {count} attachments of this kind, the most.")
    one_of(call, "ChargeType", ("POSTPAY",))
    names = named(
        call,
        "TransitRouterAttachmentName",
        "TransitRouterAttachmentDescription",
        least=sort.least,
        letter_first=sort.lettered,
    )
    return made(
        call,
        state,
        "tr_attachment",
        "tr-attach",
        {
            **names,
            "ResourceType": sort.word,
            "ResourceId": resource.id,
            "CenId": router.parent,
            "AutoPublishRouteEnabled": call.flag("AutoPublishRouteEnabled", default=sort.publishes),
            "OrderType": ORDER_TYPES[0],
            "Tags": tags(call),
            **fields,
        },
        region=router.region,
        parent=router.id,
        status="Attaching",
    )


def existing(call: Call, state: Transaction, sort: Sort) -> Document:
    """The attachment that a call names, which must be of its kind.

    Raises:
        CloudError: There is none.
    """
    found = attachment_of(call, state)
    if found.text("ResourceType") != sort.word:
        raise CloudError("InvalidTransitRouterAttachmentId.NotFound", f"{found.id} is no attachment of a {sort.word}.")
    return found


def update(call: Call, state: Transaction, sort: Sort, fields: Fields | None = None) -> Fields:
    """Change texts at once, and by way of Modifying whether routes are handed over.

    Raises:
        CloudError: It is not found or busy, or a text is not allowed.
    """
    one = existing(call, state, sort)
    idle(one, "Operation.Blocking")
    told = {
        **renamed(
            call,
            "TransitRouterAttachmentName",
            "TransitRouterAttachmentDescription",
            least=sort.least,
            letter_first=sort.lettered,
        ),
        **(fields or {}),
    }
    if order := one_of(call, "OrderType", ORDER_TYPES):
        told["OrderType"] = order
    one = retold(one, **told)
    publishes = call.flag("AutoPublishRouteEnabled", default=bool(one.fields["AutoPublishRouteEnabled"]))
    if publishes != one.fields["AutoPublishRouteEnabled"]:
        one = changed(one, "Modifying", AutoPublishRouteEnabled=publishes)
    state.put(one)
    return {}


def detach(call: Call, state: Transaction, sort: Sort) -> Document:
    """Begin to delete an attachment: when nothing depends on it, or with Force together with what does.

    Raises:
        CloudError: It is not found or busy, or something depends on it.
    """
    one = existing(call, state, sort)
    idle(one, "IncorrectStatus.Status")
    routes = tuple(instance_routes(state, one))
    dependants = (
        (tuple(state.children(one.id, "tr_association")), "OperationFailed.RouteTableAssociationExist", "Dissociating"),
        (tuple(state.children(one.id, "tr_propagation")), "OperationFailed.RouteTablePropagationExist", "Disabling"),
        (tuple(static_routes(state, one.parent, one.id)), "OperationFailed.RouteEntryExist", "Deleting"),
        (routes, sort.route_code, "Deleting"),
    )
    forced = call.flag("Force", default=False)
    for found, code, status in dependants:
        for dependant in found:
            if not forced:
                raise CloudError(code, f"{dependant.id} still uses {one.id}.")
            if not dependant.deleting:
                state.put(deleted(dependant, status))
    return state.put(deleted(one, "Detaching"))


def instance_routes(state: Transaction, attachment: Document) -> Iterator[Document]:
    """Routes of the attached instance's own tables that lead to the attachment."""
    return (
        route
        for table in state.children(attachment.text("ResourceId"), "route_table")
        for route in state.children(table.id, "route_entry")
        if route.text("NextHopId") == attachment.id
    )


def listing(call: Call, state: Transaction, sort: Sort, told: Callable[[Document], Fields], **more: str) -> Fields:
    """The attachments of a kind by the filters that all kinds have.

    Args:
        call: Has the filters.
        state: Has the attachments.
        sort: The kind.
        told: What the kind alone has.
        more: Further fields that must have these values, unless empty.
    """
    status = more.pop("Status", "")
    found = (
        one
        for one in _candidates(call, state)
        if one.text("ResourceType") == sort.word
        and call.region in ("", one.region)
        and status in ("", one.status)
        and all(value in ("", one.text(key)) for key, value in more.items())
    )
    part = portion(call, tagged(call, found))
    rows = [{**_told(one), **told(one)} for one in part.items]
    return {**part.fields, "TransitRouterAttachments": rows}


def _candidates(call: Call, state: Transaction) -> Iterator[Document]:
    cen_id, router_id, attachment_id = (
        call.text(name) for name in ("CenId", "TransitRouterId", "TransitRouterAttachmentId")
    )
    if attachment_id:
        one = state.get(attachment_id)
        found = iter([one] if one is not None and one.kind == "tr_attachment" else [])
    elif router_id:
        found = state.children(router_id, "tr_attachment")
    elif cen_id:
        found = attachments_of(state, cen_id)
    else:
        found = state.of_kind(call.account, "tr_attachment")
    for one in found:
        mine = one.account == call.account
        if mine and router_id in ("", one.parent) and cen_id in ("", one.text("CenId")):
            yield one


def _told(one: Document) -> Fields:
    return {
        "TransitRouterAttachmentId": one.id,
        "TransitRouterAttachmentName": one.text("TransitRouterAttachmentName"),
        "TransitRouterAttachmentDescription": one.text("TransitRouterAttachmentDescription"),
        "TransitRouterId": one.parent,
        "CenId": one.text("CenId"),
        "ResourceType": one.text("ResourceType"),
        "Status": one.status,
        "AutoPublishRouteEnabled": one.fields.get("AutoPublishRouteEnabled"),
        "OrderType": one.text("OrderType"),
        "CreationTime": seconds(one.created_ms),
        "Tags": one.fields.get("Tags"),
    }
