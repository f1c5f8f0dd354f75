"""Repairs: one known mistake of a text corrected at a time, so that it shows which mistake hides which."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sealane.diag import Origin
from sealane.model import Interface, InterfaceKind, Node
from sealane.net import Address, NodeName, Prefix, parse_address, parse_prefix
from sealane.vendors.cisco_asa.reader import indents, read
from sealane.vendors.cisco_asa.text import MASK, Noise, SourceLine, split_lines

_EBGP_DISTANCE = 20
_FALLBACK_DISTANCE = 30
_TIMERS = "timers 10 30"
_LONG_HOLD_S = 30
_ZONE = "ALIYUN"
_CONSOLE_WORDS = frozenset({"enable", "configure", "show", "exit", "end", "write"})
_DISTANCE_WORD = 5
"""Place of the distance in ``route IFNAME NETWORK MASK GATEWAY DISTANCE``."""
_NETWORK_WORDS = 4
"""Words of ``network A mask M``."""


@dataclass(frozen=True, slots=True)
class RepairFacts:
    """What the plan knows and the text does not.

    Args:
        cloud_address, device_address: The two ends of the circuit.
        cloud: The VPC's prefix.
        announced: What the cloud announces through the tunnels; longer than ``cloud`` or equal to it.
        gateways: The cloud's outer addresses.
        vpn_addresses: The device's outer addresses.
        clients: The site network whose traffic is protected.
        core_router: Next hop towards the clients.
    """

    cloud_address: Address
    device_address: Address
    cloud: Prefix
    announced: tuple[Prefix, ...]
    gateways: tuple[Address, ...]
    vpn_addresses: tuple[Address, ...]
    clients: Prefix
    core_router: Address


Transformation = Callable[[str, RepairFacts], str]
Edit = Callable[[SourceLine], Iterable[str] | None]
"""The lines that stand for a line; None keeps it as it is."""


@dataclass(frozen=True, slots=True)
class Repair:
    """A step of a demonstration.

    Args:
        defects: What it repairs, as ``("D1",)``; see docs/vendors/cisco-asa.md.
        title: What it changes.
        symptom: What a rehearsal shows before it, all earlier repairs being made.
        apply: The transformation; applying it twice is applying it once.
    """

    defects: tuple[str, ...]
    title: str
    symptom: str
    apply: Transformation


def repair(text: str, defect: str, facts: RepairFacts) -> str:
    """The text with one defect repaired; unchanged where the defect is absent.

    Raises:
        KeyError: No repair is known for the defect.
    """
    for one in (*REPAIRS, *OPTIONAL_REPAIRS):
        if defect in one.defects:
            return one.apply(text, facts)
    raise KeyError(f"no repair for {defect}")


def _edit(text: str, change: Edit) -> str:
    out: list[str] = []
    for line in split_lines(text, ""):
        changed = change(line)
        out.extend([line.raw] if changed is None else changed)
    return "\n".join(out) + "\n"


def _node(text: str) -> Node:
    return read(text, "", NodeName("device")).node


def _port_towards(node: Node, address: Address) -> Interface | None:
    return next((one for one in node.interfaces for own in one.addresses if address in own.network), None)


def _nameif_towards(text: str, address: Address) -> str | None:
    port = _port_towards(_node(text), address)
    return port.nameif if port else None


def _swap(raw: str, old: Address, new: Address) -> str:
    return re.sub(rf"(?<![\d.]){re.escape(str(old))}(?![\d.])", str(new), raw, count=1)


def _lead(line: SourceLine) -> str:
    return line.raw[: len(line.raw) - len(line.raw.lstrip())]


def _append(text: str, commands: Iterable[str]) -> str:
    """Add the commands that the text does not hold yet, at its end."""
    present = {line.words for line in split_lines(text, "")}
    missing = [command for command in commands if tuple(command.split()) not in present]
    return text.rstrip("\n") + "\n" + "".join(f"{command}\n" for command in missing)


def _masked(prefix: Prefix) -> str:
    return f"{prefix.network_address} {prefix.netmask}"


def _device_input(text: str, _: RepairFacts) -> str:
    depths: Mapping[Origin, int] = dict(
        zip((line.origin for line in split_lines(text, "")), indents(text), strict=True)
    )

    def change(line: SourceLine) -> Iterable[str] | None:
        if Noise.CHATTER in line.noise or (line.prompted and (not line.words or line.words[0] in _CONSOLE_WORDS)):
            return ()
        if line.words:
            return (" " * depths[line.origin] + " ".join(line.words),)
        note = line.raw.strip().lstrip("#!: ").strip()
        return (f"! {note}",) if note else ("!",)

    lines = _edit(text, change).split("\n")
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line != "!" or before != "!")


def _circuit_addresses(text: str, facts: RepairFacts) -> str:
    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:3] == ("ip", "address", str(facts.cloud_address)):
            return (_swap(line.raw, facts.cloud_address, facts.device_address),)
        if line.words[:1] == ("route",) and line.words[4:5] == (str(facts.device_address),):
            return (_swap(line.raw, facts.device_address, facts.cloud_address),)
        return None

    return _edit(text, change)


def _let_cloud_in(text: str, facts: RepairFacts) -> str:
    nameif = _nameif_towards(text, facts.cloud_address) or "VBR"
    name = f"{nameif}-IN"
    rules = [
        f"access-list {name} extended permit {what}"
        for gateway in facts.gateways
        for own in facts.vpn_addresses
        for what in (
            f"udp host {gateway} host {own} eq isakmp",
            f"udp host {gateway} host {own} eq 4500",
            f"esp host {gateway} host {own}",
        )
    ]
    rules.append(f"access-list {name} extended permit ip {_masked(facts.cloud)} {_masked(facts.clients)}")
    group = f"access-group {name} in interface {nameif}"
    inspect = ("policy-map global_policy", " class inspection_default", "  inspect icmp")
    return _append(text, (*rules, group, *inspect))


def _mask_keys(text: str, _: RepairFacts) -> str:
    def change(line: SourceLine) -> Iterable[str] | None:
        key = line.words[-1] if line.words[2:3] == ("pre-shared-key",) else ""
        return (line.raw.replace(key, MASK, 1),) if "***" in key and key.strip("*") else None

    return _edit(text, change)


def _loopbacks(text: str, facts: RepairFacts) -> str:
    node = _node(text)
    sources = [line.words[3] for line in split_lines(text, "") if line.words[:3] == ("tunnel", "source", "interface")]
    circuit = _port_towards(node, facts.cloud_address)
    names = {
        port.name: f"Loopback{number}"
        for number, nameif in enumerate(dict.fromkeys(sources), start=1)
        for port in node.interfaces
        if port.nameif == nameif and port.kind is InterfaceKind.ETHERNET and port != circuit
    }
    block = ""

    def change(line: SourceLine) -> Iterable[str] | None:
        nonlocal block
        if line.words[:1] == ("interface",):
            block = " ".join(line.words[1:])
            return (line.raw.replace(block, names[block], 1),) if block in names else None
        # a loopback forwards nothing from itself, so it has neither a level nor an administrative state to set
        return () if block in names and line.words[:1] in (("security-level",), ("shutdown",)) else None

    return _edit(text, change)


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


def _floating_static(text: str, facts: RepairFacts) -> str:
    floating = {
        line.words[:4] for line in split_lines(text, "") if _to_cloud(line, facts) and _distance(line) > _EBGP_DISTANCE
    }

    def change(line: SourceLine) -> Iterable[str] | None:
        if not _to_cloud(line, facts) or _distance(line) > _EBGP_DISTANCE:
            return None
        if line.words[:4] in floating:
            return ()
        return (f"{_lead(line)}{' '.join(line.words[:_DISTANCE_WORD])} {_FALLBACK_DISTANCE}",)

    return _edit(text, change)


def _client_route(text: str, facts: RepairFacts) -> str:
    if any(route.prefix == facts.clients for route in _node(text).static_routes):
        return text
    nameif = _nameif_towards(text, facts.core_router) or "private"
    return _append(text, (f"route {nameif} {_masked(facts.clients)} {facts.core_router} 1",))


def _zone(text: str, _: RepairFacts) -> str:
    node = _node(text)
    bare = {one.name for one in node.interfaces if one.kind is InterfaceKind.TUNNEL and one.traffic_zone is None}
    tunnels = sum(one.kind is InterfaceKind.TUNNEL for one in node.interfaces)
    declared = any(line.words == ("zone", _ZONE) for line in split_lines(text, ""))

    def change(line: SourceLine) -> Iterable[str] | None:
        nonlocal declared
        if line.words[:1] == ("maximum-paths",):
            return (f"{_lead(line)}maximum-paths {tunnels}",)
        if line.words[:1] != ("interface",) or not bare:
            return None
        zone = () if declared else (f"{_lead(line)}zone {_ZONE}",)
        declared = True
        joins = " ".join(line.words[1:]) in bare
        return (*zone, line.raw, *((f"{_lead(line)} zone-member {_ZONE}",) if joins else ()))

    return _edit(text, change)


def _timers(text: str, _: RepairFacts) -> str:
    speaker = _node(text).bgp
    slow = {str(one.address) for one in speaker.neighbors if one.hold_time_s > _LONG_HOLD_S} if speaker else set()

    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:1] != ("neighbor",) or line.words[1] not in slow:
            return None
        match line.words[2:3]:
            case ("timers",):
                return ()
            case ("remote-as",):
                return (line.raw, f"{_lead(line)}neighbor {line.words[1]} {_TIMERS}")
            case _:
                return None

    return _edit(text, change)


def _filters(text: str, facts: RepairFacts) -> str:
    speaker = _node(text).bgp
    if speaker is None:
        return text
    bare_in = {str(one.address) for one in speaker.neighbors if not (one.import_prefix_list or one.import_route_map)}
    bare_out = {str(one.address) for one in speaker.neighbors if not (one.export_prefix_list or one.export_route_map)}
    lists = [f"prefix-list ALIYUN-IN seq 5 permit {facts.cloud} le 24"] if bare_in else []
    sent = enumerate(sorted(one.prefix for one in speaker.networks), start=1)
    lists += [f"prefix-list ALIYUN-OUT seq {5 * number} permit {prefix}" for number, prefix in sent if bare_out]

    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:2] == ("router", "bgp"):
            return (*(f"{_lead(line)}{one}" for one in lists), line.raw)
        if line.words[:1] != ("neighbor",) or line.words[2:3] != ("remote-as",):
            return None
        address = line.words[1]
        added = [
            f"prefix-list ALIYUN-{way.upper()} {way}"
            for way, bare in (("in", bare_in), ("out", bare_out))
            if address in bare
        ]
        return (line.raw, *(f"{_lead(line)}neighbor {address} {one}" for one in added))

    return _edit(text, change)


def _narrow_fallback(text: str, facts: RepairFacts) -> str:
    def change(line: SourceLine) -> Iterable[str] | None:
        if not _to_cloud(line, facts) or line.words[2:4] != tuple(_masked(facts.cloud).split()):
            return None
        words = (line.words[0], line.words[1])
        tail = f"{line.words[4]} {_distance(line)}"
        return tuple(f"{_lead(line)}{' '.join(words)} {_masked(prefix)} {tail}" for prefix in facts.announced)

    return _edit(text, change)


def _keep_outer_networks_back(text: str, facts: RepairFacts) -> str:
    def change(line: SourceLine) -> Iterable[str] | None:
        if line.words[:1] != ("network",) or line.words[2:3] != ("mask",):
            return None
        network = parse_prefix(f"{line.words[1]}/{line.words[3]}") if len(line.words) == _NETWORK_WORDS else None
        return () if network is not None and any(own in network for own in facts.vpn_addresses) else None

    return _edit(text, change)


def _fail_closed(text: str, facts: RepairFacts) -> str:
    clear = f"extended permit ip {_masked(facts.cloud)} {_masked(facts.clients)}"

    def change(line: SourceLine) -> Iterable[str] | None:
        if _to_cloud(line, facts):
            return ()
        return () if line.words[:1] == ("access-list",) and " ".join(line.words[2:]) == clear else None

    return _edit(text, change)


REPAIRS: tuple[Repair, ...] = (
    Repair(
        ("D10", "D11"),
        "make device input of the document",
        "The device refuses almost every line, and one of its notes inverts the rule for security levels.",
        _device_input,
    ),
    Repair(
        ("D1",),
        "give the device its own circuit address and the border router as next hop",
        "Nothing crosses the circuit in either direction: both ends claim the same address.",
        _circuit_addresses,
    ),
    Repair(
        ("D5",),
        "let the cloud in from the circuit",
        "The data centre reaches the VPC in clear; pings lose their answers, and what the VPC starts is dropped.",
        _let_cloud_in,
    ),
    Repair(
        ("D14",),
        "use the cloud's pre-shared keys",
        "Both directions work, wholly in clear; the tunnels are down because the keys are placeholders.",
        _mask_keys,
    ),
    Repair(
        ("D3",),
        "move the tunnel sources to loopbacks",
        "Still wholly in clear: IKE arrives on the circuit port for addresses of other ports and gets no answer.",
        _loopbacks,
    ),
    Repair(
        ("D4",),
        "step the static route back behind BGP",
        "Tunnels and BGP are green, but what the cloud announces at the static route's length leaves in clear.",
        _floating_static,
    ),
    Repair(
        ("D2",),
        "put the client network into the routing table",
        "Requests leave encrypted, answers return in clear and are dropped; what the VPC starts stays in clear.",
        _client_route,
    ),
    Repair(
        ("D6",),
        "join the tunnels in one traffic zone",
        "All is encrypted, but about half of the flows hang: their answers take the other tunnel and are dropped.",
        _zone,
    ),
    Repair(
        ("D9",),
        "shorten the BGP timers",
        "All works encrypted; a dead tunnel swallows traffic for the hold time, 180 s by this end's proposal.",
        _timers,
    ),
    Repair(
        ("D12",),
        "filter what BGP learns and tells",
        "All works encrypted; a default route or the gateways' network would be believed if announced.",
        _filters,
    ),
    Repair(
        ("D13",),
        "narrow the clear fallback to what the tunnels carry",
        "All works encrypted; packets to VPC addresses outside the announced prefixes leave in clear.",
        _narrow_fallback,
    ),
)
"""In the order in which the mistakes hide one another."""

OPTIONAL_REPAIRS: tuple[Repair, ...] = (
    Repair(
        ("D7",),
        "stop announcing the networks of the outer addresses",
        "Where the transit router has no host routes over the circuit, both tunnels flap.",
        _keep_outer_networks_back,
    ),
    Repair(
        ("D8",),
        "remove the clear fallback",
        "While no tunnel is up, traffic crosses the circuit in clear; right for a plan in mode open.",
        _fail_closed,
    ),
)
"""Choices rather than mistakes: the plan's own routes cure D7, and its mode may ask for D8."""
