"""A physical connection as the model's Circuit."""

from sealane.kinds.physical_connection.spec import PhysicalConnection
from sealane.model import Circuit, Port


def circuit(spec: PhysicalConnection, name: str, vlan: int, cloud: Port, site: Port | None) -> Circuit:
    """The line between a border router's port and a device's port (None: nothing is plugged in at the far end)."""
    return Circuit(name, cloud, site, spec.port.interface, vlan, spec.mtu, spec.at.origin)
