"""A customer gateway device as one integrated FRR configuration.

FRR behaves as the devices do where it matters: ``network`` announces only a prefix that is in the routing table
exactly (the import check stays on, or a missing route would be hidden), and distances decide between static (1 or as
written) and eBGP (20).

Source: FRR 8.4 user guide, "BGP", "STATIC", "BFD"; Cisco ASA 9.19 configuration guide on static routes, BGP and
traffic zones.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sealane.model import Bfd, BgpNeighbor, BgpSpeaker, InterfaceKind, Node, StaticRoute, in_effect
from sealane.net import Address
from sealane.vendors.frr.policy import prefix_lists, route_maps
from sealane.vendors.frr.text import key, line, linux_name, word


def render_device(node: Node, names: Mapping[str, str], *, redacted: bool = False) -> str:
    """The integrated configuration of an ASA or a gateway, for ``vtysh -f``.

    Args:
        node: The device.
        names: Model interface name -> Linux name in the node's namespace.
        redacted: True leaves BGP keys out; such a text is evidence, not configuration.

    Raises:
        KeyError: ``names`` lacks an interface that a route or session names.
        ValueError: A value cannot be expressed in FRR.
    """
    node = in_effect(node)
    lines = [
        f"! {line(node.name)}: written by sealane, changes made here are lost",
        "frr defaults traditional",
        # With next-hop objects, zebra 8.4 goes on naming groups that the kernel dropped with an interface that was down
        # for a moment, and its routes are refused ("Nexthop id does not exist") until it is restarted.
        "no zebra nexthop kernel enable",
        "service integrated-vtysh-config",
        "!",
        *_static_routes(node, names),
        *prefix_lists(node),
        *route_maps(node),
    ]
    if node.bgp is not None:
        lines.extend(_bfd_profiles(node.bgp))
        lines.extend(_bgp(node, node.bgp, redacted=redacted))
    lines.append("end")
    return "\n".join(lines) + "\n"


def _static_routes(node: Node, names: Mapping[str, str]) -> Iterator[str]:
    """Statics naming their interface, so that they are installed only while it is up.

    Sorted: their order means nothing once conflicting ones are gone. Of statics that differ in their distance only the
    nearest is written: staticd 8.4 would take the last of them, and the others can never be used.
    """
    lines = []
    nearest: dict[tuple[object, ...], StaticRoute] = {}
    for route in _with_interface(node):
        key = (route.prefix, route.next_hop, route.interface, route.discard)
        if key not in nearest or route.distance < nearest[key].distance:
            nearest[key] = route
    for route in nearest.values():
        distance = "" if route.distance == 1 else f" {route.distance}"
        if route.discard:
            lines.append(f"ip route {route.prefix} Null0{distance}")
            continue
        hop = [] if route.next_hop is None else [str(route.next_hop)]
        egress = [] if route.interface is None else [linux_name(names, route.interface)]
        lines.append(f"ip route {route.prefix} {' '.join([*hop, *egress])}{distance}")
    yield from sorted(set(lines))
    yield "!"


def _with_interface(node: Node) -> Iterator[StaticRoute]:
    """Statics that can be used, with the interface that the next hop is on; without when it is on several.

    A next hop that is not on the interface's own network is never used. Beside one that is, to the same next hop and
    without an interface, staticd 8.4 tells zebra of neither.
    """
    for route in node.static_routes:
        if route.discard or route.next_hop is None:
            yield route
            continue
        there = {
            one.name for one in node.interfaces for address in one.addresses if route.next_hop in address.network
        }
        if route.interface in there or (route.interface is None and len(there) > 1):
            yield route
        elif route.interface is None and there:
            yield replace(route, interface=there.pop())


def _bgp(node: Node, speaker: BgpSpeaker, *, redacted: bool) -> Iterator[str]:
    neighbors = sorted(speaker.neighbors, key=lambda found: found.address)
    yield f"router bgp {speaker.asn}"
    router_id = speaker.router_id or _default_router_id(node)
    if router_id is not None:
        yield f" bgp router-id {router_id}"
    # FRR denies eBGP without policy by default (RFC 8212), the devices do not.
    yield " no bgp ebgp-requires-policy"
    yield " no bgp default ipv4-unicast"
    yield " bgp network import-check"
    yield " bgp bestpath as-path multipath-relax"
    for neighbor in neighbors:
        yield from _neighbor(node, neighbor, redacted=redacted)
    yield " !"
    yield " address-family ipv4 unicast"
    for network in sorted({found.prefix for found in speaker.networks}):
        yield f"  network {network}"
    for neighbor in neighbors:
        yield from _family(neighbor)
    yield f"  maximum-paths {speaker.maximum_paths}"
    yield "  distance bgp 20 200 200"
    yield " exit-address-family"
    yield "exit"
    yield "!"


def _default_router_id(node: Node) -> Address | None:
    """Highest loopback address, else the highest address (Cisco's rule)."""
    for wanted in ({InterfaceKind.LOOPBACK}, set(InterfaceKind)):
        found = [one.ip for interface in node.interfaces if interface.kind in wanted for one in interface.addresses]
        if found:
            return max(found)
    return None


def _neighbor(node: Node, neighbor: BgpNeighbor, *, redacted: bool) -> Iterator[str]:
    head = f" neighbor {neighbor.address}"
    yield f"{head} remote-as {neighbor.remote_asn}"
    if line(neighbor.description):
        yield f"{head} description {line(neighbor.description)}"
    if neighbor.local_asn is not None and (node.bgp is None or neighbor.local_asn != node.bgp.asn):
        yield f"{head} local-as {neighbor.local_asn} no-prepend replace-as"
    if neighbor.multihop_ttl is not None:
        yield f"{head} ebgp-multihop {neighbor.multihop_ttl}"
    if neighbor.local_address is not None:
        yield f"{head} update-source {neighbor.local_address}"
    yield f"{head} timers {neighbor.keepalive_s} {neighbor.hold_time_s}"
    yield f"{head} timers connect 2"
    bfd = neighbor.bfd
    if bfd is not None:
        yield f"{head} bfd"
        yield f"{head} bfd profile {_profile(bfd)}"
    if neighbor.password is not None:
        yield " ! password withheld" if redacted else f"{head} password {key(neighbor.password)}"


def _family(neighbor: BgpNeighbor) -> Iterator[str]:
    if not neighbor.activated:
        return
    head = f"  neighbor {neighbor.address}"
    yield f"{head} activate"
    for kind, name, direction in (
        ("prefix-list", neighbor.import_prefix_list, "in"),
        ("prefix-list", neighbor.export_prefix_list, "out"),
        ("route-map", neighbor.import_route_map, "in"),
        ("route-map", neighbor.export_route_map, "out"),
    ):
        if name is not None:
            yield f"{head} {kind} {word(name)} {direction}"


def _profile(bfd: Bfd) -> str:
    return f"every-{bfd.interval_ms}ms-x{bfd.multiplier}"


def _bfd_profiles(speaker: BgpSpeaker) -> Iterator[str]:
    wanted = {found for found in (neighbor.bfd for neighbor in speaker.neighbors) if found}
    if not wanted:
        return
    yield "bfd"
    for bfd in sorted(wanted, key=lambda found: (found.interval_ms, found.multiplier)):
        yield f" profile {_profile(bfd)}"
        yield f"  detect-multiplier {bfd.multiplier}"
        yield f"  transmit-interval {bfd.interval_ms}"
        yield f"  receive-interval {bfd.interval_ms}"
        yield " exit"
    yield "exit"
    yield "!"
