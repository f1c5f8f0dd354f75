"""Virtual border routers: the cloud's end of a physical connection."""

from sealane.cloud.call import Call
from sealane.cloud.change import changed, retold
from sealane.cloud.document import Document, Fields
from sealane.cloud.error import CloudError
from sealane.cloud.tags import tags
from sealane.cloud.texts import resource_group, text
from sealane.cloud.times import seconds
from sealane.cloud.vpc.border_checks import check_bandwidth, check_ends, check_timers, check_vlan
from sealane.cloud.vpc.common import given, named
from sealane.cloud.vpc.physical_connections import circuit_of
from sealane.cloud.vpc.registry import VPC
from sealane.cloud.vpc.tables import new_table
from sealane.cloud.world import Transaction

_IPV6 = ("EnableIpv6", "LocalIpv6GatewayIp", "PeerIpv6GatewayIp", "PeeringIpv6SubnetMask")
_NOT_ENABLED = "InvalidPhysicalConnectionId.NotEnabled"


def vbr_of(call: Call, state: Transaction, vbr_id: str, error: CloudError) -> Document:
    """The caller's border router of that id in the region.

    Raises:
        CloudError: ``error``, when there is none.
    """
    found = call.own(state, vbr_id, "vbr", error)
    if found.region != call.region:
        raise error
    return found


def no_vbr(status: int = 404) -> CloudError:
    """Of an id that is no border router of the caller."""
    return CloudError("InvalidVbrId.NotFound", "The specified VirtualBorderRouter is not found.", status)


def enabled(circuit: Document | None) -> Document:
    """The circuit, which must carry.

    Raises:
        CloudError: It does not.
    """
    if circuit is None or circuit.deleting or circuit.status != "Enabled":
        raise CloudError(_NOT_ENABLED, "The circuit of the border router is not enabled.")
    return circuit


@VPC.writes("CreateVirtualBorderRouter", refuses=_IPV6)
def create_virtual_border_router(call: Call, state: Transaction) -> Fields:
    """CreateVirtualBorderRouter, with its interface on the circuit and its route table."""
    circuit = enabled(circuit_of(call, state, call.text("PhysicalConnectionId")))
    if call.text("VbrOwnerId", call.account) != call.account:
        raise CloudError("InvalidVbrOwnerId.NotFound", "VbrOwnerId is another account, which is not supported.", 404)
    vlan, ends, bandwidth = check_vlan(call, state, circuit.id), check_ends(call), check_bandwidth(call)
    vbr_id = call.new_id("vbr", call.region)
    table = new_table(call, vbr_id, router_type="VBR", router_id=vbr_id, kind="System")
    state.put(Document(
        vbr_id, "vbr", call.account, call.region, circuit.id, "active", created_ms=call.now_ms,
        fields={
            **named(call),
            **ends,
            **given(Bandwidth=bandwidth),
            "VbrId": vbr_id,
            "VlanId": vlan,
            "VlanInterfaceId": call.new_id("ri", call.region),
            "RouteTableId": table.id,
            "CircuitCode": text(call, "CircuitCode", code="InvalidCircuitCode.Malformed") or "",
            "Mtu": 1500,
            "MinTxInterval": 1000,
            "MinRxInterval": 1000,
            "DetectMultiplier": 3,
            "ActivationTime": seconds(call.now_ms),
            "ResourceGroupId": resource_group(call),
            "Tags": tags(call, "Tags"),
        },
    ))
    state.put(table)
    return {"VbrId": vbr_id}


@VPC.writes("ModifyVirtualBorderRouterAttribute",
            refuses=(*_IPV6, "AssociatedPhysicalConnections", "SitelinkEnable"))
def modify_virtual_border_router_attribute(call: Call, state: Transaction) -> Fields:
    """ModifyVirtualBorderRouterAttribute."""
    vbr = vbr_of(call, state, call.text("VbrId"), no_vbr(400))
    if vbr.deleting:
        raise CloudError("TaskConflict", f"{vbr.id} is being deleted.")
    labels = {
        **named(call),
        **given(CircuitCode=text(call, "CircuitCode", code="InvalidCircuitCode.Malformed"),
                Bandwidth=check_bandwidth(call)),
    }
    wanted = check_timers(call, state, vbr.parent)
    if call.has("VlanId"):
        wanted["VlanId"] = check_vlan(call, state, vbr.parent, vbr.id)
    if call.has("LocalGatewayIp") or call.has("PeerGatewayIp") or call.has("PeeringSubnetMask"):
        wanted |= check_ends(call)
    new = retold(vbr, **labels)
    differs = any(vbr.fields.get(key) != value for key, value in wanted.items())
    state.put(changed(new, None, **wanted) if differs else new)
    return {}


@VPC.writes("UpdateVirtualBorderBandwidth")
def update_virtual_border_bandwidth(call: Call, state: Transaction) -> Fields:
    """UpdateVirtualBorderBandwidth."""
    vbr = vbr_of(call, state, call.text("VirtualBorderRouterId"), no_vbr())
    if vbr.deleting:
        raise CloudError("TaskConflict", f"{vbr.id} is being deleted.")
    state.put(retold(vbr, Bandwidth=check_bandwidth(call)))
    return {"Code": "200", "HttpStatusCode": 200, "Message": "successful", "Success": True}


_LINES = ("LocalGatewayIp", "PeerGatewayIp", "PeeringSubnetMask", "VlanId", "CircuitCode", *_IPV6)


@VPC.writes("AssociatePhysicalConnectionToVirtualBorderRouter", ignores=_LINES)
def associate_physical_connection(call: Call, state: Transaction) -> Fields:
    """AssociatePhysicalConnectionToVirtualBorderRouter: refused, a border router has the one line it was made on."""
    raise _one_line(call, state)


@VPC.writes("UnassociatePhysicalConnectionFromVirtualBorderRouter")
def unassociate_physical_connection(call: Call, state: Transaction) -> Fields:
    """UnassociatePhysicalConnectionFromVirtualBorderRouter: refused for the same reason."""
    raise _one_line(call, state)


def _one_line(call: Call, state: Transaction) -> CloudError:
    circuit = circuit_of(call, state, call.text("PhysicalConnectionId"))
    vbr = vbr_of(call, state, call.text("VbrId"), no_vbr())
    return CloudError("OperationUnsupported.AssociatedPhysicalConnections",
                      f"{vbr.id} has the one circuit {vbr.parent}, and {call.action} of {circuit.id} is not supported; "
                      "create a border router for each circuit.")
