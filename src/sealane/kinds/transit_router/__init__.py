"""CEN and transit router: CIDRs, tables, attachments, routes (reference Cbn 2017-09-12)."""

from sealane.kinds.transit_router.allocate import (
    MAX_TRANSFERS,
    TRANSFER_RANGE,
    Transfer,
    gateway_pool,
    reserved_blocks,
    transfers,
)
from sealane.kinds.transit_router.expand import attachment, link, transit_router_node, tunnel_interface
from sealane.kinds.transit_router.spec import (
    BLACK_HOLE,
    CEN,
    TRANSIT_ROUTER,
    AttachmentsSpec,
    CenSpec,
    CidrSpec,
    TransitRouterSpec,
    TrRoute,
    TrTable,
    VbrAttachment,
    VpcAttachment,
    VpnAttachment,
    ZoneMapping,
)

__all__ = [
    "BLACK_HOLE",
    "CEN",
    "MAX_TRANSFERS",
    "TRANSFER_RANGE",
    "TRANSIT_ROUTER",
    "AttachmentsSpec",
    "CenSpec",
    "CidrSpec",
    "TrRoute",
    "TrTable",
    "Transfer",
    "TransitRouterSpec",
    "VbrAttachment",
    "VpcAttachment",
    "VpnAttachment",
    "ZoneMapping",
    "attachment",
    "gateway_pool",
    "link",
    "reserved_blocks",
    "transfers",
    "transit_router_node",
    "tunnel_interface",
]
