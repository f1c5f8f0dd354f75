"""Filter rules of the model as nftables matches."""

from sealane.model import FilterRule, PortRange

_TCP, _UDP = 6, 17


def match(rule: FilterRule) -> str:
    """The matches of one rule, ending in a blank when there are any; everything matches the empty text.

    A rule with ports but no protocol means TCP and UDP.
    """
    parts: list[str] = []
    if rule.source is not None:
        parts.append(f"ip saddr {rule.source}")
    if rule.destination is not None:
        parts.append(f"ip daddr {rule.destination}")
    parts.extend(_transport(rule))
    return "".join(f"{part} " for part in parts)


def _transport(rule: FilterRule) -> list[str]:
    ports = [
        f"th {side} {_range(found)}"
        for side, found in (("sport", rule.source_ports), ("dport", rule.destination_ports))
        if found is not None
    ]
    if ports:
        protocol = f"{{ {_TCP}, {_UDP} }}" if rule.protocol is None else str(rule.protocol)
        return [f"meta l4proto {protocol}", *ports]
    if rule.icmp_type is not None:
        return [f"icmp type {rule.icmp_type}"]
    return [] if rule.protocol is None else [f"ip protocol {rule.protocol}"]


def _range(ports: PortRange) -> str:
    return str(ports.first) if ports.first == ports.last else f"{ports.first}-{ports.last}"
