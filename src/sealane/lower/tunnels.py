"""Tunnel ends on Linux, for both ESP back ends.

In user space each tunnel end has an endpoint namespace with the outer address and a charon of its own, whose TUN is
moved into the node's namespace; in the kernel the node's namespace holds the outer addresses, one charon and xfrm
interfaces. Routing daemons, addresses, names and routes of the node are the same in both.
"""

import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from sealane.diag import Finding, Severity
from sealane.lower.names import namespace, node_directory
from sealane.lower.options import EspBackend, LowerOptions
from sealane.lower.wiring import Place
from sealane.model import (
    USERSPACE_MAX_INNER_BYTES,
    InterfaceKind,
    Network,
    Node,
    Platform,
    TunnelEnd,
    inner_mtu,
    tcp_mss,
)
from sealane.net import InterfaceAddress, host_prefix
from sealane.plan import (
    AddressSpec,
    BridgeSpec,
    CableSpec,
    CharonSpec,
    ConnectionSpec,
    Key,
    Kind,
    NamespaceSpec,
    Resource,
    RouteSpec,
    TunSpec,
    XfrmSpec,
)
from sealane.vendors.strongswan import CharonOptions, connection_settings, render_charon

MAIN_TABLE = 254
"""The kernel's main table."""
GATEWAY_TABLE = 50
"""Holds the /32s of a transit router's own gateway addresses; consulted before any route table of the cloud."""
WAN = "wan"
"""The endpoint's only interface."""
ENDPOINT_NEXT_HOP = "100.127.255.254"
"""Every endpoint's default next hop, on link; the top of 100.64.0.0/10, which no plan may use."""

_DEFAULT_GIVE_UP_S = 12
_DEFAULT_MTU_BYTES = 1500


@dataclass(frozen=True, slots=True)
class PlacedEnd:
    """A tunnel end on the host.

    Args:
        node: The node it belongs to.
        end: The model's tunnel end.
        router: Namespace of the node.
        interface: Linux name of the tunnel interface in ``router``.
        outer_interface: Linux name, in ``router``, of what leads to or holds the outer address.
        charon: Namespace that charon runs in.
        mtu_bytes: Inner MTU.
        mss_bytes: TCP MSS clamp.
    """

    node: Node
    end: TunnelEnd
    router: str
    interface: str
    outer_interface: str
    charon: str
    mtu_bytes: int
    mss_bytes: int


def placed_ends(network: Network, place: Place, options: LowerOptions) -> tuple[PlacedEnd, ...]:
    """Every tunnel end of a node with its names and sizes."""
    return tuple(_placed(network, place, end, options) for end in place.node.tunnel_ends)


def _placed(network: Network, place: Place, end: TunnelEnd, options: LowerOptions) -> PlacedEnd:
    interface = place.names[end.interface]
    userspace = options.esp is EspBackend.USERSPACE
    suffix = interface.removeprefix("ipsec")
    outer = f"gw{suffix}"
    if end.source_interface is not None and _is_loopback(place.node, end.source_interface):
        outer = place.names[end.source_interface]
    outer_mtu = min((circuit.mtu_bytes for circuit in network.circuits), default=_DEFAULT_MTU_BYTES)
    mtu = end.mtu_bytes or inner_mtu(outer_mtu, end.esp, udp_encapsulated=userspace)
    if userspace:
        mtu = min(mtu, USERSPACE_MAX_INNER_BYTES)
    stated = [size for size in (end.mss_bytes, _device_mss(place.node)) if size is not None]
    charon = namespace(network.name, f"{place.node.name}-t{suffix}") if userspace else place.namespace
    return PlacedEnd(place.node, end, place.namespace, interface, outer, charon, mtu, min([tcp_mss(mtu), *stated]))


def _is_loopback(node: Node, interface: str) -> bool:
    return node.interface(interface).kind is InterfaceKind.LOOPBACK


def _device_mss(node: Node) -> int | None:
    return node.stateful.tcp_mss_bytes if node.stateful is not None else None


def check_tunnels(network: Network, options: LowerOptions) -> Iterator[Finding]:
    """What the chosen back end cannot carry."""
    if options.esp is not EspBackend.USERSPACE:
        return
    for node in network.nodes:
        seen: dict[object, TunnelEnd] = {}
        for end in node.tunnel_ends:
            if end.mtu_bytes is not None and end.mtu_bytes > USERSPACE_MAX_INNER_BYTES:
                yield Finding(
                    "ESP-001",
                    Severity.ERROR,
                    f"tunnel {end.name} of {node.name}",
                    f"inner MTU {end.mtu_bytes}, but ESP in user space loses packets over {USERSPACE_MAX_INNER_BYTES}",
                    f"set {USERSPACE_MAX_INNER_BYTES} or less, or run with --esp kernel on a kernel that has ESP",
                    (end.origin,) if end.origin else (),
                )
            if end.local in seen:
                other = seen[end.local]
                yield Finding(
                    "ESP-002",
                    Severity.ERROR,
                    f"tunnel {end.name} of {node.name}",
                    f"shares the outer address {end.local} with {other.name}; in user space every tunnel needs its own",
                    "give each tunnel its own outer address, or run with --esp kernel",
                    tuple(place for place in (end.origin, other.origin) if place is not None),
                )
            seen[end.local] = end


def lower_tunnels(placed: tuple[PlacedEnd, ...], place: Place, options: LowerOptions) -> Iterator[Resource]:
    """Resources of all tunnel ends of one node."""
    if not placed:
        return
    if options.esp is EspBackend.KERNEL:
        give_up_s = max(_give_up_s(one.end) for one in placed)
        directory = f"{options.run_directory}/{node_directory(place.namespace)}/charon"
        config = render_charon(CharonOptions(directory, userspace_esp=False, give_up_s=give_up_s))
        yield Resource(Key(Kind.CHARON, place.namespace, ""), CharonSpec(config, tun=None))
    for one in placed:
        yield from _outer_routes(one, place)
        if options.esp is EspBackend.KERNEL:
            yield from _kernel_end(one, options)
        else:
            yield from _userspace_end(one, options)


def _outer_routes(one: PlacedEnd, place: Place) -> Iterator[Resource]:
    """Towards the outer address: the /32, and the connected prefix of the interface that owns it, if any."""
    table = GATEWAY_TABLE if one.node.platform is Platform.TRANSIT_ROUTER else MAIN_TABLE
    routes = {str(address.network): owner for address, owner in _source_addresses(one, place)}
    routes[str(host_prefix(one.end.local))] = one.outer_interface
    for prefix, interface in sorted(routes.items()):
        key = Key(Kind.ROUTE, one.router, f"{table} {prefix}")
        yield Resource(key, RouteSpec(table, prefix, via=None, interface=interface))


def _source_addresses(one: PlacedEnd, place: Place) -> tuple[tuple[InterfaceAddress, str], ...]:
    """Addresses of the interface that owns the outer address, each with its Linux name."""
    source = one.end.source_interface
    if source is None:
        return ()
    return tuple((address, place.names[source]) for address in one.node.interface(source).addresses)


def _userspace_end(one: PlacedEnd, options: LowerOptions) -> Iterator[Resource]:
    yield Resource(Key(Kind.NAMESPACE, one.charon, ""), NamespaceSpec(forwarding=False))
    cable = CableSpec(one.charon, WAN, _DEFAULT_MTU_BYTES)
    yield Resource(Key(Kind.LINK, one.router, one.outer_interface), cable)
    yield _address(one.router, one.outer_interface, f"{ENDPOINT_NEXT_HOP}/32")
    yield _address(one.charon, WAN, f"{one.end.local}/32")
    directory = f"{options.run_directory}/{node_directory(one.charon)}/charon"
    config = render_charon(CharonOptions(directory, userspace_esp=True, give_up_s=_give_up_s(one.end)))
    inside = None if one.end.inside is None else str(one.end.inside)
    tun = TunSpec(one.router, one.interface, one.mtu_bytes, inside)
    yield Resource(Key(Kind.CHARON, one.charon, ""), CharonSpec(config, tun))
    yield _connection(one, options, if_id=None)


def _kernel_end(one: PlacedEnd, options: LowerOptions) -> Iterator[Resource]:
    if_id = 1 + zlib.crc32(one.interface.encode()) % 0x7FFFFFFF
    yield Resource(Key(Kind.LINK, one.router, one.outer_interface), BridgeSpec(_DEFAULT_MTU_BYTES))
    yield _address(one.router, one.outer_interface, f"{one.end.local}/32")
    yield Resource(Key(Kind.LINK, one.router, one.interface), XfrmSpec(if_id, one.mtu_bytes))
    if one.end.inside is not None:
        yield _address(one.router, one.interface, str(one.end.inside))
    yield _connection(one, options, if_id=if_id)


def _connection(one: PlacedEnd, options: LowerOptions, if_id: int | None) -> Resource:
    updown = f"{options.run_directory}/updown {one.router} {one.interface}"
    userspace = options.esp is EspBackend.USERSPACE
    settings = connection_settings(one.end, userspace_esp=userspace, if_id=if_id, updown=updown)
    psk_name = f"{one.node.name}/{one.end.name}"
    digest = options.psk_digests.get((one.node.name, one.end.name), "")
    initiate = one.end.initiates and options.tunnels_initiate
    next_hop = ENDPOINT_NEXT_HOP if userspace else None
    spec = ConnectionSpec(json.dumps(settings, sort_keys=True), psk_name, digest, initiate, next_hop)
    return Resource(Key(Kind.CONNECTION, one.charon, one.interface), spec)


def _address(space: str, interface: str, address: str) -> Resource:
    return Resource(Key(Kind.ADDRESS, space, f"{interface} {address}"), AddressSpec(interface, address))


def _give_up_s(end: TunnelEnd) -> int:
    return _DEFAULT_GIVE_UP_S if end.dpd is None else end.dpd.timeout_s
