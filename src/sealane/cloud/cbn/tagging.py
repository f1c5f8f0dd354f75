"""Tags of CEN instances, transit routers, their tables and attachments."""

from collections.abc import Mapping

from sealane.cloud import tags
from sealane.cloud.call import Call
from sealane.cloud.cbn.registry import CBN
from sealane.cloud.document import Document, Fields
from sealane.cloud.world import Transaction

KINDS: Mapping[str, str] = {
    "CEN": "cen",
    "TRANSITROUTER": "transit_router",
    "TRANSITROUTERVPCATTACHMENT": "tr_attachment",
    "TRANSITROUTERVBRATTACHMENT": "tr_attachment",
    "TRANSITROUTERVPNATTACHMENT": "tr_attachment",
    "TRANSITROUTERROUTETABLE": "tr_route_table",
}


def _fits(document: Document, resource_type: str) -> bool:
    return (
        document.kind != "tr_attachment" or resource_type == f"TRANSITROUTER{document.text('ResourceType')}ATTACHMENT"
    )


@CBN.writes("TagResources")
def tag_resources(call: Call, state: Transaction) -> Fields:
    """TagResources."""
    return tags.tag_resources(call, state, KINDS, fits=_fits)


@CBN.writes("UntagResources")
def untag_resources(call: Call, state: Transaction) -> Fields:
    """UntagResources."""
    return tags.untag_resources(call, state, KINDS, fits=_fits)


@CBN.reads("ListTagResources")
def list_tag_resources(call: Call, state: Transaction) -> Fields:
    """ListTagResources."""
    return tags.list_tag_resources(call, state, KINDS, fits=_fits, size="PageSize")
