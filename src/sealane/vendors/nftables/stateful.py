"""The packet path of a stateful firewall (Cisco ASA) as one nftables table.

What Linux' connection tracking would forgive must fail here as on the box: a flow is pinned to the interfaces of its
first packet, and an address of the box answers only on its own port.

``ct mark`` holds ``arrival slot * 256 + departure slot`` of the packet that opened the flow; interfaces of one traffic
zone share a slot. Replies must enter where the flow left and leave where it came from. Packets of the opening direction
are judged and pinned each time, so that a flow that routing moves to another interface goes on there, as after the box
tore it down with its tunnel (``preserve-vpn-flows`` is off by default).

Source: ASA 9.19 configuration guides: interfaces and security levels, access rules, traffic zones, "permit-vpn",
ICMP inspection.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from sealane.model import AccessList, Interface, InterfaceKind, Node, Stateful
from sealane.net import Address
from sealane.vendors.nftables.rules import match
from sealane.vendors.nftables.text import address_set, chain, linux_name, slug, table

STATEFUL_TABLE = "sealane_stateful"

_INSIDE_LEVEL = 100
_SLOT_SHIFT = 8


@dataclass(frozen=True, slots=True)
class _Side:
    """An interface as the firewall sees it."""

    interface: Interface
    name: str
    slot: int
    level: int


def stateful_device(node: Node, names: Mapping[str, str], outer_ports: Mapping[str, str]) -> str:
    """Table ``inet sealane_stateful`` of a stateful device.

    Args:
        node: The device.
        names: Model interface name -> Linux name in the node's namespace.
        outer_ports: Model interface that owns an outer address -> Linux interface behind which that address lives, when
            user-space tunnels end in namespaces of their own and their packets are forwarded. Empty when the addresses
            are the node's own (kernel tunnels); then the input hook guards them alone.

    Raises:
        KeyError: ``outer_ports`` names an interface the node does not have.
        ValueError: The node is not stateful, or a name is not one the kernel would take.
    """
    if node.stateful is None:
        raise ValueError(f"{node.name} is not a stateful device")
    sides = _sides(node, names)
    lists = {found.name: found for found in node.access_lists}
    body = [f"counter {name} {{ }}" for name in ("far_side", "mismatched", "no_policy", "same_level", "unlisted")]
    body.extend(_pins(sides))
    for name in sorted({found.interface.access_list_in for found in sides if found.interface.access_list_in in lists}):
        body.extend(_access_list(lists[name]))
    body.extend(_policy(node.stateful, sides, lists))
    body.extend(_forward(node, node.stateful, names, outer_ports))
    body.extend(_input(node))
    if node.stateful.tcp_mss_bytes is not None:
        clamp = f"tcp flags & (syn | rst) == syn tcp option maxseg size set {node.stateful.tcp_mss_bytes}"
        body.extend(chain("segments", "type filter hook forward priority mangle; policy accept;", [clamp]))
    return table(STATEFUL_TABLE, body)


def _sides(node: Node, names: Mapping[str, str]) -> list[_Side]:
    """Interfaces that pass traffic: mapped, and named on the box (an ASA interface without ``nameif`` is inert)."""
    slots: dict[str, int] = {}
    sides: list[_Side] = []
    for interface in sorted(node.interfaces, key=lambda found: found.name):
        if interface.kind is InterfaceKind.LOOPBACK or interface.nameif is None or interface.name not in names:
            continue
        group = f"interface {interface.name}" if interface.traffic_zone is None else f"zone {interface.traffic_zone}"
        slot = slots.setdefault(group, len(slots) + 1)
        sides.append(_Side(interface, names[interface.name], slot, _level(interface)))
    return sides


def _level(interface: Interface) -> int:
    """The default is 100 for the nameif ``inside`` and 0 for any other."""
    if interface.security_level is not None:
        return interface.security_level
    return _INSIDE_LEVEL if interface.nameif == "inside" else 0


def _pins(sides: list[_Side]) -> Iterator[str]:
    """The mark of a flow by the interfaces it takes, and the interfaces that replies of a marked flow may take."""
    pairs = list(product(sides, repeat=2))
    opening = [f"{_pair(arrival, departure)} : {_mark(arrival, departure):#06x}" for arrival, departure in pairs]
    back = {f"{_mark(departure, arrival):#06x} . {_pair(arrival, departure)}" for arrival, departure in pairs}
    for head, types, elements in (
        ("map opening", "ifname . ifname : mark", opening),
        ("set back", "mark . ifname . ifname", sorted(back)),
    ):
        content = [f"    elements = {{ {', '.join(elements)} }}"] if elements else []
        yield from [f"{head} {{", f"    type {types}", *content, "}"]


def _pair(arrival: _Side, departure: _Side) -> str:
    return f"{linux_name(arrival.name)} . {linux_name(departure.name)}"


def _mark(arrival: _Side, departure: _Side) -> int:
    return arrival.slot << _SLOT_SHIFT | departure.slot


def _access_list(one: AccessList) -> list[str]:
    rules = [f"{match(rule)}counter {'goto permitted' if rule.permit else 'drop'}" for rule in one.rules]
    return chain(f"list_{slug(one.name)}", None, [*rules, "counter name unlisted drop"])


def _policy(stateful: Stateful, sides: list[_Side], lists: Mapping[str, AccessList]) -> list[str]:
    """Judges a packet that opens a flow: equal levels first, then tunnels, access lists, levels."""
    rules: list[str] = []
    same = [
        _pair(one, other)
        for one, other in product(sides, repeat=2)
        if one.level == other.level and (not stateful.same_security_inter or one is other)
        and (one.slot != other.slot or one is other)
    ]
    if same:
        rules.append(f"iifname . oifname {{ {', '.join(same)} }} counter name same_level drop")
    for side in sides:
        rules.extend(_arriving(stateful, side, sides, lists))
    rules.append("counter name no_policy drop")
    # An ICMP error shares the entry of the flow it tells of and must not pin that flow to its own way.
    permitted = ["ct state != related ct direction original ct mark set iifname . oifname map @opening", "accept"]
    return [*chain("permitted", None, permitted), *chain("judge", None, rules)]


def _arriving(
    stateful: Stateful, side: _Side, sides: list[_Side], lists: Mapping[str, AccessList]
) -> Iterator[str]:
    arrival = f"iifname {linux_name(side.name)}"
    if side.interface.kind is InterfaceKind.TUNNEL and stateful.permit_vpn:
        yield f"{arrival} goto permitted"
        return
    # A name that no list has filters nothing: the box would have refused to bind it.
    wanted = side.interface.access_list_in
    if wanted is not None and wanted in lists:
        yield f"{arrival} goto list_{slug(wanted)}"
        return
    lower = sorted(linux_name(other.name) for other in sides if other.level <= side.level and other is not side)
    if lower:
        yield f"{arrival} oifname {{ {', '.join(lower)} }} goto permitted"


def _forward(
    node: Node, stateful: Stateful, names: Mapping[str, str], outer_ports: Mapping[str, str]
) -> list[str]:
    rules: list[str] = []
    for owner, behind in sorted(outer_ports.items()):
        rules.extend(_outer(node.interface(owner), behind, names))
    if not stateful.inspect_icmp:
        # Without inspection ICMP has no flows: every packet is judged by itself.
        rules.append("ip protocol icmp goto judge")
    rules.extend(
        [
            "ct state invalid counter name mismatched drop",
            "ct direction original goto judge",
            "ct mark . iifname . oifname @back accept",
            "counter name mismatched drop",
        ]
    )
    return chain("forward", "type filter hook forward priority 0; policy drop;", rules)


def _outer(owner: Interface, behind: str, names: Mapping[str, str]) -> Iterator[str]:
    """To and from an outer address that lives in a namespace behind ``behind``.

    To the box a packet comes only through the port that owns the address, even a reply; a loopback's address is
    reached through any port. Access lists of interfaces do not apply to the box's own traffic.
    """
    addresses = [address.ip for address in owner.addresses]
    if not addresses:
        return
    ends = address_set(addresses)
    yield f"iifname {linux_name(behind)} ip saddr {ends} accept"
    if owner.kind is InterfaceKind.LOOPBACK:
        yield f"oifname {linux_name(behind)} ip daddr {ends} accept"
        return
    if owner.name in names:
        yield f"iifname {linux_name(names[owner.name])} oifname {linux_name(behind)} ip daddr {ends} accept"
    yield f"ip daddr {ends} counter name far_side drop"


def _input(node: Node) -> list[str]:
    loopbacks: list[Address] = [
        address.ip
        for interface in node.interfaces
        if interface.kind is InterfaceKind.LOOPBACK and interface.nameif is not None
        for address in interface.addresses
    ]
    rules = ['iifname "lo" accept', "fib daddr . iif type { local, broadcast, multicast } accept"]
    if loopbacks:
        rules.append(f"ip daddr {address_set(loopbacks)} accept")
    # IPv6 is not modelled; neighbor discovery on a link does no harm.
    return chain(
        "to_the_box",
        "type filter hook input priority 0; policy drop;",
        [*rules, "meta nfproto ipv6 accept", "counter name far_side drop"],
    )
