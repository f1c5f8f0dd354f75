"""charon for IKE and, in user space, ESP; spoken to over vici."""

from sealane.drivers.strongswan.driver import PskLookup, StrongswanDriver
from sealane.drivers.strongswan.read import SaState, read_sas, read_spis

__all__ = ["PskLookup", "SaState", "StrongswanDriver", "read_sas", "read_spis"]
