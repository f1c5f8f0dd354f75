"""What the operations on IPsec connections have in common."""

from collections.abc import Sequence

from sealane.cloud.call import Call
from sealane.cloud.change import is_busy
from sealane.cloud.document import Document
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction

NO_CONNECTION = CloudError(
    "InvalidVpnConnectionInstanceId.NotFound", "The specified IPsec connection does not exist.", 404)  # fmt: skip
ATTACHED, UNBOUND, UPDATING = "attached", "init", "updating"


def connection_of(call: Call, state: Transaction) -> Document:
    """The connection that VpnConnectionId names.

    Raises:
        CloudError: There is none.
    """
    found = call.own(state, call.text("VpnConnectionId"), "vpn_attachment", NO_CONNECTION)
    if call.region not in ("", found.region):
        raise NO_CONNECTION
    return found


def check_idle(connection: Document) -> None:
    """Refuse while anything of it is under way.

    Raises:
        CloudError: ``VpnConnection.Configuring``.
    """
    if is_busy(connection) or connection.status not in (ATTACHED, UNBOUND):
        raise CloudError("VpnConnection.Configuring", f"{connection.id} is {connection.status}, wait until it is "
                         f"{ATTACHED} or {UNBOUND}.")


def tunnels_of(connection: Document, state: Transaction) -> Sequence[Document]:
    """Both tunnels, the first one first."""
    return sorted(state.children(connection.id, "tunnel"), key=lambda one: int(one.text("TunnelIndex") or 0))
