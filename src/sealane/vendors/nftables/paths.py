"""Small tables for tunnel paths: recursion guard, MSS clamp, and the drill that makes a tunnel fail."""

from collections.abc import Iterable, Mapping

from sealane.net import Address
from sealane.vendors.nftables.text import chain, linux_name, linux_names, table

GUARD_TABLE = "sealane_guard"
MSS_TABLE = "sealane_mss"
DRILL_TABLE = "sealane_drill"

_SEGMENT_BYTES = range(88, 65496)  # Linux' TCP_MIN_MSS; largest IPv4 packet less 40
_FORWARD = "type filter hook forward priority {}; policy accept;"
_OUTPUT = "type filter hook output priority {}; policy accept;"


def guard(tunnel_interfaces: Iterable[str], tunnels: Iterable[tuple[Address, Address]] | None = None) -> str:
    """Drops and counts (``recursion``) outer packets that routing sends into a tunnel.

    Without it a user-space tunnel feeds on its own packets until the daemon melts; kernel ESP drops them itself
    (ELOOP). With ``tunnels`` only packets between these outer addresses count, and IPsec of hosts inside passes.
    """
    names = sorted(set(tunnel_interfaces))
    if not names:
        return table(GUARD_TABLE, [])
    outer = "" if tunnels is None else _either_way(tunnels)
    if outer is None:
        return table(GUARD_TABLE, [])
    # Names are looked up as text, the dearest of all tests: nearly every packet is TCP and none of these.
    leaving = ["meta l4proto tcp accept", f"oifname {linux_names(names)} {outer}jump outer"]
    rules = [
        "udp sport { 500, 4500 } counter name recursion drop",
        "udp dport { 500, 4500 } counter name recursion drop",
        "ip protocol esp counter name recursion drop",
    ]
    return table(
        GUARD_TABLE,
        [
            "counter recursion { }",
            *chain("outer", None, rules),
            *chain("forward", _FORWARD.format(0), leaving),
            *chain("output", _OUTPUT.format(0), leaving),
        ],
    )


def mss_clamp(mss_by_interface: Mapping[str, int]) -> str:
    """Lowers the MSS of TCP connections through an interface, in both directions; never raises it.

    One test lets go of every packet that opens no connection.

    Args:
        mss_by_interface: Linux name -> largest segment in bytes.

    Raises:
        ValueError: A size no IPv4 TCP can use, or a name the kernel would not take.
    """
    rules: list[str] = []
    for name, size in sorted(mss_by_interface.items()):
        if size not in _SEGMENT_BYTES:
            raise ValueError(f"{name}: an MSS of {size} bytes, expected 88-65495")
        rules.extend(
            f"{side} {linux_name(name)} tcp option maxseg size set {size}" for side in ("iifname", "oifname")
        )
    if not rules:
        return table(MSS_TABLE, [])
    opening = ["tcp flags & (syn | rst) == syn jump clamp"]
    return table(MSS_TABLE, [*chain("clamp", None, rules), *chain("forward", _FORWARD.format("mangle"), opening)])


def drill(pairs: Iterable[tuple[Address, Address]]) -> str:
    """A black hole for the outer packets of tunnels, both ways, at a node that forwards or ends them.

    Everything between the two addresses of a pair is dropped and counted (``dropped``); no pairs remove the drill.
    """
    match = _either_way(pairs)
    if match is None:
        return table(DRILL_TABLE, [])
    rules = [f"{match}counter name dropped drop"]
    return table(
        DRILL_TABLE,
        [
            "counter dropped { }",
            # After the meter (-300), so that what arrives is still counted.
            *chain("arriving", "type filter hook prerouting priority -250; policy accept;", rules),
            *chain("output", _OUTPUT.format(-250), rules),
        ],
    )


def _either_way(pairs: Iterable[tuple[Address, Address]]) -> str | None:
    known = set(pairs)
    both = sorted({*known, *((far, near) for near, far in known)})
    if not both:
        return None
    return "ip saddr . ip daddr { " + ", ".join(f"{one} . {other}" for one, other in both) + " } "
