"""The Network: the one complete, immutable, vendor-neutral value that everything translates to or computes from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sealane.diag import Origin
from sealane.model.ipsec import TunnelEnd
from sealane.model.node import Node, Platform
from sealane.net import NodeName, Prefix


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """An interface of a node."""

    node: NodeName
    interface: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A layer-2 segment that joins ports: two ports are a cable, more a switch, one a stub."""

    name: str
    ports: tuple[Port, ...]
    mtu_bytes: int = 1500


@dataclass(frozen=True, slots=True)
class Circuit:
    """A dedicated line between a VBR and a site.

    Args:
        name: Name of the physical connection in the plan.
        cloud: The VBR's port.
        site: The device's port, or None when the far end is not rehearsed.
        real_interface: Interface of this host that the line is plugged into; None in a rehearsal (a veth pair).
        vlan: 802.1Q tag; 0 is untagged.
    """

    name: str
    cloud: Port
    site: Port | None
    real_interface: str | None = None
    vlan: int = 0
    mtu_bytes: int = 1500
    origin: Origin | None = None

    def meters(self, sender: NodeName) -> bool:
        """True when a meter stands before the line for a sender: on a real line, at the cloud's end only."""
        return self.real_interface is None or sender == self.cloud.node


class Mode(StrEnum):
    """What happens to a protected pair while no tunnel carries it."""

    OPEN = "open"
    """Falls back to clear text."""
    MONITOR = "monitor"
    """Falls back to clear text and raises an alarm."""
    REQUIRED = "required"
    """Is dropped rather than sent in clear."""


@dataclass(frozen=True, slots=True)
class Protection:
    """A pair of prefix sets whose traffic must not cross a circuit in clear, in either direction."""

    name: str
    cloud: tuple[Prefix, ...]
    site: tuple[Prefix, ...]
    mode: Mode
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class TunnelPair:
    """The two ends of one tunnel, matched by outer addresses; ``far`` None when no modelled device answers."""

    name: str
    near_node: NodeName
    near: TunnelEnd
    far_node: NodeName | None
    far: TunnelEnd | None


@dataclass(frozen=True, slots=True)
class Network:
    """A complete network: every reference resolved, no choice left.

    ``nodes`` are ordered by name, ``segments`` by name; equal networks compare equal.
    """

    name: str
    nodes: tuple[Node, ...]
    segments: tuple[Segment, ...]
    circuits: tuple[Circuit, ...]
    protections: tuple[Protection, ...]
    _by_name: dict[NodeName, Node] = field(init=False, repr=False, compare=False, hash=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {node.name: node for node in self.nodes})

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            KeyError: There is none.
        """
        return self._by_name[NodeName(name)]

    def has_node(self, name: str) -> bool:
        """True when there is a node of that name."""
        return name in self._by_name

    def of_platform(self, *platforms: Platform) -> tuple[Node, ...]:
        """The nodes of these platforms, by name."""
        return tuple(node for node in self.nodes if node.platform in platforms)

    def devices(self) -> tuple[Node, ...]:
        """The customer gateway devices."""
        return self.of_platform(Platform.ASA, Platform.GATEWAY)

    def tunnels(self) -> tuple[TunnelPair, ...]:
        """Every tunnel once, named by its cloud end, ordered by cloud node and configuration order."""
        return tuple(self._pairs())

    def _pairs(self) -> Iterator[TunnelPair]:
        far = {(end.local, end.remote): (node, end) for node in self.devices() for end in node.tunnel_ends}
        for node in self.of_platform(Platform.TRANSIT_ROUTER):
            for end in node.tunnel_ends:
                match far.get((end.remote, end.local)):
                    case (peer, peer_end):
                        yield TunnelPair(end.name, node.name, end, peer.name, peer_end)
                    case _:
                        yield TunnelPair(end.name, node.name, end, None, None)
