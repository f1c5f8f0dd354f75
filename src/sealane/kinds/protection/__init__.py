"""A promise that the traffic of two prefix sets does not cross a circuit in clear."""

from sealane.kinds.protection.expand import protection
from sealane.kinds.protection.spec import PROTECTION, ProtectionSpec

__all__ = ["PROTECTION", "ProtectionSpec", "protection"]
