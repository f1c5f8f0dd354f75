"""Stateful filters on the way: the ASA's levels, lists and pinned flows, and security groups of hosts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sealane.model import FilterRule, Interface, InterfaceKind, Node
from sealane.net import Cidr, NodeName
from sealane.twin.packet import ICMP, Packet

_INSIDE_LEVEL = 100

Pins = dict[NodeName, frozenset[tuple[str, str]]]
"""By firewall: the (arrival, departure) groups that the opening packets of a flow took."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a filter lets a packet pass, and why not."""

    passes: bool
    reason: str = ""


PASSES = Verdict(passes=True)


def group(node: Node, interface: str) -> str:
    """What a flow is pinned to: the interface, or the traffic zone it is in."""
    found = node.interface(interface)
    return f"interface {interface}" if found.traffic_zone is None else f"zone {found.traffic_zone}"


def forwarded(node: Node, arrived: str, leaving: str, packet: Packet) -> Verdict:
    """A stateful device judges a packet that opens a flow: equal levels, tunnels, access lists, levels (ASA 9.19)."""
    stateful = node.stateful
    if stateful is None:
        return PASSES
    here, there = node.interface(arrived), node.interface(leaving)
    for one in (here, there):
        if one.nameif is None and one.kind is not InterfaceKind.LOOPBACK:
            return Verdict(passes=False, reason=f"{one.name} has no nameif")
    if _level(here) == _level(there) and _refused_level(node, here, there):
        return Verdict(
            passes=False,
            reason=f"{here.nameif} and {there.nameif} both have security level {_level(here)} and "
            "same-security-traffic does not permit it",
        )
    if here.kind is InterfaceKind.TUNNEL and stateful.permit_vpn:
        return PASSES
    lists = {found.name: found for found in node.access_lists}
    if here.access_list_in is not None and here.access_list_in in lists:
        name = here.access_list_in
        permitted = first_match(lists[name].rules, packet)
        return PASSES if permitted else Verdict(passes=False, reason=f"access list {name} does not permit it")
    if _level(there) <= _level(here) and here is not there:
        return PASSES
    return Verdict(
        passes=False,
        reason=f"{here.nameif} (level {_level(here)}) to {there.nameif} (level {_level(there)}) needs an access list",
    )


def _refused_level(node: Node, here: Interface, there: Interface) -> bool:
    """Between equal levels nothing passes, unless permitted or inside one traffic zone; never back out the same."""
    stateful = node.stateful
    permitted = stateful is not None and stateful.same_security_inter
    if here is there:
        return True
    return not permitted and group(node, here.name) != group(node, there.name)


def _level(interface: Interface) -> int:
    if interface.security_level is not None:
        return interface.security_level
    return _INSIDE_LEVEL if interface.nameif == "inside" else 0


def answered(node: Node, arrived: str, leaving: str, packet: Packet, pins: Pins) -> Verdict:
    """A stateful device judges a reply: it must take the interfaces of its flow, the other way round."""
    if node.stateful is None:
        return PASSES
    if packet.protocol == ICMP and not node.stateful.inspect_icmp:
        return forwarded(node, arrived, leaving, packet)
    pinned = pins.get(node.name)
    if pinned is None:
        return Verdict(passes=False, reason="it belongs to no flow that the device has seen")
    if (group(node, leaving), group(node, arrived)) in pinned:
        return PASSES
    ways = " or ".join(f"{one} to {other}" for one, other in sorted(pinned))
    return Verdict(passes=False, reason=f"its flow goes {ways}; the reply came in on {arrived} to {leaving}")


def opens_or_answers(node: Node, arrived: str, leaving: str, packet: Packet) -> Verdict:
    """A stateful device judges a packet that may open a flow, or answer one that may have been opened the other way."""
    opens = forwarded(node, arrived, leaving, packet)
    if opens.passes or node.stateful is None or (packet.protocol == ICMP and not node.stateful.inspect_icmp):
        return opens
    opened = forwarded(node, leaving, arrived, packet.reply())
    return opened if opened.passes else opens


def to_the_box(node: Node, arrived: str | None, address_owner: str) -> Verdict:
    """A device answers at an address on the interface that owns it only; at a loopback's on any (ASA 9.19)."""
    if node.stateful is None or arrived is None or arrived == address_owner:
        return PASSES
    owner = next((one for one in node.interfaces if one.name == address_owner), None)
    if owner is not None and owner.kind is InterfaceKind.LOOPBACK:
        return PASSES
    return Verdict(passes=False, reason=f"the address belongs to {address_owner}, the packet came in on {arrived}")


def admitted(host: Node, packet: Packet) -> Verdict:
    """A security group judges a packet that opens a flow to its host; default deny."""
    found = host.security_group
    if found is None or first_match(found.inbound, packet):
        return PASSES
    return Verdict(passes=False, reason=f"security group {found.name} lets nothing in from there")


def sent(host: Node, packet: Packet) -> Verdict:
    """A security group judges a packet that its host sends; default allow."""
    found = host.security_group
    if found is None or first_match(found.outbound, packet, default=True):
        return PASSES
    return Verdict(passes=False, reason=f"security group {found.name} does not let it out")


def first_match(rules: Sequence[FilterRule], packet: Packet, *, default: bool = False) -> bool:
    """What the first rule that matches says."""
    for rule in rules:
        if rule_matches(rule, packet):
            return rule.permit
    return default


def rule_matches(rule: FilterRule, packet: Packet) -> bool:
    """None in a field matches everything."""
    if rule.protocol is not None and rule.protocol != packet.protocol:
        return False
    if rule.source is not None and not Cidr.of(rule.source).covers(packet.source):
        return False
    if rule.destination is not None and not Cidr.of(rule.destination).covers(packet.destination):
        return False
    if rule.icmp_type is not None and (packet.protocol != ICMP or rule.icmp_type != packet.destination_port):
        return False
    if packet.protocol == ICMP:
        return rule.source_ports is None and rule.destination_ports is None
    for ports, port in ((rule.source_ports, packet.source_port), (rule.destination_ports, packet.destination_port)):
        if ports is not None and not ports.first <= port <= ports.last:
            return False
    return True


def filter_prefixes(nodes: Iterable[Node]) -> set[Cidr]:
    """Every prefix that a filter distinguishes."""
    found: set[Cidr] = set()
    for node in nodes:
        rules = [rule for one in node.access_lists for rule in one.rules]
        if node.security_group is not None:
            rules += [*node.security_group.inbound, *node.security_group.outbound]
        for rule in rules:
            found |= {Cidr.of(prefix) for prefix in (rule.source, rule.destination) if prefix is not None}
    return found
