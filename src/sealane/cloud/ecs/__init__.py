"""The operations of Ecs 2014-05-26: security groups, and instances as far as a network has to do with them."""

from sealane.cloud.ecs import (  # noqa: F401 - they fill the registry
    catalogue,
    groups,
    instance_list,
    instances,
    interfaces,
    launch,
    machine,
    rules,
    tagging,
)
from sealane.cloud.ecs.registry import ECS

__all__ = ["ECS"]
