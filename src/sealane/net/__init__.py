"""Addresses, names and secrets. Knows nothing of networks; imports nothing of ours."""

from sealane.net.address import (
    Address,
    InterfaceAddress,
    Prefix,
    contains,
    host_prefix,
    in_order,
    overlaps,
    parse_address,
    parse_interface_address,
    parse_prefix,
)
from sealane.net.cidr import MASKS, Cidr, PrefixMap, dotted
from sealane.net.names import Asn, NodeName, is_short_name
from sealane.net.secret import Secret

__all__ = [
    "MASKS",
    "Address",
    "Asn",
    "Cidr",
    "InterfaceAddress",
    "NodeName",
    "Prefix",
    "PrefixMap",
    "Secret",
    "contains",
    "dotted",
    "host_prefix",
    "in_order",
    "is_short_name",
    "overlaps",
    "parse_address",
    "parse_interface_address",
    "parse_prefix",
]
