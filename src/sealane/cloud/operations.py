"""All operations that are served."""

from sealane.cloud.call import Operation
from sealane.cloud.cbn import CBN
from sealane.cloud.cms import CMS
from sealane.cloud.ecs import ECS
from sealane.cloud.vpc import VPC

_REGISTRIES = (VPC, CBN, ECS, CMS)


def operations() -> tuple[Operation, ...]:
    """Every operation of every product."""
    return tuple(one for registry in _REGISTRIES for one in registry.operations.values())
