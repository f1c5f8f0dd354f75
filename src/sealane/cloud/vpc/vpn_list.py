"""IPsec connections as they are, and what else can be asked of them."""

import json
from collections.abc import Iterable

from sealane.cloud.call import Call
from sealane.cloud.change import retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.paging import page
from sealane.cloud.tags import tagged
from sealane.cloud.texts import new_resource_group
from sealane.cloud.vpc.common import in_group, told
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpn_answers import NO_VPN_GATEWAY, attach_type, described
from sealane.cloud.vpc.vpn_common import connection_of, tunnels_of
from sealane.cloud.world import Transaction

_GROUPED = {"CUSTOMERGATEWAY": "customer_gateway", "VPNATTACHMENT": "vpn_attachment"}


@VPC.reads("DescribeVpnConnection")
def describe_vpn_connection(call: Call, state: Transaction) -> Fields:
    """DescribeVpnConnection, with the keys of its tunnels."""
    connection = connection_of(call, state)
    tags = connection.fields.get("Tags") or []
    return {**described(call, connection, state), **told(connection, "ZoneNo"), "Tags": {"Tag": tags}}


@VPC.reads("DescribeVpnConnections")
def describe_vpn_connections(call: Call, state: Transaction) -> Fields:
    """DescribeVpnConnections: bound ones as well; none has a VPN gateway."""
    found = tagged(call, in_group(call, _named(call, state)))
    if gateway := call.text("CustomerGatewayId"):
        found = (one for one in found
                 if any(tunnel.text("CustomerGatewayId") == gateway for tunnel in tunnels_of(one, state)))
    if call.text("VpnGatewayId") not in ("", NO_VPN_GATEWAY):
        found = ()
    shown = page(call, found)
    items = [{**described(call, one, state), "Tag": {"Tag": one.fields.get("Tags") or []}} for one in shown.items]
    return {**shown.fields, "VpnConnections": {"VpnConnection": items}}


def _named(call: Call, state: Transaction) -> Iterable[Document]:
    wanted = (call.text("VpnConnectionId"),) if call.text("VpnConnectionId") else ()
    return state.named(call.account, "vpn_attachment", call.region, wanted)


@VPC.reads("DescribeVpnAttachments")
def describe_vpn_attachments(call: Call, state: Transaction) -> Fields:
    """DescribeVpnAttachments: all of them, or those that AttachType says."""
    wanted = call.text("AttachType")
    shown = page(call, (one for one in _named(call, state) if wanted in ("", attach_type(one))))
    return {**shown.fields, "VpnAttachments": [_attachment(one) for one in shown.items]}


def _attachment(connection: Document) -> Fields:
    return {
        **told(connection, "Name", "TransitRouterId", "TransitRouterName", "TunnelBandwidth"),
        "Description": "",
        "InstanceId": connection.id,
        "AttachType": attach_type(connection),
        "CrossAccountAuthorized": False,
        "Tag": json.dumps({"BGPSupport": "true"}),
        "Tags": connection.fields.get("Tags") or [],
    }


@VPC.reads("DescribeVpnCrossAccountAuthorizations")
def describe_vpn_cross_account_authorizations(call: Call, state: Transaction) -> Fields:
    """DescribeVpnCrossAccountAuthorizations: a connection is bound to transit routers of its own account only."""
    connection_of(call, state)
    none: tuple[Document, ...] = ()
    shown = page(call, none)
    return {**shown.fields, "CrossAccountAuthorizations": []}


@VPC.reads("CheckVpnBgpEnabled")
def check_vpn_bgp_enabled(call: Call, state: Transaction) -> Fields:  # noqa: ARG001
    """CheckVpnBgpEnabled: in every region."""
    return {"BgpEnabled": True}


@VPC.writes("MoveVpnResourceGroup", ignores=("RegionId",))
def move_vpn_resource_group(call: Call, state: Transaction) -> Fields:
    """MoveVpnResourceGroup, of a customer gateway or an IPsec connection."""
    kind = _GROUPED.get(call.text("ResourceType").upper())
    if kind is None:
        raise CloudError("InvalidResourceType.NotFound", f"ResourceType {call.text('ResourceType')!r} is none of "
                         "CustomerGateway, VpnAttachment.", 404)
    group = new_resource_group(call)
    missing = CloudError("InvalidInstanceIds.NotFound", "The resource is not found.", 404)
    state.put(retold(call.own(state, call.text("InstanceId"), kind, missing), ResourceGroupId=group))
    return {}
