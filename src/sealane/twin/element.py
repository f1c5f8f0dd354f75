"""What can fail, and how the user calls it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from sealane.model import Network, Platform


class ElementKind(StrEnum):
    """Kinds of elements that fail as one."""

    CIRCUIT = "circuit"
    """A dedicated line: both of its ports lose their carrier."""
    NODE = "node"
    """A router, device or host with all its interfaces."""
    TUNNEL = "tunnel"
    """One tunnel: no SA at either end."""
    CONNECTION = "connection"
    """All tunnels of one IPsec connection, as when its gateway is lost."""
    BGP = "bgp"
    """One BGP session; what it runs over stays up."""
    LINK = "link"
    """A segment between nodes: the link of an attachment, a network of a site."""


@dataclass(frozen=True, slots=True, order=True)
class Element:
    """One thing that can fail; printed and read as ``kind:name``."""

    kind: ElementKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"


Failures = frozenset[Element]
NOTHING: Failures = frozenset()


def elements(network: Network) -> tuple[Element, ...]:
    """Everything of a network that can fail by itself, but hosts: a host that is gone is no failure of the network."""
    return tuple(sorted(set(_elements(network))))


def _elements(network: Network) -> Iterator[Element]:
    for circuit in network.circuits:
        yield Element(ElementKind.CIRCUIT, circuit.name)
    for node in network.nodes:
        if node.platform is not Platform.HOST:
            yield Element(ElementKind.NODE, node.name)
    for pair in network.tunnels():
        yield Element(ElementKind.TUNNEL, pair.name)
        yield Element(ElementKind.CONNECTION, connection_of(pair.name))
        if _has_session(network, pair.near_node, pair.near.interface):
            yield Element(ElementKind.BGP, pair.name)
    for node in network.of_platform(Platform.VBR):
        for neighbor in () if node.vbr is None else node.vbr.neighbors:
            yield Element(ElementKind.BGP, f"{node.name}/{neighbor.address}")
    for segment in network.segments:
        if len(segment.ports) > 1:
            yield Element(ElementKind.LINK, segment.name)


def _has_session(network: Network, node: str, interface: str) -> bool:
    router = network.node(node).transit_router
    attachments = () if router is None else router.attachments
    return any(neighbor.interface == interface for one in attachments for neighbor in one.neighbors)


def connection_of(tunnel: str) -> str:
    """The IPsec connection of a tunnel, from its name ``CONNECTION/tunnel-N``."""
    return tunnel.rsplit("/", 1)[0]


def find_element(known: Iterable[Element], text: str) -> tuple[Element, ...]:
    """The elements that a user may mean: ``circuit:Circuit``, ``Circuit``, ``circuit``, ``tunnel-1``, ``vbr``.

    One element is the answer; none means unknown, several mean that the text must be longer.
    """
    everything = tuple(known)
    kind, _, name = text.partition(":")
    routing = {ElementKind.BGP}
    readings = (
        [one for one in everything if str(one) == text],
        [one for one in everything if name and one.kind == kind and _ends_with(one.name, name)],
        [one for one in everything if one.name == text and one.kind not in routing],
        [one for one in everything if _ends_with(one.name, text) and one.kind not in routing],
        [one for one in everything if one.kind == text.lower()],
    )
    return tuple(next((found for found in readings if found), ()))


def _ends_with(name: str, text: str) -> bool:
    return name.lower() == text.lower() or name.lower().endswith("/" + text.lower())
