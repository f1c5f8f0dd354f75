"""Fields and rules of a customer gateway (CreateCustomerGateway)."""

from dataclasses import dataclass, field

from sealane.net import Address, Asn, Prefix, Secret, host_prefix
from sealane.spec import (
    AddressText,
    AsnText,
    Field,
    Places,
    Record,
    Rule,
    SecretText,
    Spot,
    description_reader,
    is_reserved,
    name_reader,
)

CLOUD_ASN = 45104
_LAST_EIGHTH = Prefix("255.0.0.0/8")


@dataclass(frozen=True, slots=True)
class CustomerGateway:
    """A customer gateway as written; ``asn`` None means without BGP."""

    name: str
    ip_address: Address
    asn: Asn | None
    auth_key: Secret | None
    description: str | None
    at: Places = field(compare=False)


def _check_address(gateway: CustomerGateway, spot: Spot) -> None:
    unusable = is_reserved(host_prefix(gateway.ip_address))
    if gateway.ip_address in _LAST_EIGHTH:
        unusable = _LAST_EIGHTH
    if unusable is not None:
        spot.notes.error("CGW-002", spot.subject, f"ip_address {gateway.ip_address} is in {unusable}, expected the "
                         "device's own unicast address", "write the source address of the device's tunnels",
                         gateway.at.of("ip_address"))


def _check_key(gateway: CustomerGateway, spot: Spot) -> None:
    if gateway.auth_key is not None and gateway.asn is None:
        spot.notes.error("CGW-004", spot.subject, "auth_key is a BGP key, but there is no asn", "add asn",
                         gateway.at.of("auth_key"))


CUSTOMER_GATEWAY: Record[CustomerGateway] = Record("customer gateway", CustomerGateway, (
    Field("name", name_reader("CGW-001", 1, 100), "Name", required=True),
    Field("ip_address", AddressText(), "IpAddress: source address of the device's tunnels", required=True),
    Field("asn", AsnText("CGW-003", (CLOUD_ASN,), "which is the cloud's own"), "Asn of the device; needed for BGP"),
    Field("auth_key", SecretText("CGW-005", r"[!#->@-~]", 64, '1 to 64 printable characters without space, " and ?'),
          "AuthKey: TCP MD5 key of the BGP sessions"),
    Field("description", description_reader("CGW-001", 100), "Description"),
), "A VPN address of a site's device, as registered in the cloud.", (
    Rule(_check_address, ("ip_address",)),
    Rule(_check_key, ("auth_key", "asn")),
))
