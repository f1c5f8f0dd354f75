"""A dedicated circuit (CreatePhysicalConnection)."""

from sealane.kinds.physical_connection.expand import circuit
from sealane.kinds.physical_connection.spec import PHYSICAL_CONNECTION, CircuitPort, PhysicalConnection

__all__ = ["PHYSICAL_CONNECTION", "CircuitPort", "PhysicalConnection", "circuit"]
