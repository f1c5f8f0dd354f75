"""What a plan knows and the text of a device does not: for mending known mistakes one after the other."""

from sealane.diag import Fault
from sealane.model import AttachmentKind, Network
from sealane.vendors.cisco_asa import RepairFacts


def repair_facts(network: Network) -> RepairFacts:
    """What the repairs need, from the cloud's side and the device's route to its clients.

    Raises:
        Fault: The circuit has no device.
    """
    circuit = network.circuits[0]
    border = network.node(circuit.cloud.node).interface(circuit.cloud.interface)
    if circuit.site is None:
        raise Fault("mend the published configuration", "the circuit has no device", "give the site a device")
    device = network.node(circuit.site.node)
    far = next(host for host in border.addresses[0].network.hosts() if host != border.addresses[0].ip)
    protection = network.protections[0]
    pairs = network.tunnels()
    announced = tuple(
        prefix
        for node in network.nodes
        if node.transit_router is not None
        for one in node.transit_router.attachments
        if one.kind is AttachmentKind.VPC
        for prefix in one.prefixes
    )
    inside = next(
        route.next_hop
        for route in device.static_routes
        if route.next_hop is not None and any(prefix.subnet_of(route.prefix) for prefix in protection.site)
    )
    return RepairFacts(
        cloud_address=border.addresses[0].ip,
        device_address=far,
        cloud=protection.cloud[0],
        announced=announced,
        gateways=tuple(pair.near.local for pair in pairs),
        vpn_addresses=tuple(pair.near.remote for pair in pairs),
        clients=protection.site[0],
        core_router=inside,
    )
