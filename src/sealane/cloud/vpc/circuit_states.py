"""The life of a physical connection, from the order to the end."""

from collections.abc import Container
from dataclasses import replace

from sealane.cloud.call import Call
from sealane.cloud.change import changed, deleted, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.times import seconds
from sealane.cloud.vpc.physical_connections import circuit_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.world import Transaction

_CANCELLABLE = frozenset({"Initial", "Approved", "Allocated", "Confirmed"})
_DELETABLE = frozenset({"Rejected", "Canceled", "Allocation Failed", "Allocated", "Terminated"})


def _in_state(call: Call, state: Transaction, name: str, allowed: Container[str], code: str) -> Document:
    circuit = circuit_of(call, state, call.text(name))
    if circuit.status not in allowed or circuit.deleting:
        now = "being deleted" if circuit.deleting else circuit.status
        raise CloudError(code, f"{circuit.id} is {now}, which does not allow {call.action}.")
    return circuit


def _has_vbr(circuit: Document, state: Transaction) -> bool:
    return any(True for _ in state.children(circuit.id, "vbr"))


@VPC.writes("ConfirmPhysicalConnection")
def confirm_physical_connection(call: Call, state: Transaction) -> Fields:
    """ConfirmPhysicalConnection."""
    circuit = _in_state(call, state, "PhysicalConnectionId", {"Allocated"}, "IncorrectStatus.PhysicalConnection")
    state.put(replace(circuit, status="Confirmed"))
    return {}


@VPC.writes("EnablePhysicalConnection", ignores=("ByPassSp",))
def enable_physical_connection(call: Call, state: Transaction) -> Fields:
    """EnablePhysicalConnection."""
    circuit = _in_state(call, state, "PhysicalConnectionId", {"Confirmed"}, "Forbidden.NotAllowedInState")
    state.put(replace(retold(circuit, EnabledTime=seconds(call.now_ms)), status="Enabled"))
    return {}


@VPC.writes(
    "CreatePhysicalConnectionOccupancyOrder",
    ignores=("AutoRenew", "AutoRenewDuration", "InstanceChargeType", "Period", "PricingCycle"),
)
def order_physical_connection(call: Call, state: Transaction) -> Fields:
    """CreatePhysicalConnectionOccupancyOrder: the port of a confirmed line costs nothing; paid for, it is enabled."""
    circuit = _in_state(call, state, "PhysicalConnectionId", {"Confirmed"}, "IncorrectStatus.PhysicalConnection")
    if call.flag("AutoPay", default=False):
        state.put(replace(retold(circuit, EnabledTime=seconds(call.now_ms)), status="Enabled"))
    return {"Data": {"OrderId": call.new_id("order", call.region)}}


@VPC.writes("CancelPhysicalConnection")
def cancel_physical_connection(call: Call, state: Transaction) -> Fields:
    """CancelPhysicalConnection: before it was ever enabled."""
    circuit = _in_state(call, state, "PhysicalConnectionId", _CANCELLABLE, "Forbidden.NotAllowedInState")
    state.put(replace(circuit, status="Canceled"))
    return {}


@VPC.writes("TerminatePhysicalConnection")
def terminate_physical_connection(call: Call, state: Transaction) -> Fields:
    """TerminatePhysicalConnection: when no border router is left on it."""
    circuit = _in_state(call, state, "PhysicalConnectionId", {"Enabled"}, "Forbidden.NotAllowedInState")
    if _has_vbr(circuit, state):
        raise CloudError("Forbidden.VbrAttached", f"Border routers are still on {circuit.id}.")
    state.put(changed(circuit, "Terminating", EndTime=seconds(call.now_ms)))
    return {}


@VPC.writes("RecoverPhysicalConnection", ignores=("Token",))
def recover_physical_connection(call: Call, state: Transaction) -> Fields:
    """RecoverPhysicalConnection: a terminated line is enabled again; the cloud does so for shared lines only."""
    circuit = _in_state(call, state, "InstanceId", {"Terminated"}, "Forbidden.NotAllowedInState")
    state.put(replace(retold(circuit, EnabledTime=seconds(call.now_ms), EndTime=None), status="Enabled"))
    return {}


@VPC.writes("DeletePhysicalConnection")
def delete_physical_connection(call: Call, state: Transaction) -> Fields:
    """DeletePhysicalConnection."""
    if _has_vbr(circuit_of(call, state, call.text("PhysicalConnectionId")), state):
        raise CloudError("Forbidden.VBRExists", "Border routers are still on the circuit.")
    circuit = _in_state(call, state, "PhysicalConnectionId", _DELETABLE, "Forbidden.NotInAllowDeleteStatus")
    state.put(deleted(circuit))
    return {}


_FEATURES = {"BFD": True, "SubifRateLimit": False, "DualStack": False, "CENv6": False, "QOS": False, "MSHA": False,
             "MULTI_MS_HA": False}


@VPC.reads("ListPhysicalConnectionFeatures")
def list_physical_connection_features(call: Call, state: Transaction) -> Fields:
    """ListPhysicalConnectionFeatures: what border routers on the line can do, the same for all."""
    circuit_of(call, state, call.text("PhysicalConnectionId"))
    return {"PhysicalConnectionFeatures": [
        {"FeatureKey": key, "FeatureValue": "OK" if able else "NOK"} for key, able in _FEATURES.items()]}
