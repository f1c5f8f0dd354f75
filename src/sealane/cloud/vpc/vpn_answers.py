"""IPsec connections and tunnels as answers tell them; lifetimes and flags are texts in some and not in others."""

from collections.abc import Sequence

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.vpc.common import told
from sealane.cloud.vpc.customer_gateways import asn_of
from sealane.cloud.vpc.tunnel_options import BGP, IKE, IPSEC, bgp_ends, struct
from sealane.cloud.vpc.vpn_common import tunnels_of
from sealane.cloud.world import Transaction

NO_VPN_GATEWAY = "vpn-not-exist"
"""The VPN gateway of a connection that has none."""
_ROLES = ("master", "slave")
_SPECS = {"Large": "3000M"}
_SPEC = "1000M"
STATUSES = ("ike_sa_not_established", "ike_sa_established", "ipsec_sa_not_established", "ipsec_sa_established")
"""What a tunnel has come to, in order."""
_UP = STATUSES[-1]


def described(call: Call, connection: Document, state: Transaction) -> dict[str, Json]:
    """The members that DescribeVpnConnection and DescribeVpnConnections have in common."""
    tunnels = tunnels_of(connection, state)
    return {
        **_common(connection),
        **told(connection, "InternetIp", "TransitRouterId", "TransitRouterName"),
        "State": connection.status,
        "Status": status_of(call, tunnels),
        "CrossAccountAuthorized": False,
        "TunnelOptionsSpecification": {"TunnelOptions": [_described(call, one, connection, state) for one in tunnels]},
    }


def status_of(call: Call, tunnels: Sequence[Document]) -> str:
    """What the connection has come to: as much as its better tunnel, since one is enough for packets to go through."""
    seen = [call.observed.tunnel(one.id).status for one in tunnels]
    return max(seen, key=STATUSES.index, default=STATUSES[0])


def is_up(call: Call, tunnel_id: str) -> bool:
    """True when packets go through a tunnel."""
    return call.observed.tunnel(tunnel_id).status == _UP


def _common(connection: Document) -> dict[str, Json]:
    return {
        **told(connection, "Name", "LocalSubnet", "RemoteSubnet", "NetworkType", "TunnelBandwidth", "ResourceGroupId",
               "AttachInstanceId"),
        "VpnConnectionId": connection.id,
        "VpnGatewayId": NO_VPN_GATEWAY,
        "AttachType": attach_type(connection),
        "CreateTime": connection.created_ms,
        "EffectImmediately": bool(connection.fields.get("EffectImmediately")),
        "EnableTunnelsBgp": bool(connection.fields.get("EnableTunnelsBgp")),
        "Spec": _SPECS.get(connection.text("TunnelBandwidth"), _SPEC),
    }


def attach_type(connection: Document) -> str:
    """``CEN`` once it is bound."""
    return "CEN" if connection.text("TransitRouterId") else "NO_ASSOCIATED"


def _described(call: Call, tunnel: Document, connection: Document, state: Transaction) -> Fields:
    bgp = bool(connection.fields.get("EnableTunnelsBgp")) and call.observed.tunnel(tunnel.id).bgp_up
    return {
        **_tunnel(tunnel, state),
        "TunnelIndex": index_of(tunnel),
        "Status": call.observed.tunnel(tunnel.id).status,
        "TunnelBgpConfig": {**bgp_of(tunnel, state), "BgpStatus": "success" if bgp else "false"},
    }


def _tunnel(tunnel: Document, state: Transaction) -> dict[str, Json]:
    return {
        **told(tunnel, "CustomerGatewayId", "InternetIp", "ZoneNo"),
        "TunnelId": tunnel.id,
        "Role": _ROLES[(index_of(tunnel) or 1) - 1],
        "State": tunnel.status,
        "EnableDpd": tunnel.fields.get("EnableDpd") is not False,
        "EnableNatTraversal": tunnel.fields.get("EnableNatTraversal") is not False,
        "TunnelIkeConfig": ike_of(tunnel, state),
        "TunnelIpsecConfig": ipsec_of(tunnel),
        "TunnelBgpConfig": bgp_of(tunnel, state),
    }


def index_of(tunnel: Document) -> int:
    """1 or 2."""
    return int(tunnel.text("TunnelIndex") or 0)


def peer_of(tunnel: Document, state: Transaction) -> str:
    """The address of its customer gateway."""
    gateway = state.get(tunnel.text("CustomerGatewayId"))
    return gateway.text("IpAddress") if gateway is not None else ""


def identities(tunnel: Document, state: Transaction) -> tuple[str, str]:
    """The identities of the cloud and of the device: their addresses unless others are set."""
    config = struct(tunnel.fields, "TunnelIkeConfig")
    local_id, remote_id = config.get("LocalId"), config.get("RemoteId")
    return str(local_id or tunnel.text("InternetIp")), str(remote_id or peer_of(tunnel, state))


def ike_of(tunnel: Document, state: Transaction) -> dict[str, Json]:
    """TunnelIkeConfig as it is in effect; the key is told in clear to the account that has the connection."""
    local_id, remote_id = identities(tunnel, state)
    return {**IKE, **struct(tunnel.fields, "TunnelIkeConfig"), "LocalId": local_id, "RemoteId": remote_id,
            "Psk": tunnel.secrets.get("Psk", "")}


def ipsec_of(tunnel: Document) -> dict[str, Json]:
    """TunnelIpsecConfig as it is in effect."""
    return {**IPSEC, **struct(tunnel.fields, "TunnelIpsecConfig")}


def bgp_of(tunnel: Document, state: Transaction) -> dict[str, Json]:
    """TunnelBgpConfig with both ends."""
    config = {**BGP, **struct(tunnel.fields, "TunnelBgpConfig")}
    local, peer = bgp_ends(tunnel)
    return {"LocalAsn": config["LocalAsn"], "TunnelCidr": config["TunnelCidr"], "LocalBgpIp": local,
            "PeerBgpIp": peer, "PeerAsn": asn_of(state.get(tunnel.text("CustomerGatewayId")))}


def modified_connection(connection: Document, tunnels: Sequence[Document], state: Transaction, call: Call) -> Fields:
    """The answer of ModifyVpnAttachmentAttribute, which tells neither the bandwidth nor the tunnels' zones."""
    return {
        **_without(_common(connection), "TunnelBandwidth"),
        "Description": "",
        "Status": status_of(call, tunnels),
        "TunnelOptionsSpecification": [
            {**_without(_tunnel(one, state), "ZoneNo"), "TunnelIndex": index_of(one)} for one in tunnels
        ],
    }


def _without(fields: Fields, name: str) -> dict[str, Json]:
    return {key: value for key, value in fields.items() if key != name}


def modified_tunnel(tunnel: Document, state: Transaction) -> Fields:
    """The answer of ModifyTunnelAttribute."""
    return _tunnel(tunnel, state)
