"""Prefixes inside tunnels: every tunnel with BGP to one transit router has its own."""

from collections.abc import Iterable, Iterator, Mapping

from sealane.cloud.document import Document
from sealane.cloud.error import CloudError
from sealane.cloud.world import Transaction


def tunnel_prefix(tunnel: Document) -> str:
    """TunnelCidr; empty when there is none."""
    session = tunnel.fields.get("TunnelBgpConfig")
    return str(session.get("TunnelCidr") or "") if isinstance(session, Mapping) else ""


def check_apart(state: Transaction, connection: Document, tunnels: Iterable[Document], router_id: str) -> None:
    """Refuse tunnels with BGP that use a prefix of another connection to the same transit router.

    Args:
        state: Has the other connections.
        connection: As it is to be.
        tunnels: Its tunnels as they are to be.
        router_id: The transit router that it is or will be bound to; empty when there is none.

    Raises:
        CloudError: ``IllegalParam.TunnelCidr``.
    """
    if not router_id or not connection.fields.get("EnableTunnelsBgp"):
        return
    owners = {prefix: other for other, prefix in _others(state, connection, router_id)}
    for tunnel in tunnels:
        if owner := owners.get(tunnel_prefix(tunnel)):
            raise CloudError("IllegalParam.TunnelCidr", f"TunnelCidr {tunnel_prefix(tunnel)} of {connection.id} is "
                             f"also used by {owner} on {router_id}.")


def _others(state: Transaction, connection: Document, router_id: str) -> Iterator[tuple[str, str]]:
    for other in state.of_kind(connection.account, "vpn_attachment"):
        same = other.text("TransitRouterId") == router_id and other.id != connection.id
        if same and other.fields.get("EnableTunnelsBgp"):
            for tunnel in state.children(other.id, "tunnel"):
                if prefix := tunnel_prefix(tunnel):
                    yield other.id, prefix
