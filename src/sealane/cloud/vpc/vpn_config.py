"""The configuration of the device at the other end of an IPsec connection, from the device's point of view."""

from sealane.cloud.call import Call
from sealane.cloud.document import Document, Fields
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpn_answers import bgp_of, ike_of, ipsec_of, peer_of
from sealane.cloud.vpc.vpn_common import connection_of, tunnels_of
from sealane.cloud.world import Transaction


@VPC.reads("DownloadVpnConnectionConfig")
def download_vpn_connection_config(call: Call, state: Transaction) -> Fields:
    """DownloadVpnConnectionConfig; addresses of the cloud are empty until the connection is bound."""
    connection = connection_of(call, state)
    tunnels = tunnels_of(connection, state)
    bgp = tunnels if connection.fields.get("EnableTunnelsBgp") else ()
    first = _tunnel(tunnels[0], state)
    return {"VpnConnectionConfig": {
        "Local": first["Local"],
        "Remote": first["Remote"],
        "LocalSubnet": connection.text("RemoteSubnet"),
        "RemoteSubnet": connection.text("LocalSubnet"),
        "TunnelsConfig": {"TunnelConfig": [_tunnel(one, state) for one in tunnels]},
        "BgpConfigs": {"BgpConfig": [_session(one, state) for one in bgp]},
    }}


def _tunnel(tunnel: Document, state: Transaction) -> Fields:
    ike = ike_of(tunnel, state)
    return {
        "TunnelId": tunnel.id,
        "Local": peer_of(tunnel, state),
        "Remote": tunnel.text("InternetIp"),
        "IkeConfig": {**ike, "LocalId": ike["RemoteId"], "RemoteId": ike["LocalId"]},
        "IpsecConfig": ipsec_of(tunnel),
    }


def _session(tunnel: Document, state: Transaction) -> Fields:
    bgp = bgp_of(tunnel, state)
    return {
        "TunnelId": tunnel.id,
        "TunnelCidr": bgp["TunnelCidr"],
        "LocalAsn": bgp["PeerAsn"],
        "LocalBgpIp": bgp["PeerBgpIp"],
        "PeerAsn": bgp["LocalAsn"],
        "PeerBgpIp": bgp["LocalBgpIp"],
    }
