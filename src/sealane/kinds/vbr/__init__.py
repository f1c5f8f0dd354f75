"""A virtual border router with its routes and BGP peers (CreateVirtualBorderRouter)."""

from sealane.kinds.vbr.expand import vbr_node
from sealane.kinds.vbr.spec import VBR, BgpGroup, BgpPeer, VbrRoute, VirtualBorderRouterSpec

__all__ = ["VBR", "BgpGroup", "BgpPeer", "VbrRoute", "VirtualBorderRouterSpec", "vbr_node"]
