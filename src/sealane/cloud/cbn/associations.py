"""Which table packets from an attachment are looked up in, and which tables learn its routes."""

from collections.abc import Iterator

from sealane.cloud.call import Call
from sealane.cloud.cbn.common import attachment_of, idle, members, table_of
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import changed, deleted, is_busy
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import portion_by
from sealane.cloud.world import Transaction

_BUSY = "Operation.Blocking"
_PAGE = 50


def _both(call: Call, state: Transaction) -> tuple[Document, Document]:
    """The attachment and the table that a call names, which must belong together and be at rest."""
    attachment = attachment_of(call, state, "InvalidAttachmentId.NotFound", 404)
    table = table_of(call, state, "InvalidRouteTableId.NotFound", 404)
    if attachment.parent != table.parent:
        raise CloudError("InvalidRouteTableId.NotFound", f"{table.id} is not of {attachment.parent}.", 404)
    for one in (attachment, table):
        idle(one, _BUSY)
    return attachment, table


@CBN.writes("AssociateTransitRouterAttachmentWithRouteTable")
def associate_transit_router_attachment_with_route_table(call: Call, state: Transaction) -> Fields:
    """AssociateTransitRouterAttachmentWithRouteTable."""
    attachment, table = _both(call, state)
    if other := _association(state, attachment):
        raise CloudError(
            "AssociationExist.TransitRouterTable",
            f"{attachment.id} is associated with {other.text('TransitRouterRouteTableId')}.",
        )
    state.put(
        Document(
            f"assoc-{attachment.id}",
            "tr_association",
            call.account,
            attachment.region,
            attachment.id,
            "Associating",
            {"TransitRouterRouteTableId": table.id},
            created_ms=call.now_ms,
        )
    )
    return {}


@CBN.writes("ReplaceTransitRouterRouteTableAssociation")
def replace_transit_router_route_table_association(call: Call, state: Transaction) -> Fields:
    """ReplaceTransitRouterRouteTableAssociation: another table, without a moment without one."""
    attachment, table = _both(call, state)
    other = _association(state, attachment)
    if other is None:
        raise CloudError("InvalidRouteTableId.NotFound", f"{attachment.id} is associated with no table.", 404)
    idle(other, _BUSY)
    if other.text("TransitRouterRouteTableId") == table.id:
        raise CloudError("AssociationExist.TransitRouterTable", f"{attachment.id} is associated with {table.id}.")
    state.put(changed(other, "Replacing", TransitRouterRouteTableId=table.id))
    return {}


@CBN.writes("DissociateTransitRouterAttachmentFromRouteTable")
def dissociate_transit_router_attachment_from_route_table(call: Call, state: Transaction) -> Fields:
    """DissociateTransitRouterAttachmentFromRouteTable."""
    attachment, table = _both(call, state)
    other = _association(state, attachment)
    if other is None or other.text("TransitRouterRouteTableId") != table.id:
        raise CloudError("InvalidRouteTableId.NotFound", f"{attachment.id} is not associated with {table.id}.", 404)
    idle(other, _BUSY)
    state.put(deleted(other, "Dissociating"))
    return {}


def _association(state: Transaction, attachment: Document) -> Document | None:
    return next(state.children(attachment.id, "tr_association"), None)


@CBN.writes("EnableTransitRouterRouteTablePropagation")
def enable_transit_router_route_table_propagation(call: Call, state: Transaction) -> Fields:
    """EnableTransitRouterRouteTablePropagation."""
    attachment, table = _both(call, state)
    if other := _propagation(state, attachment, table):
        if is_busy(other):
            raise CloudError(_BUSY, f"{other.id} is {other.status}, wait until that is done.")
        raise CloudError("PropagationExist.TransitRouterTable", f"{table.id} learns from {attachment.id} already.")
    state.put(
        Document(
            f"prop-{attachment.id}-{table.id}",
            "tr_propagation",
            call.account,
            attachment.region,
            attachment.id,
            "Enabling",
            {"TransitRouterRouteTableId": table.id},
            created_ms=call.now_ms,
        )
    )
    return {}


@CBN.writes("DisableTransitRouterRouteTablePropagation")
def disable_transit_router_route_table_propagation(call: Call, state: Transaction) -> Fields:
    """DisableTransitRouterRouteTablePropagation."""
    attachment, table = _both(call, state)
    other = _propagation(state, attachment, table)
    if other is None:
        raise CloudError("InvalidRouteTableId.NotFound", f"{table.id} does not learn from {attachment.id}.", 404)
    idle(other, _BUSY)
    state.put(deleted(other, "Disabling"))
    return {}


def _propagation(state: Transaction, attachment: Document, table: Document) -> Document | None:
    found = state.children(attachment.id, "tr_propagation")
    return next((one for one in found if one.text("TransitRouterRouteTableId") == table.id), None)


@CBN.reads("ListTransitRouterRouteTableAssociations")
def list_transit_router_route_table_associations(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterRouteTableAssociations: of a table, of an attachment, or of both."""
    return _listing(call, state, "tr_association", "TransitRouterAssociations")


@CBN.reads("ListTransitRouterRouteTablePropagations")
def list_transit_router_route_table_propagations(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterRouteTablePropagations: of a table."""
    return _listing(call, state, "tr_propagation", "TransitRouterPropagations")


def _listing(call: Call, state: Transaction, kind: str, list_name: str) -> Fields:
    resource = call.text("TransitRouterAttachmentResourceId")
    sort, status = call.text("TransitRouterAttachmentResourceType"), call.text("Status")
    rows = []
    for one in _candidates(call, state, kind):
        attachment = state.get(one.parent)
        if (
            attachment is not None
            and resource in ("", attachment.text("ResourceId"))
            and sort in ("", attachment.text("ResourceType"))
            and status in ("", one.status)
        ):
            rows.append((one, attachment))
    part = portion_by(call, rows, _age, size=_PAGE)
    return {
        **part.fields,
        list_name: [
            {
                "TransitRouterAttachmentId": attachment.id,
                "TransitRouterRouteTableId": one.text("TransitRouterRouteTableId"),
                "ResourceId": attachment.text("ResourceId"),
                "ResourceType": attachment.text("ResourceType"),
                "Status": one.status,
            }
            for one, attachment in part.items
        ],
    }


def _age(row: tuple[Document, Document]) -> int:
    return row[0].sequence


def _candidates(call: Call, state: Transaction, kind: str) -> Iterator[Document]:
    table = table_of(call, state) if call.has("TransitRouterRouteTableId") else None
    attachment = attachment_of(call, state) if call.has("TransitRouterAttachmentId") else None
    if attachment is not None:
        found = state.children(attachment.id, kind)
        return (one for one in found if table is None or one.text("TransitRouterRouteTableId") == table.id)
    if table is not None:
        return members(state, table.parent, kind, table.id)
    raise CloudError(
        "MissingParam.TransitRouterRouteTableId", "Give TransitRouterRouteTableId or TransitRouterAttachmentId."
    )
