"""The operations of Vpc 2016-04-28: circuits, border routers, VPCs and IPsec connections."""

from sealane.cloud.call import Registry

VPC = Registry("Vpc")
