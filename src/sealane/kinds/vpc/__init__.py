"""A VPC with vSwitches, routes, security groups and instances (CreateVpc, CreateVSwitch, RunInstances)."""

from sealane.kinds.vpc.expand import instance_node, vpc_node, vswitch_gateway
from sealane.kinds.vpc.spec import (
    ATTACHMENT,
    BLACK_HOLE,
    INSTANCE,
    VPC,
    Instance,
    SecurityGroupSpec,
    SecurityRule,
    Vpc,
    VpcRoute,
    VSwitch,
)

__all__ = [
    "ATTACHMENT",
    "BLACK_HOLE",
    "INSTANCE",
    "VPC",
    "Instance",
    "SecurityGroupSpec",
    "SecurityRule",
    "VSwitch",
    "Vpc",
    "VpcRoute",
    "instance_node",
    "vpc_node",
    "vswitch_gateway",
]
