"""Where packets enter a network, and which addresses somebody can have."""

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.model import InterfaceKind, Network, Node, Platform, Port
from sealane.net import Cidr, NodeName

_FORWARDING = frozenset({Platform.VPC, Platform.ROUTER, Platform.ASA, Platform.GATEWAY})


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """The node where a packet enters, and the interface it comes in on; ``arrived`` empty when the node sends it."""

    node: NodeName
    arrived: str = ""


class Entries:
    """Answers where a packet from an address enters.

    A modelled host sends it itself. Any other address enters at the routers of the networks it belongs to; one that
    belongs to no modelled network, behind each device's inside interfaces, when it is not in the cloud.
    """

    def __init__(self, network: Network) -> None:
        self._circuits = {port for one in network.circuits for port in (one.cloud, one.site) if port is not None}
        self._hosts: dict[int, NodeName] = {}
        self._networks: list[tuple[Cidr, Entry]] = []
        self._behind: list[tuple[Cidr, Entry]] = []
        for node in network.nodes:
            self._add(node)

    def _add(self, node: Node) -> None:
        if node.platform is Platform.HOST:
            self._hosts |= {int(one.ip): node.name for found in node.interfaces for one in found.addresses}
            return
        if node.platform not in _FORWARDING:
            return
        for found in node.interfaces:
            if found.kind is not InterfaceKind.ETHERNET or Port(node.name, found.name) in self._circuits:
                continue
            if not found.enabled or (node.platform is Platform.VPC and found.name == "tr"):
                continue
            entry = Entry(node.name, found.name)
            self._networks += [(Cidr.of(one.network), entry) for one in found.addresses]
            if node.platform in (Platform.ASA, Platform.GATEWAY):
                routed = [Cidr.of(route.prefix) for route in node.static_routes if route.interface == found.name]
                self._behind += [(prefix, entry) for prefix in routed]

    def of(self, address: int) -> tuple[Entry, ...]:
        """Every place where packets from an address enter; empty when nobody can have it."""
        host = self._hosts.get(address)
        if host is not None:
            return (Entry(host),)
        for known in (self._networks, self._behind):
            found = [(prefix.length, entry) for prefix, entry in known if prefix.covers(address)]
            if found:
                longest = max(length for length, _ in found)
                return tuple(sorted({entry for length, entry in found if length == longest}))
        return ()

    def inhabited(self, address: int) -> bool:
        """True when a host may have the address: it is a modelled host's or in a network that hosts are on."""
        return address in self._hosts or any(prefix.covers(address) for prefix, _ in self._networks)

    def __iter__(self) -> Iterator[Entry]:
        """Every place where packets may enter."""
        hosts = [Entry(name) for name in self._hosts.values()]
        return iter(sorted({*hosts, *(entry for _, entry in (*self._networks, *self._behind))}))
