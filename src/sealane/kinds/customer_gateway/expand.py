"""A customer gateway's address as a loopback of a device that runs our own stack."""

from sealane.kinds.customer_gateway.spec import CustomerGateway
from sealane.model import Interface, InterfaceKind
from sealane.net import InterfaceAddress


def loopback(spec: CustomerGateway, index: int) -> Interface:
    """The interface that owns the address, ``index`` counting from 1."""
    address = InterfaceAddress((int(spec.ip_address), 32))
    return Interface(f"lo{index}", InterfaceKind.LOOPBACK, (address,), origin=spec.at.origin)
