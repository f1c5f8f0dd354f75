"""A VPC that takes the routes of a transit router, as one BIRD.

Its own routes, those of vSwitches and of route entries, are the kernel's; they stand above what is published, so that a
prefix of theirs is not taken (Vpc 2016-04-28: a route entry of a VPC before a propagated one).
"""

from collections.abc import Iterable, Mapping

from sealane.model import DEFAULT_VBR_ASN, Node
from sealane.net import Prefix
from sealane.vendors.bird.base import kernel, kernel_protocol, preamble, timers
from sealane.vendors.bird.links import own_address
from sealane.vendors.bird.marks import STRIP_WIRE_MARKS
from sealane.vendors.bird.text import block, linux_name, prefix_set

_TABLE = "rt_vpc"


def render_vpc(
    node: Node,
    names: Mapping[str, str],
    kernel_table: int,
    socket: str | None = None,
    *,
    log: str | None = None,
) -> str:
    """The complete ``bird.conf`` of a VPC with a publisher; arguments and errors as for a border router."""
    publisher = node.publisher
    if publisher is None:
        raise ValueError(f"nothing is published to {node.name}")
    here = own_address(node, publisher.interface).ip
    lines = [
        *preamble(node, here, log, socket),
        f"ipv4 table {_TABLE};",
        *kernel(kernel_protocol(None), _TABLE, kernel_table),
        *block(
            "protocol bgp transit",
            [
                f"local {here} as {DEFAULT_VBR_ASN};",
                f"neighbor {publisher.address} as {DEFAULT_VBR_ASN};",
                "direct;",
                f"interface {linux_name(names, publisher.interface)};",
                "allow local as;",  # a VPC has no AS that a path could go round through
                *timers(10, 30),
                *block("ipv4", _channel(node), "};"),
            ],
        ),
    ]
    return "\n".join(lines) + "\n"


def _channel(node: Node) -> Iterable[str]:
    arriving = [f"if net ~ {prefix_set(_own(node))} then reject;", STRIP_WIRE_MARKS, "accept;"]
    return [f"table {_TABLE};", *block("import filter", arriving, "};"), "export none;"]


def _own(node: Node) -> set[Prefix]:
    """Prefixes that the kernel has routes to by itself."""
    connected = {address.network for one in node.interfaces for address in one.addresses}
    return connected | {route.prefix for route in node.static_routes}
