"""What else happens when the network has reached the documents of Cbn, or has let go of them."""

from collections.abc import Mapping
from dataclasses import replace

from sealane.cloud.cbn.attachments import instance_routes
from sealane.cloud.cbn.common import static_routes
from sealane.cloud.cbn.gateways import free
from sealane.cloud.cbn.vpc_attachments import mappings_of
from sealane.cloud.change import retold
from sealane.cloud.document import Document
from sealane.cloud.settle import goes, settles
from sealane.cloud.world import Transaction

_UNBOUND: Mapping[str, str] = {
    "AttachType": "NO_ASSOCIATED", "AttachInstanceId": "", "TransitRouterId": "", "TransitRouterName": "",
    "InternetIp": "", "ZoneNo": "",
}  # fmt: skip


@settles("tr_attachment")
def remove_idle_interfaces(attachment: Document, state: Transaction) -> None:
    """An interface in a zone that is mapped no longer goes."""
    kept = {str(one["NetworkInterfaceId"]) for one in mappings_of(attachment)}
    _remove_interfaces(attachment, state, kept)


@goes("tr_attachment")
def release(attachment: Document, state: Transaction) -> None:
    """Interfaces, gateway addresses and routes of an attachment go with it; an IPsec connection is unbound."""
    for route in (*static_routes(state, attachment.parent, attachment.id), *instance_routes(state, attachment)):
        state.remove(route.id)
    _remove_interfaces(attachment, state, set())
    if attachment.text("ResourceType") == "VPN":
        free(state, attachment.parent, attachment.id)
        connection = state.get(attachment.text("ResourceId"))
        if connection is not None:
            _unbind(connection, state)


def _remove_interfaces(attachment: Document, state: Transaction, kept: set[str]) -> None:
    for switch in state.children(attachment.text("ResourceId"), "vswitch"):
        for one in state.children(switch.id, "eni"):
            if one.text("InstanceId") == attachment.id and one.id not in kept:
                state.remove(one.id)


def _unbind(connection: Document, state: Transaction) -> None:
    for tunnel in state.children(connection.id, "tunnel"):
        state.put(retold(tunnel, InternetIp="", ZoneNo=""))
    state.put(replace(retold(connection, **_UNBOUND), status="init"))


@goes("tr_route_table")
def remove_maps(table: Document, state: Transaction) -> None:
    """The route maps of a table go with it."""
    router = state.get(table.parent)
    if router is not None:
        for one in state.children(router.parent, "route_map"):
            if one.text("TransitRouterRouteTableId") == table.id:
                state.remove(one.id)
