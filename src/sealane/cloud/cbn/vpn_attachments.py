"""Attachments of IPsec connections: they give the connection's tunnels their addresses in the cloud."""

from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.cbn.attachments import VPN, attach, detach, listing, resource_of, target, update
from sealane.cloud.cbn.gateways import allocate
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.change import changed, is_busy, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.regions import zones
from sealane.cloud.tunnel_prefixes import check_apart
from sealane.cloud.world import Transaction

_TUNNELS = 2


@CBN.writes("CreateTransitRouterVpnAttachment")
def create_transit_router_vpn_attachment(call: Call, state: Transaction) -> Fields:
    """CreateTransitRouterVpnAttachment: binds an IPsec connection, which then has gateway addresses."""
    connection = resource_of(call, state, VPN, call.text("VpnId"), call.text("VpnOwnerId"))
    router = target(call, state)
    tunnels = sorted(state.children(connection.id, "tunnel"), key=_index)
    places = _zones(call, router.region, len(tunnels))
    if connection.text("NetworkType") != "private":
        raise CloudError(
            "InvalidOperation.VpnNetworkTypeInvalid",
            f"{connection.id} is {connection.text('NetworkType') or 'public'}, only private ones can be attached here.",
        )
    given = places if call.structs("Zone") else ()  # nobody is told where the cloud itself has put both tunnels
    one = attach(call, state, VPN, router, connection, Zones=[{"ZoneId": zone} for zone in given])
    if connection.status != "init":
        raise CloudError("InvalidStatus.ResourceStatus", f"{connection.id} is {connection.status}, not init.")
    check_apart(state, connection, tunnels, router.id)
    addresses = allocate(call, state, router, one.id, max(1, len(tunnels)))
    for tunnel, address, zone in zip(tunnels, addresses, places, strict=False):
        state.put(retold(tunnel, InternetIp=address, ZoneNo=zone))
    state.put(
        changed(
            connection,
            "attaching",
            AttachType="CEN",
            AttachInstanceId=router.parent,
            TransitRouterId=router.id,
            TransitRouterName=router.text("TransitRouterName"),
            InternetIp=addresses[0],
            ZoneNo=places[0],
        )
    )
    return {"TransitRouterAttachmentId": one.id}


def _index(tunnel: Document) -> int:
    return int(tunnel.text("TunnelIndex") or 0)


def _zones(call: Call, region: str, tunnels: int) -> list[str]:
    """Where the ends of the tunnels stand: two zones of the region where it has them, or the one that is given."""
    given = [str(one.get("ZoneId") or "") for one in call.structs("Zone")]
    if len(given) > 1:
        raise CloudError("IllegalParam.ZoneMappings", f"{len(given)} zones are given, at most one is allowed.")
    if given and tunnels >= _TUNNELS:
        raise CloudError("OperationUnsupported.ZoneId", "A connection with two tunnels gets its zones from the cloud.")
    known = zones(region)
    if given:
        if given[0] not in known:
            raise CloudError("OperationUnsupported.ZoneId", f"{given[0]} is not a zone of {region}.")
        return given
    return [known[index % len(known)] for index in range(max(1, tunnels))]


@CBN.writes("UpdateTransitRouterVpnAttachmentAttribute")
def update_transit_router_vpn_attachment_attribute(call: Call, state: Transaction) -> Fields:
    """UpdateTransitRouterVpnAttachmentAttribute."""
    return update(call, state, VPN)


@CBN.writes("DeleteTransitRouterVpnAttachment")
def delete_transit_router_vpn_attachment(call: Call, state: Transaction) -> Fields:
    """DeleteTransitRouterVpnAttachment: the connection is unbound, and its addresses free, when it is gone."""
    one = detach(call, state, VPN)
    connection = state.get(one.text("ResourceId"))
    if connection is not None:
        if is_busy(connection):
            raise CloudError("Operation.Blocking", f"{connection.id} is {connection.status}.")
        state.put(replace(connection, status="detaching"))
    return {}


@CBN.reads("ListTransitRouterVpnAttachments")
def list_transit_router_vpn_attachments(call: Call, state: Transaction) -> Fields:
    """ListTransitRouterVpnAttachments."""
    return listing(call, state, VPN, _told)


def _told(one: Document) -> Fields:
    return {
        "VpnId": one.text("ResourceId"),
        "VpnOwnerId": one.account,
        "VpnRegionId": one.region,
        "ChargeType": "POSTPAY",
        "Zones": one.fields.get("Zones"),
    }
