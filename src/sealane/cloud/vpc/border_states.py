"""The end of a border router, and its coming back."""

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.times import seconds
from sealane.cloud.vpc.border_checks import others_on
from sealane.cloud.vpc.border_routers import enabled, no_vbr, vbr_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.vpcs import attachment_of
from sealane.cloud.world import Transaction


def _in_state(call: Call, state: Transaction, wanted: str) -> Document:
    vbr = vbr_of(call, state, call.text("VbrId"), no_vbr())
    if vbr.status != wanted or vbr.deleting:
        raise CloudError("InvalidOperation.OperationNotAllowedInState", f"{vbr.id} is {vbr.status}, expected {wanted}.")
    return vbr


@VPC.writes("TerminateVirtualBorderRouter")
def terminate_virtual_border_router(call: Call, state: Transaction) -> Fields:
    """TerminateVirtualBorderRouter: it carries nothing any more, and keeps what it has."""
    vbr = _in_state(call, state, "active")
    state.put(changed(vbr, "terminating", TerminationTime=seconds(call.now_ms), TerminatedMs=call.now_ms))
    return {}


@VPC.writes("RecoverVirtualBorderRouter")
def recover_virtual_border_router(call: Call, state: Transaction) -> Fields:
    """RecoverVirtualBorderRouter: a terminated one carries again."""
    vbr = _in_state(call, state, "terminated")
    enabled(state.get(vbr.parent))
    vlan, taken = vbr.fields.get("VlanId"), others_on(vbr.parent, vbr.id, call, state)
    if vlan in taken or 0 in taken or (vlan == 0 and taken):
        raise CloudError("OperationFailed.VlanIdAlreadyInUse", f"VLAN {vlan} of {vbr.parent} was given to another.")
    state.put(changed(vbr, "recovering", RecoveryTime=seconds(call.now_ms), TerminatedMs=None))
    return {}


@VPC.writes("DeleteVirtualBorderRouter")
def delete_virtual_border_router(call: Call, state: Transaction) -> Fields:
    """DeleteVirtualBorderRouter: only when nothing hangs on it; its VLAN is free at once."""
    vbr = vbr_of(call, state, call.text("VbrId"), no_vbr())
    if vbr.deleting:
        raise CloudError("TaskConflict", f"{vbr.id} is being deleted.")
    if attachment_of(vbr, state) is not None:
        raise CloudError("OperationUnsupported.VBRAttachedCen", f"{vbr.id} is attached to a transit router.")
    for kind, code, thing in (("bgp_group", "BgpGroup", "BGP groups"), ("bgp_network", "BgpNetwork", "BGP networks")):
        if any(True for _ in state.children(vbr.id, kind)):
            raise CloudError(f"DependencyViolation.{code}", f"{vbr.id} still has {thing}.")
    if any(True for table in state.children(vbr.id, "route_table") for _ in state.children(table.id, "route_entry")):
        raise CloudError("DependencyViolation.RouterInterfaceReferedByRouteEntry", f"{vbr.id} still has custom routes.")
    state.put(deleted(vbr, "deleting"))
    return {}
