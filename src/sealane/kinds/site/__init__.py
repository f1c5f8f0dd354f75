"""A place outside the cloud: its device, networks, routers and hosts."""

from sealane.kinds.site.expand import host_node, plugged_ports, router_node
from sealane.kinds.site.gateway import GatewaySurroundings, gateway_node
from sealane.kinds.site.spec import (
    SITE,
    Device,
    DevicePort,
    Host,
    Router,
    Site,
    SiteNetwork,
    SiteRoute,
)

__all__ = [
    "SITE",
    "Device",
    "DevicePort",
    "GatewaySurroundings",
    "Host",
    "Router",
    "Site",
    "SiteNetwork",
    "SiteRoute",
    "gateway_node",
    "host_node",
    "plugged_ports",
    "router_node",
]
