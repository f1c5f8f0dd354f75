"""A virtual border router as one BIRD.

One table holds its custom routes over the circuit, what the customer announces and what the transit router publishes;
it goes to the node's forwarding table whole. In that order of preference for equal prefixes: a route the user wrote
stands above what was learned, the circuit above the transit router.

To the customer go the routes of the transit router, nothing that the circuit itself leads to: a VBR in a transit
router advertises its routes to the customer by itself, and a route back over the line it came from would be a loop.
"""

from collections.abc import Iterator, Mapping

from sealane.model import DEFAULT_VBR_ASN, BgpNeighbor, Network, Node, Port, RouteType, VirtualBorderRouter
from sealane.net import Address
from sealane.vendors.bird.base import kernel, kernel_protocol, preamble, router_id, session, timers
from sealane.vendors.bird.links import other_host, own_address, peer_address
from sealane.vendors.bird.marks import STRIP_WIRE_MARKS, wire_mark
from sealane.vendors.bird.text import address_symbol, block, comment, linux_name

_CIRCUIT, _TRANSIT = 1, 2
_TABLE = "rt_vbr"  # a bare "routes" is a keyword


def render_vbr(
    network: Network,
    node: Node,
    names: Mapping[str, str],
    kernel_table: int,
    socket: str | None = None,
    *,
    log: str | None = None,
    redacted: bool = False,
) -> str:
    """The complete ``bird.conf`` of a VBR; arguments and errors as for a transit router.

    ``kernel_table`` is the table the node forwards by, 254 for its main table.
    """
    vbr = node.vbr
    if vbr is None:
        raise ValueError(f"{node.name} is not a VBR")
    lines = [
        *preamble(node, router_id(node), log, socket),
        "attribute int sl_side;",
        f"ipv4 table {_TABLE};",
        *kernel(kernel_protocol(None), _TABLE, kernel_table),
        *_custom_routes(network, node, vbr),
        *_transit_session(network, node, vbr, names),
    ]
    for neighbor in sorted(vbr.neighbors, key=lambda found: found.address):
        lines.extend(_customer_session(node, vbr, neighbor, names, redacted=redacted))
    return "\n".join(lines) + "\n"


def circuit_next_hop(network: Network, node: Node) -> Address:
    """The customer's address on the circuit.

    Taken from the VBR's own side (as configured, a neighbor there, the other host of a /30), since a device may be
    misconfigured; only then from the far port.

    Raises:
        ValueError: Nothing tells it.
    """
    vbr = node.vbr
    if vbr is None:
        raise ValueError(f"{node.name} is not a VBR")
    if vbr.peer_address is not None:
        return vbr.peer_address
    here = own_address(node, vbr.circuit_interface)
    for neighbor in sorted(vbr.neighbors, key=lambda found: found.address):
        if neighbor.address in here.network:
            return neighbor.address
    other = other_host(here)
    if other is not None:
        return other
    for circuit in network.circuits:
        if circuit.cloud == Port(node.name, vbr.circuit_interface) and circuit.site is not None:
            for address in network.node(circuit.site.node).interface(circuit.site.interface).addresses:
                if address.ip in here.network and address.ip != here.ip:
                    return address.ip
    raise ValueError(f"{node.name}: the customer's address in {here.network} is not known")


def _custom_routes(network: Network, node: Node, vbr: VirtualBorderRouter) -> Iterator[str]:
    """``check link`` takes the routes away with the circuit's carrier (BIRD User's Guide, 6.14)."""
    if not vbr.circuit_routes:
        return
    routes: list[str] = []
    for route in sorted(vbr.circuit_routes, key=lambda found: found.prefix):
        hop = "blackhole" if route.attachment is None else f"via {circuit_next_hop(network, node)}"
        routes.append(f"route {route.prefix} {hop};")
    marks = [*_marks(_CIRCUIT, RouteType.CUSTOM), "preference = 300;", "accept;"]
    channel = block("ipv4", [f"table {_TABLE};", *block("import filter", marks, "};")], "};")
    yield from block("protocol static custom", ["check link yes;", *channel, *routes])
    yield ""


def _transit_session(
    network: Network, node: Node, vbr: VirtualBorderRouter, names: Mapping[str, str]
) -> Iterator[str]:
    if vbr.transit_router is None or vbr.attachment_interface is None:
        return
    interface = vbr.attachment_interface
    arriving = [STRIP_WIRE_MARKS, f"sl_side = {_TRANSIT};", "preference = 100;", "accept;"]
    leaving = [f"if !defined(sl_side) || sl_side != {_CIRCUIT} then reject;", "unset(bgp_med);", "accept;"]
    yield from block(
        "protocol bgp transit",
        [
            f"local {own_address(node, interface).ip} as {DEFAULT_VBR_ASN};",
            f"neighbor {peer_address(network, node, interface, vbr.transit_router)} as {DEFAULT_VBR_ASN};",
            "direct;",
            f"interface {linux_name(names, interface)};",
            *timers(10, 30),
            *_channel(arriving, leaving),
        ],
    )
    yield ""


def _customer_session(
    node: Node, vbr: VirtualBorderRouter, neighbor: BgpNeighbor, names: Mapping[str, str], *, redacted: bool
) -> Iterator[str]:
    here = own_address(node, vbr.circuit_interface)
    arriving = [
        STRIP_WIRE_MARKS,
        *_marks(_CIRCUIT, RouteType.BGP),
        "preference = 200;",
        "bgp_local_pref = 100;",
        "accept;",
    ]
    leaving = [f"if sl_side != {_TRANSIT} then reject;", "unset(bgp_med);", STRIP_WIRE_MARKS, "accept;"]
    yield comment(neighbor.description or f"customer {neighbor.address}")
    yield from block(
        f"protocol bgp customer_{address_symbol(neighbor.address)}",
        [
            *session(
                neighbor,
                local_asn=neighbor.local_asn or vbr.local_asn,
                local_address=here.ip,
                interface=linux_name(names, neighbor.interface or vbr.circuit_interface),
                redacted=redacted,
            ),
            *_channel(arriving, leaving),
        ],
    )
    yield ""


def _marks(side: int, route_type: RouteType) -> list[str]:
    return [f"sl_side = {side};", f"bgp_large_community.add({wire_mark(route_type)});"]


def _channel(arriving: list[str], leaving: list[str]) -> list[str]:
    return block(
        "ipv4",
        [
            f"table {_TABLE};",
            "next hop self;",
            *block("import filter", arriving, "};"),
            *block("export filter", leaving, "};"),
        ],
        "};",
    )
