"""Addresses, names and secrets. Knows nothing of networks; imports nothing of ours."""

from sealane.net.address import (
    Address,
    InterfaceAddress,
    Prefix,
    contains,
    host_prefix,
    overlaps,
    parse_address,
    parse_interface_address,
    parse_prefix,
)
from sealane.net.names import Asn, NodeName, is_short_name
from sealane.net.secret import Secret

__all__ = [
    "Address",
    "Asn",
    "InterfaceAddress",
    "NodeName",
    "Prefix",
    "Secret",
    "contains",
    "host_prefix",
    "is_short_name",
    "overlaps",
    "parse_address",
    "parse_interface_address",
    "parse_prefix",
]
