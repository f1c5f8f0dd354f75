"""BIRD 2.0.12 configuration of cloud routers: pure functions from the Network to text."""

from sealane.vendors.bird.base import kernel_protocol
from sealane.vendors.bird.border import circuit_next_hop, render_vbr
from sealane.vendors.bird.marks import source_id_of
from sealane.vendors.bird.router import render_transit_router
from sealane.vendors.bird.text import slug
from sealane.vendors.bird.vpc import render_vpc

__all__ = [
    "circuit_next_hop",
    "kernel_protocol",
    "render_transit_router",
    "render_vbr",
    "render_vpc",
    "slug",
    "source_id_of",
]
