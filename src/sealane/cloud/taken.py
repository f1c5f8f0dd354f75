"""Ranges that no block of a VPC may overlap, since packets to them go elsewhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sealane.cloud.document import Document
from sealane.cloud.world import Transaction
from sealane.net import Prefix, parse_interface_address, parse_prefix


def taken(state: Transaction, routers: Iterable[Document], account: str) -> Iterator[tuple[str, Prefix]]:
    """What is taken on transit routers by others than VPCs, each with whose it is.

    These are their CIDRs, the links of border routers attached to them, the networks of sites at the far ends of those,
    and the customer gateways of connections.

    Args:
        state: Has the documents.
        routers: The transit routers that communicate with the VPC.
        account: Whose sites are looked at.
    """
    circuits: set[str] = set()
    for router in routers:
        for cidr in state.children(router.id, "tr_cidr"):
            yield f"transit router {router.id}", Prefix(cidr.text("Cidr"))
        for attachment in state.children(router.id, "tr_attachment"):
            resource = state.get(attachment.text("ResourceId"))
            if resource is not None and resource.kind == "vbr":
                circuits.add(resource.parent)
                yield from _link(resource)
            elif resource is not None and resource.kind == "vpn_attachment":
                yield from _gateways(resource, state)
    for site in state.of_kind(account, "site"):
        yield from _networks(site, circuits)


def _link(vbr: Document) -> Iterator[tuple[str, Prefix]]:
    local = parse_interface_address(f"{vbr.text('LocalGatewayIp')}/{vbr.text('PeeringSubnetMask')}")
    if local is not None:
        yield f"link of {vbr.id}", local.network


def _gateways(connection: Document, state: Transaction) -> Iterator[tuple[str, Prefix]]:
    for tunnel in state.children(connection.id, "tunnel"):
        gateway = state.get(tunnel.text("CustomerGatewayId"))
        address = None if gateway is None else parse_prefix(f"{gateway.text('IpAddress')}/32")
        if gateway is not None and address is not None:
            yield f"customer gateway {gateway.id}", address


def _networks(site: Document, circuits: set[str]) -> Iterator[tuple[str, Prefix]]:
    written = site.fields.get("site")
    found = written if isinstance(written, Mapping) else {}
    device, networks = found.get("device"), found.get("networks")
    ports = device.get("ports") if isinstance(device, Mapping) else None
    named = ports.values() if isinstance(ports, Mapping) else ()
    plugged = {str(one.get("circuit")) for one in named if isinstance(one, Mapping)}
    if not plugged & circuits or not isinstance(networks, Sequence) or isinstance(networks, str):
        return
    for one in networks:
        prefix = parse_prefix(str(one.get("cidr_block"))) if isinstance(one, Mapping) else None
        if prefix is not None:
            yield f"site {site.text('Name')}", prefix
