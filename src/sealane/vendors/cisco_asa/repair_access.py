"""Repairs of the document itself, of who is let in, and of what the tunnels start from."""

from collections.abc import Iterable, Mapping

from sealane.diag import Origin
from sealane.model import InterfaceKind
from sealane.vendors.cisco_asa.editing import (
    RepairFacts,
    append,
    edit,
    masked,
    nameif_towards,
    node_of,
    port_towards,
)
from sealane.vendors.cisco_asa.reader import indents
from sealane.vendors.cisco_asa.text import MASK, Noise, SourceLine, split_lines

_CONSOLE_WORDS = frozenset({"enable", "configure", "show", "exit", "end", "write"})


def device_input(text: str, _: RepairFacts) -> str:
    """Only what the device takes: no console, no chatter."""
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

    lines = edit(text, change).split("\n")
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line != "!" or before != "!")


def let_cloud_in(text: str, facts: RepairFacts) -> str:
    """IKE, ESP and the protected packets from the circuit, and answers to pings."""
    nameif = nameif_towards(text, facts.cloud_address) or "VBR"
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
    rules.append(f"access-list {name} extended permit ip {masked(facts.cloud)} {masked(facts.clients)}")
    group = f"access-group {name} in interface {nameif}"
    inspect = ("policy-map global_policy", " class inspection_default", "  inspect icmp")
    return append(text, (*rules, group, *inspect))


def mask_keys(text: str, _: RepairFacts) -> str:
    """No placeholders for keys."""
    def change(line: SourceLine) -> Iterable[str] | None:
        key = line.words[-1] if line.words[2:3] == ("pre-shared-key",) else ""
        return (line.raw.replace(key, MASK, 1),) if "***" in key and key.strip("*") else None

    return edit(text, change)


def loopbacks(text: str, facts: RepairFacts) -> str:
    """Tunnel sources that are not bound to a port."""
    node = node_of(text)
    sources = [line.words[3] for line in split_lines(text, "") if line.words[:3] == ("tunnel", "source", "interface")]
    circuit = port_towards(node, facts.cloud_address)
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

    return edit(text, change)
