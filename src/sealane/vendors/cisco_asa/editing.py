"""Editing a text line by line: what all repairs share."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sealane.model import Interface, Node
from sealane.net import Address, NodeName, Prefix
from sealane.vendors.cisco_asa.reader import read
from sealane.vendors.cisco_asa.text import SourceLine, split_lines


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


Edit = Callable[[SourceLine], Iterable[str] | None]
"""The lines that stand for a line; None keeps it as it is."""


def edit(text: str, change: Edit) -> str:
    """The text with some lines replaced."""
    out: list[str] = []
    for line in split_lines(text, ""):
        changed = change(line)
        out.extend([line.raw] if changed is None else changed)
    return "\n".join(out) + "\n"


def node_of(text: str) -> Node:
    """What the text says."""
    return read(text, "", NodeName("device")).node


def port_towards(node: Node, address: Address) -> Interface | None:
    """The interface that has an address in one network with another."""
    return next((one for one in node.interfaces for own in one.addresses if address in own.network), None)


def nameif_towards(text: str, address: Address) -> str | None:
    """The name of that interface."""
    port = port_towards(node_of(text), address)
    return port.nameif if port else None


def swap(raw: str, old: Address, new: Address) -> str:
    """A line with one address in place of another."""
    return re.sub(rf"(?<![\d.]){re.escape(str(old))}(?![\d.])", str(new), raw, count=1)


def lead(line: SourceLine) -> str:
    """What indents a line."""
    return line.raw[: len(line.raw) - len(line.raw.lstrip())]


def append(text: str, commands: Iterable[str]) -> str:
    """Add the commands that the text does not hold yet, at its end."""
    present = {line.words for line in split_lines(text, "")}
    missing = [command for command in commands if tuple(command.split()) not in present]
    return text.rstrip("\n") + "\n" + "".join(f"{command}\n" for command in missing)


def masked(prefix: Prefix) -> str:
    """A prefix as the platform writes it."""
    return f"{prefix.network_address} {prefix.netmask}"
