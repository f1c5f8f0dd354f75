"""Who is at the other end of a link."""

from sealane.model import Network, Node, Port
from sealane.net import Address, InterfaceAddress, NodeName

_POINT_TO_POINT_LENGTH = 30


def own_address(node: Node, interface: str) -> InterfaceAddress:
    """The first address of an interface.

    Raises:
        ValueError: It has none, so nothing can be routed over it.
    """
    for address in node.interface(interface).addresses:
        return address
    raise ValueError(f"{node.name} {interface} has no address, one is needed to route over it")


def peer_address(network: Network, node: Node, interface: str, peer: NodeName) -> Address:
    """The address of ``peer`` on the segment that ``interface`` is plugged into, in the same prefix.

    Raises:
        ValueError: The two do not meet there.
    """
    here = own_address(node, interface)
    port = Port(node.name, interface)
    for segment in network.segments:
        if port not in segment.ports:
            continue
        for other in segment.ports:
            if other.node != peer:
                continue
            for address in network.node(other.node).interface(other.interface).addresses:
                if address.ip in here.network and address.ip != here.ip:
                    return address.ip
    raise ValueError(f"{node.name} {interface} ({here}) has no neighbor {peer} in its prefix")


def other_host(here: InterfaceAddress) -> Address | None:
    """The other usable host of a /30 or /31 (RFC 3021); None for other lengths."""
    if here.network.prefixlen < _POINT_TO_POINT_LENGTH:
        return None
    hosts = [host for host in here.network.hosts() if host != here.ip]
    return hosts[0] if len(hosts) == 1 else None
