"""Which part of a Network is on this host: all of it in a rehearsal, less what lies beyond a real line."""

from dataclasses import replace

from sealane.model import Network
from sealane.net import NodeName


def on_this_host(network: Network) -> Network:
    """The network without the sites that are joined by a circuit plugged into a real interface.

    Such a site's device is a box somewhere else; what the plan says of it is still checked, but not run.
    """
    away = _beyond_real_lines(network)
    if not away:
        return network
    segments = tuple(one for one in network.segments if not any(port.node in away for port in one.ports))
    circuits = tuple(
        replace(one, site=None) if one.site is not None and one.site.node in away else one for one in network.circuits
    )
    nodes = tuple(node for node in network.nodes if node.name not in away)
    return replace(network, nodes=nodes, segments=segments, circuits=circuits)


def _beyond_real_lines(network: Network) -> frozenset[NodeName]:
    """The devices on real circuits and everything joined to them by the sites' own networks."""
    away = {circuit.site.node for circuit in network.circuits if circuit.real_interface is not None and circuit.site}
    while True:
        further = {
            port.node for one in network.segments if any(port.node in away for port in one.ports) for port in one.ports
        }
        if further <= away:
            return frozenset(away)
        away |= further
