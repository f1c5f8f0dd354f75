"""What every BIRD of ours has in common."""

import zlib
from collections.abc import Iterable

from sealane.model import Bfd, BgpNeighbor, Node
from sealane.net import Address, Asn, Prefix
from sealane.vendors.bird.text import block, comment, password, quoted, slug

_LOCAL_TABLE = 255  # the kernel's own (rt_tables)


def preamble(node: Node, router_id: Address, log: str | None, socket: str | None) -> list[str]:
    """Comment, log, identity and the protocols every router needs.

    ``log`` is a file, None is standard error. BIRD takes its control socket from the command line; it is only noted.
    """
    sink = "stderr" if log is None else quoted(log)
    lines = [comment(f"{node.name}: written by sealane, changes made here are lost")]
    if socket is not None:
        lines.append(comment(f"control: birdc -s {socket}"))
    return [
        *lines,
        f"log {sink} {{ info, remote, warning, error, auth, fatal, bug }};",
        f"router id {router_id};",
        "debug protocols off;",
        "",
        "protocol device { scan time 1; }",
        "protocol bfd { }",
        "",
    ]


_ROUTER_IDS = Prefix("100.64.0.0/10")
"""Shared address space that no network of a user may be in."""


def router_id(node: Node) -> Address:
    """The speaker's id, which stays while interfaces come and go: another one would reset every session.

    A transit router's follows from its name, since it has no address of its own. A border router's is its lowest.

    Raises:
        ValueError: A border router without an address.
    """
    if node.bgp is not None and node.bgp.router_id is not None:
        return node.bgp.router_id
    if node.transit_router is not None:
        offset = 1 + zlib.crc32(node.name.encode()) % (_ROUTER_IDS.num_addresses - 2)
        return Address(int(_ROUTER_IDS.network_address) + offset)
    addresses = sorted(address.ip for interface in node.interfaces for address in interface.addresses)
    if not addresses:
        raise ValueError(f"{node.name} has no address to take a router id from")
    return addresses[0]


def kernel_protocol(table: str | None) -> str:
    """BIRD's name for what brings a route table into the kernel; None is the only table of a border router."""
    return "fib" if table is None else f"fib_{slug(table)}"


def kernel(name: str, table: str, number: int) -> list[str]:
    """Export of one BIRD table to one kernel table; equally good routes become one multipath route.

    ``learn off`` leaves routes of others alone. Source: BIRD User's Guide, 6.6 "Kernel".
    """
    return [
        *block(
            f"protocol kernel {name}",
            [
                f"kernel table {_kernel_number(number)};",
                "scan time 10;",
                "learn off;",
                "merge paths on limit 16;",
                f"ipv4 {{ table {table}; import none; export all; }};",
            ],
        ),
        "",
    ]


def _kernel_number(number: int) -> int:
    if not 0 < number < 2**32 or number == _LOCAL_TABLE:
        raise ValueError(f"kernel table {number}: expected 1-4294967295 without 255, the kernel's local table")
    return number


def session(
    neighbor: BgpNeighbor, *, local_asn: Asn, local_address: Address | None, interface: str | None, redacted: bool
) -> list[str]:
    """The statements of an eBGP session apart from its channel.

    ``interface`` is quoted already. Graceful restart is off so that a lost session withdraws its routes at once: stale
    routes into a dead tunnel would be a black hole.
    """
    source = neighbor.local_address or local_address
    local = f"local {source} as {local_asn};" if source is not None else f"local as {local_asn};"
    lines = [local, f"neighbor {neighbor.address} as {neighbor.remote_asn};"]
    if neighbor.multihop_ttl is not None:
        lines.append(f"multihop {neighbor.multihop_ttl};")
    else:
        lines.append("direct;")
        if interface is not None:
            lines.append(f"interface {interface};")
    lines.extend(timers(neighbor.keepalive_s, neighbor.hold_time_s))
    if neighbor.bfd is not None:
        lines.append(_bfd(neighbor.bfd))
    if neighbor.password is not None:
        lines.append(password(neighbor.password, redacted=redacted))
    return lines


def timers(keepalive_s: int, hold_time_s: int) -> Iterable[str]:
    """Session timers; reconnects are quick, since tunnels come and go (the defaults wait up to 120 s)."""
    return (
        f"keepalive time {keepalive_s};",
        f"hold time {hold_time_s};",
        "connect delay time 1;",
        "connect retry time 2;",
        "error wait time 1, 5;",
        "graceful restart off;",
        "long lived graceful restart off;",
        "med metric on;",
    )


def _bfd(bfd: Bfd) -> str:
    return f"bfd {{ interval {bfd.interval_ms} ms; multiplier {bfd.multiplier}; }};"
