"""BIRD 2 as the routing daemon of cloud routers."""

from sealane.drivers.bird.driver import BirdDriver
from sealane.drivers.bird.read import BgpSession, read_exported, read_protocols

__all__ = ["BgpSession", "BirdDriver", "read_exported", "read_protocols"]
