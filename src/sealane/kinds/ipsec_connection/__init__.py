"""A private dual-tunnel IPsec connection (CreateVpnAttachment)."""

from sealane.kinds.ipsec_connection.bgp import auto_bfd
from sealane.kinds.ipsec_connection.expand import TunnelPath, cloud_end, device_end, neighbor, tunnel_name
from sealane.kinds.ipsec_connection.psk import PSK, PskEnv, PskFile, PskGenerate, PskInline, PskSource
from sealane.kinds.ipsec_connection.spec import (
    IPSEC_CONNECTION,
    BfdChoice,
    IpsecConnection,
    TunnelBgp,
    TunnelSpec,
    VcoRoute,
)

__all__ = [
    "IPSEC_CONNECTION",
    "PSK",
    "BfdChoice",
    "IpsecConnection",
    "PskEnv",
    "PskFile",
    "PskGenerate",
    "PskInline",
    "PskSource",
    "TunnelBgp",
    "TunnelPath",
    "TunnelSpec",
    "VcoRoute",
    "auto_bfd",
    "cloud_end",
    "device_end",
    "neighbor",
    "tunnel_name",
]
