"""The registry of Ecs, which handlers fill."""

from sealane.cloud.call import Registry

ECS = Registry("Ecs")
