"""From the Network to Linux: which namespaces, links, routes, filters and daemons make it. Pure."""

from sealane.lower.filters import meter_table
from sealane.lower.names import PREFIX, linux_names, namespace, network_prefix, node_directory, slug
from sealane.lower.options import EspBackend, LowerOptions
from sealane.lower.realize import Lowered, lower
from sealane.lower.rehearsal import on_this_host
from sealane.lower.tunnels import PlacedEnd
from sealane.lower.wiring import Place

__all__ = [
    "PREFIX",
    "EspBackend",
    "LowerOptions",
    "Lowered",
    "Place",
    "PlacedEnd",
    "linux_names",
    "lower",
    "meter_table",
    "namespace",
    "network_prefix",
    "node_directory",
    "on_this_host",
    "slug",
]
