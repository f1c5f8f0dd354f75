"""The configuration language of Cisco ASA 9.19: read a device's text into a node; pure text in, values out."""

from sealane.vendors.cisco_asa.editing import RepairFacts
from sealane.vendors.cisco_asa.reader import read
from sealane.vendors.cisco_asa.repair import OPTIONAL_REPAIRS, REPAIRS, Repair, repair

__all__ = ["OPTIONAL_REPAIRS", "REPAIRS", "Repair", "RepairFacts", "read", "repair"]
