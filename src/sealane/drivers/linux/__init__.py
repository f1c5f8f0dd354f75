"""Namespaces, links, addresses, rules, routes and nftables tables through iproute2 and nft."""

from sealane.drivers.linux.driver import LinuxDriver
from sealane.drivers.linux.memory import Memory
from sealane.drivers.linux.read import ROUTE_PROTOCOL, KernelRoute, read_carrier, read_own, read_tables

__all__ = ["ROUTE_PROTOCOL", "KernelRoute", "LinuxDriver", "Memory", "read_carrier", "read_own", "read_tables"]
