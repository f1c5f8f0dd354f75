"""FRR (zebra, staticd, bfdd, bgpd) as the routing daemons of devices."""

from sealane.drivers.frr.driver import FrrDriver
from sealane.drivers.frr.read import FrrSession, read_chosen, read_summary

__all__ = ["FrrDriver", "FrrSession", "read_chosen", "read_summary"]
