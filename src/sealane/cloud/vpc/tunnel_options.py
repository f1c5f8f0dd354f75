"""What may be said of a tunnel: TunnelOptionsSpecification, checked and laid over what it was."""

import re
from collections.abc import Callable, Mapping, Sequence

from sealane.cloud.document import Document, Fields, Json
from sealane.cloud.error import CloudError
from sealane.cloud.vpc.customer_gateways import CLOUD_ASN, LARGEST_ASN
from sealane.net import Address, Prefix, contains, parse_address

TUNNELS = 2
_TUNNEL_LENGTH = 30
LONGEST_LIFETIME_S = 86400
_LINK_LOCAL = Prefix("169.254.0.0/16")
_FORBIDDEN = (*(Prefix(f"169.254.{third}.0/30") for third in range(7)), Prefix("169.254.169.252/30"))
"""The cloud uses these itself."""
_ENCRYPTIONS = ("aes", "aes192", "aes256", "des", "3des")
_HASHES = ("md5", "sha1", "sha256", "sha384", "sha512")
_GROUPS = ("group1", "group2", "group5", "group14")
_CHOICES: Mapping[str, Sequence[str]] = {
    "IkeVersion": ("ikev1", "ikev2"),
    "IkeMode": ("main",),
    "IkeEncAlg": _ENCRYPTIONS,
    "IkeAuthAlg": _HASHES,
    "IkePfs": _GROUPS,
    "IpsecEncAlg": _ENCRYPTIONS,
    "IpsecAuthAlg": _HASHES,
    "IpsecPfs": ("disabled", *_GROUPS),
}
IKE: Fields = {
    "IkeVersion": "ikev2", "IkeMode": "main", "IkeEncAlg": "aes", "IkeAuthAlg": "sha1", "IkePfs": "group2",
    "IkeLifetime": LONGEST_LIFETIME_S, "LocalId": "", "RemoteId": "",
}  # fmt: skip
"""What IKE is when nobody says; an empty identity is the address of that end."""
IPSEC: Fields = {"IpsecEncAlg": "aes", "IpsecAuthAlg": "sha1", "IpsecPfs": "group2",
                 "IpsecLifetime": LONGEST_LIFETIME_S}
BGP: Fields = {"LocalAsn": CLOUD_ASN, "TunnelCidr": "", "LocalBgpIp": ""}
_IDENTITIES = ("LocalId", "RemoteId")
_IDENTITY = re.compile(r"[!-~]{1,100}")
_KEY = re.compile(r"[!#-~]{1,100}")


def struct(fields: Fields, name: str) -> Fields:
    """A struct among fields; empty when it is missing."""
    found = fields.get(name)
    return found if isinstance(found, Mapping) else {}


def options(told: Fields, former: Fields) -> dict[str, Json]:
    """The fields of a tunnel that its options tell or leave as they were; not the customer gateway and the key.

    Raises:
        CloudError: A value is not allowed.
    """
    found: dict[str, Json] = {
        "TunnelIkeConfig": _ike(_laid(told, former, "TunnelIkeConfig", IKE)),
        "TunnelIpsecConfig": _checked(_laid(told, former, "TunnelIpsecConfig", IPSEC)),
        "TunnelBgpConfig": _bgp(struct(told, "TunnelBgpConfig"), _laid(told, former, "TunnelBgpConfig", BGP)),
    }
    for flag in ("EnableDpd", "EnableNatTraversal"):
        value = told.get(flag, former.get(flag))
        found[flag] = value is not False
    return found


def key_of(told: Fields) -> str:
    """The pre-shared key that options tell; empty when they tell none.

    Raises:
        CloudError: It is none.
    """
    key = str(struct(told, "TunnelIkeConfig").get("Psk") or "")
    if key and not _KEY.fullmatch(key):
        raise CloudError("NotSupportVpnConnectionParameter.Psk", "Psk must be 1 to 100 letters, digits and ASCII "
                         "punctuation without spaces and double quotes.")
    return key


def _laid(told: Fields, former: Fields, name: str, defaults: Fields) -> dict[str, Json]:
    """A struct as it was with what is told of it; an empty text is the default."""
    new = {key: value for key, value in struct(told, name).items() if key in defaults and value is not None}
    found = {**defaults, **struct(former, name), **new}
    return {key: defaults[key] if found[key] == "" else found[key] for key in defaults}


def _checked(config: dict[str, Json]) -> dict[str, Json]:
    for key, value in config.items():
        if key == "IkeMode" and value == "aggressive":
            raise CloudError("OperationUnsupported.IkeMode", "Aggressive mode shows identities and is not carried.")
        if key in _CHOICES and value not in _CHOICES[key]:
            raise _wrong(key, value, f"one of {', '.join(_CHOICES[key])}")
        if key.endswith("Lifetime") and not (isinstance(value, int) and 0 <= value <= LONGEST_LIFETIME_S):
            raise _wrong(key, value, f"0 to {LONGEST_LIFETIME_S} seconds")
    return config


def _wrong(key: str, value: Json, expected: str) -> CloudError:
    return CloudError(f"NotSupportVpnConnectionParameter.{key}", f"{key} is {value}, expected {expected}.")


def _ike(config: dict[str, Json]) -> dict[str, Json]:
    for key in _IDENTITIES:
        identity = str(config[key])
        if identity and not _IDENTITY.fullmatch(identity):
            raise _wrong(key, identity, "1 to 100 characters without spaces")
        if identity and config["IkeVersion"] == "ikev1" and parse_address(identity) is None:
            raise _wrong(key, identity, "an address: IKEv1 in main mode tells peers apart by address")
    return _checked(config)


def _bgp(told: Fields, config: dict[str, Json]) -> dict[str, Json]:
    asn, cidr, local = config["LocalAsn"], str(config["TunnelCidr"]), str(config["LocalBgpIp"])
    if not (isinstance(asn, int) and 1 <= asn <= LARGEST_ASN):
        raise CloudError("IllegalParam.LocalAsn", f"LocalAsn is {asn}, expected 1 to {LARGEST_ASN}.")
    if told.get("TunnelCidr") and not told.get("LocalBgpIp"):
        local = ""
    if not cidr:
        if local:
            raise CloudError("MissingParameter.TunnelCidr", "LocalBgpIp is given, but no TunnelCidr.")
        return config
    block = _tunnel_block(cidr)
    if local:
        found = parse_address(local)
        if found is None:
            raise CloudError("InvalidLocalBgpIp.Malformed", f"LocalBgpIp {local} is no address.")
        if found not in tuple(block.hosts()):
            raise CloudError("IllegalParam.LocalBgpIp", f"LocalBgpIp is {local}, expected {block[1]} or {block[2]}.")
        local = str(found)
    return {"LocalAsn": asn, "TunnelCidr": str(block), "LocalBgpIp": local}


def _tunnel_block(written: str) -> Prefix:
    try:
        loose = Prefix(written, strict=False)
    except ValueError:
        raise CloudError("InvalidTunnelCidr.Malformed", f"TunnelCidr {written} is no prefix.") from None
    exact = parse_address(written.partition("/")[0]) == loose.network_address
    if not exact or loose.prefixlen != _TUNNEL_LENGTH or not contains(_LINK_LOCAL, loose) or loose in _FORBIDDEN:
        raise CloudError("IllegalParam.TunnelCidr", f"TunnelCidr is {written}, expected a /30 of {_LINK_LOCAL} other "
                         f"than {', '.join(map(str, _FORBIDDEN))}.")
    return loose


def check_sessions(tunnels: Sequence[Document], asn_of: Callable[[Document], int | None]) -> None:
    """What BGP needs of both tunnels together.

    Args:
        tunnels: As they are to be.
        asn_of: The AS number of a tunnel's customer gateway.

    Raises:
        CloudError: Something is missing, or they do not fit each other.
    """
    sessions = [struct(one.fields, "TunnelBgpConfig") for one in tunnels]
    if not all(one.get("TunnelCidr") for one in sessions):
        raise CloudError("MissingParameter.TunnelCidr", "BGP is on, but a tunnel has no TunnelCidr.")
    if len({one["TunnelCidr"] for one in sessions}) < len(sessions):
        raise CloudError("IllegalParam.TunnelCidr", f"Both tunnels have TunnelCidr {sessions[0]['TunnelCidr']}.")
    if len({one["LocalAsn"] for one in sessions}) > 1:
        raise CloudError("IllegalParam.LocalAsn", "Both tunnels must have the same LocalAsn.")
    for tunnel, session in zip(tunnels, sessions, strict=True):
        peer = asn_of(tunnel)
        if peer is None:
            raise CloudError("MissingParam.CustomerGatewayAsn", f"BGP is on, but {tunnel.text('CustomerGatewayId')} "
                             "has no Asn.")
        if peer == session["LocalAsn"]:
            raise CloudError("IllegalParam.LocalAsn", f"LocalAsn and the customer gateway's are both {peer}.")


def bgp_ends(tunnel: Document) -> tuple[str, str]:
    """The addresses of the cloud and of the device in the tunnel; empty without TunnelCidr."""
    config = struct(tunnel.fields, "TunnelBgpConfig")
    if not config.get("TunnelCidr"):
        return "", ""
    lower, upper = Prefix(str(config["TunnelCidr"])).hosts()
    local = Address(str(config["LocalBgpIp"])) if config.get("LocalBgpIp") else lower
    return str(local), str(upper if local == lower else lower)
