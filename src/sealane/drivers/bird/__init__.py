"""BIRD 2 as the routing daemon of cloud routers."""

from sealane.drivers.bird.driver import BirdDriver
from sealane.drivers.bird.read import (
    BgpSession,
    TableRoute,
    read_exported,
    read_protocols,
    read_table,
    read_updates,
)

__all__ = ["BgpSession", "BirdDriver", "TableRoute", "read_exported", "read_protocols", "read_table",
           "read_updates"]
