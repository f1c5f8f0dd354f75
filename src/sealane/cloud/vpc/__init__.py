"""The operations of Vpc 2016-04-28, one file for each resource."""

from sealane.cloud.vpc import routes, tables, vpcs, vswitches
from sealane.cloud.vpc.registry import VPC

__all__ = ["VPC", "routes", "tables", "vpcs", "vswitches"]
