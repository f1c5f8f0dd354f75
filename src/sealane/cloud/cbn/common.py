"""What the operations of Cbn share: looking things up, making them, and changing their state."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sealane.cloud.call import Call
from sealane.cloud.change import not_busy
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.texts import text
from sealane.cloud.world import Transaction


def made(
    call: Call,
    state: Transaction,
    kind: str,
    prefix: str,
    fields: Fields,
    *,
    region: str,
    parent: str = "",
    status: str = "",
) -> Document:
    """Keep a new document under a fresh id."""
    return state.put(
        Document(call.new_id(prefix, region), kind, call.account, region, parent, status, fields, {}, call.now_ms)
    )


def idle(document: Document, code: str) -> None:
    """Refuse while a change of it is under way.

    Raises:
        CloudError: It is.
    """
    message = f"{document.id} is {document.status or 'being changed'}, wait until that is done."
    not_busy(document, CloudError(code, message))


def cen_of(call: Call, state: Transaction, code: str = "InvalidCenId.NotFound") -> Document:
    """The CEN instance that CenId names.

    Raises:
        CloudError: There is none.
    """
    cen_id = call.text("CenId")
    return call.own(state, cen_id, "cen", CloudError(code, f"The CEN instance {cen_id} is not found."))


def router_of(call: Call, state: Transaction, code: str = "InvalidTransitRouterId.NotFound") -> Document:
    """The transit router that TransitRouterId names.

    Raises:
        CloudError: There is none.
    """
    router_id = call.text("TransitRouterId")
    missing = CloudError(code, f"The transit router {router_id} is not found.")
    return call.own(state, router_id, "transit_router", missing)


def router_in_region(call: Call, state: Transaction, code: str = "InvalidTransitRouterId.NotFound") -> Document:
    """The same, which must be in the region that RegionId names.

    Raises:
        CloudError: There is none there.
    """
    router = router_of(call, state, code)
    if router.region != call.region:
        raise CloudError(code, f"The transit router {router.id} is not found in {call.region}.")
    return router


def table_of(
    call: Call, state: Transaction, code: str = "InvalidTransitRouterRouteTableId.NotFound", http: int = 400
) -> Document:
    """The route table that TransitRouterRouteTableId names.

    Raises:
        CloudError: There is none.
    """
    table_id = call.text("TransitRouterRouteTableId")
    missing = CloudError(code, f"The transit router route table {table_id} is not found.", http)
    return call.own(state, table_id, "tr_route_table", missing)


def attachment_of(
    call: Call, state: Transaction, code: str = "InvalidTransitRouterAttachmentId.NotFound", http: int = 400
) -> Document:
    """The attachment that TransitRouterAttachmentId names.

    Raises:
        CloudError: There is none.
    """
    attachment_id = call.text("TransitRouterAttachmentId")
    missing = CloudError(code, f"The transit router attachment {attachment_id} is not found.", http)
    return call.own(state, attachment_id, "tr_attachment", missing)


def system_table(state: Transaction, router_id: str) -> Document:
    """The table that a transit router is born with."""
    return next(
        one
        for one in state.children(router_id, "tr_route_table")
        if one.text("TransitRouterRouteTableType") == "System"
    )


def routers_of(state: Transaction, cen_id: str, region: str = "") -> Iterator[Document]:
    """The transit routers of a CEN, all or those in a region."""
    return (one for one in state.children(cen_id, "transit_router") if region in ("", one.region))


def attachments_of(state: Transaction, cen_id: str) -> Iterator[Document]:
    """What is attached to the transit routers of a CEN."""
    return (one for router in routers_of(state, cen_id) for one in state.children(router.id, "tr_attachment"))


def static_routes(state: Transaction, router_id: str, next_hop: str = "") -> Iterator[Document]:
    """The static routes in all tables of a transit router, all or those over an attachment."""
    return (
        route
        for table in state.children(router_id, "tr_route_table")
        for route in state.children(table.id, "tr_route_entry")
        if next_hop in ("", route.text("TransitRouterRouteEntryNextHopId"))
    )


def members(state: Transaction, router_id: str, kind: str, table_id: str) -> Iterator[Document]:
    """Associations (``tr_association``) or propagations (``tr_propagation``) of a table."""
    return (
        one
        for attachment in state.children(router_id, "tr_attachment")
        for one in state.children(attachment.id, kind)
        if one.text("TransitRouterRouteTableId") == table_id
    )


def named(call: Call, name: str, description: str, *, least: int = 1, letter_first: bool = False) -> dict[str, Json]:
    """A create call's name and description, checked, by the names of their parameters.

    Raises:
        CloudError: One is not allowed.
    """
    return {
        name: text(call, name, least=least, letter_first=letter_first) or "",
        description: text(call, description, most=256, code="InvalidDescription") or "",
    }


def renamed(call: Call, name: str, description: str, *, least: int = 1, letter_first: bool = False) -> dict[str, Json]:
    """A modify call's name and description: those that were given.

    Raises:
        CloudError: One is not allowed.
    """
    checked = named(call, name, description, least=least, letter_first=letter_first)
    return {key: value for key, value in checked.items() if call.has(key)}


def one_of(call: Call, name: str, allowed: Iterable[str], default: str = "", code: str = "InvalidParameter") -> str:
    """A parameter with few values.

    Raises:
        CloudError: It has another.
    """
    value = call.text(name) or default
    if value and value not in tuple(allowed):
        raise CloudError(code, f"{name} is {value}, expected {' or '.join(allowed)}.")
    return value


def listed(value: Json) -> tuple[str, ...]:
    """A list of texts in a document, also where it is wrapped in a struct as in the products' answers."""
    if isinstance(value, Mapping):
        return tuple(text for inner in value.values() for text in listed(inner))
    return tuple(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else ()
