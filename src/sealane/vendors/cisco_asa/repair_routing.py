"""Repairs of routes and BGP."""

from collections.abc import Iterable

from sealane.model import InterfaceKind
from sealane.net import parse_address, parse_prefix
from sealane.vendors.cisco_asa.editing import RepairFacts, append, edit, lead, masked, nameif_towards, node_of, swap
from sealane.vendors.cisco_asa.text import SourceLine, split_lines

_EBGP_DISTANCE = 20
_FALLBACK_DISTANCE = 30
_TIMERS = "timers 10 30"
_LONG_HOLD_S = 30
_ZONE = "ALIYUN"
_DISTANCE_WORD = 5
"""Place of the distance in ``route IFNAME NETWORK MASK GATEWAY DISTANCE``."""
_NETWORK_WORDS = 4
"""Words of ``network A mask M``."""


def circuit_addresses(text: str, facts: RepairFacts) -> str:
    """The device's own address on the circuit, and the border router's as next hop."""
    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:3] == ("ip", "address", str(facts.cloud_address)):
            return (swap(line.raw, facts.cloud_address, facts.device_address),)
        if line.words[:1] == ("route",) and line.words[4:5] == (str(facts.device_address),):
            return (swap(line.raw, facts.device_address, facts.cloud_address),)
        return None

    return edit(text, change)


def _distance(line: SourceLine) -> int:
    words = line.words
    return int(words[_DISTANCE_WORD]) if len(words) > _DISTANCE_WORD and words[_DISTANCE_WORD].isdecimal() else 1


def _to_cloud(line: SourceLine, facts: RepairFacts) -> bool:
    """True for a static route that carries traffic to the VPC over the circuit."""
    if line.words[:1] != ("route",) or len(line.words) < _DISTANCE_WORD:
        return False
    network = parse_address(line.words[2])
    hop = line.words[4] in (str(facts.cloud_address), str(facts.device_address))
    return hop and network is not None and network in facts.cloud


def floating_static(text: str, facts: RepairFacts) -> str:
    """The way over the circuit behind what BGP tells."""
    floating = {
        line.words[:4] for line in split_lines(text, "") if _to_cloud(line, facts) and _distance(line) > _EBGP_DISTANCE
    }

    def change(line: SourceLine) -> Iterable[str] | None:
        if not _to_cloud(line, facts) or _distance(line) > _EBGP_DISTANCE:
            return None
        if line.words[:4] in floating:
            return ()
        return (f"{lead(line)}{' '.join(line.words[:_DISTANCE_WORD])} {_FALLBACK_DISTANCE}",)

    return edit(text, change)


def client_route(text: str, facts: RepairFacts) -> str:
    """A route for exactly what BGP is to tell."""
    if any(route.prefix == facts.clients for route in node_of(text).static_routes):
        return text
    nameif = nameif_towards(text, facts.core_router) or "private"
    return append(text, (f"route {nameif} {masked(facts.clients)} {facts.core_router} 1",))


def zone(text: str, _: RepairFacts) -> str:
    """One traffic zone for all tunnels, and a path through each."""
    node = node_of(text)
    bare = {one.name for one in node.interfaces if one.kind is InterfaceKind.TUNNEL and one.traffic_zone is None}
    tunnels = sum(one.kind is InterfaceKind.TUNNEL for one in node.interfaces)
    declared = any(line.words == ("zone", _ZONE) for line in split_lines(text, ""))

    def change(line: SourceLine) -> Iterable[str] | None:
        nonlocal declared
        if line.words[:1] == ("maximum-paths",):
            return (f"{lead(line)}maximum-paths {tunnels}",)
        if line.words[:1] != ("interface",) or not bare:
            return None
        zone = () if declared else (f"{lead(line)}zone {_ZONE}",)
        declared = True
        joins = " ".join(line.words[1:]) in bare
        return (*zone, line.raw, *((f"{lead(line)} zone-member {_ZONE}",) if joins else ()))

    return edit(text, change)


def timers(text: str, _: RepairFacts) -> str:
    """A short hold time for every session."""
    speaker = node_of(text).bgp
    slow = {str(one.address) for one in speaker.neighbors if one.hold_time_s > _LONG_HOLD_S} if speaker else set()

    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:1] != ("neighbor",) or line.words[1] not in slow:
            return None
        match line.words[2:3]:
            case ("timers",):
                return ()
            case ("remote-as",):
                return (line.raw, f"{lead(line)}neighbor {line.words[1]} {_TIMERS}")
            case _:
                return None

    return edit(text, change)


def filters(text: str, facts: RepairFacts) -> str:
    """Lists of what is believed and what is told."""
    speaker = node_of(text).bgp
    if speaker is None:
        return text
    bare_in = {str(one.address) for one in speaker.neighbors if not (one.import_prefix_list or one.import_route_map)}
    bare_out = {str(one.address) for one in speaker.neighbors if not (one.export_prefix_list or one.export_route_map)}
    lists = [f"prefix-list ALIYUN-IN seq 5 permit {facts.cloud} le 24"] if bare_in else []
    sent = enumerate(sorted(one.prefix for one in speaker.networks), start=1)
    lists += [f"prefix-list ALIYUN-OUT seq {5 * number} permit {prefix}" for number, prefix in sent if bare_out]

    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:2] == ("router", "bgp"):
            return (*(f"{lead(line)}{one}" for one in lists), line.raw)
        if line.words[:1] != ("neighbor",) or line.words[2:3] != ("remote-as",):
            return None
        address = line.words[1]
        added = [
            f"prefix-list ALIYUN-{way.upper()} {way}"
            for way, bare in (("in", bare_in), ("out", bare_out))
            if address in bare
        ]
        return (line.raw, *(f"{lead(line)}neighbor {address} {one}" for one in added))

    return edit(text, change)


def narrow_fallback(text: str, facts: RepairFacts) -> str:
    """The clear fallback for what the tunnels carry, not for more."""
    def change(line: SourceLine) -> Iterable[str] | None:
        if not _to_cloud(line, facts) or line.words[2:4] != tuple(masked(facts.cloud).split()):
            return None
        words = (line.words[0], line.words[1])
        tail = f"{line.words[4]} {_distance(line)}"
        return tuple(f"{lead(line)}{' '.join(words)} {masked(prefix)} {tail}" for prefix in facts.announced)

    return edit(text, change)


def keep_outer_networks_back(text: str, facts: RepairFacts) -> str:
    """No word of the networks that the outer addresses are in."""
    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:1] != ("network",) or line.words[2:3] != ("mask",):
            return None
        network = parse_prefix(f"{line.words[1]}/{line.words[3]}") if len(line.words) == _NETWORK_WORDS else None
        return () if network is not None and any(own in network for own in facts.vpn_addresses) else None

    return edit(text, change)


def fail_closed(text: str, facts: RepairFacts) -> str:
    """No way in clear."""
    clear = f"extended permit ip {masked(facts.cloud)} {masked(facts.clients)}"

    def change(line: SourceLine) -> Iterable[str] | None:
        if _to_cloud(line, facts):
            return ()
        return () if line.words[:1] == ("access-list",) and " ".join(line.words[2:]) == clear else None

    return edit(text, change)
