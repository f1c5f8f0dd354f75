"""The meter: counters on the circuit-facing port that tell ESP, IKE and clear protected packets apart.

Table ``inet sealane_meter``, one for each circuit port. Every packet that crosses the port passes one of the two hooks
once and one class:

1. ``class_ike`` and ``class_esp``: between the ends of a tunnel (RFC 7296, RFC 4303, RFC 3948) and nothing else
   between them, so that other traffic of these addresses counts as clear;
2. ``class_routing`` between the two addresses of the circuit: BGP (RFC 4271) and BFD (RFC 5881, RFC 5883);
3. ``clear_<protection>_to_site`` and ``_to_cloud``: a protected pair in clear. A required protection is dropped: before
   it leaves, ``blocked_...`` counts it and nothing crossed; on arrival it has crossed, so ``clear_...`` counts it and
   ``refused_...`` tells that it went no further;
4. ``class_routing`` between other addresses, then ``class_other``.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sealane.model import Circuit, Mode, Network, Protection
from sealane.net import Address
from sealane.vendors.nftables.text import address_set, chain, linux_name, prefix_set, slug, table

METER_TABLE = "sealane_meter"

_STRICTEST = (Mode.REQUIRED, Mode.MONITOR, Mode.OPEN)
_DIRECTIONS = ("to_site", "to_cloud")
_CLASSES = ("ike", "esp", "routing", "other")
_CLASS = "class_"  # a bare "esp" is a keyword
_BGP = "tcp dport 179", "tcp sport 179"
# Single-hop BFD and echo (RFC 5881), multihop BFD (RFC 5883).
_BFD = ("udp dport { 3784, 3785, 4784 }",)


@dataclass(frozen=True, slots=True)
class Count:
    """Packets and their bytes, IP header included."""

    packets: int = 0
    bytes: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.packets + other.packets, self.bytes + other.bytes)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What crossed a circuit since its meter was set.

    Args:
        ike, esp, routing, other: See the module.
        clear_protected: All protected packets that crossed in clear.
        blocked: Protected packets dropped before they left.
        refused: Protected packets dropped on arrival; they are part of ``clear_protected`` too.
        clear_by: (slug of the protection, ``to_site`` or ``to_cloud``) -> packets that crossed in clear.
        blocked_by, refused_by: Likewise.
    """

    ike: Count
    esp: Count
    routing: Count
    other: Count
    clear_protected: Count
    blocked: Count
    refused: Count
    clear_by: Mapping[tuple[str, str], Count]
    blocked_by: Mapping[tuple[str, str], Count]
    refused_by: Mapping[tuple[str, str], Count]


def meter(
    circuit: Circuit,
    interface: str,
    protections: Iterable[Protection],
    *,
    tunnels: Iterable[tuple[Address, Address]] | None = None,
    circuit_addresses: Iterable[Address] = (),
    enforce: bool = True,
    name: str = METER_TABLE,
) -> str:
    """The meter of one circuit, for the namespace that owns a port of it (either end).

    Args:
        circuit: The circuit, for its name.
        interface: Linux name of the port.
        protections: What must not cross in clear.
        tunnels: Outer address pairs of the tunnels. None takes any pair for a tunnel, for a far end nobody modelled.
        circuit_addresses: Addresses of both ends of the circuit.
        enforce: False counts what a required protection would drop as clear and lets it pass.
        name: Of the table; a namespace with several circuit ports has a meter for each.

    Raises:
        ValueError: The interface name is not one the kernel would take.
    """
    shared = _Shared.of(protections, None if tunnels is None else tuple(tunnels), enforce=enforce)
    return shared.meter(circuit, interface, circuit_addresses, name)


@dataclass(frozen=True, slots=True)
class _Shared:
    """What the meters of all circuits of a network have in common, and most of it where there are many sites."""

    counters: tuple[str, ...]
    outer: tuple[str, ...]
    to_outer: tuple[str, ...]
    arriving: tuple[str, ...]
    leaving: tuple[str, ...]

    @classmethod
    def of(
        cls, protections: Iterable[Protection], tunnels: Iterable[tuple[Address, Address]] | None, *, enforce: bool
    ) -> "_Shared":
        """Arguments as for ``meter``."""
        # The strictest mode first: where protections overlap, a lax one must not let pass what a required one drops.
        wanted = tuple(sorted(protections, key=lambda found: (_STRICTEST.index(found.mode), found.name)))
        pairs = None if tunnels is None else sorted(set(tunnels))
        rules = [*_OUTER_RULES] if pairs is None else [*_OUTER_RULES, _LATER_FRAGMENT]
        return cls(
            tuple(f"counter {name} {{ }}" for name in _counters(wanted, enforce=enforce)),
            tuple(chain("outer", None, rules)) if pairs is None or pairs else (),
            tuple(_to_outer(pairs)),
            tuple(_rules_of(wanted, arriving=True, enforce=enforce)),
            tuple(_rules_of(wanted, arriving=False, enforce=enforce)),
        )

    def meter(self, circuit: Circuit, interface: str, circuit_addresses: Iterable[Address], name: str) -> str:
        """Arguments as for the function."""
        port = linux_name(interface)
        body = [f"comment {_comment(circuit.name)}", *self.counters, *self.outer]
        first = (*self.to_outer, *_circuit_routing(circuit_addresses))
        for way, hook, match, protected in (
            ("arriving", "type filter hook prerouting priority -300; policy accept;", f"iifname {port}", self.arriving),
            ("leaving", "type filter hook postrouting priority 300; policy accept;", f"oifname {port}", self.leaving),
        ):
            body.extend(chain(way, hook, [f"{match} jump classify_{way}"]))
            last = (*_routing(""), "counter name class_other")
            body.extend(chain(f"classify_{way}", None, [*first, *protected, *last]))
        return table(name, body)


def meter_table_of(interface: str) -> str:
    """Name of the table of one of several meters in a namespace, by the Linux name of its port."""
    return f"{METER_TABLE}_{slug(interface)}"


class Meters:
    """The meters of a Network, with everything that it tells about its circuits."""

    def __init__(self, network: Network) -> None:
        self._network = network
        pairs = tuple((pair.near.local, pair.near.remote) for pair in network.tunnels())
        self._shared = _Shared.of(network.protections, pairs, enforce=True)

    def of(self, circuit: Circuit, interface: str, *, name: str = METER_TABLE) -> str:
        """The meter of a circuit; arguments as for ``meter``."""
        ends = [circuit.cloud, *([circuit.site] if circuit.site is not None else [])]
        found = [self._network.node(end.node).interface(end.interface) for end in ends]
        return self._shared.meter(circuit, interface, [one.ip for port in found for one in port.addresses], name)


def read_meter(json_text: str, name: str = METER_TABLE) -> MeterReading:
    """The reading in the answer of ``nft -j list counters table inet NAME``.

    Raises:
        ValueError: The answer is not JSON of that form, or has no meter in it.
    """
    found: dict[str, Count] = {}
    for item in json.loads(json_text)["nftables"]:
        counter = item.get("counter")
        if counter is not None and counter.get("table") == name:
            found[counter["name"]] = Count(int(counter["packets"]), int(counter["bytes"]))
    missing = [one for one in _CLASSES if _CLASS + one not in found]
    if missing:
        raise ValueError(f"no counter {', '.join(missing)} in table {name}")
    clear, blocked, refused = (_by_protection(found, head) for head in ("clear_", "blocked_", "refused_"))
    return MeterReading(
        **{one: found[_CLASS + one] for one in _CLASSES},
        clear_protected=sum(clear.values(), Count()),
        blocked=sum(blocked.values(), Count()),
        refused=sum(refused.values(), Count()),
        clear_by=clear,
        blocked_by=blocked,
        refused_by=refused,
    )


def _by_protection(found: Mapping[str, Count], head: str) -> dict[tuple[str, str], Count]:
    return {
        (name.removeprefix(head).removesuffix(f"_{direction}"), direction): count
        for name, count in sorted(found.items())
        for direction in _DIRECTIONS
        if name.startswith(head) and name.endswith(f"_{direction}")
    }


def _comment(text: str) -> str:
    return '"circuit ' + re.sub(r"[^A-Za-z0-9 _-]", "_", text)[:80] + '"'


def _counters(protections: Sequence[Protection], *, enforce: bool) -> Iterator[str]:
    yield from (_CLASS + name for name in _CLASSES)
    for protection in protections:
        heads = ("clear", "blocked", "refused") if _dropped(protection, enforce=enforce) else ("clear",)
        for head in heads:
            for direction in _DIRECTIONS:
                yield f"{head}_{slug(protection.name)}_{direction}"


def _dropped(protection: Protection, *, enforce: bool) -> bool:
    return enforce and protection.mode is Mode.REQUIRED


_OUTER_RULES = [
    # ESP data first, since it is nearly everything; a keepalive is too short for this to match
    "udp dport 4500 @th,64,32 != 0x0 counter name class_esp accept",
    "udp sport 4500 @th,64,32 != 0x0 counter name class_esp accept",
    "ip protocol esp counter name class_esp accept",
    "udp sport 500 udp dport 500 counter name class_ike accept",
    "udp dport 4500 udp length 9 counter name class_ike accept",
    "udp sport 4500 udp length 9 counter name class_ike accept",
    "udp dport 4500 @th,64,32 0x0 counter name class_ike accept",
    "udp sport 4500 @th,64,32 0x0 counter name class_ike accept",
]
"""The first four octets after UDP 4500 are zero for IKE (RFC 3948, 2.2); one octet alone is a keepalive (2.3)."""

_LATER_FRAGMENT = "ip protocol udp ip frag-off & 0x1fff != 0 counter name class_esp accept"
"""It has no UDP header; the first of its datagram was classified by ports, so nothing hides here."""


def _to_outer(pairs: Sequence[tuple[Address, Address]] | None) -> list[str]:
    """The look-up that decides, once for a packet, whether it is between the ends of a tunnel."""
    if pairs is None:
        return ["jump outer"]
    if not pairs:
        return []
    both = sorted({*pairs, *((far, near) for near, far in pairs)})
    ends = ", ".join(f"{source} . {destination}" for source, destination in both)
    return [f"ip saddr . ip daddr {{ {ends} }} jump outer"]


def _circuit_routing(addresses: Iterable[Address]) -> list[str]:
    known = set(addresses)
    if not known:
        return []
    ends = address_set(known)
    return _routing(f"ip saddr {ends} ip daddr {ends} ")


def _routing(match: str) -> list[str]:
    return [f"{match}{rule} counter name class_routing accept" for rule in (*_BGP, *_BFD)]


def _rules_of(protections: Iterable[Protection], *, arriving: bool, enforce: bool) -> Iterator[str]:
    for protection in protections:
        if not protection.cloud or not protection.site:
            continue
        cloud, site = prefix_set(protection.cloud), prefix_set(protection.site)
        for direction, source, destination in (("to_site", cloud, site), ("to_cloud", site, cloud)):
            name = f"{slug(protection.name)}_{direction}"
            if not _dropped(protection, enforce=enforce):
                verdict = f"counter name clear_{name} accept"
            elif arriving:
                verdict = f"counter name clear_{name} counter name refused_{name} drop"
            else:
                verdict = f"counter name blocked_{name} drop"
            yield f"ip saddr {source} ip daddr {destination} {verdict}"

