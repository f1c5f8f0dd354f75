"""IPsec connections and customer gateways as pieces of a plan."""

from collections.abc import Callable, Mapping

from sealane.cloud.document import Document, Fields
from sealane.cloud.to_plan.names import Names
from sealane.cloud.to_plan.piece import Entries, Piece, Value
from sealane.cloud.to_plan.vpcs import View

KeyOf = Callable[[Document], Value]
"""How a plan says the pre-shared key of a tunnel."""

_IKE = ("IkeVersion", "IkeMode", "IkeEncAlg", "IkeAuthAlg", "IkePfs", "LocalId", "RemoteId")
_IPSEC = ("IpsecEncAlg", "IpsecAuthAlg", "IpsecPfs")
_WORDS = {"LocalId": "local_id", "RemoteId": "remote_id"}


def inline_key(tunnel: Document) -> Value:
    """The key itself."""
    return tunnel.secrets.get("Psk", "")


def gateway_piece(gateway: Document, names: Names) -> Piece:
    """A customer gateway."""
    asn = gateway.text("Asn")
    return Piece(gateway.id, {
        "name": names.of(gateway.id),
        "ip_address": gateway.text("IpAddress"),
        "asn": int(asn) if asn else None,
        "auth_key": gateway.secrets.get("AuthKey") or None,
    })


def connection_piece(connection: Document, view: View, names: Names, key_of: KeyOf) -> Piece | None:
    """The connection; None while it has no gateway addresses or a tunnel has no customer gateway."""
    tunnels = sorted(view.children(connection.id, "tunnel"), key=lambda one: int(one.text("TunnelIndex") or 0))
    gateways = [one.text("InternetIp") for one in tunnels]
    if len(tunnels) != _TUNNELS or not all(gateways):
        return None
    if any(view.get(one.text("CustomerGatewayId")) is None for one in tunnels):
        return None
    bgp = bool(connection.fields.get("EnableTunnelsBgp"))
    entries: dict[str, Value | None] = {
        "name": names.of(connection.id),
        "network_type": connection.text("NetworkType") or "public",
        "local_subnet": connection.text("LocalSubnet"),
        "remote_subnet": connection.text("RemoteSubnet"),
        "effect_immediately": bool(connection.fields.get("EffectImmediately")),
        "enable_tunnels_bgp": bgp,
        "tunnel_bandwidth": connection.text("TunnelBandwidth") or "Standard",
        "gateway_ip_addresses": gateways,
        "tunnels": [_tunnel(one, names, key_of, bgp=bgp) for one in tunnels],
        "route_entries": [Piece(one.id, {"route_dest": one.text("RouteDest")})
                          for one in view.children(connection.id, "vco_route")],
    }
    timers = connection.fields.get("Timers")
    if isinstance(timers, Mapping):
        entries["timers"] = Piece(connection.id, {str(key): int(str(value)) for key, value in timers.items()})
    return Piece(connection.id, entries)


_TUNNELS = 2


def _tunnel(tunnel: Document, names: Names, key_of: KeyOf, *, bgp: bool) -> Piece:
    ike, ipsec, session = (_struct(tunnel, key) for key in ("TunnelIkeConfig", "TunnelIpsecConfig", "TunnelBgpConfig"))
    entries: dict[str, Value | None] = {
        "customer_gateway": names.of(tunnel.text("CustomerGatewayId")),
        "enable_dpd": tunnel.fields.get("EnableDpd") is not False,
        "enable_nat_traversal": tunnel.fields.get("EnableNatTraversal") is not False,
        "ike": Piece(tunnel.id, {**_crypto(ike, _IKE), "ike_lifetime": _number(ike, "IkeLifetime")}),
        "ipsec": Piece(tunnel.id, {**_crypto(ipsec, _IPSEC), "ipsec_lifetime": _number(ipsec, "IpsecLifetime")}),
        "psk": key_of(tunnel),
    }
    if bgp and session.get("TunnelCidr"):
        entries["bgp"] = Piece(tunnel.id, {
            "tunnel_cidr": str(session["TunnelCidr"]),
            "local_bgp_ip": str(session["LocalBgpIp"]) if session.get("LocalBgpIp") else None,
            "local_asn": _number(session, "LocalAsn"),
        })
    return Piece(tunnel.id, entries)


def _struct(tunnel: Document, key: str) -> Fields:
    found = tunnel.fields.get(key)
    return found if isinstance(found, Mapping) else {}


def _number(fields: Fields, key: str) -> int | None:
    value = fields.get(key)
    return None if value in (None, "") else int(str(value))


def _crypto(fields: Fields, keys: tuple[str, ...]) -> Entries:
    """``IkeEncAlg`` is ``ike_enc_alg`` in a plan."""
    found: dict[str, Value | None] = {}
    for key in keys:
        word = _WORDS.get(key) or "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)[1:]
        found[word] = str(fields[key]) if fields.get(key) else None
    return found
