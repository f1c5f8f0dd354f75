"""Following a packet and its answer through the twin, from what a user calls the two ends."""

from collections.abc import Sequence

from sealane.app.explain import Unknown, failures
from sealane.model import Network, Platform
from sealane.net import Cidr, parse_address
from sealane.twin.converge import Twin
from sealane.twin.packet import ESP, ICMP, Packet, ping
from sealane.verify.explain_start import known_source
from sealane.verify.explain_trace import Trace, explain_trace

PROTOCOLS = {"icmp": ICMP, "tcp": 6, "udp": 17, "esp": ESP}
PORTED = (PROTOCOLS["tcp"], PROTOCOLS["udp"])
"""Protocols with ports."""
_CLIENT_PORT = 50_000
"""Source port of a client: any from the dynamic range (RFC 6335, 6)."""
_NOBODY = tuple(Cidr(first << 24, length) for first, length in ((0, 8), (127, 8), (224, 4), (240, 4)))
"""Addresses that no host sends from or is reached at (RFC 6890): this network, loopback, multicast, reserved."""


def trace(
    network: Network, source: str, destination: str, *, failed: Sequence[str], protocol: int, port: int | None
) -> Trace:
    """Follow a packet and its answer.

    Raises:
        Unknown: A host, address or element is not one that the network knows.
    """
    twin = Twin(network)
    here, there = _address(network, source), _address(network, destination)
    if here == there:
        raise Unknown(f"{source} and {destination} are one address: no packet leaves a host for that")
    if not known_source(twin, here):
        raise Unknown(f"nobody in the plan can have {source}; SRC must be in a network of the plan, {_hosts(network)}")
    if protocol == ICMP:
        packet = ping(here, there)
    elif protocol in PORTED:
        packet = Packet(here, there, protocol, _CLIENT_PORT, port or 0)
    else:
        packet = Packet(here, there, protocol)
    return explain_trace(twin, packet, failures(network, failed))


def _address(network: Network, text: str) -> int:
    literal = parse_address(text)
    if literal is not None:
        if any(prefix.covers(int(literal)) for prefix in _NOBODY):
            raise Unknown(f"{text} is no address of a host")
        return int(literal)
    if ":" in text:
        raise Unknown(f"{text}: only IPv4 is modelled; {_hosts(network)}")
    for node in network.of_platform(Platform.HOST):
        if text.lower() in {node.name.lower(), node.label.lower()}:
            for interface in node.interfaces:
                for one in interface.addresses:
                    return int(one.ip)
    raise Unknown(f"{text} is neither an IPv4 address nor a host of the plan; {_hosts(network)}")


def _hosts(network: Network) -> str:
    hosts = [node.label or node.name for node in network.of_platform(Platform.HOST)]
    return f"hosts are: {', '.join(hosts)}" if hosts else "the plan has no hosts"
