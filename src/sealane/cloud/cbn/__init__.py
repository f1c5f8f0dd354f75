"""Cbn: CEN instances, transit routers, and what is attached to them (2017-09-12)."""

from sealane.cloud.cbn import (  # noqa: F401 - they fill the registry
    associations,
    cens,
    cidrs,
    conflicts,
    instances,
    map_list,
    maps,
    published,
    route_list,
    routers,
    routes,
    services,
    settling,
    tables,
    tagging,
    vbr_attachments,
    vpc_attachments,
    vpn_attachments,
)
from sealane.cloud.cbn.registry import CBN

__all__ = ["CBN"]
