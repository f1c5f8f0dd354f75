"""Packet filters: access lists of devices and security groups of hosts."""

from dataclasses import dataclass
from enum import StrEnum

from sealane.diag import Origin
from sealane.net import Prefix


class Direction(StrEnum):
    """Seen from the node that filters."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PortRange:
    """Inclusive port bounds."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule; None in a field matches everything.

    ``protocol`` is an IANA protocol number (1 ICMP, 6 TCP, 17 UDP, 50 ESP).
    """

    permit: bool
    protocol: int | None = None
    source: Prefix | None = None
    source_ports: PortRange | None = None
    destination: Prefix | None = None
    destination_ports: PortRange | None = None
    icmp_type: int | None = None
    log: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class AccessList:
    """Rules in order; the first match decides, no match means deny (stateful: replies of a permitted flow pass)."""

    name: str
    rules: tuple[FilterRule, ...]


@dataclass(frozen=True, slots=True)
class SecurityGroup:
    """Stateful filter of a host; within a direction rules are in deciding order (priority, then drop before accept).

    No match: inbound denied, outbound allowed (normal security group, reference Ecs 2014-05-26).
    """

    name: str
    inbound: tuple[FilterRule, ...] = ()
    outbound: tuple[FilterRule, ...] = ()
